/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The session over an mbox: commands of the client, the mbox, a system call on
 * a file that fails, mail that is delivered right before UPDATE.  What was not
 * deleted is there afterwards, each message once and with each byte, at the
 * latest when the next session has begun.  What was deleted is gone if the
 * client was told so.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "again.h"
#include "descriptors.h"
#include "mbox/mbox_entry.h"
#include "mbox/mbox_file.h"
#include "mboxes.h"
#include "session/transaction.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len);

enum { IN_SIZE = 2 * NETIO_READ_MAX, OUT_SIZE = 4096 + 64, MBOX_MAX = 1 << 20 };

/* What UPDATE was asked to do, and should leave. */
static struct {
	int fd;
	const struct maildrop_ops *ops;
	struct maildrop_ops ours;
	unsigned delivery;
	bool began;
	enum maildrop_result result;
	bool delivered;
	uint8_t before[MBOX_MAX], after[MBOX_MAX];
	size_t before_len, after_len;
} update;

static struct reference reference;

static void
keep(const uint8_t *p, size_t len)
{
	memcpy(update.after + update.after_len, p, len);
	update.after_len += len;
}

static void
deliver(void)
{
	static const char text[] =
	    "\nFrom b Tue Jan  2 00:00:00 2024\nSubject: new\n\nnew\n\n";
	size_t skip = update.delivery & 1;

	file_append(update.fd, text + skip, sizeof text - 1 - skip);
	update.delivered = true;
}

/*
 * What begins at START will follow what ends at END.  It keeps the blank line
 * that it had before it, unless what ends at END has one.
 */
static void
keep_blank(struct input all, size_t end, size_t start)
{
	size_t blank = reference_blank(all, start);

	if (end == 0 || end == start || blank == 0 ||
	    reference_blank(all, end) > 0)
		return;
	blank += all.p[end - 1] != '\n';
	keep(all.p + start - blank, blank);
}

/* Notes what the mbox must become, and runs the real commit. */
static enum maildrop_result
commit(struct maildrop *md)
{
	size_t hidden = mbox.hidden, old = file_bytes(update.fd).len;
	size_t end = 0; /* of the last one that stays */
	struct input all;
	bool goes = false;

	MUST(!update.began);
	update.began = true;
	if (update.delivery & 2)
		deliver();
	all = file_bytes(update.fd);
	memcpy(update.before, all.p, all.len);
	update.before_len = all.len;
	update.after_len = 0;
	keep(all.p, reference.start[0]);
	for (size_t i = 0; i < reference.count; i++) {
		goes = i >= hidden &&
		    (md->messages[i - hidden].flags & MESSAGE_DELETED);
		if (goes)
			continue;
		keep_blank(all, end, reference.start[i]);
		end = reference.start[i + 1];
		keep(all.p + reference.start[i], end - reference.start[i]);
	}
	/* the blank line in front of what was delivered goes as well */
	while (goes && old < all.len && all.p[old] == '\n')
		old++;
	if (old < all.len)
		keep_blank(all, end, old);
	keep(all.p + old, all.len - old);
	/* what is before the first message goes with the last message */
	if (goes && update.after_len == reference.start[0])
		update.after_len = 0;
	update.result = update.ops->commit(md);
	return update.result;
}

static bool
holds(const uint8_t *p, size_t len)
{
	struct input now = file_bytes(update.fd);

	return now.len == len && memcmp(now.p, p, len) == 0;
}

/* The mbox is as before UPDATE, or as it must be after it. */
static void
check_mail(bool final)
{
	if (!update.began) {
		MUST(holds(update.before, update.before_len));
	} else if (update.result == MAILDROP_OK) {
		MUST(holds(update.after, update.after_len));
	} else if (final) {
		MUST(holds(update.before, update.before_len) ||
		    holds(update.after, update.after_len));
	}
}

static void
check_output(const struct transaction *t)
{
	uint64_t live = 0, octets = 0;

	for (size_t i = 0; i < client.out_len && client.breaks == 0; i++)
		MUST(client.out[i] != '\n' ||
		    (i > 0 && client.out[i - 1] == '\r'));
	for (size_t i = 0; i < t->drop.count; i++) {
		if (t->drop.messages[i].flags & MESSAGE_DELETED)
			continue;
		live++;
		octets += t->drop.messages[i].octets;
	}
	MUST(t->drop.live == live || update.began);
	MUST(t->drop.live_octets == octets || update.began);
	MUST(t->end != NULL);
	MUST(t->net.sent == client.out_len);
}

static void
serve(struct transaction *t, struct input commands, struct input how)
{
	char *in = malloc(IN_SIZE), *out = malloc(OUT_SIZE);

	MUST(in != NULL && out != NULL);
	t->net.in = in;
	t->net.in_size = IN_SIZE;
	t->net.out = out;
	t->net.out_size = OUT_SIZE;
	t->net.stall = NETIO_STALL_SECONDS;
	t->idle = 600;
	client_start(&t->net, commands, &how);
	update.ops = t->drop.ops;
	update.ours = *update.ops;
	update.ours.commit = commit;
	t->drop.ops = &update.ours;
	transaction_run(t);
	t->drop.ops->close(&t->drop);
	check_output(t);
	free(in);
	free(out);
}

static void
set_fault(struct input *in)
{
	static const int errors[] = { EIO, ENOSPC, EINTR, EDQUOT, ENOMEM,
		EAGAIN, EFBIG, EACCES };
	unsigned kind = take_byte(in), count = take_byte(in);

	fault.count = kind & 1 ? count : 0;
	fault.stays = (kind & 2) && (kind & 0x70) != 0x20;
	fault.shorter = kind & 4;
	fault.error = errors[kind >> 4 & 7];
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	static struct transaction t;
	struct input in = { p, len }, how = take_bytes(&in, 2), mail;
	unsigned flags = take_byte(&in);

	descriptors_reset();
	memset(&t, 0, sizeof t);
	update.began = update.delivered = false;
	update.delivery = flags;
	mboxes_settings.uidl = flags & 16 ? "auto"
	    : flags & 32		  ? "popa3d"
					  : "own";
	set_fault(&in);
	mail = take_bytes(&in, take_two(&in));
	update.fd = file_make(0, "box", mail.p, mail.len);
	memcpy(update.before, mail.p, mail.len);
	update.before_len = mail.len;
	if (flags & 4)
		clock_forward(10);
	if (reference_read(&reference, mail) &&
	    mboxes_open(&t.drop) == MAILDROP_OK &&
	    maildrop_scan(&t.drop) == MAILDROP_OK) {
		reference_compare(&reference, mail, &t.drop);
		serve(&t, in, how);
	}
	again(&t.drop);
	check_mail(false);

	memset(&fault, 0, sizeof fault);
	if (flags & 8)
		clock_forward(10);
	MUST(mboxes_open(&t.drop) == MAILDROP_OK);
	if (maildrop_scan(&t.drop) == MAILDROP_OK) {
		MUST(reference_read(&reference, file_bytes(update.fd)));
		reference_compare(&reference, file_bytes(update.fd), &t.drop);
	}
	check_mail(true);
	again(&t.drop);
	return 0;
}
