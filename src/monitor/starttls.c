/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The switch to TLS, from the side of the program that is wrapped.
 *
 * The threat is an attacker on the network who sends octets before TLS that
 * are taken for octets under TLS.  With UCSPI-TLS the two are on different
 * descriptors.  A tlswrapper leaves octets that it has read before in the pipe
 * that stays descriptor 0, in front of what comes under TLS.  So that pipe has
 * to be empty when the wrapper has stopped passing on clear text.  At that
 * moment no client has finished its handshake.
 *
 * Runs as: root.  Input: the environment, one byte from tlswrapper.  Of
 * descriptor 0 only whether something is there, not what.
 * Descriptors: 0 and 1 the client; those of the dialect.
 */
#include "config.h"

#include "monitor/starttls.h"

#include <sys/stat.h>

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ipc/roles.h"
#include "lib/log.h"
#include "lib/number.h"
#include "options.h"
#include "process/stdfds.h"

enum {
	FD_CONTROL = 5, /* tlswrapper's */
	FD_ACKNOWLEDGED = 6,
	FD_MAX = 65535,
	PATIENCE = 10000 /* milliseconds for the wrapper to react */
};

static const char go_ahead[] = "+OK begin TLS\r\n";

static struct {
	enum starttls_dialect dialect; /* NONE: not offered */
	int control, in, out;	       /* -1: not in this dialect */
	int flags;		       /* of descriptor 1, as inherited */
} starttls = { .control = -1, .in = -1, .out = -1 };

/* ---- claiming ---- */

static bool
from_environment(const char *name, int *fd)
{
	const char *text = getenv(name);
	uint64_t n;

	if (text == NULL || !number_parse(text, strlen(text), FD_MAX, &n) ||
	    n <= FD_LOG || fcntl((int)n, F_GETFD) == -1)
		return false;
	*fd = (int)n;
	return true;
}

static bool
claim_ucspi(void)
{
	return from_environment("SSLCTLFD", &starttls.control) &&
	    from_environment("SSLREADFD", &starttls.in) &&
	    from_environment("SSLWRITEFD", &starttls.out) &&
	    starttls.control != starttls.in && starttls.control != starttls.out;
}

/* Is FD the end MODE of a pipe?  Anything else is not tlswrapper's. */
static bool
is_pipe(int fd, int mode)
{
	int flags = fcntl(fd, F_GETFL);
	struct stat st;

	return flags != -1 && (flags & O_ACCMODE) == mode &&
	    fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode);
}

/* Opens the pipe of FD once more.  This needs Linux and /proc. */
static int
reopen(int fd, int mode)
{
	char path[sizeof "/proc/self/fd/" + NUMBER_DIGITS];

	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	return open(path, mode | O_NONBLOCK | O_CLOEXEC);
}

static bool
claim_tlswrapper(bool acknowledges)
{
	if (!is_pipe(FD_CONTROL, O_WRONLY) ||
	    (acknowledges && !is_pipe(FD_ACKNOWLEDGED, O_RDONLY)))
		return false;
	starttls.control = FD_CONTROL;
	/* Without acknowledgements it is for has_let_go(). */
	starttls.in =
	    acknowledges ? FD_ACKNOWLEDGED : reopen(FD_CONTROL, O_RDONLY);
	return starttls.in != -1;
}

static bool
claim(enum starttls_dialect dialect)
{
	if (dialect == STARTTLS_UCSPI)
		return claim_ucspi();
	return claim_tlswrapper(dialect == STARTTLS_TLSWRAPPER_NEW);
}

void
starttls_claim(const struct options *o)
{
	enum starttls_dialect dialect = o->stls;
	int kept[3];

	if (dialect == STARTTLS_NONE && getenv("SSLCTLFD") != NULL)
		dialect = STARTTLS_UCSPI;
	if (dialect != STARTTLS_NONE && !o->tls) {
		if (claim(dialect))
			starttls.dialect = dialect;
		else
			log_error(
			    "STLS is not offered: no program in front can start TLS; see --stls in popin(8)",
			    NULL);
	}
	starttls.flags = fcntl(STDOUT_FILENO, F_GETFL);
	/* They would name descriptors that the checker does not have. */
	(void)unsetenv("SSLCTLFD");
	(void)unsetenv("SSLREADFD");
	(void)unsetenv("SSLWRITEFD");
	kept[0] = starttls.control;
	kept[1] = starttls.in;
	kept[2] = starttls.out;
	stdfds_close_others(FD_LOG + 1, kept, starttls_offered() ? 3 : 0);
}

