/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The command line.
 * Runs as: every role, root included.  Input: words an administrator wrote.
 */
#include "config.h"

#include "options.h"

#include <string.h>

#include "ipc/offers.h"
#include "lib/number.h"
#include "lib/peer.h"
#include "maildrop/maildrop.h"
#include "mbox/mboxlock.h"
#include "monitor/policy.h"
#include "session/maildrop_spec.h"

enum {
	IDLE_MIN = 600,	   /* RFC 1939, section 3 */
	TAKEOVER_MIN = 10, /* a client may think for so long */
	FOLDER_MAX = 64,
	SECONDS_MAX = 24 * 3600
};

const char options_usage[] =
    "usage: popin [options] [--checker PROGRAM [ARGUMENT...]]\n"
    "       popin -R session [options]\n"
    "\n"
    "  -m, --maildrop KIND:PATH   where the mail is (%u %n %d %h, ~/)\n"
    "  -P, --passwd-file FILE     users and passwords in FILE\n"
    "  --lower-case               capitals in names do not matter\n"
    "  --checker PROGRAM ...      ask this checkpassword program; last option\n"
    "  -R, --role session         the user is logged in already\n"
    "  --trash[=FOLDER]           what is deleted goes there (Trash)\n"
    "  --idle SECONDS             autologout (600)\n"
    "  --takeover SECONDS         of silence, and another login takes over (30)\n"
    "  --login-timeout SECONDS    until a user is logged in (180)\n"
    "  --checker-timeout SECONDS  for one answer of the checker (30)\n"
    "  --delay SECONDS            after a failed login (2)\n"
    "  --max-messages NUMBER      in one maildrop (1000000)\n"
    "  --mbox-locks LIST          fcntl, dotlock or (default) fcntl,dotlock\n"
    "  --uidl SCHEME              go on with the unique-ids of auto (default), own,\n"
    "                             qmail, courier, dovecot, dovecot-upper, solid,\n"
    "                             tpop3d, popa3d, uw or x-uidl\n"
    "  --cleartext local|never|always|NET,...\n"
    "                             who may log in without TLS (local)\n"
    "  --tls                      the connection is under TLS already\n"
    "  --stls ucspi|tlswrapper|tlswrapper-new\n"
    "                             who starts TLS when the client asks\n"
    "  --proxy, --proxy=tls       a PROXY header comes first\n"
    "  --apop                     offer APOP\n"
    "  --cram-md5                 offer the SASL mechanism CRAM-MD5\n"
    "  --user NAME|UID:GID        unprivileged account (" POPIN_ACCOUNT ")\n"
    "  --jail DIR                 empty directory (" POPIN_JAIL ")\n"
    "  --log auto|stderr|syslog   where the log goes (auto)\n"
    "  --check                    tell whether everything is as it has to be\n"
    "  --check-user NAME          ... and the maildrop of this user, as root\n"
    "  --check-from ADDRESS       ... and who may log in from there\n"
    "  --testing                  allow limits that break the standard\n"
    "  --version, --help\n"
    "\n"
    "See popin(8).\n";

struct parse {
	struct options *o;
	const char *error;
};

static void
wrong(struct parse *p, const char *error)
{
	p->error = error;
}

static void
seconds(struct parse *p, const char *value, unsigned min, unsigned *out)
{
	uint64_t n;

	if (!number_parse(value, strlen(value), SECONDS_MAX, &n) || n < min)
		wrong(p, "not a sensible number of seconds:");
	else
		*out = (unsigned)n;
}

static const char *
skip(const char *text, const char *beginning)
{
	size_t len = strlen(beginning);

	return strncmp(text, beginning, len) == 0 ? text + len : text;
}

/* What a session will make of it; said here, before somebody logs in. */
static bool
is_full_path(const char *path)
{
	return path[0] == '/' || skip(path, "~/") != path ||
	    skip(path, "%h") != path;
}

static void
set_maildrop(struct parse *p, const char *value)
{
	if (!is_full_path(skip(value, MAILDROP_SPEC_MAILDIR)) &&
	    !is_full_path(skip(value, MAILDROP_SPEC_MBOX)))
		wrong(p, "not maildir:PATH, mbox:PATH or PATH, a full one:");
	p->o->maildrop = value;
}

