/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Runs the checker.
 * Runs as: root.  Input: a known number of octets and an exit status from the
 * checker.
 */
#include "config.h"
#include "lib/ppoll64.h"

#include "monitor/checker.h"

#include <sys/socket.h>
#include <sys/wait.h>

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ipc/handoff.h"
#include "ipc/roles.h"
#include "lib/clock.h"
#include "lib/io.h"
#include "lib/log.h"
#include "lib/number.h"
#include "options.h"
#include "process/spawn.h"

/* Only with a handler does SIGCHLD interrupt ppoll(2). */
static void
on_child(int signal_number)
{
	(void)signal_number;
}

/* SIGCHLD is blocked except in ppoll(2), so no child's end is missed. */
void
checker_prepare(void)
{
	struct sigaction action = { .sa_handler = on_child };
	sigset_t blocked;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGCHLD);
	(void)sigprocmask(SIG_BLOCK, &blocked, NULL);
	(void)sigaction(SIGCHLD, &action, NULL);
	action.sa_handler = SIG_IGN;
	(void)sigaction(SIGPIPE, &action, NULL);
	(void)sigaction(SIGXFSZ, &action, NULL);
}

/*
 * These are at most 4096 bytes.  A new pipe has room for them, so this cannot
 * block.  EPIPE: a checker may end without reading them.
 */
static void
give_credentials(int fd, const char *credentials, size_t len)
{
	if (!io_write(fd, credentials, len) && errno != EPIPE)
		log_error_errno("cannot write to the checker", NULL);
	(void)close(fd);
}

static pid_t
start(const struct options *o, const struct checker_question *q,
    int credentials_fd, int handoff_fd)
{
	char offers[NUMBER_DIGITS + 1];
	struct spawn s = { .keeps_environment = true,
		.fd3 = credentials_fd,
		.fd4 = handoff_fd,
		.out = FD_LOG };

	offers[number_format(offers, q->offers)] = '\0';
	spawn_add_checker(&s, o);
	if (o->checker == NULL && q->method != NULL) {
		spawn_add(&s, "--method");
		spawn_add(&s, q->method);
	}
	if (q->cleartext)
		spawn_add(&s, "--cleartext");
	spawn_add_role(&s, spawn_path(), "session", o);
	spawn_add(&s, "--handoff");
	spawn_add(&s, "--offers");
	spawn_add(&s, offers);
	return spawn_start(&s);
}

/*
 * Kills the checker and its process group.  Returns its wait status.  The
 * group is killed first: once the checker is reaped, the kernel may give its
 * pid to another process.
 */
static int
end_checker(const struct checker *c)
{
	int status = 0;

	(void)kill(-c->pid, SIGKILL);
	(void)spawn_wait(c->pid, &status);
	return status;
}

static bool
has_ended(const struct checker *c)
{
	static const int look = WEXITED | WNOHANG | WNOWAIT;
	siginfo_t info = { .si_pid = 0 };

	return waitid(P_PID, (id_t)c->pid, &info, look) == 0 &&
	    info.si_pid == c->pid;
}

/* Kills a program that does not keep to the interface. */
static enum checker_verdict
give_up(struct checker *c, const char *why)
{
	c->why = why;
	(void)end_checker(c);
	return CHECKER_LATER;
}

/*
 * Takes what has arrived of WANT octets.  Returns 0 at the end of the stream,
 * -1 with errno, otherwise 1.
 */
static int
listen_to(struct checker *c, size_t want)
{
	while (c->answered < want) {
		ssize_t got = recv(c->handoff, c->answer + c->answered,
		    want - c->answered, MSG_DONTWAIT);

		if (got > 0)
			c->answered += (size_t)got;
		else if (got == 0 || errno != EINTR)
			return got == -1 && errno == EAGAIN ? 1 : (int)got;
	}
	return 1;
}

