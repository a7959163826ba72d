/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The scanner: one pass over an mbox that finds where messages begin and how
 * many octets they are on the wire.
 *
 * At the beginning of the file, behind blank lines and NULs, any line that
 * begins with "From " begins a message.  Elsewhere it depends on the line
 * itself (from_line.h), on what is before it, and on what follows it:
 *
 *	before it		a complete line		an odd line
 *	a blank line		always			if a header follows
 *	another line, a NUL	if a header follows	never
 *
 * In the header of a message such a line only counts behind a NUL.  NULs are
 * what a crash leaves where a file was made longer and bytes were not written.
 *
 * Content-Length can only keep such a line from counting, and anybody who sends
 * mail can write into it what they like.  So it is believed only if it ends
 * exactly where a message can begin or the file ends.  Even then a line counts
 * that may be mail delivered behind the message: a header follows, and its date
 * is later than that of the message, or up to two days earlier and the header
 * has a field that delivery agents add.  This assumes that they write the time
 * of delivery into From_ lines.
 *
 * Octets follow the rules of body.c: bytes, one more for each LF without a CR,
 * the end of a last line that has none, and the blank line of a message that
 * is all header.
 *
 * Headers are read line by line up to the first blank line.  Bodies are read
 * sixteen bytes at a time: LFs are counted, and only an LF or NUL with an F
 * behind it is looked at more closely.  Lines and messages may be larger than
 * the buffer; only a From_ line that is not the first of the file has to fit.
 *
 * Runs as: session.  Input: an mbox, which anyone who sends mail writes to.
 */
#include "config.h"

#include "mbox/mbox_scan.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lib/field.h"
#include "lib/io.h"
#include "lib/log.h"
#include "lib/number.h"
#include "mbox/from_line.h"
#include "mbox/mbox_entry.h"
#include "mbox/mbox_file.h"
#include "options.h"
#include "pop3/lanes.h"
#include "pop3/netio.h"

enum {
	BEHIND = 16, /* bytes in memory before `at', at least */
	AHEAD = 16,  /* and from there on, unless the file ends */
	NAME = 256,  /* of a header field */
	PIECE = 4096,
	LINE = 128 * 1024, /* a From_ line that is not the first */
	AGE = 2 * 86400,   /* seconds; see Content-Length above */
	BUFFER = 256 * 1024,
	STEP = 4 * LANES,
	SLACK = 16,    /* blank lines before mail that was appended */
	STEPS_MAX = 63 /* a lane counts 4 a step, and has 8 bits */
};

/* A line that begins with "From ", and what is behind it. */
struct from {
	struct from_line line;
	size_t end;  /* of the line */
	bool header; /* a field */
	bool mail;   /* that, or an empty header */
};

/* The part of the file that is in memory. */
struct window {
	uint64_t offset; /* of buf[0] */
	uint64_t end;	 /* of what is to be scanned */
	size_t at, used;
	struct from from;   /* what was read last */
	uint64_t from_read; /* where it begins, + 1; 0: nowhere */
	enum maildrop_result result;
	bool stopped; /* see netio_interrupted() */
};

static char buf[BUFFER + STEP];

/* The message being read. */
struct reading {
	uint64_t content; /* where it begins */
	uint64_t bare;	  /* LFs without a CR since then */
	uint64_t blank;	  /* where the first blank line is, or none */
	uint64_t until;	  /* where Content-Length ends, or none */
	enum { UNKNOWN, EXACT, WRONG } length;
	int64_t time;	     /* of the From_ line */
	bool empty;	     /* another From_ line ends the first one */
	uint8_t end_depends; /* as in struct mbox_entry */
};

#define NONE UINT64_MAX

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

	memmove(buf, buf + drop, w->used - drop);
	w->offset += drop;
	w->at = keep;
	w->used -= drop;
	want = io_piece(w->end - w->offset - w->used, BUFFER - w->used);
	w->stopped = netio_interrupted() != NET_OK;
	if (w->stopped ||
	    !mbox_read(buf + w->used, want, w->offset + w->used)) {
		w->result = MAILDROP_TEMP;
		w->end = w->offset + w->used;
		return;
	}
	w->used += want;
}

