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
	const char *text;   /* NUL-terminated strings */
	size_t len;	    /* the interface allows 512 bytes, our own 4096 */
	size_t answer_len;  /* bytes that are its answer on descriptor 4 */
	unsigned offers;    /* for the session's CAPA */
	bool cleartext;	    /* accept only accounts that have cleartext=ok */
};

enum checker_verdict {
	CHECKER_SESSION,  /* it became the session */
	CHECKER_ANSWERED, /* the answer is complete, exit status 0 */
	CHECKER_WRONG,	  /* exit status 1: unacceptable */
	CHECKER_LATER	  /* exit status 111, or a fault; logged */
};

struct checker {
	pid_t pid;	 /* of what is now the session */
	int handoff;	 /* our end, open only with CHECKER_SESSION */
	const char *why; /* there is no session: one word for the log */
	unsigned char answer[CHECKER_ANSWER_MAX + 1]; /* and a session's byte */
	size_t answered;
};

/* Sets up signals for this process.  Once, before checker_run(). */
void checker_prepare(void);

/*
 * Runs the checker with the question Q, for --checker-timeout seconds at most.
 * Unless it became the session, it and its process group are killed.
 */
enum checker_verdict checker_run(struct checker *c, const struct options *o,
    const struct checker_question *q);

/* Kills a session that still waits for the client: it must not begin. */
void checker_end(struct checker *c);

#endif
