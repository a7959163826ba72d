/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Moving what stays of an mbox towards its beginning, in steps (journal.h).
 *
 * AT is where the next byte goes, SOURCE where it is.  As long as no more
 * than SOURCE - AT bytes are written, nothing that later steps need is
 * overwritten, and the step can be repeated from the mbox itself.  Where this
 * gap is small, a step is copied to the journal first.
 *
 * Runs as: session.  Input: the mbox; a journal that may not belong to it.
 */
#include "config.h"

#include "mbox_move.h"

#include <sys/stat.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "checksum.h"
#include "log.h"
#include "mbox.h"
#include "mbox_io.h"

enum {
	BUFFER = 128 * 1024,
	GAP_ENOUGH = JOURNAL_DATA_MAX / 2,
	STEPS_MAX = 4096 /* with a full disk, as far as can be foreseen */
};

struct move {
	struct journal_plan *plan;
	uint64_t size;	/* of the mbox now */
	uint64_t final; /* and in the end */
	uint64_t tail;	/* checksum of what is between the two */
	uint64_t at, source;
	size_t range; /* that SOURCE is in */
	bool touched; /* the mbox is not what it was */
};

static char buf[BUFFER];

static size_t
piece(uint64_t left)
{
	return left < sizeof buf ? (size_t)left : sizeof buf;
}

/* ---- position ---- */

/* Goes to the byte that belongs at AT. */
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

static void
set_size(struct move *m, uint64_t size)
{
	struct journal_plan *p = m->plan;

	m->size = size;
	m->final = p->first;
	for (size_t i = 0; i < p->count; i++)
		m->final += p->ranges[i].end - p->ranges[i].start;
}

/*
 * The mbox has become SIZE bytes long: mail was delivered after a crash, or
 * by a program that does not lock.  It is to stay.
 */
static void
extend(struct move *m, uint64_t size)
{
	struct journal_plan *p = m->plan;

	if (size <= m->size)
		return;
	if (p->ranges[p->count - 1].end < m->size) {
		p->ranges[p->count].start = m->size;
		p->count++;
	}
	p->ranges[p->count - 1].end = size;
	set_size(m, size);
}

/* The same, ready for the next step. */
static bool
grow(struct move *m, uint64_t size)
{
	extend(m, size);
	seek(m, m->at);
	return mbox_sum_tail(m->final, m->size, &m->tail);
}

