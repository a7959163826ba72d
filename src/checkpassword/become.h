/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Becoming the user.
 */
#ifndef POPIN_BECOME_H
#define POPIN_BECOME_H

#include <stdbool.h>

struct account;

/*
 * Becomes the user of A for good, goes to its home, sets the environment and
 * executes ARGV.  WITH_GROUPS: an account of the system keeps its supplementary
 * groups.  Returns only if that fails, with the reason logged.
 */
void become_and_exec(
    const struct account *a, bool with_groups, char *const *argv);

#endif
