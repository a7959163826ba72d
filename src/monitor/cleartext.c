/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The cleartext policy.
 * Runs as: root.  Input: the command line; the client's address.
 */
#include "config.h"

#include "monitor/cleartext.h"

#include <stddef.h>
#include <string.h>

#include "lib/nets.h"
#include "lib/peer.h"

static bool
is_in(const char *networks, const struct peer *peer)
{
	bool nowhere = peer->ip[0] == '-' && !peer->unknown;

	return nets_find(networks, strlen(networks),
		   nowhere ? NULL : peer->ip) == NETS_INSIDE;
}

bool
cleartext_allowed(const char *text, const struct peer *peer)
{
	if (strcmp(text, "always") == 0)
		return true;
	if (strcmp(text, "never") == 0)
		return false;
	return is_in("local", peer) || is_in(text, peer);
}
