/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Unique-ids.
 * Runs as: session.  Input: ids that anybody may have made up.
 */
#include "config.h"

#include "maildrop/uidl.h"

bool
uidl_valid(const char *p, size_t len)
{
	if (len == 0 || len > MAILDROP_UIDL_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		if (p[i] < 0x21 || p[i] > 0x7e)
			return false;
	return true;
}
