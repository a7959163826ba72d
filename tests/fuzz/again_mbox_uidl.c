/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * mbox_uidl.c as it is, with a function that resets it, as popin needs none.
 */
#include "mbox/mbox_uidl.c"
/* not sorted in above */
#include "again.h"

void
again_mbox_uidl(void)
{
	free(old.all);
	memset(&old, 0, sizeof old);
	cache.len = 0;
}
