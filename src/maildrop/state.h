/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The state file of a maildrop: the session's lock, and a cache of records
 * that a backend wants to find again at the next login.
 *
 * It is only a cache.  If it is missing, stale, torn, hostile or on a full disk
 * that costs time, never correctness.  A backend must be able to do without it,
 * and must not trust it further than the user's own mail.
 *
 * On disk: blocks of STATE_BLOCK bytes (the last may be shorter), each with
 * a header and records of a 16-bit length and that many bytes, in this
 * machine's byte order.  Every block carries a checksum and the number of
 * its generation, so that after an interrupted write the old blocks behind
 * the new ones are not taken for theirs.
 */
#ifndef POPIN_STATE_H
#define POPIN_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STATE_BLOCK = 16 * 1024, STATE_RECORD_MAX = 1024 };

enum state_lock {
	STATE_LOCKED,
	STATE_BUSY,   /* another session has it */
	STATE_NOFILE, /* no file, see errno; nothing is locked */
	STATE_FAILED  /* locking itself failed, see errno */
};

struct state {
	int fd;	       /* -1: none; then every function does nothing */
	uint64_t kind; /* tells one backend's records from another's */
	uint64_t generation;
	uint32_t index; /* of the block in the buffer */
	size_t at, used;
	bool failed;
};

/*
 * Opens NAME in the directory DIR_FD, creating it, and takes the session's lock
 * on it (see session_lock.h) until the process ends.
 */
enum state_lock state_open(
    struct state *s, int dir_fd, const char *name, uint64_t kind);

/*
 * Reads from the beginning.  state_next() gives the next record, which stays
 * valid until the next call, and false at the end of what can be trusted.
 */
void state_rewind(struct state *s);
bool state_next(struct state *s, const unsigned char **record, size_t *len);

/* Writes it anew.  Failures are kept until state_write_end(). */
void state_write_start(struct state *s);
void state_write(struct state *s, const void *record, size_t len);
void state_write_end(struct state *s);

#endif
