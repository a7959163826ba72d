/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The AUTHORIZATION state: commands, AUTH and APOP, the PROXY header in front
 * of them.  Whatever the client sends, login sends the monitor no request that
 * the monitor would call invalid; what it sends to the client is whole lines.
 */
#include "config.h"

#include <stdlib.h>

#include "descriptors.h"
#include "monitor/nonce.h"

/* Included, to reset their state: a process serves many clients here. */
#include "login/login.c"
#include "login/proxy.c"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len);

/* The monitor's answers are valid; the input chooses among them. */
static struct {
	struct input in;
	struct monmsg_answer answer;
	bool answers;
	bool ended; /* the last answer was the end: login must not ask again */
	bool greeted;
	unsigned offers;
	bool proxy;
} monitor;

static void
answer_scram(const struct monmsg_request *q, unsigned how)
{
	struct monmsg_answer *a = &monitor.answer;

	if (q->op == MONMSG_SCRAM_FIRST) {
		a->verdict = MONMSG_SCRAM_SALT;
		MUST(nonce_make(a->challenge));
		a->scram.iterations = SCRAM_ITERATIONS_MIN;
		a->scram.salt_len = how % (SCRAM_SALT_MAX + 1);
	} else if (q->op == MONMSG_SCRAM_FINAL) {
		a->verdict = MONMSG_SCRAM_SIGNED;
	} else {
		monitor.answers = false;
	}
}

static void
answer_well(const struct monmsg_request *q, unsigned how)
{
	struct monmsg_answer *a = &monitor.answer;

	switch (q->op) {
	case MONMSG_HELLO:
		MUST(!monitor.greeted);
		MUST(monitor.proxy == (q->proxy.header != MONMSG_HEADER_NONE));
		monitor.greeted = true;
		if (q->proxy.header > MONMSG_HEADER_IPV6) {
			monitor.answers = false;
			break;
		}
		a->verdict = MONMSG_WELCOME;
		a->offers = monitor.offers;
		if (monitor.offers & OFFER_APOP)
			MUST(nonce_challenge(a->challenge));
		break;
	case MONMSG_OFFERS:
		a->verdict = MONMSG_OFFERED;
		a->offers = monitor.offers | (how & OFFER_SCRAM_ALL);
		break;
	case MONMSG_CHALLENGE:
		a->verdict = MONMSG_CHALLENGED;
		MUST(nonce_challenge(a->challenge));
		break;
	case MONMSG_PIPELINED:
		a->verdict = MONMSG_LAST;
		break;
	case MONMSG_SCRAM_FIRST:
	case MONMSG_SCRAM_FINAL:
	case MONMSG_SCRAM_DONE:
		answer_scram(q, how);
		break;
	default:
		monitor.answers = false;
		break;
	}
}

static ssize_t
monitor_write(const void *p, size_t len)
{
	static const uint32_t refusals[] = { MONMSG_WRONG, MONMSG_LAST,
		MONMSG_NEEDS_TLS, MONMSG_LATER, MONMSG_LATER_LAST };
	unsigned how = take_byte(&monitor.in);
	struct monmsg_request q;

	MUST(len == sizeof q && !monitor.ended);
	memcpy(&q, p, sizeof q);
	MUST(monmsg_valid(&q));
	MUST(monitor.greeted || q.op == MONMSG_HELLO);
	memset(&monitor.answer, 0, sizeof monitor.answer);
	monitor.answers = true;
	if (q.op > MONMSG_OFFERS && q.op < MONMSG_STLS && how >= 64)
		monitor.answer.verdict =
		    refusals[how % (sizeof refusals / sizeof *refusals)];
	else
		answer_well(&q, how);
	monitor.ended = !monitor.answers;
	return (ssize_t)len;
}

static ssize_t
monitor_read(void *p, size_t len)
{
	if (!monitor.answers)
		return 0;
	MUST(len == sizeof monitor.answer);
	memcpy(p, &monitor.answer, len);
	return (ssize_t)len;
}

/* The output is whole lines; each is a reply, a challenge or a capability. */
static void
check_output(void)
{
	const char *p = client.out, *end = p + client.out_len;

	if (client.breaks > 0)
		return;
	while (p < end) {
		const char *lf = memchr(p, '\n', (size_t)(end - p));

		MUST(lf != NULL && lf > p && lf[-1] == '\r');
		MUST(lf - p < 512 || memcmp(p, "+ ", 2) == 0);
		for (; p < lf - 1; p++)
			MUST(*p >= ' ' && *p <= '~');
		p = lf + 1;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	struct input in = { p, len }, how = take_bytes(&in, 2);
	unsigned flags = take_byte(&in);
	struct options o = { .login_timeout = 120,
		.proxy = flags & 1,
		.after_stls = flags & 2 };
	struct login *l = calloc(1, sizeof *l);
	/* Memory of their own: a sanitizer sees what is done outside them. */
	char *buffer = malloc(IN_SIZE), *out = malloc(OUT_SIZE);

	descriptors_reset();
	MUST(l != NULL && buffer != NULL && out != NULL);
	memset(&monitor, 0, sizeof monitor);
	monitor.offers = take_byte(&in) & OFFERS_MAX;
	monitor.in = take_bytes(&in, 8);
	monitor.proxy = o.proxy && !o.after_stls;
	channel.fd = FD_MONITOR;
	channel.read = monitor_read;
	channel.write = monitor_write;
	l->net.in = buffer;
	l->net.in_size = IN_SIZE;
	l->net.out = out;
	l->net.out_size = OUT_SIZE;
	l->net.stall = NETIO_STALL_SECONDS;
	client_start(&l->net, in, &how);
	header.len = 0;
	serve(l, &o);
	MUST(l->net.failed != NET_OK || l->net.out_len == 0);
	check_output();
	free(buffer);
	free(out);
	free(l);
	return 0;
}
