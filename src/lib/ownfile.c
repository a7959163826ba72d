/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Files of popin's own.
 * Runs as: session.  Input: a directory that others may be able to write to.
 */
#include "config.h"

#include "lib/ownfile.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int
ownfile_open(int dir_fd, const char *name, struct stat *st)
{
	int fd = openat(dir_fd, name,
	    O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
	    0600);
	int error;

	if (fd == -1)
		return -1;
	errno = EPERM;
	if (fstat(fd, st) == 0 && S_ISREG(st->st_mode) &&
	    st->st_uid == geteuid())
		return fd;
	error = errno;
	(void)close(fd);
	errno = error;
	return -1;
}

bool
ownfile_is_private(const struct stat *st)
{
	return (st->st_mode & (S_IRWXG | S_IRWXO)) == 0;
}
