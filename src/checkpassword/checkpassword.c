/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * popin-checkpassword: a checkpassword program for the accounts of the system
 * and for those of a passwd-file.
 *
 *	find the account     system.c, passwdfile.c, with account_file.c
 *	verify the secret    method.c, verify.c, crypthash.c, scram_secret.c
 *	become the user      become.c
 *	--hash               hash.c
 *	--as                 an administrator's look at an account
 *
 * Runs as: root, or the one user that owns all the mail.
 * Input: a user name and a password on descriptor 3, from anyone.
 */
#include "config.h"

#include <sys/prctl.h>
#include <sys/resource.h>

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "checkpassword/account.h"
#include "checkpassword/become.h"
#include "checkpassword/hash.h"
#include "checkpassword/method.h"
#include "checkpassword/passwdfile.h"
#include "checkpassword/scram_secret.h"
#include "checkpassword/system.h"
#include "checkpassword/verify.h"
#include "lib/io.h"
#include "lib/log.h"

enum { HANDOFF_FD = 4 };

static const char usage[] =
    "usage: popin-checkpassword [options] PROGRAM [ARGUMENT...]\n"
    "       popin-checkpassword --hash [SCHEME]\n"
    "\n"
    "  -f, --passwd-file FILE     users and passwords in FILE, not the system's\n"
    "  --lower-case               capitals in names do not matter\n"
    "  --groups                   also take the groups of the account\n"
    "  --valid-shells             refuse accounts without a shell to log in\n"
    "  --as USER                  become USER without a password\n"
    "  --hash [SCHEME]            ask for a password, print its secret\n"
    "  --log STYLE                stderr (default), journal or syslog\n"
    "  --method METHOD            for popin: what is read instead of a password\n"
    "  --cleartext                for popin: the password came without TLS\n"
    "  --help\n"
    "\n"
    "See popin-checkpassword(8).\n";

struct options {
	const char *file;		      /* NULL: accounts of the system */
	int valid_shells, groups, lower_case; /* as the manual has them */
	int cleartext; /* the password came in the clear, against the policy */
	bool hash;
	const char *scheme;
	char *as; /* become this user without a password */
	enum method method;
	char **prog;
};

static int
misused(const char *text, const char *what)
{
	log_error(text, what);
	return STATUS_MISUSED;
}

/* What getopt_long(3) leaves is PROG, or the scheme behind --hash. */
static int
check_options(struct options *o, int argc, char **argv)
{
	o->prog = argv + optind;
	argc -= optind;
	if (o->hash) {
		if (o->scheme == NULL && argc == 1)
			o->scheme = o->prog[0];
		else if (argc > 0)
			return misused("--hash takes one scheme", NULL);
		if (o->file != NULL || o->valid_shells || o->groups ||
		    o->lower_case)
			return misused(
			    "--hash cannot be combined with other options",
			    NULL);
		return 0;
	}
	if (o->file != NULL && o->valid_shells)
		return misused("--valid-shells cannot be combined with", "-f");
	if (o->file != NULL && o->groups)
		return misused("--groups cannot be combined with", "-f");
	if (argc == 0)
		return misused("usage: popin-checkpassword [options] program"
			       " [argument ...], see --help",
		    NULL);
	return 0;
}

static int
parse_options(struct options *o, int argc, char **argv)
{
	const struct option longopts[] = {
		{ "as", required_argument, NULL, 'A' },
		{ "cleartext", no_argument, &o->cleartext, true },
		{ "groups", no_argument, &o->groups, true },
		{ "hash", optional_argument, NULL, 'H' },
		{ "help", no_argument, NULL, 'h' },
		{ "log", required_argument, NULL, 'L' },
		{ "lower-case", no_argument, &o->lower_case, true },
		{ "method", required_argument, NULL, 'M' },
		{ "passwd-file", required_argument, NULL, 'f' },
		{ "valid-shells", no_argument, &o->valid_shells, true },
		{ NULL, 0, NULL, 0 },
	};
	enum log_style style;
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, "+f:", longopts, NULL)) != -1) {
		switch (c) {
		case 0: /* it is set */
			break;
		case 'A':
			o->as = optarg;
			break;
		case 'H':
			o->hash = true;
			o->scheme = optarg;
			break;
		case 'h':
			exit(io_write(STDOUT_FILENO, usage, sizeof usage - 1)
				? 0
				: STATUS_TEMPORARY);
		case 'L':
			if (!log_style_find(optarg, &style))
				return misused("unknown log style", optarg);
			log_open(style, "popin-checkpassword");
			break;
		case 'M':
			if (!method_find(optarg, &o->method))
				return misused("unknown method", optarg);
			break;
		case 'f':
			o->file = optarg;
			break;
		default:
			return misused("unknown option or missing value",
			    argv[optind - 1]);
		}
	}
	return check_options(o, argc, argv);
}

