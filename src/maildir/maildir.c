/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Maildir: one file a message, in new and cur.  Nothing is ever renamed, and
 * no message is opened at login whose octets its name or the state file
 * tells.  Other programs deliver, flag and remove messages meanwhile; a
 * message is found again by its base name (maildir_again.c).
 * Runs as: session.  Input: directories and files that the mail user, and in
 * part whoever sends mail, decides about.
 */
#include "config.h"

#include "maildir/maildir.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/io.h"
#include "lib/log.h"
#include "maildir/maildir_adopt.h"
#include "maildir/maildir_again.h"
#include "maildir/maildir_name.h"
#include "maildir/maildir_order.h"
#include "maildir/maildir_sealed.h"
#include "maildir/maildir_state.h"
#include "maildir/maildir_trash.h"
#include "maildrop/session_lock.h"
#include "process/sandbox.h"

enum {
	NAMES_FIRST = 16 * 1024,
	NAMES_MAX = 256 * 1024 * 1024 /* bytes of file names */
};

/* "popinMd3" */
static const uint64_t STATE_KIND = 0x706f70696e4d6433;

const char *const maildir_folders[MAILDIR_FOLDERS] = { "new", "cur" };

struct maildir maildir;

const char *
maildir_name(const struct message *m)
{
	return maildir.names.all + m->ref;
}

/* ---- opening ---- */

