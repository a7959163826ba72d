/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Starts programs with exactly the descriptors they are meant to get.
 */
#ifndef POPIN_LAUNCH_H
#define POPIN_LAUNCH_H

#include <sys/types.h>

#include <stdbool.h>

struct launch {
	const char *path; /* looked for in PATH when it has no slash */
	char *const *argv, *const *envp;
	int fd3, fd4;	/* become 3 and 4; -1: closed */
	bool own_group; /* a process group of its own */
	bool no_client; /* 0 is /dev/null, 1 the log */
};

/*
 * Starts it with descriptors 0, 1 and 2 as ours (unless no_client), 3 and 4 as
 * given and no other (ours are close-on-exec), default signals, nothing
 * blocked.  Returns its pid, or -1 with errno.
 */
pid_t launch_start(const struct launch *s);

#endif
