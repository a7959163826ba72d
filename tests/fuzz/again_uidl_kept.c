/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * uidl_kept.c as it is, with a function that resets it, as popin needs none.
 */
#include "maildrop/uidl_kept.c"
/* not sorted in above */
#include "again.h"

void
again_uidl_kept(void)
{
	memset(&kept, 0, sizeof kept);
	kept.fd = -1;
}
