/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Commands and replies.
 * Runs as: login, session.  Input: lines from the client.
 */
#include "config.h"

#include "pop3/command.h"

#include <string.h>

#include "ipc/offers.h"
#include "lib/clock.h"
#include "pop3/netio.h"

static void
reply_text(struct netio *net, const char *text)
{
	if (text[0] != '\0')
		netio_put(net, " ", 1);
	netio_puts(net, text);
	reply_end(net);
}

void
reply_ok(struct netio *net, const char *text)
{
	reply_start(net);
	reply_text(net, text);
}

void
reply_err(struct netio *net, enum response code, const char *text)
{
	static const char *const codes[] = {
		[RESPONSE_NONE] = "-ERR",
		[RESPONSE_AUTH] = "-ERR [AUTH]",
		[RESPONSE_IN_USE] = "-ERR [IN-USE]",
		[RESPONSE_SYS_TEMP] = "-ERR [SYS/TEMP]",
		[RESPONSE_SYS_PERM] = "-ERR [SYS/PERM]",
	};

	netio_puts(net, codes[code]);
	reply_text(net, text);
}

void
reply_start(struct netio *net)
{
	netio_put(net, "+OK", 3);
}

void
reply_end(struct netio *net)
{
	netio_put(net, "\r\n", 2);
}

void
reply_dot(struct netio *net)
{
	netio_put(net, ".\r\n", 3);
}

/*
 * The best first: some clients take the first that they know.  LOGIN is left
 * out: every client that knows it knows USER or PLAIN, and some clients try a
 * wrong password with each method that is shown.
 */
static const struct mechanism {
	unsigned offer;
	const char *name;
} mechanisms[] = {
	{ OFFER_SCRAM_ALL, "SCRAM-SHA-256" },
	{ OFFER_CRAM_MD5, "CRAM-MD5" },
	{ OFFER_PLAIN, "PLAIN" },
};

/* Puts the name of each, between BEFORE and AFTER. */
static void
put_mechanisms(
    struct netio *net, unsigned offers, const char *before, const char *after)
{
	for (size_t i = 0; i < sizeof mechanisms / sizeof mechanisms[0]; i++) {
		if (!(offers & mechanisms[i].offer))
			continue;
		netio_puts(net, before);
		netio_puts(net, mechanisms[i].name);
		netio_puts(net, after);
	}
}

void
reply_capabilities(struct netio *net, unsigned offers)
{
	reply_ok(net, "capabilities follow");
	if (offers & OFFER_STLS)
		netio_puts(net, "STLS\r\n");
	if (offers & OFFER_USER)
		netio_puts(net, "USER\r\n");
	if (offers & (OFFER_PLAIN | OFFER_CRAM_MD5 | OFFER_SCRAM_ALL)) {
		netio_puts(net, "SASL");
		put_mechanisms(net, offers, " ", "");
		reply_end(net);
	}
	netio_puts(net,
	    "TOP\r\n"
	    "UIDL\r\n"
	    "RESP-CODES\r\n"
	    "AUTH-RESP-CODE\r\n"
	    "PIPELINING\r\n"
	    "EXPIRE NEVER\r\n"
	    "IMPLEMENTATION popin\r\n");
	reply_dot(net);
}

void
reply_mechanisms(struct netio *net, unsigned offers)
{
	reply_ok(net, "mechanisms follow");
	put_mechanisms(net, offers, "", "\r\n");
	reply_dot(net);
}

/* ---- commands ---- */

/*
 * RFC 1939, section 3: words are separated by a single space.  Blanks behind
 * a complete command are forgiven, old devices send them.  Returns false for
 * an empty word or too many words.
 */
static bool
split(struct command_line *c, const char *line, size_t len)
{
	while (len > 0 && line[len - 1] == ' ')
		len--;
	c->words = 0;
	for (;;) {
		const char *blank = memchr(line, ' ', len);
		size_t n = blank != NULL ? (size_t)(blank - line) : len;

		if (n == 0 || c->words == COMMAND_WORDS)
			return false;
		c->word[c->words].p = line;
		c->word[c->words++].len = n;
		if (blank == NULL)
			return true;
		line += n + 1;
		len -= n + 1;
	}
}

/* The keyword, and behind one space everything else as one argument. */
static void
split_rest(struct command_line *c, const char *line, size_t len)
{
	size_t keyword = c->word[0].len;

	c->words = 1;
	if (len > keyword + 1) {
		c->word[1].p = line + keyword + 1;
		c->word[1].len = len - keyword - 1;
		c->words = 2;
	}
}

static bool
is_keyword(const char *keyword, const struct word *w)
{
	for (size_t i = 0; i < w->len; i++) {
		char c = w->p[i];

		if (c >= 'a' && c <= 'z')
			c = (char)(c - 'a' + 'A');
		if (keyword[i] == '\0' || keyword[i] != c)
			return false;
	}
	return keyword[w->len] == '\0';
}

/* Finds the command of LINE and runs it. */
static enum outcome
run(const struct command_table *t, struct netio *net, void *state,
    const char *line, size_t len)
{
	struct command_line c;
	const char *blank = memchr(line, ' ', len);

	c.word[0].p = line;
	c.word[0].len = blank != NULL ? (size_t)(blank - line) : len;
	for (size_t i = 0; i < t->rows; i++) {
		const struct command *row = &t->row[i];
		bool split_well = true;

		if (!is_keyword(row->keyword, &c.word[0]))
			continue;
		if (row->rest)
			split_rest(&c, line, len);
		else
			split_well = split(&c, line, len);
		if (split_well && c.words - 1 >= row->min &&
		    c.words - 1 <= row->max)
			return row->run(state, &c);
		reply_err(net, RESPONSE_NONE, "wrong arguments");
		return OUTCOME_BAD;
	}
	reply_err(net, RESPONSE_NONE, "unknown or unavailable command");
	return OUTCOME_BAD;
}

enum outcome
command_refuse(struct netio *net, bool too_long)
{
	reply_err(
	    net, RESPONSE_NONE, too_long ? "line too long" : "NUL in a line");
	return OUTCOME_BAD;
}

/* If there is no line, *WHY tells the reason. */
static enum outcome
one_command(const struct command_table *t, struct netio *net, void *state,
    unsigned idle, const char **why)
{
	enum net_status status;
	char *line;
	size_t len;

	net->active = clock_now();
	if (idle > 0)
		net->deadline = net->active + (int64_t)idle * 1000;
	status = netio_line(net, COMMAND_LINE_MAX, &line, &len);
	net->active = clock_now();
	switch (status) {
	case NET_OK:
		return run(t, net, state, line, len);
	case NET_TOO_LONG:
	case NET_NUL:
		return command_refuse(net, status == NET_TOO_LONG);
	default:
		*why = netio_word(status);
		return OUTCOME_END;
	}
}

const char *
command_serve(const struct command_table *t, struct netio *net, void *state,
    unsigned idle)
{
	const char *why = NULL;
	unsigned bad = 0;

	for (;;) {
		switch (one_command(t, net, state, idle, &why)) {
		case OUTCOME_DONE:
			if (t->in_a_row)
				bad = 0;
			break;
		case OUTCOME_BAD:
			if (++bad < t->bad_max)
				break;
			netio_finish(net);
			return "errors";
		default:
			(void)netio_flush(net);
			return why;
		}
	}
}
