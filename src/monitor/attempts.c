/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Attempts to log in.
 * Runs as: root (or whoever started popin).
 * Input: fixed-size requests from login, checked by monmsg.c for their form;
 * what checker.c reads.
 */
#include "config.h"

#include "monitor/attempts.h"

#include <assert.h>
#include <string.h>

#include "ipc/offers.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/nets.h"
#include "lib/peer.h"
#include "options.h"

enum {
	ATTEMPTS = 3,
	ERRORS = 10,
	REPEATS = 10,
	CHECKPASSWORD_MAX = 512, /* bytes that a checker takes */
	TEXTS_MAX = MONMSG_USER_MAX + MONMSG_PASSWORD_MAX +
	    NONCE_CHALLENGE_MAX + 2 * MONMSG_TEXT_MAX
};

_Static_assert((int)TEXTS_MAX <= 4096, "what a fresh pipe takes");
_Static_assert(sizeof(struct scram_parameters) <= CHECKER_ANSWER_MAX,
    "an answer of the checker fits");

/* The names of the methods in the log. */
static const char *const method_names[] = {
	[MONMSG_PASS] = "PASS",
	[MONMSG_PLAIN] = "PLAIN",
	[MONMSG_LOGIN] = "LOGIN",
	[MONMSG_APOP] = "APOP",
	[MONMSG_CRAM_MD5] = "CRAM-MD5",
	[MONMSG_SCRAM_FIRST] = "SCRAM-SHA-256",
};

/* The last user and method.  REASON is one word, or NULL after a success. */
static void
log_attempt(const struct attempts *a, const char *text, const char *reason)
{
	struct log_record r;

	log_start(&r, reason != NULL ? LOG_LEVEL_NOTICE : LOG_LEVEL_INFO, text);
	log_word(&r, "ip", a->peer->ip);
	log_number(&r, "port", a->peer->port);
	log_text(&r, "user", a->user, strlen(a->user));
	log_word(&r, "method", method_names[a->op]);
	log_number(&r, "tls", a->tls);
	if (reason != NULL)
		log_word(&r, "reason", reason);
	log_end(&r);
}

/* ---- what is offered ---- */

bool
attempts_cleartext_allowed(const char *policy, const struct peer *peer)
{
	/* A client on a pipe has no address; nets_find() takes NULL for it. */
	bool is_pipe = peer->ip[0] == '-' && !peer->unknown;
	const char *ip = is_pipe ? NULL : peer->ip;

	if (strcmp(policy, "always") == 0)
		return true;
	if (strcmp(policy, "never") == 0)
		return false;
	return nets_find("local", strlen("local"), ip) == NETS_INSIDE ||
	    nets_find(policy, strlen(policy), ip) == NETS_INSIDE;
}

bool
attempts_welcome(struct attempts *a, const struct options *o,
    const struct peer *peer, bool tls, unsigned offers,
    struct monmsg_answer *answer)
{
	a->options = o;
	a->peer = peer;
	a->tls = tls;
	a->offers = offers;
	a->offers_asked = false;
	a->cleartext = false;
	memset(a->challenge, 0, sizeof a->challenge);
	memset(a->nonce, 0, sizeof a->nonce);
	repeat_forget(&a->refused); /* under TLS it may be accepted */
	if (tls || attempts_cleartext_allowed(o->cleartext, peer))
		a->offers |= OFFER_USER;
	/* RFC 2595, section 6.  c-client fails if PLAIN is shown without TLS. */
	if (tls)
		a->offers |= OFFER_PLAIN;
	if (o->apop)
		a->offers |= OFFER_APOP;
	if (o->cram_md5)
		a->offers |= OFFER_CRAM_MD5;
	/* Only a passwd-file has the secrets for SCRAM. */
	if (o->passwd_file != NULL)
		a->offers |= OFFER_SCRAM;
	/* It stays the same under TLS, where the client is not greeted again. */
	if (o->apop && a->timestamp[0] == '\0' &&
	    !nonce_challenge(a->timestamp))
		return false;
	answer->verdict = MONMSG_WELCOME;
	answer->offers = a->offers;
	memcpy(answer->challenge, a->timestamp, sizeof a->timestamp);
	return true;
}

static bool
is_password(uint32_t op)
{
	return op == MONMSG_PASS || op == MONMSG_PLAIN || op == MONMSG_LOGIN;
}

