/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The paths a role can reach.
 */
#ifndef POPIN_SANDBOX_LANDLOCK_H
#define POPIN_SANDBOX_LANDLOCK_H

#include <stdbool.h>
#include <stddef.h>

/* What can be done beneath the directories besides listing and reading. */
enum sandbox_paths {
	SANDBOX_PATHS_REMOVE,
	SANDBOX_PATHS_MAKE, /* and make and write files; rename in the others */
	SANDBOX_PATHS_RENAME, /* only that, within the directory */
	SANDBOX_PATHS_MOVE,   /* and move files from one to another */
	SANDBOX_PATHS_READ    /* nothing; and files are not removed either */
};

/*
 * Leaves the process nothing of the file system (nor of the network and of
 * other processes, where the kernel can) but listing, reading and removing
 * files beneath DIRS, and making them if MAKE.  Descriptors that are open stay
 * usable.  Best effort: returns 0 also where the kernel has no Landlock, else
 * -1 with errno.
 */
int sandbox_landlock(const int *dirs, size_t count, enum sandbox_paths paths);

/* The version of the kernel's Landlock; 0 or less: it has none. */
long sandbox_landlock_version(void);

#endif
