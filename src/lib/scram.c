/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The SCRAM message that login sends and the checker verifies.
 * Runs as: login, verify.  Input: the client's nonce; an account's salt.
 */
#include "config.h"

#include "lib/scram.h"

#include <assert.h>
#include <string.h>

#include "lib/base64.h"
#include "lib/number.h"

_Static_assert(SCRAM_CLIENT_NONCE_MAX + SCRAM_NONCE_MAX +
	    BASE64_ENCODED(SCRAM_SALT_MAX) + NUMBER_DIGITS +
	    sizeof "r=,s=,i=" <=
	SCRAM_SERVER_FIRST_MAX,
    "server-first always fits");

static size_t
add(char *out, size_t at, const char *p, size_t len)
{
	memcpy(out + at, p, len);
	return at + len;
}

size_t
scram_server_first(char out[SCRAM_SERVER_FIRST_MAX], const char *client,
    size_t client_len, const char *server, const struct scram_parameters *p)
{
	size_t n, server_len = strlen(server);

	assert(client_len <= SCRAM_CLIENT_NONCE_MAX);
	assert(server_len <= SCRAM_NONCE_MAX);
	assert(p->salt_len <= SCRAM_SALT_MAX);
	n = add(out, 0, "r=", 2);
	n = add(out, n, client, client_len);
	n = add(out, n, server, server_len);
	n = add(out, n, ",s=", 3);
	n += base64_encode(out + n, p->salt, p->salt_len);
	n = add(out, n, ",i=", 3);
	return n + number_format(out + n, p->iterations);
}
