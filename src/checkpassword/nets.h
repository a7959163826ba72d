/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Lists of networks.
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
 * Whether ADDRESS (NULL: there is none, the client is a pipe) is in LIST, LEN
 * bytes of networks with commas between: an address, address/bits, or "local"
 * for no address.  IPv4 addresses mapped into IPv6 count as IPv4.
 */
enum nets_result nets_find(const char *list, size_t len, const char *address);

#endif
