/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The methods to prove that one knows the secret, and what is sent for them.
 *
 * The monitor of popin(8) asks for one by --method.  Descriptor 3 has texts,
 * each with a NUL behind:
 *
 *	(none)        name password [timestamp]
 *	apop          name digest timestamp
 *	cram-md5      name digest challenge
 *	scram-lookup  name (empty) (empty)
 *	scram-verify  name proof nonce client-first-bare
 *	              client-final-without-proof
 *
 * A lookup ends with an answer on descriptor 4, a struct scram_parameters.  If
 * a proof is right the server's signature is the answer there, and then the
 * session starts.
 */
#ifndef POPIN_METHOD_H
#define POPIN_METHOD_H

#include <stdbool.h>

enum method {
	METHOD_PASSWORD,
	METHOD_APOP,
	METHOD_CRAM_MD5,
	METHOD_SCRAM_LOOKUP,
	METHOD_SCRAM_VERIFY
};

/* The places of the texts above. */
enum {
	CREDENTIAL_NAME,
	CREDENTIAL_SECRET,    /* a password, a digest or a proof */
	CREDENTIAL_CHALLENGE, /* a timestamp, a challenge or a nonce */
	CREDENTIAL_FIRST,
	CREDENTIAL_FINAL,
	CREDENTIALS
};

enum { METHOD_CREDENTIALS_MAX = 4096 };

/*
 * What was on descriptor 3.  NAME is a copy for the lookup, which may spell it
 * in another way.  The field stays as it is: a client signs the name that it
 * has sent.
 */
struct credentials {
	char bytes[METHOD_CREDENTIALS_MAX + 1]; /* the last: is it full? */
	const char *field[CREDENTIALS];
	char name[METHOD_CREDENTIALS_MAX + 1]; /* for the lookup */
};

/* Returns false for no method of that name. */
bool method_find(const char *name, enum method *method);

/*
 * Reads descriptor 3 and closes it.  Returns 0, or an exit status with the
 * reason logged.
 */
int method_read(enum method method, struct credentials *c);

#endif
