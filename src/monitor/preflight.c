/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Checks what the administrator has to provide.
 * Runs as: root.  Input: the command line, the status of files.
 */
#include "config.h"

#include "monitor/preflight.h"

#include <sys/stat.h>

#include <stdio.h>
#include <string.h>

#include "lib/file.h"
#include "lib/log.h"
#include "process/uidgid.h"

enum { NAME_MAX_BYTES = 32 /* of useradd(8) */ };

bool
preflight_account(const char *name, uid_t *uid, gid_t *gid)
{
	static const char make[] = "useradd -r -U -d / -s /usr/sbin/nologin ";
	char command[sizeof make + NAME_MAX_BYTES];
	size_t len = strlen(name);
	struct log_record r;

	if (uidgid_find(name, uid, gid))
		return true;
	log_start(&r, LOG_LEVEL_ERROR, "no unprivileged account");
	log_text(&r, "user", name, len);
	if (len <= NAME_MAX_BYTES && strchr(name, ':') == NULL) {
		(void)snprintf(command, sizeof command, "%s%s", make, name);
		log_text(&r, "make-it-with", command, strlen(command));
	}
	log_end(&r);
	return false;
}

/* A user who can write to the jail could put something there for login. */
bool
preflight_jail(const char *path)
{
	struct stat st;

	if (stat(path, &st) == -1) {
		log_error_errno("no jail (make it with mkdir -m 755):", path);
		return false;
	}
	if (S_ISDIR(st.st_mode) && st.st_uid == 0 && !(st.st_mode & 022))
		return true;
	log_error(
	    "the jail must be a directory of root that nobody else can write to:",
	    path);
	return false;
}

/*
 * The checker checks again, on the file that it has opened.  Here the
 * administrator is told before the first user logs in.
 */
bool
preflight_passwd_file(const char *path)
{
	const char *why;
	struct stat st;

	if (path == NULL)
		return true;
	if (stat(path, &st) == -1) {
		log_error_errno("cannot open the passwd-file", path);
		return false;
	}
	why = file_secret_refusal(&st);
	if (why != NULL)
		log_error(why, path);
	return why == NULL;
}
