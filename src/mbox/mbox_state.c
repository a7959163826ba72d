/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * What is remembered of an mbox until the next login: where its messages are,
 * their octets and UIDLs.
 *
 * An mbox that has not been touched since is not read at all.  One that has
 * been touched is taken to have only grown, if its From_ lines are where they
 * were.  This assumes that a program which changes the length of anything moves
 * the From_ lines behind it.  If there are very many only some of them are
 * checked; mbox_commit() checks all that matter before anything is removed.
 *
 * Runs as: session.  Input: a file that the mail user can write.
 */
#include "config.h"

#include "mbox/mbox_state.h"

#include <string.h>
#include <time.h>

#include "lib/io.h"
#include "mbox/mbox_entry.h"
#include "mbox/mbox_file.h"
#include "mbox/mbox_uidl.h"
#include "options.h"

enum {
	LOOK_MAX = 4096, /* From_ lines at the end, and as many elsewhere */
	SETTLED = 2	 /* seconds: the clock of files may be this coarse */
};

/* The first record.  A struct remembered for each message follows. */
struct summary {
	uint64_t device, inode, size;
	struct timespec modified, changed, seen;
	uint64_t scanned; /* where the last message ends */
	uint64_t count;
	uint64_t hidden;
};

struct remembered {
	struct mbox_entry entry;
	uint64_t octets;
};

/* ---- writing ---- */

static void
write_summary(void)
{
	struct summary s;

	memset(&s, 0, sizeof s);
	s.device = mbox.seen.st_dev;
	s.inode = mbox.seen.st_ino;
	s.size = (uint64_t)mbox.seen.st_size;
	s.modified = mbox.seen.st_mtim;
	s.changed = mbox.seen.st_ctim;
	s.seen = mbox.seen_at;
	s.scanned = mbox.size;
	s.count = mbox.count;
	s.hidden = mbox.hidden;
	state_write(&mbox.state, &s, sizeof s);
}

static void
write_entry(const struct mbox_entry *e, uint64_t octets)
{
	struct remembered r;

	memset(&r, 0, sizeof r);
	r.entry = *e;
	r.octets = octets;
	state_write(&mbox.state, &r, sizeof r);
}

void
mbox_state_write(const struct maildrop *md)
{
	mbox.state_outdated = false;
	if (mbox.state.fd == -1)
		return;
	state_write_start(&mbox.state);
	if (mbox.fd != -1)
		write_summary();
	for (size_t i = 0; i < mbox.count; i++)
		write_entry(&mbox.entries[i],
		    i < mbox.hidden ? 0 : md->messages[i - mbox.hidden].octets);
	state_write_end(&mbox.state);
}

/* ---- reading ---- */

static bool
same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

/*
 * Is the file what it was?  Not if it was changed right before it was seen:
 * it could be changed again without getting another time.
 */
static bool
untouched(const struct summary *s, const struct stat *now)
{
	return s->size == (uint64_t)now->st_size &&
	    same_time(&s->modified, &now->st_mtim) &&
	    same_time(&s->changed, &now->st_ctim) &&
	    s->seen.tv_sec - s->changed.tv_sec > SETTLED &&
	    s->seen.tv_sec - s->modified.tv_sec > SETTLED;
}

static bool
read_summary(struct summary *s)
{
	const unsigned char *record;
	size_t len;

	state_rewind(&mbox.state);
	if (!state_next(&mbox.state, &record, &len) || len != sizeof *s)
		return false;
	memcpy(s, record, sizeof *s);
	return s->count <= OPTIONS_MESSAGES_MAX && s->hidden <= 1 &&
	    s->scanned <= INT64_MAX && (s->count > 0 || s->scanned == 0);
}

/* Can entry R come after the last one, and all end before SCANNED? */
static bool
is_sound(const struct remembered *r, uint64_t scanned)
{
	const struct mbox_entry *e = &r->entry;
	const struct mbox_entry *last =
	    mbox.count > 0 ? &mbox.entries[mbox.count - 1] : NULL;
	uint64_t earliest =
	    last == NULL ? 0 : last->start + last->from_len + last->separator;

	return e->start >= earliest && e->start < scanned && e->from_len > 0 &&
	    e->from_len <= scanned - e->start && e->separator <= 2 &&
	    e->separator <= scanned - e->start - e->from_len;
}

