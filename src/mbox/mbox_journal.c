/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The journal's file.
 *
 *	page 0, 1	headers of plans, in turn
 *	page 2, 3	steps, in turn
 *	then		what has no room behind these: the body of a plan (its
 *			ranges, the sums of its units as they were and as they
 *			will be), and two areas for data of steps, in turn
 *
 * A header and a step are smaller than a sector.  Each has a page of its own,
 * which is written together with what follows it there: one torn write damages
 * one plan or one step.  Everything that is relied on has a checksum.
 *
 * Runs as: session.  Input: a file in the home of the mail user.
 */
#include "config.h"

#include "mbox/mbox_journal.h"

#include <sys/stat.h>

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/checksum.h"
#include "lib/clock.h"
#include "lib/file.h"
#include "lib/io.h"
#include "pop3/netio.h"

/* "popinJo3": the number is that of the format. */
static const uint64_t MAGIC = 0x706f70696e4a6f33;

enum {
	PAGE = 4096,
	STEP_AT = 2 * PAGE,
	BODY_AT = 4 * PAGE,
	BEHIND = JOURNAL_UNIT, /* bytes from a header or step to what follows */
	SUMS = 1024,	       /* read at once: checksum.h wants it even */
	PIECE = 64 * 1024,
	ASIDE_MAX = 99
};

/* On disk both are arrays of numbers, of which the last one is the checksum. */
struct header {
	uint64_t magic, generation, plan;
	uint64_t body, data; /* where they are */
	uint64_t size, first, final, head, count;
	uint64_t ranges_sum, sums_sum[2]; /* of enum journal_when */
	uint64_t sum;
};

struct step {
	uint64_t generation, plan, number;
	struct journal_step step;
	uint64_t sum;
};

enum {
	HEADER_WORDS = sizeof(struct header) / 8,
	STEP_WORDS = sizeof(struct step) / 8
};

static struct {
	int fd;
	int dir_fd; /* to be synced once before the journal is relied on */
	bool dir_synced;
	char name[NAME_MAX + 1];
	struct header header; /* of the current plan */
	bool header_written;
	uint64_t number;     /* of the current step */
	uint64_t sums_at[2]; /* where the next sums are, enum journal_when */
	uint64_t end;	     /* of all that was written */
	int error;	     /* of a read that failed, or 0 */
} journal = { .fd = -1, .dir_fd = -1 };

/* ---- file ---- */

static bool
write_at(uint64_t at, const void *from, size_t len)
{
	if (!io_pwrite(journal.fd, from, len, at))
		return false;
	if (at + len > journal.end)
		journal.end = at + len;
	return true;
}

/*
 * False with errno, ENODATA where the file ends too early.  Only another error
 * is kept as journal.error: a short file is a journal that is not sound.
 */
static bool
read_at(uint64_t at, void *to, size_t len)
{
	if (io_pread_all(journal.fd, to, len, at))
		return true;
	if (errno != 0)
		journal.error = errno;
	else
		errno = ENODATA;
	return false;
}

/*
 * The journal decides what happens to the mail, so nobody else may be able to
 * write it.  It contains mail, and a restore may have let others read it.
 */
bool
journal_open(int dir_fd, const char *name)
{
	struct stat st;
	int fd = file_open_own(
	    dir_fd, name, FILE_OURS | FILE_ONE_NAME | FILE_UNSHARED, &st);

	if (fd != -1 && !file_is_private(&st) && fchmod(fd, 0600) == -1)
		fd = file_give_up(fd);
	journal.dir_fd = dir_fd;
	(void)snprintf(journal.name, sizeof journal.name, "%s", name);
	journal.fd = fd;
	return fd != -1;
}

bool
journal_is_open(void)
{
	return journal.fd != -1;
}

bool
journal_pending(void)
{
	struct stat st;

	return journal.fd != -1 &&
	    (fstat(journal.fd, &st) == -1 || st.st_size > 0);
}

const char *
journal_name(void)
{
	return journal.name;
}

/*
 * Only sessions of this maildrop give such names, and there is one session at a
 * time.  So a name that is free stays free until it is used here.
 */
const char *
journal_set_aside(void)
{
	static char aside[sizeof journal.name + sizeof ".99"];
	struct stat st;

	if (journal.fd != -1)
		(void)close(journal.fd);
	journal.fd = -1;
	for (int i = 1; i <= ASIDE_MAX; i++) {
		(void)snprintf(aside, sizeof aside, "%s.%d", journal.name, i);
		if (fstatat(journal.dir_fd, aside, &st, AT_SYMLINK_NOFOLLOW) !=
		    0)
			return errno == ENOENT &&
				renameat(journal.dir_fd, journal.name,
				    journal.dir_fd, aside) == 0
			    ? aside
			    : NULL;
	}
	errno = EEXIST;
	return NULL;
}

