/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The session over a Maildir: names and contents of its files, commands, a
 * system call that fails.  No message has two numbers or the unique-id of
 * another; what was not deleted is there afterwards; what the client was told
 * is deleted is not.  The next session finds the same.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "again.h"
#include "descriptors.h"
#include "maildir/maildir.h"
#include "maildir/maildir_folders.h"
#include "maildir/maildir_name.h"
#include "pop3/body.h"
#include "session/transaction.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len);

enum { IN_SIZE = 2 * NETIO_READ_MAX, OUT_SIZE = 4096 + 64, MESSAGES = 24 };

static struct maildrop_settings settings = { .limit = 100 };

static struct transaction t;
static int file_fd[MESSAGES];
static size_t file_count;

static struct {
	const struct maildrop_ops *ops;
	struct maildrop_ops ours;
	size_t marked;
	bool began;
	enum maildrop_result result;
} update;

/* ---- the Maildir ---- */

static bool
usable_name(char *name, struct input in)
{
	if (in.len == 0 || memchr(in.p, '\0', in.len) != NULL)
		return false;
	memcpy(name, in.p, in.len);
	name[in.len] = '\0';
	for (char *p = name; *p != '\0'; p++)
		if (*p == '/')
			*p = '.';
	return true;
}

static bool
exists(int folder, const char *name)
{
	int fd = openat(FD_DIRECTORIES + folder, name, O_RDONLY);

	return fd != -1;
}

static void
make_messages(struct input *in)
{
	unsigned count = take_byte(in) % (MESSAGES + 1);
	char name[NAME_MAX + 1];

	file_count = 0;
	for (unsigned i = 0; i < count; i++) {
		unsigned how = take_byte(in);
		struct input named = take_bytes(in, how >> 2);
		struct input content = take_bytes(in, take_byte(in));
		int folder = how & 1 ? 1 : 2;

		if (usable_name(name, named) && !exists(folder, name))
			file_fd[file_count++] =
			    file_make(folder, name, content.p, content.len);
	}
}

/* ---- what has to hold ---- */

static size_t
uidl(size_t i, char text[MAILDROP_UIDL_MAX])
{
	struct message *m = &t.drop.messages[i];
	size_t len = t.drop.ops->uidl(&t.drop, m, text);

	MUST(len > 0 && len <= MAILDROP_UIDL_MAX);
	for (size_t k = 0; k < len; k++)
		MUST(text[k] >= '!' && text[k] <= '~');
	return len;
}

/* The list is in order, and the order is total; all ids are different. */
static void
check_list(void)
{
	char a[MAILDROP_UIDL_MAX], b[MAILDROP_UIDL_MAX];

	for (size_t i = 0; i < t.drop.count; i++) {
		const struct message *m = &t.drop.messages[i];
		size_t len = uidl(i, a);

		MUST(maildir_name(m)[0] != '.');
		for (size_t k = i + 1; k < t.drop.count; k++) {
			const struct message *n = &t.drop.messages[k];

			MUST(maildir_compare(maildir_name(m), m->len,
				 maildir_name(n), n->len) < 0 &&
			    maildir_compare(maildir_name(n), n->len,
				maildir_name(m), m->len) > 0);
			MUST(uidl(k, b) != len || memcmp(a, b, len) != 0);
		}
	}
}

/*
 * The octets are those of the content, unless the name says something else, or
 * the message cannot be sent.
 */
static void
check_octets(void)
{
	for (size_t i = 0; i < t.drop.count; i++) {
		const struct message *m = &t.drop.messages[i];
		uint64_t told;
		int fd;
		struct input in;
		struct body b;

		if (maildir_octets(maildir_name(m), m->len, &told) ||
		    (m->flags & MESSAGE_SEALED))
			continue;
		fd = openat(
		    FD_DIRECTORIES + 1 + m->where, maildir_name(m), O_RDONLY);
		MUST(fd != -1);
		in = file_bytes(fd);
		body_start(&b, NULL, BODY_ALL);
		body_feed(&b, (const char *)in.p, in.len);
		body_end(&b);
		MUST(b.octets == m->octets);
	}
}

static size_t
left(void)
{
	size_t n = 0;

	for (size_t i = 0; i < file_count; i++)
		n += file_is_there(file_fd[i]);
	return n;
}

/* ---- sessions ---- */

static enum maildrop_result
commit(struct maildrop *md)
{
	MUST(!update.began && left() == file_count);
	update.began = true;
	for (size_t i = 0; i < md->count; i++)
		update.marked += (md->messages[i].flags & MESSAGE_DELETED) != 0;
	update.result = update.ops->commit(md);
	return update.result;
}

