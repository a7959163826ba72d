/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * --check: looks at everything that a service with these options needs.
 * Runs as: whoever typed it, root in general.  Input: the command line.
 */
#include "config.h"

#include "monitor/check_service.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ipc/roles.h"
#include "lib/io.h"
#include "lib/log.h"
#include "lib/peer.h"
#include "monitor/cleartext.h"
#include "monitor/preflight.h"
#include "options.h"
#include "process/sandbox.h"
#include "process/sandbox_landlock.h"
#include "process/spawn.h"

static void
found(const char *text, const char *key, const char *value)
{
	struct log_record r;

	log_start(&r, LOG_LEVEL_INFO, text);
	log_text(&r, key, value, strlen(value));
	log_end(&r);
}

static bool
check_login(const struct options *o)
{
	struct log_record r;
	uid_t uid;
	gid_t gid;
	bool sound;

	if (geteuid() != 0) {
		log_start(&r, LOG_LEVEL_INFO,
		    "not started by root, all mail must belong to this user:");
		log_number(&r, "uid", geteuid());
		log_end(&r);
		return true;
	}
	sound = preflight_account(o->account, &uid, &gid);
	if (sound) {
		log_start(&r, LOG_LEVEL_INFO, "account of login:");
		log_text(&r, "user", o->account, strlen(o->account));
		log_number(&r, "uid", uid);
		log_number(&r, "gid", gid);
		log_end(&r);
	}
	if (!preflight_jail(o->jail))
		return false;
	found("directory that login is locked into:", "path", o->jail);
	return sound;
}

/* As execvp(3) looks for it.  Returns false when PATH has none. */
static bool
in_path(const char *program)
{
	const char *dir = getenv("PATH");
	size_t program_len = strlen(program);
	char path[PATH_MAX];

	while (dir != NULL && *dir != '\0') {
		size_t len = strcspn(dir, ":");

		if (len + program_len + 2 <= sizeof path) {
			memcpy(path, dir, len);
			path[len] = '/';
			memcpy(path + len + 1, program, program_len + 1);
			if (access(path, X_OK) == 0)
				return true;
		}
		dir += len + (dir[len] == ':');
	}
	errno = ENOENT;
	return false;
}

static bool
check_checker(const struct options *o)
{
	const char *program = o->checker != NULL
	    ? o->checker[0]
	    : spawn_sibling("popin-checkpassword");

	if (strchr(program, '/') != NULL ? access(program, X_OK) == -1
					 : !in_path(program)) {
		log_error_errno("cannot execute the checker", program);
		return false;
	}
	found("checker:", "program", program);
	if (o->passwd_file == NULL)
		return true;
	if (!preflight_passwd_file(o->passwd_file))
		return false;
	found("users and passwords:", "file", o->passwd_file);
	return true;
}

/* The kernel lets no user trace a process of a program that he cannot read. */
static void
check_mode(const char *path)
{
	struct log_record r;
	struct stat st;

	if (geteuid() != 0 || stat(path, &st) == -1 || !(st.st_mode & S_IROTH))
		return;
	log_start(&r, LOG_LEVEL_WARNING,
	    "users can trace sessions that start; run chmod 711:");
	log_text(&r, "program", path, strlen(path));
	log_end(&r);
}

/*
 * popin-import is needed for every maildrop that popin has not served before.
 */
static bool
check_import(const struct options *o)
{
	const char *program = spawn_sibling("popin-import");

	if (strcmp(o->uidl, "own") == 0 || strcmp(o->uidl, "qmail") == 0)
		return true;
	if (access(program, X_OK) == -1) {
		log_error_errno("cannot execute", program);
		return false;
	}
	check_mode(program);
	return true;
}

static bool
check_sandbox(void)
{
	long version = sandbox_landlock_version();
	struct log_record r;

	if (!sandbox_is_possible()) {
		log_error_errno(
		    "this kernel has no seccomp filters, so nobody can log in",
		    NULL);
		return false;
	}
	log_start(
	    &r, version > 0 ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING, "sandbox:");
	log_text(&r, "built-with", sandbox_kinds, strlen(sandbox_kinds));
	log_number(&r, "kernel-landlock", version > 0 ? (uint64_t)version : 0);
	log_end(&r);
	return true;
}

