/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Checks requests of login.
 * Runs as: root.  Input: requests from login, which is not trusted.
 */
#include "config.h"

#include "ipc/monmsg.h"

#include <string.h>

/* A string that is not empty, is terminated, and has only zeros behind. */
static bool
valid_string(const char *s, size_t size)
{
	const char *end = memchr(s, '\0', size);

	if (end == NULL || end == s)
		return false;
	for (; end < s + size; end++)
		if (*end != '\0')
			return false;
	return true;
}

static bool
all_zero(const void *p, size_t len)
{
	const unsigned char *byte = p;

	for (size_t i = 0; i < len; i++)
		if (byte[i] != 0)
			return false;
	return true;
}

static bool
valid_proxy(const struct monmsg_proxy *p)
{
	switch (p->header) {
	case MONMSG_HEADER_IPV6:
		return p->tls <= 1;
	case MONMSG_HEADER_IPV4:
		return p->tls <= 1 &&
		    all_zero(p->address + 4, sizeof p->address - 4);
	case MONMSG_HEADER_LOCAL:
		return p->tls <= 1 && p->port == 0 &&
		    all_zero(p->address, sizeof p->address);
	default:
		return p->header <= MONMSG_HEADER_WRONG && p->tls == 0 &&
		    p->port == 0 && all_zero(p->address, sizeof p->address);
	}
}

/* A string if it is wanted, else only zeros. */
static bool
valid_field(const char *s, size_t size, bool wanted)
{
	return wanted ? valid_string(s, size) : all_zero(s, size);
}

/* Which op has which fields. */
static const struct rule {
	bool known, user, password, text, unread;
} rules[] = {
	[MONMSG_HELLO] = { .known = true }, /* and proxy */
	[MONMSG_OFFERS] = { .known = true },
	[MONMSG_PASS] = { true, true, true, false, true },
	[MONMSG_PLAIN] = { true, true, true, false, true },
	[MONMSG_LOGIN] = { true, true, true, false, true },
	[MONMSG_APOP] = { true, true, true, false, true },
	[MONMSG_CHALLENGE] = { .known = true },
	[MONMSG_CRAM_MD5] = { true, true, true, false, true },
	[MONMSG_SCRAM_FIRST] = { true, true, false, true, false },
	[MONMSG_SCRAM_FINAL] = { true, false, true, true, false },
	[MONMSG_SCRAM_DONE] = { .known = true, .unread = true },
	[MONMSG_STLS] = { .known = true },
	[MONMSG_PIPELINED] = { .known = true },
};

bool
monmsg_valid(const struct monmsg_request *r)
{
	const struct rule *rule;

	if (r->op >= sizeof rules / sizeof rules[0])
		return false;
	rule = &rules[r->op];
	return rule->known &&
	    valid_field(r->user, sizeof r->user, rule->user) &&
	    valid_field(r->password, sizeof r->password, rule->password) &&
	    valid_field(r->text, sizeof r->text, rule->text) &&
	    r->unread_len <= (rule->unread ? sizeof r->unread : 0) &&
	    (r->op == MONMSG_HELLO ? valid_proxy(&r->proxy)
				   : all_zero(&r->proxy, sizeof r->proxy));
}
