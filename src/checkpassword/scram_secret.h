/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The checker's part of SCRAM-SHA-256, see scram.h: secrets of
 * {SCRAM-SHA-256}, what clients are told of them, and proofs.
 */
#ifndef POPIN_SCRAM_SECRET_H
#define POPIN_SCRAM_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#include "checkpassword/account.h"
#include "checkpassword/method.h"
#include "lib/scram.h"

struct scram_secret {
	struct scram_parameters p;
	unsigned char stored_key[SCRAM_KEY];
	unsigned char server_key[SCRAM_KEY];
};

/*
 * Reads "4096,SALT,STOREDKEY,SERVERKEY", the last three in base64, as Dovecot
 * has them.  Returns false for anything else.
 */
bool scram_secret_parse(struct scram_secret *s, const char *text, size_t len);

/* The keys of PASSWORD for the salt and iterations in S. */
void scram_secret_make(struct scram_secret *s, const char *password);

/* Writes what scram_secret_parse() reads, filled up with NULs. */
void scram_secret_format(
    const struct scram_secret *s, char text[ACCOUNT_TEXT_MAX]);

/* Does PASSWORD give the keys in S? */
bool scram_secret_matches(const struct scram_secret *s, const char *password);

/*
 * The answer to a lookup.  It is the same for NAME every time, and an unknown
 * user has one, too.  Returns false if it cannot be made, with the reason
 * logged.
 */
bool scram_secret_lookup(
    const struct account *a, const char *name, struct scram_parameters *p);

/* Is the proof in C right?  Then SIGNATURE is the server's, else zeros. */
enum verify_result scram_secret_verify(const struct account *a,
    const struct credentials *c, unsigned char signature[SCRAM_KEY]);

#endif
