/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The journal: any bytes at all; plans and steps with right checksums that no
 * UPDATE of popin's would have written; and plans that it would have written,
 * with the step done in part.  Whatever the journal says, the next login ends,
 * and does not make the mbox longer than it was.
 */
#include "config.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "again.h"
#include "descriptors.h"
#include "lib/checksum.h"
#include "mbox/mbox_entry.h"
#include "mbox/mbox_file.h"
#include "mbox/mbox_journal.h"
#include "mbox/mbox_sums.h"
#include "mboxes.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len);

enum { RANGES = 32, DATA_MAX = 512 };

static struct maildrop md;

/* Returns a number that is likely to matter: in the mbox, or an extreme one. */
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

	p->size = flags & 2 ? number(in, size) : size;
	p->first = number(in, size);
	p->count = 1 + take_byte(in) % RANGES;
	p->ranges = ranges;
	at = p->final = p->first;
	for (size_t i = 0; i < p->count; i++) {
		ranges[i].start = at + 1 + take_byte(in);
		at = ranges[i].end = ranges[i].start + 1 + take_byte(in);
		if (flags & 4) {
			ranges[i].start = number(in, size);
			ranges[i].end = number(in, size);
		}
		p->final += ranges[i].end - ranges[i].start;
	}
	if (flags & 1)
		p->final = number(in, size);
	if ((flags & 8) || p->first > size ||
	    !mbox_sum_head(p->first, &p->head))
		p->head = number(in, size);
}

/* Could the plan be of this mbox? */
static bool
is_sane(const struct journal_plan *p, uint64_t size)
{
	uint64_t last = p->first, final = p->first;

	for (size_t i = 0; i < p->count; i++) {
		if (p->ranges[i].start <= last ||
		    p->ranges[i].end <= p->ranges[i].start)
			return false;
		last = p->ranges[i].end;
		final += p->ranges[i].end - p->ranges[i].start;
	}
	return p->size <= size && last <= p->size && final == p->final;
}

static void
make_sums(const struct journal_plan *p, struct input *in, uint64_t size)
{
	uint32_t sum;

	if (is_sane(p, size)) {
		MUST(mbox_sums_write(p));
		return;
	}
	for (unsigned n = take_byte(in); n > 0; n--) {
		sum = take_two(in);
		/* there is no room for the sums of a huge mbox */
		if (!journal_put_sums(
			n & 1 ? JOURNAL_OLD : JOURNAL_NEW, &sum, 1))
			return;
	}
}

static void
make_step(const struct journal_plan *p, struct input *in, uint64_t size)
{
	struct journal_step s = { .at = p->first };
	struct input data;
	unsigned flags = take_byte(in);

	if (flags & 1)
		s.at = number(in, size) & ~(uint64_t)(JOURNAL_UNIT - 1);
	if (flags & 2)
		s.at = number(in, size);
	s.len = flags & 4 ? number(in, size) : p->final - s.at;
	s.copied = flags & 8 ? 1 : 0;
	data = take_bytes(in, s.copied ? take_two(in) % DATA_MAX : 0);
	if (flags & 16)
		s.len = data.len;
	s.data = checksum(CHECKSUM_START, data.p, data.len);
	/* a longer step would need much memory */
	if (s.len <= JOURNAL_INLINE && data.len > 0)
		MUST(journal_put(&s, 0, data.p, data.len));
	MUST(journal_commit(&s));
}

/* Writes the one step of a sane plan, and does some of it in the mbox. */
static void
do_in_part(const struct journal_plan *p, struct input *in, int fd)
{
	static uint8_t text[JOURNAL_INLINE];
	struct input now = file_bytes(fd);
	struct journal_step s = { .at = p->first, .len = p->final - p->first };
	unsigned how = take_byte(in), part = take_two(in);
	size_t n = 0;

	for (size_t i = 0; i < p->count; i++) {
		size_t len = (size_t)(p->ranges[i].end - p->ranges[i].start);

		if (len > sizeof text - n)
			return;
		memcpy(text + n, now.p + p->ranges[i].start, len);
		n += len;
	}
	s.copied = 1;
	s.data = checksum(CHECKSUM_START, text, n);
	MUST(journal_put(&s, 0, text, n));
	MUST(journal_commit(&s));
	for (size_t at = 0, i = 0; at < n; i++) {
		size_t end =
		    (size_t)(journal_unit_end(p, p->first + at) - p->first);

		if (how & 1 ? part >> i % 16 & 1 : at < part)
			file_change(
			    fd, (size_t)p->first + at, text + at, end - at);
		at = end;
	}
}

/* Writes it as UPDATE would, with other contents. */
static void
write_journal(struct input *in, uint64_t size, int fd)
{
	struct journal_plan plan;
	unsigned steps = take_byte(in);

	memset(&plan, 0, sizeof plan);
	make_plan(&plan, in, size);
	MUST(journal_start(&plan));
	make_sums(&plan, in, size);
	if (steps & 128) {
		if (is_sane(&plan, size))
			do_in_part(&plan, in, fd);
		return;
	}
	for (unsigned n = steps % 4; n > 0; n--)
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
		write_journal(&in, mail.len, fd);
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
