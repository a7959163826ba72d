/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Hexadecimal digits.
 * Runs as: session, verify.  Input: digests, ids that anybody may have made up.
 */
#include "config.h"

#include "lib/hex.h"

static int
digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool
hex_is(const char *p, size_t len, size_t n)
{
	if (len != 2 * n)
		return false;
	for (size_t i = 0; i < len; i++)
		if (digit(p[i]) == -1)
			return false;
	return true;
}

bool
hex_parse(unsigned char *bytes, const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int high = digit(p[2 * i]), low = digit(p[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		bytes[i] = (unsigned char)(high * 16 + low);
	}
	return true;
}

size_t
hex_format(char *to, const unsigned char *bytes, size_t n)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		to[2 * i] = digits[bytes[i] >> 4];
		to[2 * i + 1] = digits[bytes[i] & 15];
	}
	return 2 * n;
}

size_t
hex_format32(char *to, uint32_t value, bool upper)
{
	const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";

	for (int i = 7; i >= 0; i--) {
		to[i] = digits[value & 15];
		value >>= 4;
	}
	return 8;
}