bool
journal_clear(void)
{
	if (!io_truncate(journal.fd, 0))
		return false;
	journal.header.plan = 0;
	journal.number = 0;
	journal.end = 0;
	return true;
}

/* ---- numbers ---- */

/*
 * Changes N numbers from this machine's byte order to that of the file, or
 * back, which is the same.
 */
static void
convert(void *numbers, size_t n)
{
	uint64_t *words = numbers;

	for (size_t i = 0; i < n; i++)
		words[i] = htole64(words[i]);
}

/* Writes N numbers, the last of which becomes their checksum. */
static bool
write_record(uint64_t at, const void *record, size_t n)
{
	uint64_t words[HEADER_WORDS];
	size_t last = n - 1;

	memcpy(words, record, last * 8);
	convert(words, last);
	words[last] = htole64(checksum(CHECKSUM_START, words, last * 8));
	return write_at(at, words, n * 8);
}

static bool
read_record(uint64_t at, void *record, size_t n)
{
	uint64_t words[HEADER_WORDS], sum;
	size_t last = n - 1;

	if (!read_at(at, words, n * 8))
		return false;
	sum = checksum(CHECKSUM_START, words, last * 8);
	convert(words, n);
	memcpy(record, words, n * 8);
	return words[last] == sum;
}

/* ---- units ---- */

uint64_t
journal_unit(const struct journal_plan *p, uint64_t at)
{
	uint64_t n;

	if (at <= p->first)
		return 0;
	n = (at - 1) / JOURNAL_UNIT - p->first / JOURNAL_UNIT + 1;
	return n +
	    (at > p->final && p->final > p->first &&
		p->final % JOURNAL_UNIT != 0);
}

uint64_t
journal_unit_end(const struct journal_plan *p, uint64_t at)
{
	uint64_t end = (at / JOURNAL_UNIT + 1) * JOURNAL_UNIT;

	if (at < p->final && end > p->final)
		return p->final;
	return end < p->size ? end : p->size;
}

/* ---- where things are in the file ---- */

static uint64_t
page_after(uint64_t at)
{
	return (at + PAGE - 1) / PAGE * PAGE;
}

static uint64_t
header_at(uint64_t plan)
{
	return plan % 2 * PAGE;
}

static uint64_t
step_at(uint64_t number)
{
	return STEP_AT + number % 2 * PAGE;
}

static uint64_t
data_at(uint64_t number, uint64_t len)
{
	if (len <= JOURNAL_INLINE)
		return step_at(number) + BEHIND;
	return journal.header.data + number % 2 * JOURNAL_DATA_MAX;
}

/* How many sums there are of each kind. */
static uint64_t
units(const struct journal_plan *p, enum journal_when when)
{
	return journal_unit(p, when == JOURNAL_OLD ? p->size : p->final);
}

/* The sums are behind the ranges. */
static void
rewind_sums(const struct journal_plan *p)
{
	journal.sums_at[JOURNAL_OLD] =
	    journal.header.body + p->count * sizeof(struct journal_range);
	journal.sums_at[JOURNAL_NEW] = journal.sums_at[JOURNAL_OLD] +
	    units(p, JOURNAL_OLD) * sizeof(uint32_t);
}

/* Where the body of a plan is written: not over what is still relied on. */
static void
place_body(const struct journal_plan *p)
{
	struct header *h = &journal.header;
	uint64_t end,
	    room = p->count * sizeof(struct journal_range) +
	    (units(p, JOURNAL_OLD) + units(p, JOURNAL_NEW)) * sizeof(uint32_t);

	if (room <= JOURNAL_INLINE) {
		h->body = header_at(h->plan) + BEHIND;
		room = 0;
	} else if (h->plan == 1) {
		h->body = BODY_AT;
	} else {
		end = h->data + 2 * (uint64_t)JOURNAL_DATA_MAX;
		h->body = page_after(journal.end > end ? journal.end : end);
	}
	if (h->plan == 1)
		h->data = page_after(BODY_AT + room);
}

/* ---- writing ---- */

static bool
write_ranges(const struct journal_plan *p)
{
	size_t n = (size_t)p->count * 2, len = n * sizeof(uint64_t);
	bool good;

	convert(p->ranges, n);
	journal.header.ranges_sum = checksum(CHECKSUM_START, p->ranges, len);
	good = write_at(journal.header.body, p->ranges, len);
	convert(p->ranges, n);
	return good;
}

/*
 * The pages of headers and steps are written, too, so that they need no more
 * room on the disk later.  As long as they are empty, no UPDATE has begun.
 */
