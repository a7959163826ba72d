/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The lock file NAME.lock beside a file, by the rules of liblockfile: it is
 * made under another name, linked, and begins with the process id.  A colon
 * and the host follow, as Dovecot writes it; ours adds the pid namespace.
 *
 * Whether a process is gone can be known on its own host only.  So a lock is
 * stale
 *
 *	when it names our host and namespace, and the process is gone;
 *	when it has a number alone, there is no such process here, and nobody
 *	has touched the lock for a minute;
 *	when it names another host, or nothing, after five minutes.
 *
 * Ours is touched every minute.  This assumes that clocks, that of the file
 * server too, are less than a minute apart, and that hosts which share the
 * directory have different names.
 */
#ifndef POPIN_DOTLOCK_H
#define POPIN_DOTLOCK_H

#include <sys/types.h>

#include <limits.h>
#include <stdbool.h>

enum { DOTLOCK_HOST_MAX = 96, DOTLOCK_TEXT_MAX = 128 };

struct dotlock {
	int dir_fd;
	char name[NAME_MAX + 1]; /* "": too long to exist */
	char temporary[NAME_MAX + 1];
	char host[DOTLOCK_HOST_MAX]; /* and namespace that SELF is of */
	char text[DOTLOCK_TEXT_MAX]; /* of the lock: SELF:HOST */
	pid_t self;
	bool held;
	bool litter; /* the temporary name could not be removed */
};

/* Prepares for the lock of the file NAME in the directory DIR_FD. */
void dotlock_init(struct dotlock *d, int dir_fd, const char *name);
/*
 * Makes the lock.  False with errno EAGAIN: another program has it.  Anything
 * else: it cannot be made here, and nobody has it.
 */
bool dotlock_try(struct dotlock *d);
/* Removes the lock if it is still ours. */
void dotlock_drop(struct dotlock *d);
/* Keeps the lock from looking stale, if it is still ours. */
void dotlock_touch(struct dotlock *d);

#endif
