/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The journal: any bytes at all; and plans and steps that carry right
 * checksums, but that no UPDATE of ours would have written.  Whatever it
 * says, the next login ends, writes nothing but what is in the mbox or in the
 * journal, and makes the mbox no longer than it was.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "again.h"
#include "checksum.h"
#include "descriptors.h"
#include "journal.h"
#include "mbox.h"
#include "mbox_io.h"
#include "mboxes.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len);

enum { RANGES = 32, DATA_MAX = 512 };

static struct maildrop md;

/* A number that is likely to matter: in the mbox, or out of the common. */
static uint64_t
number(struct input *in, uint64_t size)
{
	unsigned n = take_two(in);

	switch (n >> 12) {
	case 15:
		return UINT64_MAX - (n & 0xfff);
	case 14:
		return (uint64_t)INT64_MAX - (n & 0xfff) + 8;
	case 13:
		return size + (n & 0xfff);
	default:
		return n & 0xfff;
	}
}

static void
make_plan(struct journal_plan *p, struct input *in, uint64_t size)
{
	static struct journal_range ranges[RANGES];
	unsigned flags = take_byte(in);
	uint64_t at;

	p->device = 1;
	p->inode = flags & 1 ? 99 : 1;
	p->size = flags & 2 ? number(in, size) : size;
	p->first = number(in, size);
	p->count = 1 + take_byte(in) % RANGES;
	p->ranges = ranges;
	at = p->first;
	for (size_t i = 0; i < p->count; i++) {
		if (flags & 4) {
			ranges[i].start = number(in, size);
			ranges[i].end = number(in, size);
			continue;
		}
		ranges[i].start = at + 1 + take_byte(in);
		at = ranges[i].end = ranges[i].start + 1 + take_byte(in);
	}
	if ((flags & 8) || p->first > size ||
	    !mbox_sum_head(p->first, &p->head))
		p->head = number(in, size);
}

static void
make_step(const struct journal_plan *p, struct input *in, uint64_t size)
{
	struct journal_step s;
	struct input data;
	unsigned flags = take_byte(in);
	uint64_t final = p->first;

	for (size_t i = 0; i < p->count; i++)
		final += p->ranges[i].end - p->ranges[i].start;
	s.at = flags & 1 ? number(in, size) : p->first + take_byte(in);
	s.size = flags & 2 ? number(in, size) : size;
	if ((flags & 4) || final > s.size || s.size > size ||
	    !mbox_sum_tail(final, s.size, &s.tail))
		s.tail = number(in, size);
	data = take_bytes(in, flags & 8 ? take_two(in) % DATA_MAX : 0);
	s.bytes = flags & 16 ? number(in, size) : data.len;
	s.data = checksum(CHECKSUM_START, data.p, data.len);
	MUST(data.len == 0 || journal_put(0, data.p, data.len));
	MUST(journal_commit(&s));
}

/* As UPDATE would, but for what is in it. */
static void
write_journal(struct input *in, uint64_t size)
{
	struct journal_plan plan;

	memset(&plan, 0, sizeof plan);
	make_plan(&plan, in, size);
	MUST(journal_start(&plan));
	for (unsigned n = take_byte(in) % 4; n > 0; n--)
		make_step(&plan, in, size);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	struct input in = { p, len }, mail;
	unsigned flags = take_byte(&in);
	int fd, journal_fd;
	size_t before;

	descriptors_reset();
	mail = take_bytes(&in, take_two(&in) % 4096);
	fd = file_make(0, "box", mail.p, mail.len);
	MUST(mboxes_open(&md) == MAILDROP_OK);
	/* the mbox, the state file, the journal */
	journal_fd = fd + 2;
	MUST(journal_is_open() && !journal_pending());
	if (flags & 1)
		file_append(journal_fd, in.p, in.len);
	else
		write_journal(&in, mail.len);
	for (unsigned n = flags & 2 ? take_byte(&in) % 8 : 0; n > 0; n--) {
		size_t at = take_two(&in);
		uint8_t byte = (uint8_t)take_byte(&in);

		file_change(journal_fd, at, &byte, 1);
	}
	if (flags & 4)
		file_append(fd, "\nFrom b Tue Jan  2 00:00:00 2024\n\n\n", 35);
	again(&md);

	before = file_bytes(fd).len;
	MUST(mboxes_open(&md) == MAILDROP_OK);
	(void)maildrop_scan(&md);
	MUST(file_bytes(fd).len <= before);
	again(&md);
	return 0;
}
