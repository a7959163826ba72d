/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * uidl_store.c as it is, and what its process never needs: a second beginning.
 */
#include "maildrop/uidl_store.c"
/* not sorted in above */
#include "again.h"

void
again_uidl_store(void)
{
	free(store.bytes);
	free(store.slots);
	memset(&store, 0, sizeof store);
}
