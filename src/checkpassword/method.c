/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * What is on descriptor 3.
 * Runs as: root, or the user that started the checker.
 * Input: descriptor 3, most of it the client's.
 * Descriptors: 3.
 */
#include "config.h"

#include "checkpassword/method.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "checkpassword/account.h"
#include "lib/io.h"
#include "lib/log.h"

enum { CREDENTIALS_FD = 3, CHECKPASSWORD_MAX = 512 };

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
		return misused(
		    "descriptor 3 does not have a name, a password and a timestamp, each followed by a NUL");
	account_copy(c->name, sizeof c->name, c->field[CREDENTIAL_NAME],
	    strlen(c->field[CREDENTIAL_NAME]));
	return 0;
}
