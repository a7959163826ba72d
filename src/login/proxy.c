/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Reads a PROXY header (haproxy's doc/proxy-protocol.txt, section 2).
 *
 * The octet behind the header is the client's first, so no read asks for more
 * than the header is sure to have.  Version 1 does not tell its length.  So
 * after the 12 octets that both versions have it is read octet by octet.
 *
 * Runs as: login.  Input: octets from whoever connected.
 */
#include "config.h"

#include "login/proxy.h"

#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <string.h>

#include "ipc/monmsg.h"
#include "lib/clock.h"
#include "lib/number.h"
#include "pop3/netio.h"

enum {
	BEGIN = 12,   /* octets that tell the version */
	V1_MAX = 107, /* with its CRLF */
	V2_FIXED = 16,
	V2_REST_MAX = 65535,
	TLV_SSL = 0x20,
	TLV_SSL_MIN = 5,
	TLV_CLIENT_SSL = 0x01 /* bit: the client came by TLS */
};

static const char v1_begin[] = "PROXY ";
static const unsigned char v2_begin[BEGIN] = { 0x0d, 0x0a, 0x0d, 0x0a, 0x00,
	0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a };

static struct {
	unsigned char octet[V2_FIXED + V2_REST_MAX];
	size_t len;
} header;

/* ---- reading ---- */

/*
 * What a failed read says about the header.  MONMSG_HEADER_NONE: we were asked
 * to stop.
 */
static enum monmsg_header
failure(enum net_status status)
{
	if (status == NET_STOPPED)
		return MONMSG_HEADER_NONE;
	if (header.len == 0)
		return MONMSG_HEADER_MISSING;
	return status == NET_IDLE ? MONMSG_HEADER_SLOW : MONMSG_HEADER_SHORT;
}

/*
 * Can this be the beginning of a header?  False from the first wrong octet on.
 */
static bool
may_begin(void)
{
	size_t v1 = sizeof v1_begin - 1, v2 = sizeof v2_begin;

	if (header.len < v1)
		v1 = header.len;
	if (header.len < v2)
		v2 = header.len;
	return memcmp(header.octet, v1_begin, v1) == 0 ||
	    memcmp(header.octet, v2_begin, v2) == 0;
}

/* Reads up to LEN octets in all.  Returns MONMSG_HEADER_LOCAL for "fine". */
static enum monmsg_header
read_to(struct netio *net, size_t len)
{
	while (header.len < len) {
		size_t got;
		enum net_status status = netio_read(
		    net, header.octet + header.len, len - header.len, &got);

		if (status != NET_OK)
			return failure(status);
		header.len += got;
		if (!may_begin())
			return MONMSG_HEADER_WRONG;
	}
	return MONMSG_HEADER_LOCAL;
}

/* ---- version 1 ---- */

/* The word at *P, which ends at a space or at END; NUL-terminated in OUT. */
static bool
next_word(const char **p, const char *end, char *out, size_t size)
{
	const char *blank = memchr(*p, ' ', (size_t)(end - *p));
	size_t len = (size_t)((blank != NULL ? blank : end) - *p);

	if (len == 0 || len >= size || memchr(*p, '\0', len) != NULL)
		return false;
	memcpy(out, *p, len);
	out[len] = '\0';
	*p = blank != NULL ? blank + 1 : NULL;
	return true;
}

static bool
parse_port(const char *word, uint16_t *port)
{
	size_t len = strlen(word);
	uint64_t n;

	if (!number_parse(word, len, UINT16_MAX, &n) ||
	    (word[0] == '0' && len > 1))
		return false;
	*port = (uint16_t)n;
	return true;
}

/* "SOURCE DESTINATION PORT PORT", all of it, single blanks between. */
static bool
parse_addresses(
    const char *p, const char *end, int family, struct monmsg_proxy *proxy)
{
	unsigned char unused_address[sizeof proxy->address];
	uint16_t unused_port;
	char word[4][INET6_ADDRSTRLEN];

	for (size_t i = 0; i < 4; i++)
		if (p == NULL || !next_word(&p, end, word[i], sizeof word[i]))
			return false;
	return p == NULL && inet_pton(family, word[0], proxy->address) == 1 &&
	    inet_pton(family, word[1], unused_address) == 1 &&
	    parse_port(word[2], &proxy->port) &&
	    parse_port(word[3], &unused_port);
}

static bool
begins_with(const char *p, const char *end, const char *text)
{
	size_t len = strlen(text);

	return (size_t)(end - p) >= len && memcmp(p, text, len) == 0;
}

/* The line without its CRLF. */
static enum monmsg_header
parse_v1(const char *p, const char *end, struct monmsg_proxy *proxy)
{
	static const char ipv4[] = "TCP4 ", ipv6[] = "TCP6 ";
	static const char unknown[] = "UNKNOWN";

	p += sizeof v1_begin - 1;
	if (begins_with(p, end, unknown)) {
		/* Whatever follows is to be ignored. */
		p += sizeof unknown - 1;
		return p == end || *p == ' ' ? MONMSG_HEADER_LOCAL
					     : MONMSG_HEADER_WRONG;
	}
	if (begins_with(p, end, ipv4) &&
	    parse_addresses(p + sizeof ipv4 - 1, end, AF_INET, proxy))
		return MONMSG_HEADER_IPV4;
	if (begins_with(p, end, ipv6) &&
	    parse_addresses(p + sizeof ipv6 - 1, end, AF_INET6, proxy))
		return MONMSG_HEADER_IPV6;
	return MONMSG_HEADER_WRONG;
}

static enum monmsg_header
read_v1(struct netio *net, struct monmsg_proxy *proxy)
{
	const char *line = (const char *)header.octet;

	while (line[header.len - 1] != '\n') {
		enum monmsg_header result;

		if (header.len == V1_MAX)
			return MONMSG_HEADER_WRONG;
		result = read_to(net, header.len + 1);
		if (result != MONMSG_HEADER_LOCAL)
			return result;
	}
	if (line[header.len - 2] != '\r')
		return MONMSG_HEADER_WRONG;
	return parse_v1(line, line + header.len - 2, proxy);
}

/* ---- version 2 ---- */

static size_t
big_endian(const unsigned char *p)
{
	return (size_t)p[0] << 8 | p[1];
}

/* What follows the addresses: TYPE, length, value, up to the end exactly. */
static bool
parse_tlvs(const unsigned char *p, size_t len, struct monmsg_proxy *proxy)
{
	while (len > 0) {
		size_t value;

		if (len < 3)
			return false;
		value = big_endian(p + 1);
		if (len - 3 < value)
			return false;
		if (p[0] == TLV_SSL && value >= TLV_SSL_MIN)
			proxy->tls = (p[3] & TLV_CLIENT_SSL) != 0;
		p += 3 + value;
		len -= 3 + value;
	}
	return true;
}

/*
 * Behind the fixed part: both addresses, both ports.  Addresses of Unix sockets
 * do not tell where the client is, so the connection's own count.
 */
static enum monmsg_header
parse_v2(const unsigned char *p, size_t len, unsigned family,
    struct monmsg_proxy *proxy)
{
	static const struct {
		unsigned char family;
		enum monmsg_header header;
		size_t address, all;
	} families[] = {
		{ 0x00, MONMSG_HEADER_LOCAL, 0, 0 },
		{ 0x11, MONMSG_HEADER_IPV4, 4, 12 },
		{ 0x21, MONMSG_HEADER_IPV6, 16, 36 },
		{ 0x31, MONMSG_HEADER_LOCAL, 0, 216 },
	};

	for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
		size_t size = families[i].address;

		if (families[i].family != family)
			continue;
		if (len < families[i].all ||
		    !parse_tlvs(
			p + families[i].all, len - families[i].all, proxy))
			return MONMSG_HEADER_WRONG;
		memcpy(proxy->address, p, size);
		if (size > 0)
			proxy->port = (uint16_t)big_endian(p + 2 * size);
		return families[i].header;
	}
	return MONMSG_HEADER_WRONG;
}

