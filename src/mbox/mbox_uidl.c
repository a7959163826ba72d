/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The UIDLs of an mbox, whose messages have no names.
 *
 * The id of a message is a hash, BLAKE2b with 128 bits, of two things: the
 * From_ line, at most FROM_MAX bytes of it; and the header without the fields
 * that mail readers change, at most STABLE_MAX bytes.  Nobody can make a
 * message with the id of another one: that takes 2^128 attempts.  A sender can
 * send the same header twice, but hardly within the one second that the From_
 * line tells.
 *
 * Messages with the same id are twins, and get numbers.  Their UIDLs are "id",
 * "id.2", "id.3".  The state file remembers the number of each message and the
 * highest one that was given.  So no number is given again when a twin has been
 * removed.
 *
 * Another server may have given a UIDL of this form to another message
 * (uidl_map.h).  A message that would get the same one gets the number of a new
 * twin.
 *
 * UIDLs are made when a client asks for them, not at login.
 *
 * Runs as: session.  Input: headers, which anyone may have written.
 */
#include "config.h"

#include "mbox/mbox_uidl.h"

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
#include "maildrop/uidl_map.h"
#include "mbox/mbox_entry.h"
#include "mbox/mbox_file.h"
#include "pop3/netio.h"

enum {
	STABLE_MAX = 4 * 1024,	/* bytes that make the id */
	HEADER_MAX = 16 * 1024, /* bytes that they are looked for in */
	READ_SMALL = 4 * 1024,
	READ_LARGE = 64 * 1024, /* the next messages, too */
	SMALL_MESSAGE = 8 * 1024,
	LOOK_EVERY = 64, /* messages: then for a reason to stop */
	FROM_MAX = 1024	 /* bytes of a From_ line that are in the id */
};

/* A part of the mbox in memory. */
static struct {
	char bytes[READ_LARGE];
	uint64_t offset;
	size_t len;
} cache;

/*
 * The LEN bytes at OFFSET, from the cache or read with those behind them,
 * READ_LEN at once.  NULL with errno, 0 where the file ends before.
 */
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

/* Is F a field that mail readers change or add? */
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
 * Adds the header at P, of which LEN bytes are there.  False if the part of it
 * that makes the id may not end within them.
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

/* How many bytes of the From_ line of entry E make the id. */
static size_t
from_part(const struct mbox_entry *e)
{
	return e->from_len < FROM_MAX ? (size_t)e->from_len : FROM_MAX;
}

/*
 * Begins an id with the From_ line of entry I.  False with errno, 0 if that
 * line is not there any more.
 */
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

/* ---- twins ---- */

/*
 * A message that the state file knew, and whose entry was dropped.  The message
 * that is found with its id gets its number.
 */
struct old_twin {
	unsigned char id[MBOX_ID_SIZE];
	uint32_t twin, high;
	uint32_t next; /* with the same id, + 1 */
};

static struct {
	struct old_twin *all;
	size_t count, allocated;
} old;

bool
mbox_remember_twin(const struct mbox_entry *e)
{
	struct old_twin *m;

	if (old.count == old.allocated) {
		size_t more = old.allocated ? old.allocated * 2 : 16;

		m = reallocarray(old.all, more, sizeof *m);
		if (m == NULL)
			return false;
		old.all = m;
		old.allocated = more;
	}
	m = &old.all[old.count++];
	memcpy(m->id, e->id, sizeof m->id);
	m->twin = e->twin;
	m->high = e->high;
	m->next = 0;
	return true;
}

/*
 * A hash table from ids to the first entry, and to the first of old.all, that
 * has the id.  Open addressing; a slot with neither is free.
 */
struct table {
	struct slot {
		uint32_t entry; /* + 1 */
		uint32_t old;	/* + 1 */
	} * slots;
	size_t mask;
};

static bool
table_make(struct table *t)
{
	size_t size = 16;

	while (size < 2 * (mbox.count + old.count))
		size *= 2;
	t->slots = calloc(size, sizeof *t->slots);
	t->mask = size - 1;
	return t->slots != NULL;
}

/* The id in slot S; NULL if that is free. */
static const unsigned char *
id_of(const struct slot *s)
{
	if (s->entry != 0)
		return mbox.entries[s->entry - 1].id;
	return s->old != 0 ? old.all[s->old - 1].id : NULL;
}

/* The slot of ID, or the free one for it. */
static struct slot *
table_find(const struct table *t, const unsigned char *id)
{
	uint64_t at;

	memcpy(&at, id, sizeof at);
	for (;; at++) {
		struct slot *s = &t->slots[at & t->mask];
		const unsigned char *known = id_of(s);

		if (known == NULL || memcmp(known, id, MBOX_ID_SIZE) == 0)
			return s;
	}
}

