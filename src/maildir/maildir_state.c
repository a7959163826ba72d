/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * What is remembered of a Maildir until the next login: the octets of the
 * messages, and, once that is safe, the list of all of them.
 *
 * Every change of a directory sets its ctime, with the resolution that its file
 * system has.  So a list that was made long after the ctime stays right until
 * the ctime changes.  This rests on file systems that keep it so, by the clock
 * of this machine: only those that are known to are trusted.  It rests on the
 * clock as well: if that was set since the list was made, the list is not used.
 * In any case it is used for some minutes only.
 *
 * The records: a struct head; then for each message its octets, its folder
 * and its file name with the NUL, in the order of the messages.
 *
 * Runs as: session.  Input: the state file, which the mail user can write.
 */
#include "config.h"

#include "maildir/maildir_state.h"

#include <sys/vfs.h>

#include <limits.h>
#include <string.h>

#include "maildir/maildir_folders.h"
#include "maildir/maildir_name.h"

enum {
	FETCH_AHEAD = 8,
	LONG_PAST = 3 /* seconds; ctimes of ext2 are whole seconds */
};

#define SECOND ((uint64_t)1000000000)
/* Less than LONG_PAST, so that new ctimes are later than those of a list. */
#define CLOCK_SET SECOND
#define AGE_MAX (900 * SECOND)

struct head {
	struct maildir_stamp folder[MAILDIR_FOLDERS];
	int64_t real, boot; /* see struct maildir_look */
	uint64_t is_list;   /* of all messages; else just of octets */
	uint64_t count;
};

enum { FIXED = sizeof(uint64_t) + 1 };

static struct {
	struct head saved; /* what the state file has, or zeros */
	struct head now;
	bool trusted; /* the file systems' change times */
} heads;

/* ---- the folders ---- */

/*
 * File systems of this machine that change a directory's ctime whenever a name
 * comes or goes.  FUSE and network file systems may do so or not: their numbers
 * do not tell what is behind them.
 */
static const uint32_t trusted[] = {
	0xef53,	    /* ext2, ext3, ext4 */
	0x58465342, /* XFS */
	0x9123683e, /* btrfs */
	0xf2f52010, /* F2FS */
	0xca451a4e, /* bcachefs */
	0x2fc12fc1, /* ZFS */
	0x794c7630, /* overlayfs: changes go to one of these, always */
	0x01021994  /* tmpfs */
};

static bool
is_trusted(int fd)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) == -1)
		return false;
	for (size_t i = 0; i < sizeof trusted / sizeof trusted[0]; i++)
		if ((uint32_t)fs.f_type == trusted[i])
			return true;
	return false;
}

void
maildir_state_open(void)
{
	heads.trusted = true;
	for (int f = 0; f < MAILDIR_FOLDERS; f++)
		if (maildir.fd[f] != -1 && !is_trusted(maildir.fd[f]))
			heads.trusted = false;
}

static void
note(const struct maildir_look *look)
{
	memset(&heads.now, 0, sizeof heads.now);
	memcpy(heads.now.folder, look->folder, sizeof heads.now.folder);
	heads.now.real = look->real;
	heads.now.boot = look->boot;
}

/* Do the folders and the clocks show that the list is still right? */
static bool
is_at_rest(const struct maildir_look *look)
{
	const struct head *then = &heads.saved;
	/* what is in a file may be anything: no overflow */
	uint64_t age = (uint64_t)look->boot - (uint64_t)then->boot;
	uint64_t passed = (uint64_t)look->real - (uint64_t)then->real;

	return heads.trusted && then->is_list && !look->blind &&
	    memcmp(then->folder, look->folder, sizeof then->folder) == 0 &&
	    age <= AGE_MAX && passed - age + CLOCK_SET <= 2 * CLOCK_SET;
}

/* Was LOOK made long after the last change of the folders? */
static bool
is_long_past(const struct maildir_look *look)
{
	for (int f = 0; f < MAILDIR_FOLDERS; f++)
		if (look->folder[f].changed >
		    look->real / (int64_t)SECOND - LONG_PAST)
			return false;
	return true;
}

/* ---- reading ---- */

static bool
read_head(void)
{
	const unsigned char *record;
	size_t len;

	memset(&heads.saved, 0, sizeof heads.saved);
	state_rewind(&maildir.state);
	if (!state_next(&maildir.state, &record, &len) ||
	    len != sizeof heads.saved)
		return false;
	memcpy(&heads.saved, record, len);
	return true;
}

struct entry {
	uint64_t octets;
	uint8_t folder;
	const char *name;
	size_t len;
};

static bool
read_entry(struct entry *e)
{
	const unsigned char *record;
	size_t len;

	if (!state_next(&maildir.state, &record, &len) || len <= FIXED)
		return false;
	memcpy(&e->octets, record, sizeof e->octets);
	e->folder = record[sizeof e->octets];
	e->name = (const char *)record + FIXED;
	e->len = len - FIXED - 1;
	return e->octets <= MAILDROP_MAX_OCTETS && e->len <= NAME_MAX &&
	    memchr(e->name, '\0', e->len + 1) == e->name + e->len;
}

