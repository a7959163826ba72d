/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Messages of SASL mechanisms, and base64.  No two texts mean the same bytes;
 * names and passwords that are taken can be handed to a checker.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "descriptors.h"
#include "lib/base64.h"
#include "login/sasl.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len);

static void
check_base64(const char *p, size_t len)
{
	size_t n = 0, text_len = BASE64_ENCODED(len);
	char *bytes = malloc(len + 1), *text = malloc(text_len + 1);

	MUST(bytes != NULL && text != NULL);
	if (base64_decode(bytes, len, p, len, &n)) {
		MUST(n <= BASE64_DECODED(len));
		MUST(base64_encode(text, bytes, n) == len);
		MUST(memcmp(text, p, len) == 0);
	}
	MUST(base64_encode(text, p, len) == text_len);
	MUST(base64_decode(bytes, len, text, text_len, &n));
	MUST(n == len && memcmp(bytes, p, len) == 0);
	/* in place, as login does it */
	MUST(base64_decode(text, text_len, text, text_len, &n));
	MUST(n == len && memcmp(text, p, len) == 0);
	free(bytes);
	free(text);
}

/* A string without a line end, and with zeros after it. */
static void
check_string(const char *s, size_t size)
{
	size_t len = strnlen(s, size);

	MUST(len > 0 && len < size && strpbrk(s, "\r\n") == NULL);
	for (; len < size; len++)
		MUST(s[len] == '\0');
}

static void
check_word(const struct word *w, const char *p, size_t len)
{
	MUST(w->p >= p && w->p <= p + len);
	MUST(w->len <= (size_t)(p + len - w->p));
}

static void
check_mechanisms(const char *p, size_t len)
{
	char user[MONMSG_USER_MAX] = "", password[MONMSG_PASSWORD_MAX] = "";

	if (sasl_plain(p, len, user, password)) {
		check_string(user, sizeof user);
		check_string(password, sizeof password);
		MUST(strlen(user) + strlen(password) < len);
	}
	memset(user, 0, sizeof user);
	memset(password, 0, sizeof password);
	if (sasl_cram_md5(p, len, user, password)) {
		check_string(user, sizeof user);
		MUST(strlen(password) == 32);
		MUST(strlen(user) + 33 == len);
	}
	memset(user, 0, sizeof user);
	memset(password, 0, sizeof password);
	if (sasl_name(user, p, len)) {
		check_string(user, sizeof user);
		MUST(strlen(user) == len && memcmp(user, p, len) == 0);
	}
	if (sasl_password(password, p, len)) {
		check_string(password, sizeof password);
		MUST(strlen(password) == len && memcmp(password, p, len) == 0);
	}
}

static void
check_scram(const char *p, size_t len)
{
	struct sasl_scram_first f;
	struct sasl_scram_final l;

	memset(&f, 0, sizeof f);
	if (sasl_scram_first(p, len, &f)) {
		check_word(&f.gs2, p, len);
		check_word(&f.bare, p, len);
		check_word(&f.nonce, p, len);
		check_string(f.user, sizeof f.user);
		MUST(f.gs2.p == p && f.gs2.len + f.bare.len == len);
		MUST(f.bare.p == p + f.gs2.len);
		MUST(f.nonce.len > 0 && f.nonce.len <= SCRAM_CLIENT_NONCE_MAX);
		MUST(f.bare.len < MONMSG_TEXT_MAX);
	}
	memset(&l, 0, sizeof l);
	if (sasl_scram_final(p, len, &l)) {
		check_word(&l.binding, p, len);
		check_word(&l.nonce, p, len);
		check_word(&l.proof, p, len);
		check_word(&l.without_proof, p, len);
		MUST(l.proof.len < MONMSG_PASSWORD_MAX);
		MUST(l.without_proof.len < MONMSG_TEXT_MAX);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	/* An allocation of its own: nothing may read after its end. */
	char *copy = malloc(len);

	MUST(copy != NULL || len == 0);
	if (len > 0)
		memcpy(copy, p, len);
	check_base64(copy, len);
	check_mechanisms(copy, len);
	check_scram(copy, len);
	free(copy);
	return 0;
}
