/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * What works right now on this connection: decided by the monitor, told to
 * login and to the session as the sum of these.
 */
#ifndef POPIN_OFFERS_H
#define POPIN_OFFERS_H

enum offer {
	OFFER_USER = 1,	      /* USER and PASS; AUTH PLAIN and LOGIN */
	OFFER_PLAIN = 2,      /* PLAIN is shown: under TLS */
	OFFER_APOP = 4,	      /* by a timestamp in the greeting */
	OFFER_CRAM_MD5 = 8,   /* the mechanism */
	OFFER_SCRAM = 16,     /* SCRAM-SHA-256, if the client asks for it */
	OFFER_SCRAM_ALL = 32, /* ... and it works for every account: CAPA */
	OFFER_STLS = 64,
	OFFERS_MAX = 127
};

#endif
