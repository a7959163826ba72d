/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Finds accounts of the system, and decides which of them may log in.
 * Runs as: root; nobody else can read /etc/shadow.
 * Input: what NSS answers, and /etc/shadow.
 *
 * The decoy (see verify.c) is read from the file /etc/shadow itself and not
 * by getspent(3), which might ask a directory server for all its accounts.
 */
#include "config.h"

#include "checkpassword/system.h"

#include <sys/random.h>

#include <errno.h>
#include <pwd.h>
#include <shadow.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "checkpassword/account.h"
#include "checkpassword/account_file.h"
#include "checkpassword/crypthash.h"
#include "lib/log.h"

#define PASSWD_FILE "/etc/passwd"
#define SHADOW_FILE "/etc/shadow"
#define SHELLS_FILE "/etc/shells"

enum { RANDOM_NAME_LEN = 12 };

/* name:HASH:... */
static void
take_decoy(struct account *a, const struct account_line *line)
{
	struct text rest = line->text, hash;

	(void)text_cut(&rest, ':');
	hash = text_cut(&rest, ':');
	if (!line->bad && crypthash_valid(hash.p, hash.len))
		account_copy(a->decoy, sizeof a->decoy, hash.p, hash.len);
}

static int
find_decoy(struct account *a)
{
	static struct account_file f;
	struct account_line line;

	(void)account_file_open(&f, SHADOW_FILE);
	while (account_file_next(&f, &line))
		take_decoy(a, &line);
	if (account_file_close(&f) == -1 && errno != ENOENT) {
		log_error_errno(geteuid() == 0
			? "cannot read the system's passwords"
			: "cannot read the system's passwords, run it as root "
			  "or give it a passwd-file with -f",
		    SHADOW_FILE);
		return -1;
	}
	if (a->decoy[0] == '\0' && crypthash_setting(a->decoy, NULL) == -1) {
		log_error_errno("cannot make a setting for crypt(3)", NULL);
		return -1;
	}
	return 0;
}

/*
 * getpwnam(3) and getspnam(3) say "no such user" by one of these.  Any other
 * errno means that they could not find out.
 */
static bool
not_found(int error)
{
	return error == 0 || error == ENOENT || error == ESRCH;
}

static int
cannot_look_up(const char *name)
{
	log_error_errno("cannot look up the account", name);
	return -1;
}

/*
 * As pam_unix(8) has it, except that a password that has to be changed counts
 * as expired: POP3 has no way to change it.  The old one is good until the end
 * of the inactivity period.
 */
static bool
expired(const struct spwd *sp)
{
	long today = (long)(time(NULL) / (24L * 60 * 60));
	long grace = sp->sp_inact > 0 ? sp->sp_inact : 0;

	if (sp->sp_expire != -1 && today >= sp->sp_expire)
		return true;
	if (sp->sp_lstchg == 0)
		return true;
	return sp->sp_lstchg > 0 && sp->sp_max >= 0 &&
	    today - sp->sp_lstchg - sp->sp_max > grace;
}

static int
take_shadow(struct account *a, const char *name)
{
	struct spwd *sp;
	size_t len;

	errno = 0;
	sp = getspnam(name);
	if (sp == NULL)
		return not_found(errno) ? 0 : cannot_look_up(name);
	len = strlen(sp->sp_pwdp);
	if (strcmp(a->secret, "x") == 0 &&
	    !account_copy(a->secret, sizeof a->secret, sp->sp_pwdp, len)) {
		a->scheme = ACCOUNT_UNKNOWN;
		account_add_fault(a, "account has a hash that is too long");
	}
	if (expired(sp))
		a->usable = false;
	explicit_bzero(sp->sp_pwdp, len);
	endspent();
	return 0;
}

static void
take_passwd(struct account *a, const struct passwd *pw)
{
	const char *shell = pw->pw_shell[0] == '\0' ? "/bin/sh" : pw->pw_shell;

	a->usable = pw->pw_uid != 0 && pw->pw_gid != 0 &&
	    account_name_ok(pw->pw_name, false);
	a->uid = pw->pw_uid;
	a->gid = pw->pw_gid;
	account_copy(
	    a->secret, sizeof a->secret, pw->pw_passwd, strlen(pw->pw_passwd));
	if (!account_copy(
		a->name, sizeof a->name, pw->pw_name, strlen(pw->pw_name)) ||
	    !account_copy(
		a->home, sizeof a->home, pw->pw_dir, strlen(pw->pw_dir)) ||
	    !account_copy(a->shell, sizeof a->shell, shell, strlen(shell)))
		account_add_fault(a, "account has a field that is too long");
	if (a->home[0] != '/')
		account_add_fault(
		    a, "account has a home that is not a full path");
}

