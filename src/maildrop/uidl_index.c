/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Reading the files of other servers, in a buffer of one size.
 * Runs as: session.  Input: files that other programs wrote, or anybody who
 * can write as the mail user.
 */
#include "config.h"

#include "maildrop/uidl_index.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { BUFFER = 32 * 1024, LINE_MAX_BYTES = 2048 };

const struct uidl_index uidl_courier = { "courierpop3dsizelist",
	uidl_courier_header, uidl_courier_line };
const struct uidl_index uidl_dovecot = { "dovecot-uidlist", uidl_dovecot_header,
	uidl_dovecot_line };

static struct {
	const struct uidl_index *index;
	struct uidl_header header;
	int fd;
	off_t offset; /* of what comes behind the buffer */
	size_t at, used;
	bool skipping; /* a line that is too long */
	char buf[BUFFER];
} in;

bool
uidl_word(const char **p, const char *end, const char **word, size_t *len)
{
	const char *blank;

	if (*p == end)
		return false;
	blank = memchr(*p, ' ', (size_t)(end - *p));
	*word = *p;
	*len = (size_t)((blank != NULL ? blank : end) - *p);
	*p = blank != NULL ? blank + 1 : end;
	return *len > 0;
}

/* Reads on.  False at the end and, with *STATUS, when that fails. */
static bool
fill(enum uidl_status *status)
{
	ssize_t got;

	memmove(in.buf, in.buf + in.at, in.used - in.at);
	in.used -= in.at;
	in.at = 0;
	do
		got =
		    pread(in.fd, in.buf + in.used, BUFFER - in.used, in.offset);
	while (got == -1 && errno == EINTR);
	*status = got == -1 ? UIDL_FAILED : UIDL_END;
	if (got <= 0)
		return false;
	in.offset += got;
	in.used += (size_t)got;
	return true;
}

/* A last line without an end was not written to its end. */
static enum uidl_status
next_line(const char **line, size_t *len)
{
	enum uidl_status status;

	for (;;) {
		const char *p = in.buf + in.at;
		const char *lf = memchr(p, '\n', in.used - in.at);

		if (lf != NULL) {
			*line = p;
			*len = (size_t)(lf - p);
			in.at += *len + 1;
			if (!in.skipping && *len <= LINE_MAX_BYTES)
				return UIDL_LINE;
			in.skipping = false;
			return UIDL_WRONG;
		}
		if (in.used - in.at > LINE_MAX_BYTES) {
			in.skipping = true;
			in.at = in.used;
		}
		if (fill(&status))
			continue;
		if (status == UIDL_FAILED || (in.at == in.used && !in.skipping))
			return status;
		in.at = in.used;
		in.skipping = false;
		return UIDL_WRONG;
	}
}

enum uidl_status
uidl_index_start(
    const struct uidl_index *index, int fd, enum uidl_scheme scheme)
{
	enum uidl_status status;
	const char *line = NULL;
	size_t len = 0;

	in.index = index;
	in.fd = fd;
	in.offset = 0;
	in.at = in.used = 0;
	in.skipping = false;
	memset(&in.header, 0, sizeof in.header);
	in.header.scheme = scheme;
	status = next_line(&line, &len);
	if (status == UIDL_LINE && !index->header(&in.header, line, len))
		status = UIDL_WRONG;
	return status;
}

enum uidl_status
uidl_index_next(struct uidl_line *line)
{
	const char *p = NULL;
	size_t len = 0;
	enum uidl_status status = next_line(&p, &len);

	if (status == UIDL_LINE && !in.index->line(&in.header, p, len, line))
		status = UIDL_WRONG;
	return status;
}
