/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Maildir: one file a message, in new and cur.  No message is renamed but into
 * the trash.  At login no message is opened if its name or the state file tells
 * its octets.  Other programs deliver, flag and remove messages meanwhile.
 * Runs as: session.  Input: directories and files that the mail user, and in
 * part whoever sends mail, decides about.
 */
#include "config.h"

#include "maildir/maildir.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/log.h"
#include "maildir/maildir_folders.h"
#include "maildir/maildir_message.h"
#include "maildir/maildir_name.h"
#include "maildir/maildir_scan.h"
#include "maildir/maildir_sealed.h"
#include "maildir/maildir_state.h"
#include "maildir/maildir_trash.h"
#include "maildir/maildir_update.h"
#include "maildrop/session_lock.h"
#include "maildrop/uidl_kept.h"
#include "maildrop/uidl_map.h"
#include "options.h"
#include "process/sandbox.h"

/* "popinMd3" */
static const uint64_t STATE_KIND = 0x706f70696e4d6433;

/* ---- opening ---- */

/*
 * If no state file can be made the directory itself is locked, provided that
 * nobody but the user can open it.  Otherwise two sessions can run at once.
 * Nothing is lost by that: a message that one has removed is gone for the
 * other.
 */
static enum maildrop_result
lock_directory(int dir_fd, const char *path)
{
	log_error_errno("no state file, logins will be slow, in", path);
	switch (session_lock_directory(dir_fd, 0)) {
	case SESSION_LOCK_MINE:
		break;
	case SESSION_LOCK_IN_USE:
		return MAILDROP_IN_USE;
	case SESSION_LOCK_FAILED:
		log_error_errno(
		    "no lock, two sessions may be served at once:", path);
		break;
	}
	return MAILDROP_OK;
}

static enum maildrop_result
lock(int dir_fd, const char *path)
{
	switch (state_open(&maildir.state, dir_fd, "popin.state", STATE_KIND)) {
	case STATE_LOCKED:
		return MAILDROP_OK;
	case STATE_BUSY:
		return MAILDROP_IN_USE;
	case STATE_NOFILE:
		return lock_directory(dir_fd, path);
	case STATE_FAILED:
		break;
	}
	log_error_errno("cannot lock popin.state in", path);
	return MAILDROP_TEMP;
}

static enum maildrop_result
open_folder_failed(const char *path, const char *folder)
{
	char where[PATH_MAX];
	int saved = errno;

	(void)snprintf(where, sizeof where, "%s/%s", path, folder);
	errno = saved;
	return maildrop_failed("cannot open the Maildir", where);
}

/*
 * Is it a Maildir that no delivery has made yet?  Then nothing has its name,
 * not even a link to what is not mounted, and its parent directory is there.
 */
static bool
is_not_made_yet(const char *path)
{
	char parent[PATH_MAX];
	size_t len = strlen(path);
	struct stat st;

	if (errno != ENOENT || len >= sizeof parent)
		return false;
	memcpy(parent, path, len + 1);
	while (len > 1 && parent[len - 1] == '/')
		parent[--len] = '\0';
	if (lstat(parent, &st) == 0 || errno != ENOENT)
		return false;
	while (len > 1 && parent[len - 1] != '/')
		parent[--len] = '\0';
	return stat(parent, &st) == 0 && S_ISDIR(st.st_mode);
}

static enum maildrop_result
open_nothing(const char *path)
{
	struct log_record r;

	log_start(&r, LOG_LEVEL_WARNING,
	    "no Maildir yet, serving an empty maildrop:");
	log_text(&r, "path", path, strlen(path));
	log_end(&r);
	maildir.fd[MAILDIR_NEW] = maildir.fd[MAILDIR_CUR] = -1;
	maildir.state.fd = -1;
	return MAILDROP_OK;
}

static enum maildrop_result
open_ids(const struct maildrop *md, int dir_fd, const char *path)
{
	struct uidl_place place = { dir_fd, "popin.uidl", OPTIONS_MAILDIR,
		path };

	bool ask;
	enum maildrop_result result =
	    uidl_kept_open(md->settings, &place, &ask);

	if (result == MAILDROP_OK && ask)
		result = uidl_kept_ask(md->settings, &place);
	return result;
}

static enum maildrop_result
maildir_open(struct maildrop *md, const char *path)
{
	int dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum maildrop_result result;

	maildir.uid = geteuid();
	if (dir_fd == -1 && is_not_made_yet(path))
		return open_nothing(path);
	if (dir_fd == -1)
		return maildrop_failed("cannot open the Maildir", path);
	for (int i = 0; i < MAILDIR_FOLDERS; i++) {
		maildir.fd[i] = maildir_open_folder(dir_fd, maildir_folders[i]);
		if (maildir.fd[i] == -1 && errno != ENOENT)
			return open_folder_failed(path, maildir_folders[i]);
	}
	if (maildir.fd[MAILDIR_NEW] == -1 && maildir.fd[MAILDIR_CUR] == -1) {
		log_error("no Maildir (it has neither new nor cur):", path);
		return MAILDROP_PERM;
	}
	/* DIR_FD stays open: it may be what is locked. */
	result = lock(dir_fd, path);
	maildir_state_open();
	if (result == MAILDROP_OK)
		result = open_ids(md, dir_fd, path);
	if (result == MAILDROP_OK)
		maildir_trash_open(dir_fd, path, md->settings->trash);
	return result;
}

static bool
maildir_confine(struct maildrop *md)
{
	int dirs[MAILDIR_FOLDERS + 1] = { maildir.fd[MAILDIR_NEW],
		maildir.fd[MAILDIR_CUR], maildir_trash_fd() };

	(void)md;
	return sandbox_enter(
	    maildir_trash_wanted() ? SANDBOX_MAILDIR_TRASH : SANDBOX_MAILDIR,
	    dirs, MAILDIR_FOLDERS + 1);
}

/* ---- unique-ids ---- */

static enum maildrop_result
maildir_identify(struct maildrop *md)
{
	(void)md;
	return uidl_kept_load();
}

/*
 * The id that another server gave, else the name.  If another server gave that
 * name to a message as its id, the id is the hash of the name.
 */
static size_t
maildir_ops_uidl(const struct maildrop *md, const struct message *m, char *buf)
{
	char ours[MAILDROP_UIDL_MAX];
	size_t len = maildir_uidl(maildir_name(m), m->len, ours);
	size_t theirs = uidl_map_get(ours, len, buf);

	(void)md;
	if (theirs > 0)
		return theirs;
	if (uidl_map_has(ours, len))
		return maildir_uidl_hash(maildir_name(m), m->len, buf);
	memcpy(buf, ours, len);
	return len;
}

static void
maildir_close(struct maildrop *md)
{
	if (md->corrected)
		maildir_state_write(md);
}

const struct maildrop_ops maildir_ops = {
	.open = maildir_open,
	.confine = maildir_confine,
	.scan = maildir_scan,
	.identify = maildir_identify,
	.uidl = maildir_ops_uidl,
	.source = maildir_source,
	.release = maildir_release,
	.removable = maildir_removable,
	.commit = maildir_commit,
	.close = maildir_close,
};
