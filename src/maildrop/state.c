/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The state file.
 * Runs as: session.  Input: a file that the mail user can write.
 */
#include "config.h"

#include "maildrop/state.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "lib/checksum.h"
#include "lib/clock.h"
#include "lib/file.h"
#include "lib/io.h"
#include "lib/log.h"
#include "maildrop/session_lock.h"

struct block {
	uint64_t kind;
	uint64_t generation;
	uint32_t index;
	uint32_t used; /* bytes of data */
	uint64_t sum;  /* over everything above and the data */
};

enum { DATA_MAX = STATE_BLOCK - sizeof(struct block), TRIES = 5 };

static union {
	struct block block;
	unsigned char bytes[STATE_BLOCK];
} buffer;

/* Of the block in the buffer, with the sum itself as 0. */
static uint64_t
sum_block(void)
{
	size_t bytes = sizeof buffer.block + buffer.block.used;
	uint64_t kept = buffer.block.sum, sum;

	memset(buffer.bytes + bytes, 0, -bytes % 8);
	buffer.block.sum = 0;
	sum = checksum(CHECKSUM_START, buffer.bytes, bytes + -bytes % 8);
	buffer.block.sum = kept;
	return sum;
}

/* Is NAME still the file FD?  It may have been removed meanwhile. */
static bool
same_file(int fd, int dir_fd, const char *name)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 &&
	    fstatat(dir_fd, name, &b, AT_SYMLINK_NOFOLLOW) == 0 &&
	    a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/*
 * Other users may still have the file open from when its mode let them.  A lock
 * of theirs is not a session's.  So they may keep the file, and a new one is
 * made.
 */
static int
open_file(int dir_fd, const char *name)
{
	struct stat st;
	int fd = file_open_own(dir_fd, name, FILE_OURS, &st);

	if (fd == -1)
		return -1;
	if (!file_is_private(&st) && fchmod(fd, 0600) == -1)
		log_error_errno(
		    "the state file is open to others, who can lock it:", name);
	if (!session_lock_is_strangers(fd))
		return fd;
	log_error("the state file was locked by another user, replaced:", name);
	(void)close(fd);
	if (unlinkat(dir_fd, name, 0) == -1)
		return -1;
	return file_open_own(dir_fd, name, FILE_OURS, &st);
}

enum state_lock
state_open(struct state *s, int dir_fd, const char *name, uint64_t kind)
{
	memset(s, 0, sizeof *s);
	s->fd = -1;
	s->kind = kind;
	for (int i = 0; i < TRIES; i++) {
		enum session_lock_result result;
		int fd = open_file(dir_fd, name);

		if (fd == -1)
			return STATE_NOFILE;
		result = session_lock_file(fd);
		if (result == SESSION_LOCK_MINE &&
		    same_file(fd, dir_fd, name)) {
			s->fd = fd;
			return STATE_LOCKED;
		}
		(void)close(fd);
		if (result != SESSION_LOCK_MINE)
			return result == SESSION_LOCK_IN_USE ? STATE_BUSY
							     : STATE_FAILED;
	}
	errno = EAGAIN;
	return STATE_FAILED;
}

void
state_rewind(struct state *s)
{
	s->generation = 0;
	s->index = 0;
	s->at = s->used = 0;
	s->failed = false;
}

/* Loads the next block; false if there is none that can be trusted. */
static bool
load(struct state *s)
{
	const struct block *b = &buffer.block;
	off_t offset = (off_t)s->index * STATE_BLOCK;
	ssize_t got;

	do
		got = pread(s->fd, buffer.bytes, sizeof buffer.bytes, offset);
	while (got == -1 && errno == EINTR);
	if (got < (ssize_t)sizeof *b || b->kind != s->kind ||
	    b->index != s->index || b->used > (size_t)got - sizeof *b)
		return false;
	if (s->index > 0 && b->generation != s->generation)
		return false;
	if (b->sum != sum_block())
		return false;
	s->generation = b->generation;
	s->index++;
	s->at = 0;
	s->used = b->used;
	return true;
}

bool
state_next(struct state *s, const unsigned char **record, size_t *len)
{
	const unsigned char *data = buffer.bytes + sizeof buffer.block;
	uint16_t bytes;

	if (s->fd == -1 || s->failed)
		return false;
	if (s->at == s->used && !load(s)) {
		s->failed = true;
		return false;
	}
	if (s->used - s->at >= sizeof bytes) {
		memcpy(&bytes, data + s->at, sizeof bytes);
		if (bytes <= s->used - s->at - sizeof bytes) {
			*record = data + s->at + sizeof bytes;
			*len = bytes;
			s->at += sizeof bytes + bytes;
			return true;
		}
	}
	s->failed = true;
	return false;
}

void
state_write_start(struct state *s)
{
	s->generation = clock_stamp();
	s->index = 0;
	s->used = 0;
	s->failed = false;
}

static void
store(struct state *s)
{
	struct block *b = &buffer.block;
	size_t bytes = sizeof *b + s->used;
	uint64_t offset = (uint64_t)s->index * STATE_BLOCK;

	b->kind = s->kind;
	b->generation = s->generation;
	b->index = s->index;
	b->used = (uint32_t)s->used;
	b->sum = sum_block();
	if (!s->failed && !io_pwrite(s->fd, buffer.bytes, bytes, offset))
		s->failed = true;
	s->index++;
	s->used = 0;
}

void
state_write(struct state *s, const void *record, size_t len)
{
	uint16_t bytes = (uint16_t)len;
	unsigned char *data = buffer.bytes + sizeof buffer.block;

	if (s->fd == -1 || len > STATE_RECORD_MAX)
		return;
	if (s->used + sizeof bytes + len > DATA_MAX)
		store(s);
	memcpy(data + s->used, &bytes, sizeof bytes);
	memcpy(data + s->used + sizeof bytes, record, len);
	s->used += sizeof bytes + len;
}

/*
 * After a failure, most likely a full disk, the file could be read as far as it
 * was written.  It is emptied so that nothing depends on that.
 */
void
state_write_end(struct state *s)
{
	uint64_t end = (uint64_t)s->index * STATE_BLOCK;

	if (s->fd == -1)
		return;
	if (s->used > 0) {
		end += sizeof buffer.block + s->used;
		store(s);
	}
	if (!io_truncate(s->fd, s->failed ? 0 : end))
		s->failed = true;
}
