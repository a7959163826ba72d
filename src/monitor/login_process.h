/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Login as the monitor sees it: a process and a socket to it.
 */
#ifndef POPIN_LOGIN_CHILD_H
#define POPIN_LOGIN_CHILD_H

#include <sys/types.h>

#include <stdbool.h>

struct options;
struct peer;

struct login_child {
	pid_t pid;
	int channel;
};

/*
 * Starts login with an empty environment.  IDS is "UID:GID" of its account,
 * or NULL to leave it ours; AFTER_STLS: the client was greeted, and started
 * TLS.  Returns false, and has logged why, when it cannot be.
 */
bool login_child_start(struct login_child *c, const struct options *o,
    const char *ids, bool after_stls);

/*
 * Ends it and waits for that.  Returns false, and has logged, when it lives on:
 * then nothing may be served any more, and it ends with the monitor.
 */
bool login_child_end(struct login_child *c);

/* It has ended: waits for it, and says so in the log when it ended badly. */
void login_child_reap(struct login_child *c, const struct peer *peer);

#endif
