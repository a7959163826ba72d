/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * maildir_foreign.c as it is, and what its process never needs: a second
 * beginning.
 */
#include "maildir/maildir_foreign.c"
/* not sorted in above */
#include "again.h"

void
again_maildir_foreign(void)
{
	memset(&foreign, 0, sizeof foreign);
	foreign.fd = -1;
}