static void
serve(struct input commands, struct input how)
{
	char *in = malloc(IN_SIZE), *out = malloc(OUT_SIZE);

	MUST(in != NULL && out != NULL);
	t.net.in = in;
	t.net.in_size = IN_SIZE;
	t.net.out = out;
	t.net.out_size = OUT_SIZE;
	t.net.stall = NETIO_STALL_SECONDS;
	t.idle = 600;
	client_start(&t.net, commands, &how);
	update.ops = t.drop.ops;
	update.ours = *update.ops;
	update.ours.commit = commit;
	t.drop.ops = &update.ours;
	transaction_run(&t);
	t.drop.ops->close(&t.drop);
	free(in);
	free(out);
}

/* The ids that the first session told, by name; the second tells the same. */
static struct {
	char name[NAME_MAX + 1], id[MAILDROP_UIDL_MAX];
	size_t id_len;
} told[MESSAGES];
static size_t told_count;

static void
note_ids(void)
{
	told_count = 0;
	for (size_t i = 0; i < t.drop.count; i++) {
		const struct message *m = &t.drop.messages[i];

		memcpy(told[i].name, maildir_name(m), (size_t)m->len + 1);
		told[i].id_len = uidl(i, told[i].id);
		told_count++;
	}
}

static void
check_ids(void)
{
	char id[MAILDROP_UIDL_MAX];

	for (size_t i = 0; i < t.drop.count; i++)
		for (size_t k = 0; k < told_count; k++) {
			if (strcmp(told[k].name,
				maildir_name(&t.drop.messages[i])) != 0)
				continue;
			MUST(uidl(i, id) == told[k].id_len);
			MUST(memcmp(id, told[k].id, told[k].id_len) == 0);
		}
}

static bool
open_drop(void)
{
	return maildrop_open(&t.drop, &maildir_ops, "//", &settings) ==
	    MAILDROP_OK &&
	    maildrop_scan(&t.drop) == MAILDROP_OK &&
	    t.drop.ops->identify(&t.drop) == MAILDROP_OK;
}

static void
set_fault(struct input *in)
{
	static const int errors[] = { EIO, ENOSPC, EINTR, EDQUOT, ENOMEM,
		EMFILE, ENOENT, EACCES };
	unsigned kind = take_byte(in), count = take_byte(in);

	fault.count = kind & 1 ? count : 0;
	fault.stays = (kind & 2) && (kind & 0x70) != 0x20;
	fault.shorter = kind & 4;
	fault.error = errors[kind >> 4 & 7];
}

/*
 * At rest the list comes from the state file.  It is what the folders have,
 * even if the clock was set meanwhile.
 */
static void
rest(bool faulty, int step)
{
	/* longer than any name of the input's */
	static const char late[] =
	    "late.bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
	    "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
	size_t count = t.drop.count;

	for (int i = 0; i < 3; i++) {
		again(&t.drop);
		clock_forward(10);
		clock_set(i == 2 ? step : 0);
		MUST(open_drop());
		MUST(t.drop.count == count);
		check_list();
		if (!faulty)
			check_ids();
	}
	again(&t.drop);
	clock_set(step % 16);
	(void)file_make(1, late, "x\n", 2);
	clock_set(-step);
	MUST(open_drop());
	MUST(t.drop.count == count + 1);
	check_list();
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	struct input in = { p, len }, how = take_bytes(&in, 2);
	static struct input own_answer;
	struct input state, index;
	bool faulty;
	unsigned flags;

	if (own_answer.p == NULL)
		own_answer = again_answer;
	descriptors_reset();
	memset(&t, 0, sizeof t);
	memset(&update, 0, sizeof update);
	set_fault(&in);
	faulty = fault.count > 0;
	state = take_bytes(&in, take_byte(&in));
	if (state.len > 0)
		(void)file_make(0, "popin.state", state.p, state.len);
	flags = take_byte(&in);
	settings.uidl = flags & 4 ? "dovecot" : flags & 8 ? "own" : "auto";
	settings.newest = flags & 64 ? flags & 3 : UINT64_MAX;
	settings.max_size = flags & 128 ? flags & 31 : UINT64_MAX;
	index = take_bytes(&in, flags & 32 ? take_byte(&in) : 0);
	again_answer = own_answer;
	if (index.len > 0 && (flags & 16))
		(void)file_make(0, "popin.uidl", index.p, index.len);
	else if (index.len > 0)
		again_answer = index;
	make_messages(&in);
	told_count = 0;
	if (open_drop()) {
		check_list();
		if (!faulty)
			check_octets();
		note_ids();
		serve(in, how);
	}
	MUST(left() >= file_count - update.marked);
	if (update.began && update.result == MAILDROP_OK && !faulty)
		MUST(left() == file_count - update.marked);
	again(&t.drop);

	memset(&fault, 0, sizeof fault);
	again_answer = own_answer;
	MUST(open_drop());
	check_list();
	if (!faulty)
		check_ids();
	/* it takes as long as all else together */
	if (len % 4 == 0)
		rest(faulty, len > 0 ? p[len - 1] - 128 : 0);
	again(&t.drop);
	return 0;
}
