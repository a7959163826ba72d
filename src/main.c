/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * popin: one POP3 session on the standard descriptors.
 *
 * Reads the options, makes the inherited descriptors fit for use, picks the
 * role.
 * Runs as: root.  Input: the command line, inherited descriptors.
 */
#include "config.h"

#include <sys/stat.h>

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "ipc/roles.h"
#include "lib/io.h"
#include "lib/log.h"
#include "login/login.h"
#include "monitor/check_service.h"
#include "monitor/monitor.h"
#include "monitor/starttls.h"
#include "options.h"
#include "pop3/command.h"
#include "pop3/netio.h"
#include "process/process.h"
#include "process/sandbox.h"
#include "process/spawn.h"
#include "process/stdfds.h"
#include "session/check_maildrop.h"
#include "session/session.h"

/* Tells the client that popin cannot serve, where login does not run yet. */
static int
refuse(int status)
{
	static char in[NETIO_READ_MAX], out[NETIO_READ_MAX];
	struct netio net;

	netio_catch_signals();
	netio_open(&net, in, sizeof in, out, sizeof out, false);
	if (status == EXIT_SYSTEM)
		reply_err(&net, RESPONSE_SYS_TEMP, "try again later");
	else
		reply_err(&net, RESPONSE_SYS_PERM, "the server is not set up");
	(void)netio_flush(&net);
	return status;
}

static int
print(const char *text)
{
	return io_write(STDOUT_FILENO, text, strlen(text)) ? EXIT_FINE
							   : EXIT_SYSTEM;
}

static int
print_version(void)
{
	int status = print("popin " PACKAGE_VERSION ", sandbox: ");

	if (status == EXIT_FINE)
		status = print(sandbox_kinds);
	return status == EXIT_FINE ? print("\n") : status;
}

static int
run_monitor(struct options *o)
{
	int status;

	starttls_claim(o);
	status = monitor_start(o);
	return status == EXIT_FINE ? monitor_run(o) : refuse(status);
}

/*
 * For a session behind somebody else's checker.  If the client is a terminal,
 * that terminal is the user's own.
 */
static bool
leave_terminal(struct options *o)
{
	if (isatty(STDIN_FILENO))
		return true;
	process_leave_terminal();
	if (!stdfds_leave_terminal(o->log, &o->log_style))
		return false;
	log_open(o->log_style, "popin");
	return true;
}

static int
run_session(struct options *o)
{
	if (!o->handoff && !leave_terminal(o))
		return refuse(EXIT_SYSTEM);
	if (o->handoff)
		(void)close(FD_CREDENTIALS); /* if the checker did not */
	stdfds_close_from(o->handoff ? FD_HANDOFF + 1 : FD_LOG + 1);
	return session_run(o);
}

int
main(int argc, char **argv)
{
	enum options_result result;
	const char *error, *what;
	struct options o;
	bool client = stdfds_have_client();

	process_clear_inherited();
	(void)umask(077);
	result = options_parse(&o, argc, argv, &error, &what);
	if (!client && !o.check)
		return EXIT_FINE;
	if (!client && !stdfds_fill())
		return EXIT_SYSTEM;
	if (result == OPTIONS_HELP)
		return print(options_usage);
	if (result == OPTIONS_VERSION)
		return print_version();
	/* If descriptor 2 stayed closed, another file would get the log. */
	if (o.log != LOG_CHOICE_TOLD && !stdfds_open_log(o.log, &o.log_style))
		return refuse(EXIT_SYSTEM);
	log_open(o.log_style, "popin");
	if (result == OPTIONS_WRONG) {
		log_error(error, what);
		return refuse(EXIT_WRONG_OPTIONS);
	}
	if (o.check)
		return o.role == ROLE_SESSION ? check_maildrop_run(&o)
					      : check_service_run(&o);
	switch (o.role) {
	case ROLE_LOGIN:
		process_name("popin-login");
		return login_run(&o);
	case ROLE_SESSION:
		process_name("popin-session");
		return run_session(&o);
	default:
		return run_monitor(&o);
	}
}
