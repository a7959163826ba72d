/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The clocks.  Deadlines are milliseconds of the monotonic one, which nobody
 * sets.
 */
#ifndef POPIN_CLOCK_H
#define POPIN_CLOCK_H

#include <stdint.h>

/* Milliseconds of the monotonic clock. */
int64_t clock_now(void);

/* Waits for less than a second, or until a signal that is not blocked. */
void clock_nap(int milliseconds);

/* Waits until clock_now() is MOMENT; signals do not end it. */
void clock_wait(int64_t moment);

/*
 * Nanoseconds since 1970, of the clock that administrators set.  Files that
 * were written before have another number.
 */
uint64_t clock_stamp(void);

#endif