static void
look_ahead(struct window *w)
{
	if (w->used - w->at < AHEAD && !at_end(w))
		fill(w);
}

/* ---- From_ lines ---- */

static bool
is_from(const char *p, size_t len)
{
	return len >= 5 && memcmp(p, "From ", 5) == 0;
}

/*
 * The length of the blank line that ends right before `at'.  The From_ line of
 * its message is in front of it: it has more than the three bytes looked at.
 */
static size_t
blank_before(const struct window *w)
{
	size_t at = w->at;

	if (at < 3 || buf[at - 1] != '\n')
		return 0;
	if (buf[at - 2] == '\n')
		return 1;
	return buf[at - 2] == '\r' && buf[at - 3] == '\n' ? 2 : 0;
}

/* The length of the line at P with its end, if that is there before a NUL. */
static size_t
line_length(const char *p, size_t len)
{
	size_t n = 0;

	/* in pieces, so that many NULs do not make it quadratic */
	for (size_t more = 0; n < len; n += more) {
		const char *lf;

		more = len - n < 128 ? len - n : 128;
		lf = memchr(p + n, '\n', more);
		if (memchr(p + n, '\0', lf ? (size_t)(lf - p) - n : more))
			return 0;
		if (lf != NULL)
			return (size_t)(lf - p) + 1;
	}
	return 0;
}

/* Does a header field begin at P, or what sendmail made of a From_ line? */
static bool
is_field(const char *p, size_t len)
{
	size_t i = 0;

	if (len >= 6 && memcmp(p, ">From ", 6) == 0)
		return true;
	while (i < len && i < NAME && p[i] > ' ' && p[i] < 127 && p[i] != ':')
		i++;
	return i > 0 && i < len && p[i] == ':';
}

/* Does F say that this is mail that somebody sent? */
static bool
is_trace(const struct field *f)
{
	static const char *const names[] = { "Received:", "Return-Path:",
		"Delivered-To:", "Envelope-To:", "X-Original-To:" };

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (field_is(f, names[i]))
			return true;
	return false;
}

/* Is there such a field in the header at P, or does that go on behind END? */
static bool
is_traced(const char *p, const char *end)
{
	struct field f;

	while (field_next(&p, end, &f))
		if (is_trace(&f))
			return true;
	return p == end;
}

/* Reads the line at P.  LEN bytes are there: PIECE behind the line, if any. */
static void
read_from(const char *p, size_t len, struct from *f)
{
	size_t n = line_length(p, len < LINE ? len : LINE);

	memset(f, 0, sizeof *f);
	if (n == 0)
		return;
	from_line_read(p, n, &f->line);
	f->header = is_field(p + n, len - n);
	f->mail = f->header || field_blank_line(p + n, len - n) > 0;
	f->end = n;
}

/* The same of the line at `at'; it is read once, and kept. */
static const struct from *
read_from_here(struct window *w)
{
	size_t wanted;

	if (w->from_read == position(w) + 1)
		return &w->from;
	read_from(buf + w->at, w->used - w->at, &w->from);
	wanted = (w->from.end != 0 ? w->from.end : LINE) + PIECE;
	if (w->used - w->at < wanted && !at_end(w) && w->at > BEHIND) {
		fill(w);
		read_from(buf + w->at, w->used - w->at, &w->from);
	}
	w->from_read = position(w) + 1;
	return &w->from;
}

/*
 * Does Content-Length end where a message can begin, or the file ends?  The
 * answer can change when the file grows.
 */
