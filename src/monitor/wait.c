/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The wait role.
 * Runs as: root, until privdrop(); then the unprivileged account.
 * Input: the exit status of the session.
 * Descriptors: 2 the log; see starttls_held().
 */
#include "config.h"

#include "monitor/wait.h"

#include <sys/wait.h>

#include <signal.h>
#include <unistd.h>

#include "ipc/roles.h"
#include "lib/log.h"
#include "lib/peer.h"
#include "process/privdrop.h"
#include "process/process.h"
#include "process/sandbox.h"
#include "process/spawn.h"
#include "process/stdfds.h"

static int
judge(int status, const struct peer *peer)
{
	struct log_record r;

	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	log_start(&r, LOG_LEVEL_ERROR, "the session was ended by a signal:");
	log_word(&r, "ip", peer->ip);
	spawn_log_end(&r, status);
	log_end(&r);
	return EXIT_SYSTEM;
}

int
wait_run(pid_t pid, bool root, uid_t uid, gid_t gid, const struct peer *peer,
    int held)
{
	int status;

	if (root)
		process_leave_terminal();
	if (root && privdrop(uid, gid, NULL, 0) == -1) {
		log_error_errno("cannot give up privilege", NULL);
		(void)kill(pid, SIGKILL);
		return EXIT_SYSTEM;
	}
	/*
	 * This closes our end of the handoff, and the session starts.  No
	 * process of root's is left then.
	 */
	process_name("popin-wait");
	process_wipe_environment();
	(void)close(STDIN_FILENO);
	(void)close(STDOUT_FILENO);
	stdfds_close_others(FD_LOG + 1, &held, 1);
	if (!sandbox_enter(SANDBOX_WAIT, NULL, 0))
		return EXIT_SYSTEM;
	return spawn_wait(pid, &status) ? judge(status, peer) : EXIT_SYSTEM;
}