/* Is SHELL what the line begins with, up to a blank or a comment? */
static bool
is_listed(struct text line, const char *shell)
{
	size_t len = strlen(shell);

	return len > 0 && len <= line.len && memcmp(line.p, shell, len) == 0 &&
	    (len == line.len || strchr(" \t#", line.p[len]) != NULL);
}

/*
 * Does the same as getusershell(3), which cannot say that it could not read the
 * file.  Without the file two shells are good.  All of it is read for an
 * unknown user, too, whose SHELL is empty.
 */
static int
find_shell(const char *shell, bool *listed)
{
	static struct account_file f;
	struct account_line line;

	*listed = false;
	(void)account_file_open(&f, SHELLS_FILE);
	while (account_file_next(&f, &line))
		*listed |= is_listed(line.text, shell);
	if (account_file_close(&f) == 0)
		return 0;
	*listed =
	    strcmp(shell, "/bin/sh") == 0 || strcmp(shell, "/bin/csh") == 0;
	return errno == ENOENT ? 0 : -1;
}

static bool
is_no_shell(const char *shell)
{
	const char *slash = strrchr(shell, '/');
	const char *base = slash == NULL ? shell : slash + 1;

	return strcmp(base, "nologin") == 0 || strcmp(base, "false") == 0;
}

/* Makes a name of the usual form that is no account and in no cache. */
static void
random_name(char name[RANDOM_NAME_LEN + 1])
{
	unsigned char random[RANDOM_NAME_LEN];

	if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
		memset(random, 0, sizeof random);
	for (size_t i = 0; i < RANDOM_NAME_LEN; i++)
		name[i] = (char)('a' + random[i] % 26);
	name[RANDOM_NAME_LEN] = '\0';
}

static void
look_up(const char *name)
{
	(void)getpwnam(name);
	endpwent();
	(void)getspnam(name);
	endspent();
}

/*
 * If NSS cannot read a file it asks the next source, and says in the end that
 * there is no such user.  So whether the file can be read is found out here.
 */
static int
check_file(const char *path)
{
	static struct account_file f;
	struct account_line line;

	(void)account_file_open(&f, path);
	while (account_file_next(&f, &line))
		continue;
	if (account_file_close(&f) == 0 || errno == ENOENT)
		return 0;
	log_error_errno("cannot look up accounts in", path);
	return -1;
}

/*
 * NSS finds a name of the first database at once; for a name that is not there
 * it loads and asks all the others.  So that the time does not tell which it
 * was, every refusal has looked up one name that exists and one that does not.
 */
int
system_equalize_time(const struct account *a)
{
	char nobody[RANDOM_NAME_LEN + 1];

	if (a->found || !a->asked) {
		random_name(nobody);
		look_up(nobody);
	}
	if (!a->found)
		look_up("root");
	return check_file(PASSWD_FILE) == -1 || check_file(SHADOW_FILE) == -1
	    ? -1
	    : 0;
}

int
system_find(struct account *a, const char *name, bool valid_shells)
{
	const struct passwd *pw;
	bool listed;

	a->system = true;
	if (find_decoy(a) == -1)
		return -1;
	if (name == NULL)
		return 0;
	errno = 0;
	pw = getpwnam(name);
	a->asked = true;
	a->found = pw != NULL;
	if (pw != NULL) {
		take_passwd(a, pw);
	} else if (!not_found(errno)) {
		return cannot_look_up(name);
	}
	endpwent();
	if (take_shadow(a, name) == -1)
		return -1;
	if (!crypthash_valid(a->secret, strlen(a->secret)))
		a->usable = false;
	if (!valid_shells)
		return 0;
	if (find_shell(a->shell, &listed) == -1) {
		log_error_errno("cannot read", SHELLS_FILE);
		return -1;
	}
	if (!listed || is_no_shell(a->shell))
		a->usable = false;
	return 0;
}
