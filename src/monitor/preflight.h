/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * What an administrator has to provide.
 */
#ifndef POPIN_PREFLIGHT_H
#define POPIN_PREFLIGHT_H

#include <sys/types.h>

#include <stdbool.h>

struct options;

/*
 * Is the passwd-file fit to be used, and as ROOT the unprivileged account and
 * the jail?  Fills in the account's UID and GID.  Otherwise returns false
 * after one line in the log that says what to do.
 */
bool preflight(const struct options *o, bool root, uid_t *uid, gid_t *gid);

/* Each of these alone; PATH of the passwd-file may be NULL. */
bool preflight_account(const char *name, uid_t *uid, gid_t *gid);
bool preflight_jail(const char *path);
bool preflight_passwd_file(const char *path);

#endif
