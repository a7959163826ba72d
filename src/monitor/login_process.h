/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Login as the monitor sees it: a process and a socket to it.
 */
#ifndef POPIN_LOGIN_PROCESS_H
#define POPIN_LOGIN_PROCESS_H

#include <sys/types.h>

#include <stdbool.h>

struct options;
struct peer;

struct login_process {
	pid_t pid;
	int channel;
};

/*
 * Starts login with an empty environment.  IDS is "UID:GID" of its account, or
 * NULL to leave it ours.  AFTER_STLS: the client was greeted, and started TLS.
 * Returns false, logged, on failure.
 */
bool login_process_start(struct login_process *c, const struct options *o,
    const char *ids, bool after_stls);

/*
 * Kills login and waits for its end.  Returns false, logged, if it cannot be
 * killed: then nothing may be served any more, and login ends with the
 * monitor.
 */
bool login_process_end(struct login_process *c);

/* Login has ended: reaps it, and logs an abnormal end. */
void login_process_reap(struct login_process *c, const struct peer *peer);

#endif
