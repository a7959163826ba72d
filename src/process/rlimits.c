/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Resource limits.  All are a second line: failing to set one is no reason to
 * refuse service.
 * Runs as: every role.  Input: none.
 */
#include "config.h"

#include "process/rlimits.h"

#include <sys/resource.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include <signal.h>

/* What getrlimit(2) calls its first argument is an enum in glibc. */
#ifdef __GLIBC__
typedef __rlimit_resource_t resource;
#else
typedef int resource;
#endif

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
rlimits_no_dump(void)
{
	lower(RLIMIT_CORE, 0);
#ifdef __linux__
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

void
rlimits_set(const struct rlimits *l)
{
	rlimits_no_dump();
	lower(RLIMIT_NPROC, 0);
	lower(RLIMIT_NOFILE, l->files);
	if (l->megabytes != 0)
		lower(RLIMIT_DATA, (rlim_t)l->megabytes << 20);
	if (l->cpu != 0)
		lower(RLIMIT_CPU, l->cpu);
}

void
rlimits_end_with_parent(void)
{
#ifdef __linux__
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
#endif
}
