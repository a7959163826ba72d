/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * dovecot-uidlist of Dovecot, version 3, and version 1 of its first releases
 * (which is what programs that convert from Courier write):
 *
 *	3 VVALIDITY NNEXT GGUID ...
 *	UID [KVALUE ...] :NAME
 *
 *	1 VALIDITY NEXT
 *	UID NAME
 *
 * The id is the value with key P (the base name if that is empty), else what
 * pop3_uidl_format makes of uid and validity; its default is %08Xu%08Xv.
 * Runs as: popin-import.  Input: see import_index.c.
 */
#include "config.h"

#include <string.h>

#include "import/import_index.h"
#include "lib/hex.h"
#include "lib/number.h"

bool
import_dovecot_header(struct import_header *h, const char *p, size_t len)
{
	const char *end = p + len, *word;
	size_t n;
	bool found = false;

	if (!import_word(&p, end, &word, &n) ||
	    !number_parse(word, n, 3, &h->version))
		return false;
	if (h->version == 1)
		return import_word(&p, end, &word, &n) &&
		    number_parse(word, n, UINT32_MAX, &h->validity);
	while (h->version == 3 && import_word(&p, end, &word, &n))
		if (word[0] == 'V')
			found = number_parse(
			    word + 1, n - 1, UINT32_MAX, &h->validity);
	return found;
}

/* One key and value.  Keys that do not matter here are passed over. */
static bool
take_value(struct import_line *line, const char *word, size_t len, bool *set)
{
	uint64_t order;

	switch (word[0]) {
	case 'P':
		if (len - 1 > sizeof line->id)
			return false;
		memcpy(line->id, word + 1, len - 1);
		line->id_len = len - 1;
		*set = true;
		return true;
	case 'O':
		return number_parse(word + 1, len - 1, UINT32_MAX, &order);
	default:
		return word[0] >= 'A' && word[0] <= 'Z';
	}
}

bool
import_dovecot_line(const struct import_header *h, const char *p, size_t len,
    struct import_line *line)
{
	bool set = false;
	const char *end = p + len, *word;
	uint64_t uid;
	size_t n;

	if (!import_word(&p, end, &word, &n) ||
	    !number_parse(word, n, UINT32_MAX - 1, &uid) || uid == 0)
		return false;
	while (h->version == 3 && p != end && *p != ':')
		if (!import_word(&p, end, &word, &n) ||
		    !take_value(line, word, n, &set))
			return false;
	if (h->version == 3 && (p == end || *p++ != ':'))
		return false;
	line->name = p;
	line->name_len = (size_t)(end - p);
	if (!set) {
		line->id_len = hex_format32(line->id, (uint32_t)uid, h->upper);
		line->id_len += hex_format32(
		    line->id + line->id_len, (uint32_t)h->validity, h->upper);
	}
	return line->name_len > 0;
}
