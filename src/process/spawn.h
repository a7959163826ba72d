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

struct log_record;
struct options;

enum {
	SPAWN_WORDS_MAX = 128 /* of a command line, all included */
};

struct spawn {
	/* NULL: the first word.  Looked for in PATH when it has no slash. */
	const char *path;
	char *words[SPAWN_WORDS_MAX + 1]; /* the command line, not copied */
	size_t count;			  /* all that were added */
	bool keeps_environment;		  /* else it gets an empty one */
	int fd3, fd4;			  /* become 3 and 4; -1: closed */
	int out;	/* 0 is /dev/null, 1 and 2 are this; -1: all as ours */
	bool keeps_log; /* but 2 is as ours, too */
};

/* Adds one word, which must outlive S. */
void spawn_add(struct spawn *s, const char *word);

/* Adds the checker, and what our own has to know of our options. */
void spawn_add_checker(struct spawn *s, const struct options *o);

/* Adds "PATH, our own options, -R ROLE" and how to log. */
void spawn_add_role(struct spawn *s, const char *path, const char *role,
    const struct options *o);

/*
 * Starts the program with descriptors 0, 1 and 2 as ours (or as OUT says), 3
 * and 4 as given and no other (ours are close-on-exec), default signals, no
 * signal blocked, in a session of its own: it does not have our terminal, and
 * its pid is that of its process group.  Returns its pid, or -1 with errno:
 * E2BIG for more than SPAWN_WORDS_MAX words.
 */
pid_t spawn_start(const struct spawn *s);

/*
 * Waits for the end of our child PID, whatever signals come.  Returns false
 * with errno if there is no such child.
 */
bool spawn_wait(pid_t pid, int *status);

/* Adds ` signal=N` or ` status=N` to R: how a child with STATUS ended. */
void spawn_log_end(struct log_record *r, int status);

/*
 * The path that works for another user later: that of the running binary,
 * or where it was installed when that is gone (replaced by an upgrade).
 */
const char *spawn_path(void);

/*
 * The path of the program NAME in the directory of this one, valid until the
 * next call.
 */
const char *spawn_sibling(const char *name);

#endif
