/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Moving what stays of an mbox towards its beginning, safely.
 */
#ifndef POPIN_MBOX_MOVE_H
#define POPIN_MBOX_MOVE_H

#include <stdbool.h>

#include "maildrop/maildrop.h"
#include "mbox/mbox_journal.h"

/*
 * Makes the mbox consist of what is before PLAN->first and of the ranges; at
 * least one, and something between them goes.  Sets everything else in PLAN.
 * False, logged, when that did not happen, or only in part; then the journal
 * knows.
 */
bool mbox_move(struct journal_plan *plan);

/*
 * Finishes an UPDATE that was interrupted, or sets the journal aside.  The
 * delivery lock is held, unless there is no mbox.
 */
enum maildrop_result mbox_replay(void);

/* Renames the journal, and logs WHY.  False, logged, where that fails. */
bool mbox_move_set_aside(const char *why);

#endif
