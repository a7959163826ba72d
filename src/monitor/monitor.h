/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The monitor: starts login and the checker, judges nothing itself.
 */
#ifndef POPIN_MONITOR_H
#define POPIN_MONITOR_H

struct options;

/*
 * Checks what has to be there (account, jail) and starts login.  Returns 0,
 * or an exit status after one log line; the client has heard nothing then.
 */
int monitor_start(struct options *o);

/* Serves login until the connection ends.  Returns the exit status. */
int monitor_run(const struct options *o);

#endif
