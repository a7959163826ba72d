/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Decimal numbers.
 * Runs as: every role.  Input: digits from anyone.
 */
#include "config.h"

#include "lib/number.h"

#include <string.h>

bool
number_parse(const char *p, size_t len, uint64_t max, uint64_t *value)
{
	uint64_t v = 0;

	if (len == 0)
		return false;
	for (size_t i = 0; i < len; i++) {
		uint64_t digit;

		if (p[i] < '0' || p[i] > '9')
			return false;
		digit = (uint64_t)(p[i] - '0');
		if (i >= NUMBER_DIGITS - 1 && v > (UINT64_MAX - digit) / 10)
			return false; /* fewer digits always fit */
		v = v * 10 + digit;
	}
	if (v > max)
		return false;
	*value = v;
	return true;
}

size_t
number_format(char *buf, uint64_t value)
{
	char tmp[NUMBER_DIGITS];
	size_t at = sizeof tmp;

	do {
		tmp[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value != 0);
	memcpy(buf, tmp + at, sizeof tmp - at);
	return sizeof tmp - at;
}
