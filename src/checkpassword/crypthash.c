/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * crypt(3).
 * Runs as: root, or the user that started the checker.
 * Input: passwords; hashes from account files.
 */
#include "config.h"

#include "checkpassword/crypthash.h"

#include <sys/random.h>

#include <crypt.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

enum {
	DES_LEN = 13,	 /* of a traditional hash, which has no prefix */
	BSDI_LEN = 20,	 /* of one that starts with '_' */
	MODULAR_MIN = 26 /* of one that starts with '$', which is $1$'s */
};

static const char digits[] = "./0123456789"
			     "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			     "abcdefghijklmnopqrstuvwxyz";

static bool
has_form(const char *hash, size_t len)
{
	if (hash[0] == '$')
		return len >= MODULAR_MIN;
	if (hash[0] == '_')
		return len == BSDI_LEN;
	return len == DES_LEN && strspn(hash, digits) == len;
}

/* Whether this libcrypt knows the method, where it can be asked. */
static bool
is_known(const char *hash)
{
#ifdef CRYPT_SALT_INVALID
	return crypt_checksalt(hash) != CRYPT_SALT_INVALID;
#else
	(void)hash;
	return true;
#endif
}

bool
crypthash_valid(const char *hash, size_t len)
{
	char copy[ACCOUNT_TEXT_MAX];
	bool valid = account_copy(copy, sizeof copy, hash, len) &&
	    has_form(copy, len) && is_known(copy);

	explicit_bzero(copy, sizeof copy);
	return valid;
}

bool
crypthash_make(
    const char *password, const char *setting, char out[ACCOUNT_TEXT_MAX])
{
	static struct crypt_data data;
	const char *hash = crypt_r(password, setting, &data);
	/* Failures are NULL, "*0" or "*1". */
	bool ok = hash != NULL && crypthash_valid(hash, strlen(hash)) &&
	    account_copy(out, ACCOUNT_TEXT_MAX, hash, strlen(hash));

	explicit_bzero(&data, sizeof data);
	return ok;
}

/* libxcrypt says with this macro that it makes settings. */
#ifdef CRYPT_GENSALT_OUTPUT_SIZE

const char crypthash_best_scheme[] = "CRYPT";

_Static_assert(CRYPT_GENSALT_OUTPUT_SIZE <= (int)ACCOUNT_TEXT_MAX,
    "a setting fits where a hash does");

int
crypthash_setting(char out[ACCOUNT_TEXT_MAX], const char *prefix)
{
	return crypt_gensalt_rn(
		   prefix, 0, NULL, 0, out, CRYPT_GENSALT_OUTPUT_SIZE) == NULL
	    ? -1
	    : 0;
}

#else

/* Every libc that has crypt(3) has the two SHA-2 methods. */
const char crypthash_best_scheme[] = "SHA512-CRYPT";

enum {
	PREFIX_LEN = 3,
	SALT_LEN = 16 /* what SHA-crypt uses of it */
};

int
crypthash_setting(char out[ACCOUNT_TEXT_MAX], const char *prefix)
{
	unsigned char salt[SALT_LEN];

	if (prefix == NULL)
		prefix = "$6$";
	if (strcmp(prefix, "$6$") != 0 && strcmp(prefix, "$5$") != 0) {
		errno = EINVAL;
		return -1;
	}
	if (getrandom(salt, sizeof salt, 0) != (ssize_t)sizeof salt)
		return -1;
	memcpy(out, prefix, PREFIX_LEN);
	for (size_t i = 0; i < SALT_LEN; i++)
		out[PREFIX_LEN + i] = digits[salt[i] & 63];
	out[PREFIX_LEN + SALT_LEN] = '\0';
	return 0;
}

#endif
