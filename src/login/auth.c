/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The commands AUTH and APOP.
 *
 * Runs as: login.  Input: lines from the client, base64 in them; answers from
 * the monitor.
 *
 * A response is decoded in place, in the input buffer.  There it is valid until
 * the next line is read, and netio_wipe() wipes all of it.  What is needed
 * longer is copied into the request.
 */
#include "config.h"

#include "login/auth.h"

#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "ipc/offers.h"
#include "lib/base64.h"
#include "lib/scram.h"
#include "login/request.h"
#include "login/sasl.h"

static enum outcome
refuse(struct login *l, const char *why)
{
	netio_wipe(&l->net);
	reply_err(&l->net, RESPONSE_NONE, why);
	return OUTCOME_BAD;
}

/* ---- challenges and responses ---- */

/*
 * A response of the client: P and LEN with OUTCOME_DONE; otherwise the
 * exchange is over.
 */
struct client_data {
	enum outcome outcome;
	const char *p;
	size_t len;
};

/* Strict base64: anything else could be read in two ways. */
static void
decode(struct login *l, struct client_data *r, const char *text, size_t len)
{
	/* the input buffer is ours to write to */
	char *buffer = l->net.in + (text - l->net.in);

	r->outcome = OUTCOME_DONE;
	r->p = buffer;
	if (!base64_decode(buffer, len, text, len, &r->len))
		r->outcome = refuse(l, "not base64");
}

/* RFC 5034, section 4: "+ " stands there also before an empty challenge. */
static void
challenge(struct login *l, const void *p, size_t len, struct client_data *r)
{
	char text[BASE64_ENCODED(SCRAM_SERVER_FIRST_MAX)];
	enum net_status status;
	char *line;
	size_t line_len;

	*r = (struct client_data){ OUTCOME_END, "", 0 };
	netio_put(&l->net, "+ ", 2);
	netio_put(&l->net, text, base64_encode(text, p, len));
	reply_end(&l->net);
	status = netio_line(&l->net, AUTH_LINE_MAX, &line, &line_len);
	if (status == NET_TOO_LONG || status == NET_NUL)
		r->outcome = command_refuse(&l->net, status == NET_TOO_LONG);
	else if (status == NET_OK && line_len == 1 && line[0] == '*')
		r->outcome = refuse(l, "cancelled");
	else if (status == NET_OK)
		decode(l, r, line, line_len);
}

/* The initial response, or else the response to an empty challenge. */
static void
first_response(
    struct login *l, const struct word *initial, struct client_data *r)
{
	if (initial == NULL)
		challenge(l, "", 0, r);
	else if (initial->len == 1 && initial->p[0] == '=')
		*r = (struct client_data){ OUTCOME_DONE, initial->p, 0 };
	else
		decode(l, r, initial->p, initial->len);
}

/* ---- mechanisms ---- */

static enum outcome
plain(struct login *l, const struct word *initial, struct monmsg_request *q)
{
	struct client_data r;

	first_response(l, initial, &r);
	if (r.outcome != OUTCOME_DONE)
		return r.outcome;
	q->op = MONMSG_PLAIN;
	if (!sasl_plain(r.p, r.len, q->user, q->password))
		return refuse(l, "not a name and a password");
	netio_wipe(&l->net);
	return request_session(l, q);
}

/* Never standardised; the texts are what everybody sends. */
static enum outcome
login(struct login *l, const struct word *initial, struct monmsg_request *q)
{
	struct client_data r;

	if (initial == NULL)
		challenge(l, "Username:", 9, &r);
	else
		first_response(l, initial, &r);
	if (r.outcome != OUTCOME_DONE)
		return r.outcome;
	if (!sasl_name(q->user, r.p, r.len))
		return refuse(l, "not a name");
	challenge(l, "Password:", 9, &r);
	if (r.outcome != OUTCOME_DONE)
		return r.outcome;
	q->op = MONMSG_LOGIN;
	if (!sasl_password(q->password, r.p, r.len))
		return refuse(l, "not a password");
	netio_wipe(&l->net);
	return request_session(l, q);
}

static enum outcome
cram_md5(struct login *l, const struct word *initial, struct monmsg_request *q)
{
	struct monmsg_answer a;
	struct client_data r;

	if (initial != NULL)
		return refuse(l, "this mechanism has no initial response");
	q->op = MONMSG_CHALLENGE;
	if (!request_exchange(l, q, &a))
		return OUTCOME_END;
	if (a.verdict != MONMSG_CHALLENGED)
		return request_refused(l, a.verdict);
	challenge(l, a.challenge, strlen(a.challenge), &r);
	if (r.outcome != OUTCOME_DONE)
		return r.outcome;
	q->op = MONMSG_CRAM_MD5;
	if (!sasl_cram_md5(r.p, r.len, q->user, q->password))
		return refuse(l, "not a name and a digest");
	return request_session(l, q);
}

/* ---- SCRAM-SHA-256, see scram.h ---- */

struct scram {
	char binding[BASE64_ENCODED(SCRAM_MESSAGE_MAX)]; /* what c= must be */
	size_t binding_len;
	char nonce[SCRAM_CLIENT_NONCE_MAX + SCRAM_NONCE];
	size_t client_len, nonce_len;
};

/*
 * Takes client-first apart.  Q is for the monitor; S keeps what client-final
 * has to repeat.
 */
static bool
scram_begin(
    struct scram *s, const struct client_data *r, struct monmsg_request *q)
{
	struct sasl_scram_first f;

	if (!sasl_scram_first(r->p, r->len, &f))
		return false;
	s->binding_len = base64_encode(s->binding, f.gs2.p, f.gs2.len);
	memcpy(s->nonce, f.nonce.p, f.nonce.len);
	s->client_len = f.nonce.len;
	q->op = MONMSG_SCRAM_FIRST;
	memcpy(q->user, f.user, sizeof q->user);
	memcpy(q->text, f.bare.p, f.bare.len);
	return true;
}

