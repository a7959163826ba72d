/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Names and passwords that are refused again.
 * Runs as: root.  Input: names and passwords, as mere bytes.
 */
#include "config.h"

#include "monitor/repeat.h"

#include <sys/random.h>

#include <string.h>
#include <unistd.h>

/* BLAKE2 with its key in front is a keyed hash: it needs no HMAC around it. */
static void
make_code(const struct repeat *r, const char *user, const char *password,
    unsigned char code[BLAKE2B_SIZE])
{
	struct blake2b b;

	blake2b_start(&b);
	blake2b_add(&b, r->key, sizeof r->key);
	blake2b_add(&b, user, strlen(user) + 1);
	blake2b_add(&b, password, strlen(password) + 1);
	blake2b_end(&b, code);
	explicit_bzero(&b, sizeof b);
}

/*
 * The time that memcmp(3) takes depends on codes.  No client can choose a code,
 * because it does not know the key.
 */
bool
repeat_is_known(struct repeat *r, const char *user, const char *password)
{
	unsigned char *code = r->codes[r->count];

	if (!r->has_key &&
	    getrandom(r->key, sizeof r->key, 0) != (ssize_t)sizeof r->key)
		return false;
	r->has_key = true;
	make_code(r, user, password, code);
	for (size_t i = 0; i < r->count; i++)
		if (memcmp(r->codes[i], code, BLAKE2B_SIZE) == 0)
			return true;
	return false;
}

void
repeat_note(struct repeat *r)
{
	if (r->has_key && r->count < REPEAT_MAX)
		r->count++;
}

void
repeat_forget(struct repeat *r)
{
	explicit_bzero(r, sizeof *r);
}
