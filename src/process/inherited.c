/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Clears what was inherited.
 * Runs as: every role, first of all.  Input: none.
 */
#include "config.h"

#include "process/inherited.h"

#include <sys/time.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include <signal.h>
#include <stddef.h>

void
inherited_clear(void)
{
	static const int alarms[] = { SIGALRM, SIGVTALRM, SIGPROF };
	static const struct itimerval never;
	sigset_t none;

	(void)setitimer(ITIMER_REAL, &never, NULL);
	(void)setitimer(ITIMER_VIRTUAL, &never, NULL);
	(void)setitimer(ITIMER_PROF, &never, NULL);
	/* and what has come of them already: ignored it is dropped */
	for (size_t i = 0; i < sizeof alarms / sizeof alarms[0]; i++)
		(void)signal(alarms[i], SIG_IGN);
	(void)signal(SIGTERM, SIG_DFL);
	(void)signal(SIGCHLD, SIG_DFL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
#ifdef PR_CAP_AMBIENT
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
#endif
}
