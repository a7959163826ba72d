/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Whole reads and writes of what is not the client's.
 *
 * All of these try again at EINTR and go on after a short count.  Functions
 * that return bool fail with errno.
 */
#ifndef POPIN_IO_H
#define POPIN_IO_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Reads until LEN bytes are there or the input ends; of a file at OFFSET.
 * Returns the bytes read, fewer than LEN only at the end of the input, or -1
 * with errno.
 */
ssize_t io_read(int fd, void *buf, size_t len);
ssize_t io_pread(int fd, void *buf, size_t len, uint64_t offset);
/* The same, but false with errno 0 where the file ends too early. */
bool io_pread_all(int fd, void *buf, size_t len, uint64_t offset);

/* Writes all LEN bytes. */
bool io_write(int fd, const void *buf, size_t len);
bool io_pwrite(int fd, const void *buf, size_t len, uint64_t offset);

/* How much of LEFT bytes goes through a buffer of MOST at once. */
static inline size_t
io_piece(uint64_t left, size_t most)
{
	return left < most ? (size_t)left : most;
}

/* Returns when what was written is on the disk. */
bool io_sync(int fd);
/* Makes the file SIZE bytes long. */
bool io_truncate(int fd, uint64_t size);

#endif