static enum monmsg_header
read_v2(struct netio *net, struct monmsg_proxy *proxy)
{
	const unsigned char *p = header.octet;
	enum monmsg_header result = read_to(net, V2_FIXED);
	size_t len;

	if (result != MONMSG_HEADER_LOCAL)
		return result;
	if (p[BEGIN] != 0x20 && p[BEGIN] != 0x21)
		return MONMSG_HEADER_WRONG;
	len = big_endian(p + 14);
	result = read_to(net, V2_FIXED + len);
	if (result != MONMSG_HEADER_LOCAL || p[BEGIN] == 0x20)
		return result;
	return parse_v2(p + V2_FIXED, len, p[13], proxy);
}

bool
proxy_read(struct netio *net, struct monmsg_proxy *proxy)
{
	int64_t deadline = net->deadline;
	int64_t ours = clock_now() + (int64_t)PROXY_SECONDS * 1000;
	enum monmsg_header result;

	memset(proxy, 0, sizeof *proxy);
	if (ours < deadline)
		net->deadline = ours;
	result = read_to(net, BEGIN);
	if (result == MONMSG_HEADER_LOCAL)
		result = header.octet[0] == v2_begin[0] ? read_v2(net, proxy)
							: read_v1(net, proxy);
	net->deadline = deadline;
	/* Nothing of a refused header is passed on. */
	if (result > MONMSG_HEADER_IPV6)
		memset(proxy, 0, sizeof *proxy);
	proxy->header = (uint8_t)result;
	return result != MONMSG_HEADER_NONE;
}
