/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The lock file NAME.lock beside a file, by the rules of liblockfile: made
 * under another name and linked, it holds the process id, and it is stale
 * when that process is gone, or after five minutes when it names none.
 */
#ifndef POPIN_DOTLOCK_H
#define POPIN_DOTLOCK_H

#include <sys/types.h>

#include <limits.h>
#include <stdbool.h>

struct dotlock {
	int dir_fd;
	char name[NAME_MAX + 1]; /* "": too long to exist */
	char temporary[NAME_MAX + 1];
	char pid[16];
	pid_t self;
	bool held;
	bool litter; /* the temporary name could not be removed */
	dev_t device;
	ino_t inode;
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
