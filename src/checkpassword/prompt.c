/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Asks for a new password.
 * Runs as: the administrator.  Input: what is typed.
 */
#include "config.h"
#include "lib/ppoll64.h"

#include "checkpassword/prompt.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "checkpassword/account.h"
#include "lib/io.h"
#include "lib/log.h"

static volatile sig_atomic_t interrupted;

static void
note_signal(int sig)
{
	(void)sig;
	interrupted = 1;
}

/*
 * Nothing may end or stop us while the terminal has no echo: it would stay so.
 * Signals are blocked, except while we wait for a byte, which they end.  They
 * stay blocked, because the process ends soon after.
 */
static void
hold_signals(void)
{
	static const int ends[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };
	struct sigaction action;
	sigset_t held;

	memset(&action, 0, sizeof action);
	sigemptyset(&action.sa_mask);
	action.sa_handler = SIG_IGN;
	sigaction(SIGTSTP, &action, NULL);
	action.sa_handler = note_signal;
	sigemptyset(&held);
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		sigaction(ends[i], &action, NULL);
		sigaddset(&held, ends[i]);
	}
	sigprocmask(SIG_BLOCK, &held, NULL);
}

static ssize_t
read_byte(int fd, const sigset_t *mask, char *c)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	if (ppoll(&p, 1, NULL, mask) == -1)
		return -1;
	return read(fd, c, 1);
}

/* Byte by byte, because what follows the line is not ours. */
static int
read_line(int fd, const sigset_t *mask, char password[PROMPT_MAX + 1])
{
	const char *why = NULL;
	size_t len = 0;

	for (;;) {
		char c;
		ssize_t n = read_byte(fd, mask, &c);

		if (n == -1 && errno == EINTR && !interrupted)
			continue;
		if (n == -1) {
			log_error_errno("cannot read the password", NULL);
			return STATUS_TEMPORARY;
		}
		if (n == 0 || c == '\n')
			break;
		if (c == '\0')
			why = "a password cannot contain a NUL";
		else if (len == PROMPT_MAX)
			why = "a password cannot be longer than 255 bytes";
		else
			password[len++] = c;
	}
	password[len] = '\0';
	if (why == NULL)
		return 0;
	log_error(why, NULL);
	return STATUS_UNACCEPTABLE;
}

static int
ask(int tty, const sigset_t *mask, const char *prompt,
    char password[PROMPT_MAX + 1])
{
	int status;

	(void)io_write(tty, prompt, strlen(prompt));
	status = read_line(tty, mask, password);
	(void)io_write(tty, "\n", 1);
	return status;
}

static int
ask_twice(int tty, const sigset_t *mask, char password[PROMPT_MAX + 1])
{
	char again[PROMPT_MAX + 1];
	int status = ask(tty, mask, "New password: ", password);

	if (status == 0)
		status = ask(tty, mask, "The same again: ", again);
	if (status == 0 && strcmp(password, again) != 0) {
		log_error("the two passwords differ", NULL);
		status = STATUS_UNACCEPTABLE;
	}
	explicit_bzero(again, sizeof again);
	return status;
}

static int
ask_quietly(int tty, const sigset_t *mask, char password[PROMPT_MAX + 1])
{
	struct termios was, quiet;
	int status;

	if (tcgetattr(tty, &was) == -1) {
		log_error_errno("cannot examine", "/dev/tty");
		return STATUS_TEMPORARY;
	}
	hold_signals();
	quiet = was;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	if (tcsetattr(tty, TCSAFLUSH, &quiet) == -1) {
		log_error_errno("cannot turn the echo off on", "/dev/tty");
		return STATUS_TEMPORARY;
	}
	status = ask_twice(tty, mask, password);
	(void)tcsetattr(tty, TCSAFLUSH, &was);
	return status;
}

int
prompt_password(char password[PROMPT_MAX + 1])
{
	sigset_t mask;
	int tty, status;

	sigprocmask(SIG_BLOCK, NULL, &mask);
	if (!isatty(0))
		return read_line(0, &mask, password);
	tty = open("/dev/tty", O_RDWR | O_CLOEXEC);
	if (tty == -1) {
		log_error_errno("cannot open", "/dev/tty");
		return STATUS_TEMPORARY;
	}
	status = ask_quietly(tty, &mask, password);
	close(tty);
	return status;
}
