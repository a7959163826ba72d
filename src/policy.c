/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The cleartext policy.
 * Runs as: root.  Input: the command line; the client's address.
 */
#include "config.h"

#include "policy.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <stddef.h>
#include <string.h>

#include "number.h"
#include "peer.h"

struct address {
	unsigned char bytes[16];
	unsigned bits; /* 32 or 128 */
};

struct network {
	struct address address;
	unsigned prefix; /* bits that count */
};

static bool
parse_address(const char *text, struct address *a)
{
	if (inet_pton(AF_INET, text, a->bytes) == 1)
		a->bits = 32;
	else if (inet_pton(AF_INET6, text, a->bytes) == 1)
		a->bits = 128;
	else
		return false;
	return true;
}

/* LEN bytes: ADDRESS or ADDRESS/PREFIX. */
static bool
parse_network(const char *text, size_t len, struct network *n)
{
	const char *slash = memchr(text, '/', len);
	size_t address_len = slash != NULL ? (size_t)(slash - text) : len;
	char address[PEER_IP_MAX];
	uint64_t prefix;

	if (address_len >= sizeof address)
		return false;
	memcpy(address, text, address_len);
	address[address_len] = '\0';
	if (!parse_address(address, &n->address))
		return false;
	prefix = n->address.bits;
	if (slash != NULL &&
	    !number_parse(
		slash + 1, len - address_len - 1, n->address.bits, &prefix))
		return false;
	n->prefix = (unsigned)prefix;
	return true;
}

static bool
contains(const struct network *n, const struct address *a)
{
	unsigned bytes = n->prefix / 8, bits = n->prefix % 8;
	unsigned mask = 0xff00u >> bits & 0xff;

	if (n->address.bits != a->bits ||
	    memcmp(n->address.bytes, a->bytes, bytes) != 0)
		return false;
	return bits == 0 ||
	    ((n->address.bytes[bytes] ^ a->bytes[bytes]) & mask) == 0;
}

/*
 * Goes through the comma-separated networks of TEXT.  Returns false when one
 * is wrong; *FOUND tells whether A (may be NULL) is in one.
 */
static bool
look_through(const char *text, const struct address *a, bool *found)
{
	*found = false;
	for (;;) {
		size_t len = strcspn(text, ",");
		struct network n;

		if (!parse_network(text, len, &n))
			return false;
		if (a != NULL && contains(&n, a))
			*found = true;
		if (text[len] == '\0')
			return true;
		text += len + 1;
	}
}

static bool
is_word(const char *text)
{
	return strcmp(text, "local") == 0 || strcmp(text, "never") == 0 ||
	    strcmp(text, "always") == 0;
}

bool
policy_valid(const char *text)
{
	bool found;

	return is_word(text) || look_through(text, NULL, &found);
}

bool
policy_allows(const char *text, const struct peer *peer)
{
	static const char loopback[] = "127.0.0.0/8,::1";
	struct address a;
	bool found;

	if (strcmp(text, "always") == 0)
		return true;
	if (strcmp(text, "never") == 0)
		return false;
	if (!parse_address(peer->ip, &a))
		return true;
	if (look_through(loopback, &a, &found) && found)
		return true;
	return !is_word(text) && look_through(text, &a, &found) && found;
}
