/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Who may send a password without TLS.
 */
#ifndef POPIN_POLICY_H
#define POPIN_POLICY_H

#include <stdbool.h>

struct peer;

/*
 * May PEER log in with a cleartext password?  Who is "local" may with any
 * networks.
 */
bool policy_allows(const char *text, const struct peer *peer);

#endif
