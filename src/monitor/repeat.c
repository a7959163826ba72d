/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Wrong names and passwords that come again.
 * Runs as: root.  Input: names and passwords, as mere bytes.
 */
#include "config.h"

#include "monitor/repeat.h"

#include <sys/random.h>

#include <string.h>
#include <unistd.h>

static void
add(struct blake2b *b, const char *text)
{
	blake2b_add(b, text, strlen(text) + 1);
}

/* BLAKE2 with its key in front is a keyed hash: it needs no HMAC around it. */
bool
repeat_code(struct repeat *r, const char *user, const char *password,
    unsigned char code[BLAKE2B_SIZE])
{
	struct blake2b b;

	if (!r->has_key &&
	    getrandom(r->key, sizeof r->key, 0) != (ssize_t)sizeof r->key)
		return false;
	r->has_key = true;
	blake2b_start(&b);
	blake2b_add(&b, r->key, sizeof r->key);
	add(&b, user);
	add(&b, password);
	blake2b_end(&b, code);
	explicit_bzero(&b, sizeof b);
	return true;
}

/* The time that this takes depends on codes, and nobody can choose a code. */
bool
repeat_is_known(const struct repeat *r, const unsigned char code[BLAKE2B_SIZE])
{
	for (size_t i = 0; i < r->count; i++)
		if (memcmp(r->codes[i], code, BLAKE2B_SIZE) == 0)
			return true;
	return false;
}

void
repeat_note(struct repeat *r, const unsigned char code[BLAKE2B_SIZE])
{
	if (r->count < REPEAT_MAX)
		memcpy(r->codes[r->count++], code, BLAKE2B_SIZE);
}

void
repeat_forget(struct repeat *r)
{
	explicit_bzero(r, sizeof *r);
}
