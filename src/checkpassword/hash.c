/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Asks for a password and makes a secret for a passwd-file of it.
 * Runs as: the administrator.  Input: what is typed.
 */
#include "config.h"
#include "lib/ppoll64.h"

#include "checkpassword/hash.h"

#include <sys/random.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "checkpassword/account.h"
#include "checkpassword/crypthash.h"
#include "checkpassword/scram_secret.h"
#include "lib/io.h"
#include "lib/log.h"

enum {
	PASSWORD_MAX = 255 /* bytes of a password, as long as a POP3 line */
};

static volatile sig_atomic_t interrupted;

static void
note_signal(int sig)
{
	(void)sig;
	interrupted = 1;
}

/*
 * Nothing may end or stop us while the terminal has no echo: it would stay so.
 * Signals are blocked, except while we wait for a byte; they end the wait.
 * They stay blocked, because the process ends soon after.
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
read_line(int fd, const sigset_t *mask, char password[PASSWORD_MAX + 1])
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
		else if (len == PASSWORD_MAX)
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
    char password[PASSWORD_MAX + 1])
{
	int status;

	(void)io_write(tty, prompt, strlen(prompt));
	status = read_line(tty, mask, password);
	(void)io_write(tty, "\n", 1);
	return status;
}

static int
ask_twice(int tty, const sigset_t *mask, char password[PASSWORD_MAX + 1])
{
	char again[PASSWORD_MAX + 1];
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
ask_quietly(int tty, const sigset_t *mask, char password[PASSWORD_MAX + 1])
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

/*
 * If standard input is a terminal, asks twice on /dev/tty, without echo.  Else
 * reads one line of standard input.  Returns 0, or an exit status with the
 * reason logged.
 */
static int
ask_password(char password[PASSWORD_MAX + 1])
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

/* Why no file can have PASSWORD or no client can send it; NULL if they can. */
static const char *
unfit(const struct account_scheme_name *s, const char *password)
{
	if (password[0] == '\0')
		return "an empty password is never accepted";
	if (strpbrk(password, "\r\n") != NULL)
		return "a password cannot contain a line end";
	if (s->scheme == ACCOUNT_PLAIN && strchr(password, ':') != NULL)
		return "a {PLAIN} password cannot contain a colon";
	return NULL;
}

static int
make_scram(const char *password, char secret[ACCOUNT_TEXT_MAX])
{
	struct scram_secret s = { .p = { .iterations = SCRAM_ITERATIONS_MIN,
				      .salt_len = SCRAM_SALT } };

	if (getrandom(s.p.salt, s.p.salt_len, 0) != (ssize_t)s.p.salt_len) {
		log_error_errno("no random numbers", NULL);
		return STATUS_TEMPORARY;
	}
	scram_secret_make(&s, password);
	scram_secret_format(&s, secret);
	explicit_bzero(&s, sizeof s);
	return 0;
}

static int
make_secret(const struct account_scheme_name *s, const char *password,
    char secret[ACCOUNT_TEXT_MAX])
{
	char setting[ACCOUNT_TEXT_MAX];
	struct log_record r;

	if (s->scheme == ACCOUNT_SCRAM)
		return make_scram(password, secret);
	if (s->scheme == ACCOUNT_PLAIN) {
		log_start(&r, LOG_LEVEL_WARNING,
		    "warning: whoever reads the file can read this password");
		log_end(&r);
		account_copy(
		    secret, ACCOUNT_TEXT_MAX, password, strlen(password));
		return 0;
	}
	if (crypthash_setting(setting, s->prefix) == -1) {
		log_error_errno(
		    "crypt(3) of this system cannot make hashes of", s->name);
		return STATUS_TEMPORARY;
	}
	if (!crypthash_make(password, setting, secret)) {
		log_error("crypt(3) failed for", s->name);
		return STATUS_TEMPORARY;
	}
	return 0;
}

static int
print(const struct account_scheme_name *s, const char *secret)
{
	if (!io_write(1, "{", 1) || !io_write(1, s->name, strlen(s->name)) ||
	    !io_write(1, "}", 1) || !io_write(1, secret, strlen(secret)) ||
	    !io_write(1, "\n", 1)) {
		log_error_errno("cannot write to standard output", NULL);
		return STATUS_TEMPORARY;
	}
	return 0;
}

int
hash_print(const char *scheme)
{
	const char *name = scheme == NULL ? crypthash_best_scheme : scheme;
	const struct account_scheme_name *s =
	    account_scheme_find(name, strlen(name));
	char password[PASSWORD_MAX + 1], secret[ACCOUNT_TEXT_MAX];
	const char *why;
	int status;

	if (s == NULL || !s->is_made) {
		log_error("unknown password scheme", scheme);
		return STATUS_MISUSED;
	}
	status = ask_password(password);
	if (status == 0 && (why = unfit(s, password)) != NULL) {
		log_error(why, NULL);
		status = STATUS_UNACCEPTABLE;
	}
	if (status == 0)
		status = make_secret(s, password, secret);
	if (status == 0)
		status = print(s, secret);
	explicit_bzero(password, sizeof password);
	explicit_bzero(secret, sizeof secret);
	return status;
}
