/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The user of a session, and the way to the mail.
 * Runs as: the mail user.  Input: the environment that the checker left.
 */
#include "config.h"

#include "session/user.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "lib/number.h"
#include "maildir/maildir.h"
#include "maildrop/session_lock.h"
#include "mbox/mbox.h"
#include "options.h"
#include "process/privdrop.h"
#include "process/process.h"
#include "session/maildrop_path.h"

static bool
copy(const char *name, char **value)
{
	const char *text = getenv(name);

	*value = text != NULL ? strdup(text) : NULL;
	return text == NULL || *value != NULL;
}

/* A variable that is set must be a number of at least 1. */
static bool
take_limit(const char *name, uint64_t *limit)
{
	const char *text = getenv(name);

	*limit = UINT64_MAX;
	if (text == NULL)
		return true;
	if (number_parse(text, strlen(text), UINT64_MAX - 1, limit) &&
	    *limit > 0)
		return true;
	log_error("not a positive number in the environment:", name);
	return false;
}

/*
 * Takes popin's variables and wipes all of the environment: a super-server or
 * a checker may have left secrets there.
 */
bool
user_take(struct user *id)
{
	bool taken = copy("USER", &id->user) && copy("HOME", &id->home) &&
	    copy("POPIN_MAILDROP", &id->maildrop);

	log_whose("user", id->user);
	taken = taken && take_limit("POPIN_MAXSIZE", &id->max_size) &&
	    take_limit("POPIN_NEWEST", &id->newest);
	id->scram = getenv("POPIN_SCRAM") != NULL;
	peer_find(&id->peer);
	process_wipe_environment();
	return taken;
}

bool
user_is_privileged(void)
{
	if (privdrop_is_complete())
		return false;
	log_error("refusing to run a session with uid 0 or gid 0", NULL);
	return true;
}

bool
user_maildrop(
    const struct user *id, const struct options *o, char *spec, size_t size)
{
	const char *template = id->maildrop ? id->maildrop : o->maildrop;

	return maildrop_path(template, id->user, id->home, spec, size);
}

/* SPEC is KIND:PATH, see maildrop_path.h. */
static enum maildrop_result
open_spec(struct maildrop *md, const char *spec,
    const struct maildrop_settings *settings)
{
	bool is_mbox = strncmp(spec, OPTIONS_MBOX, strlen(OPTIONS_MBOX)) == 0;

	return maildrop_open(md, is_mbox ? &mbox_ops : &maildir_ops,
	    strchr(spec, ':') + 1, settings);
}

enum maildrop_result
user_open(const struct user *id, const struct options *o, struct maildrop *md)
{
	static struct maildrop_settings settings;
	enum maildrop_result result;
	char spec[PATH_MAX];

	if (!user_maildrop(id, o, spec, sizeof spec))
		return MAILDROP_PERM;
	settings.limit = o->max_messages;
	settings.home = id->home;
	settings.mbox_locks = o->mbox_locks;
	/* a check has nothing to put there, and makes no folder */
	settings.trash = o->check ? NULL : o->trash;
	settings.max_size = id->max_size;
	settings.newest = id->newest;
	session_lock_set_patience(o->takeover);
	settings.uidl = o->uidl;
	settings.only_check = o->check;
	result = open_spec(md, spec, &settings);
	process_alone(); /* popin-import was the only one */
	if (result == MAILDROP_OK)
		result = maildrop_scan(md);
	return result;
}
