/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The paths that a role can reach.
 */
#ifndef POPIN_SANDBOX_LANDLOCK_H
#define POPIN_SANDBOX_LANDLOCK_H

#include <stdbool.h>
#include <stddef.h>

/* What a process can do with the files beneath its directories. */
enum sandbox_paths {
	SANDBOX_PATHS_READ,   /* list and read them */
	SANDBOX_PATHS_REMOVE, /* and remove them */
	SANDBOX_PATHS_MOVE,   /* ... and move them from one to another */
	SANDBOX_PATHS_MAKE,   /* ... or make and write them in the first
				 directory; in the others see the next */
	SANDBOX_PATHS_RENAME  /* rename and remove them, not read them */
};

/*
 * Takes the file system away from the process, but for PATHS beneath the COUNT
 * directories DIRS (-1 is passed over); where the kernel can, also the network
 * and signals to other processes.  Descriptors that are open stay usable.
 * Returns 0, or -1 with errno.  Returns 0 as well where the kernel's Landlock
 * cannot do it.
 */
int sandbox_landlock(const int *dirs, size_t count, enum sandbox_paths paths);

/* The version of the kernel's Landlock.  0 or less: it has none. */
long sandbox_landlock_version(void);

#endif
