/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The methods other than a password to prove that one knows the secret.
 *
 * The monitor of popin(8) asks for one by --method.  What is on descriptor 3
 * keeps its form: texts, each with a NUL behind.
 *
 *	(none)        name password [timestamp]
 *	apop          name digest timestamp
 *	cram-md5      name digest challenge
 *	scram-lookup  name (empty) (empty)
 *	scram-verify  name proof nonce client-first-bare
 *	              client-final-without-proof
 *
 * A lookup answers with a struct scram_parameters on descriptor 4 and ends;
 * a verified proof with the server's signature there, before it becomes the
 * session.
 */
#ifndef POPIN_METHOD_H
#define POPIN_METHOD_H

#include <stdbool.h>
#include <stddef.h>

#include "checkpassword/verify.h"
#include "lib/scram.h"

struct account;

enum method {
	METHOD_PASSWORD,
	METHOD_APOP,
	METHOD_CRAM_MD5,
	METHOD_SCRAM_LOOKUP,
	METHOD_SCRAM_VERIFY
};

enum {
	METHOD_FIELDS = 5, /* the most of all methods */
	METHOD_CREDENTIALS_MAX = 4096
};

/*
 * The texts by their places in the table above.  NAME may be changed into
 * another spelling; a client signs field[0] as it sent it.
 */
struct credentials {
	char bytes[METHOD_CREDENTIALS_MAX + 1]; /* the last: is it full? */
	const char *field[METHOD_FIELDS];
	char name[METHOD_CREDENTIALS_MAX + 1]; /* field[0], for the lookup */
};

/* Returns false for no method of that name. */
bool method_find(const char *name, enum method *method);

/*
 * Reads descriptor 3 and closes it.  Returns 0, or an exit status with the
 * reason logged.
 */
int method_read(enum method method, struct credentials *c);

/*
 * Compares as verify_secret() does.  SIGNATURE is set where SCRAM_VERIFY says
 * that it is right.
 */
enum verify_result method_verify(enum method method, const struct account *a,
    const struct credentials *c, unsigned char signature[SCRAM_KEY]);

/*
 * The answer to SCRAM_LOOKUP: for an unknown user as for a known one.  Returns
 * false where there is none, with the reason logged.
 */
bool method_lookup(const struct account *a, const struct credentials *c,
    struct scram_parameters *p);

#endif
