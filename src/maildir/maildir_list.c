/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Reading the folders of a Maildir.
 * Runs as: session.  Input: directories that the mail user, and in part
 * whoever sends mail, decides about.
 */
#include "config.h"

#include "maildir/maildir_list.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/log.h"
#include "pop3/netio.h"

enum { LIST_TRIES = 5 };

/* ---- looking ---- */

/*
 * False, with all zeros, if that fails.  The folder is opened anew because NFS
 * clients remember its attributes until then.
 */
static bool
look_at_folder(int fd, struct maildir_stamp *s)
{
	struct stat st;
	bool good;

	memset(s, 0, sizeof *s);
	if (fd == -1)
		return true;
	fd = maildir_open_folder(fd, ".");
	if (fd == -1)
		return false;
	good = fstat(fd, &st) == 0;
	(void)close(fd);
	if (!good)
		return false;
	s->device = (uint64_t)st.st_dev;
	s->inode = (uint64_t)st.st_ino;
	s->changed = st.st_ctim.tv_sec;
	s->changed_ns = st.st_ctim.tv_nsec;
	return true;
}

static bool
look_at_clock(clockid_t id, int64_t *ns)
{
	struct timespec t;

	*ns = 0;
	if (clock_gettime(id, &t) == -1)
		return false;
	*ns = (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
	return true;
}

void
maildir_look(struct maildir_look *look)
{
	look->blind = !look_at_clock(CLOCK_REALTIME, &look->real);
	look->blind |= !look_at_clock(CLOCK_BOOTTIME, &look->boot);
	for (int f = 0; f < MAILDIR_FOLDERS; f++)
		look->blind |= !look_at_folder(maildir.fd[f], &look->folder[f]);
	look->still = false;
}

/* ---- reading ---- */

enum kind { MESSAGE, NO_MESSAGE, UNKNOWN };

/*
 * Only regular files are messages.  Nothing is opened to find out: opening a
 * FIFO or a device can block or worse.  Some file systems do not tell the type
 * with the name.  If it cannot be found out now, it is UNKNOWN and not
 * something else.
 */
static enum kind
kind_of(int dir_fd, const struct dirent *e)
{
	struct stat st;

	if (e->d_name[0] == '.')
		return NO_MESSAGE;
#ifdef _DIRENT_HAVE_D_TYPE
	if (e->d_type != DT_UNKNOWN)
		return e->d_type == DT_REG ? MESSAGE : NO_MESSAGE;
#endif
	if (fstatat(dir_fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return S_ISREG(st.st_mode) ? MESSAGE : NO_MESSAGE;
	return errno == ENOENT || errno == ELOOP ? NO_MESSAGE : UNKNOWN;
}

static enum maildrop_result
add_message(struct maildrop *md, uint8_t folder, const char *name)
{
	struct message *m = maildrop_add(md);

	if (m == NULL)
		return md->count == md->settings->limit ? MAILDROP_PERM
							: MAILDROP_TEMP;
	m->where = folder;
	if (maildir_keep_name(m, name, strlen(name)))
		return MAILDROP_OK;
	log_error_errno("cannot keep the names of the messages", NULL);
	return errno == EFBIG ? MAILDROP_PERM : MAILDROP_TEMP;
}

static enum maildrop_result
add_entry(struct maildrop *md, uint8_t folder, const struct dirent *e)
{
	switch (kind_of(maildir.fd[folder], e)) {
	case MESSAGE:
		return add_message(md, folder, e->d_name);
	case NO_MESSAGE:
		return MAILDROP_OK;
	case UNKNOWN:
		break;
	}
	log_error_errno("cannot tell whether it is mail:", e->d_name);
	return MAILDROP_TEMP;
}

/* The caller calls closedir(3).  NULL with errno. */
static DIR *
open_listing(int fd)
{
	int copy = maildir_open_folder(fd, ".");
	DIR *dir;

	if (copy == -1)
		return NULL;
	dir = fdopendir(copy);
	if (dir == NULL)
		(void)close(copy);
	return dir;
}

static bool
has_to_stop(const struct maildrop *md)
{
	return md->count % MAILDIR_LOOK_EVERY == 0 &&
	    netio_interrupted() != NET_OK;
}

static enum maildrop_result
list_folder(struct maildrop *md, uint8_t folder, bool may_stop)
{
	enum maildrop_result result = MAILDROP_OK;
	struct dirent *e;
	DIR *dir;

	if (maildir.fd[folder] == -1)
		return MAILDROP_OK;
	dir = open_listing(maildir.fd[folder]);
	errno = dir != NULL ? 0 : errno;
	while (dir != NULL && result == MAILDROP_OK &&
	    (e = readdir(dir)) != NULL) {
		result = add_entry(md, folder, e);
		if (result == MAILDROP_OK && may_stop && has_to_stop(md))
			result = MAILDROP_TEMP;
		errno = 0;
	}
	if (result == MAILDROP_OK && errno != 0) {
		log_error_errno("cannot list", maildir_folders[folder]);
		result = MAILDROP_TEMP;
	}
	if (dir != NULL)
		(void)closedir(dir);
	return result;
}

static bool
is_same(const struct maildir_look *a, const struct maildir_look *b)
{
	return !a->blind && !b->blind &&
	    memcmp(a->folder, b->folder, sizeof a->folder) == 0;
}

/*
 * First new, then cur: mail that is moved meanwhile is seen twice, not never.
 * A rename within a folder while it is read can hide a message, and so can one
 * from cur to new.  A client would take that for a deletion.  So the folders
 * are read again until they keep still.
 */
enum maildrop_result
maildir_list_messages(
    struct maildrop *md, struct maildir_look *look, bool may_stop)
{
	for (int i = 0; i < LIST_TRIES && !look->still; i++) {
		enum maildrop_result result = MAILDROP_OK;
		struct maildir_look after;

		md->count = 0;
		maildir.names.len = 0;
		for (int f = MAILDIR_NEW;
		     f < MAILDIR_FOLDERS && result == MAILDROP_OK; f++)
			result = list_folder(md, (uint8_t)f, may_stop);
		if (result != MAILDROP_OK)
			return result;
		maildir_look(&after);
		if (is_same(look, &after))
			look->still = true;
		else
			*look = after;
	}
	return MAILDROP_OK;
}
