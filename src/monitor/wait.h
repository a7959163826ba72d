/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * What the monitor becomes once there is a session.
 */
#ifndef POPIN_WAIT_H
#define POPIN_WAIT_H

#include <sys/types.h>

#include <stdbool.h>

struct peer;

/*
 * Becomes UID and GID for good when ROOT, closes all but the log and HELD (or
 * -1; the session PID waits for that), and waits for the session.
 * Super-servers count sessions by this process, and systemd ends what is left
 * when it ends.  Returns the exit status; a session that crashed is logged
 * with PEER.
 */
int wait_run(pid_t pid, bool root, uid_t uid, gid_t gid,
    const struct peer *peer, int held);

#endif
