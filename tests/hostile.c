/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The real monitor with a login that has been taken over: it does what lines
 * on descriptor 0 tell it, and prints what the monitor answers.
 *
 *	op OP USER PASSWORD TEXT UNREAD-LEN	a request ("-" is empty)
 *	poke OFFSET BYTE	put a byte into the next request
 *	size OCTETS		make the next request that long
 *
 * tests/hostile.bats drives it.  The session is the one of the real popin.
 */
#include "config.h"

#include <sys/socket.h>

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/log.h"
#include "monitor/monitor.h"
#include "ipc/monmsg.h"
#include "options.h"
#include "ipc/roles.h"
#include "process/stdfds.h"

enum { LINE = 8192, POKES = 8, BIGGEST = sizeof(struct monmsg_request) + 64 };

static struct {
	size_t offset[POKES];
	unsigned char byte[POKES];
	size_t count, size;
} next;

static void
field(char *to, size_t size, const char *word)
{
	if (word != NULL && strcmp(word, "-") != 0)
		memcpy(to, word, strlen(word) < size ? strlen(word) : size);
}

static void
print_hex(const char *key, const unsigned char *p, size_t len)
{
	printf(" %s=", key);
	for (size_t i = 0; i < len; i++)
		printf("%02x", p[i]);
}

static void
print_answer(void)
{
	struct monmsg_answer a;
	ssize_t got = recv(FD_MONITOR, &a, sizeof a, 0);

	if (got != (ssize_t)sizeof a) {
		printf("end\r\n");
		exit(0);
	}
	printf("verdict=%u offers=%u challenge=%s iterations=%u", a.verdict,
	    a.offers, a.challenge, a.scram.iterations);
	print_hex("salt", a.scram.salt, a.scram.salt_len);
	print_hex("signature", a.signature, sizeof a.signature);
	printf("\r\n");
}

static void
request(char **words)
{
	static unsigned char bytes[BIGGEST];
	struct monmsg_request q;

	memset(&q, 0, sizeof q);
	memset(bytes, 0, sizeof bytes);
	q.op = (uint32_t)strtoul(strtok_r(NULL, " ", words), NULL, 10);
	field(q.user, sizeof q.user, strtok_r(NULL, " ", words));
	field(q.password, sizeof q.password, strtok_r(NULL, " ", words));
	field(q.text, sizeof q.text, strtok_r(NULL, " ", words));
	q.unread_len = (uint32_t)strtoul(strtok_r(NULL, " ", words), NULL, 10);
	memcpy(bytes, &q, sizeof q);
	for (size_t i = 0; i < next.count; i++)
		bytes[next.offset[i]] = next.byte[i];
	if (next.size == 0)
		next.size = sizeof q;
	if (send(FD_MONITOR, bytes, next.size, MSG_NOSIGNAL) == -1) {
		printf("end\r\n");
		exit(0);
	}
	memset(&next, 0, sizeof next);
	print_answer();
}

static void
hostile_line(char *line)
{
	char *rest, *word = strtok_r(line, " ", &rest);

	if (word == NULL)
		return;
	if (strcmp(word, "op") == 0) {
		request(&rest);
	} else if (strcmp(word, "poke") == 0 && next.count < POKES) {
		next.offset[next.count] =
		    strtoul(strtok_r(NULL, " ", &rest), NULL, 10);
		next.byte[next.count++] = (unsigned char)strtoul(
		    strtok_r(NULL, " ", &rest), NULL, 10);
	} else if (strcmp(word, "size") == 0) {
		next.size = strtoul(strtok_r(NULL, " ", &rest), NULL, 10);
	}
}

/* A session that waits has made the socket non-blocking already. */
static bool
next_byte(char *c)
{
	struct pollfd p = { .fd = STDIN_FILENO, .events = POLLIN };

	for (;;) {
		ssize_t got = read(STDIN_FILENO, c, 1);

		if (got >= 0)
			return got == 1;
		if (errno != EAGAIN || poll(&p, 1, -1) == -1)
			return false;
	}
}

static bool
next_line(char line[LINE])
{
	size_t n = 0;
	char c;

	while (n < LINE - 1 && next_byte(&c)) {
		if (c == '\n') {
			line[n] = '\0';
			return true;
		}
		line[n++] = c;
	}
	return false;
}

/* Prints what the test has to know of monmsg.h, as NAME=NUMBER. */
static void
print_numbers(void)
{
	static const struct {
		const char *name;
		size_t number;
	} numbers[] = {
		{ "user", offsetof(struct monmsg_request, user) },
		{ "password", offsetof(struct monmsg_request, password) },
		{ "text", offsetof(struct monmsg_request, text) },
		{ "unread", offsetof(struct monmsg_request, unread) },
		{ "proxy", offsetof(struct monmsg_request, proxy) },
		{ "size", sizeof(struct monmsg_request) },
		{ "HELLO", MONMSG_HELLO },
		{ "OFFERS", MONMSG_OFFERS },
		{ "PASS", MONMSG_PASS },
		{ "PLAIN", MONMSG_PLAIN },
		{ "LOGIN", MONMSG_LOGIN },
		{ "APOP", MONMSG_APOP },
		{ "CHALLENGE", MONMSG_CHALLENGE },
		{ "CRAM_MD5", MONMSG_CRAM_MD5 },
		{ "SCRAM_FIRST", MONMSG_SCRAM_FIRST },
		{ "SCRAM_FINAL", MONMSG_SCRAM_FINAL },
		{ "SCRAM_DONE", MONMSG_SCRAM_DONE },
		{ "STLS", MONMSG_STLS },
		{ "PIPELINED", MONMSG_PIPELINED },
		{ "WELCOME", MONMSG_WELCOME },
		{ "WRONG", MONMSG_WRONG },
		{ "LAST", MONMSG_LAST },
		{ "NEEDS_TLS", MONMSG_NEEDS_TLS },
		{ "CHALLENGED", MONMSG_CHALLENGED },
		{ "SALT", MONMSG_SCRAM_SALT },
		{ "SIGNED", MONMSG_SCRAM_SIGNED },
	};

	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
		printf("%s=%zu ", numbers[i].name, numbers[i].number);
	printf("\r\n");
}

static int
hostile(void)
{
	static char line[LINE];

	setvbuf(stdout, NULL, _IOLBF, 0);
	print_numbers();
	while (next_line(line))
		hostile_line(line);
	return 0;
}

int
main(int argc, char **argv)
{
	const char *error, *what, *real = getenv("REAL_POPIN");
	struct options o;
	int status;

	if (options_parse(&o, argc, argv, &error, &what) != OPTIONS_RUN) {
		fprintf(stderr, "%s %s\n", error, what);
		return 1;
	}
	if (o.role == ROLE_LOGIN)
		return hostile();
	if (o.role == ROLE_SESSION) {
		if (real != NULL)
			execv(real, argv);
		return 111;
	}
	if (!stdfds_open_log(o.log, &o.log_style))
		return EXIT_SYSTEM;
	log_open(o.log_style, "popin");
	stdfds_close_from(FD_LOG + 1);
	status = monitor_start(&o);
	return status == EXIT_FINE ? monitor_run(&o) : status;
}
