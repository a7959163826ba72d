/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Becomes the user and executes the next program.
 * Runs as: root until drop(), then the mail user; or the mail user.
 * Input: an account whose secret was verified.
 * Descriptors: 0, 1, 2, 4 and all others as they came; 3 is closed by now,
 * and whatever was opened here is close-on-exec.
 */
#include "config.h"

#include "checkpassword/become.h"

#include <sys/stat.h>

#include <grp.h>
#include <stdlib.h>
#include <unistd.h>

#include "checkpassword/account.h"
#include "lib/log.h"
#include "lib/number.h"
#include "process/privdrop.h"
#include "process/process.h"

enum { GROUPS_MAX = 4096 };

/*
 * A session has no other groups unless they are asked for: no mail needs them,
 * and some of them, docker or disk, are as good as root.
 *
 * They are looked up here, after the password was right, and not with the
 * account.  The lookup may take long, and its time would tell that the account
 * exists.
 */
static int
drop(const struct account *a, bool with_groups)
{
	static gid_t groups[GROUPS_MAX];
	int count = GROUPS_MAX;
	size_t kept = 0;

	if (!with_groups || !a->system || geteuid() != 0)
		count = 0;
	else if (getgrouplist(a->name, a->gid, groups, &count) == -1) {
		log_error("the user is in too many groups", a->name);
		return -1;
	}
	for (int i = 0; i < count; i++)
		if (groups[i] != 0)
			groups[kept++] = groups[i];
	if (privdrop(a->uid, a->gid, groups, kept) == -1) {
		log_error_errno("cannot become the user", a->name);
		return -1;
	}
	return 0;
}

/* An empty VALUE removes the variable. */
static bool
set(const char *name, const char *value)
{
	return (value[0] == '\0' ? unsetenv(name) : setenv(name, value, 1)) ==
	    0;
}

/* 0 removes the variable. */
static bool
set_number(const char *name, uint64_t number)
{
	char text[NUMBER_DIGITS + 1] = "";

	if (number != 0)
		text[number_format(text, number)] = '\0';
	return set(name, text);
}

static bool
set_environment(const struct account *a)
{
	return set("USER", a->name) && set("HOME", a->home) &&
	    set("SHELL", a->shell) &&
	    set_number("POPIN_SCRAM", a->scram_for_all) &&
	    set_number("POPIN_MAXSIZE", a->max_size) &&
	    set_number("POPIN_NEWEST", a->newest) &&
	    set("POPIN_MAILDROP", a->maildrop);
}

void
become_and_exec(const struct account *a, bool with_groups, char *const *argv)
{
	umask(077);
	if (geteuid() == 0)
		process_leave_terminal();
	if (drop(a, with_groups) == -1)
		return;
	/* As the user: root may not see into a home on another machine. */
	if (chdir(a->home) == -1) {
		log_error_errno("cannot enter the home directory", a->home);
	} else if (!set_environment(a)) {
		log_error_errno("cannot set the environment for", a->name);
	} else {
		execvp(argv[0], argv);
		log_error_errno("cannot execute", argv[0]);
	}
}
