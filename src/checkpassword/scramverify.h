/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The checker's part of SCRAM-SHA-256, see scram.h.
 */
#ifndef POPIN_SCRAMVERIFY_H
#define POPIN_SCRAMVERIFY_H

#include <stdbool.h>

#include "checkpassword/scramsecret.h"
#include "checkpassword/verify.h"
#include "lib/scram.h"

struct account;

struct scramverify {
	const char *name;	 /* that was looked up */
	const char *signed_name; /* as the client spells it */
	const char *proof;	 /* in base64, as the client sent it */
	const char *nonce;	 /* the monitor's */
	const char *first;	 /* client-first-message-bare */
	const char *final;	 /* client-final-message-without-proof */
};

/*
 * What A's secret is for SCRAM.  It is KNOWN without the password, or S has
 * what the client is told as salt and iterations, the same for NAME every
 * time, and no keys.  Returns false, logged, where that cannot be made: for an
 * unknown user as for a known one.
 */
bool scramverify_parameters(const struct account *a, const char *name,
    struct scramsecret *s, bool *known);

/* Is the proof right?  Then SIGNATURE is the server's. */
enum verify_result scramverify(const struct account *a,
    const struct scramverify *v, unsigned char signature[SCRAM_KEY]);

#endif