bool
starttls_offered(void)
{
	return starttls.dialect != STARTTLS_NONE;
}

int
starttls_held(void)
{
	return starttls.dialect == STARTTLS_TLSWRAPPER ? starttls.control : -1;
}

/* ---- the switch ---- */

static bool
ready(int fd, short events, int milliseconds)
{
	struct pollfd p = { .fd = fd, .events = events };
	int n;

	do {
		n = poll(&p, 1, milliseconds);
	} while (n == -1 && errno == EINTR);
	return n > 0;
}

/* Texts this short are written whole or not at all. */
static bool
say(int fd, const char *p, size_t len)
{
	return write(fd, p, len) == (ssize_t)len;
}

/*
 * The answer to descriptor 1, then the byte.  Both are ready before the first
 * write, so that nothing delays the second: a wrapper that reads the client's
 * first TLS record before our byte takes it for more clear text.
 */
static bool
say_both(const char *byte)
{
	return ready(STDOUT_FILENO, POLLOUT, PATIENCE) &&
	    ready(starttls.control, POLLOUT, PATIENCE) &&
	    say(STDOUT_FILENO, go_ahead, sizeof go_ahead - 1) &&
	    say(starttls.control, byte, 1);
}

static const char *
switch_ucspi(void)
{
	/* Login made this socket non-blocking.  The wrapper shares it. */
	if (starttls.flags != -1 && ready(STDOUT_FILENO, POLLOUT, PATIENCE))
		(void)fcntl(STDOUT_FILENO, F_SETFL, starttls.flags);
	if (!say_both("y"))
		return "wrapper";
	if (dup2(starttls.in, STDIN_FILENO) == -1 ||
	    dup2(starttls.out, STDOUT_FILENO) == -1)
		return "system";
	(void)close(starttls.control);
	(void)close(starttls.in);
	if (starttls.out != starttls.in)
		(void)close(starttls.out);
	return NULL;
}

/*
 * Has the wrapper closed its end of the control pipe?  It does so right after
 * it has stopped passing on clear text, and tells us nothing.  But poll(2)
 * tells a writer whether the pipe has a reader.  So for a moment we open a
 * writer and close our own reader.
 */
static bool
has_let_go(void)
{
	int writer = reopen(starttls.in, O_WRONLY);
	bool gone;

	if (writer == -1)
		return false;
	(void)close(starttls.in);
	gone = ready(writer, 0, 0);
	starttls.in = reopen(writer, O_RDONLY);
	(void)close(writer);
	return gone;
}

static const char *
switch_tlswrapper(void)
{
	static const struct timespec moment = { .tv_nsec = 100000 };

	if (!ready(starttls.control, POLLOUT, PATIENCE) ||
	    !say(starttls.control, go_ahead, sizeof go_ahead - 1))
		return "wrapper";
	(void)close(starttls.control);
	for (int i = 0; !has_let_go(); i++) {
		if (starttls.in == -1 || i == PATIENCE * 10)
			return "wrapper";
		(void)nanosleep(&moment, NULL);
	}
	if (starttls.in != -1)
		(void)close(starttls.in);
	return ready(STDIN_FILENO, POLLIN, 0) ? "pipelined" : NULL;
}

/* The wrapper acknowledges after all clear text is in the pipe. */
static const char *
switch_tlswrapper_new(void)
{
	char byte = 1;

	if (!say_both("\0"))
		return "wrapper";
	(void)close(starttls.control);
	if (!ready(starttls.in, POLLIN, PATIENCE) ||
	    read(starttls.in, &byte, 1) != 1 || byte != '\0')
		return "wrapper";
	(void)close(starttls.in);
	return ready(STDIN_FILENO, POLLIN, 0) ? "pipelined" : NULL;
}

const char *
starttls_switch(void)
{
	enum starttls_dialect dialect = starttls.dialect;

	assert(starttls_offered());
	starttls.dialect = STARTTLS_NONE;
	if (ready(STDIN_FILENO, POLLIN, 0))
		return "pipelined";
	if (dialect == STARTTLS_UCSPI)
		return switch_ucspi();
	return dialect == STARTTLS_TLSWRAPPER ? switch_tlswrapper()
					      : switch_tlswrapper_new();
}