bool
attempts_allows(const struct attempts *a, uint32_t op)
{
	if (a->session_waits)
		return op == MONMSG_SCRAM_DONE;
	if (a->failures >= ATTEMPTS || a->errors >= ERRORS ||
	    a->repeats >= REPEATS)
		return false;
	switch (op) {
	case MONMSG_APOP:
		return a->offers & OFFER_APOP;
	case MONMSG_CHALLENGE:
		return a->offers & OFFER_CRAM_MD5;
	case MONMSG_CRAM_MD5:
		return a->challenge[0] != '\0';
	case MONMSG_OFFERS:
	case MONMSG_SCRAM_FIRST:
		return a->offers & OFFER_SCRAM;
	case MONMSG_SCRAM_FINAL:
		return a->nonce[0] != '\0';
	case MONMSG_STLS:
	case MONMSG_PIPELINED:
		return a->offers & OFFER_STLS;
	default:
		return is_password(op); /* log_in() refuses it without TLS */
	}
}

/* ---- asking the checker ---- */

/* Hands STRINGS, up to NULL, to the checker. */
static enum checker_verdict
ask(struct attempts *a, const char *method, const char *const *strings,
    size_t answer_len)
{
	char text[TEXTS_MAX];
	struct checker_question q = { .method = method,
		.text = text,
		.answer_len = answer_len,
		.cleartext = a->cleartext && method == NULL,
		.offers = a->offers };
	enum checker_verdict verdict;

	for (; *strings != NULL; strings++) {
		size_t n = strlen(*strings) + 1;

		assert(n <= sizeof text - q.len);
		memcpy(text + q.len, *strings, n);
		q.len += n;
	}
	verdict = checker_run(&a->checker, a->options, &q);
	explicit_bzero(text, sizeof text);
	return verdict;
}

/*
 * The verdict for login when there is neither a session nor an answer.  Errors
 * are not the client's fault.  They are limited as well, because each one costs
 * a process of root's.
 *
 * Login waits for the answer, so it cannot shorten the delay.  The delay
 * counts from the request: the client does not learn how long the checker
 * took.
 */
static uint32_t
login_failed(struct attempts *a, bool wrong, const char *why)
{
	int64_t delay = (int64_t)a->options->delay * 1000;

	if (wrong)
		a->failures++;
	else
		a->errors++;
	log_attempt(a, wrong ? "login failed:" : "login error:", why);
	clock_wait(a->since + delay * (a->failures + a->errors));
	if (wrong)
		return a->failures < ATTEMPTS ? MONMSG_WRONG : MONMSG_LAST;
	return a->errors < ERRORS ? MONMSG_LATER : MONMSG_LATER_LAST;
}

/* ---- a password, or the digest of a challenge ---- */

static enum checker_verdict
check(struct attempts *a, struct monmsg_request *q)
{
	const char *strings[] = { q->user, q->password, "", NULL };
	size_t len = strlen(q->user) + strlen(q->password) + 3;
	const char *method = NULL;
	enum checker_verdict verdict;

	if (q->op == MONMSG_APOP) {
		method = "apop";
		strings[2] = a->timestamp;
	} else if (q->op == MONMSG_CRAM_MD5) {
		method = "cram-md5";
		strings[2] = a->challenge;
	} else if (len > CHECKPASSWORD_MAX) {
		strings[2] = NULL; /* a timestamp, which no checker needs */
	}
	verdict = ask(a, method, strings, 0);
	explicit_bzero(q->password, sizeof q->password);
	if (q->op == MONMSG_CRAM_MD5)
		memset(a->challenge, 0, sizeof a->challenge);
	return verdict;
}

static bool
log_in(
    struct attempts *a, struct monmsg_request *q, struct monmsg_answer *answer)
{
	bool password = is_password(q->op);
	enum checker_verdict verdict;

	a->op = q->op;
	memcpy(a->user, q->user, sizeof a->user);
	if (password && !(a->offers & OFFER_USER)) {
		log_attempt(a, "login refused:", "cleartext");
		answer->verdict = MONMSG_NEEDS_TLS;
		return false;
	}
	/* The client had its delay the first time, and the log its line. */
	if (password && repeat_is_known(&a->refused, q->user, q->password)) {
		a->repeats++;
		answer->verdict =
		    a->repeats < REPEATS ? MONMSG_WRONG : MONMSG_LAST;
		return false;
	}
	verdict = check(a, q);
	if (verdict == CHECKER_SESSION)
		return true;
	if (password && verdict == CHECKER_WRONG)
		repeat_note(&a->refused);
	answer->verdict =
	    login_failed(a, verdict == CHECKER_WRONG, a->checker.why);
	return false;
}

