/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The reader of passwd-files: any bytes, and any name asked for.  The entry
 * that it finds is one of that name; nobody becomes root; texts fit.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "checkpassword/account.h"
#include "checkpassword/crypthash.h"
#include "checkpassword/passwdfile.h"
#include "checkpassword/scram_secret.h"
#include "descriptors.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len);

static void
check_text(const char *s, size_t size)
{
	size_t len = strnlen(s, size);

	MUST(len < size);
	for (; len < size; len++)
		MUST(s[len] == '\0');
}

static void
check(const struct account *a, const char *name, bool any_case)
{
	/* the texts of a line with a fault are not used; it may have a NUL */
	if (a->scheme != ACCOUNT_UNKNOWN) {
		check_text(a->name, sizeof a->name);
		check_text(a->home, sizeof a->home);
		check_text(a->shell, sizeof a->shell);
		check_text(a->maildrop, sizeof a->maildrop);
		check_text(a->secret, sizeof a->secret);
	}
	check_text(a->decoy, sizeof a->decoy);
	check_text(a->others.scram, sizeof a->others.scram);
	check_text(a->others.first, sizeof a->others.first);
	MUST(a->line != 0 || !a->usable);
	MUST(a->line == 0 || name != NULL);
	if (a->usable && a->fault == NULL) {
		MUST((any_case ? strcasecmp : strcmp)(a->name, name) == 0);
		MUST(a->uid != 0 && a->gid != 0);
		MUST(a->home[0] == '/');
		MUST(a->secret[0] != '\0' && a->scheme != ACCOUNT_UNKNOWN);
	}
	if (a->decoy[0] != '\0' && a->decoy_scheme == ACCOUNT_CRYPT)
		MUST(crypthash_valid(a->decoy, strlen(a->decoy)));
}

/* A SCRAM secret that is accepted is written again as it was. */
static void
check_secret(const char *text)
{
	struct scram_secret s, again;
	char formatted[ACCOUNT_TEXT_MAX];

	if (!scram_secret_parse(&s, text, strlen(text)))
		return;
	MUST(s.p.salt_len <= SCRAM_SALT_MAX);
	MUST(s.p.iterations <= SCRAM_ITERATIONS_MAX);
	scram_secret_format(&s, formatted);
	MUST(scram_secret_parse(&again, formatted, strlen(formatted)));
	MUST(again.p.iterations == s.p.iterations &&
	    again.p.salt_len == s.p.salt_len &&
	    memcmp(again.p.salt, s.p.salt, s.p.salt_len) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	static const char *const addresses[] = { NULL, "192.0.2.7",
		"2001:db8::7", "127.0.0.1" };
	static struct account a;
	struct input in = { p, len }, name;
	unsigned flags = take_byte(&in);
	char text[ACCOUNT_NAME_MAX + 1];

	descriptors_reset();
	name = take_bytes(&in, take_byte(&in));
	memset(text, 0, sizeof text);
	memcpy(text, name.p, name.len);
	(void)file_make(0, "passwd", in.p, in.len);
	memset(&a, 0, sizeof a);
	MUST(passwdfile_find(&a, account_name_ok(text, flags & 4) ? text : NULL,
		 flags & 8, "//passwd", addresses[flags & 3]) == 0);
	check(&a, text, flags & 8);
	check_secret(a.secret);
	check_secret(a.others.scram);
	return 0;
}
