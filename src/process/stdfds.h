/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Makes the descriptors that a super-server left fit for use.
 */
#ifndef POPIN_STDFDS_H
#define POPIN_STDFDS_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/log.h"
#include "options.h"

/* Are descriptors 0 and 1 open?  Without them there is no client. */
bool stdfds_have_client(void);

/*
 * For a process without a client: opens /dev/null as each of the two that is
 * closed.  Returns false if one stays closed.
 */
bool stdfds_fill(void);

/*
 * Makes descriptor 2 the log, and sets STYLE to how to write there.  The log is
 * never the client: under inetd descriptor 2 is the same socket as 0 and 1.
 * Then it is replaced by a socket to syslogd or, if there is none, by
 * /dev/null.  Returns false where that fails, too, and descriptor 2 is closed.
 */
bool stdfds_open_log(enum log_choice choice, enum log_style *style);

/*
 * Replaces the log in the same way where it is a terminal, after a line there
 * that says so.  A terminal of our own user stays, unless that is root.
 * Returns false as stdfds_open_log() does.
 */
bool stdfds_leave_terminal(enum log_choice choice, enum log_style *style);

/* Closes all descriptors from FIRST on. */
void stdfds_close_from(int first);

/*
 * The same, but the COUNT descriptors KEPT (in any order, -1 is passed over)
 * stay open and become close-on-exec.
 */
void stdfds_close_others(int first, const int *kept, size_t count);

#endif
