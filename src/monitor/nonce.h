/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * What nobody can have seen before.
 */
#ifndef POPIN_NONCE_H
#define POPIN_NONCE_H

#include <stdbool.h>

enum {
	NONCE_SIZE = 24,	 /* characters of 6 random bits */
	NONCE_CHALLENGE_MAX = 40 /* of a challenge, with its NUL */
};

/*
 * Write letters, digits, '-' and '_' with a NUL behind; "<...@popin>" around
 * them for a challenge.  Return false, and have logged, where the system has
 * no random numbers.
 */
bool nonce_make(char out[NONCE_SIZE + 1]);
bool nonce_challenge(char out[NONCE_CHALLENGE_MAX]);

#endif
