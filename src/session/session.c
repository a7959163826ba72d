/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The session: takes the connection over, opens the maildrop, serves it.
 *
 * Runs as: the mail user.  Input: what user.c, transaction.c and the
 * backends read.
 * Descriptors: 0 and 1 the client, 2 the log, 4 the monitor until it has
 * handed over; then those of the maildrop.
 */
#include "config.h"

#include "session/session.h"

#include <string.h>
#include <unistd.h>

#include "ipc/handoff.h"
#include "ipc/offers.h"
#include "ipc/roles.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/peer.h"
#include "maildrop/session_lock.h"
#include "options.h"
#include "pop3/command.h"
#include "process/process.h"
#include "session/transaction.h"
#include "session/user.h"

enum { IN_SIZE = 2 * NETIO_READ_MAX, OUT_SIZE = 128 * 1024 };

static void
log_session(const struct transaction *t, const struct user *id, int64_t started)
{
	const char *user = id->user != NULL ? id->user : "";
	struct log_record r;

	log_start(&r, LOG_LEVEL_INFO, "session:");
	log_word(&r, "ip", id->peer.ip);
	log_text(&r, "user", user, strlen(user));
	log_ratio(&r, "retr", t->retr.messages, t->retr.octets);
	log_ratio(&r, "top", t->top.messages, t->top.octets);
	log_number(&r, "dele", t->deleted);
	log_ratio(&r, "left", t->drop.live, t->drop.live_octets);
	log_number(&r, "in", t->net.received);
	log_number(&r, "out", t->net.sent);
	log_number(&r, "secs", (uint64_t)(clock_now() - started) / 1000);
	log_word(&r, "end", t->end);
	log_end(&r);
}

/* The login was right, but there is no session.  Returns the exit status. */
static int
refuse(struct transaction *t, enum maildrop_result why)
{
	enum net_status interrupted = netio_interrupted();
	int status = EXIT_FINE;

	switch (why) {
	case MAILDROP_IN_USE:
		reply_err(&t->net, RESPONSE_IN_USE,
		    "the maildrop is in use by another session");
		break;
	case MAILDROP_PERM:
		reply_err(&t->net, RESPONSE_SYS_PERM,
		    "the maildrop cannot be served");
		status = EXIT_CONFIGURATION;
		break;
	default:
		reply_err(&t->net, RESPONSE_SYS_TEMP,
		    "the maildrop cannot be opened now");
		status = EXIT_TEMPORARY;
		break;
	}
	netio_finish(&t->net);
	t->end = why == MAILDROP_IN_USE ? "in-use" : "maildrop";
	if (interrupted == NET_IDLE)
		log_error(
		    "reading the maildrop takes longer than --idle, the next login continues",
		    NULL);
	else if (why == MAILDROP_TEMP && interrupted != NET_OK) {
		/* A client that goes away is not a failure of the service. */
		t->end = netio_word(interrupted);
		status = EXIT_FINE;
	}
	return status;
}

/*
 * Takes the client over from the monitor.  Returns false, logged, on failure.
 */
static bool
take_over(char *in, size_t size, size_t *unread)
{
	ssize_t got;

	process_end_with_parent();
	if (user_is_privileged())
		return false;
	got = handoff_take(in, size);
	if (got == -1) {
		log_error_errno("the checker closed descriptor 4", NULL);
		return false;
	}
	*unread = (size_t)got;
	return true;
}

int
session_run(const struct options *o)
{
	static char in[IN_SIZE], out[OUT_SIZE];
	static struct transaction t;
	static const struct process_limits limits = {
		.files = 32, .megabytes = 1024, .starts_others = true
	};
	struct user id;
	enum maildrop_result result = MAILDROP_PERM;
	size_t unread = 0;
	int64_t started;
	int status = EXIT_FINE;

	if (!user_take(&id))
		return EXIT_CHECKPASSWORD_LATER;
	process_limit(&limits);
	netio_catch_signals();
	started = clock_now();
	if (o->handoff && !take_over(in, sizeof in, &unread))
		return EXIT_CHECKPASSWORD_LATER;
	/* Not earlier: until here descriptors 0 and 1 are not the client. */
	netio_open(&t.net, in, sizeof in, out, sizeof out, !o->handoff);
	t.net.in_end = unread;
	t.net.received = unread;
	t.idle = o->idle;
	t.net.work = (int64_t)o->idle * 1000;
	/*
	 * Without our monitor the login was somebody else's: a name and a
	 * password worked there.
	 */
	t.offers = o->handoff ? o->offers : OFFER_USER;
	if ((t.offers & OFFER_SCRAM) && id.scram)
		t.offers |= OFFER_SCRAM_ALL;
	if (o->handoff || !user_is_privileged())
		result = user_open(&id, o, &t.drop);
	if (result == MAILDROP_OK) {
		t.net.watch = session_lock_watch;
		transaction_run(&t);
		t.drop.ops->close(&t.drop);
	} else {
		status = refuse(&t, result);
	}
	log_session(&t, &id, started);
	return status;
}
