/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * To be included behind config.h, before all else, by what calls ppoll(2): the
 * checked ppoll(3) of glibc before 2.37 takes times of 32 bits even where
 * time_t has 64 (its bug 29746), so a wait of less than a second is none.
 */
#ifndef POPIN_PPOLL64_H
#define POPIN_PPOLL64_H

#if defined(_TIME_BITS) && _TIME_BITS == 64
#undef _FORTIFY_SOURCE
#endif

#endif
