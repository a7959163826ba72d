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
 * Makes the mbox consist of what is before PLAN->first and of the ranges of
 * PLAN, which may be none.  Fills in the rest of PLAN.  False, logged: nothing
 * was done; or only a part, and the journal finishes it at the next login.
 */
bool mbox_move(struct journal_plan *plan);

/*
 * Finishes an UPDATE that was interrupted, or sets its journal aside.  The
 * delivery lock is held, unless there is no mbox.  Failures are logged, but not
 * that the session has to end.
 */
enum maildrop_result mbox_replay(void);

/* Renames the journal, and logs WHY.  False, logged, where that fails. */
bool mbox_move_set_aside(const char *why);

#endif
