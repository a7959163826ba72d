/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Files that lie where others may be able to write.
 * Runs as: session, root.  Input: directories, the status of files.
 */
#include "config.h"

#include "lib/file.h"

#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

int
file_open(int dir_fd, const char *name, int mode)
{
	return openat(dir_fd, name,
	    mode | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
}

bool
file_look_anew(int fd)
{
#if defined(SYS_statx) && defined(AT_EMPTY_PATH)
	/* no libc has had these for as long as the kernel */
	enum { FORCE_SYNC = 0x2000, BASIC_STATS = 0x7ff };
	uint64_t statx[32];
	long result;

	do
		result = syscall(SYS_statx, fd, "", AT_EMPTY_PATH | FORCE_SYNC,
		    BASIC_STATS, statx);
	while (result == -1 && errno == EINTR);
	/* before Linux 4.11, and under a container's filter that is older */
	return result == 0 || errno == ENOSYS || errno == EPERM;
#else
	(void)fd;
	return true;
#endif
}

bool
file_is(int fd, unsigned wanted, struct stat *st)
{
	if (((wanted & FILE_ONE_NAME) && !file_look_anew(fd)) ||
	    fstat(fd, st) == -1)
		return false;
	errno = EPERM;
	return S_ISREG(st->st_mode) &&
	    (st->st_uid == geteuid() ||
		((wanted & FILE_ROOTS) && st->st_uid == 0)) &&
	    (!(wanted & FILE_ONE_NAME) || st->st_nlink == 1) &&
	    (!(wanted & FILE_UNSHARED) || !(st->st_mode & (S_IWGRP | S_IWOTH)));
}

int
file_open_own(int dir_fd, const char *name, unsigned wanted, struct stat *st)
{
	int fd = file_open(dir_fd, name, O_RDWR | O_CREAT);

	return fd == -1 || file_is(fd, wanted, st) ? fd : file_give_up(fd);
}

int
file_give_up(int fd)
{
	int error = errno;

	(void)close(fd);
	errno = error;
	return -1;
}

bool
file_is_private(const struct stat *st)
{
	return (st->st_mode & (S_IRWXG | S_IRWXO)) == 0;
}

const char *
file_secret_refusal(const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		return "passwd-file is not a regular file";
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return "passwd-file belongs to someone else, run chown root";
	if ((st->st_mode & 037) != 0)
		return "passwd-file is open to others, run chmod 640";
	return NULL;
}

bool
file_error_is_temporary(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOMEM ||
	    error == EIO || error == ESTALE || error == ENOSPC ||
	    error == EDQUOT || error == EINTR || error == EAGAIN;
}
