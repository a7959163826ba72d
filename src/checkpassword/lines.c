/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Files of accounts, line by line.
 * Runs as: root, or whoever started the checker.
 * Input: the passwd-file and /etc/shadow, trusted but typed by people.
 */
#include "config.h"

#include "checkpassword/lines.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "lib/io.h"

int
lines_open(struct lines *l, const char *path)
{
	l->number = 0;
	l->at = l->end = 0;
	/* O_NONBLOCK: a FIFO in its place must be refused, not waited for. */
	l->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	return l->fd == -1 ? -1 : 0;
}

void
lines_close(struct lines *l)
{
	close(l->fd);
	explicit_bzero(l, sizeof *l);
}

/* Returns 1 with bytes in the buffer, 0 at the end, -1 with errno. */
static int
fill(struct lines *l)
{
	ssize_t n;

	if (l->at < l->end)
		return 1;
	n = io_read(l->fd, l->buffer, sizeof l->buffer);
	if (n <= 0)
		return (int)n;
	l->at = 0;
	l->end = (size_t)n;
	return 1;
}

static void
finish(struct lines *l, struct line *line, size_t len, bool overflow)
{
	if (!overflow && len > 0 && l->text[len - 1] == '\r')
		len--;
	line->bad =
	    overflow || len > LINES_MAX || memchr(l->text, '\0', len) != NULL;
	line->text = l->text;
	line->len = len > LINES_MAX ? LINES_MAX : len;
	line->number = ++l->number;
}

int
lines_next(struct lines *l, struct line *line)
{
	size_t len = 0;
	bool any = false, overflow = false;
	int got;

	while ((got = fill(l)) == 1) {
		char c = l->buffer[l->at++];

		any = true;
		if (c == '\n')
			break;
		if (len == sizeof l->text)
			overflow = true;
		else
			l->text[len++] = c;
	}
	if (got == -1)
		return -1;
	if (!any)
		return 0;
	finish(l, line, len, overflow);
	return 1;
}
