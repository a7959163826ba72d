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
 * Is ADDRESS in LIST, LEN bytes of networks with commas between?  A network is
 * an address, address/bits, or "local", which means loopback and clients
 * without an address.  ADDRESS is NULL if the client has none because it is a
 * pipe.  A text that is no address is in no network.  IPv4 addresses that are
 * mapped into IPv6 count as IPv4, in both: ::ffff:192.0.2.0/120 is a network of
 * IPv4, and ::/0 has none of its addresses.
 */
enum nets_result nets_find(const char *list, size_t len, const char *address);

#endif
