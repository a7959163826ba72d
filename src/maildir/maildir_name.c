/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Names of messages in a Maildir.
 * Runs as: session.  Input: file names, any bytes but NUL and slash.
 */
#include "config.h"

#include "maildir/maildir_name.h"

#include <string.h>

#include "lib/hex.h"
#include "lib/number.h"
#include "lib/sha256.h"
#include "maildrop/maildrop.h"
#include "maildrop/uidl.h"

static bool
is_letter(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/*
 * If file names cannot have a colon programs write another character for it.
 * That one can be part of a base name as well, so "2," and then nothing but
 * flags must follow.
 */
size_t
maildir_base(const char *name, size_t len)
{
	const char *colon = memchr(name, ':', len);
	size_t end = len;

	if (colon != NULL)
		return (size_t)(colon - name);
	while (end > 0 && is_letter(name[end - 1]))
		end--;
	if (end > 3 && (name[end - 3] == ';' || name[end - 3] == '!') &&
	    name[end - 2] == '2' && name[end - 1] == ',')
		return end - 3;
	return len;
}

static size_t
digits(const char *p, size_t len)
{
	size_t n = 0;

	while (n < len && p[n] >= '0' && p[n] <= '9')
		n++;
	return n;
}

/*
 * The number of all digits that P begins with.  If it is too large it counts as
 * the largest.
 */
static uint64_t
leading_number(const char *p, size_t len)
{
	uint64_t value = 0;
	size_t n = digits(p, len);

	if (n > 0 && !number_parse(p, n, UINT64_MAX, &value))
		return UINT64_MAX;
	return value;
}

uint64_t
maildir_time(const char *name, size_t len)
{
	return leading_number(name, len);
}

static bool
microseconds(const char *name, size_t len, uint64_t *value)
{
	size_t at = digits(name, len);

	if (len - at < 3 || name[at] != '.' || name[at + 1] != 'M' ||
	    digits(name + at + 2, 1) == 0)
		return false;
	*value = leading_number(name + at + 2, len - at - 2);
	return true;
}

int
maildir_compare(const char *a, size_t a_len, const char *b, size_t b_len)
{
	uint64_t x, y;
	bool has_x, has_y;
	int order;

	a_len = maildir_base(a, a_len);
	b_len = maildir_base(b, b_len);
	x = maildir_time(a, a_len);
	y = maildir_time(b, b_len);
	if (x != y)
		return x < y ? -1 : 1;
	has_x = microseconds(a, a_len, &x);
	has_y = microseconds(b, b_len, &y);
	if (has_x != has_y)
		return has_y ? -1 : 1;
	if (has_x && x != y)
		return x < y ? -1 : 1;
	order = memcmp(a, b, a_len < b_len ? a_len : b_len);
	if (order != 0 || a_len == b_len)
		return order;
	return a_len < b_len ? -1 : 1;
}

bool
maildir_same(const char *a, size_t a_len, const char *b, size_t b_len)
{
	a_len = maildir_base(a, a_len);
	return a_len == maildir_base(b, b_len) && memcmp(a, b, a_len) == 0;
}

/* The number that the field KEY= of the name has. */
static bool
number_of(const char *name, size_t len, char key, uint64_t *value)
{
	const char *end = name + maildir_base(name, len);
	const char *comma = memchr(name, ',', (size_t)(end - name));

	while (comma != NULL) {
		const char *field = comma + 1;
		size_t rest = (size_t)(end - field);
		const char *next = memchr(field, ',', rest);
		size_t n = next != NULL ? (size_t)(next - field) : rest;

		if (n > 2 && field[0] == key && field[1] == '=')
			return number_parse(
			    field + 2, n - 2, MAILDROP_MAX_OCTETS, value);
		comma = next;
	}
	return false;
}

bool
maildir_bytes(const char *name, size_t len, uint64_t *bytes)
{
	return number_of(name, len, 'S', bytes);
}

/* One octet more for each LF, at most, and two where the last line has none. */
bool
maildir_octets_possible(uint64_t octets, uint64_t bytes)
{
	return octets >= bytes && octets - bytes <= bytes + 2;
}

bool
maildir_octets(const char *name, size_t len, uint64_t *octets)
{
	uint64_t bytes, told;

	if (!number_of(name, len, 'W', &told) ||
	    (maildir_bytes(name, len, &bytes) &&
		!maildir_octets_possible(told, bytes)))
		return false;
	*octets = told;
	return true;
}

size_t
maildir_uidl_hash(const char *name, size_t len, char *buf)
{
	unsigned char digest[SHA256_SIZE];

	sha256_of(name, maildir_base(name, len), digest);
	return hex_format(buf, digest, sizeof digest);
}

size_t
maildir_uidl(const char *name, size_t len, char *buf)
{
	size_t base = maildir_base(name, len);

	if (!uidl_valid(name, base) || hex_is(name, base, SHA256_SIZE))
		return maildir_uidl_hash(name, base, buf);
	memcpy(buf, name, base);
	return base;
}
