/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Login: talks to whoever has connected, until the monitor ends it.
 */
#ifndef POPIN_LOGIN_H
#define POPIN_LOGIN_H

struct options;

/* Returns the exit status. */
int login_run(const struct options *o);

#endif
