/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The journal: what makes removing messages from the middle of an mbox safe
 * against being killed, errors and loss of power at any point.
 *
 * Messages that stay move towards the beginning, in steps, lowest first.  A
 * step is written to the journal and synced before the mbox is touched, and
 * the mbox is synced before the next step is.  So at most one step is not
 * done yet, and it can be done again: either nothing it is made from has been
 * overwritten, or the journal has a copy.  The last thing is to cut off the
 * stale tail of the mbox.  A checksum of that tail tells whether this
 * happened, even when mail was delivered afterwards.
 *
 * The file stays open and is empty except during UPDATE and after an UPDATE
 * that was interrupted.  It is never larger than 32 MiB.  There is one
 * journal in a process.
 */
#ifndef POPIN_JOURNAL_H
#define POPIN_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	JOURNAL_DATA_MAX = 8 * 1024 * 1024, /* bytes copied in one step */
	JOURNAL_RANGES_MAX = 500001
};

/* Bytes of the mbox that stay. */
struct journal_range {
	uint64_t start, end;
};

/* What does not change during an UPDATE. */
struct journal_plan {
	uint64_t device, inode; /* of the mbox */
	uint64_t size;		/* of it, to begin with */
	uint64_t first;		/* byte that changes */
	uint64_t head;		/* checksum of what is before it */
	uint64_t count;		/* of the ranges */
	struct journal_range *ranges;
};

struct journal_step {
	uint64_t at;	/* everything before is done, and synced */
	uint64_t size;	/* of the mbox as long as the tail is there */
	uint64_t tail;	/* checksum of the tail */
	uint64_t bytes; /* of a copy of what belongs at AT, or 0 */
	uint64_t data;	/* checksum of that */
};

/* Opens or makes it.  False with errno. */
bool journal_open(int dir_fd, const char *name);
bool journal_is_open(void);
/* Is an interrupted UPDATE in it, or what is left of one? */
bool journal_pending(void);

/*
 * Reads it.  Returns false for anything but a complete, consistent plan with
 * a step; else the caller frees PLAN->ranges, which has room for one more.
 */
bool journal_load(struct journal_plan *plan, struct journal_step *step);

/* The functions that write return false with errno. */
bool journal_start(const struct journal_plan *plan);
/* Data of the next step: LEN bytes at AT from its beginning. */
bool journal_put(uint64_t at, const void *p, size_t len);
/* Makes STEP the current one, and syncs everything. */
bool journal_commit(const struct journal_step *step);
/* Data of the current step. */
bool journal_get(uint64_t at, void *p, size_t len);
/* The UPDATE is over, or never happened. */
bool journal_clear(void);

#endif
