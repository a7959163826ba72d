/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Maildir: one file a message, in new and cur.  Nothing is ever renamed, and
 * no message is opened at login whose octets its name or the state file
 * tells.  Other programs deliver, flag and remove messages meanwhile; a
 * message is found again by its base name.
 * Runs as: session.  Input: directories and files that the mail user, and in
 * part whoever sends mail, decides about.
 */
#include "config.h"

#include "maildir.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "claim.h"
#include "log.h"
#include "maildir_adopt.h"
#include "maildir_name.h"
#include "maildir_order.h"
#include "maildir_state.h"
#include "maildir_trash.h"
#include "sandbox.h"

enum {
	NAMES_FIRST = 16 * 1024,
	NAMES_MAX = 256 * 1024 * 1024 /* bytes of file names */
};

/* "popinMd2" */
static const uint64_t STATE_KIND = 0x706f70696e4d6432;

const char *const maildir_folders[MAILDIR_FOLDERS] = { "new", "cur" };

struct maildir maildir;

const char *
maildir_name(const struct message *m)
{
	return maildir.names + m->ref;
}

/* ---- opening ---- */

static int
open_folder(int dir_fd, const char *name)
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
	switch (claim_directory(dir_fd, 0)) {
	case CLAIM_MINE:
		break;
	case CLAIM_IN_USE:
		return MAILDROP_IN_USE;
	case CLAIM_FAILED:
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
	bool temporary = errno == EMFILE || errno == ENFILE ||
	    errno == ENOMEM || errno == EIO || errno == ESTALE;

	log_error_errno("cannot open the Maildir", path);
	return temporary ? MAILDROP_TEMP : MAILDROP_PERM;
}

static enum maildrop_result
maildir_open(struct maildrop *md, const char *path)
{
	int dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum maildrop_result result;

	maildir.uid = geteuid();
	if (dir_fd == -1)
		return open_failed(path);
	for (int i = 0; i < MAILDIR_FOLDERS; i++) {
		maildir.fd[i] = open_folder(dir_fd, maildir_folders[i]);
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
maildir_keep_name(struct message *m, const char *name, size_t len)
{
	if (maildir.names_size - maildir.names_len <= len) {
		size_t more =
		    maildir.names_size ? maildir.names_size * 2 : NAMES_FIRST;
		char *p;

		if (more > NAMES_MAX) {
			errno = EFBIG;
			return false;
		}
		p = realloc(maildir.names, more);
		if (p == NULL)
			return false;
		maildir.names = p;
		maildir.names_size = more;
	}
	memcpy(maildir.names + maildir.names_len, name, len + 1);
	m->ref = (uint32_t)maildir.names_len;
	m->len = (uint16_t)len;
	maildir.names_len += len + 1;
	return true;
}

/*
 * Regular files only, and nothing is opened to find out: opening a FIFO or a
 * device can block or worse.
 */
bool
maildir_is_message(int dir_fd, const struct dirent *e)
{
	struct stat st;

	if (e->d_name[0] == '.')
		return false;
#ifdef _DIRENT_HAVE_D_TYPE
	if (e->d_type != DT_UNKNOWN)
		return e->d_type == DT_REG;
#endif
	return fstatat(dir_fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISREG(st.st_mode);
}

DIR *
maildir_list(int fd)
{
	int copy = open_folder(fd, ".");
	DIR *dir;

	if (copy == -1)
		return NULL;
	dir = fdopendir(copy);
	if (dir == NULL)
		(void)close(copy);
	return dir;
}

/* ---- one message ---- */

/*
 * Looks for the message under another name, and notes it.  Returns false,
 * with errno, when it is nowhere.
 */
static bool
find_again(struct message *m)
{
	for (int f = MAILDIR_NEW; f < MAILDIR_FOLDERS; f++) {
		DIR *dir =
		    maildir.fd[f] != -1 ? maildir_list(maildir.fd[f]) : NULL;
		struct dirent *e;
		bool found = false;

		while (dir != NULL && !found && (e = readdir(dir)) != NULL) {
			size_t len = strlen(e->d_name);

			if (!maildir_is_message(maildir.fd[f], e) ||
			    maildir_compare(
				maildir_name(m), m->len, e->d_name, len) != 0)
				continue;
			found = maildir_keep_name(m, e->d_name, len);
			m->where = (uint8_t)f;
		}
		if (dir != NULL)
			(void)closedir(dir);
		if (found)
			return true;
	}
	errno = ENOENT;
	return false;
}

static int
open_message(const struct message *m)
{
	if (maildir.fd[m->where] == -1) {
		errno = ENOENT;
		return -1;
	}
	return openat(maildir.fd[m->where], maildir_name(m),
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

/* Not a plain file of ours: as little a message as a FIFO is. */
static bool
is_foreign(const struct stat *st)
{
	return !S_ISREG(st->st_mode) || st->st_uid != maildir.uid;
}

/* What open(2) says of a file that is no mail; else there may be mail in it. */
static bool
is_unreadable(int error)
{
	return error == EACCES || error == EPERM || error == ELOOP ||
	    error == ENXIO || error == ENODEV;
}

enum maildrop_result
maildir_source(
    struct maildrop *md, struct message *m, struct maildrop_source *source)
{
	struct stat st;
	int fd = open_message(m);

	(void)md;
	if (fd == -1 && errno == ENOENT && find_again(m))
		fd = open_message(m);
	if (fd == -1 && errno == ENOENT)
		return MAILDROP_GONE;
	if (fd == -1 || fstat(fd, &st) == -1) {
		bool unreadable = fd == -1 && is_unreadable(errno);

		log_error_errno("cannot open", maildir_name(m));
		if (fd != -1)
			(void)close(fd);
		return unreadable ? MAILDROP_PERM : MAILDROP_TEMP;
	}
	if (is_foreign(&st)) {
		log_error("not our file:", maildir_name(m));
		(void)close(fd);
		return MAILDROP_PERM;
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

static bool
remove_message(struct message *m)
{
	for (int i = 0; i < 2; i++) {
		if (take_away(m))
			return true;
		if (errno != ENOENT)
			break;
		if (!find_again(m))
			return true;
	}
	log_error_errno("cannot remove", maildir_name(m));
	return false;
}

/*
 * A directory that cannot be synced on this kind of file system (EINVAL) is
 * as safe as it gets.
 */
static bool
sync_folder(int fd)
{
	if (fsync(fd) == 0 || errno == EINVAL || errno == EROFS)
		return true;
	log_error_errno("cannot sync the Maildir", NULL);
	return false;
}

static enum maildrop_result
maildir_commit(struct maildrop *md)
{
	bool touched[MAILDIR_FOLDERS] = { false, false };
	bool good = true;

	for (size_t i = 0; i < md->count; i++) {
		struct message *m = &md->messages[i];

		if (m->flags & MESSAGE_DELETED) {
			good &= remove_message(m);
			touched[m->where] = true;
		}
	}
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
	if (!maildir_adopt_reordered() || maildir_order(md, maildir.names))
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
	.commit = maildir_commit,
	.close = maildir_close,
};