/* ---- SCRAM ---- */

/* Asks our own checker, which answers and exits with 0: else it is an error. */
static bool
look_up(struct attempts *a, const char *user, struct scram_parameters *p)
{
	const char *strings[] = { user, "", "", NULL };
	enum checker_verdict verdict =
	    ask(a, "scram-lookup", strings, sizeof *p);

	if (verdict == CHECKER_SESSION)
		checker_end(&a->checker);
	if (verdict == CHECKER_WRONG) /* no password was checked */
		a->checker.why = "checker";
	if (verdict != CHECKER_ANSWERED)
		return false;
	memcpy(p, a->checker.answer, sizeof *p);
	if (p->salt_len > sizeof p->salt)
		p->salt_len = sizeof p->salt;
	return true;
}

/* Asks about the passwd-file as a whole, not about a user; once. */
static void
look_at_offers(struct attempts *a)
{
	struct scram_parameters p;

	if (a->offers_asked)
		return;
	a->offers_asked = true;
	if (!look_up(a, "", &p))
		return;
	if (p.for_all)
		a->offers |= OFFER_SCRAM_ALL;
	a->cleartext = p.cleartext && !(a->offers & OFFER_USER);
	if (a->cleartext)
		a->offers |= OFFER_USER;
}

/*
 * Each lookup starts a process.  One that leads to no proof counts as a failed
 * attempt when the next is asked for.
 */
static void
scram_first(struct attempts *a, const struct monmsg_request *q,
    struct monmsg_answer *answer)
{
	if (a->nonce[0] != '\0') {
		a->nonce[0] = '\0';
		answer->verdict = login_failed(a, true, "cancelled");
		if (answer->verdict == MONMSG_LAST)
			return;
	}
	a->op = q->op;
	memcpy(a->user, q->user, sizeof a->user);
	memcpy(a->first, q->text, sizeof a->first);
	if (!look_up(a, a->user, &answer->scram)) {
		answer->verdict = login_failed(a, false, a->checker.why);
	} else if (!nonce_make(a->nonce)) {
		answer->verdict = login_failed(a, false, "system");
	} else {
		answer->verdict = MONMSG_SCRAM_SALT;
		memcpy(answer->challenge, a->nonce, sizeof a->nonce);
	}
}

static void
scram_final(struct attempts *a, const struct monmsg_request *q,
    struct monmsg_answer *answer)
{
	const char *strings[] = { a->user, q->password, a->nonce, a->first,
		q->text, NULL };
	enum checker_verdict verdict =
	    ask(a, "scram-verify", strings, sizeof answer->signature);

	memset(a->nonce, 0, sizeof a->nonce);
	if (verdict == CHECKER_SESSION) {
		a->session_waits = true;
		answer->verdict = MONMSG_SCRAM_SIGNED;
		memcpy(answer->signature, a->checker.answer,
		    sizeof answer->signature);
	} else {
		answer->verdict =
		    login_failed(a, verdict == CHECKER_WRONG, a->checker.why);
	}
}

/* ---- every request, and the end ---- */

bool
attempts_serve(
    struct attempts *a, struct monmsg_request *q, struct monmsg_answer *answer)
{
	a->since = clock_now();
	switch (q->op) {
	case MONMSG_OFFERS:
		look_at_offers(a);
		answer->verdict = MONMSG_OFFERED;
		answer->offers = a->offers;
		return false;
	case MONMSG_CHALLENGE:
		answer->verdict = nonce_challenge(a->challenge)
		    ? MONMSG_CHALLENGED
		    : MONMSG_LATER;
		memcpy(answer->challenge, a->challenge, sizeof a->challenge);
		return false;
	case MONMSG_SCRAM_FIRST:
		scram_first(a, q, answer);
		return false;
	case MONMSG_SCRAM_FINAL:
		scram_final(a, q, answer);
		return false;
	case MONMSG_SCRAM_DONE:
		a->session_waits = false;
		return true;
	default:
		return log_in(a, q, answer);
	}
}

void
attempts_succeeded(struct attempts *a)
{
	log_attempt(a, "login:", NULL);
	log_whose("user", a->user);
	repeat_forget(&a->refused);
}

void
attempts_end(struct attempts *a)
{
	if (!a->session_waits)
		return;
	a->session_waits = false;
	log_attempt(a, "login error:", "cancelled");
	checker_end(&a->checker);
}
