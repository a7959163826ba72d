/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Files in a Maildir that are no messages.
 * Runs as: session.  Input: a directory that the mail user can write.
 */
#include "config.h"

#include "maildir/maildir_file.h"

#include <errno.h>

#include "lib/file.h"
#include "lib/log.h"

bool
maildir_file_temporary(int error)
{
	return file_error_is_temporary(error);
}

bool
maildir_file_is_ours(int fd, struct stat *st)
{
	return file_is(fd, FILE_OURS | FILE_ROOTS, st);
}

int
maildir_file_open(int dir_fd, const char *name, int mode)
{
	return file_open(dir_fd, name, mode);
}

enum maildrop_result
maildir_file_failed(const char *name)
{
	bool later = maildir_file_temporary(errno);

	log_error_errno("cannot use", name);
	return later ? MAILDROP_TEMP : MAILDROP_PERM;
}
