/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The monitor.  It starts login and the checker, and decides no login itself.
 */
#ifndef POPIN_MONITOR_H
#define POPIN_MONITOR_H

struct options;

/*
 * Checks the account, the jail and the passwd-file, and starts login.  Returns
 * EXIT_FINE, or another status after one log line.  Then nothing was sent to
 * the client.
 */
int monitor_start(struct options *o);

/* Serves login until the connection ends.  Returns the exit status. */
int monitor_run(const struct options *o);

#endif
