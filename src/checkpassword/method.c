/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * What is on descriptor 3, and digests of challenges.
 * Runs as: root, or whoever started the checker.
 * Input: descriptor 3, most of it the client's.
 * Descriptors: 3.
 */
#include "config.h"

#include "checkpassword/method.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "checkpassword/account.h"
#include "checkpassword/scramverify.h"
#include "checkpassword/status.h"
#include "lib/hex.h"
#include "lib/hmac.h"
#include "lib/io.h"
#include "lib/log.h"
#include "lib/md5.h"

enum { CREDENTIALS_FD = 3, CHECKPASSWORD_MAX = 512, HEX = 2 * MD5_SIZE };

static const struct {
	const char *name;
	size_t min, max; /* texts */
	size_t bytes;
} methods[] = {
	[METHOD_PASSWORD] = { "password", 2, 3, CHECKPASSWORD_MAX },
	[METHOD_APOP] = { "apop", 3, 3, CHECKPASSWORD_MAX },
	[METHOD_CRAM_MD5] = { "cram-md5", 3, 3, CHECKPASSWORD_MAX },
	[METHOD_SCRAM_LOOKUP] = { "scram-lookup", 3, 3, CHECKPASSWORD_MAX },
	[METHOD_SCRAM_VERIFY] = { "scram-verify", 5, 5,
	    METHOD_CREDENTIALS_MAX },
};

bool
method_find(const char *name, enum method *method)
{
	for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
		if (strcmp(methods[i].name, name) == 0) {
			*method = (enum method)i;
			return true;
		}
	return false;
}

/* Each text has a NUL behind it, and there is nothing else. */
static bool
split(enum method method, struct credentials *c, size_t len)
{
	size_t count = 0, at = 0;

	if (len == 0 || c->bytes[len - 1] != '\0')
		return false;
	for (; at < len; at += strlen(c->bytes + at) + 1) {
		if (count == methods[method].max)
			return false;
		c->field[count++] = c->bytes + at;
	}
	return count >= methods[method].min;
}

static int
misused(const char *text)
{
	log_error(text, NULL);
	return STATUS_MISUSED;
}

int
method_read(enum method method, struct credentials *c)
{
	size_t max = methods[method].bytes;
	ssize_t len = io_read(CREDENTIALS_FD, c->bytes, max + 1);
	int error = errno;

	(void)close(CREDENTIALS_FD);
	if (len == -1 && error == EBADF)
		return misused("descriptor 3 is not open: a checkpassword "
			       "program reads name and password from it");
	if (len == -1) {
		errno = error;
		log_error_errno("cannot read descriptor 3", NULL);
		return STATUS_TEMPORARY;
	}
	if ((size_t)len > max)
		return misused(max == CHECKPASSWORD_MAX
			? "descriptor 3 has more than 512 bytes"
			: "descriptor 3 has more than 4096 bytes");
	if (!split(method, c, (size_t)len))
		return misused("descriptor 3 has not name, password and "
			       "timestamp, each with a NUL behind it");
	account_copy(c->name, sizeof c->name, c->field[0], strlen(c->field[0]));
	return 0;
}

/* RFC 1939, section 7; RFC 2195, section 2. */
static void
digest_of(enum method method, const char *secret, const char *challenge,
    unsigned char digest[MD5_SIZE])
{
	struct md5 m;

	if (method == METHOD_CRAM_MD5) {
		hmac_md5(secret, strlen(secret), challenge, strlen(challenge),
		    digest);
		return;
	}
	md5_start(&m);
	md5_add(&m, challenge, strlen(challenge));
	md5_add(&m, secret, strlen(secret));
	md5_end(&m, digest);
}

/* The digest is made for everybody; only a secret in the clear is one. */
static enum verify_result
verify_digest(
    enum method method, const struct account *a, const struct credentials *c)
{
	const char *claimed = c->field[1], *challenge = c->field[2];
	unsigned char digest[MD5_SIZE];
	char hex[HEX];
	bool right;

	digest_of(method, a->secret, challenge, digest);
	(void)hex_format(hex, digest, sizeof digest);
	right = strlen(claimed) == HEX &&
	    constant_time_equal(hex, claimed, HEX) &&
	    a->scheme == ACCOUNT_PLAIN && challenge[0] != '\0';
	explicit_bzero(digest, sizeof digest);
	explicit_bzero(hex, sizeof hex);
	return right ? VERIFY_RIGHT : VERIFY_WRONG;
}

enum verify_result
method_verify(enum method method, const struct account *a,
    const struct credentials *c, unsigned char signature[SCRAM_KEY])
{
	struct scramverify proof = { .name = c->name,
		.signed_name = c->field[0],
		.proof = c->field[1],
		.nonce = c->field[2],
		.first = c->field[3],
		.final = c->field[4] };

	switch (method) {
	case METHOD_PASSWORD:
		return verify_secret(a, c->field[1]);
	case METHOD_SCRAM_VERIFY:
		return scramverify(a, &proof, signature);
	default:
		return verify_digest(method, a, c);
	}
}

bool
method_lookup(const struct account *a, const struct credentials *c,
    struct scram_parameters *p)
{
	struct scramsecret s;
	bool known, good = scramverify_parameters(a, c->name, &s, &known);

	*p = s.p;
	p->cleartext = a->cleartext_for_some;
	explicit_bzero(&s, sizeof s);
	return good;
}
