/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * courierpop3dsizelist, versions 2 and 3, of Courier's POP3 server:
 *
 *	/3 NEXT VALIDITY
 *	NAME SIZE N:VALIDITY:UTF8	(version 2: without :UTF8)
 *
 * in the order of the messages.  The id is UIDn-validity, or UIDn where
 * validity is 0.  N is 0 for mail that is older than these numbers: then its id
 * is the base name, with +XX for each byte that is not harmless.
 * Runs as: popin-import.  Input: see import_index.c.
 */
#include "config.h"

#include <string.h>

#include "import/import_index.h"
#include "lib/number.h"
#include "maildir/maildir_name.h"

bool
import_courier_header(struct import_header *h, const char *p, size_t len)
{
	const char *end = p + len, *word;
	size_t n;
	uint64_t next;

	return len > 1 && *p++ == '/' && import_word(&p, end, &word, &n) &&
	    number_parse(word, n, 3, &h->version) && h->version >= 2 &&
	    import_word(&p, end, &word, &n) &&
	    number_parse(word, n, UINT64_MAX, &next) &&
	    import_word(&p, end, &word, &n) &&
	    number_parse(word, n, UINT64_MAX, &h->validity) && p == end;
}

/* Takes the last word off the text P of *LEN bytes. */
static bool
last_word(const char *p, size_t *len, const char **word, size_t *word_len)
{
	size_t at = *len;

	while (at > 0 && p[at - 1] != ' ')
		at--;
	*word = p + at;
	*word_len = *len - at;
	*len = at - (at > 0);
	return at > 0;
}

/* The COUNT numbers between colons that are all there is at P. */
static bool
numbers(const char *p, const char *end, uint64_t *value, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *colon = memchr(p, ':', (size_t)(end - p));
		const char *stop = colon != NULL ? colon : end;

		if ((colon == NULL) != (i + 1 == count) ||
		    !number_parse(p, (size_t)(stop - p), UINT64_MAX, &value[i]))
			return false;
		p = stop + 1;
	}
	return true;
}

/* False where the id is longer than any can be. */
static bool
escaped_name(struct import_line *line)
{
	static const char hex[] = "0123456789ABCDEF";
	size_t len = maildir_base(line->name, line->name_len), n = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)line->name[i];
		bool plain =
		    c >= 0x21 && c <= 0x7e && c != '\'' && c != '"' && c != '+';

		if (n + (plain ? 1 : 3) > sizeof line->id)
			return false;
		if (!plain) {
			line->id[n++] = '+';
			line->id[n++] = hex[c >> 4];
			line->id[n++] = hex[c & 15];
		} else {
			line->id[n++] = (char)c;
		}
	}
	line->id_len = n;
	return n > 0;
}

static void
numbered(struct import_line *line, uint64_t n, uint64_t validity)
{
	size_t at = 3;

	memcpy(line->id, "UID", at);
	at += number_format(line->id + at, n);
	if (validity != 0) {
		line->id[at++] = '-';
		at += number_format(line->id + at, validity);
	}
	line->id_len = at;
}

bool
import_courier_line(const struct import_header *h, const char *p, size_t len,
    struct import_line *line)
{
	enum { NUMBER, VALIDITY, UTF8 };
	const char *word, *ids;
	size_t ids_len, n;
	uint64_t size, value[3] = { 0, 0, 0 };

	if (!last_word(p, &len, &ids, &ids_len) ||
	    !last_word(p, &len, &word, &n) || len == 0 ||
	    !number_parse(word, n, UINT64_MAX, &size) ||
	    !numbers(ids, ids + ids_len, value, h->version >= 3 ? 3 : 2) ||
	    value[UTF8] > 1)
		return false;
	line->name = p;
	line->name_len = len;
	if (value[NUMBER] == 0)
		return escaped_name(line);
	numbered(line, value[NUMBER], value[VALIDITY]);
	return true;
}
