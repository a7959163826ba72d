/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Gives privilege up.  Every program of the project does it here.
 */
#ifndef POPIN_PRIVDROP_H
#define POPIN_PRIVDROP_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>

/*
 * Becomes UID and GID for good.  Replaces the supplementary groups by the COUNT
 * at GROUPS (may be 0), then sets gid and uid: real, effective and saved.  Then
 * proves that no other group is left, that all six ids are the wanted ones, and
 * that the process cannot become uid 0 again.  Refuses uid 0 and gid 0, also
 * among GROUPS.
 *
 * Without root it succeeds only where uid and gid are already those.  The
 * groups stay, because only root can change them.  Returns 0, or -1 with errno,
 * EPERM for what is refused or not proved.  After -1 the process may have given
 * up a part, and must end.
 */
int privdrop(uid_t uid, gid_t gid, const gid_t *groups, size_t count);

/*
 * As root, gives up all supplementary groups, because some checkpassword
 * programs do not set those of their user.  Returns 0, or -1 with errno.
 */
int privdrop_groups(void);

/*
 * Is nothing of root left in this process: neither uid 0 nor gid 0 in any
 * place, nor a way back to them?  For a process that became a user's in another
 * program, such as somebody else's checker.
 */
bool privdrop_is_complete(void);

#endif
