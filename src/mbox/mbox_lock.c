/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The delivery lock.
 * Runs as: session.  Input: locks of other programs.
 */
#include "config.h"

#include "mbox/mbox_lock.h"

#include <sys/vfs.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/file.h"
#include "options.h"

/*
 * Locks of open file descriptions conflict with those of processes, as they
 * should.  They are not lost when another descriptor of the file is closed.
 */
#ifdef F_OFD_SETLK
enum { SETLK = F_OFD_SETLK };
#else
enum { SETLK = F_SETLK };
#endif

enum {
	WAIT_FIRST = 1, /* milliseconds */
	WAIT_MAX = 50,
	REFRESH = 60 * 1000
};

#define NFS_MAGIC 0x6969 /* of fstatfs(2) */

static bool
is_on_nfs(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && (uint32_t)fs.f_type == NFS_MAGIC;
}

void
mbox_lock_init(
    struct mbox_lock *l, int fd, int dir_fd, const char *name, unsigned kinds)
{
	memset(l, 0, sizeof *l);
	l->fd = fd;
	l->kinds = kinds;
	l->remembered = !(kinds & MBOX_LOCK_FCNTL) && is_on_nfs(fd);
	dotlock_init(&l->dot, dir_fd, name);
}

static bool
set_lock(int fd, short type)
{
	struct flock lock = { .l_type = type, .l_whence = SEEK_SET };

	return fcntl(fd, SETLK, &lock) == 0;
}

static bool
is_busy(int error)
{
	return error == EACCES || error == EAGAIN || error == EINTR;
}

/*
 * What others did to the file before is seen from now on.  While a file is open
 * for writing over NFS, the kernel remembers its size and what is in it until
 * it is locked with fcntl(2).
 */
static bool
look_anew(struct mbox_lock *l)
{
	return (!l->remembered ||
		   (set_lock(l->fd, F_RDLCK) && set_lock(l->fd, F_UNLCK))) &&
	    file_look_anew(l->fd);
}

/*
 * fcntl first, the dotlock after it.  Where a dotlock cannot be made the fcntl
 * lock is enough, unless another program has a dotlock there.
 */
static bool
try(struct mbox_lock *l, bool write)
{
	bool both = l->kinds & MBOX_LOCK_FCNTL;
	int error;

	if (both && !set_lock(l->fd, write ? F_WRLCK : F_RDLCK))
		return false;
	if ((!(l->kinds & MBOX_LOCK_DOTLOCK) || dotlock_try(&l->dot) ||
		(both && errno != EAGAIN)) &&
	    look_anew(l))
		return true;
	error = errno;
	dotlock_drop(&l->dot);
	if (both)
		(void)set_lock(l->fd, F_UNLCK);
	errno = error;
	return false;
}

/*
 * Not F_SETLKW: the program that holds the dotlock may be waiting for the fcntl
 * lock, and a lock that is never given back must not hang the session.
 */
bool
mbox_lock_take(struct mbox_lock *l, bool write, unsigned seconds)
{
	int64_t deadline = clock_now() + (int64_t)seconds * 1000;
	int wait = WAIT_FIRST;

	while (!try(l, write)) {
		if (!is_busy(errno))
			return false;
		if (clock_now() >= deadline) {
			errno = EAGAIN;
			return false;
		}
		clock_nap(wait);
		wait = wait * 2 < WAIT_MAX ? wait * 2 : WAIT_MAX;
	}
	l->held = true;
	l->refreshed = clock_now();
	return true;
}

void
mbox_lock_drop(struct mbox_lock *l)
{
	if (!l->held)
		return;
	l->held = false;
	dotlock_drop(&l->dot);
	if (l->kinds & MBOX_LOCK_FCNTL)
		(void)set_lock(l->fd, F_UNLCK);
}

void
mbox_lock_refresh(struct mbox_lock *l)
{
	int64_t now = clock_now();

	if (!l->held || now - l->refreshed < REFRESH)
		return;
	l->refreshed = now;
	dotlock_touch(&l->dot);
}
