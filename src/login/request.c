/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Requests to the monitor, and the replies that their answers lead to.
 * Runs as: login.  Input: answers from the monitor.
 * Descriptors: 3 the monitor.
 */
#include "config.h"

#include "login/request.h"

#include <assert.h>
#include <string.h>

#include "ipc/offers.h"
#include "ipc/roles.h"
#include "lib/io.h"

_Static_assert((int)NETIO_READ_MAX <= (int)MONMSG_UNREAD_MAX,
    "whatever is left unread fits a request");

bool
request_answer(const struct monmsg_request *q, struct monmsg_answer *a)
{
	return io_write(FD_MONITOR, q, sizeof *q) &&
	    io_read(FD_MONITOR, a, sizeof *a) == (ssize_t)sizeof *a;
}

enum outcome
request_needs_tls(struct login *l)
{
	reply_err(&l->net, RESPONSE_AUTH, "TLS required");
	return OUTCOME_DONE;
}

/*
 * The passwd-file tells whether SCRAM is worth showing, and whether some
 * account may do without TLS.  Reading it takes time, so the monitor is asked
 * once.
 */
unsigned
request_offers(struct login *l)
{
	static struct monmsg_request q;
	struct monmsg_answer a;

	q.op = MONMSG_OFFERS;
	if ((l->offers & OFFER_SCRAM) && !l->offers_asked &&
	    request_answer(&q, &a) && a.verdict == MONMSG_OFFERED)
		l->offers = a.offers;
	l->offers_asked = true;
	return l->offers;
}

/* Asks the monitor only if the offer is not known yet. */
bool
request_has_offer(struct login *l, unsigned offer)
{
	return l->offers & offer || request_offers(l) & offer;
}

bool
request_exchange(
    struct login *l, struct monmsg_request *q, struct monmsg_answer *a)
{
	return netio_flush(&l->net) == NET_OK && request_answer(q, a);
}

enum outcome
request_refused(struct login *l, uint32_t verdict)
{
	struct netio *net = &l->net;

	switch (verdict) {
	case MONMSG_WRONG:
		reply_err(net, RESPONSE_AUTH, "wrong name or password");
		return OUTCOME_DONE;
	case MONMSG_LAST:
		reply_err(net, RESPONSE_AUTH, "wrong name or password");
		netio_finish(net);
		return OUTCOME_END;
	case MONMSG_NEEDS_TLS:
		return request_needs_tls(l);
	case MONMSG_LATER:
		reply_err(net, RESPONSE_SYS_TEMP, "cannot log you in now");
		return OUTCOME_DONE;
	case MONMSG_LATER_LAST:
		reply_err(net, RESPONSE_SYS_TEMP, "cannot log you in now");
		netio_finish(net);
		return OUTCOME_END;
	default:
		return OUTCOME_END;
	}
}

/*
 * The monitor does not answer when the login was right: it ends this process,
 * and the session talks to the client from there on.
 */
enum outcome
request_session(struct login *l, struct monmsg_request *q)
{
	struct netio *net = &l->net;
	size_t unread = net->in_end - net->in_at;
	struct monmsg_answer a;
	bool answered;

	/* What follows a line came with its end in one read, see netio.h. */
	assert(unread <= sizeof q->unread);
	q->unread_len = (uint32_t)unread;
	memcpy(q->unread, net->in + net->in_at, unread);
	answered = request_exchange(l, q, &a);
	explicit_bzero(q, sizeof *q);
	return answered ? request_refused(l, a.verdict) : OUTCOME_END;
}
