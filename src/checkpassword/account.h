/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * An account: system.c or passwdfile.c finds it, verify.c verifies its secret,
 * become.c becomes its user.
 */
#ifndef POPIN_ACCOUNT_H
#define POPIN_ACCOUNT_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	ACCOUNT_NAME_MAX = 255,
	ACCOUNT_TEXT_MAX = 1024 /* of every other text, its NUL included */
};

/*
 * How a checkpassword program ends, http://cr.yp.to/checkpwd/interface.html.
 * --hash and --help end with 0; otherwise 0 can only come from the next
 * program.
 */
enum { STATUS_UNACCEPTABLE = 1, STATUS_MISUSED = 2, STATUS_TEMPORARY = 111 };

enum account_scheme {
	ACCOUNT_CRYPT,	/* the secret is a hash for crypt(3) */
	ACCOUNT_PLAIN,	/* the secret is the password */
	ACCOUNT_SCRAM,	/* the secret is one of scram_secret.h */
	ACCOUNT_UNKNOWN /* it cannot be compared: FAULT says why */
};

/* The {SCHEME} of a secret. */
struct account_scheme_name {
	const char *name;
	enum account_scheme scheme;
	bool is_made;	    /* by --hash */
	const char *prefix; /* of the setting; NULL: the system's choice */
};

/* Capitals do not matter.  NULL for no scheme of ours. */
const struct account_scheme_name *account_scheme_find(
    const char *name, size_t len);

/* The result of comparing with the secret of an account. */
enum verify_result {
	VERIFY_WRONG,
	VERIFY_RIGHT,
	VERIFY_CANNOT, /* the secret is of an unknown scheme, or none */
	VERIFY_FAILED  /* it could not be computed; logged */
};

/*
 * What the other accounts of a passwd-file have.  SCRAM makes answers for
 * unknown users from it, see scram_secret.c.
 */
struct account_others {
	bool plain;		      /* some secret is a password */
	bool crypt;		      /* some secret is for crypt(3) */
	char scram[ACCOUNT_TEXT_MAX]; /* the last secret of SCRAM's, or empty */
	char first[ACCOUNT_TEXT_MAX]; /* the first secret, or empty */
};

/*
 * An unknown user is an account too: not usable, without a secret, but with
 * the decoy, so that the same work is done for it as for a known one.  All
 * of it starts as zero bytes; secret and decoy are zero behind their text.
 */
struct account {
	bool usable; /* may log in, if the secret is right */
	bool system; /* has its supplementary groups in the system */
	bool asked;  /* the system was asked for it */
	bool found;  /* and knows it */
	enum account_scheme scheme;
	uid_t uid;
	gid_t gid;
	char name[ACCOUNT_NAME_MAX + 1];
	char home[ACCOUNT_TEXT_MAX];
	char shell[ACCOUNT_TEXT_MAX];
	char maildrop[ACCOUNT_TEXT_MAX]; /* or empty */
	uint64_t max_size, newest;	 /* what it may see, see session.c; 0 */
	char secret[ACCOUNT_TEXT_MAX];
	char decoy[ACCOUNT_TEXT_MAX];	  /* a secret of some other account, or
					 a setting for crypt(3); or empty */
	enum account_scheme decoy_scheme; /* ACCOUNT_CRYPT, ACCOUNT_SCRAM */

	struct account_others others;
	bool scram_for_all; /* every secret of the file will do for SCRAM */
	bool cleartext;	    /* may log in with its password without TLS */
	bool cleartext_for_some; /* some account of the file may, from here */

	/* Why it is not usable although it has a secret, for the log. */
	const char *refusal;
	/* What the administrator got wrong about it, and where; or NULL. */
	const char *fault;
	const char *file;
	uint64_t line;
};

/*
 * May NAME be looked up?  Not if a template, a file or a log could take it for
 * more than a name.  A slash is allowed for DEVICES only: such a name is never
 * part of a path.
 */
bool account_name_ok(const char *name, bool devices);

/* Turns the capitals of ASCII in NAME into small letters. */
void account_lower(char *name);

/*
 * Copies LEN bytes at P into TEXT (SIZE bytes) and fills up with NULs.  If they
 * do not fit it returns false, and TEXT is all NULs.
 */
bool account_copy(char *text, size_t size, const char *p, size_t len);

/*
 * Makes A an account that was not found.  It keeps what it has from the other
 * accounts of its file.
 */
void account_forget(struct account *a);

/* Wipes all secrets, and what was made from one. */
void account_wipe(struct account *a);

/* Sets FAULT, unless there is one already. */
void account_add_fault(struct account *a, const char *fault);

#endif
