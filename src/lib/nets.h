/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Lists of networks, as --cleartext and allow_nets have them.
 */
#ifndef POPIN_NETS_H
#define POPIN_NETS_H

#include <stddef.h>

enum nets_result {
	NETS_OUTSIDE,
	NETS_INSIDE,
	NETS_BAD /* something in the list is no network */
};

/*
 * Whether ADDRESS is in LIST, LEN bytes of networks with commas between: an
 * address, address/bits, or "local", which is loopback and no address.
 * ADDRESS is NULL where the client has none, being a pipe; what is no address
 * is in no network.  IPv4 addresses mapped into IPv6 are IPv4 in both: so is
 * ::ffff:192.0.2.0/120, while ::/0 is IPv6 alone.
 */
enum nets_result nets_find(const char *list, size_t len, const char *address);

#endif
