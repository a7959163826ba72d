/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The accounts of a passwd-file.
 */
#ifndef POPIN_PASSWDFILE_H
#define POPIN_PASSWDFILE_H

#include <stdbool.h>

struct account;

/*
 * Finds NAME in FILE; for NULL it finds no account.  FILE is not copied.  With
 * ANY_CASE capitals of ASCII are the same as small letters.  ADDRESS is the
 * client's, or NULL.  Returns 0, also for an unknown user, or -1 with the
 * reason logged.
 */
int passwdfile_find(struct account *a, const char *name, bool any_case,
    const char *file, const char *address);

#endif
