/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * What works now on this connection.  The monitor decides it, and tells login
 * and the session the sum of these.
 */
#ifndef POPIN_OFFERS_H
#define POPIN_OFFERS_H

enum offer {
	OFFER_USER = 1,	      /* USER and PASS; AUTH PLAIN and LOGIN */
	OFFER_PLAIN = 2,      /* PLAIN is shown: under TLS */
	OFFER_APOP = 4,	      /* by a timestamp in the greeting */
	OFFER_CRAM_MD5 = 8,   /* the mechanism */
	OFFER_SCRAM = 16,     /* SCRAM-SHA-256, if the client asks for it */
	OFFER_SCRAM_ALL = 32, /* ... and CAPA shows it: every account has it */
	OFFER_STLS = 64,
	OFFERS_MAX = 127
};

#endif
