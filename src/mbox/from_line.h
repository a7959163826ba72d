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
	int64_t time; /* of its date in seconds, zone ignored; 0: unknown */
};

/*
 * Reads the line of LEN bytes at P into F.  It begins with "From ", and LEN
 * counts its line end.
 *
 * A line is FROM_COMPLETE if it has a sender and a date, and nothing else.  The
 * sender is one word, which may be quoted, or "a at b", or missing.  The date
 * is as in asctime(3) or RFC 822.  It may lack the seconds, have fewer digits,
 * and have names in any case.  A zone may be before or behind the year, and
 * "remote from" at the end.
 *
 * A line is FROM_ODD if its sender is another, or if other text is behind the
 * date.  With both it is prose, FROM_NONE.  It is also odd if its date lacks
 * something or is in another language, and if it is "From " alone, as
 * Thunderbird writes it.
 *
 * The line that git begins a patch with is FROM_NONE.
 */
void from_line_read(const char *p, size_t len, struct from_line *f);

#endif
