/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Secrets of {SCRAM-SHA-256} (RFC 5802, section 3).
 * Runs as: root, or whoever started the checker.
 * Input: the passwd-file; passwords.
 */
#include "config.h"

#include "checkpassword/scramsecret.h"

#include <string.h>
#include <unistd.h>

#include "lib/base64.h"
#include "lib/hmac.h"
#include "lib/number.h"
#include "lib/sha256.h"

/* The next of the fields with commas between; false after the last. */
static bool
field(const char **text, const char **p, size_t *len)
{
	if (*text == NULL)
		return false;
	*p = *text;
	*len = strcspn(*text, ",");
	*text = (*p)[*len] == ',' ? *p + *len + 1 : NULL;
	return true;
}

static bool
key(const char **text, unsigned char out[SCRAM_KEY])
{
	const char *p;
	size_t len;

	return field(text, &p, &len) &&
	    base64_decode(out, SCRAM_KEY, p, len, &len) && len == SCRAM_KEY;
}

bool
scramsecret_parse(struct scramsecret *s, const char *text)
{
	const char *p;
	size_t len;
	uint64_t n;

	memset(s, 0, sizeof *s);
	if (!field(&text, &p, &len) ||
	    !number_parse(p, len, SCRAM_ITERATIONS_MAX, &n) ||
	    n < SCRAM_ITERATIONS_MIN)
		return false;
	s->p.iterations = (uint32_t)n;
	if (!field(&text, &p, &len) ||
	    !base64_decode(s->p.salt, sizeof s->p.salt, p, len, &len) ||
	    len == 0)
		return false;
	s->p.salt_len = (uint32_t)len;
	return key(&text, s->stored_key) && key(&text, s->server_key) &&
	    text == NULL;
}

void
scramsecret_make(struct scramsecret *s, const char *password)
{
	unsigned char salted[SHA256_SIZE], client_key[SHA256_SIZE];
	struct sha256 hash;

	pbkdf2(password, strlen(password), s->p.salt, s->p.salt_len,
	    s->p.iterations, salted);
	hmac_sha256(salted, sizeof salted, "Client Key", 10, client_key);
	hmac_sha256(salted, sizeof salted, "Server Key", 10, s->server_key);
	sha256_start(&hash);
	sha256_add(&hash, client_key, sizeof client_key);
	sha256_end(&hash, s->stored_key);
	explicit_bzero(salted, sizeof salted);
	explicit_bzero(client_key, sizeof client_key);
}

void
scramsecret_format(const struct scramsecret *s, char text[ACCOUNT_TEXT_MAX])
{
	size_t n = number_format(text, s->p.iterations);

	memset(text + n, 0, ACCOUNT_TEXT_MAX - n);
	text[n++] = ',';
	n += base64_encode(text + n, s->p.salt, s->p.salt_len);
	text[n++] = ',';
	n += base64_encode(text + n, s->stored_key, SCRAM_KEY);
	text[n++] = ',';
	(void)base64_encode(text + n, s->server_key, SCRAM_KEY);
}

bool
scramsecret_is(const struct scramsecret *s, const char *password)
{
	struct scramsecret mine = *s;
	bool is;

	scramsecret_make(&mine, password);
	is = constant_time_equal(mine.stored_key, s->stored_key, SCRAM_KEY);
	explicit_bzero(&mine, sizeof mine);
	return is;
}
