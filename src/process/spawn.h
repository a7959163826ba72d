/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Starts programs with exactly the descriptors they are meant to get.
 */
#ifndef POPIN_SPAWN_H
#define POPIN_SPAWN_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>

struct options;

struct spawn {
	const char *path; /* looked for in PATH when it has no slash */
	char *const *argv, *const *envp;
	int fd3, fd4;	/* become 3 and 4; -1: closed */
	int out;	/* 0 is /dev/null, 1 and 2 are this; -1: all as ours */
	bool keeps_log; /* but 2 is as ours, too */
};

/*
 * Starts it with descriptors 0, 1 and 2 as ours (or as OUT says), 3 and 4 as
 * given and no other (ours are close-on-exec), default signals, nothing
 * blocked, in a session of its own: no terminal of ours is its, and its pid is
 * that of its process group.  Returns its pid, or -1 with errno.
 */
pid_t spawn_start(const struct spawn *s);

enum {
	SPAWN_WORDS_MAX = 128 /* of a command line, all included */
};

/* A command line under construction: terminated, bounded, not copied. */
struct spawn_words {
	char *word[SPAWN_WORDS_MAX + 1];
	size_t count;
};

/*
 * The path that works for another user later: that of the running binary,
 * or where it was installed when that is gone (replaced by an upgrade).
 */
const char *spawn_path(void);

/* The program NAME beside this one. */
const char *spawn_sibling(const char *name);

/* Adds one word; false when there are too many.  WORD must outlive W. */
bool spawn_add(struct spawn_words *w, const char *word);

/* Adds our own checker, and what it has to know of our options. */
bool spawn_add_checker(struct spawn_words *w, const struct options *o);

/* Adds "PATH, our own options, -R ROLE" and how to log. */
bool spawn_add_role(struct spawn_words *w, const char *path, const char *role,
    const struct options *o);

#endif
