/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Which names and passwords were wrong on this connection already.  Clients
 * send the same ones again: by each method that is shown, or once more to be
 * sure.  That teaches nobody anything, and is one failure.
 *
 * Kept are BLAKE2b of a random key and the two, never a password; all of it is
 * forgotten with the connection.
 */
#ifndef POPIN_REPEAT_H
#define POPIN_REPEAT_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/blake2b.h"

enum { REPEAT_MAX = 3, REPEAT_KEY = 32 };

struct repeat {
	bool has_key;
	unsigned char key[REPEAT_KEY];
	size_t count;
	unsigned char codes[REPEAT_MAX][BLAKE2B_SIZE];
};

/*
 * The code of USER and PASSWORD.  False: there are no random numbers for a
 * key, so nothing can be remembered.
 */
bool repeat_code(struct repeat *r, const char *user, const char *password,
    unsigned char code[BLAKE2B_SIZE]);
bool repeat_is_known(
    const struct repeat *r, const unsigned char code[BLAKE2B_SIZE]);
void repeat_note(struct repeat *r, const unsigned char code[BLAKE2B_SIZE]);
void repeat_forget(struct repeat *r);

#endif