/* Can entry I have so many OCTETS on the wire? */
static bool
octets_fit(size_t i, uint64_t octets)
{
	uint64_t bytes = mbox_content_end(i) - mbox_content(i);

	return octets >= bytes && octets <= 2 * bytes + 4;
}

/* Adds the records as entries and messages.  False: they are not sound. */
static bool
read_entries(struct maildrop *md, const struct summary *s)
{
	const unsigned char *record;
	struct remembered r;
	size_t len;

	while (mbox.count < s->count) {
		struct mbox_entry *e;
		struct message *m;

		if (!state_next(&mbox.state, &record, &len) || len != sizeof r)
			return false;
		memcpy(&r, record, sizeof r);
		if (!is_sound(&r, s->scanned))
			return false;
		e = mbox_add_entry();
		if (e == NULL)
			return false;
		*e = r.entry;
		if (mbox.count <= s->hidden)
			continue;
		m = maildrop_add(md);
		if (m == NULL)
			return false;
		m->ref = (uint32_t)mbox.count - 1;
		m->octets = r.octets;
	}
	mbox.size = s->scanned;
	mbox.hidden = (size_t)s->hidden;
	for (size_t i = 0; i < md->count; i++)
		if (!octets_fit(md->messages[i].ref, md->messages[i].octets))
			return false;
	return true;
}

/*
 * Are the From_ lines where they were?  The last ones are checked, because they
 * move if anything before them does, and some of the others.
 */
static bool
still_true(void)
{
	size_t stride = mbox.count / LOOK_MAX + 1;
	size_t last = mbox.count > LOOK_MAX ? mbox.count - LOOK_MAX : 0;

	for (size_t i = 0; i < mbox.count;
	     i += i < last ? io_piece(last - i, stride) : 1)
		if (!mbox_still_there(i))
			return false;
	return true;
}

/*
 * Drops the entries from number N on, and keeps the numbers of twins.  A message
 * without twins gets the same UIDL again anyway.
 */
static void
forget(struct maildrop *md, size_t n)
{
	for (size_t i = n; i < mbox.count; i++)
		if (mbox.entries[i].twin > 0 && mbox.entries[i].high > 1)
			(void)mbox_remember_twin(&mbox.entries[i]);
	mbox_drop_entries(md, n);
}

/*
 * Drops the entries from the first one on that may end somewhere else now; the
 * last one always, because it ended with the file.  Returns where that begins.
 */
static uint64_t
resume(struct maildrop *md)
{
	size_t i = 0;

	if (mbox.count == 0)
		return 0;
	while (i + 1 < mbox.count &&
	    !(mbox.entries[i].end_depends & (MBOX_ON_GROWTH | MBOX_SCAN_AGAIN)))
		i++;
	forget(md, i);
	return i > 0 ? mbox.size : 0;
}

static bool
must_scan_again(void)
{
	for (size_t i = 0; i < mbox.count; i++)
		if (mbox.entries[i].end_depends & MBOX_SCAN_AGAIN)
			return true;
	return false;
}

uint64_t
mbox_state_read(struct maildrop *md, const struct stat *now)
{
	struct summary s;

	mbox.state_outdated = true;
	if (mbox.state.fd == -1 || !read_summary(&s))
		return 0;
	if (!read_entries(md, &s) || s.device != now->st_dev ||
	    s.inode != now->st_ino || (uint64_t)now->st_size < s.scanned) {
		forget(md, 0);
		return 0;
	}
	if (untouched(&s, now) && s.scanned == s.size && !must_scan_again()) {
		mbox.state_outdated = false;
		return mbox.size;
	}
	if (!still_true()) {
		forget(md, 0);
		return 0;
	}
	return mbox.size == (uint64_t)now->st_size && !must_scan_again()
	    ? mbox.size
	    : resume(md);
}
