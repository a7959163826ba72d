/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * What the files of login share.
 */
#ifndef POPIN_LOGIN_H
#define POPIN_LOGIN_H

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

/*
 * One exchange with the monitor, which gets what is unread of the client's
 * input with it where the request has a place for that.  Returns false when
 * the connection has to end: so it is when the login was right.
 */
bool login_exchange(
    struct login *l, struct monmsg_request *q, struct monmsg_answer *a);

/* The reply to a request that led to no session. */
enum outcome login_refused(struct login *l, uint32_t verdict);

/* A request for a session, all of it.  Q is wiped. */
enum outcome login_ask(struct login *l, struct monmsg_request *q);

/* The reply where a password must not cross the network as it is. */
enum outcome login_needs_tls(struct login *l);

/* What CAPA and AUTH show. */
unsigned login_offers(struct login *l);
bool login_has_offer(struct login *l, unsigned offer);

#endif
