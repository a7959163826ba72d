/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The reader of popin.uidl, and of what popin-import prints.  It does not
 * matter how the text is cut into pieces; nothing gets into the map that is not
 * a valid id, or is there already; what is written is read again as it was.
 */
#include "config.h"

#include <string.h>

#include "descriptors.h"
#include "maildrop/uidl_map.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len);

enum { IDS = 64 };

/* Reads it in pieces of STEP bytes; returns the text that is written then. */
static struct input
read_in(struct uidl_text *t, struct input text, size_t step)
{
	int fd = file_make(0, "map", "", 0);

	uidl_map_clear();
	uidl_text_start(t);
	for (size_t at = 0; at < text.len; at += step) {
		size_t n = text.len - at < step ? text.len - at : step;

		MUST(uidl_text_feed(t, (const char *)text.p + at, n));
	}
	MUST(uidl_map_write(fd, t->scheme[0] != '\0' ? t->scheme : "none"));
	return file_bytes(fd);
}

/* In each line both ids are valid, and one is found by the other. */
static void
check_lines(struct input text)
{
	const char *p = (const char *)text.p, *end = p + text.len;
	size_t count = 0;

	for (p = memchr(p, '\n', text.len); p != NULL && p + 1 < end;) {
		const char *line = p + 1, *blank;
		char theirs[MAILDROP_UIDL_MAX];
		size_t len, n;

		p = memchr(line, '\n', (size_t)(end - line));
		MUST(p != NULL);
		blank = memchr(line, ' ', (size_t)(p - line));
		if (blank == NULL) {
			MUST(p + 1 == end && p - line == 3);
			continue;
		}
		n = (size_t)(p - blank) - 1;
		MUST(uidl_valid(line, (size_t)(blank - line)));
		MUST(uidl_valid(blank + 1, n));
		len = uidl_map_get(line, (size_t)(blank - line), theirs);
		MUST(len == n && memcmp(theirs, blank + 1, n) == 0);
		MUST(uidl_map_has(theirs, n));
		count++;
	}
	MUST(count == uidl_map_count());
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	struct input in = { p, len }, once, again;
	size_t step = take_byte(&in) % IDS + 1;
	struct uidl_text a, b, c;

	descriptors_reset();
	once = read_in(&a, in, in.len + 1);
	check_lines(once);
	again = read_in(&b, in, step);
	MUST(once.len == again.len && memcmp(once.p, again.p, once.len) == 0);
	MUST(a.wrong == b.wrong && a.ended == b.ended && a.used == b.used);
	again = read_in(&c, once, step);
	MUST(uidl_text_is_whole(&c));
	MUST(once.len == again.len && memcmp(once.p, again.p, once.len) == 0);
	uidl_map_clear();
	return 0;
}
