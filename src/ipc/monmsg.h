/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The messages between login and monitor: structs of a fixed size over a
 * sequenced-packet socket, one answer for each request.
 *
 * Login is not trusted.  The monitor takes a packet of exactly this size and
 * checks every field.  At the first request that our own login cannot have sent
 * it ends the connection.
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
	MONMSG_UNREAD_MAX = 1024, /* the NETIO_READ_MAX of login */
	MONMSG_CHALLENGE_MAX = 40 /* with its NUL */
};

/* Behind each the fields that it has; all other fields are zeros. */
enum monmsg_op {
	MONMSG_HELLO = 1,   /* proxy; always the first request, and only that */
	MONMSG_OFFERS,	    /* asks what CAPA is to show */
	MONMSG_PASS,	    /* user, password, unread: USER and PASS */
	MONMSG_PLAIN,	    /* the same, by that mechanism */
	MONMSG_LOGIN,	    /* the same, by that mechanism */
	MONMSG_APOP,	    /* user, password: the digest, unread */
	MONMSG_CHALLENGE,   /* asks for one, for MONMSG_CRAM_MD5 */
	MONMSG_CRAM_MD5,    /* user, password: the digest, unread */
	MONMSG_SCRAM_FIRST, /* user, text: client-first-message-bare */
	MONMSG_SCRAM_FINAL, /* password: the proof; text:
			       client-final-message-without-proof */
	MONMSG_SCRAM_DONE,  /* unread: the client took the signature */
	MONMSG_STLS,	    /* the client sent STLS: end login, start TLS */
	MONMSG_PIPELINED    /* it sent more behind STLS: for the log */
};

/* What the PROXY header was.  The last four end the connection. */
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
	MONMSG_WELCOME = 1,  /* offers, and the challenge of APOP or "" */
	MONMSG_OFFERED,	     /* offers */
	MONMSG_WRONG,	     /* not logged in; there may be another try */
	MONMSG_LAST,	     /* the same, without another try */
	MONMSG_NEEDS_TLS,    /* not without TLS; the password was not checked */
	MONMSG_LATER,	     /* could not be checked */
	MONMSG_CHALLENGED,   /* challenge */
	MONMSG_SCRAM_SALT,   /* challenge: the nonce; scram */
	MONMSG_SCRAM_SIGNED, /* signature: the proof was right */
	MONMSG_LATER_LAST    /* could not be checked, without another try */
	/* After a success login is killed; there is no verdict for it. */
};

struct monmsg_answer {
	uint32_t verdict;
	uint32_t offers; /* enum offer */
	char challenge[MONMSG_CHALLENGE_MAX];
	struct scram_parameters scram;
	unsigned char signature[SCRAM_KEY];
};

/* Are the fields of REQUEST those that our own login sends for its op? */
bool monmsg_valid(const struct monmsg_request *request);

#endif
