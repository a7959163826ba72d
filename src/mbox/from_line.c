/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * From_ lines.
 * Runs as: session.  Input: an mbox, which anyone who sends mail writes to.
 */
#include "config.h"

#include "mbox/from_line.h"

#include <stdbool.h>
#include <string.h>

enum {
	BLANKS_MAX = 8,
	NAME_MAX_LETTERS = 9, /* "Wednesday", "September" */
	ZONES_MAX = 2,	      /* "MET DST" */
	DATES_MAX = 8	      /* that are looked at in one line */
};

static const char days[] = "MonTueWedThuFriSatSun";
static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

struct cursor {
	const char *p, *end;
};

struct date {
	unsigned day, month, year; /* month: 0 if unknown */
	unsigned hour, minute, second;
	bool odd;
};

/* ---- characters ---- */

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

/* Of any language: bytes beyond ASCII are letters. */
static bool
is_letter(char c)
{
	return is_upper(c) || (c >= 'a' && c <= 'z') || (c & 0x80) != 0;
}

static bool
is_hex(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* ---- pieces of a date; each moves the cursor behind what it has found ---- */

static bool
blanks(struct cursor *c)
{
	const char *p = c->p;

	while (c->p < c->end && c->p - p < BLANKS_MAX && is_blank(*c->p))
		c->p++;
	return c->p > p;
}

static bool
character(struct cursor *c, char wanted)
{
	if (c->p == c->end || *c->p != wanted)
		return false;
	c->p++;
	return true;
}

static bool
digits(struct cursor *c, int fewest, int most, unsigned *n)
{
	const char *p = c->p;

	*n = 0;
	for (; c->p < c->end && is_digit(*c->p) && c->p - p <= most; c->p++)
		*n = *n * 10 + (unsigned)(*c->p - '0');
	return c->p - p >= fewest && c->p - p <= most;
}

/* Three letters, in any case. */
static bool
same_name(const char *a, const char *b)
{
	return (((a[0] ^ b[0]) | (a[1] ^ b[1]) | (a[2] ^ b[2])) & ~0x20) == 0;
}

/*
 * A name of LIST; *NUMBER is its place there, from 1 on.  A word that can be
 * such a name in another language has the number 0, and makes the date odd.
 */
static bool
name(struct cursor *c, const char *list, unsigned *number, bool *odd)
{
	const char *p = c->p;

	while (
	    c->p < c->end && c->p - p <= NAME_MAX_LETTERS && is_letter(*c->p))
		c->p++;
	*number = 0;
	for (size_t i = 0; c->p - p == 3 && list[3 * i] != '\0'; i++)
		if (same_name(p, list + 3 * i))
			*number = (unsigned)i + 1;
	*odd |= *number == 0;
	return c->p - p >= 2 && c->p - p <= NAME_MAX_LETTERS;
}

/* "1:05", "01:05:34" or "01:05:34.123" */
static bool
clock_time(struct cursor *c, struct date *d)
{
	struct cursor seconds;
	unsigned n;

	if (!digits(c, 1, 2, &d->hour) || !character(c, ':') ||
	    !digits(c, 2, 2, &d->minute))
		return false;
	seconds = *c;
	if (character(&seconds, ':') && digits(&seconds, 2, 2, &d->second)) {
		*c = seconds;
		if (character(c, '.'))
			return digits(c, 1, 9, &n);
	}
	return true;
}

/* "1996", "96" or "10000" */
static bool
year(struct cursor *c, struct date *d)
{
	const char *p = c->p;

	if (!digits(c, 2, 5, &d->year) || c->p - p == 3)
		return false;
	if (c->p - p == 2)
		d->year += d->year < 70 ? 2000 : 1900;
	return c->p == c->end || !(is_letter(*c->p) || *c->p == ':');
}

/* "EST", "+0100", "GMT+1", "(CET)" */
static bool
zone(struct cursor *c)
{
	const char *p = c->p;

	while (c->p < c->end && !is_blank(*c->p)) {
		char x = *c->p++;

		if (!is_upper(x) && !is_digit(x) && strchr("+-:()", x) == NULL)
			return false;
	}
	return c->p > p && !is_digit(*p);
}

/*
 * The year behind a time; zones may be before it.  Without a year the date is
 * odd, and month 0 makes its time unknown.
 */
static void
year_behind(struct cursor *c, struct date *d)
{
	struct cursor at = *c;

	for (int i = 0; i <= ZONES_MAX && blanks(&at); i++) {
		struct cursor word = at;

		if (year(&word, d)) {
			*c = word;
			return;
		}
		if (!zone(&at))
			break;
	}
	d->odd = true;
	d->month = 0;
}

/* "Jan  3 01:05:34 1996"; "Jan  3 1996 01:05:34" is odd */
static bool
month_first(struct cursor *c, struct date *d)
{
	struct cursor at;

	if (!name(c, months, &d->month, &d->odd) || !blanks(c) ||
	    !digits(c, 1, 2, &d->day) || !blanks(c))
		return false;
	at = *c;
	if (clock_time(&at, d)) {
		year_behind(&at, d);
		*c = at;
		return true;
	}
	d->odd = true;
	return year(c, d) && blanks(c) && clock_time(c, d);
}

/* "3 Jan 1996 01:05:34" */
static bool
day_first(struct cursor *c, struct date *d)
{
	return digits(c, 1, 2, &d->day) && (character(c, '-') || blanks(c)) &&
	    name(c, months, &d->month, &d->odd) &&
	    (character(c, '-') || blanks(c)) && year(c, d) && blanks(c) &&
	    clock_time(c, d);
}

/* "1996-01-03 01:05:34" */
static bool
iso(struct cursor *c, struct date *d)
{
	d->odd = true;
	return digits(c, 4, 4, &d->year) && character(c, '-') &&
	    digits(c, 2, 2, &d->month) && d->month <= 12 && character(c, '-') &&
	    digits(c, 2, 2, &d->day) && (character(c, 'T') || blanks(c)) &&
	    clock_time(c, d);
}

typedef bool form(struct cursor *, struct date *);

static bool
try(form *f, struct cursor *c, struct date *d, bool odd)
{
	struct cursor at = *c;

	memset(d, 0, sizeof *d);
	d->odd = odd;
	if (!f(&at, d))
		return false;
	*c = at;
	return true;
}

static bool
date(struct cursor *c, struct date *d)
{
	struct cursor at = *c;
	bool odd = false;
	unsigned n;

	if (name(&at, days, &n, &odd) && (character(&at, ','), blanks(&at)) &&
	    (try(month_first, &at, d, odd) || try(day_first, &at, d, odd))) {
		*c = at;
		return true;
	}
	return try(month_first, c, d, true) || try(day_first, c, d, true) ||
	    try(iso, c, d, true);
}

/* ---- what is around the date ---- */

/* Is this no word, or one, which may be quoted, or "a at b"? */
static bool
is_sender(const char *p, const char *end)
{
	const char *second = NULL;
	bool quoted = false;
	int words = 0;

	for (const char *q = p; q < end; q++) {
		bool begins =
		    !quoted && !is_blank(*q) && (q == p || is_blank(q[-1]));

		if (*q == '\\' && quoted)
			q++;
		else if (*q == '"')
			quoted = !quoted;
		words += begins;
		if (begins && words == 2)
			second = q;
		if (words > 3)
			return false;
	}
	return !quoted &&
	    (words < 2 || (words == 3 && memcmp(second, "at ", 3) == 0));
}

/* Is there nothing at C, or are there only zones, or what UUCP adds? */
static bool
is_end(struct cursor c)
{
	static const char remote[] = "remote from ";

	for (int i = 0; i <= ZONES_MAX && c.p < c.end; i++) {
		if (!blanks(&c))
			return false;
		if ((size_t)(c.end - c.p) >= sizeof remote &&
		    memcmp(c.p, remote, sizeof remote - 1) == 0)
			return true;
		if (!zone(&c))
			return false;
	}
	return c.p == c.end;
}

/* Does a patch of git begin so?  All have a hash and the same date there. */
static bool
is_patch(const char *p, const char *end)
{
	static const char fixed[] = " Mon Sep 17 00:00:00 2001";
	const char *q = p;

	while (q < end && is_hex(*q))
		q++;
	return (q - p == 40 || q - p == 64) &&
	    (size_t)(end - q) == sizeof fixed - 1 &&
	    memcmp(q, fixed, sizeof fixed - 1) == 0;
}

/*
 * Zones are ignored.  Every fourth year is taken for a leap year, which is true
 * from 1901 to 2099.
 */
static int64_t
time_of(const struct date *d)
{
	static const unsigned before[] = { 0, 31, 59, 90, 120, 151, 181, 212,
		243, 273, 304, 334 };
	unsigned leap = d->year + (d->month > 2);
	int64_t day;

	if (d->month == 0 || d->year == 0)
		return 0;
	day = (int64_t)d->year * 365 + (leap - 1) / 4 + before[d->month - 1] +
	    d->day;
	return ((day * 24 + d->hour) * 60 + d->minute) * 60 + d->second;
}

static enum from_kind
kind_of(bool sender, bool end, bool odd)
{
	if (sender && end && !odd)
		return FROM_COMPLETE;
	return sender || (end && !odd) ? FROM_ODD : FROM_NONE;
}

void
from_line_read(const char *p, size_t len, struct from_line *f)
{
	struct cursor c = { p + 5, p + len };
	int dates = 0;

	*f = (struct from_line){ .kind = FROM_NONE };
	while (c.end > c.p &&
	    (is_blank(c.end[-1]) || c.end[-1] == '\r' || c.end[-1] == '\n'))
		c.end--;
	if (c.p == c.end) {
		f->kind = FROM_ODD;
		return;
	}
	if (is_patch(c.p, c.end))
		return;
	for (; c.p < c.end && dates < DATES_MAX; c.p++) {
		struct cursor at = c;
		enum from_kind kind;
		struct date d;

		if (is_blank(*c.p) || !is_blank(c.p[-1]) || !date(&at, &d))
			continue;
		dates++;
		kind = kind_of(is_sender(p + 5, c.p), is_end(at), d.odd);
		if (kind <= f->kind)
			continue;
		f->kind = kind;
		f->time = time_of(&d);
		if (kind == FROM_COMPLETE)
			return;
	}
}
