/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The attempts to log in on one connection, as the monitor sees them: what is
 * allowed now, what the checker says, how many are left.
 *
 * What login sends is handed to the checker or kept for it.  The monitor does
 * not interpret it.  Challenges and nonces are made here, and each serves for
 * one answer; but the timestamp of APOP is one for the connection (RFC 1939,
 * section 7).
 */
#ifndef POPIN_ATTEMPTS_H
#define POPIN_ATTEMPTS_H

#include <stdbool.h>
#include <stdint.h>

#include "ipc/monmsg.h"
#include "monitor/checker.h"
#include "monitor/nonce.h"
#include "monitor/repeat.h"

struct options;
struct peer;

struct attempts {
	const struct options *options;
	const struct peer *peer;
	bool tls;	 /* the connection is under TLS */
	unsigned offers; /* enum offer */
	bool offers_asked;
	bool cleartext;	   /* passwords are offered to some accounts only */
	unsigned failures; /* refused */
	unsigned errors;   /* could not be checked */
	unsigned repeats;  /* of what was refused already */
	struct repeat refused;
	int64_t since; /* clock_now() of the request that is served */
	char timestamp[NONCE_CHALLENGE_MAX]; /* APOP's; or "" */
	char challenge[NONCE_CHALLENGE_MAX]; /* CRAM-MD5's until used; or "" */
	char nonce[NONCE_SIZE + 1];	     /* SCRAM's until used; or "" */
	char first[MONMSG_TEXT_MAX];	     /* SCRAM's first message */
	char user[MONMSG_USER_MAX];
	uint32_t op; /* the last method, for the log */
	struct checker checker;
	bool session_waits; /* for MONMSG_SCRAM_DONE: the proof was right */
};

/*
 * May PEER log in with a cleartext password and without TLS?  POLICY is the
 * value of --cleartext.  A "local" peer may, whatever the networks are.
 */
bool attempts_cleartext_allowed(const char *policy, const struct peer *peer);

/*
 * After login's first word: decides what PEER is offered, besides OFFERS of
 * the caller's, and tells login in ANSWER.  O and PEER must outlive A.  It is
 * called again after STLS.  Returns false, and has logged, where the timestamp
 * of APOP cannot be made.
 */
bool attempts_welcome(struct attempts *a, const struct options *o,
    const struct peer *peer, bool tls, unsigned offers,
    struct monmsg_answer *answer);

/* May login ask for this now? */
bool attempts_allows(const struct attempts *a, uint32_t op);

/*
 * Serves a request that is valid and allowed, and wipes its password.  Returns
 * true when the checker became the session; otherwise login gets ANSWER.
 */
bool attempts_serve(
    struct attempts *a, struct monmsg_request *q, struct monmsg_answer *answer);

/*
 * Login worked: logs the one line about it, forgets what was refused.  Later
 * lines of the log have the user, too.
 */
void attempts_succeeded(struct attempts *a);

/* The connection is over: a session that waits must not begin. */
void attempts_end(struct attempts *a);

#endif
