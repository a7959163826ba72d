/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Who may send a password without TLS.
 */
#ifndef POPIN_CLEARTEXT_H
#define POPIN_CLEARTEXT_H

#include <stdbool.h>

struct peer;

/*
 * May PEER log in with a cleartext password?  A "local" peer may, whatever the
 * networks are.
 */
bool cleartext_allowed(const char *text, const struct peer *peer);

#endif
