/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Starts and ends login.
 * Runs as: root.  Input: the exit status of login.
 */
#include "config.h"

#include "monitor/login_process.h"

#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/peer.h"
#include "options.h"
#include "process/spawn.h"

static bool
command_line(struct spawn_words *w, const struct options *o, const char *ids,
    bool after_stls)
{
	w->count = 0;
	return spawn_add_role(w, "popin", "login", o) &&
	    (ids == NULL || (spawn_add(w, "--user") && spawn_add(w, ids))) &&
	    (!after_stls || spawn_add(w, "--after-stls"));
}

static pid_t
launch(const struct options *o, const char *ids, bool after_stls, int channel)
{
	static struct spawn_words words;
	static char *const no_environment[] = { NULL };
	struct spawn s = { .path = "/proc/self/exe",
		.argv = words.word,
		.envp = no_environment,
		.fd3 = channel,
		.fd4 = -1,
		.out = -1 };

	if (!command_line(&words, o, ids, after_stls)) {
		errno = E2BIG;
		return -1;
	}
	if (access(s.path, X_OK) == -1)
		s.path = spawn_path();
	return spawn_start(&s);
}

bool
login_process_start(struct login_process *c, const struct options *o,
    const char *ids, bool after_stls)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == -1) {
		log_error_errno("cannot make a socket pair", NULL);
		return false;
	}
	c->channel = pair[0];
	c->pid = launch(o, ids, after_stls, pair[1]);
	if (c->pid == -1)
		log_error_errno("cannot start login", spawn_path());
	(void)close(pair[1]);
	return c->pid != -1;
}

static bool
await(const struct login_process *c, int *status)
{
	while (waitpid(c->pid, status, 0) == -1)
		if (errno != EINTR)
			return false;
	return true;
}

bool
login_process_end(struct login_process *c)
{
	int status;

	if (kill(c->pid, SIGKILL) == -1) {
		log_error_errno("cannot end login; is CAP_KILL missing?", NULL);
		return false;
	}
	(void)await(c, &status);
	(void)close(c->channel);
	return true;
}

void
login_process_reap(struct login_process *c, const struct peer *peer)
{
	struct log_record r;
	int status;

	/*
	 * A login that has exited keeps its status; one that only closed the
	 * channel ends here.
	 */
	(void)kill(c->pid, SIGKILL);
	if (!await(c, &status) ||
	    (WIFEXITED(status) && WEXITSTATUS(status) == 0))
		return;
	log_start(&r, LOG_LEVEL_ERROR, "the login process ended abnormally:");
	log_word(&r, "ip", peer->ip);
	if (WIFSIGNALED(status))
		log_number(&r, "signal", (uint64_t)WTERMSIG(status));
	else
		log_number(&r, "status", (uint64_t)WEXITSTATUS(status));
	log_end(&r);
}
