/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The trash folder of a Maildir.
 * Runs as: session.  Input: names in directories of the mail user's.
 */
#include "config.h"

#include "maildir/maildir_trash.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/io.h"
#include "lib/log.h"
#include "maildir/maildir_folders.h"
#include "maildir/maildir_name.h"

enum { NAMES_TRIED = 100 };

static struct {
	bool wanted;
	int fd; /* of its cur */
} trash = { .fd = -1 };

static int
open_directory(int dir_fd, const char *name)
{
	if (mkdirat(dir_fd, name, 0700) == -1 && errno != EEXIST)
		return -1;
	return maildir_open_folder(dir_fd, name);
}

/* Makes the file that tells a Maildir++ reader that this is a folder. */
static int
make_mark(int dir_fd)
{
	int fd = file_open(dir_fd, "maildirfolder", O_WRONLY | O_CREAT);

	return fd == -1 ? -1 : close(fd);
}

/* Returns the descriptor of cur, or -1 with errno. */
static int
open_folder(int dir_fd, const char *name)
{
	static const char *const parts[] = { "tmp", "new", "cur" };
	int folder = open_directory(dir_fd, name), fd = -1;

	for (size_t i = 0; i < sizeof parts / sizeof *parts && folder != -1;
	     i++) {
		if (fd != -1)
			(void)close(fd);
		fd = open_directory(folder, parts[i]);
		if (fd == -1)
			break;
	}
	if (fd != -1 &&
	    (make_mark(folder) == -1 || !io_sync(folder) || !io_sync(dir_fd)))
		fd = file_give_up(fd);
	if (folder != -1)
		(void)file_give_up(folder);
	return fd;
}

void
maildir_trash_open(int dir_fd, const char *path, const char *folder)
{
	char name[NAME_MAX + 1];

	if (folder == NULL)
		return;
	trash.wanted = true;
	(void)snprintf(name, sizeof name, ".%s", folder);
	trash.fd = open_folder(dir_fd, name);
	if (trash.fd == -1)
		log_error_errno("no trash folder, nothing is deleted in", path);
}

bool
maildir_trash_wanted(void)
{
	return trash.wanted;
}

int
maildir_trash_fd(void)
{
	return trash.fd;
}

/*
 * The Nth name in the trash for NAME.  In cur a name ends with flags; one from
 * new has none yet.  If it gets too long the name is cut: nothing in the trash
 * has to be found by its name.
 */
static void
trash_name(char to[NAME_MAX + 1], const char *name, size_t len, unsigned n)
{
	char number[16] = "";
	size_t base = maildir_base(name, len), flags_len, number_len;
	const char *flags = base < len ? name + base : ":2,";

	if (n > 0)
		(void)snprintf(number, sizeof number, "-%u", n);
	number_len = strlen(number);
	flags_len = strnlen(flags, NAME_MAX - number_len);
	if (base > NAME_MAX - number_len - flags_len)
		base = NAME_MAX - number_len - flags_len;
	memcpy(to, name, base);
	memcpy(to + base, number, number_len);
	memcpy(to + base + number_len, flags, flags_len);
	to[base + number_len + flags_len] = '\0';
}

bool
maildir_trash_move(int fd, const char *name, size_t len)
{
	char to[NAME_MAX + 1];
	struct stat st;

	for (unsigned n = 0; n < NAMES_TRIED && trash.fd != -1; n++) {
		trash_name(to, name, len, n);
		if (fstatat(trash.fd, to, &st, AT_SYMLINK_NOFOLLOW) == -1)
			return errno == ENOENT &&
			    renameat(fd, name, trash.fd, to) == 0;
	}
	errno = EEXIST;
	return false;
}