static void
set_passwd_file(struct parse *p, const char *value)
{
	p->o->passwd_file = value;
}

static void
set_lower_case(struct parse *p, const char *value)
{
	(void)value;
	p->o->lower_case = true;
}

static void
set_role(struct parse *p, const char *value)
{
	if (strcmp(value, "session") == 0)
		p->o->role = ROLE_SESSION;
	else if (strcmp(value, "login") == 0)
		p->o->role = ROLE_LOGIN;
	else
		wrong(p, "unknown role:");
}

/* One name beneath the maildrop or the home. */
static bool
is_folder(const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || len > FOLDER_MAX || name[0] == '.')
		return false;
	for (size_t i = 0; i < len; i++)
		if (name[i] <= ' ' || name[i] >= 0x7f || name[i] == '/')
			return false;
	return true;
}

static void
set_trash(struct parse *p, const char *value)
{
	p->o->trash = value != NULL ? value : "Trash";
	if (!is_folder(p->o->trash))
		wrong(p, "not the name of a folder:");
}

static void
set_idle(struct parse *p, const char *value)
{
	seconds(p, value, 1, &p->o->idle);
}

static void
set_takeover(struct parse *p, const char *value)
{
	seconds(p, value, 0, &p->o->takeover);
}

static void
set_login_timeout(struct parse *p, const char *value)
{
	seconds(p, value, 1, &p->o->login_timeout);
}

static void
set_checker_timeout(struct parse *p, const char *value)
{
	seconds(p, value, 1, &p->o->checker_timeout);
}

static void
set_delay(struct parse *p, const char *value)
{
	seconds(p, value, 0, &p->o->delay);
}

static void
set_max_messages(struct parse *p, const char *value)
{
	uint64_t n;

	if (!number_parse(value, strlen(value), MAILDROP_MAX_MESSAGES, &n) ||
	    n == 0)
		wrong(p, "not a number from 1 to 1000000:");
	else
		p->o->max_messages = (size_t)n;
}

static void
set_mbox_locks(struct parse *p, const char *value)
{
	if (strcmp(value, "fcntl") == 0)
		p->o->mbox_locks = MBOXLOCK_FCNTL;
	else if (strcmp(value, "dotlock") == 0)
		p->o->mbox_locks = MBOXLOCK_DOTLOCK;
	else if (strcmp(value, "fcntl,dotlock") == 0)
		p->o->mbox_locks = MBOXLOCK_FCNTL | MBOXLOCK_DOTLOCK;
	else
		wrong(p, "locks can be fcntl, dotlock or fcntl,dotlock, not");
}

static void
set_uidl(struct parse *p, const char *value)
{
	if (!uidl_parse(value, &p->o->uidl))
		wrong(p, "unknown scheme of unique-ids:");
}

static void
set_account(struct parse *p, const char *value)
{
	p->o->account = value;
}

static void
set_cleartext(struct parse *p, const char *value)
{
	if (!policy_valid(value))
		wrong(p, "not local, never, always or a list of networks:");
	p->o->cleartext = value;
}

static void
set_tls(struct parse *p, const char *value)
{
	(void)value;
	p->o->tls = true;
}

static void
set_stls(struct parse *p, const char *value)
{
	if (!starttls_parse(value, &p->o->stls))
		wrong(p, "not ucspi, tlswrapper or tlswrapper-new:");
}

static void
set_proxy(struct parse *p, const char *value)
{
	(void)value;
	p->o->proxy = true;
}

static void
set_proxy_tls(struct parse *p, const char *value)
{
	(void)value;
	p->o->proxy = true;
	p->o->proxy_tls = true;
}

static void
set_after_stls(struct parse *p, const char *value)
{
	(void)value;
	p->o->after_stls = true;
}

static void
set_apop(struct parse *p, const char *value)
{
	(void)value;
	p->o->apop = true;
}

static void
set_cram_md5(struct parse *p, const char *value)
{
	(void)value;
	p->o->cram_md5 = true;
}

