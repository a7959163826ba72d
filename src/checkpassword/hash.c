/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Makes secrets for a passwd-file.
 * Runs as: the administrator.  Input: what is typed.
 */
#include "config.h"

#include "checkpassword/hash.h"

#include <sys/random.h>

#include <string.h>
#include <unistd.h>

#include "checkpassword/account.h"
#include "checkpassword/crypthash.h"
#include "checkpassword/prompt.h"
#include "checkpassword/scram_secret.h"
#include "lib/io.h"
#include "lib/log.h"

/* Why PASSWORD can be in no file, or can be sent by no client; or NULL. */
static const char *
unfit(const struct account_scheme_name *s, const char *password)
{
	if (password[0] == '\0')
		return "an empty password is never accepted";
	if (strpbrk(password, "\r\n") != NULL)
		return "a password cannot contain a line end";
	if (s->scheme == ACCOUNT_PLAIN && strchr(password, ':') != NULL)
		return "a {PLAIN} password cannot contain a colon";
	return NULL;
}

static int
make_scram(const char *password, char secret[ACCOUNT_TEXT_MAX])
{
	struct scram_secret s = { .p = { .iterations = SCRAM_ITERATIONS_MIN,
				      .salt_len = SCRAM_SALT } };

	if (getrandom(s.p.salt, s.p.salt_len, 0) != (ssize_t)s.p.salt_len) {
		log_error_errno("no random numbers", NULL);
		return STATUS_TEMPORARY;
	}
	scram_secret_make(&s, password);
	scram_secret_format(&s, secret);
	explicit_bzero(&s, sizeof s);
	return 0;
}

static int
make_secret(const struct account_scheme_name *s, const char *password,
    char secret[ACCOUNT_TEXT_MAX])
{
	char setting[ACCOUNT_TEXT_MAX];
	struct log_record r;

	if (s->scheme == ACCOUNT_SCRAM)
		return make_scram(password, secret);
	if (s->scheme == ACCOUNT_PLAIN) {
		log_start(&r, LOG_LEVEL_WARNING,
		    "warning: whoever reads the file can read this password");
		log_end(&r);
		account_copy(
		    secret, ACCOUNT_TEXT_MAX, password, strlen(password));
		return 0;
	}
	if (crypthash_setting(setting, s->prefix) == -1) {
		log_error_errno("this system makes no hashes of", s->name);
		return STATUS_TEMPORARY;
	}
	if (!crypthash_make(password, setting, secret)) {
		log_error("crypt(3) failed for", s->name);
		return STATUS_TEMPORARY;
	}
	return 0;
}

static int
print(const struct account_scheme_name *s, const char *secret)
{
	if (!io_write(1, "{", 1) || !io_write(1, s->name, strlen(s->name)) ||
	    !io_write(1, "}", 1) || !io_write(1, secret, strlen(secret)) ||
	    !io_write(1, "\n", 1)) {
		log_error_errno("cannot write to standard output", NULL);
		return STATUS_TEMPORARY;
	}
	return 0;
}

int
hash_print(const char *scheme)
{
	const char *name = scheme == NULL ? crypthash_best_scheme : scheme;
	const struct account_scheme_name *s =
	    account_scheme_find(name, strlen(name));
	char password[PROMPT_MAX + 1], secret[ACCOUNT_TEXT_MAX];
	const char *why;
	int status;

	if (s == NULL || !s->is_made) {
		log_error("unknown password scheme", scheme);
		return STATUS_MISUSED;
	}
	status = prompt_password(password);
	if (status == 0 && (why = unfit(s, password)) != NULL) {
		log_error(why, NULL);
		status = STATUS_UNACCEPTABLE;
	}
	if (status == 0)
		status = make_secret(s, password, secret);
	if (status == 0)
		status = print(s, secret);
	explicit_bzero(password, sizeof password);
	explicit_bzero(secret, sizeof secret);
	return status;
}
