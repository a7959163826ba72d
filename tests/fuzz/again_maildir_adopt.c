/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * maildir_adopt.c as it is, and what its process never needs: a second
 * beginning.
 */
#include "maildir/maildir_adopt.c"
/* not sorted in above */
#include <string.h>

#include "again.h"

void
again_maildir_adopt(void)
{
	free(adopt.ids);
	memset(&adopt, 0, sizeof adopt);
}
