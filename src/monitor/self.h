/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Where this program is, and the command lines to start it again with.
 */
#ifndef POPIN_SELF_H
#define POPIN_SELF_H

#include <stdbool.h>
#include <stddef.h>

struct options;

enum {
	SELF_WORDS_MAX = 128 /* of a command line, all included */
};

/* A command line under construction: terminated, bounded, not copied. */
struct self_words {
	char *word[SELF_WORDS_MAX + 1];
	size_t count;
};

/*
 * The path that works for another user later: that of the running binary,
 * or where it was installed when that is gone (replaced by an upgrade).
 */
const char *self_path(void);

/* The program NAME beside this one. */
const char *self_sibling(const char *name);

/* Adds one word; false when there are too many.  WORD must outlive W. */
bool self_add(struct self_words *w, const char *word);

/* Adds our own checker, and what it has to know of our options. */
bool self_add_checker(struct self_words *w, const struct options *o);

/* Adds "PATH, our own options, -R ROLE" and how to log. */
bool self_add_role(struct self_words *w, const char *path, const char *role,
    const struct options *o);

/*
 * What ps(1) and top(1) call this process: up to 15 characters.  After an exec
 * by /proc/self/exe it would be "exe".
 */
void self_name(const char *name);

/* How our children have to write to our log: stderr, journal or syslog. */
const char *self_log_style(const struct options *o);

#endif
