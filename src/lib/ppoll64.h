/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Every file that calls ppoll(2) includes this right after config.h.  The
 * checked ppoll(3) of glibc before 2.37 takes 32-bit times even if time_t has
 * 64 bits (its bug 29746).  So it does not wait at all if it should wait less
 * than a second.
 */
#ifndef POPIN_PPOLL64_H
#define POPIN_PPOLL64_H

#if defined(_TIME_BITS) && _TIME_BITS == 64
#undef _FORTIFY_SOURCE
#endif

#endif
