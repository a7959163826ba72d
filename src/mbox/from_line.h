/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The From_ line that begins each message of an mbox.
 *
 * Programs agree on "From ", who sent it, and a date as asctime(3) writes it.
 * Everything else differs; tests/from-lines is a table of what is written and
 * of who reads it.
 */
#ifndef POPIN_FROM_LINE_H
#define POPIN_FROM_LINE_H

#include <stddef.h>
#include <stdint.h>

enum from_kind {
	FROM_NONE,    /* text */
	FROM_ODD,     /* begins a message only if a header follows */
	FROM_COMPLETE /* nothing but a sender and a date that is complete */
};

struct from_line {
	enum from_kind kind;
	int64_t time; /* of its date, in seconds of any clock; 0 if unknown */
};

/*
 * Reads the line of LEN bytes at P, which begins with "From ", with its end.
 *
 * Complete is a line with a sender of one word, quoted or "a at b" or none, and
 * a date as in asctime(3) or RFC 822.  The date may lack the seconds, have
 * fewer digits, and names in any case; a zone may be before or behind the year,
 * and "remote from" behind it.
 *
 * Odd is a line with another sender or with other text behind the date, but not
 * with both, which is prose; with a date that lacks something or is in another
 * language; and "From " alone, which Thunderbird writes.
 *
 * None is the line that git begins a patch with.
 */
void from_line_read(const char *p, size_t len, struct from_line *f);

#endif
