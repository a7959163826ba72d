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
 * The same, when the client has been sent all that is waiting for it.  False
 * as well when the login was right: the monitor ends this process then.
 */
bool request_exchange(
    struct login *l, struct monmsg_request *q, struct monmsg_answer *a);

/* The reply to a request that led to no session. */
enum outcome request_refused(struct login *l, uint32_t verdict);

/* Asks for a session with Q, which is wiped, and replies to the client. */
enum outcome request_session(struct login *l, struct monmsg_request *q);

/* The reply where a password must not cross the network as it is. */
enum outcome request_needs_tls(struct login *l);

/* What CAPA and AUTH announce. */
unsigned request_offers(struct login *l);
bool request_has_offer(struct login *l, unsigned offer);

#endif
