/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The checksums of the units of an mbox, as it was and as it will be.  Both are
 * made in one pass, from the first byte that changes to the end.
 *
 * Runs as: session.  Input: the mbox; a journal that may not belong to it.
 */
#include "config.h"

#include "mbox/mbox_sums.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

#include "lib/checksum.h"
#include "lib/io.h"
#include "mbox/mbox_file.h"
#include "mbox/mbox_scan.h"
#include "pop3/netio.h"

enum { BUFFER = 128 * 1024, SUMS = 1024 };

/*
 * Makes the sums of bytes that are added in their order.  32 bits are enough
 * for a unit: if the mbox was changed, one unit that differs tells that.
 */
struct sums {
	const struct journal_plan *plan;
	uint64_t at;		 /* the byte that comes next */
	size_t have;		 /* bytes in PART */
	char part[JOURNAL_UNIT]; /* of a unit that is not whole yet */
	size_t count;
	uint32_t sums[SUMS];
	/* Called when SUMS is full, and at the end.  False ends everything. */
	bool (*take)(enum journal_when when, const uint32_t *sums, size_t n);
	enum journal_when when;
};

/* What comparing has found so far.  The tail is what is behind plan->final. */
static struct {
	const struct journal_plan *plan;
	bool sums_only;	     /* no step: SUM is all that is wanted */
	uint64_t sum;	     /* the checksum of all sums */
	uint64_t unit;	     /* that comes next */
	uint64_t begin, end; /* units of the step */
	uint64_t final;	     /* first unit of the tail */
	bool changed;	     /* a unit is not what it can be */
	bool all_new;	     /* all units before the tail */
	bool tail_old;	     /* all of it is old or zeros */
	bool tail_zeros;     /* a part of it that was not zeros is now */
	bool tail_gone;	     /* no whole unit of it is old */
} found;

static char buf[BUFFER];

/* ---- bytes to sums ---- */

static bool
flush(struct sums *s)
{
	size_t n = s->count;

	s->count = 0;
	return n == 0 || s->take(s->when, s->sums, n);
}

/*
 * The sum of the unit at P.  A whole one is summed in four parts, because a
 * processor can work on these at the same time.
 */
static uint32_t
sum_unit(const char *p, size_t len)
{
	enum { PARTS = 4, PART = JOURNAL_UNIT / PARTS };
	uint64_t sums[PARTS];

	for (size_t i = 0; i < PARTS && len == JOURNAL_UNIT; i++)
		sums[i] = htole64(checksum(CHECKSUM_START, p + i * PART, PART));
	return htole32(checksum_short(len == JOURNAL_UNIT
		? checksum(CHECKSUM_START, sums, sizeof sums)
		: checksum(CHECKSUM_START, p, len)));
}

static bool
add_unit(struct sums *s, const char *p, size_t len)
{
	s->sums[s->count++] = sum_unit(p, len);
	return s->count < SUMS || flush(s);
}

/* Adds the next LEN bytes. */
static bool
add(struct sums *s, const char *p, size_t len)
{
	while (len > 0) {
		size_t room =
		    (size_t)(journal_unit_end(s->plan, s->at) - s->at);
		size_t n = len < room ? len : room;
		bool good = true;

		if (s->have == 0 && n == room) {
			good = add_unit(s, p, n);
		} else {
			memcpy(s->part + s->have, p, n);
			s->have += n;
			if (n == room) {
				good = add_unit(s, s->part, s->have);
				s->have = 0;
			}
		}
		if (!good)
			return false;
		s->at += n;
		p += n;
		len -= n;
	}
	return true;
}

static bool
finish(struct sums *s)
{
	if (s->have > 0 && !add_unit(s, s->part, s->have))
		return false;
	return flush(s);
}

/* ---- writing ---- */

static bool
put(enum journal_when when, const uint32_t *sums, size_t n)
{
	return journal_put_sums(when, sums, n) || mbox_cannot_journal();
}

/*
 * Adds those of the LEN bytes in the buffer that stay.  They are at AT in the
 * mbox; *NEXT is the first range that is not behind them.
 */
static bool
add_kept(
    struct sums *s, const struct journal_range **next, uint64_t at, size_t len)
{
	const struct journal_range *end = s->plan->ranges + s->plan->count;

	for (; *next < end && (*next)->start < at + len; (*next)++) {
		const struct journal_range *r = *next;
		uint64_t from = r->start > at ? r->start : at;
		uint64_t to = r->end < at + len ? r->end : at + len;

		if (!add(s, buf + (from - at), (size_t)(to - from)))
			return false;
		if (to < r->end)
			break;
	}
	return true;
}

bool
mbox_sums_write(const struct journal_plan *p)
{
	static struct sums old, new;
	const struct journal_range *next = p->ranges;

	old = new = (struct sums){ .plan = p, .at = p->first, .take = put };
	new.when = JOURNAL_NEW;
	for (uint64_t at = p->first; at < p->size;) {
		size_t n = io_piece(p->size - at, sizeof buf);

		if (mbox_stopped() || !mbox_read(buf, n, at) ||
		    !add(&old, buf, n) || !add_kept(&new, &next, at, n))
			return false;
		at += n;
	}
	return finish(&old) && finish(&new);
}

