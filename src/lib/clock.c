/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The clocks.
 * Runs as: every role.  Input: the kernel's clocks.
 */
#include "config.h"
#include "lib/ppoll64.h"

#include "lib/clock.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <time.h>

int64_t
clock_now(void)
{
	struct timespec t = { 0, 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Uses ppoll(2), which the sandbox of every role allows. */
void
clock_nap(int milliseconds)
{
	struct timespec t = { .tv_nsec = milliseconds * 1000000L };

	(void)ppoll(NULL, 0, &t, NULL);
}

void
clock_wait(int64_t moment)
{
	struct timespec t = { .tv_sec = (time_t)(moment / 1000),
		.tv_nsec = (long)(moment % 1000) * 1000000L };

	while (
	    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
		continue;
}

uint64_t
clock_stamp(void)
{
	struct timespec t = { 0, 0 };

	(void)clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}
