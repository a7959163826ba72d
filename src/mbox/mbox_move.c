/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Moving what stays of an mbox towards its beginning, in steps: see
 * mbox_journal.h.
 *
 * AT is where the next byte goes, SOURCE where it is.  As long as no more
 * than SOURCE - AT bytes are written, nothing that later steps need is
 * overwritten, and the step can be repeated from the mbox itself.  Where this
 * gap is small, a step is copied to the journal first.  A step ends where a
 * unit does.
 *
 * Runs as: session.  Input: the mbox; a journal that may not belong to it.
 */
#include "config.h"

#include "mbox/mbox_move.h"

#include <sys/stat.h>

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/checksum.h"
#include "lib/io.h"
#include "lib/log.h"
#include "mbox/mbox_file.h"
#include "mbox/mbox_sums.h"

enum {
	BUFFER = 128 * 1024,
	GAP_ENOUGH = JOURNAL_DATA_MAX / 2,
	STEPS_MAX = 4096 /* with a full disk, as far as can be foreseen */
};

/*
 * Where an UPDATE is.  As long as it has not TOUCHED the mbox, a failure leaves
 * everything as it was; afterwards only the journal can finish it.
 */
struct move {
	struct journal_plan *plan;
	uint64_t at, source;
	size_t range; /* that SOURCE is in */
	bool touched; /* the mbox is not what it was */
};

static char buf[BUFFER];

/*
 * How much of LEFT bytes from AT on is written at once: up to the end of a
 * unit.  The process can be killed between two writes.  Each unit is old or new
 * then.
 */
static size_t
units(uint64_t at, uint64_t left)
{
	return left < sizeof buf ? (size_t)left
				 : sizeof buf - (size_t)(at % JOURNAL_UNIT);
}

/* ---- position ---- */

/* Sets SOURCE to where the byte is that belongs at AT. */
static void
seek(struct move *m, uint64_t at)
{
	uint64_t skip = at - m->plan->first;

	m->at = at;
	for (m->range = 0; m->range < m->plan->count; m->range++) {
		const struct journal_range *r = &m->plan->ranges[m->range];

		m->source = r->start + skip;
		if (m->source < r->end)
			return;
		skip -= r->end - r->start;
	}
}

/* Reads the next LEN bytes into the buffer, wherever they are. */
static bool
gather(struct move *m, size_t len)
{
	for (size_t got = 0; got < len;) {
		const struct journal_range *r = &m->plan->ranges[m->range];
		size_t n = io_piece(r->end - m->source, len - got);

		if (!mbox_read(buf + got, n, m->source))
			return false;
		got += n;
		m->source += n;
		if (m->source == r->end && ++m->range < m->plan->count)
			m->source = m->plan->ranges[m->range].start;
	}
	m->at += len;
	return true;
}

/* ---- steps ---- */

/* How many of LEN bytes from AT on are whole units, or lead to the end. */
static uint64_t
whole(const struct move *m, uint64_t at, uint64_t len)
{
	uint64_t end = at + len;

	if (end < m->plan->final)
		end = end / JOURNAL_UNIT * JOURNAL_UNIT;
	return end > at ? end - at : 0;
}

/* Moves LEN bytes, at most the gap: none of what they are made from is lost. */
static bool
copy(struct move *m, uint64_t len)
{
	while (len > 0) {
		size_t n = units(m->at, len);
		uint64_t to = m->at;

		if (mbox_stopped() || !gather(m, n) || !mbox_write(buf, n, to))
			return false;
		len -= n;
	}
	return mbox_sync();
}

/* Writes the data of the current step to the mbox. */
static bool
copy_from_journal(const struct journal_step *s)
{
	for (uint64_t at = 0; at < s->len;) {
		size_t n = units(s->at + at, s->len - at);

		if (mbox_stopped())
			return false;
		if (!journal_get(s, at, buf, n))
			return mbox_cannot("cannot read the journal of");
		if (!mbox_write(buf, n, s->at + at))
			return false;
		at += n;
	}
	return mbox_sync();
}

/* Does the current step, or does it again.  M is behind it afterwards. */
static bool
do_step(struct move *m, const struct journal_step *s)
{
	m->touched = true;
	seek(m, s->at);
	if (!s->copied)
		return copy(m, s->len);
	if (!copy_from_journal(s))
		return false;
	seek(m, s->at + s->len);
	return true;
}

static bool
begin_step(struct move *m, const struct journal_step *s)
{
	return journal_commit(s) ? do_step(m, s)
				 : mbox_cannot("cannot write the journal for");
}

