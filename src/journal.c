/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The journal's file: a header, two places for steps that take turns, the
 * ranges, two places for the data of steps that take turns with them.  All
 * in this machine's byte order; everything has a checksum.
 *
 * Runs as: session.  Input: a file in the home of the mail user.
 */
#include "config.h"

#include "journal.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "checksum.h"

/* "popinJo1" */
static const uint64_t MAGIC = 0x706f70696e4a6f31;

/* Each has pages of its own: one torn write spoils one of them. */
enum {
	HEADER_AT = 0,
	STEP_AT = 4096, /* and one page later */
	RANGES_AT = 3 * 4096,
	PAGE = 4096,
	SUM_PIECE = 64 * 1024
};

struct header {
	uint64_t magic, generation;
	struct journal_plan plan; /* the pointer in it means nothing */
	uint64_t ranges_sum;
	uint64_t sum;
};

struct step {
	uint64_t generation, number;
	struct journal_step step;
	uint64_t sum;
};

static struct {
	int fd;
	int dir_fd; /* to be synced once before the journal is relied on */
	uid_t owner;
	uint64_t generation;
	uint64_t number;  /* of the current step */
	uint64_t data_at; /* place of the first data */
} journal = { .fd = -1, .dir_fd = -1 };

/* ---- file ---- */

static bool
write_at(uint64_t at, const void *from, size_t len)
{
	const char *p = from;

	while (len > 0) {
		ssize_t n = pwrite(journal.fd, p, len, (off_t)at);

		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0) {
			errno = n == 0 ? EIO : errno;
			return false;
		}
		p += n;
		at += (uint64_t)n;
		len -= (size_t)n;
	}
	return true;
}

static bool
read_at(uint64_t at, void *to, size_t len)
{
	char *p = to;

	while (len > 0) {
		ssize_t n = pread(journal.fd, p, len, (off_t)at);

		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0) {
			errno = n == 0 ? ENODATA : errno;
			return false;
		}
		p += n;
		at += (uint64_t)n;
		len -= (size_t)n;
	}
	return true;
}

static bool
sync_file(int fd)
{
	while (fsync(fd) == -1) {
		if (errno != EINTR)
			return false;
	}
	return true;
}

/* Ours alone, or it is not looked at: what it says is done to the mail. */
static bool
trustworthy(int fd)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return false;
	if (S_ISREG(st.st_mode) && st.st_uid == journal.owner &&
	    st.st_nlink == 1 && (st.st_mode & 077) == 0)
		return true;
	errno = EPERM;
	return false;
}