static bool
length_is_exact(const struct window *w, const struct reading *r)
{
	char text[PIECE];
	uint64_t left = r->until <= w->end ? w->end - r->until : 0;
	size_t len = io_piece(left, sizeof text);
	struct from f;
	size_t blank;

	if (r->until > w->end || !io_pread_all(mbox.fd, text, len, r->until))
		return false;
	blank = field_blank_line(text, len);
	if (blank == len)
		return true;
	if (!is_from(text + blank, len - blank))
		return false;
	read_from(text + blank, len - blank, &f);
	return f.line.kind == FROM_COMPLETE;
}

/* Could F be of mail that was delivered behind the message R? */
static bool
is_delivered(
    const struct window *w, const struct reading *r, const struct from *f)
{
	const char *header = buf + w->at + f->end, *end = buf + w->used;

	if (!f->mail)
		return false;
	if (f->line.time == 0 || f->line.time > r->time)
		return true;
	if (end - header > PIECE)
		end = header + PIECE;
	return f->line.time + AGE > r->time && is_traced(header, end);
}

/* Is the From_ line F, before the end of Content-Length, text of R? */
static bool
is_quoted(const struct window *w, struct reading *r, const struct from *f)
{
	/* what is looked at may not all be there yet */
	if (w->used - w->at < f->end + PIECE)
		r->end_depends |= MBOX_ON_GROWTH;
	if (is_delivered(w, r, f))
		return false;
	r->end_depends |= MBOX_ON_GROWTH | MBOX_ON_REMOVAL;
	if (r->length == UNKNOWN)
		r->length = length_is_exact(w, r) ? EXACT : WRONG;
	return r->length == EXACT;
}

/* Does the line at `at', which begins with "From ", begin a message? */
static bool
begins_message(struct window *w, struct reading *r)
{
	const struct from *f = read_from_here(w);
	bool complete = f->line.kind == FROM_COMPLETE, begins;

	if (f->line.kind == FROM_NONE)
		return false;
	if (blank_before(w) > 0)
		begins = complete || f->header;
	else
		begins = complete && f->header;
	return begins &&
	    (r->until == NONE || position(w) >= r->until ||
		!is_quoted(w, r, f));
}

/* ---- header ---- */

/*
 * Goes behind the end of the line.  False if there is a From_ line behind NULs
 * in it: then it goes there, to the end of the message.
 */
static bool
skip_line(struct window *w, struct reading *r)
{
	for (;;) {
		const char *p = buf + w->at;
		size_t left = w->used - w->at;
		size_t n = left < PIECE ? left : PIECE;
		const char *lf = memchr(p, '\n', n);
		const char *nul =
		    memchr(p, '\0', lf != NULL ? (size_t)(lf - p) : n);

		if (nul == NULL && lf != NULL) {
			r->bare += lf[-1] != '\r';
			w->at = (size_t)(lf - buf) + 1;
			return true;
		}
		w->at += nul != NULL ? (size_t)(nul - p) + 1 : n;
		look_ahead(w);
		if (w->at == w->used)
			return true;
		if (nul != NULL && is_from(buf + w->at, w->used - w->at) &&
		    begins_message(w, r))
			return false;
	}
}

/* Sets *LENGTH if the line at P is Content-Length; NONE without a number. */
static void
content_length(const char *p, const char *end, uint64_t *length)
{
	static const char field[] = "Content-Length:";
	const char *value = p + sizeof field - 1, *q;

	if (end - p < (ptrdiff_t)sizeof field ||
	    strncasecmp(p, field, sizeof field - 1) != 0)
		return;
	while (value < end && (*value == ' ' || *value == '\t'))
		value++;
	for (q = value; q < end && *q >= '0' && *q <= '9';)
		q++;
	if (!number_parse(value, (size_t)(q - value), INT64_MAX, length))
		*length = NONE;
}

/*
 * Goes behind the first blank line.  False if the message has none: then it
 * goes to the end of the message.
 */
