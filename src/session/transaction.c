/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The TRANSACTION and UPDATE states (RFC 1939, sections 5 and 6).
 * Runs as: session.  Input: commands from the client, the maildrop.
 */
#include "config.h"

#include "session/transaction.h"

#include <string.h>

#include "ipc/offers.h"
#include "lib/log.h"
#include "lib/number.h"
#include "maildrop/maildrop.h"
#include "maildrop/session_lock.h"
#include "pop3/body.h"
#include "pop3/command.h"
#include "pop3/netio.h"

enum {
	BAD_MAX = 20 /* commands in a row */
};

static enum outcome
no_such_message(struct transaction *s)
{
	reply_err(&s->net, RESPONSE_NONE, "no such message");
	return OUTCOME_DONE;
}

/* The message that WORD numbers, or NULL. */
static struct message *
message_of(struct transaction *s, const struct word *word)
{
	uint64_t number;

	if (!number_parse(word->p, word->len, UINT64_MAX, &number))
		return NULL;
	return maildrop_message(&s->drop, number);
}

/* "n messages (m octets)" */
static void
put_summary(struct transaction *s)
{
	struct netio *net = &s->net;

	reply_start(net);
	netio_put(net, " ", 1);
	netio_put_number(net, s->drop.live);
	netio_puts(net, " messages (");
	netio_put_number(net, s->drop.live_octets);
	netio_puts(net, " octets)");
	reply_end(net);
}

static enum outcome
cmd_stat(void *state, const struct command_line *line)
{
	struct transaction *s = state;

	(void)line;
	reply_start(&s->net);
	netio_put(&s->net, " ", 1);
	netio_put_number(&s->net, s->drop.live);
	netio_put(&s->net, " ", 1);
	netio_put_number(&s->net, s->drop.live_octets);
	reply_end(&s->net);
	return OUTCOME_DONE;
}

/* One line of LIST or UIDL: "number thing". */
enum { LISTING_MAX = NUMBER_DIGITS + 1 + MAILDROP_UIDL_MAX + 2 };

static size_t
format_size(struct transaction *s, const struct message *m, char *p)
{
	(void)s;
	return number_format(p, m->octets);
}

static size_t
format_uidl(struct transaction *s, const struct message *m, char *p)
{
	return s->drop.ops->uidl(&s->drop, m, p);
}

typedef size_t formatter(
    struct transaction *s, const struct message *m, char *p);

static void
put_listing(struct transaction *s, const struct message *m, formatter *format)
{
	char text[LISTING_MAX];
	size_t n = number_format(text, maildrop_number(&s->drop, m));

	text[n++] = ' ';
	n += format(s, m, text + n);
	text[n++] = '\r';
	text[n++] = '\n';
	netio_put(&s->net, text, n);
}

static enum outcome
listing(
    struct transaction *s, const struct command_line *line, formatter *format)
{
	const struct message *m;

	if (line->words == 2) {
		m = message_of(s, &line->word[1]);
		if (m == NULL)
			return no_such_message(s);
		reply_start(&s->net);
		netio_put(&s->net, " ", 1);
		put_listing(s, m, format);
		return OUTCOME_DONE;
	}
	put_summary(s);
	for (size_t i = 0; i < s->drop.count; i++) {
		m = &s->drop.messages[i];
		if (!(m->flags & (MESSAGE_DELETED | MESSAGE_HIDDEN)))
			put_listing(s, m, format);
	}
	reply_dot(&s->net);
	return OUTCOME_DONE;
}

static enum outcome
cmd_list(void *state, const struct command_line *line)
{
	return listing(state, line, format_size);
}

static enum outcome
cannot_send(struct transaction *s, enum maildrop_result why)
{
	switch (why) {
	case MAILDROP_GONE:
		reply_err(&s->net, RESPONSE_SYS_TEMP, "message is gone");
		break;
	case MAILDROP_PERM:
		reply_err(&s->net, RESPONSE_SYS_PERM, "cannot read message");
		break;
	default:
		reply_err(&s->net, RESPONSE_SYS_TEMP, "cannot read message");
		break;
	}
	return OUTCOME_DONE;
}

static enum outcome
cmd_uidl(void *state, const struct command_line *line)
{
	struct transaction *s = state;
	enum maildrop_result known = MAILDROP_OK;

	if (s->drop.ops->identify != NULL)
		known = s->drop.ops->identify(&s->drop);
	if (known != MAILDROP_OK)
		return cannot_send(s, known);
	return listing(state, line, format_uidl);
}

/*
 * The first line promises no size: the size from a name or the state file has
 * not been checked yet.  If the file fails half way, no reply would be true,
 * so the connection ends without the final dot.
 */
static enum outcome
send_message(struct transaction *s, struct message *m, uint64_t lines,
    struct tally *tally)
{
	struct maildrop_source source;
	enum maildrop_result found;
	enum body_status status;
	struct body b;

	found = s->drop.ops->source(&s->drop, m, &source);
	if (found != MAILDROP_OK)
		return cannot_send(s, found);
	reply_ok(&s->net, "message follows");
	body_start(&b, &s->net, lines);
	status = body_copy(&b, source.fd, source.offset, source.bytes);
	if (status != BODY_DONE) {
		s->end = "io";
		if (status == BODY_IO)
			log_error_errno("cannot read a message", NULL);
		else if (status == BODY_SHORT)
			log_error(
			    "a message became shorter while it was sent", NULL);
		else
			s->end = netio_word(netio_interrupted());
	}
	s->drop.ops->release(&s->drop, &source);
	if (status != BODY_DONE)
		return OUTCOME_END;
	if (!b.enough && s->net.failed == NET_OK) {
		maildrop_counted(&s->drop, m, b.octets);
		session_lock_extend();
	}
	if (s->net.failed == NET_OK)
		tally->messages++;
	tally->octets += b.octets;
	reply_dot(&s->net);
	s->sent = netio_position(&s->net);
	return OUTCOME_DONE;
}

