/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Unique-ids that other servers make of the header of a message in an mbox.
 *
 *	popa3d	 half of an MD5 of the first Received field, of Date and
 *		 Message-ID where they come before it, and of all Delivered-To
 *		 and X-Delivery-ID fields
 *	solid	 the MD5 of all lines that begin with Received:, Date:,
 *		 Message-Id: or Subject:, written just so; not of what
 *		 continues them
 *	x-uidl	 the X-UIDL field, which qpopper and mailutils write
 *	dovecot	 %08Xu%08Xv of X-UID and of the X-IMAPbase of the first message
 *	uw	 the same the other way round
 *
 * Runs as: popin-import.  Input: headers, which anyone may have written.
 */
#include "config.h"

#include "import/import_header.h"

#include <string.h>

#include "lib/field.h"
#include "lib/hex.h"
#include "lib/md5.h"
#include "lib/number.h"
#include "maildrop/uidl.h"

bool
import_header_ends(const char *p, size_t len)
{
	const char *end = p + len;
	struct field f;

	while (field_next(&p, end, &f))
		;
	return p < end;
}

/* The value on the first line, without the blanks around it. */
static void
value_of(const struct field *f, const char **value, size_t *len)
{
	const char *end = f->name + f->line;
	const char *p = memchr(f->name, ':', f->line);

	p = p != NULL ? p + 1 : end;
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	while (end > p &&
	    (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r' ||
		end[-1] == '\n'))
		end--;
	*value = p;
	*len = (size_t)(end - p);
}

/* The number that the value begins with, up to a blank; 0 without one. */
static uint32_t
number_of(const struct field *f)
{
	const char *value, *blank;
	uint64_t n = 0;
	size_t len;

	value_of(f, &value, &len);
	blank = memchr(value, ' ', len);
	if (blank != NULL)
		len = (size_t)(blank - value);
	return number_parse(value, len, UINT32_MAX, &n) ? (uint32_t)n : 0;
}

/* ---- what servers make of it ---- */

static size_t
popa3d(const char *p, const char *end, char *id)
{
	unsigned char digest[MD5_SIZE], order[8];
	bool received = false;
	struct field f;
	struct md5 m;

	md5_start(&m);
	while (field_next(&p, end, &f)) {
		bool first = field_is(&f, "Received:") && !received;

		if (first || field_is(&f, "Delivered-To:") ||
		    field_is(&f, "X-Delivery-ID:") ||
		    (!received &&
			(field_is(&f, "Date:") || field_is(&f, "Message-ID:"))))
			md5_add(&m, f.name, f.len);
		received |= first;
	}
	md5_end(&m, digest);
	/* as two numbers of a machine that stores the low byte first */
	for (size_t i = 0; i < sizeof order; i++)
		order[i] = digest[i ^ 3];
	return hex_format(id, order, sizeof order);
}

static bool
is_fixed(const struct field *f)
{
	static const char *const names[] = {
		"Received:", "Date:", "Message-Id:", "Subject:"
	};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		size_t len = strlen(names[i]);

		if (f->line >= len && memcmp(f->name, names[i], len) == 0)
			return true;
	}
	return false;
}

static size_t
solid(const char *p, const char *end, char *id)
{
	unsigned char digest[MD5_SIZE];
	struct field f;
	struct md5 m;

	md5_start(&m);
	while (field_next(&p, end, &f))
		if (is_fixed(&f))
			md5_add(&m, f.name, f.line);
	md5_end(&m, digest);
	return hex_format(id, digest, sizeof digest);
}

/* The first one counts. */
static size_t
x_uidl(const char *p, const char *end, char *id)
{
	struct field f;
	const char *value;
	size_t len;

	while (field_next(&p, end, &f)) {
		if (!field_is(&f, "X-UIDL:"))
			continue;
		value_of(&f, &value, &len);
		if (!uidl_valid(value, len))
			return 0;
		memcpy(id, value, len);
		return len;
	}
	return 0;
}

static size_t
numbered(enum import_scheme scheme, uint32_t validity, const char *p,
    const char *end, char *id)
{
	bool upper = scheme == IMPORT_DOVECOT_UPPER;
	uint32_t uid = 0;
	struct field f;
	size_t n;

	while (uid == 0 && field_next(&p, end, &f))
		if (field_is(&f, "X-UID:"))
			uid = number_of(&f);
	if (uid == 0 || validity == 0)
		return 0;
	n = hex_format32(id, scheme == IMPORT_UW ? validity : uid, upper);
	return n +
	    hex_format32(id + n, scheme == IMPORT_UW ? uid : validity, upper);
}

/* ---- interface ---- */

uint32_t
import_header_validity(const char *p, size_t len)
{
	const char *end = p + len;
	struct field f;

	while (field_next(&p, end, &f))
		if (field_is(&f, "X-IMAPbase:") || field_is(&f, "X-IMAP:"))
			return number_of(&f);
	return 0;
}

size_t
import_header_id(enum import_scheme scheme, uint32_t validity, const char *p,
    size_t len, char *id)
{
	const char *end = p + len;

	switch (scheme) {
	case IMPORT_AUTO:
	case IMPORT_XUIDL:
		return x_uidl(p, end, id);
	case IMPORT_POPA3D:
		return popa3d(p, end, id);
	case IMPORT_SOLID:
		return solid(p, end, id);
	case IMPORT_UW:
	case IMPORT_DOVECOT:
	case IMPORT_DOVECOT_UPPER:
		return numbered(scheme, validity, p, end, id);
	default:
		return 0;
	}
}
