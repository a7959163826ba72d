/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Finds the unprivileged account of the login and wait processes, without NSS,
 * so that popin can be linked statically.
 */
#ifndef POPIN_UIDGID_H
#define POPIN_UIDGID_H

#include <sys/types.h>

#include <stdbool.h>

/*
 * SPEC is "UID:GID" in numbers, or a name in /etc/passwd.  Returns false if
 * there is no such account, if the file cannot be read, or if the account has
 * uid 0 or gid 0.
 */
bool uidgid_find(const char *spec, uid_t *uid, gid_t *gid);

#endif
