/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Unique-ids of a Maildir that another server has given.
 *
 * They are taken over once, by the first session, together with the order,
 * into popin.uidl; from then on only that counts.  So ids stay when the other
 * server's file goes, and do not change when it is still written to: by an
 * IMAP server beside us, which gives the new mail ids of its own.  For the
 * same reason nothing is taken over, except on an explicit wish, where popin
 * has served before: then clients know our ids.
 *
 * Runs as: session.  Input: file names, and what maildir_foreign.c and
 * maildir_snapshot.c have made of files that the mail user can write.
 */
#include "config.h"

#include "maildir/maildir_adopt.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <stdlib.h>

#include "lib/hex.h"
#include "lib/log.h"
#include "lib/md5.h"
#include "maildir/maildir.h"
#include "maildir/maildir_foreign.h"
#include "maildir/maildir_name.h"
#include "maildir/maildir_places.h"
#include "maildir/maildir_snapshot.h"
#include "maildrop/uidl_store.h"

static struct {
	enum uidl_scheme scheme;
	bool refused; /* there is an index, but clients know our ids */
	bool reordered;
	uint32_t *ids; /* of the messages by number; NULL: all ours */
} adopt;

/*
 * popin.uidl is made before the state file is, so that a crash in between
 * leaves nothing that looks like popin having served already.
 */
enum maildrop_result
maildir_adopt_open(int dir_fd, const char *path, enum uidl_scheme scheme)
{
	enum maildrop_result result;
	struct stat st;

	adopt.scheme = scheme;
	if (scheme != UIDL_AUTO && scheme != UIDL_COURIER &&
	    scheme != UIDL_DOVECOT && scheme != UIDL_DOVECOT_UPPER)
		return MAILDROP_OK;
	result = maildir_snapshot_open(dir_fd);
	if (result == MAILDROP_OK)
		result = maildir_foreign_open(dir_fd, scheme);
	if (result != MAILDROP_OK || !maildir_foreign_is_open() ||
	    maildir_snapshot_is_open())
		return result;
	adopt.refused = scheme == UIDL_AUTO &&
	    fstatat(dir_fd, "popin.state", &st, AT_SYMLINK_NOFOLLOW) == 0;
	result = maildir_snapshot_make(dir_fd, path);
	return adopt.refused ? MAILDROP_OK : result;
}

/* ---- taking over ---- */

/*
 * What is in popin.uidl counts, but not where another scheme is wanted than
 * the one that it came from, and could be had.
 */
static enum maildir_snapshot
read_snapshot(const struct maildrop *md, struct maildir_place *places)
{
	return maildir_snapshot_read(
	    md, places, maildir_foreign_is_open() ? adopt.scheme : UIDL_AUTO);
}

static enum maildrop_result
take_over(const struct maildrop *md, struct maildir_place *places)
{
	enum uidl_scheme scheme = adopt.scheme;
	enum maildrop_result result = maildir_foreign_take(md, places, &scheme);

	if (result == MAILDROP_OK)
		maildir_snapshot_write(md, places, scheme);
	return result;
}

static bool
reorder(struct maildrop *md, struct maildir_place *places)
{
	struct message *sorted;

	if (maildir_places_in_order(places, md->count))
		return true;
	sorted = reallocarray(NULL, md->count + 1, sizeof *sorted);
	if (sorted == NULL)
		return false;
	maildir_places_sort(places, md->count);
	for (size_t i = 0; i < md->count; i++)
		sorted[i] = md->messages[places[i].index];
	free(md->messages);
	md->messages = sorted;
	md->allocated = md->count + 1;
	adopt.reordered = true;
	return true;
}

static bool
settle(struct maildrop *md, struct maildir_place *places)
{
	adopt.ids = calloc(md->count + 1, sizeof *adopt.ids);
	if (adopt.ids == NULL || !reorder(md, places)) {
		log_error_errno("cannot find the unique-ids", NULL);
		return false;
	}
	for (size_t i = 0; i < md->count; i++)
		adopt.ids[i] = places[i].id;
	return true;
}

enum maildrop_result
maildir_adopt(struct maildrop *md)
{
	enum maildrop_result result = MAILDROP_OK;
	enum maildir_snapshot found;
	struct maildir_place *places;

	if (!maildir_snapshot_is_open() && !maildir_foreign_is_open())
		return MAILDROP_OK;
	places = maildir_places_make(md);
	if (places == NULL)
		return MAILDROP_TEMP;
	found = read_snapshot(md, places);
	if (found == SNAPSHOT_UNREADABLE)
		result = MAILDROP_TEMP;
	else if (found != SNAPSHOT_TAKEN && maildir_foreign_is_open() &&
	    !adopt.refused)
		result = take_over(md, places);
	else if (found == SNAPSHOT_NONE)
		maildir_snapshot_write(md, places, UIDL_OWN);
	if (result == MAILDROP_OK && !settle(md, places))
		result = MAILDROP_TEMP;
	free(places);
	return result;
}

/* ---- what the session sees ---- */

bool
maildir_adopt_reordered(void)
{
	return adopt.reordered;
}

/*
 * An id of ours that was given by the other server, to this day or long ago,
 * cannot be used; its hash can.
 */
enum maildrop_result
maildir_identify(struct maildrop *md)
{
	char id[MAILDROP_UIDL_MAX];

	if (adopt.ids == NULL || uidl_store_count() == 0)
		return MAILDROP_OK;
	if (!uidl_store_open_claims(uidl_store_count())) {
		log_error_errno("cannot find the unique-ids", NULL);
		return MAILDROP_TEMP;
	}
	uidl_store_claim_all();
	for (size_t i = 0; i < md->count; i++) {
		const struct message *m = &md->messages[i];

		if (adopt.ids[i] != 0 ||
		    !uidl_store_claimed(
			id, maildir_uidl(maildir_name(m), m->len, id)))
			continue;
		adopt.ids[i] = uidl_store_put(
		    id, maildir_uidl_hash(maildir_name(m), m->len, id));
	}
	uidl_store_close_claims();
	return MAILDROP_OK;
}

static size_t
md5_of_name(const struct message *m, char *buf)
{
	unsigned char digest[MD5_SIZE];
	struct md5 s;

	md5_start(&s);
	md5_add(&s, maildir_name(m), maildir_base(maildir_name(m), m->len));
	md5_end(&s, digest);
	return hex_format(buf, digest, sizeof digest);
}

size_t
maildir_ops_uidl(const struct maildrop *md, const struct message *m, char *buf)
{
	uint32_t id = adopt.ids != NULL ? adopt.ids[m - md->messages] : 0;

	if (adopt.scheme == UIDL_SOLID || adopt.scheme == UIDL_TPOP3D)
		return md5_of_name(m, buf);
	if (id != 0)
		return uidl_store_get(id, buf);
	return maildir_uidl(maildir_name(m), m->len, buf);
}
