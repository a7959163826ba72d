/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Clears what was inherited.
 * Runs as: every role, first of all.  Input: none.
 */
#include "config.h"

#include "inherited.h"

#include <sys/time.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include <signal.h>
#include <stddef.h>

void
inherited_clear(void)
{
	static const struct {
		int timer, signal_number;
	} timers[] = { { ITIMER_REAL, SIGALRM }, { ITIMER_VIRTUAL, SIGVTALRM },
		{ ITIMER_PROF, SIGPROF } };
	static const struct itimerval never;
	sigset_t none;

	for (size_t i = 0; i < sizeof timers / sizeof timers[0]; i++) {
		(void)setitimer(timers[i].timer, &never, NULL);
		/* and what has come of it already: ignored it is dropped */
		(void)signal(timers[i].signal_number, SIG_IGN);
	}
	(void)signal(SIGTERM, SIG_DFL);
	(void)signal(SIGCHLD, SIG_DFL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
#ifdef PR_CAP_AMBIENT
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
#endif
}
