/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Nonces, and challenges in the form of a message-id (RFC 1939, section 7).
 * Clients insist on that form: mpop takes no '+', '/' or '=', others look for
 * exactly one '@'.
 * Runs as: root.  Input: random numbers of the kernel.
 */
#include "config.h"

#include "monitor/nonce.h"

#include <sys/random.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lib/log.h"

static const char domain[] = "@popin>";

_Static_assert(1 + (int)NONCE_SIZE + sizeof domain <= NONCE_CHALLENGE_MAX,
    "a challenge fits");

bool
nonce_make(char out[NONCE_SIZE + 1])
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789-_";
	unsigned char bytes[NONCE_SIZE];
	ssize_t got;

	do {
		got = getrandom(bytes, sizeof bytes, 0);
	} while (got == -1 && errno == EINTR);
	if (got != (ssize_t)sizeof bytes) {
		log_error_errno("no random numbers", NULL);
		return false;
	}
	for (unsigned i = 0; i < NONCE_SIZE; i++)
		out[i] = digits[bytes[i] & 63];
	out[NONCE_SIZE] = '\0';
	return true;
}

bool
nonce_challenge(char out[NONCE_CHALLENGE_MAX])
{
	memset(out, 0, NONCE_CHALLENGE_MAX);
	if (!nonce_make(out + 1))
		return false;
	out[0] = '<';
	memcpy(out + 1 + NONCE_SIZE, domain, sizeof domain);
	return true;
}
