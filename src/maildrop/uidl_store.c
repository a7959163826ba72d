/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Texts of ids: each is a byte with its length and its bytes, one behind the
 * other.  A handle is where that begins, plus one.
 * Runs as: session.  Input: ids from files and headers, which anybody may
 * have made up: so the hash is one that they cannot know.
 */
#include "config.h"

#include "maildrop/uidl_store.h"

#include <sys/random.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/checksum.h"
#include "maildrop/maildrop.h"
#include "maildrop/uidl.h"

enum { FIRST_BYTES = 4096 };

static struct {
	char *bytes;
	size_t len, size, count;
	uint32_t *slots; /* handles; 0 is free */
	size_t mask;
	uint64_t seed;
} store;

uint32_t
uidl_store_put(const char *text, size_t len)
{
	size_t at = store.len;

	if (!uidl_valid(text, len)) {
		errno = EINVAL;
		return 0;
	}
	if (store.size - at < 1 + MAILDROP_UIDL_MAX) {
		size_t more = store.size ? 2 * store.size : FIRST_BYTES;
		char *p = more < UINT32_MAX ? realloc(store.bytes, more) : NULL;

		if (p == NULL) {
			errno = ENOMEM;
			return 0;
		}
		store.bytes = p;
		store.size = more;
	}
	store.bytes[at] = (char)len;
	memcpy(store.bytes + at + 1, text, len);
	store.len = at + 1 + len;
	store.count++;
	return (uint32_t)at + 1;
}

size_t
uidl_store_count(void)
{
	return store.count;
}

static const char *
text_of(uint32_t handle, size_t *len)
{
	*len = (size_t)store.bytes[handle - 1];
	return store.bytes + handle;
}

size_t
uidl_store_get(uint32_t handle, char *buf)
{
	size_t len;
	const char *text = text_of(handle, &len);

	memcpy(buf, text, len);
	return len;
}

/* ---- claims ---- */

bool
uidl_store_open_claims(size_t n)
{
	size_t size = 16;

	while (size < 2 * n)
		size *= 2;
	free(store.slots);
	store.slots = calloc(size, sizeof *store.slots);
	store.mask = size - 1;
	/* without randomness it is slow for some, never wrong */
	(void)!getrandom(&store.seed, sizeof store.seed, GRND_NONBLOCK);
	return store.slots != NULL;
}

/* The slot of the text, or the free one for it. */
static uint32_t *
find(const char *text, size_t len)
{
	uint64_t at = checksum(store.seed, text, len);

	for (at ^= at >> 29;; at++) {
		uint32_t *slot = &store.slots[at & store.mask];
		const char *other;
		size_t other_len;

		if (*slot == 0)
			return slot;
		other = text_of(*slot, &other_len);
		if (len == other_len && memcmp(text, other, len) == 0)
			return slot;
	}
}

bool
uidl_store_claim(uint32_t handle)
{
	size_t len;
	const char *text = text_of(handle, &len);
	uint32_t *slot = find(text, len);

	if (*slot != 0)
		return false;
	*slot = handle;
	return true;
}

void
uidl_store_claim_all(void)
{
	for (size_t at = 0; at < store.len; at += 1 + (size_t)store.bytes[at])
		(void)uidl_store_claim((uint32_t)at + 1);
}

bool
uidl_store_claimed(const char *text, size_t len)
{
	return *find(text, len) != 0;
}

void
uidl_store_close_claims(void)
{
	free(store.slots);
	store.slots = NULL;
}
