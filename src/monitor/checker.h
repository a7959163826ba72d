/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Runs a checkpassword program (http://cr.yp.to/checkpwd/interface.html).
 */
#ifndef POPIN_CHECKER_H
#define POPIN_CHECKER_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>

struct options;

enum {
	CHECKER_ANSWER_MAX = 128 /* octets */
};

struct checker_question {
	const char *method; /* for our own checker, or NULL: a password */
	const char *text;   /* NUL-terminated strings: 512 octets by the */
	size_t len;	    /* interface, 4096 for our own */
	size_t answer_len;  /* what it has to say on descriptor 4 first */
	unsigned offers;    /* for the session's CAPA */
	bool cleartext;	    /* our own checker shall want cleartext=ok */
};

enum checker_verdict {
	CHECKER_SESSION,  /* it became the session */
	CHECKER_ANSWERED, /* exit 0: it only had to answer */
	CHECKER_WRONG,	  /* exit 1: unacceptable */
	CHECKER_LATER	  /* exit 111, and whatever else went wrong; logged */
};

struct checker {
	pid_t pid;	 /* of what is now the session */
	int handoff;	 /* our end, open only with CHECKER_SESSION */
	const char *why; /* for the log, one word */
	unsigned char answer[CHECKER_ANSWER_MAX + 1]; /* and a session's byte */
	size_t answered;
};

/* Prepares for SIGCHLD.  Called once, before checker_run(). */
void checker_prepare(void);

/*
 * Runs the checker with the question Q.  A program that takes longer than
 * allowed is killed with its process group.  Unless it became the session, no
 * process of that group is left.
 */
enum checker_verdict checker_run(struct checker *c, const struct options *o,
    const struct checker_question *q);

/* Kills a session that still waits for the client: it must not begin. */
void checker_end(struct checker *c);

#endif
