/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The monitor.
 *
 * It starts login, and hands the credentials that login got from the client to
 * a checkpassword program.  When that has become the session, the monitor turns
 * into the wait role.  It counts attempts and deadlines itself, where a
 * compromised login cannot reset them.
 *
 * Runs as: root (or whoever started popin).
 * Input: fixed-size requests from login, which is not trusted; what checker.c
 * reads; the environment.  Not one octet from the client.
 * Descriptors: 0 and 1 the client, held for the children, never read, and
 * written once: the answer to STLS, in starttls.c; 2 the log; one socket to
 * login; while a checker runs, its own; those of starttls.c.
 */
#include "config.h"

#include "monitor/monitor.h"

#include <sys/socket.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ipc/handoff.h"
#include "ipc/monmsg.h"
#include "ipc/offers.h"
#include "ipc/roles.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/number.h"
#include "lib/peer.h"
#include "monitor/attempts.h"
#include "monitor/checker.h"
#include "monitor/login_process.h"
#include "monitor/preflight.h"
#include "monitor/starttls.h"
#include "monitor/wait.h"
#include "options.h"
#include "process/privdrop.h"
#include "process/process.h"
#include "process/stdfds.h"

enum {
	LOGIN_GRACE = 5, /* seconds after the timeout for login to end */
	GO_ON = -1	 /* no exit status: the connection goes on */
};

static struct {
	bool root;
	uid_t uid; /* the unprivileged account */
	gid_t gid;
	struct peer peer;
	struct login_process login;
	struct attempts attempt;
	bool greeted;  /* login said hello */
	bool switched; /* to TLS, by STLS */
} monitor;

/* ---- start ---- */

/* Login gets numbers, so it does not look the account up again. */
static bool
start_login(const struct options *o)
{
	char ids[2 * NUMBER_DIGITS + 2];

	(void)snprintf(ids, sizeof ids, "%lu:%lu", (unsigned long)monitor.uid,
	    (unsigned long)monitor.gid);
	return login_process_start(
	    &monitor.login, o, monitor.root ? ids : NULL, monitor.switched);
}

/*
 * A process that becomes another user must not have a descriptor of root's
 * terminal.
 */
static bool
leave_terminal(struct options *o)
{
	if (isatty(STDIN_FILENO) || isatty(STDOUT_FILENO)) {
		log_error("refusing to serve on root's terminal; use pipes:",
		    "cat | popin | cat");
		return false;
	}
	if (!stdfds_leave_terminal(o->log, &o->log_style))
		return false;
	log_open(o->log_style, "popin");
	return true;
}

int
monitor_start(struct options *o)
{
	process_no_dump();
	monitor.root = geteuid() == 0;
	if (monitor.root &&
	    !(preflight_account(o->account, &monitor.uid, &monitor.gid) &&
		preflight_jail(o->jail)))
		return EXIT_CONFIGURATION;
	if (!preflight_passwd_file(o->passwd_file))
		return EXIT_CONFIGURATION;
	if (monitor.root && !leave_terminal(o))
		return EXIT_CONFIGURATION;
	peer_find(&monitor.peer);
	peer_export(&monitor.peer);
	checker_prepare();
	if (privdrop_groups() == -1) {
		log_error_errno("cannot give up the groups", NULL);
		return EXIT_SYSTEM;
	}
	return start_login(o) ? EXIT_FINE : EXIT_SYSTEM;
}

/* ---- serving login ---- */

static int
become_wait(const struct monmsg_request *q)
{
	const struct checker *c = &monitor.attempt.checker;

	if (!login_process_end(&monitor.login)) {
		attempts_end(&monitor.attempt);
		return EXIT_SYSTEM;
	}
	attempts_succeeded(&monitor.attempt);
	if (handoff_give(c->handoff, q->unread, q->unread_len) == -1)
		log_error_errno("cannot hand over to the session", NULL);
	return wait_run(c->pid, monitor.root, monitor.uid, monitor.gid,
	    &monitor.peer, starttls_held());
}

static bool
allowed(const struct monmsg_request *q, const struct options *o)
{
	bool proxy = o->proxy && !monitor.switched;

	if (!monitor.greeted)
		return q->op == MONMSG_HELLO &&
		    proxy == (q->proxy.header != MONMSG_HEADER_NONE);
	return attempts_allows(&monitor.attempt, q->op);
}

static void
kill_login(void)
{
	(void)login_process_end(&monitor.login);
	attempts_end(&monitor.attempt);
}

/* Login has ended by itself, or does not take its answer. */
static void
end_without_login(void)
{
	attempts_end(&monitor.attempt);
	login_process_reap(&monitor.login, &monitor.peer);
}

