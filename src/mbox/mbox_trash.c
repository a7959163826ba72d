/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The trash of an mbox: an mbox in the home.  Messages are added to it, and it
 * is synced, before UPDATE removes them.  So after a crash a message can be in
 * both mboxes, but it is never missing from both.
 * Runs as: session.  Input: the mbox; a file that the mail user can write.
 */
#include "config.h"

#include "mbox/mbox_trash.h"

#include <sys/stat.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/io.h"
#include "lib/log.h"
#include "mbox/mbox_file.h"
#include "mbox/mbox_lock.h"
#include "options.h"

enum { BUFFER = 64 * 1024, LOCK_SECONDS = 30 };

static struct {
	int fd;
	char name[NAME_MAX + 1]; /* "": none is wanted */
	struct mbox_lock lock;
	uint64_t before, size; /* of the file */
} trash = { .fd = -1 };

static bool
cannot(const char *what)
{
	log_error_errno(what, trash.name);
	return false;
}

static int
open_file(int home_fd)
{
	struct stat st;
	int fd =
	    file_open_own(home_fd, trash.name, FILE_OURS | FILE_ONE_NAME, &st);

	return fd == -1 || io_sync(home_fd) ? fd : file_give_up(fd);
}

void
mbox_trash_open(int home_fd, const char *folder)
{
	if (folder == NULL)
		return;
	(void)snprintf(trash.name, sizeof trash.name, "mbox.%s", folder);
	errno = ENOENT;
	trash.fd = home_fd != -1 ? open_file(home_fd) : -1;
	if (trash.fd == -1)
		(void)cannot("no trash, nothing is deleted:");
	mbox_lock_init(&trash.lock, trash.fd, -1, trash.name, MBOX_LOCK_FCNTL);
}

bool
mbox_trash_wanted(void)
{
	return trash.name[0] != '\0';
}

static bool
append(const char *p, size_t len)
{
	if (!io_pwrite(trash.fd, p, len, trash.size))
		return cannot("cannot write the trash");
	trash.size += len;
	return true;
}

/* Ends the trash with a blank line, where it is not empty. */
static bool
separate(void)
{
	char end[2] = { '\n', '\n' };
	size_t n = io_piece(trash.size, sizeof end);

	if (!io_pread_all(trash.fd, end + sizeof end - n, n, trash.size - n))
		return cannot("cannot read the trash");
	if (end[1] != '\n')
		return append("\n\n", 2);
	return end[0] == '\n' || append("\n", 1);
}

bool
mbox_trash_start(void)
{
	struct stat st;

	if (trash.fd == -1) {
		log_error("no trash, so nothing is deleted from", mbox.name);
		return false;
	}
	if (!mbox_lock_take(&trash.lock, true, LOCK_SECONDS))
		return cannot("cannot lock the trash");
	if (fstat(trash.fd, &st) == -1) {
		(void)cannot("cannot look at the trash");
		mbox_lock_drop(&trash.lock);
		return false;
	}
	trash.before = trash.size = (uint64_t)st.st_size;
	return separate() || mbox_trash_end(false);
}

bool
mbox_trash_add(uint64_t start, uint64_t end)
{
	static char buf[BUFFER];

	while (start < end) {
		size_t len = io_piece(end - start, sizeof buf);

		if (mbox_stopped() || !mbox_read(buf, len, start) ||
		    !append(buf, len))
			return false;
		start += len;
	}
	return separate();
}

bool
mbox_trash_end(bool keep)
{
	bool good =
	    keep && (io_sync(trash.fd) || cannot("cannot sync the trash"));

	if (!good && !io_truncate(trash.fd, trash.before))
		(void)cannot("cannot truncate the trash");
	mbox_lock_drop(&trash.lock);
	return good;
}
