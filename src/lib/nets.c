/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Is an address in a list of networks?
 * Runs as: root, or whoever started the checker.
 * Input: the list from the command line or the passwd-file; the address from
 * the super-server or the socket.
 */
#include "config.h"

#include "lib/nets.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <stdbool.h>
#include <string.h>

#include "lib/number.h"

enum {
	MAPPED_BITS = 96, /* of ::ffff:0:0/96, RFC 4291 2.5.5.2 */
	WORD_MAX = INET6_ADDRSTRLEN + 4
};

/* IPv4 addresses are mapped, so all addresses can be compared alike. */
static bool
parse_address(const char *text, struct in6_addr *address)
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (inet_pton(AF_INET6, text, address) == 1)
		return true;
	memcpy(address->s6_addr, mapped, sizeof mapped);
	return inet_pton(AF_INET, text, address->s6_addr + sizeof mapped) == 1;
}

static bool
parse_net(char *word, struct in6_addr *net, unsigned *bits)
{
	char *slash = strchr(word, '/');
	bool v4 = strchr(word, ':') == NULL;
	unsigned width = v4 ? 32 : 128;
	uint64_t value = width;

	if (slash != NULL) {
		*slash++ = '\0';
		if (!number_parse(slash, strlen(slash), width, &value))
			return false;
	}
	*bits = (unsigned)value + (v4 ? MAPPED_BITS : 0);
	return parse_address(word, net);
}

static bool
covers(const struct in6_addr *net, unsigned bits, const struct in6_addr *a)
{
	unsigned whole = bits / 8, rest = bits % 8;
	unsigned mask = 0xffu << (8 - rest) & 0xffu;

	/* ::/0 is all of IPv6, not of IPv4. */
	if (bits < MAPPED_BITS && IN6_IS_ADDR_V4MAPPED(a))
		return false;
	if (memcmp(net->s6_addr, a->s6_addr, whole) != 0)
		return false;
	return rest == 0 ||
	    ((net->s6_addr[whole] ^ a->s6_addr[whole]) & mask) == 0;
}

static bool
is_local(const struct in6_addr *a)
{
	return a == NULL || IN6_IS_ADDR_LOOPBACK(a) ||
	    (IN6_IS_ADDR_V4MAPPED(a) && a->s6_addr[12] == 127);
}

static enum nets_result
match(char *word, const struct in6_addr *address)
{
	struct in6_addr net;
	unsigned bits;

	if (strcmp(word, "local") == 0)
		return is_local(address) ? NETS_INSIDE : NETS_OUTSIDE;
	if (!parse_net(word, &net, &bits))
		return NETS_BAD;
	return address != NULL && covers(&net, bits, address) ? NETS_INSIDE
							      : NETS_OUTSIDE;
}

enum nets_result
nets_find(const char *list, size_t len, const char *address)
{
	enum nets_result result = NETS_OUTSIDE;
	struct in6_addr parsed;
	size_t at = 0;

	if (address != NULL && !parse_address(address, &parsed))
		return NETS_OUTSIDE;
	do {
		const char *comma = memchr(list + at, ',', len - at);
		size_t n =
		    comma == NULL ? len - at : (size_t)(comma - (list + at));
		char word[WORD_MAX + 1];
		enum nets_result one;

		if (n > WORD_MAX)
			return NETS_BAD;
		memcpy(word, list + at, n);
		word[n] = '\0';
		one = match(word, address == NULL ? NULL : &parsed);
		if (one == NETS_BAD)
			return NETS_BAD;
		if (one == NETS_INSIDE)
			result = NETS_INSIDE;
		at += n + 1;
	} while (at <= len);
	return result;
}
