/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * One message of a Maildir.  Other programs flag and remove messages meanwhile;
 * one is found again by its base name (maildir_again.c).
 * Runs as: session.  Input: files that the mail user, and in part whoever
 * sends mail, decides about.
 */
#include "config.h"

#include "maildir/maildir_message.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/log.h"
#include "maildir/maildir_again.h"
#include "maildir/maildir_folders.h"
#include "maildir/maildir_name.h"
#include "maildir/maildir_sealed.h"

static int
open_message(const struct message *m)
{
	if (maildir.fd[m->where] == -1 || (m->flags & MAILDIR_LOST)) {
		errno = ENOENT;
		return -1;
	}
	return file_open(maildir.fd[m->where], maildir_name(m), O_RDONLY);
}

/*
 * Opens it, wherever it is by now.  Returns MAILDROP_GONE only when both
 * folders were read and it is in neither.
 */
static enum maildrop_result
open_wherever(struct maildrop *md, struct message *m, int *fd)
{
	*fd = open_message(m);
	for (int i = 0; i < MAILDIR_TRIES && *fd == -1 && errno == ENOENT;
	     i++) {
		if (m->flags & MAILDIR_LOST)
			return MAILDROP_GONE;
		if (!maildir_find_again(md))
			return MAILDROP_TEMP;
		*fd = open_message(m);
	}
	return MAILDROP_OK;
}

/* Is something else than a file in the place of the message now? */
static bool
is_no_file(int error)
{
	return error == ELOOP || error == ENXIO || error == ENODEV;
}

static enum maildrop_result
cannot_open(struct message *m)
{
	if (errno == EACCES || errno == EPERM)
		return maildir_seal(m, MAILDIR_DENIED);
	if (is_no_file(errno)) {
		log_error_errno("not a file any more:", maildir_name(m));
		return MAILDROP_GONE;
	}
	log_error_errno("cannot open", maildir_name(m));
	return MAILDROP_TEMP;
}

/* May what was opened be sent? */
static enum maildrop_result
look_at_file(struct message *m, int fd, struct stat *st)
{
	if (fstat(fd, st) == -1) {
		log_error_errno("cannot open", maildir_name(m));
		return MAILDROP_TEMP;
	}
	if (!S_ISREG(st->st_mode)) {
		log_error("not a file any more:", maildir_name(m));
		return MAILDROP_GONE;
	}
	return maildir_look_inside(m, fd, (uint64_t)st->st_size);
}

enum maildrop_result
maildir_source(
    struct maildrop *md, struct message *m, struct maildrop_source *source)
{
	struct stat st;
	int fd = -1;
	enum maildrop_result result = open_wherever(md, m, &fd);

	if (result != MAILDROP_OK)
		return result;
	if (fd == -1)
		return cannot_open(m);
	result = look_at_file(m, fd, &st);
	if (result != MAILDROP_OK) {
		(void)close(fd);
		return result;
	}
	source->fd = fd;
	source->offset = 0;
	source->bytes = (uint64_t)st.st_size;
	return MAILDROP_OK;
}

void
maildir_release(struct maildrop *md, struct maildrop_source *source)
{
	(void)md;
	(void)close(source->fd);
}

/* Is it certain, without opening it, that it can be sent? */
static bool
is_plain(const struct message *m)
{
	struct stat st;
	uint64_t told;

	if (fstatat(maildir.fd[m->where], maildir_name(m), &st,
		AT_SYMLINK_NOFOLLOW) == -1 ||
	    !S_ISREG(st.st_mode) || st.st_uid != maildir.uid ||
	    !(st.st_mode & S_IRUSR))
		return false;
	return !maildir_bytes(maildir_name(m), m->len, &told) ||
	    told == (uint64_t)st.st_size;
}

enum maildrop_result
maildir_removable(struct maildrop *md, struct message *m)
{
	struct maildrop_source source = { .fd = -1 };
	enum maildrop_result result;

	if (m->flags & MESSAGE_SEALED)
		return MAILDROP_PERM;
	if (is_plain(m))
		return MAILDROP_OK;
	result = maildir_source(md, m, &source);
	if (result == MAILDROP_OK)
		maildir_release(md, &source);
	return result;
}
