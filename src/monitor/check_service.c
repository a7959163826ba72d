/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * --check: checks everything that a service with these options needs.
 * Runs as: whoever typed it, root in general.  Input: the command line.
 */
#include "config.h"

#include "monitor/check_service.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ipc/roles.h"
#include "lib/io.h"
#include "lib/log.h"
#include "lib/peer.h"
#include "monitor/attempts.h"
#include "monitor/preflight.h"
#include "options.h"
#include "process/sandbox.h"
#include "process/sandbox_landlock.h"
#include "process/spawn.h"

static void
report(
    enum log_level level, const char *text, const char *key, const char *value)
{
	struct log_record r;

	log_start(&r, level, text);
	log_text(&r, key, value, strlen(value));
	log_end(&r);
}

static void
check_login(const struct options *o)
{
	struct log_record r;
	uid_t uid;
	gid_t gid;

	if (geteuid() != 0) {
		log_start(&r, LOG_LEVEL_INFO,
		    "not started by root, all mail must belong to this user:");
		log_number(&r, "uid", geteuid());
		log_end(&r);
		return;
	}
	if (preflight_account(o->account, &uid, &gid)) {
		log_start(&r, LOG_LEVEL_INFO, "account of login:");
		log_text(&r, "user", o->account, strlen(o->account));
		log_number(&r, "uid", uid);
		log_number(&r, "gid", gid);
		log_end(&r);
	}
	if (preflight_jail(o->jail))
		report(LOG_LEVEL_INFO,
		    "directory that login is locked into:", "path", o->jail);
}

/* Can it be executed?  A name without a slash is looked for in PATH. */
static bool
is_program(const char *name)
{
	const char *dir = getenv("PATH");
	char path[PATH_MAX];

	if (strchr(name, '/') != NULL)
		return access(name, X_OK) == 0;
	while (dir != NULL && *dir != '\0') {
		int len = (int)strcspn(dir, ":");

		if (snprintf(path, sizeof path, "%.*s/%s", len, dir, name) <
			(int)sizeof path &&
		    access(path, X_OK) == 0)
			return true;
		dir += len + (dir[len] == ':');
	}
	errno = ENOENT;
	return false;
}

static void
check_checker(const struct options *o)
{
	const char *program = o->checker != NULL
	    ? o->checker[0]
	    : spawn_sibling("popin-checkpassword");

	if (!is_program(program)) {
		log_error_errno("cannot execute the checker", program);
		return;
	}
	report(LOG_LEVEL_INFO, "checker:", "program", program);
	if (o->passwd_file != NULL && preflight_passwd_file(o->passwd_file))
		report(LOG_LEVEL_INFO, "users and passwords:", "file",
		    o->passwd_file);
}

/* Users can trace their own processes of a program that they can read. */
static void
check_mode(const char *path)
{
	struct stat st;

	if (geteuid() == 0 && stat(path, &st) == 0 && (st.st_mode & S_IROTH))
		report(LOG_LEVEL_WARNING,
		    "users can trace sessions that start; run chmod 711:",
		    "program", path);
}

/* Each maildrop that popin has not served before needs popin-import. */
static void
check_import(const struct options *o)
{
	const char *program = spawn_sibling("popin-import");

	if (strcmp(o->uidl, "own") == 0 || strcmp(o->uidl, "qmail") == 0)
		return;
	if (is_program(program))
		check_mode(program);
	else
		log_error_errno("cannot execute", program);
}

static void
check_sandbox(void)
{
	long version = sandbox_landlock_version();
	struct log_record r;

	if (!sandbox_is_possible()) {
		log_error_errno(
		    "this kernel has no seccomp filters, so nobody can log in",
		    NULL);
		return;
	}
	log_start(
	    &r, version > 0 ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING, "sandbox:");
	log_text(&r, "built-with", sandbox_kinds, strlen(sandbox_kinds));
	log_number(&r, "kernel-landlock", version > 0 ? (uint64_t)version : 0);
	log_end(&r);
}

/*
 * Descriptor 2 is not the one that the service will have, so both cases are
 * reported.
 */