/* The password must end up in no core file and in no debugger. */
static int
hide_memory(void)
{
	static const struct rlimit none = { 0, 0 };

	if (setrlimit(RLIMIT_CORE, &none) == -1)
		return -1;
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

static int
report_fault(const struct account *a)
{
	struct log_record r;

	log_start(&r, LOG_LEVEL_ERROR, a->fault);
	log_text(&r, "user", a->name, strlen(a->name));
	if (a->file != NULL) {
		log_text(&r, "file", a->file, strlen(a->file));
		log_number(&r, "line", a->line);
	}
	log_end(&r);
	return STATUS_TEMPORARY;
}

/* The password was right, so its owner may be told about the refusal. */
static int
report_refusal(const struct account *a)
{
	const char *address = getenv("TCPREMOTEIP");
	struct log_record r;

	if (a->refusal == NULL)
		return STATUS_UNACCEPTABLE;
	log_start(&r, LOG_LEVEL_NOTICE, "correct password, but login refused:");
	if (address != NULL)
		log_text(&r, "from", address, strlen(address));
	log_text(&r, "user", a->name, strlen(a->name));
	log_word(&r, "reason", a->refusal);
	log_end(&r);
	return STATUS_UNACCEPTABLE;
}

/*
 * A password that came in the clear against the policy is compared only if the
 * account says cleartext=ok.  Every other account becomes an unknown one, so
 * that its answer is the same, after the same work, with the same line.
 */
static void
require_cleartext_ok(struct account *a, const char *name)
{
	struct log_record r;

	if (a->cleartext)
		return;
	account_forget(a);
	log_start(&r, LOG_LEVEL_NOTICE, "no cleartext=ok, password ignored:");
	log_text(&r, "user", name, strlen(name));
	log_end(&r);
}

/* NAME becomes what is looked up.  A has the account's own spelling. */
static int
find(struct account *a, const struct options *o, char *name)
{
	if (o->lower_case)
		account_lower(name);
	if (!account_name_ok(name, o->file != NULL))
		name = NULL;
	if (o->file != NULL)
		return passwdfile_find(
		    a, name, o->lower_case, o->file, getenv("TCPREMOTEIP"));
	return system_find(a, name, o->valid_shells);
}

/* On descriptor 4, to the monitor of popin(8). */
static int
answer(const void *p, size_t len)
{
	if (io_write(HANDOFF_FD, p, len))
		return 0;
	log_error_errno("cannot answer on descriptor 4", NULL);
	return STATUS_TEMPORARY;
}

static int
lookup(const struct account *a, const struct credentials *c)
{
	struct scram_parameters p;

	if (!scram_secret_lookup(a, c->name, &p))
		return STATUS_TEMPORARY;
	return answer(&p, sizeof p);
}

/*
 * Everything is looked up and computed before anything is decided, so that the
 * time does not tell what was decided.  A fault of the account is logged only
 * after the right password.  One that leaves no secret to compare is always
 * logged.
 */
static int
decide(const struct account *a, enum method method, const struct credentials *c)
{
	unsigned char signature[SCRAM_KEY];
	enum verify_result result;
	int status = 0;

	result = verify(method, a, c, signature);
	if (result == VERIFY_CANNOT || a->scheme == ACCOUNT_UNKNOWN)
		return report_fault(a);
	if (result == VERIFY_FAILED)
		return STATUS_TEMPORARY;
	if (result == VERIFY_WRONG)
		return STATUS_UNACCEPTABLE;
	if (!a->usable)
		return report_refusal(a);
	if (c->field[CREDENTIAL_SECRET][0] == '\0' ||
	    strpbrk(c->field[CREDENTIAL_SECRET], "\r\n") != NULL)
		return STATUS_UNACCEPTABLE;
	if (a->fault != NULL)
		return report_fault(a);
	if (method == METHOD_SCRAM_VERIFY)
		status = answer(signature, sizeof signature);
	explicit_bzero(signature, sizeof signature);
	return status;
}

/* Returns an exit status, or 0 to become the user. */
static int
authenticate(struct account *a, const struct options *o, struct credentials *c)
{
	int status = method_read(o->method, c);

	if (status != 0)
		return status;
	if (find(a, o, c->name) == -1)
		return STATUS_TEMPORARY;
	if (o->method == METHOD_SCRAM_LOOKUP)
		return lookup(a, c);
	if (o->cleartext)
		require_cleartext_ok(a, c->field[CREDENTIAL_NAME]);
	status = decide(a, o->method, c);
	if (status == STATUS_UNACCEPTABLE && a->system &&
	    system_equalize_time(a) == -1)
		return STATUS_TEMPORARY;
	return status;
}

/* NAME, which was asked for without a password, is unknown or refused. */
static int
report_unusable(const struct account *a, const char *name)
{
	const char *reason = a->refusal != NULL ? a->refusal : "locked";
	struct log_record r;

	if (!a->found && a->line == 0) {
		log_error("no such user", name);
		return STATUS_UNACCEPTABLE;
	}
	log_start(&r, LOG_LEVEL_ERROR, "this user may not log in:");
	log_text(&r, "user", name, strlen(name));
	log_word(&r, "reason", reason);
	log_end(&r);
	return STATUS_UNACCEPTABLE;
}

/*
 * For --as: no password is asked for.  That is no new right: root can become
 * this user without us, and without root we stay the user that started us.
 * Returns as authenticate() does.
 */
static int
impersonate(struct account *a, const struct options *o)
{
	if (find(a, o, o->as) == -1)
		return STATUS_TEMPORARY;
	if (a->fault != NULL)
		return report_fault(a);
	if (!a->usable) {
		if (a->system && system_equalize_time(a) == -1)
			return STATUS_TEMPORARY;
		return report_unusable(a, o->as);
	}
	return 0;
}

int
main(int argc, char **argv)
{
	static struct options options;
	static struct credentials credentials;
	static struct account account;
	int status;

	log_open(LOG_STYLE_STDERR, "popin-checkpassword");
	if (hide_memory() == -1) {
		log_error_errno("cannot turn core dumps off", NULL);
		return STATUS_TEMPORARY;
	}
	status = parse_options(&options, argc, argv);
	if (status != 0)
		return status;
	if (options.hash)
		return hash_print(options.scheme);
	status = options.as != NULL
	    ? impersonate(&account, &options)
	    : authenticate(&account, &options, &credentials);
	explicit_bzero(&credentials, sizeof credentials);
	account_wipe(&account);
	if (status != 0 || options.method == METHOD_SCRAM_LOOKUP)
		return status;
	become_and_exec(&account, options.groups, options.prog);
	return STATUS_TEMPORARY;
}
