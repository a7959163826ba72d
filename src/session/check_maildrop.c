/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * --check, the maildrop of one user.
 * Runs as: the mail user, in the sandbox of a session.  Input: the maildrop.
 */
#include "config.h"

#include "session/check_maildrop.h"

#include <sys/stat.h>

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ipc/roles.h"
#include "lib/hex.h"
#include "lib/log.h"
#include "lib/sha256.h"
#include "maildrop/session_lock.h"
#include "maildrop/uidl.h"
#include "options.h"
#include "process/process.h"
#include "session/user.h"

/* Enough of a SHA-256 to tell two unique-ids apart. */
enum { MARK = 16 };

static void
tell_user(const struct user *id)
{
	const char *user = id->user != NULL ? id->user : "";
	struct log_record r;

	log_start(&r, LOG_LEVEL_INFO, "user:");
	log_text(&r, "user", user, strlen(user));
	log_number(&r, "uid", geteuid());
	log_number(&r, "gid", getegid());
	if (id->home != NULL)
		log_text(&r, "home", id->home, strlen(id->home));
	if (id->max_size != UINT64_MAX)
		log_number(&r, "maxsize", id->max_size);
	if (id->newest != UINT64_MAX)
		log_number(&r, "newest", id->newest);
	log_end(&r);
}

/* SPEC is "KIND:PATH". */
static void
tell_place(const char *spec)
{
	const char *path = strchr(spec, ':') + 1;
	struct log_record r;
	struct stat st;

	log_start(&r, LOG_LEVEL_INFO, "maildrop:");
	log_text(&r, "is", spec, strlen(spec));
	if (stat(path, &st) == 0) {
		log_number(&r, "owner", st.st_uid);
		log_number(&r, "group", st.st_gid);
	}
	log_end(&r);
}

/* Messages that have a number and cannot be sent. */
static size_t
count_sealed(struct maildrop *md)
{
	size_t sealed = 0;

	for (size_t i = 0; i < md->count && md->ops->removable != NULL; i++)
		sealed +=
		    md->ops->removable(md, &md->messages[i]) == MAILDROP_PERM;
	return sealed;
}

static void
tell_messages(struct maildrop *md)
{
	size_t sealed = count_sealed(md);
	struct log_record r;

	log_start(
	    &r, sealed == 0 ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING, "messages:");
	log_ratio(&r, "shown", md->live, md->live_octets);
	log_number(&r, "hidden", md->count - md->shown_count);
	/* these are not in the state file */
	log_number(&r, "sizes-not-remembered", md->counted);
	log_number(&r, "cannot-be-sent", sealed);
	log_end(&r);
}

/* A set of marks; a mark of zero bytes only is an empty place. */
struct marks {
	unsigned char *all;
	size_t places; /* a power of two, more than twice what comes in */
};

/* Was it there already? */
static bool
add_mark(struct marks *m, const unsigned char mark[MARK])
{
	static const unsigned char empty[MARK];
	size_t i;

	memcpy(&i, mark, sizeof i);
	for (i &= m->places - 1;; i = (i + 1) & (m->places - 1)) {
		unsigned char *place = m->all + i * MARK;

		if (memcmp(place, mark, MARK) == 0)
			return true;
		if (memcmp(place, empty, MARK) == 0) {
			memcpy(place, mark, MARK);
			return false;
		}
	}
}

static bool
id_is_taken(struct marks *marks, const char *id, size_t len)
{
	unsigned char digest[SHA256_SIZE];

	sha256_of(id, len, digest);
	return add_mark(marks, digest);
}

static bool
tell_ids(const struct maildrop *md)
{
	struct marks marks = { .places = 2 };
	size_t twice = 0, hashed = 0;
	struct log_record r;

	while (marks.places <= 2 * md->count)
		marks.places *= 2;
	marks.all = calloc(marks.places, MARK);
	if (marks.all == NULL) {
		log_error_errno("cannot compare the unique-ids", NULL);
		return false;
	}
	for (size_t i = 0; i < md->count; i++) {
		char id[MAILDROP_UIDL_MAX];
		size_t len = md->ops->uidl(md, &md->messages[i], id);

		twice += id_is_taken(&marks, id, len);
		hashed += hex_is(id, len, SHA256_SIZE);
	}
	free(marks.all);
	log_start(
	    &r, twice == 0 ? LOG_LEVEL_INFO : LOG_LEVEL_ERROR, "unique-ids:");
	log_number(&r, "duplicates", twice);
	/* names that are too long, or no id for another reason */
	log_number(&r, "made-from-unfit-names", hashed);
	log_end(&r);
	return twice == 0;
}

static int
tell_holder(void)
{
	struct log_record r;

	log_start(&r, LOG_LEVEL_WARNING, "in use by another session:");
	log_number(&r, "pid", (uint64_t)session_lock_holder());
	log_end(&r);
	return EXIT_TEMPORARY;
}

static int
tell_all(struct maildrop *md, enum maildrop_result result)
{
	if (result == MAILDROP_OK && md->ops->identify != NULL)
		result = md->ops->identify(md);
	switch (result) {
	case MAILDROP_OK:
		tell_messages(md);
		return tell_ids(md) && !log_has_failed() ? EXIT_FINE
							 : EXIT_CONFIGURATION;
	case MAILDROP_IN_USE:
		return tell_holder();
	case MAILDROP_TEMP:
		return EXIT_TEMPORARY;
	default:
		return EXIT_CONFIGURATION;
	}
}

int
check_maildrop_run(const struct options *o)
{
	static const struct process_limits limits = {
		.files = 32, .megabytes = 1024, .starts_others = true
	};
	static struct maildrop md;
	struct user id;
	char spec[PATH_MAX];

	(void)dup2(STDOUT_FILENO, STDERR_FILENO);
	log_open(LOG_STYLE_REPORT, "popin");
	process_limit(&limits);
	if (!user_take(&id) || user_is_privileged())
		return EXIT_CONFIGURATION;
	tell_user(&id);
	if (!user_maildrop(&id, o, spec, sizeof spec))
		return EXIT_CONFIGURATION;
	tell_place(spec);
	session_lock_only_look();
	return tell_all(&md, user_open(&id, o, &md));
}