/*
 * Copies what the step S writes to the journal.  Returns how many bytes went in
 * before the disk was full, or S->len; UINT64_MAX, logged, for other failures.
 */
static uint64_t
copy_to_journal(struct move *m, struct journal_step *s)
{
	seek(m, s->at);
	s->copied = 1;
	s->data = CHECKSUM_START;
	for (uint64_t at = 0; at < s->len;) {
		size_t n = io_piece(s->len - at, sizeof buf);

		if (!gather(m, n))
			return UINT64_MAX;
		if (!journal_put(s, at, buf, n)) {
			(void)mbox_cannot_journal();
			return mbox_is_full(errno) ? at : UINT64_MAX;
		}
		s->data = checksum(s->data, buf, n);
		at += n;
	}
	return s->len;
}

/*
 * A step of LEN bytes where the gap is small: the journal gets a copy.  If the
 * disk has no room for that, the step is made as long as there was room, or as
 * the gap, whichever is more.  That is slow, but the gap grows with each
 * deleted message that is passed.
 */
static bool
step_with_copy(struct move *m, uint64_t gap, uint64_t len)
{
	struct journal_step s = { .at = m->at, .len = len };
	uint64_t room = copy_to_journal(m, &s), least;

	if (room == UINT64_MAX)
		return false;
	if (room == len)
		return begin_step(m, &s);
	least = whole(m, s.at, JOURNAL_INLINE);
	room = whole(m, s.at, room);
	room = room > least ? room : least;
	gap = whole(m, s.at, gap);
	assert(least > 0); /* there is always room for a unit */
	if (len <= least ||
	    (!m->touched &&
		(m->plan->final - s.at) / (gap > room ? gap : room) >
		    STEPS_MAX)) {
		errno = ENOSPC;
		return mbox_cannot("no room for the journal of");
	}
	seek(m, s.at);
	if (gap < room)
		return step_with_copy(m, gap, room);
	s.len = gap;
	s.copied = 0;
	return begin_step(m, &s);
}

static bool
step(struct move *m)
{
	uint64_t gap = m->source - m->at, left = m->plan->final - m->at;
	struct journal_step s = { .at = m->at };

	if (left > gap && gap < GAP_ENOUGH)
		return step_with_copy(m, gap,
		    whole(m, m->at,
			left < JOURNAL_DATA_MAX ? left : JOURNAL_DATA_MAX));
	s.len = left <= gap ? left : whole(m, m->at, gap);
	return begin_step(m, &s);
}

/* ---- plans ---- */

static bool
write_plan(const struct journal_plan *p)
{
	return journal_start(p) ? mbox_sums_write(p) : mbox_cannot_journal();
}

/* Fills in the rest of the plan, and writes it to the journal. */
static bool
start(struct move *m)
{
	struct journal_plan *p = m->plan;

	p->final = p->first;
	for (size_t i = 0; i < p->count; i++)
		p->final += p->ranges[i].end - p->ranges[i].start;
	seek(m, p->first);
	if (!mbox_sum_head(p->first, &p->head))
		return false;
	if (!write_plan(p)) {
		if (!mbox_is_full(errno))
			return false;
		/* The state file is only a cache: emptying it makes room. */
		state_write_start(&mbox.state);
		state_write_end(&mbox.state);
		if (!write_plan(p))
			return p->count > 0 &&
			    mbox_cannot("no room for the journal of");
	}
	return mbox_sync();
}

/*
 * The mbox has become SIZE bytes long: mail was delivered after a crash, or by
 * a program that does not lock.  That mail stays: it moves next, over the stale
 * tail.
 */
static bool
go_on_with(struct move *m, uint64_t size)
{
	struct journal_plan *p = m->plan;

	p->first = p->final;
	p->ranges[0].start = p->size;
	p->ranges[0].end = size;
	p->count = 1;
	p->size = size;
	return start(m);
}

static bool
size_now(uint64_t *size)
{
	struct stat st;

	if (fstat(mbox.fd, &st) == -1)
		return mbox_cannot("cannot look at the mbox");
	*size = (uint64_t)st.st_size;
	return true;
}

static void
clear_journal(void)
{
	if (!journal_clear())
		(void)mbox_cannot("cannot empty the journal of");
}

