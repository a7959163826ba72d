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
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "ipc/offers.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/peer.h"
#include "monitor/cleartext.h"
#include "options.h"

enum {
	ATTEMPTS = 3,
	ERRORS = 10,
	REPEATS = 10,
	CHECKPASSWORD_MAX = 512, /* bytes that a checker takes */
	TEXTS_MAX = MONMSG_USER_MAX + MONMSG_PASSWORD_MAX +
	    NONCE_CHALLENGE_MAX + 2 * MONMSG_TEXT_MAX
};

_Static_assert((int)MONMSG_CHALLENGE_MAX == (int)NONCE_CHALLENGE_MAX &&
	(int)SCRAM_NONCE == (int)NONCE_SIZE,
    "a challenge fits an answer");
_Static_assert((int)TEXTS_MAX <= 4096, "what a fresh pipe takes");
_Static_assert(sizeof(struct scram_parameters) <= CHECKER_ANSWER_MAX,
    "an answer of the checker fits");

static const char *
method_name(uint32_t op)
{
	switch (op) {
	case MONMSG_PLAIN:
		return "PLAIN";
	case MONMSG_LOGIN:
		return "LOGIN";
	case MONMSG_APOP:
		return "APOP";
	case MONMSG_CRAM_MD5:
		return "CRAM-MD5";
	case MONMSG_SCRAM_FIRST:
		return "SCRAM-SHA-256";
	default:
		return "PASS";
	}
}

static void
log_attempt(const struct attempts *a, const char *text, const char *reason)
{
	struct log_record r;

	log_start(&r, reason != NULL ? LOG_LEVEL_NOTICE : LOG_LEVEL_INFO, text);
	log_word(&r, "ip", a->peer->ip);
	log_number(&r, "port", a->peer->port);
	log_text(&r, "user", a->user, strlen(a->user));
	log_word(&r, "method", method_name(a->op));
	log_number(&r, "tls", a->tls);
	if (reason != NULL)
		log_word(&r, "reason", reason);
	log_end(&r);
}

void
attempts_log_success(const struct attempts *a)
{
	log_attempt(a, "login:", NULL);
	log_whose("user", a->user);
}

/* ---- what is offered ---- */

bool
attempts_welcome(struct attempts *a, const struct options *o,
    const struct peer *peer, bool tls, unsigned offers,
    struct monmsg_answer *answer)
{
	a->peer = peer;
	a->tls = tls;
	a->offers = offers;
	a->offers_asked = false;
	a->cleartext = false;
	memset(a->challenge, 0, sizeof a->challenge);
	memset(a->nonce, 0, sizeof a->nonce);
	repeat_forget(&a->refused); /* TLS may make it right */
	if (tls || cleartext_allowed(o->cleartext, peer))
		a->offers |= OFFER_USER;
	/* RFC 2595, section 6: c-client stops where PLAIN is shown without. */
	if (tls)
		a->offers |= OFFER_PLAIN;
	if (o->apop)
		a->offers |= OFFER_APOP;
	if (o->cram_md5)
		a->offers |= OFFER_CRAM_MD5;
	/* The secrets for SCRAM are in passwd-files alone. */
	if (o->passwd_file != NULL)
		a->offers |= OFFER_SCRAM;
	/* It stays when TLS is started: there is no second greeting. */
	if (o->apop && a->timestamp[0] == '\0' &&
	    !nonce_challenge(a->timestamp))
		return false;
	answer->verdict = MONMSG_WELCOME;
	answer->offers = a->offers;
	memcpy(answer->challenge, a->timestamp, sizeof a->timestamp);
	return true;
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
	case MONMSG_PASS:
	case MONMSG_PLAIN:
	case MONMSG_LOGIN:
		return true; /* the cleartext policy answers these itself, see log_in() */
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
		return false;
	}
}

/* ---- asking the checker ---- */

struct texts {
	char bytes[TEXTS_MAX];
	size_t len;
};

static void
add(struct texts *t, const char *text)
{
	size_t n = strlen(text) + 1;

	assert(n <= sizeof t->bytes - t->len);
	memcpy(t->bytes + t->len, text, n);
	t->len += n;
}

