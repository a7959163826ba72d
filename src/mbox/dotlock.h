/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The lock file NAME.lock beside a file, by the rules of liblockfile: made
 * under another name and linked, it begins with the process id.  A colon and
 * where that is a process follow, as Dovecot has it.
 *
 * That a process is gone can be known only where its number means something.
 * So a lock is stale
 *
 *	that names our host and pid namespace: when the process is gone;
 *	that has a number alone: when there is no such process here, and
 *	nobody touched the lock for a minute;
 *	that names another host, or nothing: after five minutes.
 *
 * Ours is touched every minute.  All this rests on clocks, that of the file
 * server too, which are less than a minute apart; and on host names that are
 * different on hosts that share the directory.
 */
#ifndef POPIN_DOTLOCK_H
#define POPIN_DOTLOCK_H

#include <sys/types.h>

#include <limits.h>
#include <stdbool.h>

enum { DOTLOCK_PLACE_MAX = 96, DOTLOCK_TEXT_MAX = 128 };

struct dotlock {
	int dir_fd;
	char name[NAME_MAX + 1]; /* "": too long to exist */
	char temporary[NAME_MAX + 1];
	char place[DOTLOCK_PLACE_MAX]; /* where SELF is a process */
	char text[DOTLOCK_TEXT_MAX];   /* of the lock: SELF:PLACE */
	pid_t self;
	bool held;
	bool litter; /* the temporary name could not be removed */
};

void dotlock_init(struct dotlock *d, int dir_fd, const char *name);
/*
 * False with errno EAGAIN: somebody has it.  Anything else: it cannot be made
 * here, and nobody has it.
 */
bool dotlock_try(struct dotlock *d);
void dotlock_drop(struct dotlock *d);
void dotlock_touch(struct dotlock *d);

#endif
