/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The lock of a session on its maildrop.
 * Runs as: session.  Input: locks of other sessions.
 */
#include "config.h"

#include "maildrop/session_lock.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "lib/clock.h"
#include "pop3/netio.h"

/*
 * The bytes that are locked, which need not exist.  In a directory each
 * maildrop has its own.
 */
enum { BYTE_HELD, BYTE_BUSY, BYTE_WANTED, BYTES };

enum {
	WAIT = 5000, /* milliseconds, for a session that may give way */
	NAP = 50,
	LOOK = 1000, /* how often a session that may give way looks */
	LOOKS = 3,   /* before its patience is over */
	EXTENSION = 10
};

static struct {
	int fd;	     /* -1: no marks */
	off_t first; /* of the bytes */
	int64_t patience;
	bool extended;
	bool resting; /* not BUSY */
	bool only_look;
	pid_t holder;
} ours = { .fd = -1 };

void
session_lock_set_patience(unsigned seconds)
{
	ours.patience = (int64_t)seconds * 1000;
}

void
session_lock_extend(void)
{
	if (!ours.extended)
		ours.patience *= EXTENSION;
	ours.extended = true;
}

void
session_lock_only_look(void)
{
	ours.only_look = true;
}

pid_t
session_lock_holder(void)
{
	return ours.holder;
}

static struct flock
lock_of(short type, off_t byte)
{
	struct flock lock = { .l_type = type,
		.l_whence = SEEK_SET,
		.l_start = ours.first + byte,
		.l_len = 1 };

	return lock;
}

static bool
set_lock(int fd, short type, off_t byte)
{
	struct flock lock = lock_of(type, byte);

	return fcntl(fd, F_SETLK, &lock) == 0;
}

/* Has another process set this mark?  True if that cannot be found out. */
static bool
is_marked(int fd, off_t byte)
{
	struct flock lock = lock_of(F_WRLCK, byte);

	return fcntl(fd, F_GETLK, &lock) == -1 || lock.l_type != F_UNLCK;
}

/* The process that has locked this byte, or 0. */
static pid_t
holder_of(int fd, off_t byte)
{
	struct flock lock = lock_of(F_WRLCK, byte);

	if (fcntl(fd, F_GETLK, &lock) == -1 || lock.l_type == F_UNLCK ||
	    lock.l_pid < 0)
		return 0;
	return lock.l_pid;
}

/* ---- getting it ---- */

bool
session_lock_is_strangers(int fd)
{
	ours.first = 0;
	for (off_t byte = 0; byte < BYTES && !ours.only_look; byte++) {
		pid_t pid = holder_of(fd, byte);

		if (pid > 0 && kill(pid, 0) == -1 && errno == EPERM)
			return true;
	}
	return false;
}

static enum session_lock_result
lock_file(int fd)
{
	if (set_lock(fd, F_WRLCK, BYTE_HELD))
		return SESSION_LOCK_MINE;
	return errno == EACCES || errno == EAGAIN ? SESSION_LOCK_IN_USE
						  : SESSION_LOCK_FAILED;
}

/* If two try this at the same moment, one or none gets it, never both. */
static enum session_lock_result
lock_directory(int fd)
{
	if (!set_lock(fd, F_RDLCK, BYTE_HELD))
		return SESSION_LOCK_FAILED;
	if (!is_marked(fd, BYTE_HELD))
		return SESSION_LOCK_MINE;
	return set_lock(fd, F_UNLCK, BYTE_HELD) ? SESSION_LOCK_IN_USE
						: SESSION_LOCK_FAILED;
}

typedef enum session_lock_result locker(int fd);

/*
 * The last try is for a holder that ends because it saw our mark when it was
 * about to serve its client again.
 */
static enum session_lock_result
wait_for_way(int fd, locker *lock)
{
	int64_t deadline = clock_now() + WAIT;
	enum session_lock_result result = SESSION_LOCK_IN_USE;
	bool last = false;

	if (!set_lock(fd, F_RDLCK, BYTE_WANTED))
		return SESSION_LOCK_IN_USE;
	while (result == SESSION_LOCK_IN_USE && !last) {
		last = is_marked(fd, BYTE_BUSY) || clock_now() >= deadline;
		clock_nap(NAP);
		result = lock(fd);
	}
	if (!set_lock(fd, F_UNLCK, BYTE_WANTED) && result == SESSION_LOCK_MINE)
		result = SESSION_LOCK_FAILED;
	return result;
}

static enum session_lock_result
get(int fd, locker *lock)
{
	enum session_lock_result result = lock(fd);

	if (ours.only_look) {
		if (result == SESSION_LOCK_IN_USE)
			ours.holder = holder_of(fd, BYTE_HELD);
		return result;
	}
	if (result == SESSION_LOCK_IN_USE)
		result = wait_for_way(fd, lock);
	ours.resting = false;
	ours.fd = -1;
	if (result == SESSION_LOCK_MINE && set_lock(fd, F_RDLCK, BYTE_BUSY))
		ours.fd = fd;
	return result;
}

enum session_lock_result
session_lock_file(int fd)
{
	ours.first = 0;
	return get(fd, lock_file);
}

/* Do we own the directory, and can nobody else open it? */
static bool
is_private(int fd)
{
	struct stat st;

	errno = EPERM;
	return fstat(fd, &st) == 0 && st.st_uid == geteuid() &&
	    !(st.st_mode & (S_IRGRP | S_IROTH));
}

enum session_lock_result
session_lock_directory(int fd, uint64_t key)
{
	if (!is_private(fd))
		return SESSION_LOCK_FAILED;
	ours.first = (off_t)(key >> 3) & ~(off_t)3;
	return get(fd, lock_directory);
}

/* ---- giving way ---- */

static bool
resume(void)
{
	ours.resting = false;
	return set_lock(ours.fd, F_RDLCK, BYTE_BUSY) &&
	    !is_marked(ours.fd, BYTE_WANTED);
}

int64_t
session_lock_watch(int64_t silence)
{
	if (ours.fd == -1)
		return INT64_MAX;
	if (silence < ours.patience) {
		if (ours.resting && !resume())
			return NETIO_END;
		return ours.patience / LOOKS + 1;
	}
	if (!ours.resting)
		ours.resting = set_lock(ours.fd, F_UNLCK, BYTE_BUSY);
	return is_marked(ours.fd, BYTE_WANTED) ? NETIO_END : LOOK;
}
