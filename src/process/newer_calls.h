/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Numbers of system calls that the kernel has and an older libc does not know.
 */
#ifndef POPIN_NEWER_CALLS_H
#define POPIN_NEWER_CALLS_H

#include <sys/syscall.h>

/* Since Linux 5.1 new calls have one number everywhere, counted from here. */
#if defined(__mips__) && _MIPS_SIM == _ABI64
#define FIRST_CALL 5000
#elif defined(__mips__) && _MIPS_SIM == _ABIN32
#define FIRST_CALL 6000
#elif defined(__mips__)
#define FIRST_CALL 4000
#elif defined(__alpha__)
#define FIRST_CALL 110
#else
#define FIRST_CALL 0
#endif

enum {
	NR_CLOSE_RANGE = FIRST_CALL + 436,
	NR_LANDLOCK_CREATE_RULESET = FIRST_CALL + 444,
	NR_LANDLOCK_ADD_RULE = FIRST_CALL + 445,
	NR_LANDLOCK_RESTRICT_SELF = FIRST_CALL + 446
};

#ifdef SYS_close_range
_Static_assert(NR_CLOSE_RANGE == SYS_close_range, "libc knows better");
#endif
#ifdef SYS_landlock_restrict_self
_Static_assert(NR_LANDLOCK_RESTRICT_SELF == SYS_landlock_restrict_self,
    "libc knows better");
#endif

#endif
