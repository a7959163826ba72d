/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * What other servers left behind to make unique-ids of: their indexes of a
 * Maildir, headers in an mbox.  Names point into the line; ids fit.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "descriptors.h"
#include "maildrop/uidl.h"
#include "maildrop/uidl_index.h"
#include "mbox/mbox_foreign.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len);

enum { LINE_MAX_BYTES = 2048, SCHEMES = UIDL_XUIDL + 1 };

static void
read_index(const struct uidl_index *index, int fd, enum uidl_scheme scheme)
{
	enum uidl_status status = uidl_index_start(index, fd, scheme);
	size_t lines = 0, bytes = file_bytes(fd).len;

	while (status == UIDL_LINE || (status == UIDL_WRONG && lines > 0)) {
		struct uidl_line line;

		memset(&line, 0, sizeof line);
		status = uidl_index_next(&line);
		MUST(++lines <= bytes + 1);
		if (status != UIDL_LINE)
			continue;
		MUST(line.name_len > 0 && line.name_len <= LINE_MAX_BYTES);
		MUST(memchr(line.name, '\n', line.name_len) == NULL);
		MUST(line.id_len <= sizeof line.id);
	}
	MUST(status != UIDL_FAILED);
}

static void
read_header(const char *p, size_t len)
{
	char id[MAILDROP_UIDL_MAX];

	(void)mbox_header_ends(p, len);
	(void)mbox_validity(p, len);
	for (int s = UIDL_OWN; s < SCHEMES; s++) {
		size_t n;

		if (!mbox_foreign((enum uidl_scheme)s))
			continue;
		n = mbox_foreign_id((enum uidl_scheme)s, p, len, id);
		MUST(n <= sizeof id);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	struct input in = { p, len };
	enum uidl_scheme scheme = take_byte(&in) % SCHEMES;
	char *copy;
	int fd;

	descriptors_reset();
	fd = file_make(0, "index", in.p, in.len);
	read_index(&uidl_courier, fd, scheme);
	read_index(&uidl_dovecot, fd, scheme);
	copy = malloc(in.len);
	MUST(copy != NULL || in.len == 0);
	if (in.len > 0)
		memcpy(copy, in.p, in.len);
	read_header(copy, in.len);
	free(copy);
	return 0;
}