static void
accessed(struct transaction *s, const struct message *m)
{
	uint64_t number = maildrop_number(&s->drop, m);

	if (number > s->last)
		s->last = number;
}

static enum outcome
cmd_retr(void *state, const struct command_line *line)
{
	struct transaction *s = state;
	struct message *m = message_of(s, &line->word[1]);

	if (m == NULL)
		return no_such_message(s);
	accessed(s, m);
	return send_message(s, m, BODY_ALL, &s->retr);
}

static enum outcome
cmd_top(void *state, const struct command_line *line)
{
	struct transaction *s = state;
	struct message *m = message_of(s, &line->word[1]);
	uint64_t lines;

	if (!number_parse(
		line->word[2].p, line->word[2].len, UINT64_MAX, &lines)) {
		reply_err(&s->net, RESPONSE_NONE, "not a number of lines");
		return OUTCOME_DONE;
	}
	if (m == NULL)
		return no_such_message(s);
	return send_message(s, m, lines, &s->top);
}

static enum maildrop_result
removable(struct transaction *s, struct message *m)
{
	if ((m->flags & MESSAGE_CHECKED) || s->drop.ops->removable == NULL)
		return MAILDROP_OK;
	return s->drop.ops->removable(&s->drop, m);
}

/* A message that cannot be sent stays: no client can have it. */
static enum outcome
cmd_dele(void *state, const struct command_line *line)
{
	struct transaction *s = state;
	struct message *m = message_of(s, &line->word[1]);
	enum maildrop_result may;

	if (m == NULL)
		return no_such_message(s);
	accessed(s, m);
	may = removable(s, m);
	if (may != MAILDROP_OK && may != MAILDROP_GONE)
		return cannot_send(s, may);
	maildrop_delete(&s->drop, m);
	session_lock_extend();
	reply_ok(&s->net, "marked for deletion");
	return OUTCOME_DONE;
}

static enum outcome
cmd_noop(void *state, const struct command_line *line)
{
	struct transaction *s = state;

	(void)line;
	/* Old versions of go-pop3 do not take a bare +OK. */
	reply_ok(&s->net, "done");
	return OUTCOME_DONE;
}

static enum outcome
cmd_rset(void *state, const struct command_line *line)
{
	struct transaction *s = state;

	(void)line;
	maildrop_undelete_all(&s->drop);
	s->last = 0;
	put_summary(s);
	return OUTCOME_DONE;
}

static enum outcome
cmd_last(void *state, const struct command_line *line)
{
	struct transaction *s = state;

	(void)line;
	reply_start(&s->net);
	netio_put(&s->net, " ", 1);
	netio_put_number(&s->net, s->last);
	reply_end(&s->net);
	return OUTCOME_DONE;
}

static enum outcome
cmd_capa(void *state, const struct command_line *line)
{
	struct transaction *s = state;

	(void)line;
	/* RFC 2595, section 8: STLS is announced before the login only. */
	reply_capabilities(&s->net, s->offers & ~(unsigned)OFFER_STLS);
	return OUTCOME_DONE;
}

/*
 * The UPDATE state.  It is entered here and nowhere else, and answered when
 * the work is done.  A pipelining client has sent its QUIT before it had the
 * messages: nothing is removed while one may still be on its way to it.  The
 * answers behind the messages do not matter: some clients do not wait for them.
 */
static enum outcome
cmd_quit(void *state, const struct command_line *line)
{
	struct transaction *s = state;
	uint64_t marked = s->drop.shown_count - s->drop.live;

	(void)line;
	if (marked > 0 && netio_arrived(&s->net, s->sent) != NET_OK) {
		s->end = netio_word(s->net.failed);
		return OUTCOME_END;
	}
	s->end = "quit";
	if (marked > 0 && s->drop.ops->commit(&s->drop) != MAILDROP_OK) {
		s->end = "update";
		reply_err(&s->net, RESPONSE_SYS_TEMP,
		    "some deleted messages not removed");
		return OUTCOME_QUIT;
	}
	s->deleted = marked;
	reply_ok(&s->net, "bye");
	return OUTCOME_QUIT;
}

static const struct command rows[] = {
	{ "STAT", 0, 0, false, cmd_stat },
	{ "LIST", 0, 1, false, cmd_list },
	{ "UIDL", 0, 1, false, cmd_uidl },
	{ "RETR", 1, 1, false, cmd_retr },
	{ "DELE", 1, 1, false, cmd_dele },
	{ "TOP", 2, 2, false, cmd_top },
	{ "NOOP", 0, 0, false, cmd_noop },
	{ "RSET", 0, 0, false, cmd_rset },
	{ "LAST", 0, 0, false, cmd_last },
	{ "CAPA", 0, 0, false, cmd_capa },
	{ "QUIT", 0, 0, false, cmd_quit },
};

static const struct command_table commands = { rows,
	sizeof rows / sizeof rows[0], BAD_MAX, true };

void
transaction_run(struct transaction *s)
{
	const char *why;

	if (s->idle < s->net.stall)
		s->net.stall = s->idle;
	put_summary(s);
	why = command_serve(&commands, &s->net, s, s->idle);
	if (why != NULL)
		s->end = why;
	/* Without an UPDATE that worked nothing counts as deleted. */
	if (s->deleted == 0)
		maildrop_undelete_all(&s->drop);
}
