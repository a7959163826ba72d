/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * crypt(3): hashes, and the settings (method, cost and salt) to make them.
 */
#ifndef POPIN_CRYPTHASH_H
#define POPIN_CRYPTHASH_H

#include <stdbool.h>
#include <stddef.h>

#include "checkpassword/account.h"

/* The {SCHEME} that the setting for PREFIX NULL has in a passwd-file. */
extern const char crypthash_best_scheme[];

/*
 * Can LEN bytes at HASH be something that this system's crypt(3) returns?
 * False for everything that locks an account: empty, "*", "!", "!$6$...".
 */
bool crypthash_valid(const char *hash, size_t len);

/*
 * crypt(3) of PASSWORD into OUT, filled up with NULs.  SETTING may be a hash.
 * Returns false if crypt(3) fails.  Libraries tell that in different ways; all
 * are known here.
 */
bool crypthash_make(
    const char *password, const char *setting, char out[ACCOUNT_TEXT_MAX]);

/*
 * Makes a setting with a fresh salt.  PREFIX is "$6$" and the like; NULL is
 * the best that this system has.  Returns 0, or -1 with errno: EINVAL where
 * the system cannot make one for PREFIX.
 */
int crypthash_setting(char out[ACCOUNT_TEXT_MAX], const char *prefix);

#endif