/* Can E be the next one of the list? */
static bool
is_next(const struct maildrop *md, const struct entry *e)
{
	const struct message *last;

	if (e->folder >= MAILDIR_FOLDERS || maildir.fd[e->folder] == -1 ||
	    e->len == 0 || e->name[0] == '.' ||
	    memchr(e->name, '/', e->len) != NULL)
		return false;
	if (md->count == 0)
		return true;
	last = &md->messages[md->count - 1];
	return maildir_compare(maildir_name(last), last->len, e->name, e->len) <
	    0;
}

static bool
take_entry(struct maildrop *md, const struct entry *e)
{
	struct message *m;

	if (!is_next(md, e) || md->count == md->settings->limit)
		return false;
	m = maildrop_add(md);
	if (m == NULL || !maildir_keep_name(m, e->name, e->len))
		return false;
	m->where = e->folder;
	m->octets = e->octets;
	return true;
}

bool
maildir_state_list(struct maildrop *md, const struct maildir_look *look)
{
	struct entry e;

	md->count = 0;
	maildir.names.len = 0;
	note(look);
	if (!read_head() || !is_at_rest(look))
		return false;
	while (md->count < heads.saved.count && read_entry(&e) &&
	    take_entry(md, &e))
		continue;
	if (md->count == heads.saved.count)
		return true;
	md->count = 0;
	return false;
}

/* Names are in the order of the directory: the next one is far away. */
static void
fetch_name(const struct maildrop *md, size_t i)
{
#ifdef __GNUC__
	if (i < md->count)
		__builtin_prefetch(maildir_name(&md->messages[i]));
#else
	(void)md;
	(void)i;
#endif
}

/*
 * The first of MD's messages from I on that is not before E in the order;
 * *SAME tells whether it is that message.  Usually it is the one at I.
 */
static size_t
seek(const struct maildrop *md, size_t i, const struct entry *e, bool *same)
{
	*same = false;
	for (; i < md->count; i++) {
		const struct message *m = &md->messages[i];

		fetch_name(md, i + FETCH_AHEAD);
		*same = maildir_same(maildir_name(m), m->len, e->name, e->len);
		if (*same ||
		    maildir_compare(maildir_name(m), m->len, e->name, e->len) >
			0)
			break;
	}
	return i;
}

void
maildir_state_octets(struct maildrop *md)
{
	struct entry e;
	size_t i = 0;

	if (!read_head())
		return;
	while (read_entry(&e)) {
		bool same;

		i = seek(md, i, &e, &same);
		if (same)
			md->messages[i].octets = e.octets;
	}
}

/* ---- writing ---- */

/* What the name tells need not be written, unless it is wrong. */
static bool
is_told(const struct message *m)
{
	uint64_t told;

	return maildir_octets(maildir_name(m), m->len, &told) &&
	    told == m->octets;
}

/*
 * Messages with names longer than NAME_MAX, which some file systems have, are
 * read at each login.  So are those that could not be read.
 */
static bool
is_writable(const struct message *m)
{
	return m->len <= NAME_MAX && !(m->flags & MESSAGE_SEALED);
}

static bool
are_writable(const struct maildrop *md)
{
	for (size_t i = 0; i < md->count; i++)
		if (!is_writable(&md->messages[i]))
			return false;
	return true;
}

static bool
is_worth_it(const struct message *m)
{
	return m->octets != MESSAGE_UNKNOWN && !is_told(m) && is_writable(m);
}

static void
write_entry(const struct message *m)
{
	unsigned char record[FIXED + NAME_MAX + 1];

	if (m->len > NAME_MAX) /* renamed since */
		return;
	memcpy(record, &m->octets, sizeof m->octets);
	record[sizeof m->octets] = m->where;
	memcpy(record + FIXED, maildir_name(m), (size_t)m->len + 1);
	state_write(&maildir.state, record, FIXED + (size_t)m->len + 1);
}

static void
write_all(const struct maildrop *md, bool is_list)
{
	heads.now.is_list = is_list;
	heads.now.count = is_list ? md->count : 0;
	state_write_start(&maildir.state);
	state_write(&maildir.state, &heads.now, sizeof heads.now);
	for (size_t i = 0; i < md->count; i++)
		if (is_list || is_worth_it(&md->messages[i]))
			write_entry(&md->messages[i]);
	state_write_end(&maildir.state);
	heads.saved = heads.now;
}

/*
 * A list stays that of the login, with its LOOK: the folders may have changed
 * since.
 */
void
maildir_state_write(const struct maildrop *md)
{
	heads.now = heads.saved;
	write_all(md, heads.saved.is_list != 0);
}

void
maildir_state_keep_part(const struct maildrop *md)
{
	write_all(md, false);
}

void
maildir_state_keep(
    const struct maildrop *md, const struct maildir_look *look, bool whole)
{
	bool is_list = heads.trusted && whole && look->still &&
	    is_long_past(look) && are_writable(md);

	note(look);
	if (is_list || heads.saved.is_list || md->counted > 0)
		write_all(md, is_list);
}
