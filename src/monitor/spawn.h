/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Starts programs with exactly the descriptors they are meant to get.
 */
#ifndef POPIN_LAUNCH_H
#define POPIN_LAUNCH_H

#include <sys/types.h>

struct launch {
	const char *path; /* looked for in PATH when it has no slash */
	char *const *argv, *const *envp;
	int fd3, fd4; /* become 3 and 4; -1: closed */
	int out;      /* 0 is /dev/null, 1 and 2 are this; -1: all as ours */
};

/*
 * Starts it with descriptors 0, 1 and 2 as ours (or as OUT says), 3 and 4 as
 * given and no other (ours are close-on-exec), default signals, nothing
 * blocked, in a session of its own: no terminal of ours is its, and its pid is
 * that of its process group.  Returns its pid, or -1 with errno.
 */
pid_t launch_start(const struct launch *s);

#endif
