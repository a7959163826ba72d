/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The UPDATE of an mbox: what may have changed since it was scanned, and
 * which bytes stay.
 *
 * Other programs may have appended mail, and that stays, whatever it is.  If
 * anything else has changed, the UPDATE ends, and nothing is removed.
 *
 * Runs as: session.  Input: the mbox.
 */
#include "config.h"

#include "mbox/mbox_update.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "mbox/mbox_entry.h"
#include "mbox/mbox_file.h"
#include "mbox/mbox_journal.h"
#include "mbox/mbox_move.h"
#include "mbox/mbox_scan.h"
#include "mbox/mbox_trash.h"
#include "mbox/mbox_uidl.h"

enum { COMMIT_SECONDS = 60 /* to wait for a delivery */ };

/* The mbox as it is now. */
struct update {
	struct stat now;
	size_t first;  /* entry that is removed */
	uint64_t tail; /* where what was appended begins */
	struct journal_plan plan;
};

/* c-client's data in front of the mail is no message, and stays. */
static bool
is_deleted(const struct maildrop *md, size_t i)
{
	return i >= mbox.hidden &&
	    (md->messages[i - mbox.hidden].flags & MESSAGE_DELETED);
}

static bool
changed(void)
{
	if (errno != 0)
		return mbox_cannot("cannot look at the mbox");
	log_error(
	    "changed by another program, nothing was deleted from", mbox.name);
	return false;
}

/* ---- what may have changed ---- */

