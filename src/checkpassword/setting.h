/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Settings (method, cost and salt) for crypt(3).
 */
#ifndef POPIN_SETTING_H
#define POPIN_SETTING_H

#include <stddef.h>

/* The scheme that the setting for PREFIX NULL is known by in a passwd-file. */
extern const char setting_best_scheme[];

/*
 * Makes a setting with a fresh salt in OUT, which has SIZE bytes.  PREFIX is
 * "$6$" and the like; NULL is the best that this system has.  Returns 0, or
 * -1 with errno: EINVAL where the system cannot make one for PREFIX.
 */
int setting_make(char *out, size_t size, const char *prefix);

#endif
