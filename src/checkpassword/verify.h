/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Is a password an account's secret?
 */
#ifndef POPIN_VERIFY_H
#define POPIN_VERIFY_H

#include "checkpassword/account.h"

enum verify_result {
	VERIFY_WRONG,
	VERIFY_RIGHT,
	VERIFY_CANNOT, /* the account's secret is of an unknown scheme */
	VERIFY_FAILED  /* nobody knows: crypt(3) failed; logged */
};

/*
 * Compares; whether the account is usable is not asked.  Takes one crypt(3)
 * or PBKDF2 whatever the account and the outcome, see verify.c.  Where that
 * fails, for want of memory most likely, no password is wrong, and no name
 * unknown.
 */
enum verify_result verify_secret(const struct account *a, const char *password);

#endif
