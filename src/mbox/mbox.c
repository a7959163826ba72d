/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * mbox: all mail in one file, which other programs append to, and rewrite,
 * under the locks of mbox_lock.h.  The locks are held only while scanning and
 * while removing messages.  Between the two, what was scanned is looked at
 * again before it is believed.
 *
 * Runs as: session.  Input: the mbox, which anyone who sends mail writes to;
 * directories that other users may be able to write to.
 */
#include "config.h"

#include "mbox/mbox.h"

#include <sys/resource.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/checksum.h"
#include "lib/file.h"
#include "lib/io.h"
#include "lib/log.h"
#include "mbox/mbox_journal.h"
#include "mbox/mbox_move.h"
#include "mbox/mbox_trash.h"
#include "options.h"
#include "process/sandbox.h"

enum {
	FIRST_ENTRIES = 64,
	PIECE = 1024,	  /* of a From_ line: as checksum.h wants it */
	SCAN_SECONDS = 30 /* to wait for a delivery */
};

struct mbox mbox = { .fd = -1, .dir_fd = -1, .home_fd = -1 };

/* ---- entries ---- */

uint64_t
mbox_content(size_t i)
{
	return mbox.entries[i].start + mbox.entries[i].from_len;
}

uint64_t
mbox_entry_end(size_t i)
{
	return i + 1 < mbox.count ? mbox.entries[i + 1].start : mbox.size;
}

uint64_t
mbox_content_end(size_t i)
{
	return mbox_entry_end(i) - mbox.entries[i].separator;
}

struct mbox_entry *
mbox_add_entry(void)
{
	struct mbox_entry *e;

	if (mbox.count == mbox.allocated) {
		size_t more =
		    mbox.allocated ? mbox.allocated * 2 : FIRST_ENTRIES;

		e = reallocarray(mbox.entries, more, sizeof *e);
		if (e == NULL)
			return NULL;
		mbox.entries = e;
		mbox.allocated = more;
	}
	e = &mbox.entries[mbox.count++];
	memset(e, 0, sizeof *e);
	return e;
}

bool
mbox_look(void)
{
	if (fstat(mbox.fd, &mbox.seen) == 0 &&
	    clock_gettime(CLOCK_REALTIME, &mbox.seen_at) == 0)
		return true;
	log_error_errno("cannot look at the mbox", mbox.name);
	return false;
}

uint32_t
mbox_from_check(const char *line, size_t len)
{
	return checksum_short(checksum(CHECKSUM_START, line, len));
}

bool
mbox_from_sum(const struct mbox_entry *e, uint32_t *check)
{
	uint64_t sum = CHECKSUM_START, done = 0;
	char line[PIECE];

	while (done < e->from_len) {
		uint64_t left = e->from_len - done;
		size_t n = left < sizeof line ? (size_t)left : sizeof line;

		if (!io_pread_all(mbox.fd, line, n, e->start + done))
			return false;
		sum = checksum(sum, line, n);
		done += n;
	}
	*check = checksum_short(sum);
	return true;
}

bool
mbox_still_there(size_t i)
{
	const struct mbox_entry *e = &mbox.entries[i];
	uint32_t check;

	if (!mbox_from_sum(e, &check))
		return false;
	errno = 0;
	return check == e->check;
}

/* ---- opening ---- */

static enum maildrop_result
open_failed(const char *what, const char *path)
{
	bool temporary = file_error_is_temporary(errno);

	log_error_errno(what, path);
	return temporary ? MAILDROP_TEMP : MAILDROP_PERM;
}

/* Splits PATH into the directory, opened, and mbox.name. */
static enum maildrop_result
open_directory(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash != NULL ? slash + 1 : path;
	char dir[PATH_MAX];
	size_t len = (size_t)(name - path);

	if (len == 0 || len >= sizeof dir || name[0] == '\0' ||
	    strlen(name) > NAME_MAX) {
		log_error("not the path of an mbox:", path);
		return MAILDROP_PERM;
	}
	memcpy(dir, path, len);
	dir[len] = '\0';
	memcpy(mbox.name, name, strlen(name) + 1);
	mbox.dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (mbox.dir_fd == -1 && errno == EACCES)
		mbox.dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (mbox.dir_fd == -1)
		return open_failed("cannot open the directory of", path);
	return MAILDROP_OK;
}

/* An UPDATE of a file that is larger than that could end halfway. */
static bool
within_limit(const struct stat *st)
{
	struct rlimit r;

	return getrlimit(RLIMIT_FSIZE, &r) == -1 ||
	    r.rlim_cur == RLIM_INFINITY || (rlim_t)st->st_size <= r.rlim_cur;
}

/* A file that is not there is an empty maildrop. */
static enum maildrop_result
open_mbox(const char *path)
{
	struct stat st;

	mbox.writable = true;
	mbox.fd = file_open(mbox.dir_fd, mbox.name, O_RDWR);
	if (mbox.fd == -1 && (errno == EACCES || errno == EROFS)) {
		mbox.writable = false;
		mbox.fd = file_open(mbox.dir_fd, mbox.name, O_RDONLY);
	}
	if (mbox.fd == -1 && errno == ENOENT)
		return MAILDROP_OK;
	if (mbox.fd == -1)
		return open_failed("cannot open the mbox", path);
	if (!file_is(mbox.fd, FILE_OURS | FILE_ONE_NAME, &st))
		return open_failed(
		    "not a plain file with one name that is ours:", path);
	mbox.writable &= within_limit(&st);
	return MAILDROP_OK;
}

static enum maildrop_result
mbox_open(struct maildrop *md, const char *path)
{
	enum maildrop_result result = open_directory(path);

	if (result == MAILDROP_OK)
		result = open_mbox(path);
	if (result == MAILDROP_OK)
		result = mbox_place(path, md->settings->home);
	if (result == MAILDROP_OK)
		mbox_trash_open(mbox.home_fd, md->settings->trash);
	mboxlock_init(&mbox.lock, mbox.fd, mbox.dir_fd, mbox.name,
	    md->settings->mbox_locks);
	return result;
}

/* Only dotlocks need to reach a path, and a journal that is set aside. */
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
	if (!mbox_look())
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
	/* of a file that is only read no other lock can be had */
	bool write = journal_pending() && mbox.writable;
	enum maildrop_result result;

	if (mbox.fd == -1)
		return mbox_replay();
	if (!mboxlock_take(&mbox.lock, write, SCAN_SECONDS)) {
		log_error_errno("cannot lock the mbox", mbox.name);
		return MAILDROP_TEMP;
	}
	result = scan_locked(md);
	mboxlock_drop(&mbox.lock);
	if ((result == MAILDROP_OK || mbox.scanned_part) && mbox.state_outdated)
		mbox_state_write(md);
	return result;
}

/*
 * Nobody keeps other programs from changing the mbox now, so the From_ line
 * has to be where it was.
 */
static enum maildrop_result
mbox_source(
    struct maildrop *md, struct message *m, struct maildrop_source *source)
{
	(void)md;
	if (!mbox_still_there(m->ref)) {
		if (errno != 0)
			log_error_errno("cannot read the mbox", mbox.name);
		else
			log_error("changed by another program:", mbox.name);
		return MAILDROP_TEMP;
	}
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
	.identify = mbox_identify,
	.uidl = mbox_uidl,
	.source = mbox_source,
	.release = mbox_release,
	.commit = mbox_commit,
	.close = mbox_close,
};
