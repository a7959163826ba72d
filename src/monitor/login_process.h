/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The login process, as the monitor sees it.
 */
#ifndef POPIN_LOGIN_PROCESS_H
#define POPIN_LOGIN_PROCESS_H

#include <sys/types.h>

#include <stdbool.h>

struct options;
struct peer;

struct login_process {
	pid_t pid;
	int channel; /* a socket for the messages of monmsg.h */
};

/*
 * Starts login with an empty environment.  IDS is "UID:GID" of its account;
 * NULL: it stays our user.  AFTER_STLS: the client has been greeted already,
 * and is under TLS now.  Returns false, and has logged, on failure.
 */
bool login_process_start(struct login_process *c, const struct options *o,
    const char *ids, bool after_stls);

/*
 * Kills login and waits for its end.  Returns false, and has logged, if it
 * cannot be killed.  Then the caller must end: login asks the kernel to end it
 * with the monitor.
 */
bool login_process_end(struct login_process *c);

/* Login has closed its channel: reaps it, and logs an abnormal end. */
void login_process_reap(struct login_process *c, const struct peer *peer);

#endif
