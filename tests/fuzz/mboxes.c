/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The reference that the scanner of an mbox is compared with.
 */
#include "config.h"

#include "mboxes.h"

#include <string.h>

#include "body.h"
#include "from_line.h"
#include "mbox.h"

struct maildrop_settings mboxes_settings = { .limit = MBOXES_ENTRIES,
	.max_size = UINT64_MAX,
	.newest = UINT64_MAX,
	.uidl = UIDL_OWN,
	.home = "//",
	.mbox_locks = MBOXLOCK_FCNTL };

/* The length of the blank line that ends at AT, or 0. */
static size_t
blank_before(struct input mbox, size_t at)
{
	const uint8_t *p = mbox.p;

	if (at < 2 || p[at - 1] != '\n')
		return 0;
	if (p[at - 2] == '\n')
		return 1;
	return at >= 3 && p[at - 2] == '\r' && p[at - 3] == '\n' ? 2 : 0;
}

static size_t
from_line_at(struct input mbox, size_t at)
{
	return from_line((const char *)mbox.p + at, mbox.len - at);
}

static size_t
next_line(struct input mbox, size_t at)
{
	const uint8_t *lf = memchr(mbox.p + at, '\n', mbox.len - at);

	return lf != NULL ? (size_t)(lf - mbox.p) + 1 : mbox.len;
}

bool
reference_read(struct reference *r, struct input mbox)
{
	r->count = 0;
	if (mbox.len > 0 && from_line_at(mbox, 0) == 0)
		return false;
	for (size_t at = 0; at < mbox.len; at = next_line(mbox, at)) {
		if (at > 0 && blank_before(mbox, at) == 0)
			continue;
		if (from_line_at(mbox, at) == 0)
			continue;
		if (r->count == MBOXES_ENTRIES)
			return false;
		r->start[r->count++] = at;
	}
	r->start[r->count] = mbox.len;
	return true;
}

uint64_t
reference_octets(const struct reference *r, struct input mbox, size_t i)
{
	size_t start = r->start[i] + from_line_at(mbox, r->start[i]);
	size_t end = r->start[i + 1];
	struct body b;

	if (end > start)
		end -= blank_before(mbox, end);
	body_start(&b, NULL, BODY_ALL);
	body_feed(&b, (const char *)mbox.p + start, end - start);
	body_end(&b);
	return b.octets;
}

void
reference_compare(
    const struct reference *r, struct input bytes, const struct maildrop *md)
{
	size_t hidden = mbox.hidden ? 1 : 0;

	MUST(mbox.count == r->count && mbox.size == bytes.len);
	MUST(md->count == r->count - hidden);
	for (size_t i = 0; i < r->count; i++) {
		MUST(mbox.entries[i].start == r->start[i]);
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
	return maildrop_open(md, "mbox://box", &mboxes_settings);
}
