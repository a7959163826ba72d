/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The scanner: one pass over an mbox that finds where messages begin and how
 * many octets they are on the wire.
 *
 * A message begins with a From_ line at the start of the file or after a
 * blank line.  Nothing else is looked at: not Content-Length, which anybody
 * can write what they like into, and no quoting.  Octets follow the rules of
 * body.c: bytes, one more for each LF without a CR, the end of a last line
 * that has none, and the blank line of a message that is all header.
 *
 * Headers are walked line by line up to the first blank line.  Bodies are
 * run through sixteen bytes at a time: LFs are counted, and an LF with an F
 * behind it is looked at more closely.  Neither lines nor messages have to
 * fit into the buffer.
 *
 * Runs as: session.  Input: an mbox, which anyone who sends mail writes to.
 */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "from_line.h"
#include "lanes.h"
#include "log.h"
#include "mbox.h"
#include "netio.h"

enum {
	BEHIND = 16, /* bytes that can be looked at before `at' */
	AHEAD = FROM_LINE_MAX + 16,
	BUFFER = 256 * 1024,
	STEP = 4 * LANES,
	STEPS_MAX = 63 /* a lane counts 4 a step, and has 8 bits */
};

/* The part of the file that is in memory. */
struct window {
	uint64_t offset; /* of buf[0] */
	uint64_t end;	 /* of what is to be scanned */
	size_t at, used;
	enum maildrop_result result;
	bool stopped; /* see netio_interrupted() */
};

static char buf[BUFFER + STEP];

/* The message being read. */
struct reading {
	uint64_t content; /* where it begins */
	uint64_t bare;	  /* LFs without a CR since then */
	uint64_t blank;	  /* where the first blank line is, or none */
};

#define NO_BLANK UINT64_MAX

static uint64_t
position(const struct window *w)
{
	return w->offset + w->at;
}

static bool
at_end(const struct window *w)
{
	return w->offset + w->used == w->end;
}

/* Reads on.  What is before `at' goes, except BEHIND bytes. */
static void
fill(struct window *w)
{
	size_t keep = w->at < BEHIND ? w->at : BEHIND;
	size_t drop = w->at - keep;
	size_t want;
	ssize_t got;

	memmove(buf, buf + drop, w->used - drop);
	w->offset += drop;
	w->at = keep;
	w->used -= drop;
	want = BUFFER - w->used;
	if (want > w->end - w->offset - w->used)
		want = (size_t)(w->end - w->offset - w->used);
	w->stopped = netio_interrupted() != NET_OK;
	got = w->stopped
	    ? -1
	    : mbox_pread(mbox.fd, buf + w->used, want, w->offset + w->used);
	if (got != (ssize_t)want) {
		errno = got >= 0 ? ESTALE : errno;
		if (!w->stopped)
			log_error_errno("cannot read the mbox", mbox.name);
		w->result = MAILDROP_TEMP;
		w->end = w->offset + w->used;
		return;
	}
	w->used += want;
}

/* Makes sure that a whole From_ line can be looked at. */
static void
look_ahead(struct window *w)
{
	if (w->used - w->at < AHEAD && !at_end(w))
		fill(w);
}

/* ---- header ---- */

/* The length of a blank line at P, or 0. */
static size_t
blank_line(const char *p, size_t len)
{
	if (len >= 1 && p[0] == '\n')
		return 1;
	return len >= 2 && p[0] == '\r' && p[1] == '\n' ? 2 : 0;
}

/* Goes behind the end of the line. */
static void
skip_line(struct window *w, struct reading *r)
{
	for (;;) {
		char *p = buf + w->at;
		char *lf = memchr(p, '\n', w->used - w->at);

		if (lf != NULL) {
			r->bare += lf[-1] != '\r';
			w->at += (size_t)(lf - p) + 1;
			return;
		}
		w->at = w->used;
		if (at_end(w))
			return;
		fill(w);
	}
}

/* Goes behind the first blank line. */
static void
skip_header(struct window *w, struct reading *r)
{
	for (;;) {
		size_t blank;

		look_ahead(w);
		if (w->at == w->used)
			return;
		blank = blank_line(buf + w->at, w->used - w->at);
		if (blank > 0) {
			r->blank = position(w);
			r->bare += blank == 1;
			w->at += blank;
			return;
		}
		skip_line(w, r);
	}
}

/* ---- body ---- */

/*
 * Runs over blocks of STEP bytes while there is no LF with an F behind it,
 * and counts the bare LFs among them.  Looks at one byte before and behind.
 */
static const char *
run(const char *p, const char *end, uint64_t *bare)
{
	while (end - p >= STEP) {
		lanes count = { 0 };
		int steps = 0;

		for (; steps < STEPS_MAX && end - p >= STEP; steps++) {
			lanes here = { 0 }, found = { 0 };

			for (int i = 0; i < STEP; i += LANES) {
				lanes lf = (lanes)(lanes_at(p + i) == '\n');
				lanes cr = (lanes)(lanes_at(p + i - 1) == '\r');
				lanes f = (lanes)(lanes_at(p + i + 1) == 'F');

				here -= lf & ~cr;
				found |= lf & f;
			}
			if (lanes_any(found)) {
				*bare += lanes_sum(count);
				return p;
			}
			count += here;
			p += STEP;
		}
		*bare += lanes_sum(count);
	}
	return p;
}

/* The length of the blank line that ends right before P. */
static size_t
blank_before(const char *p)
{
	if (p[-1] != '\n')
		return 0;
	if (p[-2] == '\n')
		return 1;
	return p[-2] == '\r' && p[-3] == '\n' ? 2 : 0;
}

