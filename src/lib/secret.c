/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Comparing secrets.
 * Runs as: verify.  Input: what a client claims, and what it should be.
 */
#include "config.h"

#include "lib/secret.h"

bool
secret_equal(const void *a, const void *b, size_t len)
{
	const unsigned char *p = a, *q = b;
	/* volatile: no compiler may find out that it could stop early. */
	volatile unsigned char difference = 0;

	for (size_t i = 0; i < len; i++)
		difference |= p[i] ^ q[i];
	return difference == 0;
}
