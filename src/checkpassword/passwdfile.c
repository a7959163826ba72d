/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Finds accounts in a passwd-file as Dovecot has it:
 *
 *	user:{SCHEME}hash:uid:gid:(gecos):home:(shell):extra fields
 *
 * Runs as: root, or the one user that owns all the mail.
 * Input: the file, which only its owner can have written.
 *
 * A fault in the entry that was asked for is only noted here.  It is logged
 * after the password was right, because an answer to a wrong one would tell
 * that the name exists.  The exception is a secret that cannot be compared.
 */
#include "config.h"

#include "checkpassword/passwdfile.h"

#include <sys/stat.h>

#include <string.h>
#include <unistd.h>

#include "checkpassword/account.h"
#include "checkpassword/account_file.h"
#include "checkpassword/crypthash.h"
#include "checkpassword/scram_secret.h"
#include "lib/file.h"
#include "lib/log.h"
#include "lib/nets.h"
#include "lib/number.h"

enum {
	FIELD_NAME,
	FIELD_SECRET,
	FIELD_UID,
	FIELD_GID,
	FIELD_GECOS,
	FIELD_HOME,
	FIELD_SHELL,
	FIELD_EXTRA, /* to the end of the line, colons included */
	FIELDS
};

static void
split(const struct account_line *line, struct text fields[FIELDS])
{
	struct text rest = line->text;

	for (size_t i = 0; i < FIELD_EXTRA; i++)
		fields[i] = text_cut(&rest, ':');
	fields[FIELD_EXTRA] = rest;
}

/* Takes the {SCHEME} off SECRET; without one it is a hash for crypt(3). */
static enum account_scheme
take_scheme(struct text *secret)
{
	const struct account_scheme_name *known;
	struct text name;

	if (secret->len == 0 || secret->p[0] != '{')
		return ACCOUNT_CRYPT;
	name = text_cut(secret, '}');
	(void)text_cut(&name, '{');
	known = account_scheme_find(name.p, name.len);
	return known == NULL ? ACCOUNT_UNKNOWN : known->scheme;
}

/* Is it something that the scheme can compare a password with? */
static bool
is_hash(enum account_scheme scheme, struct text secret)
{
	struct scram_secret keys;
	bool is;

	if (scheme == ACCOUNT_CRYPT)
		return crypthash_valid(secret.p, secret.len);
	if (scheme != ACCOUNT_SCRAM)
		return secret.len > 0;
	is = scram_secret_parse(&keys, secret.p, secret.len);
	explicit_bzero(&keys, sizeof keys);
	return is;
}

static void
take_others(
    struct account_others *o, enum account_scheme scheme, struct text secret)
{
	if (o->first[0] == '\0')
		account_copy(o->first, sizeof o->first, secret.p, secret.len);
	if (scheme == ACCOUNT_PLAIN)
		o->plain = true;
	else if (scheme == ACCOUNT_CRYPT)
		o->crypt = true;
	else if (scheme == ACCOUNT_SCRAM)
		account_copy(o->scram, sizeof o->scram, secret.p, secret.len);
}

static void
take_decoy(struct account *a, struct text secret)
{
	enum account_scheme scheme = take_scheme(&secret);

	if (!is_hash(scheme, secret))
		return;
	take_others(&a->others, scheme, secret);
	if (scheme != ACCOUNT_CRYPT && scheme != ACCOUNT_SCRAM)
		return;
	a->decoy_scheme = scheme;
	account_copy(a->decoy, sizeof a->decoy, secret.p, secret.len);
}

/* No copy here can fail, because no field is longer than a line. */
static void
take_secret(struct account *a, struct text secret)
{
	a->scheme = take_scheme(&secret);
	account_copy(a->secret, sizeof a->secret, secret.p, secret.len);
	if (a->scheme == ACCOUNT_UNKNOWN)
		account_add_fault(
		    a, "passwd-file has an unknown password scheme");
	a->usable = is_hash(a->scheme, secret);
	if (a->scheme == ACCOUNT_SCRAM && !a->usable && secret.len > 0 &&
	    secret.p[0] != '*' && secret.p[0] != '!') {
		a->scheme = ACCOUNT_UNKNOWN;
		account_add_fault(a,
		    "passwd-file has a {SCRAM-SHA-256} secret "
		    "that is not ITERATIONS,SALT,STOREDKEY,"
		    "SERVERKEY");
	}
}

/*
 * The number in T.  If T is empty it is OWN, our own id.  Root must have a
 * number: for root OWN is 0.
 */
static uint32_t
take_id(struct account *a, struct text t, uint32_t own)
{
	uint64_t id = own;

	if (t.len > 0 && !number_parse(t.p, t.len, UINT32_MAX - 1, &id))
		account_add_fault(
		    a, "passwd-file has a uid or gid that is not a number");
	else if (t.len == 0 && own == 0)
		account_add_fault(
		    a, "passwd-file has no uid or gid, which root needs");
	else if (id == 0)
		a->usable = false;
	else if (own != 0 && id != own)
		account_add_fault(a,
		    "passwd-file has a uid or gid other than our own, which "
		    "only root can take");
	return (uint32_t)id;
}

static void
take_ids(struct account *a, struct text uid, struct text gid)
{
	bool root = geteuid() == 0;

	a->uid = take_id(a, uid, root ? 0 : geteuid());
	a->gid = take_id(a, gid, root ? 0 : getegid());
}

