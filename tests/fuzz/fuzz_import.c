/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * popin-import: a Maildir with another server's file, or an mbox.  Whatever is
 * in them, what it prints is a text that the session reads, and nothing
 * changes.
 */
#include "config.h"

#include "import/import_maildir.c"
/* not sorted in above */
#include "again.h"
#include "descriptors.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len);

enum { MESSAGES = 16, SCHEMES = IMPORT_XUIDL + 1 };

/* Makes messages whose names may be in the file: a number and a letter, with or
 * without flags. */
static void
make_messages(struct input *in)
{
	unsigned count = take_byte(in) % (MESSAGES + 1);

	for (unsigned i = 0; i < count; i++) {
		char name[32] = "1.a";
		unsigned how = take_byte(in);

		name[0] = (char)('1' + i / 4);
		name[2] = (char)('a' + i % 4);
		if (how & 1)
			memcpy(name + 3, ":2,S", 5);
		(void)file_make(how & 2 ? 2 : 1, name, "x", 1);
	}
}

static void
check_text(void)
{
	int fd = file_make(0, "stdout", "", 0);
	struct uidl_text t;
	size_t count = uidl_map_count();
	struct input in;

	MUST(uidl_map_write(fd, "x"));
	in = file_bytes(fd);
	uidl_map_clear();
	uidl_text_start(&t);
	MUST(uidl_text_feed(&t, (const char *)in.p, in.len));
	MUST(uidl_text_is_whole(&t) && uidl_map_count() == count);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	static struct maildrop nothing;
	struct input in = { p, len };
	unsigned how = take_byte(&in);
	enum import_scheme scheme = (enum import_scheme)(how % 16 % SCHEMES);
	enum import_status status;
	const char *name =
	    how & 64 ? "dovecot-uidlist" : "courierpop3dsizelist";
	int fd;

	descriptors_reset();
	again(&nothing);
	memset(&file, 0, sizeof file);
	file.fd = -1;
	if (how & 128) {
		fd = file_make(0, "box", in.p, in.len);
		status = import_mbox("//box", &scheme);
	} else {
		make_messages(&in);
		fd = file_make(0, name, in.p, in.len);
		status = import_maildir("//", &scheme);
		MUST(status == IMPORT_FINE);
		free(maildir.names.all);
		memset(&maildir, 0, sizeof maildir);
	}
	MUST(status == IMPORT_FINE || status == IMPORT_NO_MAILDROP);
	MUST(file_bytes(fd).len == in.len);
	MUST(memcmp(file_bytes(fd).p, in.p, in.len) == 0 || in.len == 0);
	if (status == IMPORT_FINE)
		check_text();
	again(&nothing);
	return 0;
}
