/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The accounts of the system.
 */
#ifndef POPIN_SYSTEM_H
#define POPIN_SYSTEM_H

#include <stdbool.h>

struct account;

/*
 * Finds NAME, or no account for NULL, with getpwnam(3) and getspnam(3).  With
 * VALID_SHELLS accounts are usable only with a shell to log in with.
 * Returns 0 also for an unknown user, or -1 with the reason logged.
 */
int system_find(struct account *a, const char *name, bool valid_shells);

/*
 * Before a refusal: does what the lookup of a name of the other kind, one that
 * there is or is not, would have done.
 * Returns -1, logged, where the files of accounts cannot be read.
 */
int system_equalize_time(const struct account *a);

#endif
