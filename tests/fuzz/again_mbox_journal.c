/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * mbox_journal.c as it is, with a function that resets it, as popin needs none.
 */
#include "mbox/mbox_journal.c"
/* not sorted in above */
#include "again.h"

void
again_mbox_journal(void)
{
	memset(&journal, 0, sizeof journal);
	journal.fd = journal.dir_fd = -1;
}
