/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The state file: any bytes at all; and records with a right checksum that
 * popin would not write of the mbox or the Maildir beside it.  The worst it may
 * do is to cost time: sessions work with it, and mail stays.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "again.h"
#include "descriptors.h"
#include "maildir/maildir.h"
#include "maildir/maildir_folders.h"
#include "maildir/maildir_state.h"
#include "maildrop/state.h"
#include "mbox/mbox_entry.h"
#include "mbox/mbox_file.h"
#include "mbox/mbox_state.h"
#include "mboxes.h"
#include "pop3/body.h"
#include "pop3/netio.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len);

enum { RECORDS = 64, COMMANDS_MAX = 512 };

static struct maildrop md;

static struct record {
	unsigned char bytes[STATE_RECORD_MAX];
	size_t len;
} records[RECORDS];

static size_t record_count;

static enum maildrop_result
open_drop(bool is_maildir)
{
	static const struct maildrop_settings settings = { .limit = 1000,
		.max_size = UINT64_MAX,
		.newest = UINT64_MAX,
		.uidl = "auto" };

	return is_maildir ? maildrop_open(&md, &maildir_ops, "//", &settings)
			  : mboxes_open(&md);
}

static void
read_records(struct state *s)
{
	const unsigned char *record;
	size_t len;

	record_count = 0;
	state_rewind(s);
	while (record_count < RECORDS && state_next(s, &record, &len)) {
		MUST(len <= UINT16_MAX);
		if (len > STATE_RECORD_MAX)
			continue;
		memcpy(records[record_count].bytes, record, len);
		records[record_count++].len = len;
	}
}

/* Changes bytes of what popin wrote, drops records, adds some. */
static void
change_records(struct input *in)
{
	for (unsigned n = take_byte(in) % 32; n > 0; n--) {
		unsigned which = take_byte(in), at = take_byte(in);
		struct record *r;

		if (record_count == 0 || which >= 240) {
			struct input bytes = take_bytes(in, at);

			if (record_count == RECORDS)
				continue;
			r = &records[record_count++];
			memcpy(r->bytes, bytes.p, bytes.len);
			r->len = bytes.len;
			continue;
		}
		r = &records[which % record_count];
		if (at < r->len)
			r->bytes[at] = (unsigned char)take_byte(in);
		else if (at >= 250)
			r->len = take_byte(in) % (r->len + 1);
	}
}

static void
write_records(struct state *s)
{
	state_write_start(s);
	for (size_t i = 0; i < record_count; i++)
		state_write(s, records[i].bytes, records[i].len);
	state_write_end(s);
}

/* Does with each message everything that a client can ask for. */
static void
use(void)
{
	char text[MAILDROP_UIDL_MAX];

	if (md.ops->identify != NULL)
		(void)md.ops->identify(&md);
	for (size_t i = 0; i < md.count; i++) {
		struct message *m = &md.messages[i];
		struct maildrop_source source;
		struct body b;

		MUST(md.ops->uidl(&md, m, text) <= sizeof text);
		if (md.ops->source(&md, m, &source) != MAILDROP_OK)
			continue;
		body_start(&b, NULL, BODY_ALL);
		if (body_copy(&b, source.fd, source.offset, source.bytes) ==
		    BODY_DONE)
			maildrop_counted(&md, m, b.octets);
		md.ops->release(&md, &source);
	}
}

/* Runs a session that deletes what is in MARKS. */
static void
session(bool is_maildir, int box, uint64_t marks)
{
	size_t before = file_bytes(box).len;
	enum maildrop_result result = open_drop(is_maildir);

	MUST(result == MAILDROP_OK);
	if (maildrop_scan(&md) != MAILDROP_OK) {
		again(&md);
		return;
	}
	use();
	MUST(file_bytes(box).len == before);
	for (size_t i = 0; i < md.count && i < 64; i++)
		if (marks >> i & 1)
			maildrop_delete(&md, &md.messages[i]);
	if (md.live < md.count)
		(void)md.ops->commit(&md);
	MUST(file_bytes(box).len <= before);
	md.ops->close(&md);
	again(&md);
}

/* Runs sessions until the state file has all that it can have. */
static void
rest(bool is_maildir)
{
	for (int i = 0; i < 2; i++) {
		clock_forward(10);
		MUST(open_drop(is_maildir) == MAILDROP_OK);
		if (maildrop_scan(&md) == MAILDROP_OK)
			md.ops->close(&md);
		again(&md);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	struct input in = { p, len }, mail;
	unsigned flags = take_byte(&in), marks = take_two(&in);
	bool is_maildir = flags & 1;
	struct state *s = is_maildir ? &maildir.state : &mbox.state;
	int box;

	descriptors_reset();
	mboxes_settings.uidl = flags & 64 ? "popa3d" : "own";
	mail = take_bytes(&in, take_two(&in) % 4096);
	box = file_make(
	    is_maildir ? 1 : 0, is_maildir ? "1.a" : "box", mail.p, mail.len);
	if (is_maildir)
		(void)file_make(2, "2.b:2,S", "x\n", 2);
	if (flags & 128)
		rest(is_maildir);
	clock_forward(flags & 2 ? 10 : 0);
	MUST(open_drop(is_maildir) == MAILDROP_OK);
	if (maildrop_scan(&md) == MAILDROP_OK) {
		if (md.ops->identify != NULL)
			(void)md.ops->identify(&md);
		if (is_maildir)
			maildir_state_write(&md);
		else
			mbox_state_write(&md);
	}
	if (flags & 4) {
		/* the bytes of the file as they are on disk */
		struct input file = file_bytes(s->fd);

		for (unsigned n = take_byte(&in) % 32; n > 0; n--) {
			size_t at = take_two(&in);
			uint8_t byte = (uint8_t)take_byte(&in);

			if (at < file.len)
				file_change(s->fd, at, &byte, 1);
		}
		if (flags & 8)
			file_append(s->fd, in.p, in.len);
	} else {
		read_records(s);
		change_records(&in);
		write_records(s);
	}
	again(&md);
	clock_forward(flags & 16 ? 10 : 0);
	session(is_maildir, box, flags & 32 ? marks : 0);
	session(is_maildir, box, 0);
	return 0;
}
