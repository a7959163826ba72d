/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Starts programs.  posix_spawn(3) does not copy the page tables, so it is
 * the cheap way; and it is in every libc.
 * Runs as: root.  Input: none.
 */
#include "config.h"

#include "launch.h"

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
hide_client(posix_spawn_file_actions_t *actions)
{
	int error = posix_spawn_file_actions_addopen(
	    actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);

	if (error != 0)
		return error;
	return posix_spawn_file_actions_adddup2(
	    actions, STDERR_FILENO, STDOUT_FILENO);
}

static int
set_attributes(posix_spawnattr_t *a, bool own_group)
{
	short flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
	sigset_t ignored, none;
	int error;

	/* What we ignore is not for others; handlers end with the exec. */
	sigemptyset(&ignored);
	sigaddset(&ignored, SIGPIPE);
	sigaddset(&ignored, SIGXFSZ);
	sigemptyset(&none);
	error = posix_spawnattr_setsigdefault(a, &ignored);
	if (error == 0)
		error = posix_spawnattr_setsigmask(a, &none);
	if (error == 0 && own_group) {
		flags |= POSIX_SPAWN_SETPGROUP;
		error = posix_spawnattr_setpgroup(a, 0);
	}
	if (error == 0)
		error = posix_spawnattr_setflags(a, flags);
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
	error = set_attributes(&attributes, s->own_group);
	if (error == 0 && s->no_client)
		error = hide_client(&actions);
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