/* Sends server-first; the response is client-final. */
static void
scram_salt(struct login *l, struct scram *s, const struct monmsg_answer *a,
    struct client_data *r)
{
	char text[SCRAM_SERVER_FIRST_MAX];

	memcpy(s->nonce + s->client_len, a->challenge, SCRAM_NONCE);
	s->nonce_len = s->client_len + SCRAM_NONCE;
	challenge(l, text,
	    scram_server_first(
		text, s->nonce, s->client_len, a->challenge, &a->scram),
	    r);
}

static bool
same(const struct word *w, const char *p, size_t len)
{
	return w->len == len && memcmp(w->p, p, len) == 0;
}

static bool
scram_proof(const struct scram *s, const struct client_data *r,
    struct monmsg_request *q)
{
	struct sasl_scram_final f;

	memset(q, 0, sizeof *q);
	if (!sasl_scram_final(r->p, r->len, &f) ||
	    !same(&f.binding, s->binding, s->binding_len) ||
	    !same(&f.nonce, s->nonce, s->nonce_len))
		return false;
	q->op = MONMSG_SCRAM_FINAL;
	memcpy(q->password, f.proof.p, f.proof.len);
	memcpy(q->text, f.without_proof.p, f.without_proof.len);
	return true;
}

/*
 * Sends server-final.  The session waits until the client has accepted our
 * signature; if the client does not, the connection ends.
 */
static enum outcome
scram_finish(
    struct login *l, const struct monmsg_answer *a, struct monmsg_request *q)
{
	char text[2 + BASE64_ENCODED(SCRAM_KEY)] = "v=";
	struct client_data r;

	(void)base64_encode(text + 2, a->signature, sizeof a->signature);
	challenge(l, text, sizeof text, &r);
	if (r.outcome == OUTCOME_DONE && r.len != 0)
		r.outcome = refuse(l, "send an empty line");
	if (r.outcome != OUTCOME_DONE) {
		netio_finish(&l->net);
		return OUTCOME_END;
	}
	memset(q, 0, sizeof *q);
	q->op = MONMSG_SCRAM_DONE;
	return request_session(l, q);
}

static enum outcome
scram(struct login *l, const struct word *initial, struct monmsg_request *q)
{
	static struct scram s;
	struct monmsg_answer a;
	struct client_data r;

	first_response(l, initial, &r);
	if (r.outcome != OUTCOME_DONE)
		return r.outcome;
	if (!scram_begin(&s, &r, q))
		return refuse(
		    l, "only SCRAM without channel binding is supported");
	if (!request_exchange(l, q, &a))
		return OUTCOME_END;
	if (a.verdict != MONMSG_SCRAM_SALT)
		return request_refused(l, a.verdict);
	scram_salt(l, &s, &a, &r);
	if (r.outcome != OUTCOME_DONE)
		return r.outcome;
	if (!scram_proof(&s, &r, q))
		return refuse(l, "not the answer to this challenge");
	if (!request_exchange(l, q, &a))
		return OUTCOME_END;
	if (a.verdict != MONMSG_SCRAM_SIGNED)
		return request_refused(l, a.verdict);
	return scram_finish(l, &a, q);
}

/* ---- the commands ---- */

static const struct mechanism {
	const char *name;
	unsigned offer;
	bool password; /* sends the password in clear */
	enum outcome (*run)(struct login *l, const struct word *initial,
	    struct monmsg_request *q);
} mechanisms[] = {
	{ "PLAIN", OFFER_USER, true, plain },
	{ "LOGIN", OFFER_USER, true, login },
	{ "CRAM-MD5", OFFER_CRAM_MD5, false, cram_md5 },
	{ "SCRAM-SHA-256", OFFER_SCRAM, false, scram },
};

static const struct mechanism *
find_mechanism(const struct word *name)
{
	for (size_t i = 0; i < sizeof mechanisms / sizeof mechanisms[0]; i++)
		if (strlen(mechanisms[i].name) == name->len &&
		    strncasecmp(mechanisms[i].name, name->p, name->len) == 0)
			return &mechanisms[i];
	return NULL;
}

enum outcome
auth_command(void *state, const struct command_line *line)
{
	static struct monmsg_request q;
	struct login *l = state;
	const struct mechanism *m;
	enum outcome outcome;

	memset(l->user, 0, sizeof l->user);
	if (line->words == 1) {
		reply_mechanisms(&l->net, request_offers(l));
		return OUTCOME_DONE;
	}
	m = find_mechanism(&line->word[1]);
	if (m != NULL && m->password && !request_has_offer(l, m->offer)) {
		netio_wipe(&l->net);
		return request_needs_tls(l);
	}
	if (m == NULL || !(l->offers & m->offer))
		return refuse(l, "no such mechanism");
	memset(&q, 0, sizeof q);
	outcome = m->run(l, line->words > 2 ? &line->word[2] : NULL, &q);
	explicit_bzero(&q, sizeof q);
	return outcome;
}

enum outcome
auth_apop(void *state, const struct command_line *line)
{
	static struct monmsg_request q;
	const struct word *name = &line->word[1], *digest = &line->word[2];
	struct login *l = state;

	memset(l->user, 0, sizeof l->user);
	if (!(l->offers & OFFER_APOP))
		return refuse(l, "unknown or unavailable command");
	memset(&q, 0, sizeof q);
	q.op = MONMSG_APOP;
	if (!sasl_name(q.user, name->p, name->len) ||
	    !sasl_digest(q.password, digest->p, digest->len))
		return refuse(l, "not a name and a digest");
	return request_session(l, &q);
}
