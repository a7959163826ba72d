/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The session's claim on its maildrop.
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
 * Bytes of the file, which need not exist.  A directory has as many for each
 * maildrop that is kept in it.
 */
enum { BYTE_HELD, BYTE_BUSY, BYTE_WANTED, BYTES };

enum {
	WAIT = 5000, /* milliseconds, for somebody who may give way */
	NAP = 50,
	LOOK = 1000, /* how often the one who may give way looks */
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
} claim = { .fd = -1 };

void
claim_set_patience(unsigned seconds)
{
	claim.patience = (int64_t)seconds * 1000;
}

void
claim_extend(void)
{
	if (!claim.extended)
		claim.patience *= EXTENSION;
	claim.extended = true;
}

void
claim_only_look(void)
{
	claim.only_look = true;
}

pid_t
claim_holder(void)
{
	return claim.holder;
}

static struct flock
lock_of(short type, off_t byte)
{
	struct flock lock = { .l_type = type,
		.l_whence = SEEK_SET,
		.l_start = claim.first + byte,
		.l_len = 1 };

	return lock;
}

static bool
set_lock(int fd, short type, off_t byte)
{
	struct flock lock = lock_of(type, byte);

	return fcntl(fd, F_SETLK, &lock) == 0;
}

/* Has somebody else set this mark?  Who cannot tell must not go on. */
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
claim_is_strangers(int fd)
{
	claim.first = 0;
	for (off_t byte = 0; byte < BYTES && !claim.only_look; byte++) {
		pid_t pid = holder_of(fd, byte);

		if (pid > 0 && kill(pid, 0) == -1 && errno == EPERM)
			return true;
	}
	return false;
}

static enum claim_result
lock_file(int fd)
{
	if (set_lock(fd, F_WRLCK, BYTE_HELD))
		return CLAIM_MINE;
	return errno == EACCES || errno == EAGAIN ? CLAIM_IN_USE : CLAIM_FAILED;
}

/* Of two that do this at the same moment none may get it; never both do. */
static enum claim_result
lock_directory(int fd)
{
	if (!set_lock(fd, F_RDLCK, BYTE_HELD))
		return CLAIM_FAILED;
	if (!is_marked(fd, BYTE_HELD))
		return CLAIM_MINE;
	return set_lock(fd, F_UNLCK, BYTE_HELD) ? CLAIM_IN_USE : CLAIM_FAILED;
}

typedef enum claim_result locker(int fd);

/*
 * The last try is for a session that ends because it saw the mark of ours
 * when it was about to serve its client again.
 */
static enum claim_result
wait_for_way(int fd, locker *lock)
{
	int64_t deadline = clock_now() + WAIT;
	enum claim_result result = CLAIM_IN_USE;
	bool last = false;

	if (!set_lock(fd, F_RDLCK, BYTE_WANTED))
		return CLAIM_IN_USE;
	while (result == CLAIM_IN_USE && !last) {
		last = is_marked(fd, BYTE_BUSY) || clock_now() >= deadline;
		clock_nap(NAP);
		result = lock(fd);
	}
	if (!set_lock(fd, F_UNLCK, BYTE_WANTED) && result == CLAIM_MINE)
		result = CLAIM_FAILED;
	return result;
}

static enum claim_result
get(int fd, locker *lock)
{
	enum claim_result result = lock(fd);

	if (claim.only_look) {
		if (result == CLAIM_IN_USE)
			claim.holder = holder_of(fd, BYTE_HELD);
		return result;
	}
	if (result == CLAIM_IN_USE)
		result = wait_for_way(fd, lock);
	claim.resting = false;
	claim.fd = -1;
	if (result == CLAIM_MINE && set_lock(fd, F_RDLCK, BYTE_BUSY))
		claim.fd = fd;
	return result;
}

enum claim_result
claim_file(int fd)
{
	claim.first = 0;
	return get(fd, lock_file);
}

/* Can nobody but its owner, who we are, open the directory? */
static bool
is_private(int fd)
{
	struct stat st;

	errno = EPERM;
	return fstat(fd, &st) == 0 && st.st_uid == geteuid() &&
	    !(st.st_mode & (S_IRGRP | S_IROTH));
}

enum claim_result
claim_directory(int fd, uint64_t key)
{
	if (!is_private(fd))
		return CLAIM_FAILED;
	claim.first = (off_t)(key >> 3) & ~(off_t)3;
	return get(fd, lock_directory);
}

/* ---- giving way ---- */

static bool
resume(void)
{
	claim.resting = false;
	return set_lock(claim.fd, F_RDLCK, BYTE_BUSY) &&
	    !is_marked(claim.fd, BYTE_WANTED);
}

int64_t
claim_watch(int64_t silence)
{
	if (claim.fd == -1)
		return INT64_MAX;
	if (silence < claim.patience) {
		if (claim.resting && !resume())
			return NETIO_END;
		return claim.patience / LOOKS + 1;
	}
	if (!claim.resting)
		claim.resting = set_lock(claim.fd, F_UNLCK, BYTE_BUSY);
	return is_marked(claim.fd, BYTE_WANTED) ? NETIO_END : LOOK;
}