bool
journal_open(int dir_fd, const char *name)
{
	int fd = openat(dir_fd, name,
	    O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
	    0600);

	if (fd == -1)
		return false;
	journal.owner = geteuid();
	if (!trustworthy(fd)) {
		int error = errno;

		(void)close(fd);
		errno = error;
		return false;
	}
	journal.fd = fd;
	journal.dir_fd = dir_fd;
	return true;
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

bool
journal_clear(void)
{
	while (ftruncate(journal.fd, 0) == -1) {
		if (errno != EINTR)
			return false;
	}
	return true;
}

/* ---- places ---- */

static uint64_t
data_place(uint64_t ranges)
{
	uint64_t end = RANGES_AT + ranges * sizeof(struct journal_range);

	return (end + PAGE - 1) / PAGE * PAGE;
}

/* Where the data of step NUMBER is. */
static uint64_t
data_of(uint64_t number)
{
	return journal.data_at + (number % 2) * JOURNAL_DATA_MAX;
}

static uint64_t
step_of(uint64_t number)
{
	return STEP_AT + (number % 2) * PAGE;
}

/* ---- writing ---- */

static uint64_t
ranges_sum(const struct journal_range *ranges, uint64_t count)
{
	return checksum(CHECKSUM_START, ranges, (size_t)count * sizeof *ranges);
}

/*
 * The places of the steps are written too, so that they need no room on the
 * disk later.
 */
bool
journal_start(const struct journal_plan *plan)
{
	static char zeros[2 * PAGE]; /* not const: it would be in the file */
	struct header h;
	struct timespec t = { 0, 0 };

	(void)clock_gettime(CLOCK_REALTIME, &t);
	memset(&h, 0, sizeof h);
	h.magic = MAGIC;
	h.generation = (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
	h.plan = *plan;
	h.plan.ranges = NULL;
	h.ranges_sum = ranges_sum(plan->ranges, plan->count);
	h.sum = checksum(CHECKSUM_START, &h, offsetof(struct header, sum));
	journal.generation = h.generation;
	journal.number = 0;
	journal.data_at = data_place(plan->count);
	return write_at(HEADER_AT, &h, sizeof h) &&
	    write_at(STEP_AT, zeros, sizeof zeros) &&
	    write_at(RANGES_AT, plan->ranges,
		(size_t)plan->count * sizeof *plan->ranges);
}

bool
journal_put(uint64_t at, const void *p, size_t len)
{
	return write_at(data_of(journal.number + 1) + at, p, len);
}

bool
journal_commit(const struct journal_step *step)
{
	struct step s;

	memset(&s, 0, sizeof s);
	s.generation = journal.generation;
	s.number = journal.number + 1;
	s.step = *step;
	s.sum = checksum(CHECKSUM_START, &s, offsetof(struct step, sum));
	if (!write_at(step_of(s.number), &s, sizeof s) ||
	    !sync_file(journal.fd))
		return false;
	/* A file that is made by now must be found again, too. */
	if (journal.dir_fd != -1 && !sync_file(journal.dir_fd) &&
	    errno != EINVAL)
		return false;
	journal.dir_fd = -1;
	journal.number = s.number;
	return true;
}

bool
journal_get(uint64_t at, void *p, size_t len)
{
	return read_at(data_of(journal.number) + at, p, len);
}

/* ---- reading ---- */

/* In order, apart, and none before FIRST. */
static bool
sound_ranges(const struct journal_plan *plan)
{
	uint64_t last = plan->first;

	if (plan->count == 0)
		return false;
	for (uint64_t i = 0; i < plan->count; i++) {
		const struct journal_range *r = &plan->ranges[i];

		if (r->start <= last || r->end <= r->start)
			return false;
		last = r->end;
	}
	return last <= plan->size && plan->size <= INT64_MAX;
}

static bool
load_header(struct journal_plan *plan)
{
	struct header h;

	if (!read_at(HEADER_AT, &h, sizeof h) || h.magic != MAGIC ||
	    h.sum !=
		checksum(CHECKSUM_START, &h, offsetof(struct header, sum)) ||
	    h.plan.count == 0 || h.plan.count > JOURNAL_RANGES_MAX)
		return false;
	*plan = h.plan;
	plan->ranges =
	    reallocarray(NULL, (size_t)plan->count + 1, sizeof *plan->ranges);
	if (plan->ranges == NULL)
		return false;
	journal.generation = h.generation;
	journal.data_at = data_place(plan->count);
	return read_at(RANGES_AT, plan->ranges,
		   (size_t)plan->count * sizeof *plan->ranges) &&
	    ranges_sum(plan->ranges, plan->count) == h.ranges_sum &&
	    sound_ranges(plan);
}

/* Is the copy that belongs to the current step whole? */
static bool
whole_data(const struct journal_step *step)
{
	static char piece[SUM_PIECE];
	uint64_t sum = CHECKSUM_START;

	if (step->bytes > JOURNAL_DATA_MAX)
		return false;
	for (uint64_t at = 0; at < step->bytes; at += sizeof piece) {
		size_t len = sizeof piece;

		if (len > step->bytes - at)
			len = (size_t)(step->bytes - at);
		if (!journal_get(at, piece, len))
			return false;
		sum = checksum(sum, piece, len);
	}
	return step->bytes == 0 || sum == step->data;
}

static bool
load_step(uint64_t place, struct step *s)
{
	return read_at(STEP_AT + place * PAGE, s, sizeof *s) &&
	    s->generation == journal.generation && s->number % 2 == place &&
	    s->sum == checksum(CHECKSUM_START, s, offsetof(struct step, sum));
}

/*
 * The later of the two steps, if that is complete.  If not it was not synced,
 * and so the one before it is done and the mbox was not touched since.
 */
static bool
load_steps(struct journal_step *step)
{
	struct step s[2];
	bool sound[2];

	for (uint64_t i = 0; i < 2; i++) {
		sound[i] = load_step(i, &s[i]);
		if (!sound[i])
			continue;
		journal.number = s[i].number;
		sound[i] = whole_data(&s[i].step);
	}
	for (int i = 0; i < 2; i++) {
		if (!sound[i] || (sound[!i] && s[!i].number > s[i].number))
			continue;
		*step = s[i].step;
		journal.number = s[i].number;
		return true;
	}
	return false;
}

bool
journal_load(struct journal_plan *plan, struct journal_step *step)
{
	plan->ranges = NULL;
	errno = 0;
	if (trustworthy(journal.fd) && load_header(plan) && load_steps(step))
		return true;
	free(plan->ranges);
	plan->ranges = NULL;
	return false;
}
