/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Finds the words of a line and the row of the state's command table. +OK and
 * -ERR are written here and nowhere else.
 */
#ifndef POPIN_COMMAND_H
#define POPIN_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

struct netio;

enum {
	/* RFC 2449, section 4: the octets of a command with its CRLF. */
	COMMAND_LINE_MAX = 255,
	COMMAND_WORDS = 3
};

/* What a handler made of its command.  The loop decides what follows. */
enum outcome {
	OUTCOME_DONE, /* answered, well or not */
	OUTCOME_BAD,  /* the client cannot mean it: counted */
	OUTCOME_QUIT, /* answered; the session ends as asked */
	OUTCOME_END   /* the connection has to end */
};

/* Response codes of RFC 2449 and RFC 3206. */
enum response {
	RESPONSE_NONE,
	RESPONSE_AUTH,
	RESPONSE_IN_USE,
	RESPONSE_SYS_TEMP,
	RESPONSE_SYS_PERM
};

/* Words are not terminated; they live as long as the line. */
struct word {
	const char *p;
	size_t len;
};

struct command_line {
	struct word word[COMMAND_WORDS]; /* [0] is the keyword */
	unsigned words;
};

struct command {
	const char *keyword; /* in capitals */
	unsigned min, max;   /* arguments */
	bool rest;	     /* the argument is all of the line, blanks too */
	enum outcome (*run)(void *state, const struct command_line *line);
};

/* The commands of one state. */
struct command_table {
	const struct command *row;
	size_t rows;
	unsigned bad_max; /* so many bad commands end the connection ... */
	bool in_a_row;	  /* ... without a good one between them */
};

/*
 * Serves the commands of TABLE with STATE until the connection has to end.
 * The client has IDLE seconds for each line; with 0 all lines come before
 * net->deadline.  Unknown keywords, wrong arguments and lines that
 * netio_line() refused are answered here.  Returns NULL when a command ended
 * it; otherwise why it ended, one word for the log.
 */
const char *command_serve(const struct command_table *table, struct netio *net,
    void *state, unsigned idle);

/* Answers a line that netio_line() refused: too long, or with a NUL. */
enum outcome command_refuse(struct netio *net, bool too_long);

/* A whole reply of one line.  TEXT may be empty. */
void reply_ok(struct netio *net, const char *text);
void reply_err(struct netio *net, enum response code, const char *text);

/* Begins a +OK line that the caller completes; CRLF comes by reply_end(). */
void reply_start(struct netio *net);
void reply_end(struct netio *net);

/* The line that ends a multi-line reply. */
void reply_dot(struct netio *net);

/*
 * The reply to CAPA, the same in both states (RFC 2449, section 5): what works
 * right now, by OFFERS (offers.h).
 */
void reply_capabilities(struct netio *net, unsigned offers);

/* The reply to AUTH alone.  RFC 5034 no longer has it, but old Outlooks ask. */
void reply_mechanisms(struct netio *net, unsigned offers);

#endif
