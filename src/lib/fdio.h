/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Whole reads and writes on descriptors that are not the client's.
 */
#ifndef POPIN_FDIO_H
#define POPIN_FDIO_H

#include <sys/types.h>

#include <stddef.h>

/*
 * Reads until LEN bytes are there or the input ends.  EINTR is tried again.
 * Returns the bytes read (fewer than LEN only at the end of the input), or
 * -1 with errno.
 */
ssize_t fdio_read(int fd, void *buf, size_t len);

/*
 * Writes all LEN bytes; EINTR is tried again.  Returns 0, or -1 with errno.
 */
int fdio_write(int fd, const void *buf, size_t len);

#endif
