/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The client's address, from a front.
 * Runs as: root.  Input: from login, which read the PROXY header.
 */
#include "config.h"

#include "monitor/front.h"

#include <stddef.h>

#include "ipc/monmsg.h"
#include "lib/peer.h"

const char *
front_take(struct peer *peer, const struct monmsg_proxy *p)
{
	switch (p->header) {
	case MONMSG_HEADER_NONE:
	case MONMSG_HEADER_LOCAL:
		return NULL;
	case MONMSG_HEADER_IPV4:
	case MONMSG_HEADER_IPV6:
		peer_set(
		    peer, p->header == MONMSG_HEADER_IPV6, p->address, p->port);
		peer_export(peer);
		return NULL;
	case MONMSG_HEADER_MISSING:
		return "missing";
	case MONMSG_HEADER_SHORT:
		return "short";
	case MONMSG_HEADER_SLOW:
		return "slow";
	default:
		return "wrong";
	}
}
