/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * A text file, line by line, through fixed buffers: its size does not matter
 * and nothing of it is left behind in memory.
 */
#ifndef POPIN_LINES_H
#define POPIN_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	LINES_MAX = 1024 /* bytes of a line, its end not counted */
};

struct lines {
	int fd;
	uint64_t number;
	size_t at, end; /* of what is unread in buffer */
	char buffer[4096];
	char text[LINES_MAX + 2]; /* room for a CR, and to see an overflow */
};

struct line {
	const char *text; /* not terminated; valid until the next line */
	size_t len;
	uint64_t number; /* from 1 */
	bool bad;	 /* too long (then this is its start), or with a NUL */
};

/* Opens PATH, never blocking.  Returns 0, or -1 with errno. */
int lines_open(struct lines *l, const char *path);

/*
 * The next line, without LF or CRLF.  The last one needs no LF.  Returns 1,
 * 0 at the end, or -1 with errno.
 */
int lines_next(struct lines *l, struct line *line);

/* Closes, and wipes the buffers. */
void lines_close(struct lines *l);

#endif
