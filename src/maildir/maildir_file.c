/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Files in a Maildir that are no messages.
 * Runs as: session.  Input: a directory that the mail user can write.
 */
#include "config.h"

#include "maildir/maildir_file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "lib/log.h"

bool
maildir_file_temporary(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOMEM ||
	    error == EIO || error == ESTALE || error == ENOSPC ||
	    error == EDQUOT || error == EINTR || error == EAGAIN;
}

bool
maildir_file_is_ours(int fd, struct stat *st)
{
	errno = EPERM;
	return fstat(fd, st) == 0 && S_ISREG(st->st_mode) &&
	    (st->st_uid == geteuid() || st->st_uid == 0);
}

int
maildir_file_open(int dir_fd, const char *name, int mode)
{
	return openat(dir_fd, name,
	    mode | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
}

enum maildrop_result
maildir_file_failed(const char *name)
{
	bool later = maildir_file_temporary(errno);

	log_error_errno("cannot use", name);
	return later ? MAILDROP_TEMP : MAILDROP_PERM;
}
