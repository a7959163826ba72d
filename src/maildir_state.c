/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * What is remembered of a Maildir until the next login: the octets of the
 * messages, and, once that is safe, the list of all of them.
 *
 * Every change of a directory sets its ctime, to the clock of its file system
 * and no finer than that ticks.  So a list that was made when the ctime was
 * long past is the list for as long as the ctime stays.  Whether it was long
 * past is asked of the same clock, our own may be another machine's: the
 * state file's ctime tells when it was written last, and the list was made
 * after that.  A list that came too early for this is not kept; writing the
 * state file makes the next login's good enough.
 *
 * The records: a struct head; then for each message its octets, its folder
 * and its file name with the NUL, in the order of the messages.
 *
 * Runs as: session.  Input: the state file, which the mail user can write.
 */
#include "config.h"

#include "maildir_state.h"

#include <sys/stat.h>

#include <limits.h>
#include <string.h>
#include <time.h>

#include "maildir.h"
#include "maildir_name.h"

enum {
	FETCH_AHEAD = 8,
	LONG_PAST = 3 /* seconds; FAT has the coarsest clock, of two */
};

/* A folder at some time; all zero where there is none. */
struct stamp {
	uint64_t inode;
	int64_t changed, changed_ns; /* ctime, which no program can set */
};

struct head {
	struct stamp folder[MAILDIR_FOLDERS];
	uint64_t is_list; /* of all messages; else just of octets */
	uint64_t count;
};

enum { FIXED = sizeof(uint64_t) + 1 };

static struct {
	struct head saved; /* what the state file has, or zeros */
	struct head now;
	bool blind; /* a folder could not be looked at */
} heads;

/* ---- the folders ---- */

bool
maildir_state_look(void)
{
	struct stamp before = heads.now.folder[MAILDIR_CUR];

	heads.blind = false;
	memset(heads.now.folder, 0, sizeof heads.now.folder);
	for (int f = 0; f < MAILDIR_FOLDERS; f++) {
		struct stamp *s = &heads.now.folder[f];
		struct stat st;

		if (maildir.fd[f] == -1)
			continue;
		if (fstat(maildir.fd[f], &st) == -1) {
			heads.blind = true;
			continue;
		}
		s->inode = (uint64_t)st.st_ino;
		s->changed = st.st_ctim.tv_sec;
		s->changed_ns = st.st_ctim.tv_nsec;
	}
	return memcmp(&before, &heads.now.folder[MAILDIR_CUR], sizeof before) !=
	    0;
}

/* Was what we saw of the folders then seen long after their last change? */
static bool
is_long_past(void)
{
	struct stat st;

	if (heads.blind || maildir.state.fd == -1 ||
	    fstat(maildir.state.fd, &st) == -1)
		return false;
	for (int f = 0; f < MAILDIR_FOLDERS; f++)
		if (heads.now.folder[f].changed > st.st_ctim.tv_sec - LONG_PAST)
			return false;
	return true;
}

/*
 * Will the next login find that they are, should the state file be written
 * now?  By our own clock, as it is just not to write in vain.
 */
static bool
has_become_old(void)
{
	struct timespec now;

	if (clock_gettime(CLOCK_REALTIME, &now) == -1)
		return false;
	for (int f = 0; f < MAILDIR_FOLDERS; f++)
		if (heads.now.folder[f].changed > now.tv_sec - LONG_PAST)
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
maildir_state_list(struct maildrop *md)
{
	struct entry e;

	md->count = 0;
	maildir.names_len = 0;
	(void)maildir_state_look();
	if (!read_head() || !heads.saved.is_list || heads.blind ||
	    memcmp(heads.saved.folder, heads.now.folder,
		sizeof heads.now.folder) != 0)
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
	heads.saved.is_list = 0; /* it was of no use */
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

static bool
is_worth_it(const struct message *m)
{
	return m->octets != MESSAGE_UNKNOWN && !is_told(m);
}

static void
write_entry(const struct message *m)
{
	unsigned char record[FIXED + NAME_MAX + 1];

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

void
maildir_state_write(const struct maildrop *md)
{
	write_all(md, heads.saved.is_list);
}

void
maildir_state_keep_part(const struct maildrop *md)
{
	write_all(md, false);
}

void
maildir_state_keep(const struct maildrop *md, bool counted, bool all)
{
	bool changed = memcmp(heads.saved.folder, heads.now.folder,
			   sizeof heads.now.folder) != 0;
	bool is_list = all && is_long_past();

	if (counted || changed || is_list != (heads.saved.is_list != 0) ||
	    (all && !is_list && has_become_old()))
		write_all(md, is_list);
}