bool
journal_start(const struct journal_plan *p)
{
	static char zeros[BODY_AT]; /* const would make the program larger */
	struct header *h = &journal.header;
	bool anew = journal.number == 0;

	h->magic = MAGIC;
	h->plan = anew ? 1 : h->plan + (journal.header_written ? 1 : 0);
	h->generation = anew ? clock_stamp() : h->generation;
	h->size = p->size;
	h->first = p->first;
	h->final = p->final;
	h->head = p->head;
	h->count = p->count;
	h->sums_sum[JOURNAL_OLD] = h->sums_sum[JOURNAL_NEW] = CHECKSUM_START;
	journal.header_written = false;
	place_body(p);
	rewind_sums(p);
	return (!anew || write_at(0, zeros, sizeof zeros)) && write_ranges(p);
}

bool
journal_put_sums(enum journal_when when, const uint32_t *sums, size_t n)
{
	uint64_t *sum = &journal.header.sums_sum[when];
	size_t len = n * sizeof *sums;

	*sum = checksum(*sum, sums, len);
	if (!write_at(journal.sums_at[when], sums, len))
		return false;
	journal.sums_at[when] += len;
	return true;
}

bool
journal_put(
    const struct journal_step *step, uint64_t at, const void *p, size_t len)
{
	return write_at(data_at(journal.number + 1, step->len) + at, p, len);
}

bool
journal_commit(const struct journal_step *step)
{
	const struct header *h = &journal.header;
	struct step s = { .generation = h->generation,
		.plan = h->plan,
		.number = journal.number + 1,
		.step = *step };

	if (!write_record(step_at(s.number), &s, STEP_WORDS) ||
	    !(journal.header_written ||
		write_record(header_at(h->plan), h, HEADER_WORDS)) ||
	    !io_sync(journal.fd) ||
	    /* the name of a file that was just made, too */
	    !(journal.dir_synced || io_sync(journal.dir_fd) || errno == EINVAL))
		return false;
	journal.dir_synced = true;
	journal.header_written = true;
	journal.number = s.number;
	return true;
}

/* ---- reading ---- */

bool
journal_get(const struct journal_step *step, uint64_t at, void *p, size_t len)
{
	return read_at(data_at(journal.number, step->len) + at, p, len);
}

bool
journal_get_sums(enum journal_when when, uint32_t *sums, size_t n)
{
	size_t len = n * sizeof *sums;

	if (!read_at(journal.sums_at[when], sums, len))
		return false;
	journal.sums_at[when] += len;
	return true;
}

bool
journal_is_old(uint64_t sum)
{
	return sum == journal.header.sums_sum[JOURNAL_OLD];
}

/*
 * Are the ranges in order and apart, none of them at FIRST or before, and does
 * FINAL agree with their length?
 */
static bool
sound_ranges(const struct journal_plan *p)
{
	uint64_t last = p->first, final = last;

	for (uint64_t i = 0; i < p->count; i++) {
		const struct journal_range *r = &p->ranges[i];

		if (r->start <= last || r->end <= r->start)
			return false;
		last = r->end;
		final += r->end - r->start;
	}
	return last <= p->size && final == p->final;
}

static void
drop_ranges(struct journal_plan *p)
{
	free(p->ranges);
	p->ranges = NULL;
}

static bool
load_ranges(struct journal_plan *p)
{
	size_t n = (size_t)p->count * 2, len = n * sizeof(uint64_t);
	bool good;

	/* room for one at least, see mbox_journal.h */
	p->ranges = malloc(len > 0 ? len : sizeof *p->ranges);
	if (p->ranges == NULL) {
		journal.error = errno;
		return false;
	}
	good = read_at(journal.header.body, p->ranges, len) &&
	    journal.header.ranges_sum ==
		checksum(CHECKSUM_START, p->ranges, len);
	convert(p->ranges, good ? n : 0);
	return good && sound_ranges(p);
}

static bool
sound_sums(const struct journal_plan *p, enum journal_when when)
{
	uint64_t left = units(p, when), found = CHECKSUM_START;
	uint32_t sums[SUMS];

	while (left > 0) {
		size_t n = io_piece(left, SUMS);

		if (netio_interrupted() != NET_OK) {
			journal.error = EINTR;
			return false;
		}
		if (!journal_get_sums(when, sums, n))
			return false;
		found = checksum(found, sums, n * sizeof *sums);
		left -= n;
	}
	return found == journal.header.sums_sum[when];
}

static void
use_plan(struct journal_plan *p, const struct header *h)
{
	journal.header = *h;
	journal.header_written = true;
	p->size = h->size;
	p->first = h->first;
	p->final = h->final;
	p->head = h->head;
	p->count = h->count;
	p->ranges = NULL;
	rewind_sums(p);
}