/* Does the steps from AT to the end, and cuts the stale tail off. */
static bool
move_on(struct move *m)
{
	uint64_t size = 0;

	do {
		while (m->at < m->plan->final)
			if (!step(m))
				return false;
		if (!size_now(&size))
			return false;
		if (size < m->plan->size) {
			errno = ESTALE;
			return mbox_cannot(
			    "another program truncated the mbox");
		}
		if (size > m->plan->size && !go_on_with(m, size))
			return false;
	} while (m->at < m->plan->final);
	if (!mbox_cut(m->plan->final))
		return false;
	clear_journal();
	return true;
}

/* With a full disk, and only the end to go: no journal is needed for that. */
static bool
cut_without_journal(const struct journal_plan *p)
{
	return p->count == 0 && mbox_is_full(errno) && journal_clear() &&
	    mbox_cut(p->first);
}

bool
mbox_move(struct journal_plan *plan)
{
	struct move m = { .plan = plan };
	/* for a plan that moves nothing: what the tail was is in the journal */
	const struct journal_step only_cut = { .at = plan->first };

	if (!journal_is_open()) {
		log_error(
		    "no place for a journal, nothing deleted from", mbox.name);
		return false;
	}
	if (!size_now(&plan->size))
		return false;
	if (!start(&m)) {
		if (cut_without_journal(plan))
			return true;
	} else if ((plan->count > 0 || begin_step(&m, &only_cut)) &&
	    move_on(&m)) {
		return true;
	}
	if (!m.touched)
		clear_journal();
	return false;
}

/* ---- after a crash ---- */

static void
log_journal(enum log_level level, const char *text, const char *name)
{
	struct log_record r;

	log_start(&r, level, text);
	log_text(&r, "mbox", mbox.name, strlen(mbox.name));
	if (name != NULL)
		log_text(&r, "journal", name, strlen(name));
	log_end(&r);
}

bool
mbox_move_set_aside(const char *why)
{
	const char *name = journal_set_aside();

	if (name == NULL) {
		log_error_errno("cannot rename", journal_name());
		log_journal(LOG_LEVEL_ERROR, why, journal_name());
		return false;
	}
	log_journal(LOG_LEVEL_ERROR, why, name);
	return true;
}

static enum maildrop_result
finish(struct move *m, const struct journal_step *s)
{
	if (!mbox.writable) {
		log_error("cannot finish an UPDATE, no permission to write",
		    mbox.name);
		return MAILDROP_PERM;
	}
	log_journal(LOG_LEVEL_NOTICE,
	    "finishing an UPDATE that was interrupted:", NULL);
	return do_step(m, s) && move_on(m) ? MAILDROP_OK : MAILDROP_TEMP;
}

/* If the journal is set aside, the mbox stays as it is, and is served. */
static enum maildrop_result
replay(struct journal_plan *plan, const struct journal_step *s)
{
	struct move m = { .plan = plan };
	uint64_t size = 0;

	/* popin did not remove it: it may come back with its file system */
	if (mbox.fd == -1) {
		log_journal(LOG_LEVEL_ERROR,
		    "an UPDATE was interrupted, and now there is no mbox; "
		    "is it mounted? If it is gone for good remove the journal:",
		    journal_name());
		return MAILDROP_TEMP;
	}
	if (!size_now(&size))
		return MAILDROP_TEMP;
	switch (mbox_sums_compare(plan, s, size)) {
	case MBOX_FITS:
		assert(s != NULL); /* without a step it is DONE or CHANGED */
		return finish(&m, s);
	case MBOX_DONE:
		clear_journal();
		return MAILDROP_OK;
	case MBOX_CHANGED:
		(void)mbox_move_set_aside(
		    "an UPDATE was interrupted, and the mbox was changed "
		    "since; it may need a backup:");
		return MAILDROP_OK;
	case MBOX_UNKNOWN:
		break;
	}
	return MAILDROP_TEMP;
}

enum maildrop_result
mbox_replay(void)
{
	struct journal_plan plan;
	struct journal_step s;
	enum maildrop_result result = MAILDROP_OK;

	if (!journal_pending())
		return MAILDROP_OK;
	switch (journal_load(&plan, &s)) {
	case JOURNAL_STEP:
		result = replay(&plan, &s);
		free(plan.ranges);
		break;
	case JOURNAL_PLAN:
		result = replay(&plan, NULL);
		break;
	case JOURNAL_NONE:
		clear_journal();
		break;
	case JOURNAL_FOREIGN:
		(void)mbox_move_set_aside(
		    "the journal cannot be read; the mbox may need its backup:");
		break;
	case JOURNAL_FAILED:
		(void)mbox_cannot("cannot read the journal of");
		result = MAILDROP_TEMP;
		break;
	}
	return result;
}
