/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * mbox_journal.c as it is, and what its process never needs: a second beginning.
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
