/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The descriptors a super-server leaves us, made sane.
 */
#ifndef POPIN_STDFDS_H
#define POPIN_STDFDS_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/log.h"
#include "options.h"

/* Are descriptors 0 and 1 open?  Without a client there is nothing to do. */
bool stdfds_have_client(void);

/*
 * For what serves nobody: makes each of the two that is closed /dev/null.
 * Returns false if one stays closed.
 */
bool stdfds_fill(void);

/*
 * Makes descriptor 2 the log, and STYLE how to write there.  Never is that
 * the client: under inetd descriptor 2 is the same socket as 0 and 1, and is
 * then replaced by one to syslogd (or, without one, by /dev/null).  Returns
 * false where there is not even that, and descriptor 2 is closed.
 */
bool stdfds_open_log(enum log_choice choice, enum log_style *style);

/*
 * Where the log is a terminal, and not that of the one user whom all of popin
 * runs as, it is replaced in the same way, after a line there that says so.
 * Returns false as stdfds_open_log() does.
 */
bool stdfds_leave_terminal(enum log_choice choice, enum log_style *style);

/* Closes all descriptors from FIRST on. */
void stdfds_close_from(int first);

/*
 * The same, except the COUNT descriptors KEPT (in any order, -1 is passed
 * over); those become close-on-exec.
 */
void stdfds_close_others(int first, const int *kept, size_t count);

#endif