/* The verdict on a checker that has ended.  Its answer may wait to be read. */
static enum checker_verdict
judge(struct checker *c, const struct checker_question *q, int status)
{
	struct log_record r;
	int exited = WIFEXITED(status) ? WEXITSTATUS(status) : -1;

	(void)listen_to(c, q->answer_len);
	if (exited == 0 && q->answer_len > 0 && c->answered == q->answer_len)
		return CHECKER_ANSWERED;
	if (exited == 1) {
		c->why = "credentials";
		return CHECKER_WRONG;
	}
	if (exited == EXIT_CHECKPASSWORD_LATER) {
		c->why = "temporary";
		return CHECKER_LATER;
	}
	log_start(&r, LOG_LEVEL_ERROR,
	    exited == -1 ? "the checker was ended by a signal:"
			 : "the checker did not become the session:");
	spawn_log_end(&r, status);
	log_end(&r);
	return CHECKER_LATER;
}

/* One byte follows the answer.  Only the session says it. */
static enum checker_verdict
judge_byte(struct checker *c, char byte)
{
	if (byte == HANDOFF_SESSION)
		return CHECKER_SESSION;
	log_error(
	    "the checker wrote to descriptor 4, which is not its own", NULL);
	return give_up(c, "checker");
}

/* Waits for the answer and the session's byte, the checker's end, or time. */
static enum checker_verdict
await(struct checker *c, const struct checker_question *q, unsigned seconds)
{
	int64_t deadline = clock_now() + (int64_t)seconds * 1000;
	struct pollfd p = { .fd = c->handoff, .events = POLLIN };
	struct log_record r;
	sigset_t waiting;
	int64_t left;
	int heard;

	sigemptyset(&waiting);
	while ((left = deadline - clock_now()) > 0) {
		struct timespec timeout = { .tv_sec = (time_t)(left / 1000),
			.tv_nsec = (long)(left % 1000) * 1000000 };

		if (ppoll(&p, 1, &timeout, &waiting) > 0) {
			heard = listen_to(c, q->answer_len + 1);
			if (heard == -1) {
				log_error_errno(
				    "cannot read from the checker", NULL);
				return give_up(c, "system");
			}
			if (heard == 0)
				p.fd = -1; /* the checker's end will tell why */
			if (c->answered > q->answer_len)
				return judge_byte(
				    c, (char)c->answer[q->answer_len]);
		}
		if (has_ended(c))
			return judge(c, q, end_checker(c));
	}
	log_start(&r, LOG_LEVEL_ERROR, "the checker took too long:");
	log_number(&r, "seconds", seconds);
	log_end(&r);
	return give_up(c, "timeout");
}

static enum checker_verdict
failed(struct checker *c, const char *text, const char *what)
{
	log_error_errno(text, what);
	c->why = "system";
	return CHECKER_LATER;
}

enum checker_verdict
checker_run(struct checker *c, const struct options *o,
    const struct checker_question *q)
{
	enum checker_verdict verdict;
	int pair[2], credential_pipe[2];

	assert(q->answer_len <= CHECKER_ANSWER_MAX);
	c->answered = 0;
	c->why = "checker";
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == -1)
		return failed(c, "cannot make a socket pair", NULL);
	if (pipe2(credential_pipe, O_CLOEXEC) == -1) {
		(void)close(pair[0]);
		(void)close(pair[1]);
		return failed(c, "cannot make a pipe", NULL);
	}
	c->pid = start(o, q, credential_pipe[0], pair[1]);
	(void)close(credential_pipe[0]);
	(void)close(pair[1]);
	c->handoff = pair[0];
	if (c->pid == -1) {
		(void)close(credential_pipe[1]);
		verdict = failed(c, "cannot start the checker",
		    o->checker != NULL ? o->checker[0] : "popin-checkpassword");
	} else {
		give_credentials(credential_pipe[1], q->text, q->len);
		verdict = await(c, q, o->checker_timeout);
	}
	if (verdict != CHECKER_SESSION)
		(void)close(c->handoff);
	return verdict;
}

/* Kills first: the session starts when our end of the handoff is closed. */
void
checker_end(struct checker *c)
{
	(void)end_checker(c);
	(void)close(c->handoff);
}
