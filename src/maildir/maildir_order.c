/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The order of the messages.  Directories come in the order of a hash, and a
 * comparing sort of 100 000 names costs more than reading them: a radix sort
 * by the time in the name does nearly all of it.
 * Runs as: session.  Input: file names.
 */
#include "config.h"

#include "maildir/maildir_order.h"

#include <stdlib.h>
#include <string.h>

#include "maildir/maildir_folders.h"
#include "maildir/maildir_name.h"
#include "maildrop/maildrop.h"

enum { RADIX_BITS = 11, RADIX = 1 << RADIX_BITS };

struct key {
	uint64_t time;
	size_t index;
};

static const char *all_names;
static const struct message *all_messages;

static int
compare_names(const void *pa, const void *pb)
{
	const struct key *a = pa, *b = pb;
	const struct message *x = &all_messages[a->index];
	const struct message *y = &all_messages[b->index];
	int order = maildir_compare(
	    all_names + x->ref, x->len, all_names + y->ref, y->len);

	if (order == 0)
		order = (x->where > y->where) - (x->where < y->where);
	if (order == 0)
		order = (a->index > b->index) - (a->index < b->index);
	return order;
}

/* One stable pass over the digit at SHIFT. */
static void
radix_pass(const struct key *from, struct key *to, size_t n, unsigned shift)
{
	static size_t start[RADIX];
	size_t sum = 0;

	memset(start, 0, sizeof start);
	for (size_t i = 0; i < n; i++)
		start[from[i].time >> shift & (RADIX - 1)]++;
	for (size_t i = 0; i < RADIX; i++) {
		size_t here = start[i];

		start[i] = sum;
		sum += here;
	}
	for (size_t i = 0; i < n; i++)
		to[start[from[i].time >> shift & (RADIX - 1)]++] = from[i];
}

/* Sorts the N keys at A by time, with B as room.  Returns A or B. */
static struct key *
sort_by_time(struct key *a, struct key *b, size_t n)
{
	uint64_t varying = 0;

	for (size_t i = 1; i < n; i++)
		varying |= a[i].time ^ a[0].time;
	for (unsigned shift = 0; shift < 64; shift += RADIX_BITS) {
		struct key *other = b;

		if ((varying >> shift & (RADIX - 1)) == 0)
			continue;
		radix_pass(a, b, n, shift);
		b = a;
		a = other;
	}
	return a;
}

/* The later of two with the same base name is the one in cur. */
static void
mark_doubles(const struct key *k, size_t n, struct message *messages)
{
	for (size_t i = 1; i < n; i++) {
		struct message *a = &messages[k[i - 1].index];
		const struct message *b = &messages[k[i].index];

		if (maildir_same(
			all_names + a->ref, a->len, all_names + b->ref, b->len))
			a->flags |= MESSAGE_ABSENT;
	}
}

/* Runs of the same second are sorted by the rest of the name. */
static void
sort_ties(struct key *k, size_t n, struct message *messages)
{
	for (size_t i = 0, end; i < n; i = end) {
		end = i + 1;
		while (end < n && k[end].time == k[i].time)
			end++;
		if (end - i > 1) {
			qsort(k + i, end - i, sizeof *k, compare_names);
			mark_doubles(k + i, end - i, messages);
		}
	}
}

bool
maildir_order(struct maildrop *md, const char *names)
{
	size_t n = md->count;
	struct key *keys = reallocarray(NULL, n + 1, 2 * sizeof *keys);
	struct message *sorted = reallocarray(NULL, n + 1, sizeof *sorted);
	struct key *k;

	if (keys == NULL || sorted == NULL) {
		free(keys);
		free(sorted);
		return false;
	}
	for (size_t i = 0; i < n; i++) {
		const struct message *m = &md->messages[i];

		keys[i].time = maildir_time(names + m->ref, m->len);
		keys[i].index = i;
	}
	all_names = names;
	all_messages = md->messages;
	k = sort_by_time(keys, keys + n, n);
	sort_ties(k, n, md->messages);
	for (size_t i = 0; i < n; i++)
		sorted[i] = md->messages[k[i].index];
	free(keys);
	free(md->messages);
	md->messages = sorted;
	md->allocated = n + 1;
	return true;
}

/* ---- finding messages ---- */

/* maildir_same() is quicker than maildir_compare(). */
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

/* The hint mostly helps, because most lists are in our order. */
size_t
maildir_find(
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
