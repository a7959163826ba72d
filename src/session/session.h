/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The session: serves the maildrop of the user it runs as.
 */
#ifndef POPIN_SESSION_H
#define POPIN_SESSION_H

struct options;

/* Returns the exit status. */
int session_run(const struct options *o);

#endif
