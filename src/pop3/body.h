/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Makes lines on the wire from the raw bytes of a message, and counts their
 * octets.  The same code does both, so STAT, LIST and RETR cannot disagree.
 *
 * RFC 1939, sections 3 and 11: every line ends with CRLF; a line that begins
 * with a dot gets another, which is not counted.  A lone CR, NULs and 8-bit
 * bytes pass as they are.  A last line without an end gets one.  A message
 * that is all header gets the blank line that ends a header: some clients
 * wait for it forever.  Nothing is added to an empty message.
 */
#ifndef POPIN_BODY_H
#define POPIN_BODY_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct netio;

#define BODY_ALL UINT64_MAX

enum { BODY_HEAD = 10 };

struct body {
	struct netio *out;   /* NULL: only count */
	uint64_t octets;     /* so far: CRLF counted, stuffing not */
	uint64_t lines_left; /* of the body proper, for TOP */
	bool in_header;
	bool line_start;
	bool blank_so_far; /* this line, until now: nothing or one CR */
	bool after_cr;
	bool enough;	      /* TOP has what was asked for */
	char head[BODY_HEAD]; /* what body_copy() saw first */
	size_t head_len;
};

enum body_status {
	BODY_DONE,
	BODY_SHORT,  /* the file ended before LEN bytes */
	BODY_IO,     /* reading failed; errno is set */
	BODY_STOPPED /* see netio_interrupted() */
};

/*
 * Begins a message.  LINES is how many lines behind the blank line are wanted
 * (TOP), or BODY_ALL.
 */
void body_start(struct body *b, struct netio *out, uint64_t lines);
/* The next LEN raw bytes. */
void body_feed(struct body *b, const char *p, size_t len);
/* The end of the raw bytes.  Does not send the terminating dot. */
void body_end(struct body *b);

/*
 * Feeds LEN bytes of FD, from OFFSET on, to B, and ends it.  Stops early if B
 * has enough, if output failed (see netio.failed), or if the loop has to end.
 */
enum body_status body_copy(struct body *b, int fd, off_t offset, uint64_t len);

#endif
