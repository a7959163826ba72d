/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The body transform.
 * Runs as: session.  Input: messages, which anyone may have written.
 */
#include "config.h"

#include "pop3/body.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "pop3/lanes.h"
#include "pop3/netio.h"

enum {
	READ_SIZE = 128 * 1024,
	ROOM_MIN = 4 * 1024,
	LINE_EXTRA = 3 /* octets: a dot before a line, CR and LF behind it */
};

void
body_start(struct body *b, struct netio *out, uint64_t lines)
{
	memset(b, 0, sizeof *b);
	b->out = out;
	b->lines_left = lines;
	b->in_header = true;
	b->line_start = true;
	b->blank_so_far = true;
}

static void
put(struct body *b, const char *p, size_t len)
{
	b->octets += len;
	if (b->out != NULL)
		netio_put(b->out, p, len);
}

/* A piece of a line, without its LF.  Only the first may need stuffing. */
static void
put_piece(struct body *b, const char *p, size_t len)
{
	if (len == 0)
		return;
	if (b->line_start && p[0] == '.' && b->out != NULL)
		netio_put(b->out, ".", 1);
	if (b->blank_so_far)
		b->blank_so_far = b->line_start && len == 1 && p[0] == '\r';
	put(b, p, len);
	b->line_start = false;
	b->after_cr = p[len - 1] == '\r';
}

static void
put_line_end(struct body *b)
{
	if (b->after_cr)
		put(b, "\n", 1);
	else
		put(b, "\r\n", 2);
	if (b->in_header)
		b->in_header = !b->blank_so_far;
	else if (b->lines_left != BODY_ALL)
		b->lines_left--;
	b->enough = !b->in_header && b->lines_left == 0;
	b->line_start = true;
	b->blank_so_far = true;
	b->after_cr = false;
}

/* ---- whole lines, fast ---- */

/* Is it the blank line behind the header, or a line that TOP counts? */
static bool
is_special_line(const struct body *b, const char *line, const char *lf)
{
	return b->in_header &&
	    (lf == line || (lf - line == 1 && line[0] == '\r'));
}

/* LFs without a CR in LEN bytes at P, at the start of a line. */
static uint64_t
bare_lfs(const char *p, size_t len)
{
	uint64_t bare = len > 0 && p[0] == '\n';
	size_t i = 1;

	while (i + LANES <= len) {
		lanes count = { 0 };

		for (int n = 0; n < UINT8_MAX && i + LANES <= len; n++) {
			lanes lf = lanes_are(p + i, '\n');
			lanes cr = lanes_are(p + i - 1, '\r');

			count = lanes_count(count, lf & ~cr);
			i += LANES;
		}
		bare += lanes_sum(count);
	}
	for (; i < len; i++)
		bare += p[i] == '\n' && p[i - 1] != '\r';
	return bare;
}

/*
 * Counts the lines that are whole in LEN bytes at P, at the start of a line.
 * Returns how many bytes that was.
 */
static size_t
count_lines(struct body *b, const char *p, size_t len)
{
	const char *line = p, *end = p + len, *lf;

	if (!b->in_header) {
		while (len > 0 && p[len - 1] != '\n')
			len--;
		b->octets += len + bare_lfs(p, len);
		return len;
	}
	while ((lf = memchr(line, '\n', (size_t)(end - line))) != NULL &&
	    !is_special_line(b, line, lf)) {
		b->octets +=
		    (uint64_t)(lf - line) + 2 - (lf > line && lf[-1] == '\r');
		line = lf + 1;
	}
	return (size_t)(line - p);
}

/*
 * Puts the lines that are whole in LEN bytes at P, at the start of a line,
 * and for which there is room.  Returns how many bytes that was.  Copying
 * and looking for the LF are one.
 */
static size_t
copy_lines(struct body *b, const char *p, size_t len)
{
	const char *const start = p, *const end = p + len, *line = p;
	size_t room, stuffed = 0;
	char *const to = netio_room(b->out, ROOM_MIN, &room);
	char *out = to, *done = to;

	if (to == NULL)
		return 0;
	while (end - p >= LANES &&
	    (size_t)(out - to) <= room - LANES - LINE_EXTRA) {
		size_t n;

		if (p == line && *p == '.')
			*out++ = '.';
		n = lanes_copy_to_lf(out, p);
		p += n;
		out += n;
		if (n == LANES)
			continue;
		if (is_special_line(b, line, p))
			break;
		if (p == line || p[-1] != '\r')
			*out++ = '\r';
		*out++ = '\n';
		stuffed += *line == '.';
		line = ++p;
		done = out;
	}
	netio_filled(b->out, (size_t)(done - to));
	b->octets += (uint64_t)(done - to) - stuffed;
	return (size_t)(line - start);
}

static size_t
whole_lines(struct body *b, const char *p, size_t len)
{
	if (!b->line_start || b->lines_left != BODY_ALL)
		return 0;
	return b->out != NULL ? copy_lines(b, p, len) : count_lines(b, p, len);
}

void
body_feed(struct body *b, const char *p, size_t len)
{
	while (len > 0 && !b->enough) {
		size_t whole = whole_lines(b, p, len);
		const char *lf;
		size_t piece;

		p += whole;
		len -= whole;
		lf = memchr(p, '\n', len);
		piece = lf != NULL ? (size_t)(lf - p) : len;
		put_piece(b, p, piece);
		if (lf == NULL)
			return;
		put_line_end(b);
		p += piece + 1;
		len -= piece + 1;
	}
}

void
body_end(struct body *b)
{
	if (b->enough)
		return;
	if (!b->line_start) {
		/* A CR at the very end is data: it is not half a CRLF. */
		b->after_cr = false;
		b->blank_so_far = false;
		put_line_end(b);
	}
	if (b->in_header && b->octets > 0)
		put_line_end(b);
}

static void
note_head(struct body *b, const char *p, size_t len)
{
	b->head_len = len < BODY_HEAD ? len : BODY_HEAD;
	memcpy(b->head, p, b->head_len);
}

enum body_status
body_copy(struct body *b, int fd, off_t offset, uint64_t len)
{
	static char buf[READ_SIZE];

	while (len > 0 && !b->enough) {
		size_t want = len < sizeof buf ? (size_t)len : sizeof buf;
		ssize_t got = pread(fd, buf, want, offset);

		if (got == -1) {
			if (errno == EINTR)
				continue;
			return BODY_IO;
		}
		if (got == 0)
			return BODY_SHORT;
		if (b->head_len == 0)
			note_head(b, buf, (size_t)got);
		body_feed(b, buf, (size_t)got);
		if (b->out != NULL && b->out->failed != NET_OK)
			return BODY_DONE;
		offset += got;
		len -= (uint64_t)got;
		if (len > 0 && netio_interrupted() != NET_OK)
			return BODY_STOPPED;
	}
	body_end(b);
	return BODY_DONE;
}
