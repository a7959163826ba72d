/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The folders of a Maildir and the names of its messages.
 * Runs as: session, popin-import.  Input: file names.
 */
#include "config.h"

#include "maildir/maildir_folders.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

enum {
	NAMES_FIRST = 16 * 1024,
	NAMES_MAX = 256 * 1024 * 1024 /* bytes of file names */
};

const char *const maildir_folders[MAILDIR_FOLDERS] = { "new", "cur" };

struct maildir maildir;

int
maildir_open_folder(int dir_fd, const char *name)
{
	return openat(
	    dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

const char *
maildir_name(const struct message *m)
{
	return maildir.names.all + m->ref;
}

bool
maildir_reserve(size_t bytes)
{
	struct maildir_names *names = &maildir.names;
	size_t size = names->size ? names->size : NAMES_FIRST;
	char *p;

	while (size - names->len < bytes)
		size *= 2;
	if (size == names->size)
		return true;
	p = realloc(names->all, size);
	if (p == NULL)
		return false;
	names->all = p;
	names->size = size;
	return true;
}

void
maildir_put_name(struct message *m, const char *name, size_t len)
{
	struct maildir_names *names = &maildir.names;

	memcpy(names->all + names->len, name, len);
	names->all[names->len + len] = '\0';
	m->ref = (uint32_t)names->len;
	m->len = (uint16_t)len;
	names->len += len + 1;
}

bool
maildir_keep_name(struct message *m, const char *name, size_t len)
{
	if (len > UINT16_MAX || maildir.names.len + len >= NAMES_MAX) {
		errno = EFBIG;
		return false;
	}
	if (!maildir_reserve(len + 1))
		return false;
	maildir_put_name(m, name, len);
	return true;
}
