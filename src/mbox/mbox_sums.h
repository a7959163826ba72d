/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The checksums of units by which a journal knows its mbox (mbox_journal.h).
 */
#ifndef POPIN_MBOX_SUMS_H
#define POPIN_MBOX_SUMS_H

#include <stdbool.h>

#include "mbox/mbox_journal.h"

/* What the mbox is to a journal. */
enum mbox_fit {
	MBOX_FITS,    /* its mbox, and the step is not done */
	MBOX_DONE,    /* its mbox, and nothing is left to be done */
	MBOX_CHANGED, /* another program has changed it */
	MBOX_UNKNOWN  /* it cannot be read, logged, or the session has to end */
};

/*
 * Writes the sums of the whole PLAN to the journal.  False with errno; logged,
 * but for a full disk.
 */
bool mbox_sums_write(const struct journal_plan *plan);

/*
 * Compares the mbox, of SIZE bytes, with the journal.  STEP is NULL for a plan
 * that was not begun: then MBOX_DONE means that the mbox was not changed at
 * all.
 */
enum mbox_fit mbox_sums_compare(const struct journal_plan *plan,
    const struct journal_step *step, uint64_t size);

#endif