/* The next From_ line between P and END that begins a message, or END. */
static const char *
find_from(const char *p, const char *end, const char *used, uint64_t *bare)
{
	while (p < end) {
		const char *lf, *stop;

		p = run(p, end, bare);
		stop = end - p > STEP ? p + STEP : end;
		while (p < stop) {
			lf = memchr(p, '\n', (size_t)(stop - p));
			if (lf == NULL) {
				p = stop;
				break;
			}
			*bare += lf[-1] != '\r';
			p = lf + 1;
			if (p < used && *p == 'F' && blank_before(p) > 0 &&
			    from_line(p, (size_t)(used - p)) > 0)
				return p;
		}
	}
	return end;
}

/* Goes to the next From_ line that begins a message, or to the end. */
static void
skip_body(struct window *w, struct reading *r)
{
	look_ahead(w);
	if (from_line(buf + w->at, w->used - w->at) > 0)
		return;
	for (;;) {
		bool last = at_end(w);
		const char *end = buf + w->used - (last ? 0 : AHEAD);
		const char *p;

		p = find_from(buf + w->at, end, buf + w->used, &r->bare);
		w->at = (size_t)(p - buf);
		if (p < end || last)
			return;
		fill(w);
		/* a From_ line that began right at the old end */
		if (blank_before(buf + w->at) > 0 &&
		    from_line(buf + w->at, w->used - w->at) > 0)
			return;
	}
}

/* ---- messages ---- */

/*
 * `at' is where the message ends, with the separator still counted in.
 * There is at least its From_ line before `at'.
 */
static uint64_t
octets(const struct window *w, struct reading *r, struct mbox_entry *e)
{
	uint64_t bytes = position(w) - r->content, total;
	size_t separator = bytes > 0 ? blank_before(buf + w->at) : 0;

	e->separator = (uint8_t)separator;
	bytes -= separator;
	if (bytes == 0)
		return 0;
	total = bytes + r->bare - (separator == 1);
	if (buf[w->at - 1] != '\n')
		total += 2;
	if (r->blank == NO_BLANK || r->blank >= r->content + bytes)
		total += 2;
	return total;
}

/* The entry of the message at `at', which begins with a From_ line. */
static struct mbox_entry *
new_entry(struct window *w)
{
	struct mbox_entry *e = mbox_add_entry();

	if (e == NULL) {
		log_error_errno("cannot list the messages", NULL);
		w->result = MAILDROP_TEMP;
		return NULL;
	}
	e->start = position(w);
	e->from_len = (uint16_t)from_line(buf + w->at, w->used - w->at);
	e->check = mbox_from_check(buf + w->at, e->from_len);
	return e;
}

static bool
named(const char *line, const char *end, const char *name)
{
	size_t len = strlen(name);

	return (size_t)(end - line) >= len && strncasecmp(line, name, len) == 0;
}

/*
 * c-client keeps data of its own in a first message that no reader of mail
 * shows.  The X-IMAP header alone is also found in real mail.
 */
static bool
is_internal(const char *p, const char *end)
{
	static const char subject[] =
	    "Subject: DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA";
	bool marked = false, told = false;

	while (p < end && blank_line(p, (size_t)(end - p)) == 0) {
		const char *lf = memchr(p, '\n', (size_t)(end - p));

		if (lf == NULL)
			break;
		marked |=
		    named(p, lf, "X-IMAP:") || named(p, lf, "X-IMAPBASE:");
		told |= named(p, lf, subject);
		p = lf + 1;
	}
	return marked && told;
}

static void
read_message(struct window *w, struct maildrop *md)
{
	struct mbox_entry *e = new_entry(w);
	struct reading r = { .blank = NO_BLANK };
	struct message *m;

	if (e == NULL)
		return;
	w->at += e->from_len;
	r.content = position(w);
	if (e->start == 0 && is_internal(buf + w->at, buf + w->used))
		mbox.hidden = true;
	skip_header(w, &r);
	if (r.blank != NO_BLANK)
		skip_body(w, &r);
	if (e->start == 0 && mbox.hidden) {
		(void)octets(w, &r, e);
		return;
	}
	m = maildrop_add(md);
	if (m == NULL) {
		w->result = md->count == md->settings->limit ? MAILDROP_PERM
							     : MAILDROP_TEMP;
		return;
	}
	m->ref = (uint32_t)(e - mbox.entries);
	m->octets = octets(w, &r, e);
}

/* The last one is not complete.  What was found before it is as good as ever. */
static void
forget_last(struct maildrop *md)
{
	if (mbox.count == 0)
		return;
	md->count -= mbox.count > 1 || !mbox.hidden;
	mbox.hidden &= mbox.count > 1;
	mbox.size = mbox.entries[--mbox.count].start;
}

enum maildrop_result
mbox_scan_from(struct maildrop *md, uint64_t start, uint64_t end)
{
	struct window w = { .result = MAILDROP_OK };

	w.offset = start;
	w.end = end;
	fill(&w);
	if (w.result == MAILDROP_OK && w.used > 0 &&
	    from_line(buf, w.used) == 0) {
		log_error("this is not an mbox:", mbox.name);
		return MAILDROP_PERM;
	}
	while (w.result == MAILDROP_OK && (w.at < w.used || !at_end(&w))) {
		look_ahead(&w);
		read_message(&w, md);
	}
	mbox.size = end;
	mbox.scanned_part = w.stopped;
	if (w.stopped)
		forget_last(md);
	return w.result;
}