static void
check_log(const struct options *o)
{
	bool syslog = access("/dev/log", W_OK) == 0;
	struct log_record r;

	if (o->log == LOG_CHOICE_STDERR) {
		report(LOG_LEVEL_INFO, "log:", "to",
		    "standard error, nowhere if the client is");
	} else if (o->log == LOG_CHOICE_SYSLOG && syslog) {
		report(LOG_LEVEL_INFO, "log:", "to", "/dev/log");
	} else if (o->log == LOG_CHOICE_SYSLOG) {
		log_error_errno(
		    "no log: --log syslog was given, but there is no",
		    "/dev/log");
	} else if (syslog) {
		report(LOG_LEVEL_INFO, "log:", "to",
		    "standard error; /dev/log if that is the client (inetd)");
	} else {
		log_start(&r, LOG_LEVEL_WARNING, "log:");
		log_text(&r, "to", "standard error", 14);
		log_word(&r, "under-inetd", "nowhere");
		log_text(&r, "missing", "/dev/log", 8);
		log_end(&r);
	}
}

static void
check_policy(const struct options *o)
{
	const char *tls = o->stls != STARTTLS_NONE ? "on-request" : "no";
	struct log_record r;
	struct peer peer;

	log_start(&r, LOG_LEVEL_INFO, "passwords without TLS:");
	log_text(&r, "allowed", o->cleartext, strlen(o->cleartext));
	if (o->check_from != NULL && peer_parse(&peer, o->check_from)) {
		log_word(&r, "from", peer.ip);
		log_word(&r, "may",
		    o->tls || attempts_cleartext_allowed(o->cleartext, &peer)
			? "yes"
			: "no");
	}
	log_word(&r, "tls", o->tls ? "always" : tls);
	log_end(&r);
}

static pid_t
start_as_user(const struct options *o, int out)
{
	struct spawn s = {
		.keeps_environment = true, .fd3 = -1, .fd4 = -1, .out = out
	};

	spawn_add_checker(&s, o);
	spawn_add(&s, "--as");
	spawn_add(&s, o->check_user);
	spawn_add_role(&s, spawn_path(), "session", o);
	spawn_add(&s, "--check");
	return spawn_start(&s);
}

/*
 * Copies the report of the user's process to standard output.  That may be
 * root's terminal, so only text passes.  False with errno if some is lost.
 */
static bool
pass_on(int fd)
{
	char buf[1024];
	ssize_t got;

	while ((got = read(fd, buf, sizeof buf)) != 0) {
		if (got == -1 && errno == EINTR)
			continue;
		for (ssize_t i = 0; i < got; i++)
			if ((buf[i] < ' ' || buf[i] > '~') && buf[i] != '\n')
				buf[i] = '?';
		if (got == -1 || !io_write(STDOUT_FILENO, buf, (size_t)got))
			return false;
	}
	return true;
}

/* Our own checker is the only one that becomes a user without a password. */
static int
check_user(const struct options *o)
{
	int out[2], status;
	pid_t pid;

	if (o->checker != NULL) {
		report(LOG_LEVEL_ERROR,
		    "--check-user needs popin-checkpassword; run popin -R "
		    "session --check as the user:",
		    "checker", o->checker[0]);
		return EXIT_CONFIGURATION;
	}
	if (pipe2(out, O_CLOEXEC) == -1) {
		log_error_errno("cannot make a pipe", NULL);
		return EXIT_SYSTEM;
	}
	pid = start_as_user(o, out[1]);
	(void)close(out[1]);
	if (pid == -1) {
		log_error_errno("cannot start popin-checkpassword", NULL);
		return EXIT_SYSTEM;
	}
	if (!pass_on(out[0]))
		log_error_errno("cannot pass on the user's report", NULL);
	(void)close(out[0]);
	if (!spawn_wait(pid, &status) || !WIFEXITED(status) || log_has_failed())
		return EXIT_SYSTEM;
	/* The checker's other statuses are those of checkpassword. */
	return WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == EXIT_TEMPORARY
	    ? WEXITSTATUS(status)
	    : EXIT_CONFIGURATION;
}

int
check_service_run(struct options *o)
{
	(void)dup2(STDOUT_FILENO, STDERR_FILENO);
	o->log_style = LOG_STYLE_REPORT;
	log_open(o->log_style, "popin");
	check_login(o);
	check_checker(o);
	check_mode(spawn_path());
	check_import(o);
	check_sandbox();
	check_log(o);
	check_policy(o);
	if (log_has_failed())
		return EXIT_CONFIGURATION;
	if (o->check_from != NULL)
		(void)setenv("TCPREMOTEIP", o->check_from, 1);
	return o->check_user != NULL ? check_user(o) : EXIT_FINE;
}
