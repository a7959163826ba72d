/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The user who has logged in, as the checker tells in the environment, and the
 * maildrop of that user.
 */
#ifndef POPIN_USER_H
#define POPIN_USER_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/peer.h"
#include "maildrop/maildrop.h"

struct options;

/* All that is taken from the environment. */
struct user {
	char *user, *home;
	char *maildrop; /* the checker's word on it, or NULL */
	struct peer peer;
	bool scram; /* the checker says that all accounts can use it */
	uint64_t max_size, newest; /* its limits, or UINT64_MAX: none */
};

/*
 * Takes popin's variables from the environment and wipes all of it.  Returns
 * false for a wrong value, logged, or without memory.
 */
bool user_take(struct user *id);

/* Is uid 0 or gid 0 among our ids?  If so it is logged. */
bool user_is_privileged(void);

/*
 * Writes where the maildrop is, "KIND:PATH", to SPEC.  Returns false, logged,
 * if there can be none.
 */
bool user_maildrop(
    const struct user *id, const struct options *o, char *spec, size_t size);

/*
 * Opens the maildrop and finds its messages, from within the session's
 * sandbox.  Logs every failure but MAILDROP_IN_USE.
 */
enum maildrop_result user_open(
    const struct user *id, const struct options *o, struct maildrop *md);

#endif
