/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The command line.
 * Runs as: every role, root included.  Input: the words of an administrator.
 */
#include "config.h"

#include "options.h"

#include <string.h>

#include "lib/nets.h"
#include "lib/number.h"
#include "lib/peer.h"

enum {
	IDLE_MIN = 600,	   /* RFC 1939, section 3 */
	TAKEOVER_MIN = 10, /* a client is silent for so long between commands */
	FOLDER_MAX = 64,
	DAY = 24 * 3600
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
    "  --check                    check the setup and report\n"
    "  --check-user NAME          ... and the maildrop of this user, as root\n"
    "  --check-from ADDRESS       ... and who may log in from there\n"
    "  --testing                  allow limits that break the standard\n"
    "  --version, --help\n"
    "\n"
    "See popin(8).\n";

/* ---- values ---- */

static const char *
skip(const char *text, const char *beginning)
{
	size_t len = strlen(beginning);

	return strncmp(text, beginning, len) == 0 ? text + len : text;
}

/* A session checks it again.  Here it is told before somebody logs in. */
static bool
is_full_path(const char *path)
{
	return path[0] == '/' || skip(path, "~/") != path ||
	    skip(path, "%h") != path;
}

static bool
is_maildrop(const char *value)
{
	return is_full_path(skip(value, OPTIONS_MAILDIR)) ||
	    is_full_path(skip(value, OPTIONS_MBOX));
}

static bool
is_absolute(const char *value)
{
	return value[0] == '/';
}

/* One name, without a directory, beneath the maildrop or the home. */
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

static bool
is_cleartext(const char *value)
{
	return strcmp(value, "never") == 0 || strcmp(value, "always") == 0 ||
	    nets_find(value, strlen(value), NULL) != NETS_BAD;
}

static bool
is_address(const char *value)
{
	struct peer peer;

	return peer_parse(&peer, value);
}

/* Those of popin-import.  With own and qmail a session does not run it. */
static bool
is_scheme(const char *value)
{
	static const char *const schemes[] = { "auto", "own", "qmail",
		"courier", "dovecot", "dovecot-upper", "solid", "tpop3d",
		"popa3d", "uw", "x-uidl" };

	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
		if (strcmp(schemes[i], value) == 0)
			return true;
	return false;
}

struct choice {
	const char *name;
	unsigned value;
};

static const struct choice roles[] = {
	{ "session", ROLE_SESSION },
	{ "login", ROLE_LOGIN },
	{ NULL, 0 },
};
static const struct choice logs[] = {
	{ "auto", LOG_CHOICE_AUTO },
	{ "stderr", LOG_CHOICE_STDERR },
	{ "syslog", LOG_CHOICE_SYSLOG },
	{ NULL, 0 },
};
static const struct choice locks[] = {
	{ "fcntl", MBOX_LOCK_FCNTL },
	{ "dotlock", MBOX_LOCK_DOTLOCK },
	{ "fcntl,dotlock", MBOX_LOCK_FCNTL | MBOX_LOCK_DOTLOCK },
	{ NULL, 0 },
};
static const struct choice dialects[] = {
	{ "ucspi", STARTTLS_UCSPI },
	{ "tlswrapper", STARTTLS_TLSWRAPPER },
	{ "tlswrapper-new", STARTTLS_TLSWRAPPER_NEW },
	{ NULL, 0 },
};
/* ---- the table ---- */

enum kind { FLAG, TEXT, NUMBER, CHOICE, STYLE };

#define AT(member) offsetof(struct options, member)
#define SECONDS(least, member, error) \
	NUMBER, AT(member), (error), .min = (least), .max = DAY

static const struct row {
	char letter;	  /* or 0 */
	const char *name; /* before it those that begin with it */
	enum kind kind;
	size_t at;	   /* where it is stored, see set() */
	const char *error; /* what is wrong with a wrong value */
	uint64_t min, max;
	const struct choice *choices;
	bool (*valid)(const char *value);
	const char *fallback; /* the value if none is given; NULL: needed */
} rows[] = {
	{ 'm', "maildrop", TEXT, AT(maildrop),
	    "--maildrop must be maildir:PATH, mbox:PATH or PATH, a full path, not",
	    .valid = is_maildrop },
	{ 'P', "passwd-file", .kind = TEXT, .at = AT(passwd_file) },
	{ 0, "lower-case", .kind = FLAG, .at = AT(lower_case) },
	{ 'R', "role", CHOICE, AT(role), "--role must be session, not",
	    .choices = roles },
	{ 0, "trash", TEXT, AT(trash),
	    "--trash must be the name of a folder, not", .valid = is_folder,
	    .fallback = "Trash" },
	{ 0, "idle",
	    SECONDS(1, idle, "--idle must be 600 to 86400 seconds, not") },
	{ 0, "takeover",
	    SECONDS(
		0, takeover, "--takeover must be 10 to 86400 seconds, not") },
	{ 0, "login-timeout",
	    SECONDS(1, login_timeout,
		"--login-timeout must be 1 to 86400 seconds, not") },
	{ 0, "checker-timeout",
	    SECONDS(1, checker_timeout,
		"--checker-timeout must be 1 to 86400 seconds, not") },
	{ 0, "delay",
	    SECONDS(0, delay, "--delay must be 0 to 86400 seconds, not") },
	{ 0, "max-messages", NUMBER, AT(max_messages),
	    "--max-messages must be 1 to 1000000, not", .min = 1,
	    .max = OPTIONS_MESSAGES_MAX },
	{ 0, "mbox-locks", CHOICE, AT(mbox_locks),
	    "--mbox-locks must be fcntl, dotlock or fcntl,dotlock, not",
	    .choices = locks },
	{ 0, "uidl", TEXT, AT(uidl),
	    "unknown scheme of unique-ids:", .valid = is_scheme },
	{ 0, "user", .kind = TEXT, .at = AT(account) },
	{ 0, "jail", TEXT, AT(jail), "--jail must be an absolute path, not",
	    .valid = is_absolute },
	{ 0, "cleartext", TEXT, AT(cleartext),
	    "--cleartext must be local, never, always or a list of networks, not",
	    .valid = is_cleartext },
	{ 0, "tls", .kind = FLAG, .at = AT(tls) },
	{ 0, "stls", CHOICE, AT(stls),
	    "--stls must be ucspi, tlswrapper or tlswrapper-new, not",
	    .choices = dialects },
	{ 0, "proxy=tls", .kind = FLAG, .at = AT(proxy_tls) },
	{ 0, "proxy", .kind = FLAG, .at = AT(proxy) },
	{ 0, "apop", .kind = FLAG, .at = AT(apop) },
	{ 0, "cram-md5", .kind = FLAG, .at = AT(cram_md5) },
	{ 0, "log", CHOICE, AT(log),
	    "--log must be auto, stderr or syslog, not", .choices = logs },
	{ 0, "testing", .kind = FLAG, .at = AT(testing) },
	{ 0, "check-user", .kind = TEXT, .at = AT(check_user) },
	{ 0, "check-from", TEXT, AT(check_from),
	    "--check-from must be an address, not", .valid = is_address },
	{ 0, "check", .kind = FLAG, .at = AT(check) },
	/* for login and the session, from the monitor */
	{ 0, "log-as", .kind = STYLE, .at = AT(log_style),
	    .error = "unknown style of log:" },
	{ 0, "after-stls", .kind = FLAG, .at = AT(after_stls) },
	{ 0, "handoff", .kind = FLAG, .at = AT(handoff) },
	{ 0, "offers", NUMBER, AT(offers), "unknown offers:", .max = 255 },
};

/* Stores VALUE of any kind but FLAG.  Returns what is wrong, or NULL. */
static const char *
set(struct options *o, const struct row *r, const char *value)
{
	void *to = (char *)o + r->at;
	uint64_t n;

	switch (r->kind) {
	case NUMBER:
		if (!number_parse(value, strlen(value), r->max, &n) ||
		    n < r->min)
			return r->error;
		*(unsigned *)to = (unsigned)n;
		return NULL;
	case CHOICE:
		for (const struct choice *c = r->choices; c->name != NULL; c++)
			if (strcmp(c->name, value) == 0) {
				*(unsigned *)to = c->value;
				return NULL;
			}
		return r->error;
	case STYLE:
		return log_style_find(value, to) ? NULL : r->error;
	default:
		*(const char **)to = value;
		return r->valid == NULL || r->valid(value) ? NULL : r->error;
	}
}

/* "--name", "--name=value", "-mvalue" or "-m"; *VALUE is NULL without one. */
static const struct row *
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
	o->idle = IDLE_MIN;
	o->takeover = 30;
	o->login_timeout = 180;
	o->checker_timeout = 30;
	o->delay = 2;
	o->max_messages = OPTIONS_MESSAGES_MAX;
	o->mbox_locks = MBOX_LOCK_FCNTL | MBOX_LOCK_DOTLOCK;
	o->uidl = "auto";
}

