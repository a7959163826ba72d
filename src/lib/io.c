/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Whole reads and writes.
 * Runs as: every role.  Input: pipes, sockets and files of other processes.
 */
#include "config.h"

#include "lib/io.h"

#include <errno.h>
#include <unistd.h>

ssize_t
io_read(int fd, void *buf, size_t len)
{
	char *p = buf;
	size_t got = 0;

	while (got < len) {
		ssize_t n = read(fd, p + got, len - got);

		if (n == 0)
			break;
		if (n > 0)
			got += (size_t)n;
		else if (errno != EINTR)
			return -1;
	}
	return (ssize_t)got;
}

ssize_t
io_pread(int fd, void *buf, size_t len, uint64_t offset)
{
	char *p = buf;
	size_t got = 0;

	while (got < len) {
		ssize_t n =
		    pread(fd, p + got, len - got, (off_t)(offset + got));

		if (n == 0)
			break;
		if (n > 0)
			got += (size_t)n;
		else if (errno != EINTR)
			return -1;
	}
	return (ssize_t)got;
}

bool
io_pread_all(int fd, void *buf, size_t len, uint64_t offset)
{
	ssize_t got = io_pread(fd, buf, len, offset);

	errno = got == -1 ? errno : 0;
	return got == (ssize_t)len;
}

/* A write of 0 bytes without an error would loop for ever. */
static bool
wrote(ssize_t n, const char **p, size_t *len)
{
	if (n == -1 && errno == EINTR)
		return true;
	if (n <= 0) {
		errno = n == 0 ? EIO : errno;
		return false;
	}
	*p += n;
	*len -= (size_t)n;
	return true;
}

bool
io_write(int fd, const void *buf, size_t len)
{
	const char *p = buf;

	while (len > 0)
		if (!wrote(write(fd, p, len), &p, &len))
			return false;
	return true;
}

bool
io_pwrite(int fd, const void *buf, size_t len, uint64_t offset)
{
	const char *p = buf;

	offset += len;
	while (len > 0)
		if (!wrote(pwrite(fd, p, len, (off_t)(offset - len)), &p, &len))
			return false;
	return true;
}

bool
io_sync(int fd)
{
	while (fsync(fd) == -1)
		if (errno != EINTR)
			return false;
	return true;
}

bool
io_truncate(int fd, uint64_t size)
{
	while (ftruncate(fd, (off_t)size) == -1)
		if (errno != EINTR)
			return false;
	return true;
}
