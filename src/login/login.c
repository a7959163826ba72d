/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The AUTHORIZATION state (RFC 1939, section 4).
 *
 * Runs as: the unprivileged account, in an empty directory (root only until
 * confine() in the first lines).
 * Input: commands from whoever connected; answers from the monitor.
 * Descriptors: 0 and 1 the client, 2 the log, 3 the monitor.
 */
#include "config.h"

#include "login/login.h"

#include <string.h>
#include <unistd.h>

#include "ipc/monmsg.h"
#include "ipc/offers.h"
#include "ipc/roles.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "login/auth.h"
#include "login/proxy.h"
#include "login/request.h"
#include "options.h"
#include "pop3/command.h"
#include "pop3/netio.h"
#include "process/privdrop.h"
#include "process/process.h"
#include "process/sandbox.h"
#include "process/uidgid.h"

enum {
	IN_SIZE = AUTH_LINE_MAX + NETIO_READ_MAX,
	OUT_SIZE = 2048,
	BAD_MAX = 10 /* commands in all */
};

static enum outcome
cmd_capa(void *state, const struct command_line *line)
{
	struct login *l = state;

	(void)line;
	reply_capabilities(&l->net, request_offers(l));
	return OUTCOME_DONE;
}

/*
 * Every name gets the same answer: a client must not learn which names exist.
 */
static enum outcome
cmd_user(void *state, const struct command_line *line)
{
	struct login *l = state;
	const struct word *name = &line->word[1];

	memset(l->user, 0, sizeof l->user);
	/* Refused now, before the client sends its password in clear. */
	if (!request_has_offer(l, OFFER_USER))
		return request_needs_tls(l);
	if (name->len >= sizeof l->user) {
		reply_err(&l->net, RESPONSE_NONE, "name too long");
		return OUTCOME_BAD;
	}
	memcpy(l->user, name->p, name->len);
	reply_ok(&l->net, "send PASS");
	return OUTCOME_DONE;
}

/*
 * The first exchange.  The monitor tells what this client may do.  It ends this
 * process instead if the PROXY header is bad.
 */
static bool
hello(struct login *l, const struct options *o)
{
	static struct monmsg_request q;
	struct monmsg_answer a;

	memset(&q, 0, sizeof q);
	q.op = MONMSG_HELLO;
	if (o->proxy && !o->after_stls && !proxy_read(&l->net, &q.proxy))
		return false;
	if (!request_answer(&q, &a) || a.verdict != MONMSG_WELCOME)
		return false;
	l->offers = a.offers;
	memcpy(l->timestamp, a.challenge, sizeof l->timestamp);
	return true;
}

static enum outcome
cmd_pass(void *state, const struct command_line *line)
{
	static struct monmsg_request q;
	struct login *l = state;
	const struct word *password = &line->word[1];

	if (!(l->offers & OFFER_USER)) {
		netio_wipe(&l->net);
		return request_needs_tls(l);
	}
	if (l->user[0] == '\0') {
		reply_err(&l->net, RESPONSE_NONE, "USER comes first");
		return OUTCOME_BAD;
	}
	memset(&q, 0, sizeof q);
	q.op = MONMSG_PASS;
	memcpy(q.user, l->user, sizeof q.user);
	memcpy(q.password, password->p, password->len);
	netio_wipe(&l->net);
	/* RFC 1939, section 7: PASS comes immediately after USER. */
	memset(l->user, 0, sizeof l->user);
	return request_session(l, &q);
}

/*
 * The monitor does not answer when TLS starts: it ends this process, gives the
 * client the +OK, and has a fresh one serve what comes by TLS.  A client has to
 * wait for that +OK (RFC 2595, section 4).  What is there already may have been
 * put there by somebody in between, and would be taken for the client's.
 */