/* Takes one request.  Returns false when the connection is over. */
static bool
receive(struct monmsg_request *q, const struct options *o, int64_t deadline)
{
	struct pollfd p = { .fd = monitor.login.channel, .events = POLLIN };
	ssize_t got = -1;

	do {
		int64_t left = deadline - clock_now();
		int ready = poll(&p, 1, left > 0 ? (int)left : 0);

		if (ready == 0) {
			kill_login();
			return false;
		}
		if (ready > 0)
			got =
			    recv(p.fd, q, sizeof *q, MSG_TRUNC | MSG_DONTWAIT);
	} while (got == -1 && errno == EINTR);
	if (got == (ssize_t)sizeof *q && monmsg_valid(q) && allowed(q, o))
		return true;
	if (got > 0) {
		log_error(
		    "login sent an invalid request, connection ended", NULL);
		kill_login();
		return false;
	}
	if (got == -1)
		log_error_errno("cannot read from login", NULL);
	end_without_login();
	return false;
}

/*
 * Takes the client's address from a PROXY header that login has read.  Returns
 * NULL, or why there was no proper header: one word for the log.
 */
static const char *
take_address(struct peer *peer, const struct monmsg_proxy *p)
{
	static const char *const faults[] = {
		[MONMSG_HEADER_MISSING] = "missing",
		[MONMSG_HEADER_SHORT] = "short",
		[MONMSG_HEADER_SLOW] = "slow",
		[MONMSG_HEADER_WRONG] = "wrong",
	};
	bool ipv6 = p->header == MONMSG_HEADER_IPV6;

	if (ipv6 || p->header == MONMSG_HEADER_IPV4) {
		peer_set(peer, ipv6, p->address, p->port);
		peer_export(peer);
	}
	return faults[p->header];
}

static bool
welcome(const struct monmsg_request *q, const struct options *o,
    struct monmsg_answer *a)
{
	const char *why = take_address(&monitor.peer, &q->proxy);
	bool tls = o->tls || monitor.switched || (o->proxy_tls && q->proxy.tls);

	if (why != NULL) {
		peer_log(&monitor.peer, "PROXY header refused:", why);
		return false;
	}
	monitor.greeted = true;
	return attempts_welcome(&monitor.attempt, o, &monitor.peer, tls,
	    !tls && starttls_offered() ? OFFER_STLS : 0, a);
}

/*
 * The login process that spoke without TLS ends before the client is told to go
 * ahead.  A new one, which knows nothing of the old one, speaks under TLS.
 */
static bool
start_tls(const struct options *o)
{
	const char *why;

	if (!login_process_end(&monitor.login))
		return false;
	why = starttls_switch();
	if (why != NULL) {
		peer_log(&monitor.peer, "STLS failed:", why);
		return false;
	}
	monitor.switched = true;
	monitor.greeted = false;
	return start_login(o);
}

/*
 * The monitor does not wait for a login that does not read its answers.  EPIPE
 * is normal: login has ended with its client.
 */
static bool
answer(const struct monmsg_answer *a)
{
	ssize_t sent;

	do {
		sent = send(monitor.login.channel, a, sizeof *a,
		    MSG_DONTWAIT | MSG_NOSIGNAL);
	} while (sent == -1 && errno == EINTR);
	if (sent == -1 && errno != EPIPE)
		log_error_errno("cannot answer login", NULL);
	return sent != -1;
}

/* Serves one request.  Returns GO_ON, or the exit status. */
static int
serve(const struct options *o, struct monmsg_request *q)
{
	struct monmsg_answer a;
	bool answered;

	memset(&a, 0, sizeof a);
	switch (q->op) {
	case MONMSG_HELLO:
		if (welcome(q, o, &a))
			break;
		kill_login();
		return EXIT_FINE;
	case MONMSG_STLS:
		return start_tls(o) ? GO_ON : EXIT_FINE;
	case MONMSG_PIPELINED:
		peer_log(&monitor.peer, "STLS failed:", "pipelined");
		a.verdict = MONMSG_LAST;
		break;
	default:
		if (attempts_serve(&monitor.attempt, q, &a))
			return become_wait(q);
		break;
	}
	answered = answer(&a);
	explicit_bzero(&a, sizeof a);
	if (answered)
		return GO_ON;
	end_without_login();
	return EXIT_FINE;
}

int
monitor_run(const struct options *o)
{
	int64_t deadline =
	    clock_now() + ((int64_t)o->login_timeout + LOGIN_GRACE) * 1000;
	static struct monmsg_request q;
	int status = GO_ON;

	while (status == GO_ON) {
		if (!receive(&q, o, deadline))
			return EXIT_FINE;
		status = serve(o, &q);
		explicit_bzero(&q, sizeof q);
	}
	return status;
}
