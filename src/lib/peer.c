/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The client's address.
 * Runs as: root, and session.  Input: the super-server's environment.
 */
#include "config.h"

#include "lib/peer.h"

#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/number.h"

static void
set_ipv4(struct peer *p, const void *address)
{
	if (inet_ntop(AF_INET, address, p->ip, sizeof p->ip) == NULL)
		memcpy(p->ip, "-", 2);
}

static void
set_ipv6(struct peer *p, const struct in6_addr *address)
{
	if (IN6_IS_ADDR_V4MAPPED(address))
		set_ipv4(p, address->s6_addr + 12);
	else if (inet_ntop(AF_INET6, address, p->ip, sizeof p->ip) == NULL)
		memcpy(p->ip, "-", 2);
}

bool
peer_parse(struct peer *p, const char *text)
{
	struct in_addr v4;
	struct in6_addr v6;

	p->port = 0;
	p->unknown = false;
	if (inet_pton(AF_INET, text, &v4) == 1)
		set_ipv4(p, &v4);
	else if (inet_pton(AF_INET6, text, &v6) == 1)
		set_ipv6(p, &v6);
	else
		return false;
	return true;
}

/*
 * tcpserver and its kind, systemd, stunnel and xinetd, in this order.  A
 * variable that holds a name (REMOTE_HOST may) is passed over.
 */
static bool
from_environment(struct peer *p)
{
	static const struct {
		const char *ip, *port;
	} names[] = {
		{ "TCPREMOTEIP", "TCPREMOTEPORT" },
		{ "TCP6REMOTEIP", "TCP6REMOTEPORT" },
		{ "REMOTE_ADDR", "REMOTE_PORT" },
		{ "REMOTE_HOST", "REMOTE_PORT" },
	};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		const char *ip = getenv(names[i].ip);
		const char *port = getenv(names[i].port);
		uint64_t number;

		if (ip == NULL || ip[0] == '\0')
			continue;
		if (!peer_parse(p, ip)) {
			p->unknown = true;
			continue;
		}
		if (port != NULL &&
		    number_parse(port, strlen(port), UINT16_MAX, &number))
			p->port = (uint16_t)number;
		return true;
	}
	return false;
}

/*
 * A pipe and a Unix socket have no address: the client is on this machine.
 * Anything else without an address that we know may be anywhere.
 */
static void
from_socket(struct peer *p)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
		struct sockaddr_storage room;
	} a;
	socklen_t len = sizeof a;

	memset(&a, 0, sizeof a);
	if (getpeername(STDIN_FILENO, &a.any, &len) == -1) {
		p->unknown |= errno != ENOTSOCK;
	} else if (a.any.sa_family == AF_INET) {
		set_ipv4(p, &a.v4.sin_addr);
		p->port = ntohs(a.v4.sin_port);
	} else if (a.any.sa_family == AF_INET6) {
		set_ipv6(p, &a.v6.sin6_addr);
		p->port = ntohs(a.v6.sin6_port);
	} else {
		p->unknown |= a.any.sa_family != AF_UNIX;
	}
}

/* xinetd tells the address without a port. */
static void
port_from_socket(struct peer *p)
{
	struct peer other = { .ip = "-" };

	from_socket(&other);
	if (strcmp(other.ip, p->ip) == 0)
		p->port = other.port;
}

void
peer_find(struct peer *p)
{
	memset(p, 0, sizeof *p);
	p->ip[0] = '-';
	if (!from_environment(p))
		from_socket(p);
	else if (p->port == 0)
		port_from_socket(p);
}

/* The other variables of the super-server are about the front. */
static void
forget_front(void)
{
	static const char *const names[] = { "TCPREMOTEHOST", "TCPREMOTEINFO",
		"TCP6REMOTEIP", "TCP6REMOTEPORT", "TCP6REMOTEHOST",
		"REMOTE_ADDR", "REMOTE_HOST", "REMOTE_PORT" };

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		(void)unsetenv(names[i]);
}

void
peer_set(struct peer *p, bool ipv6, const uint8_t *address, uint16_t port)
{
	struct in6_addr v6;

	memset(p, 0, sizeof *p);
	if (ipv6) {
		memcpy(&v6, address, sizeof v6);
		set_ipv6(p, &v6);
	} else {
		set_ipv4(p, address);
	}
	p->port = port;
	forget_front();
}

void
peer_log(const struct peer *p, const char *text, const char *reason)
{
	struct log_record r;

	log_start(&r, LOG_LEVEL_NOTICE, text);
	log_word(&r, "ip", p->ip);
	log_number(&r, "port", p->port);
	log_word(&r, "reason", reason);
	log_end(&r);
}

void
peer_export(const struct peer *p)
{
	char port[NUMBER_DIGITS + 1];

	port[number_format(port, p->port)] = '\0';
	if (p->ip[0] != '-') {
		(void)setenv("TCPREMOTEIP", p->ip, 1);
		(void)setenv("TCPREMOTEPORT", port, 1);
		return;
	}
	(void)unsetenv("TCPREMOTEIP");
	(void)unsetenv("TCPREMOTEPORT");
	if (p->unknown)
		(void)setenv("TCPREMOTEIP", "unknown", 1);
}
