/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Who the client is, as far as the super-server and the socket tell.
 */
#ifndef POPIN_PEER_H
#define POPIN_PEER_H

#include <stdbool.h>
#include <stdint.h>

enum {
	PEER_IP_MAX = 46 /* INET6_ADDRSTRLEN */
};

struct peer {
	char ip[PEER_IP_MAX]; /* canonical, never ::ffff:a.b.c.d; or "-" */
	uint16_t port;	      /* 0: not known */
	bool unknown;	      /* "-", and no pipe: the client may be anywhere */
};

/*
 * Sets P to the client's address from the environment, else from descriptor 0.
 * The environment comes first, because the socket of a TLS wrapper shows the
 * wrapper.  Only what inet_pton(3) accepts is an address.
 */
void peer_find(struct peer *p);

/* Reads the numeric address TEXT.  False if it is none; then P is not valid. */
bool peer_parse(struct peer *p, const char *text);

/*
 * Sets P to the address that a front has told, 4 bytes, or 16 with IPV6.
 * Removes what the super-server told of the front itself from the environment.
 */
void peer_set(struct peer *p, bool ipv6, const uint8_t *address, uint16_t port);

/*
 * Logs that something was refused to this client: TEXT, the address, and
 * REASON, one word.
 */
void peer_log(const struct peer *p, const char *text, const char *reason);

/*
 * Sets TCPREMOTEIP and TCPREMOTEPORT for a checker and the session; or
 * TCPREMOTEIP alone, to "unknown", so that nobody takes it for a pipe.
 */
void peer_export(const struct peer *p);

#endif
