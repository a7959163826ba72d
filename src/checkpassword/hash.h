/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Makes secrets for a passwd-file.
 */
#ifndef POPIN_HASH_H
#define POPIN_HASH_H

/*
 * Asks for a password and prints "{SCHEME}secret".  SCHEME may be NULL for
 * the best there is.  Returns the exit status, with the reason logged.
 */
int hash_print(const char *scheme);

#endif
