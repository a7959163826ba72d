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
 * If ROOT, becomes UID and GID for good.  Closes all but the log and HELD (may
 * be -1), and waits for the session PID.  The session begins when our end of
 * its handoff is closed here.  Super-servers count sessions by this process,
 * and systemd kills what is left when it ends.  Returns the exit status.  A
 * session that crashed is logged with PEER.
 */
int wait_run(pid_t pid, bool root, uid_t uid, gid_t gid,
    const struct peer *peer, int held);

#endif
