/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Runs popin-import and reads what it prints.
 * Runs as: session, before its sandbox.  Input: a pipe from a program that
 * reads what the mail user, and who sends mail, have written.
 */
#include "config.h"
#include "lib/ppoll64.h"

#include "maildrop/uidl_ask.h"

#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/log.h"
#include "pop3/netio.h"
#include "process/spawn.h"

enum {
	SECONDS = 300, /* at most; others take a dotlock for stale after that */
	LOOK = 250,    /* milliseconds: is there a reason to stop? */
	NAP = 1,       /* milliseconds */
	PIECE = 16 * 1024,
	STATUS_NO_MAILDROP = 78 /* of popin-import: it says so itself */
};

/* Its process, or -1, logged. */
static pid_t
start(const char *scheme, const char *kind, const char *path, int out)
{
	static char spec[16 + PATH_MAX];
	const char *program = spawn_sibling("popin-import");
	struct spawn s = {
		.fd3 = -1, .fd4 = -1, .out = out, .keeps_log = true
	};
	int len = snprintf(spec, sizeof spec, "%s%s", kind, path);
	pid_t pid = -1;

	spawn_add(&s, program);
	spawn_add(&s, "--log");
	spawn_add(&s, log_style_word(log_current_style()));
	spawn_add(&s, "--from");
	spawn_add(&s, scheme);
	spawn_add(&s, "-m");
	spawn_add(&s, spec);
	if (len < (int)sizeof spec)
		pid = spawn_start(&s);
	else
		errno = E2BIG;
	if (pid == -1)
		log_error_errno(
		    "cannot start popin-import; is it installed?", program);
	return pid;
}

static bool
has_to_stop(int64_t deadline)
{
	return netio_interrupted() != NET_OK || clock_now() >= deadline;
}

/*
 * Feeds T until the end.  False if there was a reason to stop, or if reading
 * failed, logged.
 */
static bool
listen_to(int fd, struct uidl_text *t, int64_t deadline)
{
	static char buf[PIECE];
	const struct timespec look = { .tv_nsec = LOOK * 1000000L };

	while (!has_to_stop(deadline)) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		ssize_t got;

		if (ppoll(&p, 1, &look, NULL) <= 0)
			continue;
		got = read(fd, buf, sizeof buf);
		if (got == 0)
			return true;
		if (got == -1 && errno == EINTR)
			continue;
		if (got == -1 || !uidl_text_feed(t, buf, (size_t)got)) {
			log_error_errno("cannot read from popin-import", NULL);
			return false;
		}
	}
	return false;
}

/* Its status; -1 if it did not end in time and was killed. */
static int
reap(pid_t pid, bool heard, int64_t deadline)
{
	int status;

	while (heard) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return status;
		clock_nap(NAP);
		heard = !has_to_stop(deadline);
	}
	(void)kill(pid, SIGKILL);
	(void)spawn_wait(pid, &status);
	return -1;
}

static enum maildrop_result
judge(const struct uidl_text *t, int status, int64_t deadline)
{
	struct log_record r;

	if (WIFEXITED(status) && WEXITSTATUS(status) == 0 &&
	    uidl_text_is_whole(t))
		return MAILDROP_OK;
	if (status == -1 && clock_now() < deadline)
		return MAILDROP_TEMP; /* the client's doing, or logged */
	log_start(&r, LOG_LEVEL_ERROR,
	    status == -1
		? "popin-import took too long, trying again at the next login"
		: "popin-import failed, trying again at the next login:");
	if (status != -1)
		spawn_log_end(&r, status);
	log_end(&r);
	return WIFEXITED(status) && WEXITSTATUS(status) == STATUS_NO_MAILDROP
	    ? MAILDROP_PERM
	    : MAILDROP_TEMP;
}

enum maildrop_result
uidl_ask(const char *scheme, const char *kind, const char *path,
    struct uidl_text *text)
{
	int64_t deadline = clock_now() + (int64_t)SECONDS * 1000;
	int out[2], status;
	bool heard;
	pid_t pid;

	uidl_text_start(text);
	if (pipe2(out, O_CLOEXEC) == -1) {
		log_error_errno("cannot make a pipe", NULL);
		return MAILDROP_TEMP;
	}
	pid = start(scheme, kind, path, out[1]);
	(void)close(out[1]);
	if (pid == -1) {
		(void)close(out[0]);
		return MAILDROP_TEMP;
	}
	heard = listen_to(out[0], text, deadline);
	(void)close(out[0]);
	status = reap(pid, heard, deadline);
	return judge(text, status, deadline);
}
