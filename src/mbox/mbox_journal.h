/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The journal: what makes removing messages from the middle of an mbox safe
 * against being killed, errors and loss of power at any point.
 *
 * Messages that stay move towards the beginning, in steps, lowest first.  The
 * journal says which bytes stay and which step is at work, and for each unit
 * of the mbox (512 bytes: what a disk writes whole or not at all) it has a
 * checksum of what was there before and one of what will be there.  So after a
 * crash the mbox itself tells how far it came: before the step every unit is
 * new, in it new or old, behind it old; once all is new, the tail may also be
 * zeros (mbox_sums.c).  Then this is the mbox that the journal was written
 * for, and the step is done again, and the rest after it.  If a unit is
 * neither, somebody has changed the mbox: a backup was put back, or a program
 * wrote to it.  Then the journal is not used, but set aside under another
 * name.  Device and inode numbers change with a reboot or a restored backup,
 * and times with the clock; none of them is looked at.
 *
 * A step may overwrite units that have not been moved yet.  Then the journal
 * has a copy of what the step writes.
 *
 * The order of syncs, and what each is for:
 *
 *	1. the mbox, before a plan is relied on.  Its checksums are of what
 *	   popin read, which a delivery may not have synced: if that were lost
 *	   with the power, the mbox would not fit.
 *	2. the journal and its directory, before each step.  Nothing is
 *	   overwritten that the journal on disk does not know.
 *	3. the mbox, after each step.  The next one says that it is done, and
 *	   may overwrite what it was made from.
 *	4. the mbox, after the stale tail was cut off, and only then the journal
 *	   is emptied.  That is not synced: an old journal that comes back
 *	   finds everything new and the tail gone, and is done.
 *
 * This assumes that what was synced stays, and that a unit is written whole.
 * If either is false, the journal does not fit, or the disk itself has damaged
 * the mail.
 *
 * Mail that is appended meanwhile or after a crash belongs to no plan.  When
 * everything is moved, a second plan moves it.  That plan is written beside the
 * first one, which stays valid until the second has its first step.
 *
 * On disk: see mbox_journal.c.  All numbers are little-endian and of fixed
 * size, so that another kind of machine can finish an UPDATE.  The file stays
 * open, and is empty except during UPDATE and after an UPDATE that was
 * interrupted.  It takes at most 1/64 of the bytes behind the first message
 * that is removed, and 25 MiB.  There is one journal in a process.
 */
#ifndef POPIN_JOURNAL_H
#define POPIN_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	JOURNAL_UNIT = 512,
	JOURNAL_DATA_MAX = 8 * 1024 * 1024, /* bytes copied in one step */
	JOURNAL_INLINE = 3584,		    /* bytes that always have room */
	JOURNAL_RANGES_MAX = 500001
};

/* Bytes of the mbox that stay. */
struct journal_range {
	uint64_t start, end;
};

/*
 * What does not change during an UPDATE.  Without ranges the mbox is only cut
 * off at FIRST, which is FINAL then.  RANGES always has room for one.
 */
struct journal_plan {
	uint64_t size;	/* of the mbox, to begin with */
	uint64_t first; /* byte that changes */
	uint64_t final; /* size in the end */
	uint64_t head;	/* checksum of what is before FIRST */
	uint64_t count; /* of the ranges */
	struct journal_range *ranges;
};

/*
 * The bytes of the mbox from AT on, LEN of them, are being written; everything
 * before is done, and synced.
 */
struct journal_step {
	uint64_t at, len;
	uint64_t copied; /* is what belongs there in the journal? 0 or 1 */
	uint64_t data;	 /* checksum of that */
};

/*
 * Sums of units: what they were, of the whole mbox; what they will be, up to
 * FINAL.  Each is in the byte order of the file, little-endian.
 */
enum journal_when { JOURNAL_OLD, JOURNAL_NEW };

enum journal_found {
	JOURNAL_STEP,	 /* a plan with a step */
	JOURNAL_PLAN,	 /* a plan whose first step was never begun */
	JOURNAL_NONE,	 /* no plan was written to its end */
	JOURNAL_FOREIGN, /* no journal, or a damaged one */
	JOURNAL_FAILED	 /* it cannot be read, see errno */
};

/* Opens or makes it.  False with errno. */
bool journal_open(int dir_fd, const char *name);
bool journal_is_open(void);
/* Is there anything in it, such as an interrupted UPDATE? */
bool journal_pending(void);
/*
 * Closes the journal, so that there is none, and renames it: NAME.1, .2 and so
 * on.  It can be a file that journal_open() refused.  Returns the new name,
 * NULL with errno.
 */
const char *journal_set_aside(void);
/* The name that journal_open() was given. */
const char *journal_name(void);

/*
 * Reads it.  The caller frees PLAN->ranges, which are there with JOURNAL_STEP
 * only.  What it returns is consistent in itself.  Whether it belongs to the
 * mbox, mbox_sums_compare() tells.
 */
enum journal_found journal_load(
    struct journal_plan *plan, struct journal_step *step);
/* The next N sums of units, from the first one on.  False with errno. */
bool journal_get_sums(enum journal_when when, uint32_t *sums, size_t n);
/* Is SUM the checksum of all sums of units as they were? */
bool journal_is_old(uint64_t sum);

/* The functions that write return false with errno. */

/* Writes PLAN, beside the one that is at work. */
bool journal_start(const struct journal_plan *plan);
/* The next N sums of units, before the first step. */
bool journal_put_sums(enum journal_when when, const uint32_t *sums, size_t n);
/* Data of STEP, which is the next: LEN bytes at AT from its beginning. */
bool journal_put(
    const struct journal_step *step, uint64_t at, const void *p, size_t len);
/* Makes STEP the current one, and syncs everything. */
bool journal_commit(const struct journal_step *step);
/* Data of the current step. */
bool journal_get(
    const struct journal_step *step, uint64_t at, void *p, size_t len);
/* Empties it: the UPDATE is over, or has not changed anything. */
bool journal_clear(void);

/*
 * Units begin at PLAN->first, at PLAN->final, and at multiples of their size
 * between PLAN->first and PLAN->size.  They are numbered from 0 on.
 */

/* How many begin before AT: the number of the unit that begins there. */
uint64_t journal_unit(const struct journal_plan *plan, uint64_t at);
/* Where the unit that byte AT is in ends: at most at PLAN->size. */
uint64_t journal_unit_end(const struct journal_plan *plan, uint64_t at);

#endif
