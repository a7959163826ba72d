/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Becoming the user.
 */
#ifndef POPIN_BECOME_H
#define POPIN_BECOME_H

struct account;

/*
 * Becomes the user of A for good, goes to its home, sets the environment and
 * executes ARGV.  Returns only where that fails, with the reason logged.
 */
void become_and_exec(const struct account *a, char *const *argv);

#endif
