/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The monitor with a login that was taken over: requests of any bytes.  Login
 * gets no more attempts than allowed, no session that no checker vouched for,
 * no answer of a checker to what it has not asked, and no second use of a
 * challenge.  A checker gets whole strings.
 *
 * Starting and ending other processes is replaced; the input plays their part.
 */
#include "config.h"

#include <sys/stat.h>

#include <stdlib.h>

#include "descriptors.h"
#include "monitor/nonce.h"

/* Included, to reset its state: a process serves many logins here. */
#include "monitor/monitor.c"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len);

enum { LOGIN_CHANNEL = 700 };

static struct {
	struct input in;     /* requests */
	struct input checks; /* verdicts */
	unsigned checked, wrong, later;
	bool running; /* login is */
	char used
	    [NONCE_CHALLENGE_MAX]; /* the last challenge that was answered */
	bool answered;		   /* the last request was */
	bool vouched;		   /* a checker became a session */
	bool waited;		   /* and the monitor waits for it */
	bool stls;
	struct monmsg_request last;
} world;

/* ---- other processes ---- */

bool
login_process_start(struct login_process *c, const struct options *o,
    const char *ids, bool after_stls)
{
	(void)o;
	(void)ids;
	MUST(!world.running && after_stls == monitor.switched);
	world.running = true;
	c->channel = LOGIN_CHANNEL;
	return true;
}

bool
login_process_end(struct login_process *c)
{
	(void)c;
	world.running = false;
	return true;
}

void
login_process_reap(struct login_process *c, const struct peer *peer)
{
	(void)peer;
	(void)login_process_end(c);
}

void
checker_prepare(void)
{
}

/* Returns the Nth string of Q from the end. */
static const char *
last_string(const struct checker_question *q, unsigned n)
{
	const char *p = q->text + q->len - 1;

	for (; n > 0; n--)
		do
			p--;
		while (p >= q->text && *p != '\0');
	return p + 1;
}

/* A challenge is one of ours, and was not used before. */
static void
check_fresh(const char *challenge)
{
	MUST(strlen(challenge) >= NONCE_SIZE);
	MUST(strlen(challenge) < sizeof world.used);
	MUST(strcmp(challenge, world.used) != 0);
	memcpy(world.used, challenge, strlen(challenge) + 1);
}

/* A checker gets as many strings as its method has. */
static void
check_question(const struct checker_question *q)
{
	size_t strings = 0, wanted = 3;

	MUST(q->len > 0 && q->len <= 4096 && q->text[q->len - 1] == '\0');
	for (size_t i = 0; i < q->len; i++)
		strings += q->text[i] == '\0';
	if (q->method != NULL && strcmp(q->method, "scram-verify") == 0)
		wanted = 5;
	/* no room for the timestamp after the longest name and password */
	if (q->method == NULL &&
	    q->len == MONMSG_USER_MAX + MONMSG_PASSWORD_MAX)
		wanted = 2;
	MUST(strings == wanted && q->offers <= OFFERS_MAX);
	if (q->method == NULL)
		return;
	if (strcmp(q->method, "cram-md5") == 0)
		check_fresh(last_string(q, 1));
	if (strcmp(q->method, "scram-verify") == 0)
		check_fresh(last_string(q, 3));
}

enum checker_verdict
checker_run(struct checker *c, const struct options *o,
    const struct checker_question *q)
{
	unsigned how = take_byte(&world.checks);
	struct scram_parameters p = { .iterations = SCRAM_ITERATIONS_MIN,
		.salt_len = how * 16777259u,
		.for_all = how & 1 };

	(void)o;
	check_question(q);
	MUST(world.checked++ < 32);
	memset(c->answer, 0, sizeof c->answer);
	MUST(q->answer_len < sizeof c->answer);
	if (q->answer_len == sizeof p)
		memcpy(c->answer, &p, sizeof p);
	c->answered = q->answer_len;
	c->why = "checker";
	switch (how >> 5) {
	case 0:
	case 1:
		world.vouched = true;
		c->pid = 1;
		c->handoff = LOGIN_CHANNEL;
		return CHECKER_SESSION;
	case 2:
	case 3:
		return CHECKER_ANSWERED;
	case 4:
		world.later++;
		return CHECKER_LATER;
	default:
		world.wrong++;
		c->why = "credentials";
		return CHECKER_WRONG;
	}
}

void
checker_end(struct checker *c)
{
	(void)c;
	MUST(world.vouched);
	world.vouched = false;
}

int
handoff_give(int fd, const char *unread, size_t len)
{
	(void)fd;
	(void)unread;
	MUST(!world.running && len <= sizeof world.last.unread);
	return 0;
}

int
wait_run(pid_t pid, bool root, uid_t uid, gid_t gid, const struct peer *peer,
    int held)
{
	(void)root;
	(void)uid;
	(void)gid;
	(void)peer;
	(void)held;
	MUST(pid == 1 && world.vouched && !world.running && !world.waited);
	world.waited = true;
	return EXIT_FINE;
}

bool
starttls_offered(void)
{
	return world.stls;
}

const char *
starttls_switch(void)
{
	MUST(!world.running && world.stls);
	world.stls = false;
	return take_byte(&world.checks) & 1 ? "closed" : NULL;
}

int
starttls_held(void)
{
	return -1;
}

/* ---- the channel ---- */