/*
 * Takes one option at *ARGV, which moves behind it.  Returns what is wrong, or
 * NULL, and in *WHAT the word that it is about.
 */
static const char *
take(struct options *o, char ***argv, const char **what)
{
	char *word = *(*argv)++, *value = NULL;
	const struct row *r = NULL;

	*what = word;
	if (word[0] == '-' && word[1] != '\0')
		r = find_row(word, &value);
	if (r == NULL)
		return "unknown option:";
	if (r->at == AT(log_style))
		o->log = LOG_CHOICE_TOLD;
	if (r->kind == FLAG) {
		*(bool *)((char *)o + r->at) = true;
		return value != NULL ? "takes no value:" : NULL;
	}
	if (value == NULL && r->fallback == NULL && **argv == NULL)
		return "needs a value:";
	if (value != NULL)
		*what = value;
	else if (r->fallback != NULL)
		*what = r->fallback;
	else
		*what = *(*argv)++;
	return set(o, r, *what);
}

static const char *
contradiction(const struct options *o)
{
	if (o->idle < IDLE_MIN && !o->testing)
		return "--idle must be 600 seconds or more (RFC 1939)";
	if (o->takeover < TAKEOVER_MIN && !o->testing)
		return "--takeover must be 10 seconds or more";
	if (o->checker != NULL && o->passwd_file != NULL)
		return "--passwd-file and --checker cannot be combined";
	if (o->checker != NULL && o->lower_case)
		return "give --lower-case to popin-checkpassword, behind --checker";
	if (o->role != ROLE_MONITOR) /* the others do not get --checker */
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
	char **at = argv + 1;

	set_defaults(o);
	o->words = at;
	*error = *what = NULL;
	while (at < argv + argc && *error == NULL) {
		if (strcmp(*at, "--help") == 0)
			return OPTIONS_HELP;
		if (strcmp(*at, "--version") == 0)
			return OPTIONS_VERSION;
		if (strcmp(*at, "--checker") == 0) {
			*what = *at;
			o->checker = at + 1;
			*error = at[1] == NULL ? "needs a program:" : NULL;
			break;
		}
		*error = take(o, &at, what);
	}
	o->word_count = (size_t)(at - o->words);
	o->proxy |= o->proxy_tls;
	o->check |= o->check_user != NULL || o->check_from != NULL;
	if (*error == NULL) {
		*what = NULL;
		*error = contradiction(o);
	}
	return *error == NULL ? OPTIONS_RUN : OPTIONS_WRONG;
}
