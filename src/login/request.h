/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * What login asks the monitor, and what it knows of the client meanwhile.
 */
#ifndef POPIN_REQUEST_H
#define POPIN_REQUEST_H

#include <stdbool.h>

#include "ipc/monmsg.h"
#include "pop3/command.h"
#include "pop3/netio.h"

struct login {
	struct netio net;
	char user[MONMSG_USER_MAX]; /* after USER; "" before */
	unsigned offers;	    /* enum offer, as the monitor says */
	bool offers_asked;
	char timestamp[MONMSG_CHALLENGE_MAX]; /* for APOP; "" without */
};

/* Sends Q and waits for A.  Returns false when the connection has to end. */
bool request_answer(const struct monmsg_request *q, struct monmsg_answer *a);

/*
 * The same, after the client was sent all waiting output.  It is false, too, if
 * the login was right: then the monitor ends this process.
 */
bool request_exchange(
    struct login *l, struct monmsg_request *q, struct monmsg_answer *a);

/* The reply to a request that led to no session. */
enum outcome request_refused(struct login *l, uint32_t verdict);

/* Asks for a session with Q, which is wiped, and replies to the client. */
enum outcome request_session(struct login *l, struct monmsg_request *q);

/* The reply if a password must not be sent without TLS. */
enum outcome request_needs_tls(struct login *l);

/* What CAPA and AUTH announce, enum offer.  The monitor is asked once. */
unsigned request_offers(struct login *l);
/* Is OFFER among them?  The monitor is asked only if it has to be. */
bool request_has_offer(struct login *l, unsigned offer);

#endif