static enum checker_verdict
ask(struct attempts *a, const struct options *o, const char *method,
    struct texts *t, size_t answer_len)
{
	struct checker_question q = { .method = method,
		.text = t->bytes,
		.len = t->len,
		.answer_len = answer_len,
		.cleartext = a->cleartext && method == NULL,
		.offers = a->offers };
	enum checker_verdict verdict = checker_run(&a->checker, o, &q);

	explicit_bzero(t, sizeof *t);
	return verdict;
}

/*
 * Login waits for the answer, so it cannot shorten the delay.  The delay
 * counts from the question: the client does not learn how long the checker
 * took.
 */
static void
delay_reply(const struct attempts *a, const struct options *o)
{
	clock_wait(
	    a->since + (int64_t)o->delay * (a->failures + a->errors) * 1000);
}

static uint32_t
failed(struct attempts *a, const struct options *o, const char *why)
{
	a->failures++;
	log_attempt(a, "login failed:", why);
	delay_reply(a, o);
	return a->failures < ATTEMPTS ? MONMSG_WRONG : MONMSG_LAST;
}

/*
 * The verdict for login when there is neither a session nor an answer.  An
 * error is nobody's fault, but each one costs a process of root's, so their
 * number is limited, too.
 */
static uint32_t
login_failed(
    struct attempts *a, const struct options *o, enum checker_verdict verdict)
{
	if (verdict == CHECKER_WRONG)
		return failed(a, o, a->checker.why);
	if (verdict == CHECKER_ANSWERED)
		a->checker.why = "checker"; /* and did not become the session */
	a->errors++;
	log_attempt(a, "login error:", a->checker.why);
	delay_reply(a, o);
	return a->errors < ERRORS ? MONMSG_LATER : MONMSG_LATER_LAST;
}

static void
remember(struct attempts *a, const struct monmsg_request *q)
{
	a->op = q->op;
	memcpy(a->user, q->user, sizeof a->user);
}

/*
 * A name and a password that were refused on this connection before.  The
 * client had its delay then, and the log its line.
 */
static bool
is_repeat(struct attempts *a, const unsigned char *code,
    struct monmsg_request *q, struct monmsg_answer *answer)
{
	if (!repeat_is_known(&a->refused, code))
		return false;
	explicit_bzero(q->password, sizeof q->password);
	a->repeats++;
	answer->verdict = a->repeats < REPEATS ? MONMSG_WRONG : MONMSG_LAST;
	return true;
}

static bool
is_password(uint32_t op)
{
	return op == MONMSG_PASS || op == MONMSG_PLAIN || op == MONMSG_LOGIN;
}

/* A password, or the digest of a challenge: the form is the same. */
static bool
check(struct attempts *a, const struct options *o, struct monmsg_request *q,
    struct monmsg_answer *answer)
{
	enum checker_verdict verdict;
	const char *method = NULL;
	struct texts t = { .len = 0 };
	unsigned char code[BLAKE2B_SIZE];
	bool coded = is_password(q->op) &&
	    repeat_code(&a->refused, q->user, q->password, code);

	if (coded && is_repeat(a, code, q, answer))
		return false;
	add(&t, q->user);
	add(&t, q->password);
	explicit_bzero(q->password, sizeof q->password);
	if (q->op == MONMSG_APOP) {
		method = "apop";
		add(&t, a->timestamp);
	} else if (q->op == MONMSG_CRAM_MD5) {
		method = "cram-md5";
		add(&t, a->challenge);
		memset(a->challenge, 0, sizeof a->challenge);
	} else if (t.len < CHECKPASSWORD_MAX) {
		/* an empty timestamp, which no checker needs */
		add(&t, "");
	}
	verdict = ask(a, o, method, &t, 0);
	if (verdict == CHECKER_SESSION) {
		repeat_forget(&a->refused);
		return true;
	}
	if (coded && verdict == CHECKER_WRONG)
		repeat_note(&a->refused, code);
	answer->verdict = login_failed(a, o, verdict);
	return false;
}

