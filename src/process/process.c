/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * What a process clears, limits and leaves behind before it serves anybody.
 * Runs as: every role.  Input: none.
 */
#include "config.h"

#include "process/process.h"

#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

void
process_clear_inherited(void)
{
	static const int alarms[] = { SIGALRM, SIGVTALRM, SIGPROF };
	static const struct itimerval never;
	sigset_t none;

	(void)setitimer(ITIMER_REAL, &never, NULL);
	(void)setitimer(ITIMER_VIRTUAL, &never, NULL);
	(void)setitimer(ITIMER_PROF, &never, NULL);
	/* To ignore a signal also drops a pending one. */
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

void
process_wipe_environment(void)
{
	static char *none[] = { NULL };

	for (char **p = environ; *p != NULL; p++)
		explicit_bzero(*p, strlen(*p));
	environ = none;
}

/* The first argument of getrlimit(2) is an enum in glibc, else an int. */
#ifdef __GLIBC__
typedef __rlimit_resource_t resource;
#else
typedef int resource;
#endif

/* Limits are a second wall, so popin also serves where one cannot be set. */
static void
lower(resource what, rlim_t value)
{
	struct rlimit r;

	if (getrlimit(what, &r) == -1)
		return;
	if (r.rlim_max == RLIM_INFINITY || r.rlim_max > value)
		r.rlim_max = value;
	r.rlim_cur = r.rlim_max;
	(void)setrlimit(what, &r);
}

void
process_no_dump(void)
{
	lower(RLIMIT_CORE, 0);
#ifdef __linux__
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

void
process_alone(void)
{
	lower(RLIMIT_NPROC, 0);
}

void
process_limit(const struct process_limits *l)
{
	process_no_dump();
	if (!l->starts_others)
		process_alone();
	lower(RLIMIT_NOFILE, l->files);
	if (l->megabytes != 0)
		lower(RLIMIT_DATA, (rlim_t)l->megabytes << 20);
	if (l->cpu != 0)
		lower(RLIMIT_CPU, l->cpu);
}

void
process_end_with_parent(void)
{
#ifdef __linux__
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
#endif
}

void
process_leave_terminal(void)
{
	void (*on_hangup)(int);
	int fd;

	if (setsid() != -1)
		return;
	fd = open("/dev/tty", O_RDWR | O_CLOEXEC);
	if (fd == -1)
		return;
	/* If we lead the session, TIOCNOTTY sends SIGHUP to it. */
	on_hangup = signal(SIGHUP, SIG_IGN);
	(void)ioctl(fd, TIOCNOTTY);
	(void)signal(SIGHUP, on_hangup);
	(void)close(fd);
}

void
process_name(const char *name)
{
#ifdef __linux__
	(void)prctl(PR_SET_NAME, name, 0L, 0L, 0L);
#else
	(void)name;
#endif
}
