/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * popin-import: a filter from a maildrop that another server has served to the
 * text of uidl_map.h.  It writes nothing but that, and its log.
 *
 *	import_maildir.c  import_index.c	files that servers keep ids in
 *	import_courier.c  import_dovecot.c	what is in these
 *	import_mbox.c  import_header.c		ids from headers
 *
 * Runs as: the mail user, started by a session or by an administrator.
 * Input: what other programs, and whoever sends mail, have written.
 */
#include "config.h"

#include "import/import.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/io.h"
#include "lib/log.h"
#include "maildrop/uidl_map.h"
#include "options.h"
#include "process/privdrop.h"
#include "process/process.h"
#include "process/stdfds.h"

static const char usage[] =
    "usage: popin-import [options] -m KIND:PATH\n"
    "\n"
    "  -m, --maildrop KIND:PATH   the maildrop, maildir:PATH or mbox:PATH\n"
    "  --from SCHEME              whose unique-ids: auto (default), courier,\n"
    "                             dovecot, dovecot-upper, solid, tpop3d, popa3d,\n"
    "                             uw, x-uidl, own or qmail\n"
    "  --log STYLE                stderr (default), journal, syslog or report\n"
    "  --help\n"
    "\n"
    "See popin-import(8).\n";

static const struct {
	const char *name;
	enum import_scheme scheme;
} schemes[] = {
	{ "auto", IMPORT_AUTO },
	{ "own", IMPORT_OWN },
	{ "qmail", IMPORT_OWN }, /* the name of the file, as ours is */
	{ "courier", IMPORT_COURIER },
	{ "dovecot", IMPORT_DOVECOT },
	{ "dovecot-upper", IMPORT_DOVECOT_UPPER },
	{ "solid", IMPORT_SOLID },
	{ "tpop3d", IMPORT_TPOP3D },
	{ "popa3d", IMPORT_POPA3D },
	{ "uw", IMPORT_UW },
	{ "x-uidl", IMPORT_XUIDL },
};

enum { SCHEMES = sizeof schemes / sizeof schemes[0] };

static bool
parse_scheme(const char *name, enum import_scheme *scheme)
{
	for (size_t i = 0; i < SCHEMES; i++) {
		if (strcmp(name, schemes[i].name) == 0) {
			*scheme = schemes[i].scheme;
			return true;
		}
	}
	return false;
}

static const char *
name_of(enum import_scheme scheme)
{
	size_t i = 0;

	while (schemes[i].scheme != scheme)
		i++;
	return schemes[i].name;
}

enum import_status
import_failed(const char *text, const char *what)
{
	return import_status_of(maildrop_failed(text, what));
}

enum import_status
import_status_of(enum maildrop_result result)
{
	switch (result) {
	case MAILDROP_OK:
		return IMPORT_FINE;
	case MAILDROP_PERM:
		return IMPORT_NO_MAILDROP;
	default:
		return IMPORT_LATER;
	}
}

void
import_log(const char *from, size_t known, size_t count, uint64_t wrong)
{
	struct log_record r;

	log_start(&r, LOG_LEVEL_NOTICE, "unique-ids taken over:");
	log_text(&r, "from", from, strlen(from));
	log_ratio(&r, "messages", known, count);
	log_number(&r, "wrong", wrong);
	log_end(&r);
}

static bool
misused(const char *text, const char *what)
{
	log_error(text, what);
	return false;
}

/* False, logged, where the command line makes no sense. */
static bool
parse(int argc, char **argv, enum import_scheme *scheme, const char **spec)
{
	static const struct option longopts[] = {
		{ "from", required_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ "log", required_argument, NULL, 'L' },
		{ "maildrop", required_argument, NULL, 'm' },
		{ NULL, 0, NULL, 0 },
	};
	enum log_style style;
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, "+m:", longopts, NULL)) != -1) {
		switch (c) {
		case 'f':
			if (!parse_scheme(optarg, scheme))
				return misused(
				    "unknown scheme of unique-ids:", optarg);
			break;
		case 'h':
			exit(io_write(STDOUT_FILENO, usage, sizeof usage - 1)
				? IMPORT_FINE
				: IMPORT_LATER);
		case 'L':
			if (!log_style_find(optarg, &style))
				return misused("unknown log style", optarg);
			log_open(style, "popin-import");
			break;
		case 'm':
			*spec = optarg;
			break;
		default:
			return misused("unknown option or missing value",
			    argv[optind - 1]);
		}
	}
	return (*spec != NULL && optind == argc) ||
	    misused(
		"usage: popin-import [options] -m kind:path, see --help", NULL);
}

static enum import_status
import(const char *spec, enum import_scheme *scheme)
{
	if (strncmp(spec, OPTIONS_MAILDIR, strlen(OPTIONS_MAILDIR)) == 0)
		return import_maildir(spec + strlen(OPTIONS_MAILDIR), scheme);
	if (strncmp(spec, OPTIONS_MBOX, strlen(OPTIONS_MBOX)) == 0)
		return import_mbox(spec + strlen(OPTIONS_MBOX), scheme);
	log_error("not maildir:PATH or mbox:PATH:", spec);
	return IMPORT_USAGE;
}

/* Mail is read with the rights of its owner only: root is refused. */
static bool
prepare(void)
{
	static const struct process_limits limits = {
		.files = 16, .megabytes = 1024, .cpu = 600
	};

	process_limit(&limits);
	stdfds_close_from(STDERR_FILENO + 1);
	if (privdrop_is_complete())
		return true;
	log_error("not as root: it has to be the user whose mail it is", NULL);
	return false;
}

int
main(int argc, char **argv)
{
	enum import_scheme scheme = IMPORT_AUTO;
	const char *spec = NULL;
	enum import_status status;

	log_open(LOG_STYLE_STDERR, "popin-import");
	if (!parse(argc, argv, &scheme, &spec) || !prepare())
		return IMPORT_USAGE;
	log_whose("maildrop", spec);
	status = import(spec, &scheme);
	if (status != IMPORT_FINE)
		return (int)status;
	if (uidl_map_write(STDOUT_FILENO, name_of(scheme)))
		return IMPORT_FINE;
	log_error_errno("cannot write to standard output", NULL);
	return IMPORT_LATER;
}
