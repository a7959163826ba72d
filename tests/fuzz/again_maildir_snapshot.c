/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * maildir_snapshot.c as it is, and what its process never needs: a second
 * beginning.
 */
#include "maildir/maildir_snapshot.c"
/* not sorted in above */
#include "again.h"

void
again_maildir_snapshot(void)
{
	memset(&snapshot, 0, sizeof snapshot);
	snapshot.state.fd = -1;
}
