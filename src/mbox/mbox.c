/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * mbox: all mail in one file, which other programs append to, and rewrite,
 * under the locks of mbox_lock.h.  The locks are held only while scanning and
 * while removing messages.  Between the two, popin looks again at what it has
 * scanned before it relies on it.  Each file uses those below it:
 *
 *	mbox.c		what maildrop.h asks of a backend
 *	mbox_update.c	which messages are removed
 *	mbox_home.c	popin's own files, in the home of the user
 *	mbox_state.c	what the state file remembers of the scan
 *	mbox_move.c	moves what stays; finishes what was interrupted
 *	mbox_sums.c	does a journal belong to this mbox?
 *	mbox_journal.c	makes moving safe
 *	mbox_trash.c	where removed messages go, with --trash
 *	mbox_uidl.c	UIDLs
 *	mbox_scan.c	where messages begin and end, octets
 *	from_line.c	does this line begin a message?
 *	mbox_entry.c	what was found
 *	mbox_file.c	the file and its bytes
 *	mbox_lock.c	keeps delivery out; dotlock.c is a part of it
 *
 * Runs as: session.  Input: the mbox, which anyone who sends mail writes to;
 * directories that other users may be able to write to.
 */
#include "config.h"

#include "mbox/mbox.h"

#include "maildrop/uidl_kept.h"
#include "mbox/mbox_entry.h"
#include "mbox/mbox_file.h"
#include "mbox/mbox_home.h"
#include "mbox/mbox_journal.h"
#include "mbox/mbox_move.h"
#include "mbox/mbox_scan.h"
#include "mbox/mbox_state.h"
#include "mbox/mbox_trash.h"
#include "mbox/mbox_uidl.h"
#include "mbox/mbox_update.h"
#include "options.h"
#include "process/sandbox.h"

static enum maildrop_result
mbox_open(struct maildrop *md, const char *path)
{
	enum maildrop_result result = mbox_file_open(path);

	if (result == MAILDROP_OK)
		result = mbox_home_open(path, md->settings->home);
	mbox_lock_init(&mbox.lock, mbox.fd, mbox.dir_fd, mbox.name,
	    md->settings->mbox_locks);
	if (result == MAILDROP_OK)
		result = mbox_home_open_uidls(path, md->settings);
	if (result == MAILDROP_OK)
		mbox_trash_open(mbox.home_fd, md->settings->trash);
	return result;
}

/*
 * System calls from here on, for the sandbox: pread64, pwrite64, fcntl, fstat
 * (newfstatat), statx, fsync, ftruncate, ppoll (to wait for a lock),
 * clock_gettime, and what malloc needs.  Where dotlocks are used also openat,
 * linkat, unlinkat, renameat, write, read, close, utimensat, and kill with
 * signal 0, all in mbox.dir_fd; renameat in mbox.home_fd where there is an
 * interrupted UPDATE.  Nothing is opened by a path.
 */
static bool
mbox_confine(struct maildrop *md)
{
	bool dotlocks = md->settings->mbox_locks & MBOX_LOCK_DOTLOCK;
	int dirs[] = { dotlocks ? mbox.dir_fd : -1,
		journal_pending() ? mbox.home_fd : -1 };

	return sandbox_enter(SANDBOX_MBOX, dirs, 2);
}

/* ---- reading ---- */

/* The delivery lock is held: nothing changes. */
static enum maildrop_result
scan_locked(struct maildrop *md)
{
	enum maildrop_result result = mbox_replay();
	uint64_t start, end;
	size_t known;

	if (result != MAILDROP_OK)
		return result;
	if (!mbox_file_stat())
		return MAILDROP_TEMP;
	end = (uint64_t)mbox.seen.st_size;
	start = mbox_state_read(md, &mbox.seen);
	if (start == end && mbox.size == end)
		return MAILDROP_OK;
	known = md->count;
	result = mbox_scan_from(md, start, end);
	mbox.scanned_part &= md->count > known;
	md->counted = md->count - known;
	return result;
}

static enum maildrop_result
mbox_scan(struct maildrop *md)
{
	/* a descriptor for reading cannot be locked for writing */
	bool write = journal_pending() && mbox.writable;
	enum maildrop_result result;

	if (mbox.fd == -1)
		return mbox_replay();
	if (!mbox_lock_take(&mbox.lock, write, MBOX_LOCK_SECONDS)) {
		(void)mbox_cannot("cannot lock the mbox");
		return MAILDROP_TEMP;
	}
	result = scan_locked(md);
	mbox_lock_drop(&mbox.lock);
	if ((result == MAILDROP_OK || mbox.scanned_part) && mbox.state_outdated)
		mbox_state_write(md);
	if (result == MAILDROP_OK && mbox.ids_unknown) {
		log_error(
		    "unique-ids are taken over at the next login:", mbox.name);
		result = MAILDROP_TEMP;
	}
	return result;
}

/*
 * The delivery lock is not held, so other programs may have changed the mbox:
 * the From_ line has to be where it was.
 */
static enum maildrop_result
mbox_source(
    struct maildrop *md, struct message *m, struct maildrop_source *source)
{
	(void)md;
	if (!mbox_still_there(m->ref))
		return mbox_is_lost();
	source->fd = mbox.fd;
	source->offset = (off_t)mbox_content(m->ref);
	source->bytes = mbox_content_end(m->ref) - mbox_content(m->ref);
	return MAILDROP_OK;
}

static void
mbox_release(struct maildrop *md, struct maildrop_source *source)
{
	(void)md;
	(void)source;
}

static enum maildrop_result
load_and_identify(struct maildrop *md)
{
	enum maildrop_result result = uidl_kept_load();

	return result == MAILDROP_OK ? mbox_identify(md) : result;
}

static void
mbox_close(struct maildrop *md)
{
	if (mbox.state_outdated || md->corrected)
		mbox_state_write(md);
}

const struct maildrop_ops mbox_ops = {
	.open = mbox_open,
	.confine = mbox_confine,
	.scan = mbox_scan,
	.identify = load_and_identify,
	.uidl = mbox_uidl,
	.source = mbox_source,
	.release = mbox_release,
	.commit = mbox_commit,
	.close = mbox_close,
};
