/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Settings for crypt(3): from libcrypt where it makes them, else our own for
 * the two SHA-2 methods, which every libc has that has crypt(3) at all.
 * Runs as: whoever started the checker.  Input: none.
 */
#include "config.h"

#include <sys/random.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>
#ifdef HAVE_CRYPT_H
#include <crypt.h>
#endif

#include "checkpassword/setting.h"

/* libxcrypt says with this macro that it has the function. */
#ifdef CRYPT_GENSALT_OUTPUT_SIZE

const char setting_best_scheme[] = "CRYPT";

int
setting_make(char *out, size_t size, const char *prefix)
{
	if (size > CRYPT_GENSALT_OUTPUT_SIZE)
		size = CRYPT_GENSALT_OUTPUT_SIZE;
	return crypt_gensalt_rn(prefix, 0, NULL, 0, out, (int)size) == NULL ? -1
									    : 0;
}

#else

const char setting_best_scheme[] = "SHA512-CRYPT";

enum {
	PREFIX_LEN = 3,
	SALT_LEN = 16 /* what SHA-crypt uses of it */
};

int
setting_make(char *out, size_t size, const char *prefix)
{
	static const char digits[] = "./0123456789"
				     "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz";
	unsigned char salt[SALT_LEN];

	if (prefix == NULL)
		prefix = "$6$";
	if (size <= PREFIX_LEN + SALT_LEN ||
	    (strcmp(prefix, "$6$") != 0 && strcmp(prefix, "$5$") != 0)) {
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
