/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The one way to give privilege up, used by every program of the project.
 */
#ifndef POPIN_PRIVDROP_H
#define POPIN_PRIVDROP_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>

/*
 * Becomes UID and GID for good: supplementary groups are replaced by the
 * COUNT at GROUPS (may be 0), then gid, then uid, real, effective and saved;
 * then it is proved that no other group is left, that all six are what was
 * asked for, and that uid 0 cannot be had back.  uid 0 and gid 0, also among GROUPS, are refused.
 *
 * Without root it succeeds only where uid and gid are already those (groups
 * cannot be changed then and stay).  Returns 0, or -1 with errno; after -1
 * the process may be half way down and must end.
 */
int privdrop(uid_t uid, gid_t gid, const gid_t *groups, size_t count);

/*
 * As root, leaves no supplementary groups: not every checkpassword program
 * sets those of its user.  Returns 0, or -1 with errno.
 */
int privdrop_groups(void);

/*
 * Has this process, whoever made it what it is, no trace of root: neither
 * uid 0 nor gid 0 in any place, nor a way back to them?
 */
bool privdrop_is_complete(void);

#endif
