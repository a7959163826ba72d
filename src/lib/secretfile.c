/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Files with secrets.
 * Runs as: root.  Input: the status of a file.
 */
#include "config.h"

#include "lib/secretfile.h"

#include <sys/stat.h>

#include <stddef.h>
#include <unistd.h>

const char *
secretfile_refusal(const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		return "passwd-file is not a regular file";
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return "passwd-file belongs to someone else, run chown root";
	if ((st->st_mode & 037) != 0)
		return "passwd-file is open to others, run chmod 640";
	return NULL;
}
