/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Base64 (RFC 4648, section 4).
 * Runs as: login, verify.  Input: from the client; from a passwd-file.
 *
 * Both directions compute instead of looking up in a table: what is decoded
 * here are passwords, and a table would leave traces of them in the cache.
 */
#include "config.h"

#include "lib/base64.h"

#include <stdint.h>

/* All ones where LOW <= c <= HIGH, else 0. */
static uint32_t
between(uint32_t c, uint32_t low, uint32_t high)
{
	return (((c - low) | (high - c)) >> 31) - 1;
}

static uint32_t
equals(uint32_t c, uint32_t what)
{
	return between(c, what, what);
}

static char
digit(uint32_t v)
{
	return (char)((between(v, 0, 25) & (v + 'A')) |
	    (between(v, 26, 51) & (v - 26 + 'a')) |
	    (between(v, 52, 61) & (v - 52 + '0')) | (equals(v, 62) & '+') |
	    (equals(v, 63) & '/'));
}

/* The value of a character; bit 8 is set where it is none. */
static uint32_t
value(char character)
{
	uint32_t c = (unsigned char)character;
	uint32_t upper = between(c, 'A', 'Z'), lower = between(c, 'a', 'z');
	uint32_t number = between(c, '0', '9');
	uint32_t plus = equals(c, '+'), slash = equals(c, '/');

	return (upper & (c - 'A')) | (lower & (c - 'a' + 26)) |
	    (number & (c - '0' + 52)) | (plus & 62) | (slash & 63) |
	    (~(upper | lower | number | plus | slash) & 0x100);
}

size_t
base64_encode(char *out, const void *p, size_t len)
{
	const unsigned char *in = p;
	size_t n = 0;

	for (size_t i = 0; i < len; i += 3) {
		uint32_t bits = (uint32_t)in[i] << 16;

		if (len - i > 1)
			bits |= (uint32_t)in[i + 1] << 8;
		if (len - i > 2)
			bits |= in[i + 2];
		out[n++] = digit(bits >> 18);
		out[n++] = digit(bits >> 12 & 63);
		out[n++] = (char)(len - i > 1 ? digit(bits >> 6 & 63) : '=');
		out[n++] = (char)(len - i > 2 ? digit(bits & 63) : '=');
	}
	return n;
}

bool
base64_decode(
    void *out, size_t size, const char *p, size_t len, size_t *out_len)
{
	unsigned char *to = out;
	size_t padding = 0, n = 0;
	uint32_t wrong = 0;

	if (len % 4 != 0)
		return false;
	if (len > 0 && p[len - 1] == '=')
		padding = p[len - 2] == '=' ? 2 : 1;
	*out_len = BASE64_DECODED(len) - padding;
	if (*out_len > size)
		return false;
	for (size_t i = 0; i < len; i += 4) {
		size_t cut = i + 4 == len ? padding : 0;
		uint32_t bits = value(p[i]) << 18 | value(p[i + 1]) << 12;
		uint32_t third = cut > 1 ? 0 : value(p[i + 2]);
		uint32_t fourth = cut > 0 ? 0 : value(p[i + 3]);

		wrong |=
		    (value(p[i]) | value(p[i + 1]) | third | fourth) & 0x100;
		bits = (bits | third << 6 | fourth) & 0xffffff;
		if (cut > 0)
			wrong |= bits & (cut > 1 ? 0xffff : 0xff);
		to[n++] = (unsigned char)(bits >> 16);
		if (cut < 2)
			to[n++] = (unsigned char)(bits >> 8);
		if (cut < 1)
			to[n++] = (unsigned char)bits;
	}
	return wrong == 0;
}
