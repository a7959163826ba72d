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
 * VALID_SHELLS an account is usable only if its shell is one to log in with.
 * Returns 0, also for an unknown user, or -1 with the reason logged.
 */
int system_find(struct account *a, const char *name, bool valid_shells);

/*
 * To be called before a refusal, so that its time does not tell whether A
 * exists: after a name that exists it looks up one that does not, and the
 * reverse.  Returns -1, logged, if the files of accounts cannot be read.
 */
int system_equalize_time(const struct account *a);

#endif
