/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Fresh nonces and challenges.
 */
#ifndef POPIN_NONCE_H
#define POPIN_NONCE_H

#include <stdbool.h>

#include "ipc/monmsg.h"

enum {
	NONCE_SIZE = SCRAM_NONCE, /* characters of 6 random bits */
	NONCE_CHALLENGE_MAX = MONMSG_CHALLENGE_MAX /* with its NUL */
};

/*
 * A nonce is of letters, digits, '-' and '_', with a NUL behind.  A challenge
 * is "<NONCE@popin>", with NULs behind.  Both return false, and have logged,
 * where the system has no random numbers.
 */
bool nonce_make(char out[NONCE_SIZE + 1]);
bool nonce_challenge(char out[NONCE_CHALLENGE_MAX]);

#endif
