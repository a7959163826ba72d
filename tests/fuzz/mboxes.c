/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The reference that the scanner of an mbox is compared with.
 */
#include "config.h"

#include "mboxes.h"

#include <string.h>

#include "mbox/from_line.h"
#include "mbox/mbox.h"
#include "mbox/mbox_entry.h"
#include "mbox/mbox_file.h"
#include "options.h"
#include "pop3/body.h"

struct maildrop_settings mboxes_settings = { .limit = MBOXES_ENTRIES,
	.max_size = UINT64_MAX,
	.newest = UINT64_MAX,
	.uidl = "own",
	.home = "//",
	.mbox_locks = MBOX_LOCK_FCNTL };

size_t
reference_blank(struct input mbox, size_t at)
{
	const uint8_t *p = mbox.p;

	if (at < 2 || p[at - 1] != '\n')
		return 0;
	if (p[at - 2] == '\n')
		return 1;
	return at >= 3 && p[at - 2] == '\r' && p[at - 3] == '\n' ? 2 : 0;
}

static bool
is_from(struct input mbox, size_t at)
{
	return mbox.len - at >= 5 && memcmp(mbox.p + at, "From ", 5) == 0;
}

static size_t
next_line(struct input mbox, size_t at)
{
	const uint8_t *lf = memchr(mbox.p + at, '\n', mbox.len - at);

	return lf != NULL ? (size_t)(lf - mbox.p) + 1 : mbox.len;
}

/* Returns the length of the blank line at AT, or 0 if there is none. */
static size_t
blank_at(struct input mbox, size_t at)
{
	if (at < mbox.len && mbox.p[at] == '\n')
		return 1;
	return mbox.len - at > 1 && memcmp(mbox.p + at, "\r\n", 2) == 0 ? 2 : 0;
}

/* Reads the From_ line at AT, which must have an end and no NUL in it.  Returns
 * that end, or 0. */
static size_t
from_at(struct input mbox, size_t at, struct from_line *f)
{
	size_t end = next_line(mbox, at);

	f->kind = FROM_NONE;
	if (!is_from(mbox, at) || mbox.p[end - 1] != '\n' ||
	    end - at > MBOXES_LINE || memchr(mbox.p + at, 0, end - at) != NULL)
		return 0;
	from_line_read((const char *)mbox.p + at, end - at, f);
	return end;
}

static bool
field_at(struct input mbox, size_t at, const char *name)
{
	size_t len = strlen(name);

	return mbox.len - at >= len &&
	    strncasecmp((const char *)mbox.p + at, name, len) == 0;
}

static bool
any_field_at(struct input mbox, size_t at)
{
	size_t n = at;

	while (n < mbox.len && mbox.p[n] > 32 && mbox.p[n] < 127 &&
	    mbox.p[n] != ':')
		n++;
	return field_at(mbox, at, ">From ") ||
	    (n > at && n - at < 256 && n < mbox.len && mbox.p[n] == ':');
}

static bool
traced_at(struct input mbox, size_t at)
{
	size_t max = at + 4096;

	if (mbox.len > max)
		mbox.len = max;
	for (; blank_at(mbox, at) == 0; at = next_line(mbox, at))
		if (at == mbox.len || mbox.p[next_line(mbox, at) - 1] != '\n' ||
		    field_at(mbox, at, "Received:") ||
		    field_at(mbox, at, "Return-Path:") ||
		    field_at(mbox, at, "Delivered-To:") ||
		    field_at(mbox, at, "Envelope-To:") ||
		    field_at(mbox, at, "X-Original-To:"))
			return true;
	return false;
}

/* The message that is being read. */
struct part {
	size_t body;	/* after its header; SIZE_MAX if that has no end */
	uint64_t until; /* where Content-Length ends; 0 if it has none */
	int64_t time;
};

static void
read_header(struct input mbox, size_t at, struct part *m)
{
	uint64_t length = UINT64_MAX;

	m->body = SIZE_MAX;
	m->until = 0;
	for (; at < mbox.len; at = next_line(mbox, at)) {
		size_t blank = blank_at(mbox, at), n;

		if (blank > 0) {
			m->body = at + blank;
			m->until = length == UINT64_MAX ? 0 : m->body + length;
			return;
		}
		if (!field_at(mbox, at, "Content-Length:"))
			continue;
		n = at + 15;
		while (n < mbox.len && (mbox.p[n] == ' ' || mbox.p[n] == '\t'))
			n++;
		length = UINT64_MAX;
		for (; n < mbox.len && mbox.p[n] >= '0' && mbox.p[n] <= '9';
		     n++) {
			if (length == UINT64_MAX)
				length = 0;
			length = length * 10 + (mbox.p[n] - '0');
			if (length > INT64_MAX) {
				length = UINT64_MAX;
				break;
			}
		}
	}
}

