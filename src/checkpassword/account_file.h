/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Files of accounts, line by line and field by field, through fixed buffers:
 * the size of a file does not matter, and no secret stays in memory.
 */
#ifndef POPIN_ACCOUNT_FILE_H
#define POPIN_ACCOUNT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	ACCOUNT_LINE_MAX = 1024 /* bytes of a line, its end not counted */
};

/* Some bytes of a line, not terminated; valid until the next line. */
struct text {
	const char *p;
	size_t len;
};

struct account_line {
	struct text text;
	uint64_t number; /* from 1 */
	bool bad;	 /* too long (then this is its start), or with a NUL */
};

struct account_file {
	int fd;
	int error; /* errno of the first call that failed, or 0 */
	uint64_t number;
	size_t at, end; /* of what is unread in buffer */
	char buffer[4096];
	char text[ACCOUNT_LINE_MAX + 2]; /* with a CR, and one too many */
};

/*
 * Opens PATH, never blocking.  Returns false with errno where that fails; F
 * then has no lines, and is closed as any other.
 */
bool account_file_open(struct account_file *f, const char *path);

/*
 * The next line, without LF or CRLF.  The last one needs no LF.  Returns false
 * at the end, and where the file cannot be read.
 */
bool account_file_next(struct account_file *f, struct account_line *line);

/*
 * Closes, and wipes the buffers.  Returns 0, or -1 with errno where the file
 * could not be opened or not be read to its end.
 */
int account_file_close(struct account_file *f);

/* Cuts off and returns what is before the first C in REST, or all of it. */
struct text text_cut(struct text *rest, char c);

/* Is F this WORD, byte for byte? */
bool text_is(struct text f, const char *word);

/* Capitals of ASCII are the same as small letters, the locale being "C". */
bool text_is_in_any_case(struct text f, const char *word);

#endif