static void
set_jail(struct parse *p, const char *value)
{
	if (value[0] != '/')
		wrong(p, "the jail must be an absolute path:");
	p->o->jail = value;
}

static void
set_log(struct parse *p, const char *value)
{
	if (strcmp(value, "auto") == 0)
		p->o->log = LOG_CHOICE_AUTO;
	else if (strcmp(value, "stderr") == 0)
		p->o->log = LOG_CHOICE_STDERR;
	else if (strcmp(value, "syslog") == 0)
		p->o->log = LOG_CHOICE_SYSLOG;
	else
		wrong(p, "the log can be auto, stderr or syslog, not");
}

/* What the first process tells its children. */
static void
set_log_as(struct parse *p, const char *value)
{
	p->o->log = LOG_CHOICE_TOLD;
	if (strcmp(value, "stderr") == 0)
		p->o->log_style = LOG_STYLE_STDERR;
	else if (strcmp(value, "journal") == 0)
		p->o->log_style = LOG_STYLE_JOURNAL;
	else if (strcmp(value, "syslog") == 0)
		p->o->log_style = LOG_STYLE_SYSLOG;
	else if (strcmp(value, "report") == 0)
		p->o->log_style = LOG_STYLE_REPORT;
	else
		wrong(p, "unknown style of log:");
}

static void
set_testing(struct parse *p, const char *value)
{
	(void)value;
	p->o->testing = true;
}

static void
set_check(struct parse *p, const char *value)
{
	(void)value;
	p->o->check = true;
}

static void
set_check_user(struct parse *p, const char *value)
{
	p->o->check = true;
	p->o->check_user = value;
}

static void
set_check_from(struct parse *p, const char *value)
{
	struct peer peer;

	if (!peer_parse(&peer, value))
		wrong(p, "not an address:");
	p->o->check = true;
	p->o->check_from = value;
}

static void
set_handoff(struct parse *p, const char *value)
{
	(void)value;
	p->o->handoff = true;
}

/* What the monitor tells the session. */
static void
set_offers(struct parse *p, const char *value)
{
	uint64_t n;

	if (!number_parse(value, strlen(value), OFFERS_MAX, &n))
		wrong(p, "unknown offers:");
	else
		p->o->offers = (unsigned)n;
}

enum { OPTIONAL = 2 }; /* a value behind a =, or none */

static const struct option_row {
	char letter; /* or 0 */
	const char *name;
	int has_value; /* true, false or OPTIONAL */
	void (*set)(struct parse *p, const char *value);
} rows[] = {
	{ 'm', "maildrop", true, set_maildrop },
	{ 'P', "passwd-file", true, set_passwd_file },
	{ 0, "lower-case", false, set_lower_case },
	{ 'R', "role", true, set_role },
	{ 0, "trash", OPTIONAL, set_trash },
	{ 0, "idle", true, set_idle },
	{ 0, "takeover", true, set_takeover },
	{ 0, "login-timeout", true, set_login_timeout },
	{ 0, "checker-timeout", true, set_checker_timeout },
	{ 0, "delay", true, set_delay },
	{ 0, "max-messages", true, set_max_messages },
	{ 0, "mbox-locks", true, set_mbox_locks },
	{ 0, "uidl", true, set_uidl },
	{ 0, "user", true, set_account },
	{ 0, "jail", true, set_jail },
	{ 0, "cleartext", true, set_cleartext },
	{ 0, "tls", false, set_tls },
	{ 0, "stls", true, set_stls },
	{ 0, "proxy=tls", false, set_proxy_tls }, /* before the next */
	{ 0, "proxy", false, set_proxy },
	{ 0, "after-stls", false, set_after_stls },
	{ 0, "apop", false, set_apop },
	{ 0, "cram-md5", false, set_cram_md5 },
	{ 0, "log", true, set_log },
	{ 0, "log-as", true, set_log_as },
	{ 0, "testing", false, set_testing },
	{ 0, "check-user", true, set_check_user },
	{ 0, "check-from", true, set_check_from },
	{ 0, "check", false, set_check },
	{ 0, "handoff", false, set_handoff },
	{ 0, "offers", true, set_offers },
};

