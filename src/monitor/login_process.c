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

#include <signal.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/peer.h"
#include "options.h"
#include "process/spawn.h"

static pid_t
launch(const struct options *o, const char *ids, bool after_stls, int channel)
{
	struct spawn s = {
		.path = "/proc/self/exe", .fd3 = channel, .fd4 = -1, .out = -1
	};

	if (access(s.path, X_OK) == -1)
		s.path = spawn_path();
	spawn_add_role(&s, "popin", "login", o);
	if (ids != NULL) {
		spawn_add(&s, "--user");
		spawn_add(&s, ids);
	}
	if (after_stls)
		spawn_add(&s, "--after-stls");
	return spawn_start(&s);
}

bool
login_process_start(struct login_process *l, const struct options *o,
    const char *ids, bool after_stls)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == -1) {
		log_error_errno("cannot make a socket pair", NULL);
		return false;
	}
	l->channel = pair[0];
	l->pid = launch(o, ids, after_stls, pair[1]);
	if (l->pid == -1)
		log_error_errno("cannot start login", spawn_path());
	(void)close(pair[1]);
	return l->pid != -1;
}

bool
login_process_end(struct login_process *l)
{
	int status;

	if (kill(l->pid, SIGKILL) == -1) {
		log_error_errno("cannot end login; is CAP_KILL missing?", NULL);
		return false;
	}
	(void)spawn_wait(l->pid, &status);
	(void)close(l->channel);
	return true;
}

void
login_process_reap(struct login_process *l, const struct peer *peer)
{
	struct log_record r;
	int status;

	/* For a login that only closed the channel; others have a status. */
	(void)kill(l->pid, SIGKILL);
	if (!spawn_wait(l->pid, &status) ||
	    (WIFEXITED(status) && WEXITSTATUS(status) == 0))
		return;
	log_start(&r, LOG_LEVEL_ERROR, "the login process ended abnormally:");
	log_word(&r, "ip", peer->ip);
	spawn_log_end(&r, status);
	log_end(&r);
}
