/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Starts programs.  posix_spawn(3) does not copy the page tables, so it is
 * the cheap way; and it is in every libc.
 * Runs as: root.  Input: none.
 */
#include "config.h"

#include "monitor/spawn.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <unistd.h>

static int
place(posix_spawn_file_actions_t *actions, int fd, int target)
{
	if (fd == -1)
		return 0;
	return posix_spawn_file_actions_adddup2(actions, fd, target);
}

static int
hide_client(posix_spawn_file_actions_t *actions, int out)
{
	int error = posix_spawn_file_actions_addopen(
	    actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);

	if (error == 0)
		error = place(actions, out, STDOUT_FILENO);
	return error != 0 ? error : place(actions, out, STDERR_FILENO);
}

/*
 * What we ignore, or were started with ignored, is not for others.  What
 * becomes somebody else must not be able to type for who started us.
 */
static int
set_attributes(posix_spawnattr_t *a)
{
	sigset_t all, none;
	int error;

	sigfillset(&all);
	sigemptyset(&none);
	error = posix_spawnattr_setsigdefault(a, &all);
	if (error == 0)
		error = posix_spawnattr_setsigmask(a, &none);
	if (error == 0)
		error = posix_spawnattr_setflags(a,
		    POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK |
			POSIX_SPAWN_SETSID);
	return error;
}

pid_t
launch_start(const struct launch *s)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	pid_t pid = -1;
	int error;

	assert(s->fd4 != 3); /* it would be overwritten first */
	error = posix_spawn_file_actions_init(&actions);
	if (error != 0) {
		errno = error;
		return -1;
	}
	error = posix_spawnattr_init(&attributes);
	if (error != 0) {
		(void)posix_spawn_file_actions_destroy(&actions);
		errno = error;
		return -1;
	}
	error = set_attributes(&attributes);
	if (error == 0 && s->out != -1)
		error = hide_client(&actions, s->out);
	if (error == 0)
		error = place(&actions, s->fd3, 3);
	if (error == 0)
		error = place(&actions, s->fd4, 4);
	if (error == 0)
		error = posix_spawnp(
		    &pid, s->path, &actions, &attributes, s->argv, s->envp);
	(void)posix_spawnattr_destroy(&attributes);
	(void)posix_spawn_file_actions_destroy(&actions);
	errno = error;
	return error == 0 ? pid : -1;
}
