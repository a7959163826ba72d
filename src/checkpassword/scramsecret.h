/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The secrets of {SCRAM-SHA-256}: "4096,SALT,STOREDKEY,SERVERKEY", the last
 * three in base64, as Dovecot has them.
 */
#ifndef POPIN_SCRAMSECRET_H
#define POPIN_SCRAMSECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "checkpassword/account.h"
#include "lib/scram.h"

enum { SCRAMSECRET_SALT = 16 /* bytes of those that we make */ };

struct scramsecret {
	struct scram_parameters p;
	unsigned char stored_key[SCRAM_KEY];
	unsigned char server_key[SCRAM_KEY];
};

/* Returns false for what is none, whatever is wrong with it. */
bool scramsecret_parse(struct scramsecret *s, const char *text);

/* The keys of PASSWORD for the salt and iterations in S. */
void scramsecret_make(struct scramsecret *s, const char *password);

void scramsecret_format(
    const struct scramsecret *s, char text[ACCOUNT_TEXT_MAX]);

/* Does PASSWORD give the keys in S? */
bool scramsecret_is(const struct scramsecret *s, const char *password);

#endif
