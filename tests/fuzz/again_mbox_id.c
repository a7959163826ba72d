/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * mbox_id.c as it is, and what its process never needs: a second beginning.
 */
#include "mbox/mbox_id.c"
/* not sorted in above */
#include "again.h"

void
again_mbox_id(void)
{
	free(memories.all);
	memset(&memories, 0, sizeof memories);
	cache.len = 0;
}
