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
	bool unknown; /* "-" not because it is a pipe: it may be anywhere */
};

/*
 * Looks at the environment first (a TLS wrapper's socket shows the wrapper),
 * then at descriptor 0.  Nothing is taken that inet_pton(3) does not take.
 */
void peer_find(struct peer *p);

/* The address in TEXT, numeric.  Returns false, and P is not valid, for less. */
bool peer_parse(struct peer *p, const char *text);

/* What a front said: ADDRESS has 4 bytes, or 16 with IPV6. */
void peer_set(struct peer *p, bool ipv6, const uint8_t *address, uint16_t port);

/* One record about what this client could not have, REASON is one word. */
void peer_log(const struct peer *p, const char *text, const char *reason);

/*
 * Sets TCPREMOTEIP and TCPREMOTEPORT for a checker and the session; or
 * TCPREMOTEIP alone, to "unknown", so that nobody takes it for a pipe.
 */
void peer_export(const struct peer *p);

#endif