/* Is it still the file of this name, with no other name, and not shorter? */
static bool
same_file(struct update *u)
{
	struct stat named;

	errno = 0;
	return fstat(mbox.fd, &u->now) == 0 &&
	    fstatat(mbox.dir_fd, mbox.name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	    named.st_dev == u->now.st_dev && named.st_ino == u->now.st_ino &&
	    named.st_nlink == 1 && (uint64_t)u->now.st_size >= mbox.size;
}

static bool
untouched(const struct stat *now)
{
	return now->st_size == mbox.seen.st_size &&
	    now->st_mtim.tv_sec == mbox.seen.st_mtim.tv_sec &&
	    now->st_mtim.tv_nsec == mbox.seen.st_mtim.tv_nsec;
}

static bool
same_id(size_t i)
{
	unsigned char id[MBOX_ID_SIZE];

	return mbox_id_of(i, id) &&
	    memcmp(id, mbox.entries[i].id, sizeof id) == 0;
}

/*
 * Does everything that moves or is removed begin where it did?  The headers of
 * what is removed are compared, too, where their ids are known.
 */
static bool
same_messages(const struct maildrop *md, const struct update *u)
{
	bool closely = !untouched(&u->now);

	mbox_id_start();
	for (size_t i = u->first; i < mbox.count; i++) {
		if (!mbox_still_there(i))
			return false;
		errno = 0;
		if (closely && is_deleted(md, i) && mbox.entries[i].twin > 0 &&
		    !same_id(i))
			return false;
	}
	return true;
}

static bool
check(const struct maildrop *md, struct update *u)
{
	if (!same_file(u) || !same_messages(md, u))
		return changed();
	/* what is not mail may be a part of the last message */
	u->tail = mbox.size;
	if (is_deleted(md, mbox.count - 1) &&
	    !mbox_mail_follows(mbox.size, &u->tail))
		return changed();
	return true;
}

/* ---- what stays ---- */

/* The most ranges there can be: each begins behind a deleted message. */
static size_t
count_ranges(const struct maildrop *md, const struct update *u)
{
	size_t n = 0;

	for (size_t i = u->first + 1; i < mbox.count; i++)
		n += is_deleted(md, i - 1) && !is_deleted(md, i);
	return n + 1; /* what was appended */
}

/*
 * Entry I stays, from START on, and may come behind another message than
 * before.  If that one does not end with a blank line, the blank line before
 * START stays as well, because the two must not become one message.  False with
 * errno, logged.
 *
 * renumber() does not count this line.  So the state file does not have the
 * size of the mbox, and the next login scans it again.
 */
static bool
with_separator(const struct maildrop *md, size_t i, uint64_t *start)
{
	char text[3], last;
	size_t before = i;

	while (before > 0 && is_deleted(md, before - 1))
		before--;
	if (before == i || before == 0 ||
	    mbox.entries[before - 1].separator > 0)
		return true;
	if (!mbox_read(text, sizeof text, *start - sizeof text) ||
	    !mbox_read(&last, 1, mbox_entry_end(before - 1) - 1))
		return false;
	if (text[2] == '\n' && text[1] == '\n')
		*start -= last == '\n' ? 1 : 2;
	else if (text[2] == '\n' && text[1] == '\r' && text[0] == '\n')
		*start -= last == '\n' ? 2 : 3;
	return true;
}

/* Entry I stays, from START to END; pieces that touch become one range. */
static bool
keep_range(const struct maildrop *md, struct journal_plan *p, size_t i,
    uint64_t start, uint64_t end)
{
	struct journal_range *r = p->ranges + p->count;

	if (!with_separator(md, i, &start))
		return false;
	if (p->count > 0 && r[-1].end == start) {
		r[-1].end = end;
	} else {
		*r = (struct journal_range){ start, end };
		p->count++;
	}
	return true;
}

static bool
make_plan(const struct maildrop *md, struct update *u)
{
	struct journal_plan *p = &u->plan;
	uint64_t size = (uint64_t)u->now.st_size;
	size_t ranges = count_ranges(md, u);

	p->first = mbox.entries[u->first].start;
	assert(ranges <= JOURNAL_RANGES_MAX); /* see OPTIONS_MESSAGES_MAX */
	p->ranges = reallocarray(NULL, ranges, sizeof *p->ranges);
	if (p->ranges == NULL)
		return mbox_cannot("cannot plan the UPDATE of");
	for (size_t i = u->first; i < mbox.count; i++)
		if (!is_deleted(md, i) &&
		    !keep_range(
			md, p, i, mbox.entries[i].start, mbox_entry_end(i)))
			return false;
	if (u->tail < size && !keep_range(md, p, mbox.count, u->tail, size))
		return false;
	/* without a message the blank lines before the first are no mbox */
	if (u->first == 0 && p->count == 0)
		p->first = 0;
	return true;
}

/* ---- afterwards ---- */

/* Entries and messages become those that are left, for the state file. */
static void
renumber(struct maildrop *md, const struct update *u)
{
	uint64_t at = u->plan.first;
	size_t left = u->first;

	for (size_t i = 0; i < mbox.count; i++)
		if (mbox.entries[i].end_depends)
			mbox.entries[i].end_depends |= MBOX_SCAN_AGAIN;
	for (size_t i = u->first; i < mbox.count; i++) {
		struct mbox_entry e = mbox.entries[i];
		uint64_t bytes = mbox_entry_end(i) - e.start;

		if (is_deleted(md, i)) {
			md->messages[i - mbox.hidden].flags |= MESSAGE_ABSENT;
			continue;
		}
		if (i >= mbox.hidden)
			md->messages[i - mbox.hidden].ref = (uint32_t)left;
		e.start = at;
		mbox.entries[left++] = e;
		at += bytes;
	}
	mbox.count = left;
	mbox.size = at;
	maildrop_compact(md);
	mbox.state_outdated = mbox_file_stat();
}

static bool
keep_in_trash(const struct maildrop *md, const struct update *u)
{
	bool good = true;

	if (!mbox_trash_wanted())
		return true;
	if (!mbox_trash_start())
		return false;
	for (size_t i = u->first; i < mbox.count && good; i++)
		if (is_deleted(md, i))
			good = mbox_trash_add(
			    mbox.entries[i].start, mbox_content_end(i));
	return mbox_trash_end(good);
}

/*
 * All messages are removed; or the last ones are, and there is no journal.
 * Then a loss of power may leave zeros behind those that stay, see mbox_sums.c.
 */
static bool
is_simple(const struct journal_plan *p)
{
	return p->count == 0 && (p->first == 0 || !journal_is_open());
}

static bool
update(struct maildrop *md, struct update *u)
{
	bool done = check(md, u) && make_plan(md, u) && keep_in_trash(md, u) &&
	    (is_simple(&u->plan) ? mbox_cut(u->plan.first)
				 : mbox_move(&u->plan));

	free(u->plan.ranges);
	if (done)
		renumber(md, u);
	return done;
}

enum maildrop_result
mbox_commit(struct maildrop *md)
{
	struct update u = { .first = 0 };
	bool done;

	if (!mbox.writable) {
		log_error("no permission to delete from", mbox.name);
		return MAILDROP_PERM;
	}
	while (u.first < mbox.count && !is_deleted(md, u.first))
		u.first++;
	if (u.first == mbox.count)
		return MAILDROP_OK;
	if (!mbox_lock_take(&mbox.lock, true, COMMIT_SECONDS)) {
		(void)mbox_cannot("cannot lock the mbox");
		return MAILDROP_TEMP;
	}
	done = update(md, &u);
	mbox_lock_drop(&mbox.lock);
	return done ? MAILDROP_OK : MAILDROP_TEMP;
}