static void
raise(uint32_t *high, uint32_t to)
{
	if (to > *high)
		*high = to;
}

/*
 * From the last to the first, so that each chain is in the order of the mbox.
 */
static void
enter_old(const struct table *t)
{
	for (size_t i = old.count; i-- > 0;) {
		struct old_twin *m = &old.all[i];
		struct slot *s = table_find(t, m->id);

		if (s->old != 0)
			raise(&m->high, old.all[s->old - 1].high);
		m->next = s->old;
		s->old = (uint32_t)i + 1;
	}
}

/*
 * Entry I.  The first entry with an id keeps the highest number of its twins.
 */
static void
enter_entry(const struct table *t, size_t i)
{
	struct mbox_entry *e = &mbox.entries[i];
	struct slot *s = table_find(t, e->id);

	if (s->entry == 0) {
		s->entry = (uint32_t)i + 1;
		if (s->old != 0)
			raise(&e->high, old.all[s->old - 1].high);
	}
	raise(&mbox.entries[s->entry - 1].high, e->high);
	raise(&mbox.entries[s->entry - 1].high, e->twin);
}

/* Gives entry I the number of the next old twin, or a new one. */
static void
number_new(const struct table *t, size_t i)
{
	struct mbox_entry *e = &mbox.entries[i];
	struct slot *s = table_find(t, e->id);

	if (s->old != 0) {
		const struct old_twin *m = &old.all[s->old - 1];

		e->twin = m->twin;
		s->old = m->next;
	} else {
		e->twin = ++mbox.entries[s->entry - 1].high;
	}
}

size_t
mbox_own_uidl(const struct mbox_entry *e, char *text)
{
	size_t n = hex_format(text, e->id, MBOX_ID_SIZE);

	if (e->twin > 1) {
		text[n++] = '.';
		n += number_format(text + n, e->twin);
	}
	return n;
}

/* Did another server give our UIDL of E to another message? */
static bool
is_taken(const struct mbox_entry *e)
{
	char text[MAILDROP_UIDL_MAX], theirs[MAILDROP_UIDL_MAX];
	size_t len = mbox_own_uidl(e, text);

	return uidl_map_has(text, len) && uidl_map_get(text, len, theirs) == 0;
}

/* A message whose UIDL is taken gets the number of a new twin. */
static void
give_way(const struct table *t)
{
	for (size_t i = mbox.hidden; i < mbox.count; i++) {
		struct mbox_entry *e = &mbox.entries[i];
		const struct slot *s = table_find(t, e->id);

		while (is_taken(e)) {
			e->twin = ++mbox.entries[s->entry - 1].high;
			mbox.state_outdated = true;
		}
	}
}

/* Sets TWIN and HIGH of every entry.  False with errno: no memory. */
static bool
number_all(void)
{
	struct table t;

	if (!table_make(&t))
		return false;
	enter_old(&t);
	for (size_t i = mbox.hidden; i < mbox.count; i++)
		enter_entry(&t, i);
	for (size_t i = mbox.hidden; i < mbox.count; i++)
		if (mbox.entries[i].twin == 0)
			number_new(&t, i);
	give_way(&t);
	for (size_t i = mbox.hidden; i < mbox.count; i++)
		mbox.entries[i].high =
		    mbox.entries[table_find(&t, mbox.entries[i].id)->entry - 1]
			.high;
	free(t.slots);
	return true;
}

/* ---- interface ---- */

enum maildrop_result
mbox_identify(struct maildrop *md)
{
	size_t new = 0;

	(void)md;
	mbox_id_start();
	for (size_t i = mbox.hidden; i < mbox.count; i++) {
		struct mbox_entry *e = &mbox.entries[i];

		if (e->twin != 0)
			continue;
		if (i % LOOK_EVERY == 0 && netio_interrupted() != NET_OK)
			return MAILDROP_TEMP;
		if (!mbox_id_of(i, e->id))
			return mbox_is_lost();
		new ++;
	}
	if (new > 0)
		mbox.state_outdated = true;
	if ((new > 0 || uidl_map_count() > 0) && !number_all()) {
		log_error_errno("cannot number the messages", NULL);
		return MAILDROP_TEMP;
	}
	return MAILDROP_OK;
}

size_t
mbox_uidl(const struct maildrop *md, const struct message *m, char *text)
{
	const struct mbox_entry *e = &mbox.entries[m->ref];
	char ours[MAILDROP_UIDL_MAX];
	size_t len = mbox_own_uidl(e, ours);
	size_t theirs = uidl_map_get(ours, len, text);

	(void)md;
	if (theirs > 0)
		return theirs;
	memcpy(text, ours, len);
	return len;
}
