/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Places of messages in another order than ours.
 * Runs as: session.  Input: file names, and names of messages from files that
 * the mail user can write.
 */
#include "config.h"

#include "maildir/maildir_places.h"

#include <stdlib.h>

#include "lib/log.h"
#include "maildir/maildir.h"
#include "maildir/maildir_name.h"

void
maildir_places_reset(struct maildir_place *places, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		places[i].key = MAILDIR_PLACE_LAST;
		places[i].id = 0;
		places[i].index = (uint32_t)i;
	}
}

struct maildir_place *
maildir_places_make(const struct maildrop *md)
{
	struct maildir_place *places =
	    reallocarray(NULL, md->count + 1, sizeof *places);

	if (places == NULL) {
		log_error_errno("cannot find the unique-ids", NULL);
		return NULL;
	}
	maildir_places_reset(places, md->count);
	return places;
}

/* ---- finding messages ---- */

/* Quicker than comparing. */
static bool
is_named(const struct message *m, const char *name, size_t len)
{
	return maildir_same(maildir_name(m), m->len, name, len);
}

static int
compare(const struct maildrop *md, size_t i, const char *name, size_t len)
{
	const struct message *m = &md->messages[i];

	return maildir_compare(maildir_name(m), m->len, name, len);
}

/* The hint mostly helps, as most lists are in our order. */
size_t
maildir_places_find(
    const struct maildrop *md, size_t *hint, const char *name, size_t len)
{
	size_t low = 0, high = md->count, at = *hint;

	if (at < high && is_named(&md->messages[at], name, len)) {
		*hint = at + 1;
		return at;
	}
	while (low < high) {
		int order;

		if (at >= high || at < low)
			at = low + (high - low) / 2;
		order = compare(md, at, name, len);
		if (order == 0) {
			*hint = at + 1;
			return at;
		}
		if (order < 0) {
			low = at + 1;
			at = high;
		} else {
			high = at;
			/* right before the hint, most likely */
			at = at == *hint && at > low ? at - 1 : high;
		}
	}
	*hint = low;
	return MAILDIR_NOT_FOUND;
}

/* ---- the order ---- */

uint64_t
maildir_places_known(const struct maildir_place *places, size_t count)
{
	uint64_t known = 0;

	for (size_t i = 0; i < count; i++)
		known += places[i].key != MAILDIR_PLACE_LAST;
	return known;
}

bool
maildir_places_in_order(const struct maildir_place *places, size_t count)
{
	for (size_t i = 1; i < count; i++)
		if (places[i - 1].key > places[i].key)
			return false;
	return true;
}

static int
compare_places(const void *pa, const void *pb)
{
	const struct maildir_place *a = pa, *b = pb;

	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	return (a->index > b->index) - (a->index < b->index);
}

static int
compare_indexes(const void *pa, const void *pb)
{
	const struct maildir_place *a = pa, *b = pb;

	return (a->index > b->index) - (a->index < b->index);
}

void
maildir_places_sort(struct maildir_place *places, size_t count)
{
	qsort(places, count, sizeof *places, compare_places);
}

void
maildir_places_number(struct maildir_place *places, size_t count)
{
	uint32_t place = 0;

	maildir_places_sort(places, count);
	for (size_t i = 0; i < count; i++)
		if (places[i].key != MAILDIR_PLACE_LAST)
			places[i].key = place++;
	qsort(places, count, sizeof *places, compare_indexes);
}