static enum outcome
cmd_stls(void *state, const struct command_line *line)
{
	static struct monmsg_request q;
	struct login *l = state;
	struct monmsg_answer a;
	enum net_status more;

	(void)line;
	if (!(l->offers & OFFER_STLS)) {
		reply_err(&l->net, RESPONSE_NONE, "TLS is not available");
		return OUTCOME_BAD;
	}
	more = netio_peek(&l->net);
	if (netio_flush(&l->net) != NET_OK ||
	    (more != NET_IDLE && more != NET_OK))
		return OUTCOME_END;
	q.op = more == NET_IDLE ? MONMSG_STLS : MONMSG_PIPELINED;
	if (request_answer(&q, &a) && a.verdict == MONMSG_LAST) {
		reply_err(
		    &l->net, RESPONSE_NONE, "no commands may follow STLS");
		netio_finish(&l->net);
	}
	return OUTCOME_END;
}

/*
 * There is a front, and --proxy was not given: client addresses would be wrong.
 */
static enum outcome
cmd_proxy(void *state, const struct command_line *line)
{
	struct login *l = state;

	(void)line;
	log_error("unexpected PROXY header from the client; see --proxy", NULL);
	reply_err(&l->net, RESPONSE_NONE, "no PROXY header is expected");
	netio_finish(&l->net);
	return OUTCOME_END;
}

static enum outcome
cmd_quit(void *state, const struct command_line *line)
{
	struct login *l = state;

	(void)line;
	reply_ok(&l->net, "bye");
	return OUTCOME_QUIT;
}

static const struct command rows[] = {
	{ "CAPA", 0, 0, false, cmd_capa },
	{ "USER", 1, 1, false, cmd_user },
	{ "PASS", 1, 1, true, cmd_pass },
	{ "STLS", 0, 0, false, cmd_stls },
	{ "PROXY", 0, 1, true, cmd_proxy },
	{ "AUTH", 0, 2, false, auth_command },
	{ "APOP", 2, 2, false, auth_apop },
	{ "QUIT", 0, 0, false, cmd_quit },
};

static const struct command_table commands = { rows,
	sizeof rows / sizeof rows[0], BAD_MAX, false };

_Static_assert((int)COMMAND_LINE_MAX - 5 < (int)MONMSG_PASSWORD_MAX,
    "every password that fits a line fits a request");

_Static_assert((int)IN_SIZE > (int)AUTH_LINE_MAX &&
	(int)AUTH_LINE_MAX > (int)COMMAND_LINE_MAX,
    "every line that is allowed fits the buffer");

static void
greet(struct login *l)
{
	reply_start(&l->net);
	netio_puts(&l->net, " popin ready");
	if (l->timestamp[0] != '\0') {
		netio_put(&l->net, " ", 1);
		netio_puts(&l->net, l->timestamp);
	}
	reply_end(&l->net);
}

static void
serve(struct login *l, const struct options *o)
{
	l->net.deadline = clock_now() + (int64_t)o->login_timeout * 1000;
	if (!hello(l, o))
		return;
	if (!o->after_stls)
		greet(l);
	(void)command_serve(&commands, &l->net, l, 0);
}

/* Without root there is nothing to give up, and no right to chroot(2). */
static bool
confine(const struct options *o)
{
	uid_t uid;
	gid_t gid;

	if (geteuid() != 0)
		return true;
	if (!uidgid_find(o->account, &uid, &gid)) {
		log_error("no unprivileged account", o->account);
		return false;
	}
	if (chroot(o->jail) == -1 || chdir("/") == -1) {
		log_error_errno("cannot enter the jail", o->jail);
		return false;
	}
	if (privdrop(uid, gid, NULL, 0) == 0)
		return true;
	log_error_errno("cannot give up privilege", NULL);
	return false;
}

int
login_run(const struct options *o)
{
	static char in[IN_SIZE], out[OUT_SIZE];
	static struct login l;

	static const struct process_limits limits = {
		.files = 8, .megabytes = 16, .cpu = 60
	};
	bool confined = confine(o);

	netio_catch_signals();
	netio_open(&l.net, in, sizeof in, out, sizeof out, true);
	process_limit(&limits);
	process_end_with_parent();
	if (!confined || !sandbox_enter(SANDBOX_LOGIN, NULL, 0)) {
		reply_err(
		    &l.net, RESPONSE_SYS_PERM, "the server is not set up");
		(void)netio_flush(&l.net);
		return EXIT_SYSTEM;
	}
	serve(&l, o);
	explicit_bzero(in, sizeof in);
	return EXIT_FINE;
}
