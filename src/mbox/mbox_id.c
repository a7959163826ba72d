/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Unique-ids of an mbox, where nothing has a name.
 *
 * The id is BLAKE2b over the From_ line, at most FROM_MAX bytes, and the header
 * without the lines that mail readers write into it, at most STABLE_MAX bytes.  Nobody can
 * find a message with the id of another one (2^128), but whoever writes the
 * headers can send the same ones twice, though hardly within the second that
 * the From_ line tells.  Messages with the same id are counted: the first is
 * "id", then "id.2", "id.3".  The state file remembers these numbers and the
 * highest one given, so that they outlive the removal of a twin.
 *
 * Where another server's ids are wanted (mbox_foreign.c), they are taken once
 * for each message; the first one that has an id keeps it, and the others have
 * ours.  The state file remembers what was decided.
 *
 * The scheme `auto' takes X-UIDL fields, which the header of any mail may have
 * that was sent: only when a client asks for the first time, and only from the
 * first messages, up to one without.  A server writes them into all messages
 * that it finds.
 *
 * All this is done when a client asks for it, not at login.
 *
 * Runs as: session.  Input: headers, which anyone may have written.
 */
#include "config.h"

#include "mbox/mbox_id.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/blake2b.h"
#include "lib/field.h"
#include "lib/hex.h"
#include "lib/io.h"
#include "lib/log.h"
#include "lib/number.h"
#include "maildrop/uidl.h"
#include "maildrop/uidl_store.h"
#include "mbox/mbox_entry.h"
#include "mbox/mbox_file.h"
#include "mbox/mbox_foreign.h"
#include "pop3/netio.h"

enum {
	STABLE_MAX = 4 * 1024,	/* bytes that make the id */
	HEADER_MAX = 16 * 1024, /* bytes that they are looked for in */
	READ_SMALL = 4 * 1024,
	READ_LARGE = 64 * 1024,
	SMALL_MESSAGE = 8 * 1024,
	LOOK_EVERY = 64, /* messages: is there a reason to stop? */
	FROM_MAX = 1024	 /* bytes of a From_ line that are in the id */
};

/* A part of the mbox in memory. */
static struct {
	char bytes[READ_LARGE];
	uint64_t offset;
	size_t len;
} cache;

/* The first LEN bytes at OFFSET; messages are often close to each other. */
static const char *
look(uint64_t offset, size_t len, size_t read_len)
{
	if (offset < cache.offset || offset - cache.offset > cache.len ||
	    cache.len - (offset - cache.offset) < len) {
		ssize_t got = io_pread(mbox.fd, cache.bytes, read_len, offset);

		cache.offset = offset;
		cache.len = got > 0 ? (size_t)got : 0;
		if (got < (ssize_t)len) {
			errno = got >= 0 ? 0 : errno;
			return NULL;
		}
	}
	return cache.bytes + (offset - cache.offset);
}

void
mbox_id_start(void)
{
	cache.len = 0;
}

/* ---- hashing ---- */

/* Fields that mail readers change or add. */
static bool
is_volatile(const struct field *f)
{
	static const char *const names[] = { "Status:", "X-Status:",
		"X-Keywords:", "X-UID:", "X-UIDL:", "X-IMAP:", "X-IMAPbase:",
		"Content-Length:", "Lines:", "X-Mozilla-Status:",
		"X-Mozilla-Status2:", "X-Mozilla-Keys:" };

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (field_is(f, names[i]))
			return true;
	return false;
}

/*
 * Adds the header at P.  False when LEN bytes were not enough to know all
 * that belongs to the id.
 */
static bool
add_header(struct blake2b *b, const char *p, size_t len)
{
	const char *end = p + len;
	size_t left = STABLE_MAX;
	struct field f;

	while (left > 0 && field_next(&p, end, &f)) {
		size_t n = is_volatile(&f) ? 0 : io_piece(f.len, left);

		blake2b_add(b, f.name, n);
		left -= n;
	}
	return left == 0 || p < end;
}

/* How much of the From_ line of entry E is looked at. */
static size_t
from_part(const struct mbox_entry *e)
{
	return e->from_len < FROM_MAX ? (size_t)e->from_len : FROM_MAX;
}

/* Begins an id.  False with errno, 0 if the From_ line is not there. */
static bool
add_from_line(struct blake2b *b, size_t i)
{
	const struct mbox_entry *e = &mbox.entries[i];
	uint64_t bytes = mbox_content_end(i) - e->start;
	size_t some = bytes < READ_SMALL ? (size_t)bytes : READ_SMALL;
	const char *p =
	    look(e->start, some, bytes < SMALL_MESSAGE ? READ_LARGE : some);

	if (p == NULL)
		return false;
	blake2b_start(b);
	blake2b_add(b, p, from_part(e));
	if (e->from_len > FROM_MAX)
		return mbox_still_there(i);
	errno = 0;
	return mbox_from_check(p, (size_t)e->from_len) == e->check;
}

bool
mbox_id_of(size_t i, unsigned char id[MBOX_ID_SIZE])
{
	uint64_t bytes = mbox_content_end(i) - mbox_content(i);
	size_t all = bytes < HEADER_MAX ? (size_t)bytes : HEADER_MAX;
	size_t seen = READ_SMALL - from_part(&mbox.entries[i]);
	size_t some = all < seen ? all : seen;
	struct blake2b from, b;
	const char *p;

	if (!add_from_line(&from, i))
		return false;
	b = from;
	p = look(mbox_content(i), some, some);
	if (p != NULL && !add_header(&b, p, some) && some < all) {
		b = from;
		p = look(mbox_content(i), all, all);
		if (p != NULL)
			(void)add_header(&b, p, all);
	}
	if (p == NULL)
		return false;
	blake2b_end(&b, id);
	return true;
}

/* ---- other servers' ids ---- */

/* All of the header of entry I, as far as there is memory for it. */
static const char *
header(size_t i, size_t *len)
{
	uint64_t all = mbox_content_end(i) - mbox_content(i);
	size_t read = READ_SMALL - from_part(&mbox.entries[i]);
	size_t some = all < read ? (size_t)all : read;
	const char *p = look(mbox_content(i), some, some);

	*len = some;
	if (p == NULL || some == all || mbox_header_ends(p, some))
		return p;
	*len = all < READ_LARGE ? (size_t)all : READ_LARGE;
	p = look(mbox_content(i), *len, READ_LARGE);
	if (p != NULL && *len < all && !mbox_header_ends(p, *len))
		*len = 0;
	return p;
}

/* What SCHEME would call entry I; whether it can is seen later. */
static bool
find_foreign(enum uidl_scheme scheme, size_t i)
{
	char id[MAILDROP_UIDL_MAX];
	size_t len;
	const char *p = header(i, &len);

	if (p == NULL)
		return false;
	len = mbox_foreign_id(scheme, p, len, id);
	mbox.entries[i].foreign = uidl_store_put(id, len);
	return len == 0 || mbox.entries[i].foreign != 0;
}

static bool
find_validity(enum uidl_scheme scheme)
{
	const char *p;
	size_t len;

	if (mbox.count == 0 ||
	    (scheme != UIDL_UW && scheme != UIDL_DOVECOT &&
		scheme != UIDL_DOVECOT_UPPER))
		return true;
	p = header(0, &len);
	mbox.validity = p != NULL ? mbox_validity(p, len) : 0;
	return p != NULL;
}

/* ---- twins ---- */

/* Numbers of messages that the state file knew and the mbox has lost. */
struct memory {
	unsigned char id[MBOX_ID_SIZE];
	uint32_t twin, high;
	uint32_t foreign;
	bool decided;
	uint32_t next; /* with the same id, + 1 */
};

static struct {
	struct memory *all;
	size_t count, allocated;
} memories;

bool
mbox_remember_twin(const struct mbox_entry *e)
{
	struct memory *m;

	if (memories.count == memories.allocated) {
		size_t more = memories.allocated ? memories.allocated * 2 : 16;

		m = reallocarray(memories.all, more, sizeof *m);
		if (m == NULL)
			return false;
		memories.all = m;
		memories.allocated = more;
	}
	m = &memories.all[memories.count++];
	memcpy(m->id, e->id, sizeof m->id);
	m->twin = e->twin;
	m->high = e->high;
	m->foreign = e->foreign;
	m->decided = e->decided;
	m->next = 0;
	return true;
}

/* Ids to what was seen first with them: open addressing, 0 is free. */
struct table {
	struct slot {
		uint32_t entry;	 /* + 1 */
		uint32_t memory; /* + 1 */
	} * slots;
	size_t mask;
};

static bool
table_make(struct table *t)
{
	size_t size = 16;

	while (size < 2 * (mbox.count + memories.count))
		size *= 2;
	t->slots = calloc(size, sizeof *t->slots);
	t->mask = size - 1;
	return t->slots != NULL;
}

/* The slot of ID, or the free one for it. */
static struct slot *
table_find(const struct table *t, const unsigned char *id)
{
	uint64_t at;

	memcpy(&at, id, sizeof at);
	for (;; at++) {
		struct slot *s = &t->slots[at & t->mask];

		if (s->entry != 0 &&
		    memcmp(mbox.entries[s->entry - 1].id, id, MBOX_ID_SIZE) ==
			0)
			return s;
		if (s->memory != 0 &&
		    memcmp(memories.all[s->memory - 1].id, id, MBOX_ID_SIZE) ==
			0)
			return s;
		if (s->entry == 0 && s->memory == 0)
			return s;
	}
}

static void
raise(uint32_t *high, uint32_t to)
{
	if (to > *high)
		*high = to;
}

/* From the last to the first, so that chains are in order. */
static void
enter_memories(const struct table *t)
{
	for (size_t i = memories.count; i-- > 0;) {
		struct memory *m = &memories.all[i];
		struct slot *s = table_find(t, m->id);

		if (s->memory != 0)
			raise(&m->high, memories.all[s->memory - 1].high);
		m->next = s->memory;
		s->memory = (uint32_t)i + 1;
	}
}

/* The highest number is kept with the first entry that has the id. */
static void
enter_known(const struct table *t, size_t i)
{
	struct mbox_entry *e = &mbox.entries[i];
	struct slot *s = table_find(t, e->id);

	if (s->entry == 0) {
		s->entry = (uint32_t)i + 1;
		if (s->memory != 0)
			raise(&e->high, memories.all[s->memory - 1].high);
	}
	raise(&mbox.entries[s->entry - 1].high, e->high);
	raise(&mbox.entries[s->entry - 1].high, e->twin);
}

static void
number_new(const struct table *t, size_t i)
{
	struct mbox_entry *e = &mbox.entries[i];
	struct slot *s = table_find(t, e->id);

	if (s->memory != 0) {
		const struct memory *m = &memories.all[s->memory - 1];

		e->twin = m->twin;
		if (m->decided) {
			e->decided = true;
			e->foreign = m->foreign;
		}
		s->memory = m->next;
	} else {
		e->twin = ++mbox.entries[s->entry - 1].high;
	}
}

static size_t
own_id(const struct mbox_entry *e, char *text)
{
	size_t n = hex_format(text, e->id, MBOX_ID_SIZE);

	if (e->twin > 1) {
		text[n++] = '.';
		n += number_format(text + n, e->twin);
	}
	return n;
}

/* Could it be taken for the id of a message here, or of a twin of one? */
static bool
looks_like_ours(const struct table *t, uint32_t foreign)
{
	char text[MAILDROP_UIDL_MAX];
	unsigned char id[MBOX_ID_SIZE];
	size_t len = uidl_store_get(foreign, text);
	const struct slot *s;

	if (len < 2 * sizeof id || !hex_parse(id, text, sizeof id))
		return false;
	s = table_find(t, id);
	return s->entry != 0 || s->memory != 0;
}

/* Entry I gets an id that nobody has. */
static void
decide(const struct table *t, size_t i)
{
	struct mbox_entry *e = &mbox.entries[i];
	char text[MAILDROP_UIDL_MAX];

	e->decided = true;
	if (e->foreign != 0 && !looks_like_ours(t, e->foreign) &&
	    uidl_store_claim(e->foreign))
		return;
	e->foreign = 0;
	while (uidl_store_claimed(text, own_id(e, text)))
		e->twin = ++mbox.entries[table_find(t, e->id)->entry - 1].high;
}

/* What was decided before stays, and comes first. */
static bool
decide_all(const struct table *t, size_t first)
{
	if (!uidl_store_open_claims(mbox.count))
		return false;
	for (size_t i = first; i < mbox.count; i++)
		if (mbox.entries[i].decided && mbox.entries[i].foreign != 0)
			(void)uidl_store_claim(mbox.entries[i].foreign);
	for (size_t i = first; i < mbox.count; i++)
		if (!mbox.entries[i].decided)
			decide(t, i);
	uidl_store_close_claims();
	return true;
}

static bool
number_all(size_t first)
{
	struct table t;
	bool decided;

	if (!table_make(&t))
		return false;
	enter_memories(&t);
	for (size_t i = first; i < mbox.count; i++)
		enter_known(&t, i);
	for (size_t i = first; i < mbox.count; i++)
		if (mbox.entries[i].twin == 0)
			number_new(&t, i);
	decided = decide_all(&t, first);
	for (size_t i = first; i < mbox.count; i++)
		mbox.entries[i].high =
		    mbox.entries[table_find(&t, mbox.entries[i].id)->entry - 1]
			.high;
	free(t.slots);
	return decided;
}

/* ---- interface ---- */

/* Another scheme than before was asked for by name: all is decided anew. */
static void
forget_decisions(enum uidl_scheme scheme, size_t first)
{
	if (scheme == UIDL_AUTO || scheme == mbox.scheme)
		return;
	for (size_t i = first; i < mbox.count; i++) {
		mbox.entries[i].decided = false;
		mbox.entries[i].foreign = 0;
	}
	for (size_t i = 0; i < memories.count; i++)
		memories.all[i].decided = false;
}

static enum maildrop_result
cannot_identify(void)
{
	if (errno == 0)
		log_error("changed by another program:", mbox.name);
	else
		log_error_errno("cannot read the mbox", mbox.name);
	return MAILDROP_TEMP;
}

enum maildrop_result
mbox_identify(struct maildrop *md)
{
	enum uidl_scheme scheme = md->settings->uidl;
	size_t first = mbox.hidden ? 1 : 0, new = 0;
	bool foreign = mbox_foreign(scheme) &&
	    (scheme != UIDL_AUTO || mbox.scheme == UIDL_NONE);

	mbox_id_start();
	forget_decisions(scheme, first);
	if (foreign && !find_validity(scheme))
		return cannot_identify();
	for (size_t i = first; i < mbox.count; i++) {
		struct mbox_entry *e = &mbox.entries[i];

		if (e->twin != 0 && e->decided)
			continue;
		if (i % LOOK_EVERY == 0 && netio_interrupted() != NET_OK)
			return MAILDROP_TEMP;
		if (!mbox_id_of(i, e->id) ||
		    (foreign && !find_foreign(scheme, i)))
			return cannot_identify();
		if (scheme == UIDL_AUTO && e->foreign == 0)
			foreign = false;
		new ++;
	}
	if (new > 0 && !number_all(first)) {
		log_error_errno("cannot number the messages", NULL);
		return MAILDROP_TEMP;
	}
	if (new > 0 || mbox.scheme == UIDL_NONE)
		mbox.state_outdated = true;
	if (scheme != UIDL_AUTO || mbox.scheme == UIDL_NONE)
		mbox.scheme = scheme;
	return MAILDROP_OK;
}

size_t
mbox_uidl(const struct maildrop *md, const struct message *m, char *text)
{
	const struct mbox_entry *e = &mbox.entries[m->ref];

	(void)md;
	if (e->foreign != 0)
		return uidl_store_get(e->foreign, text);
	return own_id(e, text);
}
