/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Enters the sandbox.
 * Runs as: login, wait, session, popin-import.  Input: none.
 */
#include "config.h"

#include "process/sandbox.h"

#if defined(POPIN_NO_SANDBOX) || !defined(HAVE_LINUX_SECCOMP_H)

const char sandbox_kinds[] = "none";

bool
sandbox_enter(enum sandbox_role role, const int *dirs, size_t count)
{
	(void)role;
	(void)dirs;
	(void)count;
	return true;
}

bool
sandbox_is_possible(void)
{
	return true;
}

#else

#include <sys/prctl.h>

#include <linux/seccomp.h>

#include <errno.h>

#include "lib/log.h"
#include "process/sandbox_landlock.h"
#include "process/sandbox_seccomp.h"

const char sandbox_kinds[] = "seccomp, Landlock";

/*
 * Landlock is the second wall.  popin serves without it, because many kernels
 * lack it.  It does not serve without seccomp.
 */
bool
sandbox_enter(enum sandbox_role role, const int *dirs, size_t count)
{
	enum sandbox_paths paths = role == SANDBOX_MBOX ? SANDBOX_PATHS_MAKE
	    : role == SANDBOX_MAILDIR_TRASH		? SANDBOX_PATHS_MOVE
	    : role == SANDBOX_IMPORT			? SANDBOX_PATHS_READ
							: SANDBOX_PATHS_REMOVE;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1) {
		log_error_errno("cannot set no_new_privs", NULL);
		return false;
	}
	if (sandbox_landlock(dirs, count, paths) == -1)
		log_error_errno("Landlock failed, going on without", NULL);
	if (sandbox_seccomp(role) == 0)
		return true;
	log_error_errno("cannot install the seccomp filter", NULL);
	return false;
}

/* A kernel that knows filters tries to read this one, and fails with EFAULT. */
bool
sandbox_is_possible(void)
{
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL, 0, 0) == -1 &&
	    errno == EFAULT;
}

#endif