static bool
exact(struct input mbox, uint64_t until)
{
	size_t at = (size_t)until;
	struct from_line f;

	if (until > mbox.len)
		return false;
	if (mbox.len - at > 4096)
		mbox.len = at + 4096;
	at += blank_at(mbox, at);
	if (at == mbox.len)
		return true;
	(void)from_at(mbox, at, &f);
	return f.kind == FROM_COMPLETE;
}

static bool
begins(struct input mbox, size_t at, const struct part *m)
{
	struct from_line f;
	size_t end = from_at(mbox, at, &f);
	bool complete = f.kind == FROM_COMPLETE, header;

	if (f.kind == FROM_NONE)
		return false;
	header = any_field_at(mbox, end);
	if (at < m->body && mbox.p[at - 1] != '\0')
		return false;
	if (reference_blank(mbox, at) > 0 ? !complete && !header
					  : !complete || !header)
		return false;
	if (at < m->body || at >= m->until)
		return true;
	if (header || blank_at(mbox, end) > 0) {
		if (f.time == 0 || f.time > m->time)
			return true;
		if (f.time > m->time - 2 * 86400 && traced_at(mbox, end))
			return true;
	}
	return !exact(mbox, m->until);
}

/*
 * Adds the message that begins at AT; returns where its header begins.  The
 * line at AT ends before another message that begins in it.
 */
static size_t
add(struct reference *r, struct input mbox, size_t at, struct part *m)
{
	static const struct part nothing = { .body = SIZE_MAX };
	size_t end = next_line(mbox, at);
	struct from_line f;

	(void)from_at(mbox, at, &f);
	m->time = f.kind == FROM_NONE ? 0 : f.time;
	for (size_t i = at + 1; i < end; i++) {
		if (mbox.p[i - 1] == '\0' && is_from(mbox, i) &&
		    begins(mbox, i, &nothing)) {
			end = i;
			break;
		}
	}
	r->start[r->count] = at;
	r->content[r->count++] = end;
	read_header(mbox, end, m);
	return end;
}

bool
reference_read(struct reference *r, struct input mbox)
{
	size_t at = 0;
	struct part m;

	r->count = 0;
	while (at < mbox.len && memchr("\r\n", mbox.p[at], 3) != NULL)
		at++;
	if (mbox.len > 0 && !is_from(mbox, at))
		return false;
	if (mbox.len > 0)
		at = add(r, mbox, at, &m);
	while (at < mbox.len) {
		if ((mbox.p[at - 1] != '\n' && mbox.p[at - 1] != '\0') ||
		    !is_from(mbox, at) || !begins(mbox, at, &m)) {
			at++;
			continue;
		}
		if (r->count == MBOXES_ENTRIES)
			return false;
		at = add(r, mbox, at, &m);
	}
	r->start[r->count] = mbox.len;
	return true;
}

uint64_t
reference_octets(const struct reference *r, struct input mbox, size_t i)
{
	size_t start = r->content[i], end = r->start[i + 1];
	struct body b;

	if (end > start)
		end -= reference_blank(mbox, end);
	body_start(&b, NULL, BODY_ALL);
	body_feed(&b, (const char *)mbox.p + start, end - start);
	body_end(&b);
	return b.octets;
}

void
reference_compare(
    const struct reference *r, struct input bytes, const struct maildrop *md)
{
	size_t hidden = mbox.hidden;

	MUST(mbox.count == r->count && mbox.size == bytes.len);
	MUST(md->count == r->count - hidden);
	for (size_t i = 0; i < r->count; i++) {
		MUST(mbox.entries[i].start == r->start[i]);
		MUST(mbox_content(i) == r->content[i]);
		MUST(mbox_content_end(i) >= mbox_content(i));
	}
	for (size_t i = 0; i < md->count; i++) {
		MUST(md->messages[i].ref == i + hidden);
		MUST(md->messages[i].octets ==
		    reference_octets(r, bytes, i + hidden));
	}
}

enum maildrop_result
mboxes_open(struct maildrop *md)
{
	return maildrop_open(md, &mbox_ops, "//box", &mboxes_settings);
}
