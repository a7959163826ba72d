/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Names and texts of accounts.
 * Runs as: root, or the user that started the checker.
 * Input: the client's user name; fields of account files.
 */
#include "config.h"

#include "checkpassword/account.h"

#include <string.h>
#include <strings.h>

const struct account_scheme_name *
account_scheme_find(const char *name, size_t len)
{
	static const struct account_scheme_name names[] = {
		{ "CRYPT", ACCOUNT_CRYPT, true, NULL },
		{ "SHA512-CRYPT", ACCOUNT_CRYPT, true, "$6$" },
		{ "SHA256-CRYPT", ACCOUNT_CRYPT, true, "$5$" },
		{ "BLF-CRYPT", ACCOUNT_CRYPT, true, "$2y$" },
		{ "SCRAM-SHA-256", ACCOUNT_SCRAM, true, NULL },
		{ "PLAIN", ACCOUNT_PLAIN, true, NULL },
		{ "MD5-CRYPT", ACCOUNT_CRYPT, false, NULL },
		{ "YESCRYPT", ACCOUNT_CRYPT, false, NULL },
		{ "CLEARTEXT", ACCOUNT_PLAIN, false, NULL },
	};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (len == strlen(names[i].name) &&
		    strncasecmp(name, names[i].name, len) == 0)
			return &names[i];
	return NULL;
}

bool
account_name_ok(const char *name, bool devices)
{
	size_t len = strlen(name);

	if (len == 0 || len > ACCOUNT_NAME_MAX || name[len - 1] == '/')
		return false;
	if (!devices && strchr(name, '/') != NULL)
		return false;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)name[i];

		if ((i == 0 || name[i - 1] == '/') && (c == '.' || c == '/'))
			return false;
		if (c <= 0x20 || c >= 0x7f || strchr("%\":", c) != NULL)
			return false;
	}
	return true;
}

void
account_lower(char *name)
{
	for (; *name != '\0'; name++)
		if (*name >= 'A' && *name <= 'Z')
			*name = (char)(*name - 'A' + 'a');
}

bool
account_copy(char *text, size_t size, const char *p, size_t len)
{
	memset(text, 0, size);
	if (len >= size)
		return false;
	memcpy(text, p, len);
	return true;
}

void
account_forget(struct account *a)
{
	explicit_bzero(a->secret, sizeof a->secret);
	a->scheme = ACCOUNT_CRYPT;
	a->usable = false;
	a->refusal = NULL;
	a->fault = NULL;
}

void
account_wipe(struct account *a)
{
	explicit_bzero(a->secret, sizeof a->secret);
	explicit_bzero(a->decoy, sizeof a->decoy);
	explicit_bzero(&a->others, sizeof a->others);
}

void
account_add_fault(struct account *a, const char *fault)
{
	if (a->fault == NULL)
		a->fault = fault;
}
