/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Is a password an account's secret?
 */
#ifndef POPIN_VERIFY_H
#define POPIN_VERIFY_H

#include <stdbool.h>
#include <stddef.h>

#include "checkpassword/account.h"

enum verify_result {
	VERIFY_WRONG,
	VERIFY_RIGHT,
	VERIFY_CANNOT, /* the account's secret is of an unknown scheme */
	VERIFY_FAILED  /* nobody knows: crypt(3) failed; logged */
};

/*
 * Whether LEN bytes at HASH look like something that this system's crypt(3)
 * returns.  False for all that locks an account: empty, "*", "!", "!$6$...".
 */
bool verify_is_hash(const char *hash, size_t len);

/*
 * crypt(3) into OUT, filled up with NULs.  Returns false where it fails, in
 * whichever of the ways that the various libcrypts have to say so.
 */
bool verify_crypt(
    const char *password, const char *setting, char out[ACCOUNT_TEXT_MAX]);

/*
 * Compares; whether the account is usable is not asked.  Takes one crypt(3)
 * or PBKDF2 whatever the account and the outcome, see verify.c.  Where that
 * fails, for want of memory most likely, no password is wrong, and no name
 * unknown.
 */
enum verify_result verify_secret(const struct account *a, const char *password);

#endif
