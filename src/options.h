/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The command line.  popin has no other configuration.
 */
#ifndef POPIN_OPTIONS_H
#define POPIN_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/log.h"

/* The most messages of one maildrop. */
enum { OPTIONS_MESSAGES_MAX = 1000000 };

/* The KIND in front of the PATH of a maildrop. */
#define OPTIONS_MAILDIR "maildir:"
#define OPTIONS_MBOX "mbox:"

enum role { ROLE_MONITOR, ROLE_LOGIN, ROLE_SESSION };

enum log_choice {
	LOG_CHOICE_AUTO,
	LOG_CHOICE_STDERR,
	LOG_CHOICE_SYSLOG,
	LOG_CHOICE_TOLD /* --log-as: our first process chose log_style */
};

/* --stls: the ways to have TLS started, see starttls.h. */
enum starttls_dialect {
	STARTTLS_NONE,
	STARTTLS_UCSPI,
	STARTTLS_TLSWRAPPER,
	STARTTLS_TLSWRAPPER_NEW
};

/* --mbox-locks: a sum of these. */
enum { MBOX_LOCK_FCNTL = 1, MBOX_LOCK_DOTLOCK = 2 };

struct options {
	enum role role;
	const char *maildrop;	 /* -m, or NULL */
	const char *passwd_file; /* -P, or NULL */
	bool lower_case;	 /* names are taken in lower case */
	char **checker;		 /* what follows --checker, or NULL */
	const char *account;	 /* --user */
	const char *jail;
	const char *cleartext; /* see attempts.h */
	const char *trash;     /* folder, or NULL */
	bool tls;	       /* TLS is in front of us */
	bool proxy;	       /* a PROXY header comes first */
	bool proxy_tls;	       /* and what it says about TLS counts */
	enum starttls_dialect stls;
	bool apop;
	bool cram_md5;
	unsigned idle;		/* seconds */
	unsigned takeover;	/* seconds */
	unsigned login_timeout; /* seconds */
	unsigned checker_timeout;
	unsigned delay; /* seconds */
	unsigned max_messages;
	unsigned mbox_locks;
	const char *uidl; /* a scheme of unique-ids, see popin-import(8) */
	enum log_choice log;
	enum log_style log_style;
	bool testing;
	bool check;		/* report, do not serve */
	const char *check_user; /* or NULL */
	const char *check_from; /* an address, or NULL */
	bool after_stls;	/* login: the client was greeted before STLS */
	bool handoff;		/* session: a monitor is at descriptor 4 */
	unsigned offers;	/* session: enum offer */
	char *const *words;	/* all options, for our own children, */
	size_t word_count;	/* but --checker and what follows */
};

enum options_result {
	OPTIONS_RUN,
	OPTIONS_HELP,
	OPTIONS_VERSION,
	OPTIONS_WRONG
};

/*
 * Reads the command line into O, which points into ARGV.  With OPTIONS_WRONG
 * *ERROR is one text about the first fault, and *WHAT the word that it is about
 * or NULL.  Prints nothing.
 */
enum options_result options_parse(struct options *o, int argc, char **argv,
    const char **error, const char **what);

/* For --help. */
extern const char options_usage[];

#endif
