/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * What login and monitor say to each other: structs of one fixed size over a
 * sequenced-packet socket, one request, one answer.
 *
 * Login is not trusted.  The monitor takes a packet of exactly this size,
 * checks every field, and ends the connection at the first thing that login
 * as we wrote it cannot have sent: no repair, no second try.
 */
#ifndef POPIN_MONMSG_H
#define POPIN_MONMSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/scram.h"

enum {
	MONMSG_USER_MAX = 256,	   /* with its NUL */
	MONMSG_PASSWORD_MAX = 256, /* with its NUL */
	MONMSG_TEXT_MAX = SCRAM_MESSAGE_MAX + 1,
	MONMSG_UNREAD_MAX = 1024, /* NETIO_READ_MAX */
	MONMSG_CHALLENGE_MAX = 40 /* NONCE_CHALLENGE_MAX */
};

/* With the fields of the request that each has; the others are zeros. */
enum monmsg_op {
	MONMSG_HELLO = 1,   /* the first request, and only that */
	MONMSG_OFFERS,	    /* what is shown in CAPA? */
	MONMSG_PASS,	    /* user, password, unread: USER and PASS */
	MONMSG_PLAIN,	    /* the same, by that mechanism */
	MONMSG_LOGIN,	    /* the same, by that mechanism */
	MONMSG_APOP,	    /* user, password: the digest, unread */
	MONMSG_CHALLENGE,   /* for MONMSG_CRAM_MD5 */
	MONMSG_CRAM_MD5,    /* user, password: the digest, unread */
	MONMSG_SCRAM_FIRST, /* user, text: client-first-message-bare */
	MONMSG_SCRAM_FINAL, /* password: the proof; text:
			       client-final-message-without-proof */
	MONMSG_SCRAM_DONE,  /* unread: the client took the signature */
	MONMSG_STLS,	    /* nothing follows: start TLS and end me */
	MONMSG_PIPELINED    /* the client sent more behind STLS: for the log */
};

/* What a PROXY header told; the last four end the connection. */
enum monmsg_header {
	MONMSG_HEADER_NONE,  /* none is expected */
	MONMSG_HEADER_LOCAL, /* no address: that of the connection is right */
	MONMSG_HEADER_IPV4,
	MONMSG_HEADER_IPV6,
	MONMSG_HEADER_MISSING,
	MONMSG_HEADER_SHORT,
	MONMSG_HEADER_SLOW,
	MONMSG_HEADER_WRONG
};

struct monmsg_proxy {
	uint8_t header; /* enum monmsg_header */
	uint8_t tls;	/* the front says that the client is under TLS */
	uint16_t port;
	uint8_t address[16]; /* the first 4 for IPv4 */
};

struct monmsg_request {
	uint32_t op;
	uint32_t unread_len; /* octets the client sent behind the command */
	char user[MONMSG_USER_MAX];
	char password[MONMSG_PASSWORD_MAX];
	char text[MONMSG_TEXT_MAX];
	char unread[MONMSG_UNREAD_MAX];
	struct monmsg_proxy proxy; /* with MONMSG_HELLO */
};

enum monmsg_verdict {
	MONMSG_WELCOME = 1, /* offers, and the challenge of APOP or "" */
	MONMSG_OFFERED,	    /* offers */
	MONMSG_WRONG,	    /* not logged in; there may be another try */
	MONMSG_LAST,	    /* the same, and there may not */
	MONMSG_NEEDS_TLS,  /* not without TLS; the password was not looked at */
	MONMSG_LATER,	   /* could not be checked */
	MONMSG_CHALLENGED, /* challenge */
	MONMSG_SCRAM_SALT, /* challenge: the nonce; scram */
	MONMSG_SCRAM_SIGNED, /* signature: the proof was right */
	MONMSG_LATER_LAST    /* could not be checked, and no other try */
	/* There is no verdict for success: login is killed instead. */
};

struct monmsg_answer {
	uint32_t verdict;
	uint32_t offers; /* enum offer */
	char challenge[MONMSG_CHALLENGE_MAX];
	struct scram_parameters scram;
	unsigned char signature[SCRAM_KEY];
};

/* Is it a request that our own login can send? */
bool monmsg_valid(const struct monmsg_request *request);

#endif
