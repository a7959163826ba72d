/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Starts programs by posix_spawn(3), which does not copy the page tables.
 * Runs as: root, session.  Input: the command line that an administrator wrote.
 */
#include "config.h"

#include "process/spawn.h"

#include <sys/wait.h>

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <unistd.h>

#include "options.h"

extern char **environ;

static int
place(posix_spawn_file_actions_t *actions, int fd, int target)
{
	if (fd == -1)
		return 0;
	return posix_spawn_file_actions_adddup2(actions, fd, target);
}

static int
hide_client(posix_spawn_file_actions_t *actions, const struct spawn *s)
{
	int error = posix_spawn_file_actions_addopen(
	    actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);

	if (error == 0)
		error = place(actions, s->out, STDOUT_FILENO);
	if (error == 0 && !s->keeps_log)
		error = place(actions, s->out, STDERR_FILENO);
	return error;
}

/*
 * A new program starts with default signals, and in a session of its own: what
 * becomes another user must not be able to type for the user who started us.
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
spawn_start(const struct spawn *s)
{
	static char *const none[] = { NULL };
	const char *path = s->path != NULL ? s->path : s->words[0];
	char *const *environment = s->keeps_environment ? environ : none;
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	pid_t pid = -1;
	int error;

	assert(s->fd4 != 3); /* it would be overwritten first */
	if (s->count > SPAWN_WORDS_MAX) {
		errno = E2BIG;
		return -1;
	}
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
		error = hide_client(&actions, s);
	if (error == 0)
		error = place(&actions, s->fd3, 3);
	if (error == 0)
		error = place(&actions, s->fd4, 4);
	if (error == 0)
		error = posix_spawnp(
		    &pid, path, &actions, &attributes, s->words, environment);
	(void)posix_spawnattr_destroy(&attributes);
	(void)posix_spawn_file_actions_destroy(&actions);
	errno = error;
	return error == 0 ? pid : -1;
}

bool
spawn_wait(pid_t pid, int *status)
{
	while (waitpid(pid, status, 0) == -1)
		if (errno != EINTR)
			return false;
	return true;
}

void
spawn_log_end(struct log_record *r, int status)
{
	if (WIFSIGNALED(status))
		log_number(r, "signal", (uint64_t)WTERMSIG(status));
	else
		log_number(r, "status", (uint64_t)WEXITSTATUS(status));
}

/* ---- our own path and command line ---- */

static const char installed[] = POPIN_SBINDIR "/popin";

const char *
spawn_path(void)
{
	static char path[PATH_MAX];
	ssize_t len;

	if (path[0] != '\0')
		return path;
	len = readlink("/proc/self/exe", path, sizeof path - 1);
	if (len > 0) {
		path[len] = '\0';
		if (path[0] == '/' && access(path, X_OK) == 0)
			return path;
	}
	memcpy(path, installed, sizeof installed);
	return path;
}

const char *
spawn_sibling(const char *name)
{
	static char path[PATH_MAX];
	const char *self = spawn_path();
	size_t dir = (size_t)(strrchr(self, '/') - self) + 1;
	size_t len = strlen(name);

	if (dir + len >= sizeof path)
		return name;
	memcpy(path, self, dir);
	memcpy(path + dir, name, len + 1);
	return path;
}

void
spawn_add(struct spawn *s, const char *word)
{
	union {
		const char *from;
		char *to; /* posix_spawn(3) does not write to it */
	} u = { .from = word };

	if (s->count < SPAWN_WORDS_MAX)
		s->words[s->count] = u.to;
	s->count++;
}

void
spawn_add_checker(struct spawn *s, const struct options *o)
{
	for (char **p = o->checker; p != NULL && *p != NULL; p++)
		spawn_add(s, *p);
	if (o->checker != NULL)
		return;
	spawn_add(s, spawn_sibling("popin-checkpassword"));
	spawn_add(s, "--log");
	spawn_add(s, log_style_word(o->log_style));
	if (o->passwd_file != NULL) {
		spawn_add(s, "-f");
		spawn_add(s, o->passwd_file);
	}
	if (o->lower_case)
		spawn_add(s, "--lower-case");
}

void
spawn_add_role(struct spawn *s, const char *path, const char *role,
    const struct options *o)
{
	spawn_add(s, path);
	for (size_t i = 0; i < o->word_count; i++)
		spawn_add(s, o->words[i]);
	spawn_add(s, "-R");
	spawn_add(s, role);
	spawn_add(s, "--log-as");
	spawn_add(s, log_style_word(o->log_style));
}
