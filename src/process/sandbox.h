/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The cage of each role: what the kernel lets it do from then on.
 *
 * Entered after everything that needs more is open and privilege is gone.
 * Linux only; elsewhere a no-op that --version owns up to.
 */
#ifndef POPIN_SANDBOX_H
#define POPIN_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

#include "process/sandbox_seccomp.h"

/*
 * Sets no_new_privs; then Landlock, as much of it as the kernel knows: of all
 * paths only files beneath the COUNT directories DIRS (-1 is passed over) can
 * be listed, read and removed, by an mbox session made, by one with a trash
 * moved; in all but the first directory of an mbox session they can only be
 * renamed.  Then seccomp: any system call that is not the role's ends the
 * process.  Returns false, and has logged, without seccomp.
 */
bool sandbox_enter(enum sandbox_role role, const int *dirs, size_t count);

/*
 * Would sandbox_enter() find the seccomp it needs?  Asks the kernel, changes
 * nothing.  Returns false with errno where it would not.
 */
bool sandbox_is_possible(void);

/* For --version. */
extern const char sandbox_kinds[];

#endif