/* ---- comparing ---- */

/*
 * Is it the sum of LEN zeros?  Before a file gets shorter a file system may
 * write zeros behind its new end, as ext4 does, and the power can fail in
 * between.
 */
static bool
is_zeros(uint32_t sum, size_t len)
{
	static const char zeros[JOURNAL_UNIT];

	return sum == sum_unit(zeros, len);
}

/* The bytes of unit UNIT of the tail, from 0 on. */
static size_t
tail_unit_size(const struct journal_plan *p, uint64_t unit)
{
	uint64_t at = unit == 0
	    ? p->final
	    : (p->final / JOURNAL_UNIT + unit) * JOURNAL_UNIT;

	return (size_t)(journal_unit_end(p, at) - at);
}

/*
 * The first and the last unit of the tail may be a few bytes long.  Mail that
 * came in their place can begin with the same bytes.  So they do not tell that
 * the old tail is still there.
 */
static void
judge_tail(uint32_t sum, uint32_t old, size_t len)
{
	bool zeros = sum != old && is_zeros(sum, len);

	found.tail_old &= sum == old || zeros;
	found.tail_zeros |= zeros;
	found.tail_gone &= sum != old || len < JOURNAL_UNIT;
}

/* Compares the SUM of the next unit with what it was, and what it will be. */
static void
judge(uint32_t sum, uint32_t old, uint32_t new)
{
	uint64_t unit = found.unit++;

	if (unit >= found.final) {
		judge_tail(
		    sum, old, tail_unit_size(found.plan, unit - found.final));
		return;
	}
	found.all_new &= sum == new;
	if (unit < found.begin)
		found.changed |= sum != new;
	else if (unit >= found.end)
		found.changed |= sum != old;
	else
		found.changed |= sum != old && sum != new;
}

static bool
compare(enum journal_when when, const uint32_t *sums, size_t n)
{
	static uint32_t old[SUMS], new[SUMS];
	size_t both = found.unit < found.final
	    ? io_piece(found.final - found.unit, n)
	    : 0;

	(void)when;
	found.sum = checksum(found.sum, sums, n * sizeof *sums);
	if (found.sums_only)
		return true;
	if (!journal_get_sums(JOURNAL_OLD, old, n) ||
	    !journal_get_sums(JOURNAL_NEW, new, both))
		return mbox_cannot("cannot read the journal of");
	for (size_t i = 0; i < n; i++)
		judge(sums[i], old[i], new[i]);
	return true;
}

/*
 * Has the tail been cut off?  Then nothing is behind FINAL, or mail that was
 * delivered afterwards.
 */
static enum mbox_fit
without_tail(uint64_t final)
{
	uint64_t start;

	if (!found.all_new || !found.tail_gone)
		return MBOX_CHANGED;
	if (mbox_mail_follows(final, &start))
		return MBOX_DONE;
	if (errno == 0)
		return MBOX_CHANGED;
	(void)mbox_cannot("cannot read the mbox");
	return MBOX_UNKNOWN;
}

/* What FOUND means.  SIZE is how much of the mbox was compared. */
static enum mbox_fit
verdict(const struct journal_plan *p, uint64_t size)
{
	if (found.sums_only)
		return size == p->size && journal_is_old(found.sum)
		    ? MBOX_DONE
		    : MBOX_CHANGED;
	if (found.changed)
		return MBOX_CHANGED;
	if (size == p->size && found.tail_old &&
	    (found.all_new || !found.tail_zeros))
		return MBOX_FITS;
	return without_tail(p->final);
}

enum mbox_fit
mbox_sums_compare(const struct journal_plan *p, const struct journal_step *step,
    uint64_t size)
{
	static struct sums s;
	uint64_t head, end = size < p->size ? size : p->size;

	if (size < p->final)
		return MBOX_CHANGED;
	if (!mbox_sum_head(p->first, &head))
		return MBOX_UNKNOWN;
	memset(&found, 0, sizeof found);
	found.plan = p;
	found.sums_only = step == NULL;
	found.sum = CHECKSUM_START;
	found.all_new = found.tail_old = found.tail_gone = true;
	found.final = journal_unit(p, p->final);
	if (step != NULL) {
		found.begin = journal_unit(p, step->at);
		found.end = journal_unit(p, step->at + step->len);
	}
	s = (struct sums){ .plan = p, .at = p->first, .take = compare };
	for (uint64_t at = p->first; at < end && !found.changed;) {
		size_t n = io_piece(end - at, sizeof buf);

		if (netio_interrupted() != NET_OK || !mbox_read(buf, n, at) ||
		    !add(&s, buf, n))
			return MBOX_UNKNOWN;
		at += n;
	}
	if (!finish(&s))
		return MBOX_UNKNOWN;
	return head == p->head ? verdict(p, end) : MBOX_CHANGED;
}