static bool
log_in(struct attempts *a, const struct options *o, struct monmsg_request *q,
    struct monmsg_answer *answer)
{
	remember(a, q);
	if (!is_password(q->op) || a->offers & OFFER_USER)
		return check(a, o, q, answer);
	log_attempt(a, "login refused:", "cleartext");
	answer->verdict = MONMSG_NEEDS_TLS;
	return false;
}

/* ---- SCRAM ---- */

static enum checker_verdict
look_up(struct attempts *a, const struct options *o, const char *user,
    struct scram_parameters *p)
{
	enum checker_verdict verdict;
	struct texts t = { .len = 0 };

	add(&t, user);
	add(&t, "");
	add(&t, "");
	verdict = ask(a, o, "scram-lookup", &t, sizeof *p);
	if (verdict == CHECKER_SESSION) {
		checker_end(&a->checker); /* our own checker never does this */
		verdict = CHECKER_WRONG;
	}
	if (verdict == CHECKER_WRONG) /* no password was checked */
		a->checker.why = "checker";
	if (verdict != CHECKER_ANSWERED)
		return CHECKER_LATER;
	memcpy(p, a->checker.answer, sizeof *p);
	if (p->salt_len > sizeof p->salt)
		p->salt_len = sizeof p->salt;
	return verdict;
}

/* Asks about the passwd-file as a whole, not about a user; once. */
static void
look_at_offers(struct attempts *a, const struct options *o)
{
	struct scram_parameters p;

	if (a->offers_asked)
		return;
	a->offers_asked = true;
	if (look_up(a, o, "", &p) != CHECKER_ANSWERED)
		return;
	if (p.for_all)
		a->offers |= OFFER_SCRAM_ALL;
	a->cleartext = p.cleartext && !(a->offers & OFFER_USER);
	if (a->cleartext)
		a->offers |= OFFER_USER;
}

/*
 * Each lookup starts a process: one that leads to no proof counts as a failed
 * attempt when the next is asked for.
 */
static void
scram_first(struct attempts *a, const struct options *o,
    const struct monmsg_request *q, struct monmsg_answer *answer)
{
	if (a->nonce[0] != '\0') {
		a->nonce[0] = '\0';
		answer->verdict = failed(a, o, "cancelled");
		if (answer->verdict == MONMSG_LAST)
			return;
	}
	remember(a, q);
	memcpy(a->first, q->text, sizeof a->first);
	if (look_up(a, o, a->user, &answer->scram) != CHECKER_ANSWERED ||
	    !nonce_make(a->nonce)) {
		answer->verdict = login_failed(a, o, CHECKER_LATER);
		return;
	}
	answer->verdict = MONMSG_SCRAM_SALT;
	memcpy(answer->challenge, a->nonce, sizeof a->nonce);
}

static void
scram_final(struct attempts *a, const struct options *o,
    const struct monmsg_request *q, struct monmsg_answer *answer)
{
	enum checker_verdict verdict;
	struct texts t = { .len = 0 };

	add(&t, a->user);
	add(&t, q->password);
	add(&t, a->nonce);
	add(&t, a->first);
	add(&t, q->text);
	memset(a->nonce, 0, sizeof a->nonce);
	verdict = ask(a, o, "scram-verify", &t, sizeof answer->signature);
	if (verdict != CHECKER_SESSION) {
		answer->verdict = login_failed(a, o, verdict);
		return;
	}
	a->session_waits = true;
	answer->verdict = MONMSG_SCRAM_SIGNED;
	memcpy(answer->signature, a->checker.answer, sizeof answer->signature);
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

/* ---- all of them ---- */

bool
attempts_serve(struct attempts *a, const struct options *o,
    struct monmsg_request *q, struct monmsg_answer *answer)
{
	a->since = clock_now();
	switch (q->op) {
	case MONMSG_OFFERS:
		look_at_offers(a, o);
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
		scram_first(a, o, q, answer);
		return false;
	case MONMSG_SCRAM_FINAL:
		scram_final(a, o, q, answer);
		return false;
	case MONMSG_SCRAM_DONE:
		a->session_waits = false;
		repeat_forget(&a->refused);
		return true;
	default:
		return log_in(a, o, q, answer);
	}
}
