/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Where popin keeps its own files about an mbox, the state file and the
 * journal: in the user's home, because the directory of the mbox is hardly
 * ever the user's.  The session's lock is the state file's.
 *
 * Runs as: session.  Input: the home directory, files in it.
 */
#include "config.h"

#include "mbox/mbox_home.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/checksum.h"
#include "lib/file.h"
#include "lib/hex.h"
#include "lib/log.h"
#include "lib/sha256.h"
#include "maildrop/session_lock.h"
#include "maildrop/uidl_kept.h"
#include "mbox/mbox_file.h"
#include "mbox/mbox_journal.h"
#include "mbox/mbox_move.h"
#include "options.h"

enum { KEY_BYTES = 16 };

/* "popinMb5" */
static const uint64_t STATE_KIND = 0x706f70696e4d6235;

/* ".popin.mbox.HASH.uidl"; empty: no such file can be kept. */
static char uidls_name[NAME_MAX + sizeof ".uidl"];

static const char STATE_PREFIX[] = ".popin.mbox.";

/*
 * The name of the state file: a prefix, and a hash of the path of the mbox.  It
 * is the same however that path is written.
 */
static bool
state_name(const char *path, char name[NAME_MAX])
{
	char dir[PATH_MAX], real[PATH_MAX];
	unsigned char digest[SHA256_SIZE];
	size_t len = strlen(path) - strlen(mbox.name);
	struct sha256 s;
	size_t n = sizeof STATE_PREFIX - 1;

	memcpy(dir, path, len);
	dir[len] = '\0';
	if (realpath(dir, real) == NULL)
		return false;
	sha256_start(&s);
	sha256_add(&s, real, strlen(real));
	sha256_add(&s, "/", 1);
	sha256_add(&s, mbox.name, strlen(mbox.name));
	sha256_end(&s, digest);
	memcpy(name, STATE_PREFIX, n);
	n += hex_format(name + n, digest, KEY_BYTES);
	name[n] = '\0';
	return true;
}

/* A directory that others may write to is not safe as a home. */
static int
open_home(const char *home)
{
	struct stat st;
	int fd;

	if (home == NULL || home[0] != '/') {
		errno = ENOENT;
		return -1;
	}
	fd = open(home, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1)
		return -1;
	errno = EPERM;
	if (fstat(fd, &st) == 0 && !(st.st_mode & S_IWOTH))
		return fd;
	return file_give_up(fd);
}

/*
 * Without a state file the home directory is locked.  NAME is that of the state
 * file: several users with one uid may have one home.
 *
 * If there is no home, or if it is not the user's alone, as / and /var/mail
 * are, two sessions can be served at once: locking the mbox itself would stop
 * delivery.  The first one that removes messages succeeds.  The other is told
 * that nothing was removed, because mbox_commit() looks at everything anew.
 */
static enum maildrop_result
lock_home(const char *name)
{
	log_error_errno("no state file (the home of the user should be "
			"writable): logins will be slow",
	    NULL);
	if (mbox.home_fd == -1)
		return MAILDROP_OK;
	switch (session_lock_directory(
	    mbox.home_fd, checksum(CHECKSUM_START, name, strlen(name)))) {
	case SESSION_LOCK_MINE:
		break;
	case SESSION_LOCK_IN_USE:
		return MAILDROP_IN_USE;
	case SESSION_LOCK_FAILED:
		log_error_errno(
		    "no lock, two sessions may be served at once:", mbox.name);
		break;
	}
	return MAILDROP_OK;
}

/* Even without a state file: an interrupted UPDATE may have to be finished. */
static void
open_journal(char *name)
{
	struct stat st;

	memcpy(name + strlen(name), ".journal", sizeof ".journal");
	if (journal_open(mbox.home_fd, name))
		return;
	if ((errno == EPERM || errno == ELOOP || errno == EACCES) &&
	    fstatat(mbox.home_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    mbox_move_set_aside(
		"the journal is not a file of this user alone, it is not used:") &&
	    journal_open(mbox.home_fd, name))
		return;
	log_error_errno(
	    "no journal, cannot delete from the middle of an mbox:", name);
}

enum maildrop_result
mbox_home_open(const char *path, const char *home)
{
	char name[NAME_MAX] = "";
	enum maildrop_result result = MAILDROP_OK;
	enum state_lock lock = STATE_NOFILE;

	mbox.state.fd = -1;
	mbox.home_fd = open_home(home);
	if (mbox.home_fd != -1 && state_name(path, name)) {
		(void)snprintf(uidls_name, sizeof uidls_name, "%s.uidl", name);
		lock = state_open(&mbox.state, mbox.home_fd, name, STATE_KIND);
	}
	switch (lock) {
	case STATE_LOCKED:
		break;
	case STATE_NOFILE:
		result = lock_home(name);
		break;
	case STATE_BUSY:
		return MAILDROP_IN_USE;
	case STATE_FAILED:
		log_error_errno("cannot lock the state file", name);
		return MAILDROP_TEMP;
	}
	if (result == MAILDROP_OK && name[0] != '\0')
		open_journal(name);
	return result;
}

/*
 * Delivery is locked out while popin-import reads: from half of an mbox it would
 * give half of the ids, for good.  An interrupted UPDATE is finished first, so
 * then the ids are known at the next login.
 */
enum maildrop_result
mbox_home_open_uidls(const char *path, const struct maildrop_settings *settings)
{
	struct uidl_place place = { uidls_name[0] != '\0' ? mbox.home_fd : -1,
		uidls_name, OPTIONS_MBOX, path };
	bool ask;
	enum maildrop_result result = uidl_kept_open(settings, &place, &ask);

	if (result != MAILDROP_OK || !ask || mbox.fd == -1)
		return result;
	mbox.ids_unknown = journal_pending();
	if (mbox.ids_unknown)
		return MAILDROP_OK;
	if (!mbox_lock_take(&mbox.lock, false, MBOX_LOCK_SECONDS)) {
		(void)mbox_cannot("cannot lock the mbox");
		return MAILDROP_TEMP;
	}
	result = uidl_kept_ask(settings, &place);
	mbox_lock_drop(&mbox.lock);
	return result;
}
