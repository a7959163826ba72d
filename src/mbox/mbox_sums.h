/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The checksums of units by which a journal knows its mbox (mbox_journal.h).
 */
#ifndef POPIN_MBOX_SUMS_H
#define POPIN_MBOX_SUMS_H

#include <stdbool.h>

#include "mbox/mbox_journal.h"

/* What a step has to do with an mbox. */
enum mbox_fit {
	MBOX_FITS,    /* it is the one, and not done yet */
	MBOX_DONE,    /* it is the one, and nothing is left to be done */
	MBOX_CHANGED, /* by somebody else */
	MBOX_UNKNOWN  /* it cannot be read, logged, see errno */
};

/* Writes the sums of the whole PLAN; as mbox_cannot_journal(). */
bool mbox_sums_write(const struct journal_plan *plan);

/*
 * Compares the mbox, of SIZE bytes, with the journal.  STEP is NULL for a plan
 * that was not begun: then MBOX_DONE means that nobody else has changed it.
 */
enum mbox_fit mbox_sums_compare(const struct journal_plan *plan,
    const struct journal_step *step, uint64_t size);

#endif
