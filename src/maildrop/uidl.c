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

static int
digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool
uidl_is_hex(const char *p, size_t len, size_t n)
{
	if (len != 2 * n)
		return false;
	for (size_t i = 0; i < len; i++)
		if (digit(p[i]) == -1)
			return false;
	return true;
}

bool
uidl_unhex(unsigned char *bytes, const char *p, size_t n)
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
uidl_hex(char *to, const unsigned char *bytes, size_t n)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		to[2 * i] = digits[bytes[i] >> 4];
		to[2 * i + 1] = digits[bytes[i] & 15];
	}
	return 2 * n;
}

size_t
uidl_hex32(char *to, uint32_t value, bool upper)
{
	const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";

	for (int i = 7; i >= 0; i--) {
		to[i] = digits[value & 15];
		value >>= 4;
	}
	return 8;
}
