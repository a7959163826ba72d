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
 * Is TEXT a value for --cleartext: local, never, always, or networks like
 * 192.0.2.0/24,2001:db8::/32,192.0.2.7?
 */
bool policy_valid(const char *text);

/*
 * May PEER log in with a cleartext password?  "local" is loopback and clients
 * without an address (pipes); they count as allowed by networks, too.
 */
bool policy_allows(const char *text, const struct peer *peer);

#endif
