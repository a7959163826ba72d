/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Messages of SASL mechanisms.
 * Runs as: login.  Input: what the client's base64 was.
 */
#include "config.h"

#include "login/sasl.h"

#include <string.h>

#include "lib/hex.h"
#include "lib/scram.h"

static bool
copy(char *text, size_t size, const char *p, size_t len)
{
	memset(text, 0, size);
	if (len == 0 || len >= size)
		return false;
	memcpy(text, p, len);
	return true;
}

bool
sasl_name(char user[MONMSG_USER_MAX], const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)p[i] < 0x20 || p[i] == 0x7f)
			return false;
	return copy(user, MONMSG_USER_MAX, p, len);
}

bool
sasl_password(char password[MONMSG_PASSWORD_MAX], const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (p[i] == '\0' || p[i] == '\r' || p[i] == '\n')
			return false;
	return copy(password, MONMSG_PASSWORD_MAX, p, len);
}

bool
sasl_digest(char digest[MONMSG_PASSWORD_MAX], const char *p, size_t len)
{
	return hex_is(p, len, 16) && copy(digest, MONMSG_PASSWORD_MAX, p, len);
}

bool
sasl_plain(const char *p, size_t len, char user[MONMSG_USER_MAX],
    char password[MONMSG_PASSWORD_MAX])
{
	const char *end = p + len;
	const char *first = memchr(p, '\0', len);
	const char *second;
	size_t authzid_len, name_len;

	if (first == NULL)
		return false;
	authzid_len = (size_t)(first - p);
	first++;
	second = memchr(first, '\0', (size_t)(end - first));
	if (second == NULL)
		return false;
	name_len = (size_t)(second - first);
	if (authzid_len != 0 &&
	    (authzid_len != name_len || memcmp(p, first, name_len) != 0))
		return false;
	second++;
	return sasl_name(user, first, name_len) &&
	    sasl_password(password, second, (size_t)(end - second));
}

bool
sasl_cram_md5(const char *p, size_t len, char user[MONMSG_USER_MAX],
    char digest[MONMSG_PASSWORD_MAX])
{
	const char *blank = memrchr(p, ' ', len);

	if (blank == NULL)
		return false;
	return sasl_name(user, p, (size_t)(blank - p)) &&
	    sasl_digest(digest, blank + 1, (size_t)(p + len - blank - 1));
}

/* ---- SCRAM ---- */

/* Cuts the attribute "X=..." off *REST, and the comma behind it. */
static bool
attribute(struct word *rest, char x, struct word *value)
{
	const char *comma = memchr(rest->p, ',', rest->len);
	size_t len = comma != NULL ? (size_t)(comma - rest->p) : rest->len;

	if (len < 2 || rest->p[0] != x || rest->p[1] != '=')
		return false;
	value->p = rest->p + 2;
	value->len = len - 2;
	rest->p += len + (comma != NULL);
	rest->len -= len + (comma != NULL);
	return true;
}

/* "=2C" is a comma, "=3D" an equals sign, and no other '=' may be there. */
static bool
scram_name(char user[MONMSG_USER_MAX], const struct word *name)
{
	char text[MONMSG_USER_MAX];
	size_t n = 0;

	for (size_t i = 0; i < name->len; i++) {
		char c = name->p[i];

		if (n == sizeof text)
			return false;
		if (c == '=') {
			if (name->len - i < 3)
				return false;
			if (memcmp(name->p + i, "=2C", 3) == 0)
				c = ',';
			else if (memcmp(name->p + i, "=3D", 3) != 0)
				return false;
			i += 2;
		}
		text[n++] = c;
	}
	return sasl_name(user, text, n);
}

static bool
scram_text(const char *p, size_t len)
{
	return len <= SCRAM_MESSAGE_MAX && memchr(p, '\0', len) == NULL;
}

static bool
scram_nonce(const struct word *nonce, size_t max)
{
	for (size_t i = 0; i < nonce->len; i++)
		if (nonce->p[i] < 0x21 || nonce->p[i] > 0x7e)
			return false;
	return nonce->len > 0 && nonce->len <= max;
}

/*
 * "n,," or "y,,": the client does without a channel binding.  "p=..." asks
 * for one, of a mechanism that we do not have.  Between the commas there may
 * be "a=" and for whom to log in.  *REST is left behind the header.
 */
static bool
gs2_header(struct word *rest, struct word *authzid)
{
	memset(authzid, 0, sizeof *authzid);
	if (rest->len < 3 || (rest->p[0] != 'n' && rest->p[0] != 'y') ||
	    rest->p[1] != ',')
		return false;
	rest->p += 2;
	rest->len -= 2;
	if (rest->p[0] != ',')
		return attribute(rest, 'a', authzid) && authzid->len > 0;
	rest->p++;
	rest->len--;
	return true;
}

bool
sasl_scram_first(const char *p, size_t len, struct sasl_scram_first *f)
{
	struct word rest = { p, len }, authzid, name;
	char whom[MONMSG_USER_MAX];

	memset(f, 0, sizeof *f);
	if (!scram_text(p, len) || !gs2_header(&rest, &authzid))
		return false;
	f->gs2.p = p;
	f->gs2.len = len - rest.len;
	f->bare = rest;
	if (!attribute(&rest, 'n', &name) || !scram_name(f->user, &name) ||
	    !attribute(&rest, 'r', &f->nonce) ||
	    !scram_nonce(&f->nonce, SCRAM_CLIENT_NONCE_MAX))
		return false;
	return authzid.len == 0 ||
	    (scram_name(whom, &authzid) &&
		memcmp(whom, f->user, sizeof whom) == 0);
}

bool
sasl_scram_final(const char *p, size_t len, struct sasl_scram_final *f)
{
	struct word rest = { p, len }, last;
	const char *comma = memrchr(p, ',', len);

	memset(f, 0, sizeof *f);
	if (!scram_text(p, len) || comma == NULL)
		return false;
	last.p = comma + 1;
	last.len = (size_t)(p + len - last.p);
	f->without_proof.p = p;
	f->without_proof.len = (size_t)(comma - p);
	rest = f->without_proof;
	return attribute(&last, 'p', &f->proof) &&
	    attribute(&rest, 'c', &f->binding) &&
	    attribute(&rest, 'r', &f->nonce) &&
	    scram_nonce(&f->nonce, SCRAM_CLIENT_NONCE_MAX + SCRAM_NONCE) &&
	    f->proof.len == SCRAM_PROOF_TEXT;
}
