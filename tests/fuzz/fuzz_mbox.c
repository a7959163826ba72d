/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The mbox parser.  It finds the messages that a simple reader finds, and
 * counts the octets that body.c counts: from the beginning, and when it goes on
 * from what the state file remembers after mail was delivered.
 */
#include "config.h"

#include <string.h>

#include "again.h"
#include "descriptors.h"
#include "mbox/mbox_entry.h"
#include "mbox/mbox_file.h"
#include "mboxes.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len);

enum {
	WINDOW = 256 * 1024, /* the scanner's buffer; its edge matters */
	BEFORE_MAX = 255
};

static struct maildrop md;
static struct reference reference;

/*
 * Makes an mbox with a first message so long that what is added to it begins
 * BACK bytes before the end of the scanner's buffer.
 */
static int
long_mbox(size_t back)
{
	static char filler[WINDOW];
	static const char begin[] = "From a Mon Jan  1 00:00:00 2024\n\n";

	if (filler[0] == '\0') {
		memset(filler, 'x', sizeof filler);
		memcpy(filler, begin, sizeof begin - 1);
	}
	return file_make(0, "box", filler, sizeof filler - back);
}

static void
session(int fd)
{
	struct input bytes = file_bytes(fd);
	bool sound = reference_read(&reference, bytes);
	enum maildrop_result result = mboxes_open(&md);

	MUST(result == MAILDROP_OK);
	result = maildrop_scan(&md);
	MUST((result == MAILDROP_OK) == sound);
	if (sound) {
		reference_compare(&reference, bytes, &md);
		md.ops->close(&md);
	}
	MUST(file_bytes(fd).len == bytes.len);
	again(&md);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	struct input in = { p, len }, first;
	unsigned flags = take_byte(&in);
	size_t back = take_byte(&in), cut = take_two(&in);
	int fd;

	descriptors_reset();
	first = take_bytes(&in, flags & 1 ? cut : in.len);
	if ((flags & 142) == 142)
		fd = long_mbox(back);
	else
		fd = file_make(0, "box", "", 0);
	file_append(fd, first.p, first.len);
	clock_forward(flags & 16 ? 10 : 0);
	session(fd);
	if (flags & 32)
		clock_forward(10);
	file_append(fd, in.p, in.len);
	if (in.len > 0 || flags & 64)
		session(fd);
	return 0;
}
