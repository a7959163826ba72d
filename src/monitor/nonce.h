/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * What nobody can have seen before.
 */
#ifndef POPIN_CHALLENGE_H
#define POPIN_CHALLENGE_H

#include <stdbool.h>

enum {
	CHALLENGE_NONCE = 24, /* characters of 6 random bits */
	CHALLENGE_MAX = 40    /* of a challenge, with its NUL */
};

/*
 * Write letters, digits, '-' and '_' with a NUL behind; "<...@popin>" around
 * them for a challenge.  Return false, and have logged, where the system has
 * no random numbers.
 */
bool challenge_nonce(char out[CHALLENGE_NONCE + 1]);
bool challenge_make(char out[CHALLENGE_MAX]);

#endif
