/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Reading the files of other servers, in a buffer of one size.
 * Runs as: popin-import.  Input: files that other programs wrote, or anybody
 * who can write as the mail user.
 */
#include "config.h"

#include "import/import_index.h"

#include <string.h>

#include "lib/io.h"

enum { BUFFER = 32 * 1024, LINE_MAX_BYTES = 2048 };

const struct import_index import_courier = { "courierpop3dsizelist",
	import_courier_header, import_courier_line };
const struct import_index import_dovecot = { "dovecot-uidlist",
	import_dovecot_header, import_dovecot_line };

static struct {
	const struct import_index *index;
	struct import_header header;
	int fd;
	off_t offset; /* of what comes behind the buffer */
	size_t at, used;
	bool skipping; /* a line that is too long */
	char buf[BUFFER];
} in;

bool
import_word(const char **p, const char *end, const char **word, size_t *len)
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
fill(enum import_result *status)
{
	ssize_t got;

	memmove(in.buf, in.buf + in.at, in.used - in.at);
	in.used -= in.at;
	in.at = 0;
	got = io_pread(
	    in.fd, in.buf + in.used, BUFFER - in.used, (uint64_t)in.offset);
	*status = got == -1 ? INDEX_FAILED : INDEX_END;
	if (got <= 0)
		return false;
	in.offset += got;
	in.used += (size_t)got;
	return true;
}

/* A last line without an LF is wrong: it was not written to its end. */
static enum import_result
next_line(const char **line, size_t *len)
{
	enum import_result status;

	for (;;) {
		const char *p = in.buf + in.at;
		const char *lf = memchr(p, '\n', in.used - in.at);

		if (lf != NULL) {
			*line = p;
			*len = (size_t)(lf - p);
			in.at += *len + 1;
			if (!in.skipping && *len <= LINE_MAX_BYTES)
				return INDEX_LINE;
			in.skipping = false;
			return INDEX_WRONG;
		}
		if (in.used - in.at > LINE_MAX_BYTES) {
			in.skipping = true;
			in.at = in.used;
		}
		if (fill(&status))
			continue;
		if (status == INDEX_FAILED ||
		    (in.at == in.used && !in.skipping))
			return status;
		in.at = in.used;
		in.skipping = false;
		return INDEX_WRONG;
	}
}

enum import_result
import_index_start(const struct import_index *index, int fd, bool upper)
{
	enum import_result status;
	const char *line = NULL;
	size_t len = 0;

	in.index = index;
	in.fd = fd;
	in.offset = 0;
	in.at = in.used = 0;
	in.skipping = false;
	memset(&in.header, 0, sizeof in.header);
	in.header.upper = upper;
	status = next_line(&line, &len);
	if (status == INDEX_LINE && !index->header(&in.header, line, len))
		status = INDEX_WRONG;
	return status;
}

enum import_result
import_index_next(struct import_line *line)
{
	const char *p = NULL;
	size_t len = 0;
	enum import_result status = next_line(&p, &len);

	if (status == INDEX_LINE && !in.index->line(&in.header, p, len, line))
		status = INDEX_WRONG;
	return status;
}