static bool
skip_header(struct window *w, struct reading *r)
{
	uint64_t length = NONE;

	for (;;) {
		const char *p;
		size_t blank;

		if (w->used - w->at < NAME && !at_end(w))
			fill(w);
		if (w->at == w->used)
			return false;
		p = buf + w->at;
		blank = field_blank_line(p, w->used - w->at);
		if (blank > 0) {
			r->blank = position(w);
			r->bare += blank == 1;
			w->at += blank;
			break;
		}
		if (*p == 'C' || *p == 'c')
			content_length(p, buf + w->used, &length);
		if (!skip_line(w, r))
			return false;
	}
	if (length <= INT64_MAX)
		r->until = position(w) + length;
	return true;
}

/* ---- body ---- */

/*
 * Skips blocks of STEP bytes while there is no LF or NUL with an F behind it,
 * and counts the bare LFs in them.  Looks at one byte before and behind.
 */
static const char *
skip_blocks(const char *p, const char *end, uint64_t *bare)
{
	while (end - p >= STEP) {
		lanes count = { 0 };
		int steps = 0;

		for (; steps < STEPS_MAX && end - p >= STEP; steps++) {
			lanes here = { 0 }, found = { 0 };

			for (int i = 0; i < STEP; i += LANES) {
				lanes lf = lanes_are(p + i, '\n');
				lanes cr = lanes_are(p + i - 1, '\r');
				lanes nul = lanes_are(p + i, 0);
				lanes f = lanes_are(p + i + 1, 'F');

				here = lanes_count(here, lf & ~cr);
				found |= (lf | nul) & f;
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

/*
 * Is there a line between *P and END that begins with "From ", or a NUL before
 * that?  USED is the end of what can be looked at.
 */
static bool
find_from(const char **p, const char *end, const char *used, uint64_t *bare)
{
	while (*p < end) {
		const char *q = skip_blocks(*p, end, bare);
		const char *stop = end - q > STEP ? q + STEP : end;

		for (; q < stop; q++) {
			*bare += *q == '\n' && q[-1] != '\r';
			if ((*q == '\n' || *q == '\0') &&
			    is_from(q + 1, (size_t)(used - q) - 1)) {
				*p = q + 1;
				return true;
			}
		}
		*p = q;
	}
	return false;
}

/* Goes to the next such line: true.  Without one it goes to the end. */
static bool
next_from(struct window *w, struct reading *r)
{
	for (;;) {
		bool last = at_end(w), found;
		const char *p = buf + w->at;

		found = find_from(&p, buf + w->used - (last ? 0 : AHEAD),
		    buf + w->used, &r->bare);
		w->at = (size_t)(p - buf);
		if (found || last)
			return found;
		fill(w);
	}
}

/* Goes to the From_ line that begins the next message, or to the end. */
static void
skip_body(struct window *w, struct reading *r)
{
	look_ahead(w);
	if (is_from(buf + w->at, w->used - w->at) && begins_message(w, r))
		return;
	while (next_from(w, r))
		if (begins_message(w, r))
			return;
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
	size_t separator = bytes > 0 ? blank_before(w) : 0;

	e->separator = (uint8_t)separator;
	bytes -= separator;
	if (bytes == 0)
		return 0;
	total = bytes + r->bare - (separator == 1);
	if (buf[w->at - 1] != '\n')
		total += 2;
	if (r->blank == NONE || r->blank >= r->content + bytes)
		total += 2;
	return total;
}

/* Notes the From_ line at `at', which begins a message, and goes behind it. */
static bool
read_from_line(struct window *w, struct reading *r, struct mbox_entry *e)
{
	e->start = position(w);
	r->time = read_from_here(w)->line.time;
	r->empty = !skip_line(w, r);
	r->content = position(w);
	r->bare = 0;
	e->from_len = r->content - e->start;
	if (e->from_len <= w->at) {
		e->check = mbox_from_check(
		    buf + w->at - e->from_len, (size_t)e->from_len);
		return true;
	}
	return mbox_from_sum(e, &e->check);
}

/*
 * c-client keeps data of its own in a first message that no mail reader shows.
 * The X-IMAP field alone is also found in real mail.  Mail that was sent has a
 * trace field, so nobody can send mail that is hidden.
 */
static bool
is_internal(const char *p, const char *end)
{
	bool marked = false, told = false;
	struct field f;

	while (field_next(&p, end, &f)) {
		if (is_trace(&f))
			return false;
		marked |=
		    field_is(&f, "X-IMAP:") || field_is(&f, "X-IMAPBASE:");
		told |= field_is(&f,
		    "Subject: DON'T DELETE THIS MESSAGE -- "
		    "FOLDER INTERNAL DATA");
	}
	/* a last line that is cut off could be a trace field */
	return marked && told && p[-1] == '\n';
}

static void
read_message(struct window *w, struct maildrop *md)
{
	struct reading r = { .until = NONE, .blank = NONE };
	struct mbox_entry *e = mbox_add_entry();
	struct message *m;

	if (e == NULL || !read_from_line(w, &r, e)) {
		(void)mbox_cannot("cannot read the mbox");
		w->result = MAILDROP_TEMP;
		return;
	}
	if (mbox.count == 1)
		mbox.hidden = is_internal(buf + w->at, buf + w->used);
	if (!r.empty && skip_header(w, &r))
		skip_body(w, &r);
	e->end_depends = r.end_depends;
	if (r.until != NONE && r.until > position(w))
		e->end_depends |= MBOX_ON_REMOVAL;
	if (mbox.count <= mbox.hidden) {
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

/* Goes behind the blank lines and NULs that the file may begin with. */
static void
skip_head(struct window *w)
{
	for (;;) {
		while (w->at < w->used && memchr("\r\n", buf[w->at], 3) != NULL)
			w->at++;
		if (w->at < w->used || at_end(w))
			break;
		fill(w);
	}
	/* is_internal() wants the header of the first message */
	fill(w);
}

/*
 * Nobody is locked out by too many messages: the first ones are served, and the
 * rest is treated as mail that is delivered later.
 */
enum maildrop_result
mbox_scan_from(struct maildrop *md, uint64_t start, uint64_t end)
{
	struct window w = { .result = MAILDROP_OK };

	w.offset = start;
	w.end = end;
	fill(&w);
	if (start == 0)
		skip_head(&w);
	if (w.result == MAILDROP_OK && w.used > 0 &&
	    !is_from(buf + w.at, w.used - w.at)) {
		log_error("this is not an mbox:", mbox.name);
		return MAILDROP_PERM;
	}
	while (w.result == MAILDROP_OK && (w.at < w.used || !at_end(&w)) &&
	    md->count < OPTIONS_MESSAGES_MAX) {
		look_ahead(&w);
		read_message(&w, md);
	}
	mbox.size = position(&w);
	mbox.scanned_part = w.stopped;
	/* the last message was not read to its end; those before it were */
	if (w.stopped && mbox.count > 0)
		mbox_drop_entries(md, mbox.count - 1);
	if (w.result == MAILDROP_OK && mbox.size < end)
		log_error(
		    "too many messages, only the first are served:", mbox.name);
	return w.result;
}

/* Does a message begin at OFFSET, behind the last one?  False with errno. */
static bool
begins_at(uint64_t offset)
{
	ssize_t got = io_pread(mbox.fd, buf, LINE + PIECE, offset);
	struct from f;

	errno = got >= 0 ? 0 : errno;
	if (got == -1 || !is_from(buf, (size_t)got))
		return false;
	read_from(buf, (size_t)got, &f);
	return f.line.kind == FROM_COMPLETE ||
	    (f.line.kind == FROM_ODD && f.header);
}

bool
mbox_mail_follows(uint64_t at, uint64_t *start)
{
	char text[SLACK];
	ssize_t got = io_pread(mbox.fd, text, sizeof text, at);
	size_t skip = 0;

	errno = got >= 0 ? 0 : errno;
	if (got == -1)
		return false;
	while (skip < SLACK && skip < (size_t)got &&
	    (text[skip] == '\n' || text[skip] == '\r'))
		skip++;
	*start = at + skip;
	return (skip == (size_t)got && got < SLACK) || begins_at(*start);
}
