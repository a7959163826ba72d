/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Are account, jail and passwd-file fit for use?
 */
#ifndef POPIN_PREFLIGHT_H
#define POPIN_PREFLIGHT_H

#include <sys/types.h>

#include <stdbool.h>

/*
 * Each of these returns false after one line in the log that says what to do.
 *
 * Finds UID and GID of the unprivileged account, see uidgid.h for NAME.
 */
bool preflight_account(const char *name, uid_t *uid, gid_t *gid);

/* Is PATH a directory that only root can write to? */
bool preflight_jail(const char *path);

/* Is PATH fit to hold passwords, see file.h?  NULL: there is no such file. */
bool preflight_passwd_file(const char *path);

#endif