/*
 * Descriptor 2 of this run is not the one of a service, so both cases are
 * reported.
 */
static bool
check_log(const struct options *o)
{
	bool syslog = access("/dev/log", W_OK) == 0;

	if (o->log == LOG_CHOICE_STDERR)
		found("log:", "to", "standard error, nowhere if the client is");
	else if (o->log == LOG_CHOICE_SYSLOG && syslog)
		found("log:", "to", "/dev/log");
	else if (o->log == LOG_CHOICE_SYSLOG)
		log_error_errno(
		    "no log: --log syslog was given, but there is no",
		    "/dev/log");
	else if (syslog)
		found("log:", "to",
		    "standard error; /dev/log if that is the client (inetd)");
	else {
		struct log_record r;

		log_start(&r, LOG_LEVEL_WARNING, "log:");
		log_text(&r, "to", "standard error", 14);
		log_word(&r, "under-inetd", "nowhere");
		log_text(&r, "missing", "/dev/log", 8);
		log_end(&r);
	}
	return syslog || o->log != LOG_CHOICE_SYSLOG;
}

static void
check_policy(const struct options *o)
{
	const char *tls = o->stls != STARTTLS_NONE ? "on-request" : "no";
	struct log_record r;
	struct peer peer;

	if (o->tls)
		tls = "always";
	log_start(&r, LOG_LEVEL_INFO, "passwords without TLS:");
	log_text(&r, "allowed", o->cleartext, strlen(o->cleartext));
	if (o->check_from != NULL && peer_parse(&peer, o->check_from)) {
		log_word(&r, "from", peer.ip);
		log_word(&r, "may",
		    o->tls || cleartext_allowed(o->cleartext, &peer) ? "yes"
								     : "no");
	}
	log_word(&r, "tls", tls);
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
 * root's terminal, so only text passes.
 */
static void
pass_on(int fd)
{
	char buf[1024];
	ssize_t got;

	while ((got = read(fd, buf, sizeof buf)) != 0) {
		if (got == -1 && errno == EINTR)
			continue;
		if (got == -1)
			break;
		for (ssize_t i = 0; i < got; i++)
			if ((buf[i] < ' ' || buf[i] > '~') && buf[i] != '\n')
				buf[i] = '?';
		(void)io_write(STDOUT_FILENO, buf, (size_t)got);
	}
	(void)close(fd);
}

/* Only our own checker can look a user up without a password. */
static int
check_user(const struct options *o)
{
	int out[2], status;
	pid_t pid;

	if (o->checker != NULL) {
		struct log_record r;

		log_start(&r, LOG_LEVEL_ERROR,
		    "--check-user needs popin-checkpassword; run popin -R "
		    "session --check as the user:");
		log_text(&r, "checker", o->checker[0], strlen(o->checker[0]));
		log_end(&r);
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
	pass_on(out[0]);
	if (!spawn_wait(pid, &status) || !WIFEXITED(status))
		return EXIT_SYSTEM;
	/* the checker's other statuses are those of checkpassword */
	return WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == EXIT_TEMPORARY
	    ? WEXITSTATUS(status)
	    : EXIT_CONFIGURATION;
}

int
check_service_run(struct options *o)
{
	int status = EXIT_FINE;

	(void)dup2(STDOUT_FILENO, STDERR_FILENO);
	o->log_style = LOG_STYLE_REPORT;
	log_open(o->log_style, "popin");
	if (!check_login(o))
		status = EXIT_CONFIGURATION;
	if (!check_checker(o))
		status = EXIT_CONFIGURATION;
	check_mode(spawn_path());
	if (!check_import(o))
		status = EXIT_CONFIGURATION;
	if (!check_sandbox())
		status = EXIT_CONFIGURATION;
	if (!check_log(o))
		status = EXIT_CONFIGURATION;
	check_policy(o);
	if (o->check_from != NULL)
		(void)setenv("TCPREMOTEIP", o->check_from, 1);
	if (status == EXIT_FINE && o->check_user != NULL)
		status = check_user(o);
	return status == EXIT_FINE && log_has_failed() ? EXIT_CONFIGURATION
						       : status;
}