static bool
load_body(struct journal_plan *p)
{
	if (!load_ranges(p) || !sound_sums(p, JOURNAL_OLD) ||
	    !sound_sums(p, JOURNAL_NEW))
		return false;
	rewind_sums(p);
	return true;
}

/* Is the step made of whole units of the plan, or empty if nothing moves? */
static bool
sound_step(const struct journal_plan *p, const struct journal_step *s)
{
	uint64_t end = s->at + s->len;

	if (p->count == 0)
		return s->at == p->final && s->len == 0 && s->copied == 0;
	return s->at >= p->first && s->at < p->final && s->len > 0 &&
	    s->len <= p->final - s->at &&
	    (s->at == p->first || s->at % JOURNAL_UNIT == 0) &&
	    (end == p->final || end % JOURNAL_UNIT == 0);
}

/* Is the copy that belongs to the current step whole? */
static bool
whole_data(const struct journal_step *s)
{
	static char piece[PIECE];
	uint64_t sum = CHECKSUM_START;

	if (s->copied == 0)
		return true;
	if (s->len > JOURNAL_DATA_MAX)
		return false;
	for (uint64_t at = 0; at < s->len; at += sizeof piece) {
		size_t len = io_piece(s->len - at, sizeof piece);

		if (!journal_get(s, at, piece, len))
			return false;
		sum = checksum(sum, piece, len);
	}
	return sum == s->data;
}

static bool
load_header(uint64_t place, struct header *h)
{
	return read_record(header_at(place), h, HEADER_WORDS) &&
	    h->magic == MAGIC && h->plan > 0 && h->plan % 2 == place &&
	    h->first <= h->final && h->final < h->size &&
	    h->size <= INT64_MAX && h->count <= JOURNAL_RANGES_MAX &&
	    h->body <= INT64_MAX / 2 && h->data <= INT64_MAX / 2;
}

static bool
load_step(uint64_t place, struct step *s)
{
	return read_record(step_at(place), s, STEP_WORDS) && s->number > 0 &&
	    s->number % 2 == place;
}

/* Makes S the current step, if its plan is H and all of both is sound. */
static bool
use_step(struct journal_plan *p, struct journal_step *step,
    const struct header *h, const struct step *s)
{
	if (h->plan != s->plan || h->generation != s->generation)
		return false;
	use_plan(p, h);
	journal.number = s->number;
	*step = s->step;
	if (sound_step(p, step) && load_body(p) && whole_data(step))
		return true;
	drop_ranges(p);
	return false;
}

/*
 * Is nothing written yet where headers are?  Then the first sync never ended,
 * and nothing else in the file was ever relied on.
 */
static bool
is_blank(void)
{
	static const char zeros[BEHIND];
	char text[BEHIND];

	for (uint64_t i = 0; i < 2; i++) {
		ssize_t got =
		    io_pread(journal.fd, text, sizeof text, header_at(i));

		if (got == -1)
			journal.error = errno;
		if (got == -1 || memcmp(text, zeros, (size_t)got) != 0)
			return false;
	}
	return true;
}

/*
 * Takes the later of the two steps if it and its plan are complete.  If they
 * are not, they were never synced.  Then the step before it is done, the mbox
 * has not been touched since, and that step is taken.
 */
static enum journal_found
load(struct journal_plan *p, struct journal_step *step)
{
	struct header h[2];
	struct step s[2];
	bool header[2], sound[2];
	int later;

	for (uint64_t i = 0; i < 2; i++) {
		header[i] = load_header(i, &h[i]);
		sound[i] = load_step(i, &s[i]);
	}
	later = sound[1] && (!sound[0] || s[1].number > s[0].number);
	for (int n = 0; n < 2; n++) {
		int i = n == 0 ? later : !later;

		if (sound[i] && header[s[i].plan % 2] &&
		    use_step(p, step, &h[s[i].plan % 2], &s[i]))
			return JOURNAL_STEP;
	}
	if (header[1] && h[1].plan == 1) {
		use_plan(p, &h[1]);
		return JOURNAL_PLAN;
	}
	return is_blank() ? JOURNAL_NONE : JOURNAL_FOREIGN;
}

enum journal_found
journal_load(struct journal_plan *p, struct journal_step *step)
{
	enum journal_found found;
	struct stat st;

	p->ranges = NULL;
	journal.error = 0;
	found = load(p, step);
	if (fstat(journal.fd, &st) == -1)
		journal.error = errno;
	else
		journal.end = (uint64_t)st.st_size;
	if (journal.error == 0)
		return found;
	drop_ranges(p);
	errno = journal.error;
	return JOURNAL_FAILED;
}