int
maildir_open_folder(int dir_fd, const char *name)
{
	return openat(
	    dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/*
 * Where no state file can be made, the directory itself is locked, if it is
 * the user's alone.  Else sessions are not kept apart: nothing is lost by two
 * at once, as a message that one has removed is gone for the other.
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
open_failed(const char *path)
{
	bool temporary = file_error_is_temporary(errno);

	log_error_errno("cannot open the Maildir", path);
	return temporary ? MAILDROP_TEMP : MAILDROP_PERM;
}

/*
 * A Maildir that no delivery has made yet: nothing has its name, not even a
 * link to what is not mounted, and the directory that it would be in is there.
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

	log_start(&r, LOG_LEVEL_WARNING, "no Maildir yet, so no mail:");
	log_text(&r, "path", path, strlen(path));
	log_end(&r);
	maildir.fd[MAILDIR_NEW] = maildir.fd[MAILDIR_CUR] = -1;
	maildir.state.fd = -1;
	return MAILDROP_OK;
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
		return open_failed(path);
	for (int i = 0; i < MAILDIR_FOLDERS; i++) {
		maildir.fd[i] = maildir_open_folder(dir_fd, maildir_folders[i]);
		if (maildir.fd[i] == -1 && errno != ENOENT)
			return open_failed(path);
	}
	if (maildir.fd[MAILDIR_NEW] == -1 && maildir.fd[MAILDIR_CUR] == -1) {
		log_error("no Maildir (it has neither new nor cur):", path);
		return MAILDROP_PERM;
	}
	result = maildir_adopt_open(dir_fd, path, md->settings->uidl);
	if (result != MAILDROP_OK)
		return result;
	/* DIR_FD stays open: it may be what is locked. */
	result = lock(dir_fd, path);
	maildir_state_open();
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

/* ---- names ---- */

bool
maildir_reserve(size_t bytes)
{
	struct maildir_names *names = &maildir.names;
	size_t size = names->size ? names->size : NAMES_FIRST;
	char *p;

	while (size - names->len < bytes)
		size *= 2;
	if (size == names->size)
		return true;
	p = realloc(names->all, size);
	if (p == NULL)
		return false;
	names->all = p;
	names->size = size;
	return true;
}

void
maildir_put_name(struct message *m, const char *name, size_t len)
{
	struct maildir_names *names = &maildir.names;

	memcpy(names->all + names->len, name, len);
	names->all[names->len + len] = '\0';
	m->ref = (uint32_t)names->len;
	m->len = (uint16_t)len;
	names->len += len + 1;
}

bool
maildir_keep_name(struct message *m, const char *name, size_t len)
{
	if (len > UINT16_MAX || maildir.names.len + len >= NAMES_MAX) {
		errno = EFBIG;
		return false;
	}
	if (!maildir_reserve(len + 1))
		return false;
	maildir_put_name(m, name, len);
	return true;
}

/* ---- one message ---- */

static int
open_message(const struct message *m)
{
	if (maildir.fd[m->where] == -1 || (m->flags & MAILDIR_LOST)) {
		errno = ENOENT;
		return -1;
	}
	return file_open(maildir.fd[m->where], maildir_name(m), O_RDONLY);
}

/*
 * Opens it, wherever it is by now.  Returns MAILDROP_GONE only when both
 * folders were read and it is in neither.
 */
static enum maildrop_result
open_wherever(struct maildrop *md, struct message *m, int *fd)
{
	*fd = open_message(m);
	for (int i = 0; i < MAILDIR_TRIES && *fd == -1 && errno == ENOENT;
	     i++) {
		if (m->flags & MAILDIR_LOST)
			return MAILDROP_GONE;
		if (!maildir_find_again(md))
			return MAILDROP_TEMP;
		*fd = open_message(m);
	}
	return MAILDROP_OK;
}

/* What stands in the place of a message now, and is none. */
static bool
is_no_file(int error)
{
	return error == ELOOP || error == ENXIO || error == ENODEV;
}

static enum maildrop_result
cannot_open(struct message *m)
{
	if (errno == EACCES || errno == EPERM)
		return maildir_seal(m, MAILDIR_DENIED);
	if (is_no_file(errno)) {
		log_error_errno("not a file any more:", maildir_name(m));
		return MAILDROP_GONE;
	}
	log_error_errno("cannot open", maildir_name(m));
	return MAILDROP_TEMP;
}

/* What was opened is to be sent? */
static enum maildrop_result
look_at_file(struct message *m, int fd, struct stat *st)
{
	if (fstat(fd, st) == -1) {
		log_error_errno("cannot open", maildir_name(m));
		return MAILDROP_TEMP;
	}
	if (!S_ISREG(st->st_mode)) {
		log_error("not a file any more:", maildir_name(m));
		return MAILDROP_GONE;
	}
	return maildir_look_inside(m, fd, (uint64_t)st->st_size);
}

enum maildrop_result
maildir_source(
    struct maildrop *md, struct message *m, struct maildrop_source *source)
{
	struct stat st;
	int fd;
	enum maildrop_result result = open_wherever(md, m, &fd);

	if (result != MAILDROP_OK)
		return result;
	if (fd == -1)
		return cannot_open(m);
	result = look_at_file(m, fd, &st);
	if (result != MAILDROP_OK) {
		(void)close(fd);
		return result;
	}
	source->fd = fd;
	source->offset = 0;
	source->bytes = (uint64_t)st.st_size;
	return MAILDROP_OK;
}

void
maildir_release(struct maildrop *md, struct maildrop_source *source)
{
	(void)md;
	(void)close(source->fd);
}

/* ---- UPDATE ---- */

static bool
take_away(const struct message *m)
{
	int fd = maildir.fd[m->where];

	if (maildir_trash_wanted())
		return maildir_trash_move(fd, maildir_name(m), m->len);
	return unlinkat(fd, maildir_name(m), 0) == 0;
}

/*
 * Removes what is marked and was not yet.  Returns false, logged, where that
 * failed; MISSING is how many were not where they were seen last.
 */
static bool
remove_marked(struct maildrop *md, bool *touched, size_t *missing)
{
	bool good = true;

	*missing = 0;
	for (size_t i = 0; i < md->count; i++) {
		struct message *m = &md->messages[i];

		if (!(m->flags & MESSAGE_DELETED) ||
		    (m->flags & (MAILDIR_DONE | MAILDIR_LOST)))
			continue;
		if (take_away(m)) {
			touched[m->where] = true;
		} else if (errno == ENOENT) {
			++*missing;
			continue;
		} else {
			log_error_errno("cannot remove", maildir_name(m));
			good = false;
		}
		m->flags |= MAILDIR_DONE;
	}
	return good;
}

/*
 * What other programs have renamed meanwhile is looked for, all at once.  What
 * is then nowhere was removed by them.
 */
static bool
remove_wherever(struct maildrop *md, bool *touched)
{
	size_t missing;
	bool good = remove_marked(md, touched, &missing);

	for (int i = 0; i < MAILDIR_TRIES && missing > 0; i++) {
		if (!maildir_find_again(md))
			return false;
		good &= remove_marked(md, touched, &missing);
	}
	if (missing > 0)
		log_error("not removed, other programs keep renaming it", NULL);
	return good && missing == 0;
}

/*
 * A directory that cannot be synced on this kind of file system (EINVAL) is
 * as safe as it gets.
 */
static bool
sync_folder(int fd)
{
	if (io_sync(fd) || errno == EINVAL || errno == EROFS)
		return true;
	log_error_errno("cannot sync the Maildir", NULL);
	return false;
}

static enum maildrop_result
maildir_commit(struct maildrop *md)
{
	bool touched[MAILDIR_FOLDERS] = { false, false };
	bool good = remove_wherever(md, touched);

	/* What arrived first: after a crash it may be in both, not in none. */
	if (maildir_trash_fd() != -1)
		good &= sync_folder(maildir_trash_fd());
	for (int f = 0; f < MAILDIR_FOLDERS; f++)
		if (touched[f])
			good &= sync_folder(maildir.fd[f]);
	return good ? MAILDROP_OK : MAILDROP_TEMP;
}

static void
maildir_close(struct maildrop *md)
{
	if (!md->corrected)
		return;
	/* in the order in which they are looked for */
	if (!maildir_adopt_reordered() || maildir_order(md, maildir.names.all))
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
