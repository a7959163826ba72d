/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Verifies passwords, and digests of challenges.
 * Runs as: root, or the user that started the checker.
 * Input: what the client sent; secrets from account files.
 *
 * The clock must not tell which names exist.  What takes time here is crypt(3)
 * or PBKDF2, so every password costs exactly one of them that works.  It uses
 * the account's own hash if there is one.  Otherwise (the name is unknown, the
 * hash is locked, empty or broken, the secret is in the clear) it uses the
 * decoy, the secret of another account.  The decoy is the last hash of the
 * file, whoever was asked for: the last account is the newest, so its method
 * and cost are the most likely ones.  The file is always read to its end.
 * Accounts of different methods in one file still differ; the manual says so.
 */
#include "config.h"

#include "checkpassword/verify.h"

#include <string.h>
#include <unistd.h>

#include "checkpassword/crypthash.h"
#include "checkpassword/scram_secret.h"
#include "lib/hex.h"
#include "lib/hmac.h"
#include "lib/log.h"
#include "lib/md5.h"

/* Compares all bytes of both, so the time does not depend on the length. */
static bool
equal(const char a[ACCOUNT_TEXT_MAX], const char b[ACCOUNT_TEXT_MAX])
{
	return constant_time_equal(a, b, ACCOUNT_TEXT_MAX);
}

static enum verify_result
compare_crypt(const char setting[ACCOUNT_TEXT_MAX], const char *password)
{
	char mine[ACCOUNT_TEXT_MAX];
	enum verify_result result = VERIFY_FAILED;

	if (crypthash_make(password, setting, mine))
		result = equal(mine, setting) ? VERIFY_RIGHT : VERIFY_WRONG;
	explicit_bzero(mine, sizeof mine);
	return result;
}

static enum verify_result
compare_scram(const char *secret, const char *password)
{
	struct scram_secret keys;
	enum verify_result result = VERIFY_CANNOT;

	if (scram_secret_parse(&keys, secret, strlen(secret)))
		result = scram_secret_matches(&keys, password) ? VERIFY_RIGHT
							       : VERIFY_WRONG;
	explicit_bzero(&keys, sizeof keys);
	return result;
}

/* Returns VERIFY_CANNOT, at once, if there is no hash to compare with. */
static enum verify_result
compare_hash(const struct account *a, const char *password)
{
	if (a->scheme == ACCOUNT_CRYPT &&
	    crypthash_valid(a->secret, strlen(a->secret)))
		return compare_crypt(a->secret, password);
	if (a->scheme == ACCOUNT_SCRAM)
		return compare_scram(a->secret, password);
	return VERIFY_CANNOT;
}

/*
 * Takes the time that an account with the decoy as its secret would take.  The
 * result is that of a wrong password.
 */
static enum verify_result
burn_time(const struct account *a, const char *password)
{
	enum verify_result result = VERIFY_WRONG;

	if (a->decoy[0] != '\0')
		result = a->decoy_scheme == ACCOUNT_CRYPT
		    ? compare_crypt(a->decoy, password)
		    : compare_scram(a->decoy, password);
	return result == VERIFY_FAILED ? VERIFY_FAILED : VERIFY_WRONG;
}

static bool
is_plain(const struct account *a, const char *password)
{
	char copy[ACCOUNT_TEXT_MAX];
	bool is = account_copy(copy, sizeof copy, password, strlen(password)) &&
	    equal(copy, a->secret);

	explicit_bzero(copy, sizeof copy);
	return a->scheme == ACCOUNT_PLAIN && is;
}

static enum verify_result
verify_password(const struct account *a, const char *password)
{
	enum verify_result result = compare_hash(a, password);

	if (result == VERIFY_CANNOT)
		result = burn_time(a, password);
	if (a->scheme == ACCOUNT_UNKNOWN)
		return VERIFY_CANNOT;
	if (is_plain(a, password))
		return VERIFY_RIGHT;
	/*
	 * No errno: libxcrypt says EINVAL for a broken hash as well as for
	 * lack of memory, of which yescrypt and scrypt need some 16 MiB.
	 */
	if (result == VERIFY_FAILED)
		log_error(
		    "crypt(3) failed: too little memory, or a broken hash",
		    NULL);
	return result;
}

/* RFC 1939, section 7; RFC 2195, section 2. */
static void
make_digest(enum method method, const char *secret, const char *challenge,
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

/*
 * The digest is made for every name, but only a secret in the clear can be
 * right.
 */
static enum verify_result
verify_digest(
    enum method method, const struct account *a, const struct credentials *c)
{
	const char *claimed = c->field[CREDENTIAL_SECRET];
	const char *challenge = c->field[CREDENTIAL_CHALLENGE];
	unsigned char digest[MD5_SIZE];
	char hex[2 * MD5_SIZE];
	bool right;

	make_digest(method, a->secret, challenge, digest);
	(void)hex_format(hex, digest, sizeof digest);
	right = strlen(claimed) == sizeof hex &&
	    constant_time_equal(hex, claimed, sizeof hex) &&
	    a->scheme == ACCOUNT_PLAIN && challenge[0] != '\0';
	explicit_bzero(digest, sizeof digest);
	explicit_bzero(hex, sizeof hex);
	return right ? VERIFY_RIGHT : VERIFY_WRONG;
}

enum verify_result
verify(enum method method, const struct account *a, const struct credentials *c,
    unsigned char signature[SCRAM_KEY])
{
	switch (method) {
	case METHOD_PASSWORD:
		return verify_password(a, c->field[CREDENTIAL_SECRET]);
	case METHOD_SCRAM_VERIFY:
		return scram_secret_verify(a, c, signature);
	default:
		return verify_digest(method, a, c);
	}
}
