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
 * HOME_FD (-1: there is none), and makes it where it is missing.  Where that
 * fails it logs, and mbox_trash_start() will fail.
 */
void mbox_trash_open(int home_fd, const char *folder);
bool mbox_trash_wanted(void);

/*
 * Locks it; adds the bytes of mbox.fd from START to END, which are a message
 * from its From_ line on; syncs what was added, or takes it back unless KEEP,
 * and unlocks.  All log and return false when they fail; after a start that
 * worked there must be an end.
 */
bool mbox_trash_start(void);
bool mbox_trash_add(uint64_t start, uint64_t end);
bool mbox_trash_end(bool keep);

#endif