/* Reads the next LEN bytes into the buffer, wherever they are. */
static bool
gather(struct move *m, size_t len)
{
	for (size_t got = 0; got < len;) {
		const struct journal_range *r = &m->plan->ranges[m->range];
		size_t n = len - got;

		if (n > r->end - m->source)
			n = (size_t)(r->end - m->source);
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

static struct journal_step
step_here(const struct move *m)
{
	struct journal_step s = {
		.at = m->at, .size = m->size, .tail = m->tail
	};

	return s;
}

/* LEN bytes, at most the gap: what they are made from stays. */
static bool
copy(struct move *m, uint64_t len)
{
	struct journal_step s = step_here(m);

	if (!journal_commit(&s))
		return mbox_cannot("cannot write the journal for");
	m->touched = true;
	while (len > 0) {
		size_t n = piece(len);
		uint64_t to = m->at;

		if (!gather(m, n) || !mbox_write(buf, n, to))
			return false;
		len -= n;
	}
	return mbox_sync();
}

/* Writes the data of the current step to the mbox. */
static bool
copy_from_journal(const struct journal_step *s)
{
	for (uint64_t at = 0; at < s->bytes; at += sizeof buf) {
		size_t n = piece(s->bytes - at);

		if (!journal_get(at, buf, n))
			return mbox_cannot("cannot read the journal of");
		if (!mbox_write(buf, n, s->at + at))
			return false;
	}
	return mbox_sync();
}

static bool
is_full(int error)
{
	return error == ENOSPC || error == EDQUOT || error == EFBIG;
}

/*
 * Copies up to LEN bytes to the journal as data of the step S, fewer when the
 * disk is full.  M is behind them afterwards.
 */
static bool
copy_to_journal(struct move *m, uint64_t len, struct journal_step *s)
{
	s->data = CHECKSUM_START;
	for (s->bytes = 0; s->bytes < len;) {
		size_t n = piece(len - s->bytes);

		if (!gather(m, n))
			return false;
		if (!journal_put(s->bytes, buf, n)) {
			if (!is_full(errno))
				return mbox_cannot(
				    "cannot write the journal for");
			seek(m, s->at + s->bytes);
			return true;
		}
		s->data = checksum(s->data, buf, n);
		s->bytes += n;
	}
	return true;
}

/*
 * A small gap.  When the disk has no room for a copy that is larger, the gap
 * has to do: slow, but it grows with each deleted message that is passed.
 */
static bool
step_with_copy(struct move *m, uint64_t gap, uint64_t len)
{
	struct journal_step s = step_here(m);

	if (!copy_to_journal(m, len, &s))
		return false;
	if (s.bytes < len && s.bytes <= gap) {
		if (!m->touched && (m->final - s.at) / gap > STEPS_MAX) {
			errno = ENOSPC;
			return mbox_cannot("no room for the journal of");
		}
		seek(m, s.at);
		return copy(m, gap);
	}
	if (!journal_commit(&s))
		return mbox_cannot("cannot write the journal for");
	m->touched = true;
	return copy_from_journal(&s);
}

static bool
step(struct move *m)
{
	uint64_t gap = m->source - m->at, left = m->final - m->at;

	if (left <= gap)
		return copy(m, left);
	if (gap >= GAP_ENOUGH)
		return copy(m, gap);
	return step_with_copy(
	    m, gap, left < JOURNAL_DATA_MAX ? left : JOURNAL_DATA_MAX);
}

/* From AT to the end, and the tail off. */
static bool
move_on(struct move *m)
{
	struct stat st;

	for (;;) {
		while (m->at < m->final)
			if (!step(m))
				return false;
		if (fstat(mbox.fd, &st) == -1)
			return mbox_cannot("cannot look at the mbox");
		if ((uint64_t)st.st_size == m->size)
			break;
		if ((uint64_t)st.st_size < m->size) {
			errno = ESTALE;
			return mbox_cannot("somebody truncated the mbox");
		}
		if (!grow(m, (uint64_t)st.st_size))
			return false;
	}
	if (!mbox_cut(m->final))
		return false;
	if (!journal_clear())
		log_error_errno("cannot empty the journal of", mbox.name);
	return true;
}

static bool
start(struct move *m)
{
	struct stat st;

	if (fstat(mbox.fd, &st) == -1)
		return mbox_cannot("cannot look at the mbox");
	m->plan->device = st.st_dev;
	m->plan->inode = st.st_ino;
	m->plan->size = (uint64_t)st.st_size;
	set_size(m, m->plan->size);
	m->at = m->plan->first;
	if (!grow(m, m->size) || !mbox_sum_head(m->plan->first, &m->plan->head))
		return false;
	if (journal_start(m->plan))
		return true;
	if (!is_full(errno))
		return mbox_cannot("cannot write the journal for");
	/* The state file is only a cache: its room is worth more here. */
	state_write_start(&mbox.state);
	state_write_end(&mbox.state);
	return journal_start(m->plan) ||
	    mbox_cannot("no room for the journal of");
}

bool
mbox_move(struct journal_plan *plan)
{
	struct move m = { .plan = plan };

	if (!journal_is_open()) {
		log_error(
		    "no place for a journal, nothing deleted from", mbox.name);
		return false;
	}
	if (start(&m) && move_on(&m))
		return true;
	if (!m.touched && !journal_clear())
		log_error_errno("cannot empty the journal of", mbox.name);
	return false;
}

/* ---- after a crash ---- */

static void
log_notice(const char *text)
{
	struct log_record r;

	log_start(&r, LOG_LEVEL_NOTICE, text);
	log_text(&r, "mbox", mbox.name, strlen(mbox.name));
	log_end(&r);
}

/*
 * Is the mbox what the journal was written for, and its tail not cut off yet?
 * Only a checksum vouches for the journal, so nothing in it is believed.
 * Returns false with errno when that cannot be found out, 0 if it is not.
 */
static bool
applies(struct move *m, const struct journal_step *s)
{
	const struct journal_plan *p = m->plan;
	uint64_t head, tail;
	struct stat st;

	errno = 0;
	if (mbox.fd == -1 || fstat(mbox.fd, &st) == -1 ||
	    st.st_dev != p->device || st.st_ino != p->inode ||
	    (uint64_t)st.st_size < s->size || s->size < p->size)
		return false;
	set_size(m, p->size);
	extend(m, s->size);
	if (s->at < p->first || s->at > m->final || s->bytes > m->final - s->at)
		return false;
	return mbox_sum_head(p->first, &head) && head == p->head &&
	    mbox_sum_tail(m->final, m->size, &tail) && tail == s->tail;
}

static bool
finish(struct move *m, const struct journal_step *s)
{
	struct stat st;

	m->touched = true;
	m->at = s->at;
	if (s->bytes > 0) {
		if (!copy_from_journal(s))
			return false;
		m->at += s->bytes;
	}
	if (fstat(mbox.fd, &st) == -1)
		return mbox_cannot("cannot look at the mbox");
	return grow(m, (uint64_t)st.st_size) && move_on(m);
}

/* The journal is no use, or EIO and the like keep us from knowing. */
static enum maildrop_result
give_up(void)
{
	if (errno == EIO || errno == ENOMEM || errno == ESTALE) {
		log_error_errno("cannot use the journal of", mbox.name);
		return MAILDROP_TEMP;
	}
	log_notice("a journal that is not of this mbox is not used:");
	if (!journal_clear())
		log_error_errno("cannot empty the journal of", mbox.name);
	return MAILDROP_OK;
}

enum maildrop_result
mbox_replay(void)
{
	struct journal_plan plan = { .ranges = NULL };
	struct journal_step s;
	struct move m = { .plan = &plan };
	enum maildrop_result result;

	if (!journal_pending())
		return MAILDROP_OK;
	if (!journal_load(&plan, &s) || !applies(&m, &s)) {
		result = give_up();
	} else if (!mbox.writable) {
		log_error("cannot finish an UPDATE, no permission to write",
		    mbox.name);
		result = MAILDROP_PERM;
	} else {
		log_notice("finishing an UPDATE that was interrupted:");
		result = finish(&m, &s) ? MAILDROP_OK : MAILDROP_TEMP;
	}
	free(plan.ranges);
	return result;
}
