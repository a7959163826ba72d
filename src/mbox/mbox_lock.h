/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The lock that delivery agents and mail readers respect: fcntl and dotlock,
 * in the order of Debian's policy.  Waiting for it is bounded, and neither is
 * held while waiting for the other.  Its holder sees what other programs did to
 * the mbox before, on any host.  Over NFS a dotlock is not enough for that, so
 * an fcntl lock is taken and dropped as well.
 */
#ifndef POPIN_MBOX_LOCK_H
#define POPIN_MBOX_LOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "mbox/dotlock.h"

enum { MBOX_LOCK_SECONDS = 30 /* to wait for a delivery */ };

struct mbox_lock {
	int fd; /* of the mbox */
	unsigned kinds;
	bool remembered; /* by the kernel, over NFS: see mbox_lock.c */
	bool held;
	int64_t refreshed; /* clock_now() milliseconds */
	struct dotlock dot;
};

/*
 * Prepares for the mbox FD, which is NAME in the directory DIR_FD, with KINDS
 * of MBOX_LOCK_FCNTL and MBOX_LOCK_DOTLOCK.
 */
void mbox_lock_init(
    struct mbox_lock *l, int fd, int dir_fd, const char *name, unsigned kinds);

/*
 * Takes it, to WRITE or only to read.  What fstat(2) tells then is not older.
 * False with errno: EAGAIN after SECONDS, or it cannot be locked.
 */
bool mbox_lock_take(struct mbox_lock *l, bool write, unsigned seconds);
/* Gives it back, if it is held. */
void mbox_lock_drop(struct mbox_lock *l);
/* To be called now and then: keeps the dotlock from looking stale. */
void mbox_lock_refresh(struct mbox_lock *l);

#endif