int __wrap_poll(struct pollfd *p, nfds_t n, int timeout);
ssize_t __wrap_recv(int fd, void *p, size_t len, int flags);
ssize_t __wrap_send(int fd, const void *p, size_t len, int flags);
int __wrap_setenv(const char *name, const char *value, int overwrite);
int __real_setenv(const char *name, const char *value, int overwrite);
int __wrap_unsetenv(const char *name);

/* These variables are for checkers; libc would keep every value for ever. */
int
__wrap_setenv(const char *name, const char *value, int overwrite)
{
	if (strncmp(name, "TCPREMOTE", 9) != 0)
		return __real_setenv(name, value, overwrite);
	MUST(overwrite);
	MUST(strspn(value, "0123456789abcdef.:") == strlen(value));
	return 0;
}

int
__wrap_unsetenv(const char *name)
{
	(void)name;
	return 0;
}

int
__wrap_poll(struct pollfd *p, nfds_t n, int timeout)
{
	MUST(n == 1 && p->fd == LOGIN_CHANNEL && timeout >= 0);
	return world.in.len > 0;
}

/*
 * Makes a request from few bytes: op, flags, then the fields that the flags
 * choose.  Some get random bytes, and some have a wrong size, which is
 * returned.
 */
static size_t
make_request(struct monmsg_request *q)
{
	unsigned flags;
	struct input text;

	memset(q, 0, sizeof *q);
	q->op = take_byte(&world.in);
	flags = take_byte(&world.in);
	if (flags & 1) {
		text = take_bytes(&world.in, take_byte(&world.in));
		memcpy(q->user, text.p, text.len);
	}
	if (flags & 2) {
		text = take_bytes(&world.in, take_byte(&world.in));
		memcpy(q->password, text.p, text.len);
	}
	if (flags & 4) {
		text = take_bytes(&world.in, take_two(&world.in) % 1025);
		memcpy(q->text, text.p, text.len);
	}
	if (flags & 8)
		q->unread_len = take_two(&world.in);
	if (flags & 16) {
		text = take_bytes(&world.in, sizeof q->proxy);
		memcpy(&q->proxy, text.p, text.len);
	}
	for (unsigned n = flags & 32 ? take_byte(&world.in) % 8 : 0; n > 0;
	     n--) {
		size_t at = take_two(&world.in) % sizeof *q;

		((unsigned char *)q)[at] = (unsigned char)take_byte(&world.in);
	}
	return flags & 64 ? take_two(&world.in) : sizeof *q;
}

ssize_t
__wrap_recv(int fd, void *p, size_t len, int flags)
{
	size_t size;

	MUST(fd == LOGIN_CHANNEL && world.running);
	MUST(len == sizeof world.last);
	MUST(flags == (MSG_TRUNC | MSG_DONTWAIT));
	if (world.in.len == 0)
		return 0;
	size = make_request(&world.last);
	memcpy(p, &world.last, len);
	world.answered = false;
	return (ssize_t)size;
}

static void
check_answer(const struct monmsg_answer *a)
{
	bool proof = false;

	for (size_t i = 0; i < sizeof a->signature; i++)
		proof |= a->signature[i] != 0;
	MUST(!proof || a->verdict == MONMSG_SCRAM_SIGNED);
	MUST(memchr(a->challenge, '\0', sizeof a->challenge) != NULL);
	MUST(a->scram.salt_len <= sizeof a->scram.salt);
	MUST(a->offers <= OFFERS_MAX);
	switch (world.last.op) {
	case MONMSG_HELLO:
		MUST(a->verdict == MONMSG_WELCOME);
		break;
	case MONMSG_PASS:
	case MONMSG_PLAIN:
	case MONMSG_LOGIN:
	case MONMSG_APOP:
	case MONMSG_CRAM_MD5:
		MUST(a->verdict >= MONMSG_WRONG);
		MUST(a->challenge[0] == '\0' && a->scram.salt_len == 0);
		break;
	default:
		break;
	}
	MUST(monitor.attempt.failures <= 3 && monitor.attempt.errors <= 10);
}

ssize_t
__wrap_send(int fd, const void *p, size_t len, int flags)
{
	struct monmsg_answer a;

	MUST(fd == LOGIN_CHANNEL && world.running && !world.answered);
	MUST(flags == (MSG_DONTWAIT | MSG_NOSIGNAL) && len == sizeof a);
	memcpy(&a, p, len);
	world.answered = true;
	check_answer(&a);
	return (ssize_t)len;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	static const char *const policies[] = { "always", "never", "local",
		"192.0.2.0/24" };
	struct input in = { p, len };
	unsigned flags = take_byte(&in), more = take_byte(&in);
	struct options o = { .cleartext = policies[flags & 3],
		.tls = flags & 4,
		.proxy = flags & 8,
		.proxy_tls = flags & 16,
		.apop = flags & 32,
		.cram_md5 = flags & 64,
		.passwd_file = flags & 128 ? "/passwd" : NULL,
		.login_timeout = 120,
		.delay = more & 1 };

	descriptors_reset();
	memset(&world, 0, sizeof world);
	memset(&monitor, 0, sizeof monitor);
	world.stls = more & 2;
	world.checks = take_bytes(&in, 16);
	world.in = in;
	memcpy(monitor.peer.ip, "192.0.2.9", sizeof "192.0.2.9");
	MUST(start_login(&o));
	MUST(monitor_run(&o) == EXIT_FINE);
	MUST(!world.running);
	MUST(world.waited == world.vouched);
	MUST(world.wrong <= 3 + world.later + world.checked);
	return 0;
}
