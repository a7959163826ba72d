/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Where messages of an mbox go before they are removed: --trash.
 */
#ifndef POPIN_MBOX_TRASH_H
#define POPIN_MBOX_TRASH_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Opens the mbox of the trash FOLDER (NULL: none is wanted) in the directory
 * HOME_FD (-1: there is none), and creates it where it is missing.  Failures
 * are logged, and make mbox_trash_start() fail.
 */
void mbox_trash_open(int home_fd, const char *folder);
bool mbox_trash_wanted(void);

/*
 * These log their failures and return false.  A start that worked must have an
 * end.
 */

/* Locks the trash. */
bool mbox_trash_start(void);
/* Adds a message from its From_ line on: START to END in the mbox. */
bool mbox_trash_add(uint64_t start, uint64_t end);
/* Syncs what was added, or takes it back unless KEEP; unlocks the trash. */
bool mbox_trash_end(bool keep);

#endif
