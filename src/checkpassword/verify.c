/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Verifies passwords.
 * Runs as: root, or whoever started the checker.
 * Input: the client's password; hashes from account files.
 *
 * Who guesses names must not learn from the clock which of them exist.  What
 * takes time here is crypt(3) or PBKDF2, so every login costs exactly one of
 * them that worked: with the account's own hash where it has one, else
 * (unknown, locked, empty or broken hash, a secret in the clear) with the
 * decoy, the secret of some other account of the same place.  Both finders
 * take the last hash of their file for that, whoever asked: the last account
 * is the one most recently made, so its method and cost are the most likely
 * ones, and always reading the file to its end keeps the time for that the
 * same as well.  Accounts of different methods in one file still differ; the
 * manual says so.
 */
#include "config.h"

#include "checkpassword/verify.h"

#include <string.h>
#include <unistd.h>

#include "checkpassword/crypthash.h"
#include "checkpassword/scramsecret.h"
#include "lib/hmac.h"
#include "lib/log.h"

/* All of both, so that the length does not decide how long it takes. */
static bool
equal(const char a[ACCOUNT_TEXT_MAX], const char b[ACCOUNT_TEXT_MAX])
{
	return constant_time_equal(a, b, ACCOUNT_TEXT_MAX);
}

/*
 * The time that an account with the decoy for a secret would have cost.
 * Returns false where that account could not have been compared.
 */
static bool
waste(const struct account *a, const char *password)
{
	struct scramsecret keys;
	char mine[ACCOUNT_TEXT_MAX];
	bool good = true;

	if (a->decoy[0] == '\0')
		return true;
	if (a->decoy_scheme == ACCOUNT_CRYPT)
		good = crypthash_make(password, a->decoy, mine);
	else if (scramsecret_parse(&keys, a->decoy))
		(void)scramsecret_is(&keys, password);
	explicit_bzero(&keys, sizeof keys);
	explicit_bzero(mine, sizeof mine);
	return good;
}

/*
 * Without an errno: libxcrypt says EINVAL for a broken hash and for want of
 * memory, of which yescrypt and scrypt need some 16 MiB.
 */
static enum verify_result
failed(void)
{
	log_error("crypt(3) failed: too little memory, or a broken hash", NULL);
	return VERIFY_FAILED;
}

enum verify_result
verify_secret(const struct account *a, const char *password)
{
	char mine[ACCOUNT_TEXT_MAX];
	bool spent = false, right = false, good = true;
	struct scramsecret keys;

	if (a->scheme == ACCOUNT_CRYPT &&
	    crypthash_valid(a->secret, strlen(a->secret))) {
		spent = true;
		good = crypthash_make(password, a->secret, mine);
		right = good && equal(mine, a->secret);
	}
	if (a->scheme == ACCOUNT_SCRAM && scramsecret_parse(&keys, a->secret)) {
		spent = true;
		right = scramsecret_is(&keys, password);
	}
	if (!spent)
		good = waste(a, password);
	if (a->scheme == ACCOUNT_PLAIN)
		right = account_copy(
			    mine, sizeof mine, password, strlen(password)) &&
		    equal(mine, a->secret);
	explicit_bzero(mine, sizeof mine);
	explicit_bzero(&keys, sizeof keys);
	if (a->scheme == ACCOUNT_UNKNOWN)
		return VERIFY_CANNOT;
	if (!right && !good)
		return failed();
	return right ? VERIFY_RIGHT : VERIFY_WRONG;
}
