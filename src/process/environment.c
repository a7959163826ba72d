/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The environment.
 * Runs as: wait, session.  Input: none.
 */
#include "config.h"

#include "process/environment.h"

#include <stddef.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

void
environment_wipe(void)
{
	static char *none[] = { NULL };

	for (char **p = environ; *p != NULL; p++)
		explicit_bzero(*p, strlen(*p));
	environ = none;
}
