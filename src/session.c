/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The session: takes the connection over, opens the maildrop, serves it.
 *
 * Runs as: the mail user.  Input: the environment that the checker left; what
 * transaction.c and the backends read.
 * Descriptors: 0 and 1 the client, 2 the log, 4 the monitor until it has
 * handed over; then those of the maildrop.
 */
#include "config.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "claim.h"
#include "command.h"
#include "environment.h"
#include "handoff.h"
#include "log.h"
#include "maildrop_spec.h"
#include "number.h"
#include "offers.h"
#include "options.h"
#include "peer.h"
#include "privdrop.h"
#include "rlimits.h"
#include "roles.h"
#include "transaction.h"

enum { IN_SIZE = 2 * NETIO_READ_MAX, OUT_SIZE = 128 * 1024 };

/* All that is taken from the environment. */
struct identity {
	char *user, *home;
	char *maildrop; /* the checker's word on it, or NULL */
	struct peer peer;
	bool scram; /* the checker says that all accounts can use it */
	uint64_t max_size, newest; /* its word on what is hidden; UINT64_MAX */
};

static bool
copy(const char *name, char **value)
{
	const char *text = getenv(name);

	*value = text != NULL ? strdup(text) : NULL;
	return text == NULL || *value != NULL;
}

/* What is there has to be a number, 1 at least. */
static bool
take_limit(const char *name, uint64_t *limit)
{
	const char *text = getenv(name);

	*limit = UINT64_MAX;
	if (text == NULL)
		return true;
	if (number_parse(text, strlen(text), UINT64_MAX - 1, limit) &&
	    *limit > 0)
		return true;
	log_error("no sensible number is the environment's", name);
	return false;
}

/*
 * Takes what is ours and wipes the rest, wherever it came from: a super-server
 * or a checker may have left secrets there.
 */
static bool
take_environment(struct identity *id)
{
	bool taken = copy("USER", &id->user) && copy("HOME", &id->home) &&
	    copy("POPIN_MAILDROP", &id->maildrop) &&
	    take_limit("POPIN_MAXSIZE", &id->max_size) &&
	    take_limit("POPIN_NEWEST", &id->newest);

	id->scram = getenv("POPIN_SCRAM") != NULL;
	peer_find(&id->peer);
	environment_wipe();
	return taken;
}

static void
log_session(
    const struct transaction *t, const struct identity *id, int64_t started)
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
	log_number(&r, "secs", (uint64_t)(netio_now() - started) / 1000);
	log_word(&r, "end", t->end);
	log_end(&r);
}

static enum maildrop_result
open_maildrop(
    struct transaction *t, const struct options *o, const struct identity *id)
{
	const char *template = id->maildrop ? id->maildrop : o->maildrop;
	static struct maildrop_settings settings;
	enum maildrop_result result;
	char spec[PATH_MAX];

	if (!maildrop_spec(template, id->user, id->home, spec, sizeof spec))
		return MAILDROP_PERM;
	settings.limit = o->max_messages;
	settings.home = id->home;
	settings.mbox_locks = o->mbox_locks;
	settings.max_size = id->max_size;
	settings.newest = id->newest;
	claim_set_patience(o->takeover);
	settings.uidl = o->uidl;
	result = maildrop_open(&t->drop, spec, &settings);
	if (result == MAILDROP_OK)
		result = maildrop_scan(&t->drop);
	return result;
}

/* The login was right, and yet there is no session.  Returns the status. */
static int
refuse(struct transaction *t, enum maildrop_result why)
{
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
	return status;
}

static bool
privileged(void)
{
	if (privdrop_is_complete())
		return false;
	log_error("a session has nothing of root: no uid 0, no gid 0", NULL);
	return true;
}

/* From the monitor.  False, logged, when there is nothing to go on with. */
static bool
take_over(char *in, size_t size, size_t *unread)
{
	ssize_t got;

	rlimits_end_with_parent();
	if (privileged())
		return false;
	got = handoff_take(in, size);
	if (got == -1) {
		log_error_errno("the checker lost descriptor 4", NULL);
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
	static const struct rlimits limits = { .files = 32, .megabytes = 1024 };
	struct identity id;
	enum maildrop_result result = MAILDROP_PERM;
	size_t unread = 0;
	int64_t started;
	int status = EXIT_FINE;

	if (!take_environment(&id))
		return EXIT_CHECKPASSWORD_LATER;
	rlimits_set(&limits);
	netio_catch_signals();
	started = netio_now();
	if (o->handoff && !take_over(in, sizeof in, &unread))
		return EXIT_CHECKPASSWORD_LATER;
	/* Not before: until then 0 and 1 are not the client. */
	netio_open(&t.net, in, sizeof in, out, sizeof out, !o->handoff);
	t.net.in_end = unread;
	t.net.received = unread;
	t.idle = o->idle;
	t.offers = o->offers;
	if ((t.offers & OFFER_SCRAM) && id.scram)
		t.offers |= OFFER_SCRAM_ALL;
	if (o->handoff || !privileged())
		result = open_maildrop(&t, o, &id);
	if (result == MAILDROP_OK) {
		t.net.watch = claim_watch;
		transaction_run(&t);
		t.drop.ops->close(&t.drop);
	} else {
		status = refuse(&t, result);
	}
	log_session(&t, &id, started);
	return status;
}