/* "--name", "--name=value", "-mvalue" or "-m"; *VALUE is NULL without one. */
static const struct option_row *
find_row(char *word, char **value)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		size_t len = strlen(rows[i].name);

		*value = NULL;
		if (strncmp(word, "--", 2) != 0) {
			if (rows[i].letter == 0 || word[1] != rows[i].letter)
				continue;
			if (word[2] != '\0')
				*value = word + 2;
			return &rows[i];
		}
		if (strncmp(word + 2, rows[i].name, len) != 0)
			continue;
		if (word[2 + len] == '=')
			*value = word + 2 + len + 1;
		if (word[2 + len] == '=' || word[2 + len] == '\0')
			return &rows[i];
	}
	return NULL;
}

static void
set_defaults(struct options *o)
{
	memset(o, 0, sizeof *o);
	o->account = POPIN_ACCOUNT;
	o->jail = POPIN_JAIL;
	o->cleartext = "local";
	o->offers = OFFER_USER; /* who logged in without us, did so somehow */
	o->idle = IDLE_MIN;
	o->takeover = 30;
	o->login_timeout = 180;
	o->checker_timeout = 30;
	o->delay = 2;
	o->max_messages = MAILDROP_MAX_MESSAGES;
	o->mbox_locks = MBOXLOCK_FCNTL | MBOXLOCK_DOTLOCK;
	o->uidl = UIDL_AUTO;
}

/* One option with its value.  Returns how many words it took, 0 for wrong. */
static int
take(struct parse *p, char **argv, const char **what)
{
	char *value;
	const struct option_row *row = NULL;

	*what = argv[0];
	if (argv[0][0] == '-' && argv[0][1] != '\0')
		row = find_row(argv[0], &value);
	if (row == NULL) {
		wrong(p, "unknown option:");
		return 0;
	}
	if (!row->has_value && value != NULL) {
		wrong(p, "takes no value:");
		return 0;
	}
	if (row->has_value == true && value == NULL) {
		value = argv[1];
		if (value == NULL) {
			wrong(p, "needs a value:");
			return 0;
		}
		row->set(p, value);
		*what = value;
		return 2;
	}
	row->set(p, value);
	return 1;
}

static const char *
contradiction(const struct options *o)
{
	if (o->idle < IDLE_MIN && !o->testing)
		return "--idle must be 600 seconds or more (RFC 1939)";
	if (o->takeover < TAKEOVER_MIN && !o->testing)
		return "--takeover must be 10 seconds or more";
	if (o->checker != NULL && o->passwd_file != NULL)
		return "--passwd-file and --checker exclude each other";
	if (o->checker != NULL && o->lower_case)
		return "--lower-case goes behind --checker popin-checkpassword";
	if (o->role != ROLE_MONITOR) /* they do not hear of --checker */
		return NULL;
	if (o->apop && o->passwd_file == NULL && o->checker == NULL)
		return "--apop needs --passwd-file (or a --checker that has "
		       "the passwords)";
	if (o->cram_md5 && o->passwd_file == NULL)
		return "--cram-md5 needs --passwd-file";
	return NULL;
}

enum options_result
options_parse(struct options *o, int argc, char **argv, const char **error,
    const char **what)
{
	struct parse p = { .o = o };
	int i = 1;

	set_defaults(o);
	o->words = argv + 1;
	while (i < argc && p.error == NULL) {
		int n;

		if (strcmp(argv[i], "--help") == 0)
			return OPTIONS_HELP;
		if (strcmp(argv[i], "--version") == 0)
			return OPTIONS_VERSION;
		if (strcmp(argv[i], "--checker") == 0) {
			if (argv[i + 1] != NULL)
				o->checker = &argv[i + 1];
			else
				wrong(&p, "needs a program:");
			*what = argv[i];
			break;
		}
		n = take(&p, &argv[i], what);
		i += n;
	}
	o->word_count = (size_t)(i - 1);
	*error = p.error;
	if (p.error == NULL) {
		*what = NULL;
		*error = contradiction(o);
	}
	return *error == NULL ? OPTIONS_RUN : OPTIONS_WRONG;
}
