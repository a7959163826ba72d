/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Names and passwords that were refused on this connection.  Clients send the
 * same ones again: by each method that is offered, or once more to be sure.
 * Nobody learns anything from that, so it counts as one failure.
 *
 * Kept are BLAKE2b of a random key and the two, never a password.
 */
#ifndef POPIN_REPEAT_H
#define POPIN_REPEAT_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/blake2b.h"

enum { REPEAT_MAX = 3, REPEAT_KEY = 32 };

struct repeat {
	bool has_key; /* else nothing is known or noted */
	unsigned char key[REPEAT_KEY];
	size_t count;
	/* of what was refused, then of what was asked about last */
	unsigned char codes[REPEAT_MAX + 1][BLAKE2B_SIZE];
};

/*
 * Were USER and PASSWORD refused before?  The answer is no where the system
 * has no random numbers for the key.
 */
bool repeat_is_known(struct repeat *r, const char *user, const char *password);

/* What repeat_is_known() was asked about last has been refused. */
void repeat_note(struct repeat *r);

/* Wipes it all. */
void repeat_forget(struct repeat *r);

#endif
