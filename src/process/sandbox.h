/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The sandbox of each role: what the kernel still lets it do.
 *
 * A role enters it after it has opened what it needs and given up privilege.
 * It is for Linux.  Elsewhere it does nothing, and --version says so.
 */
#ifndef POPIN_SANDBOX_H
#define POPIN_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

#include "process/sandbox_seccomp.h"

/*
 * Sets no_new_privs.  Then limits paths by Landlock, as far as the kernel knows
 * it: only files beneath the COUNT directories DIRS (-1 is passed over) can be
 * listed and read.  All roles but popin-import can also remove them, a session
 * with a trash can move them, an mbox session can make them.  In all but the
 * first directory of an mbox session files can only be renamed and removed.
 * Then installs the seccomp filter: a system call that the role does not need
 * ends the process.  Returns false, and has logged, without seccomp.
 */
bool sandbox_enter(enum sandbox_role role, const int *dirs, size_t count);

/*
 * Does the kernel have the seccomp that sandbox_enter() needs?  Changes
 * nothing.  Returns false with errno where it does not.
 */
bool sandbox_is_possible(void);

/* What this program was built with, for --version. */
extern const char sandbox_kinds[];

#endif
