/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * SCRAM-SHA-256 (RFC 5802, RFC 7677): what login, monitor and our checker
 * have to agree about.
 *
 *	login    client-first: takes it apart, sends name and bare message
 *	monitor  makes the nonce, asks the checker for salt and iterations
 *	login    server-first, from these
 *	login    client-final: takes it apart, sends the proof and the rest
 *	monitor  adds its nonce and what login sent first
 *	checker  makes server-first again, verifies the proof, tells the
 *	         signature, becomes the session
 *	login    server-final; when the client has answered it ends
 *
 * The checker puts the monitor's nonce into the text that the client has to
 * have signed.  So no old proof fits a new nonce, whatever login sends.
 */
#ifndef POPIN_SCRAM_H
#define POPIN_SCRAM_H

#include <stddef.h>
#include <stdint.h>

enum {
	SCRAM_KEY = 32, /* bytes of a proof, a signature, a key */
	SCRAM_PROOF_TEXT = 44,
	SCRAM_NONCE = 24,     /* characters of the server's part, 144 bits */
	SCRAM_NONCE_MAX = 40, /* that the checker takes */
	SCRAM_CLIENT_NONCE_MAX = 256,
	SCRAM_SALT = 16, /* bytes of a salt that we make */
	SCRAM_SALT_MAX = 64,
	SCRAM_MESSAGE_MAX = 1023, /* a message of the client's, decoded */
	SCRAM_SERVER_FIRST_MAX = 512,
	SCRAM_ITERATIONS_MIN = 4096,   /* RFC 7677, section 4 */
	SCRAM_ITERATIONS_MAX = 1000000 /* about a second for every guess */
};

/* What the checker answers to a lookup, on descriptor 4. */
struct scram_parameters {
	uint32_t iterations;
	uint32_t salt_len;
	unsigned char salt[SCRAM_SALT_MAX];
	uint32_t for_all; /* every account of the passwd-file can use it */
	/* Not SCRAM's: some account there has cleartext=ok, for this client. */
	uint32_t cleartext;
};

/*
 * Writes server-first ("r=...,s=...,i=...", no NUL) for the client's nonce
 * and the server's, a string.  Returns its length; it always fits.
 */
size_t scram_server_first(char out[SCRAM_SERVER_FIRST_MAX], const char *client,
    size_t client_len, const char *server, const struct scram_parameters *p);

#endif
