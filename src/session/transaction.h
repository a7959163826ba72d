/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The TRANSACTION and UPDATE states.
 */
#ifndef POPIN_TRANSACTION_H
#define POPIN_TRANSACTION_H

#include <stdint.h>

#include "maildrop/maildrop.h"
#include "pop3/netio.h"

struct tally {
	uint64_t messages, octets;
};

/*
 * The caller sets net, drop (opened and scanned), idle and offers, and the rest
 * to zero.
 */
struct transaction {
	struct netio net;
	struct maildrop drop;
	unsigned idle;	 /* seconds until the autologout */
	unsigned offers; /* for CAPA */
	uint64_t last;	 /* highest number accessed (RFC 1460) */
	uint64_t sent;	 /* where the output of RETR and TOP ends */
	struct tally retr, top;
	uint64_t deleted; /* by UPDATE */
	const char *end;  /* afterwards: why it ended, one word for the log */
};

/*
 * Says +OK, the answer to the command that logged in, and serves commands
 * until the session ends.  Mail is removed only by QUIT.
 */
void transaction_run(struct transaction *t);

#endif
