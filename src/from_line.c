/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * From_ lines.
 * Runs as: session.  Input: an mbox.
 */
#include "config.h"

#include "from_line.h"

#include <stdbool.h>
#include <string.h>

enum {
	DATE_LEN = 11,	  /* "Sat Jan  3 " before the hour */
	WORDS_TO_YEAR = 3 /* "EST 1996", "MET DST 1996" */
};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Is the word of three letters at P one of those in LIST? */
static bool
one_of(const char *p, const char *list)
{
	for (; *list != '\0'; list += 3)
		if (memcmp(p, list, 3) == 0)
			return true;
	return false;
}

/* "Sat Jan  3 " or "Sat Jan 13 " right before END, and a blank before it. */
static bool
date_before(const char *line, const char *end)
{
	const char *p = end - DATE_LEN;

	if (end - line < DATE_LEN + 5)
		return false;
	return p[-1] == ' ' && one_of(p, "MonTueWedThuFriSatSun") &&
	    p[3] == ' ' &&
	    one_of(p + 4, "JanFebMarAprMayJunJulAugSepOctNovDec") &&
	    p[7] == ' ' &&
	    (p[8] == ' ' || p[8] == '0' || p[8] == '1' || p[8] == '2' ||
		p[8] == '3') &&
	    is_digit(p[9]) && p[10] == ' ';
}

/* A word of four digits among the next few. */
static bool
year_follows(const char *p, const char *end)
{
	for (int i = 0; i < WORDS_TO_YEAR && p < end && *p == ' '; i++) {
		const char *word = ++p;

		while (p < end && *p != ' ')
			p++;
		if (p - word == 4 && is_digit(word[0]) && is_digit(word[1]) &&
		    is_digit(word[2]) && is_digit(word[3]))
			return true;
	}
	return false;
}

/* "01:05" or "01:05:34", its first colon at P, with a date around it. */
static bool
time_at(const char *line, const char *p, const char *end)
{
	if (p - line < 2 || end - p < 3 || !is_digit(p[-1]) ||
	    !is_digit(p[-2]) || !is_digit(p[1]) || !is_digit(p[2]))
		return false;
	if (!date_before(line, p - 2))
		return false;
	p += 3;
	if (end - p >= 3 && p[0] == ':' && is_digit(p[1]) && is_digit(p[2]))
		p += 3;
	return year_follows(p, end);
}

size_t
from_line(const char *line, size_t len)
{
	const char *lf, *end, *p;

	if (len < 5 || memcmp(line, "From ", 5) != 0)
		return 0;
	if (len > FROM_LINE_MAX)
		len = FROM_LINE_MAX;
	lf = memchr(line, '\n', len);
	if (lf == NULL)
		return 0;
	end = lf[-1] == '\r' ? lf - 1 : lf;
	for (p = line + 5;; p++) {
		p = memchr(p, ':', (size_t)(end - p));
		if (p == NULL)
			return 0;
		if (time_at(line, p, end))
			return (size_t)(lf - line) + 1;
	}
}
