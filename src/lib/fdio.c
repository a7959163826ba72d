/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Whole reads and writes.
 * Runs as: every role.  Input: pipes, sockets and files of other processes.
 */
#include "config.h"

#include "lib/fdio.h"

#include <errno.h>
#include <unistd.h>

ssize_t
fdio_read(int fd, void *buf, size_t len)
{
	char *p = buf;
	size_t got = 0;

	while (got < len) {
		ssize_t n = read(fd, p + got, len - got);

		if (n == 0)
			break;
		if (n < 0) {
			if (errno == EINTR)
				continue;
			return -1;
		}
		got += (size_t)n;
	}
	return (ssize_t)got;
}

int
fdio_write(int fd, const void *buf, size_t len)
{
	const char *p = buf;

	while (len > 0) {
		ssize_t n = write(fd, p, len);

		if (n < 0) {
			if (errno == EINTR)
				continue;
			return -1;
		}
		p += n;
		len -= (size_t)n;
	}
	return 0;
}