/* What the extra fields of an entry say for a client at some address. */
struct extra {
	const char *refusal, *fault;
	bool is_outside; /* or a network is wrong */
	bool cleartext;
	uint64_t max_size, newest;
	struct text maildrop;
};

static void
take_nets(struct extra *e, struct text list, const char *address)
{
	enum nets_result result = nets_find(list.p, list.len, address);

	if (result == NETS_INSIDE)
		return;
	e->is_outside = true;
	if (result == NETS_OUTSIDE)
		e->refusal = "allow_nets";
	else if (e->fault == NULL)
		e->fault =
		    "passwd-file has an allow_nets with something that is not a network";
}

/* A limit on what the login sees is a number of at least 1. */
static void
take_limit(struct extra *e, struct text value, uint64_t *limit)
{
	if ((!number_parse(value.p, value.len, UINT64_MAX - 1, limit) ||
		*limit == 0) &&
	    e->fault == NULL)
		e->fault =
		    "passwd-file has a maxsize or newest that is not a number";
}

static struct extra
take_extra(struct text rest, const char *address)
{
	struct extra e = { .maildrop = { "", 0 } };

	while (rest.len > 0) {
		struct text value = text_cut(&rest, ' ');
		struct text key = text_cut(&value, '=');

		if (text_is(key, "nologin"))
			e.refusal = "nologin";
		else if (text_is(key, "allow_nets"))
			take_nets(&e, value, address);
		else if (text_is(key, "cleartext"))
			e.cleartext = text_is(value, "ok");
		else if (text_is(key, "maxsize"))
			take_limit(&e, value, &e.max_size);
		else if (text_is(key, "newest"))
			take_limit(&e, value, &e.newest);
		else if (text_is(key, "mail") || text_is(key, "userdb_mail"))
			e.maildrop = value;
	}
	return e;
}

static void
take_text(char *to, size_t size, struct text t, struct text otherwise)
{
	if (t.len == 0)
		t = otherwise;
	account_copy(to, size, t.p, t.len);
}

/* Without a home, because the maildrop is elsewhere, it starts in "/". */
static void
take_entry(
    struct account *a, const struct text fields[FIELDS], const struct extra *e)
{
	static const struct text root = { "/", 1 }, shell = { "/bin/sh", 7 };

	take_secret(a, fields[FIELD_SECRET]);
	take_ids(a, fields[FIELD_UID], fields[FIELD_GID]);
	take_text(a->name, sizeof a->name, fields[FIELD_NAME], root);
	take_text(a->home, sizeof a->home, fields[FIELD_HOME], root);
	take_text(a->shell, sizeof a->shell, fields[FIELD_SHELL], shell);
	if (a->home[0] != '/')
		account_add_fault(
		    a, "passwd-file has a home that is not a full path");
	if (e->refusal != NULL)
		a->usable = false;
	if (e->fault != NULL)
		account_add_fault(a, e->fault);
	a->refusal = e->refusal;
	a->cleartext = e->cleartext;
	a->max_size = e->max_size;
	a->newest = e->newest;
	take_text(a->maildrop, sizeof a->maildrop, e->maildrop, e->maildrop);
}

/* Reads to the end, also after the entry was found: see verify.c. */
static void
scan(struct account *a, struct account_file *f, const char *name, bool any_case,
    const char *address)
{
	bool (*is_name)(struct text, const char *) =
	    any_case ? text_is_in_any_case : text_is;
	struct account_line line;

	while (account_file_next(f, &line)) {
		struct text fields[FIELDS];
		struct extra extra;

		if (line.text.len == 0 || line.text.p[0] == '#')
			continue;
		split(&line, fields);
		extra = take_extra(fields[FIELD_EXTRA], address);
		if (!line.bad) {
			take_decoy(a, fields[FIELD_SECRET]);
			a->cleartext_for_some |= extra.cleartext &&
			    extra.refusal == NULL && !extra.is_outside;
		}
		if (name == NULL || a->line != 0 ||
		    !is_name(fields[FIELD_NAME], name))
			continue;
		a->line = line.number;
		take_entry(a, fields, &extra);
		if (line.bad) {
			a->scheme = ACCOUNT_UNKNOWN;
			a->fault = "passwd-file has a line that is too long "
				   "or contains a NUL";
		}
	}
	a->scram_for_all =
	    (a->others.plain || a->others.scram[0] != '\0') && !a->others.crypt;
}

/* A file that others can change or read is no place for passwords. */
static const char *
refusal(int fd)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return "passwd-file cannot be examined";
	return file_secret_refusal(&st);
}

int
passwdfile_find(struct account *a, const char *name, bool any_case,
    const char *file, const char *address)
{
	static struct account_file f;
	const char *why;

	a->file = file;
	if (!account_file_open(&f, file)) {
		log_error_errno("cannot open the passwd-file", file);
		return -1;
	}
	if ((why = refusal(f.fd)) != NULL) {
		log_error(why, file);
		(void)account_file_close(&f);
		return -1;
	}
	scan(a, &f, name, any_case, address);
	if (account_file_close(&f) == 0)
		return 0;
	log_error_errno("cannot read the passwd-file", file);
	return -1;
}
