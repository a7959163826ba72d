/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Ids of an mbox, which other servers made of headers or wrote there.
 *
 * IMPORT_AUTO takes X-UIDL fields, but only from the first messages, up to one
 * without.  A server writes them into all messages that it finds.  Later ones
 * may have come with the mail: anybody can send such a field.
 *
 * Runs as: popin-import.  Input: an mbox, which anyone who sends mail writes
 * to.
 */
#include "config.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "import/import.h"
#include "import/import_header.h"
#include "lib/file.h"
#include "lib/hex.h"
#include "lib/io.h"
#include "lib/log.h"
#include "maildrop/uidl_map.h"
#include "mbox/mbox_entry.h"
#include "mbox/mbox_file.h"
#include "mbox/mbox_scan.h"
#include "mbox/mbox_uidl.h"
#include "options.h"
#include "process/sandbox.h"

enum {
	HEADER_SMALL = 4 * 1024,
	HEADER_MAX = 64 * 1024, /* of a header; a longer one has no id */
	PROBE = 128 * 1024
};

/* ---- opening ---- */

static enum import_status
open_mbox(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash != NULL ? slash + 1 : path;

	if (strlen(name) >= sizeof mbox.name) {
		log_error("not the path of an mbox:", path);
		return IMPORT_NO_MAILDROP;
	}
	memcpy(mbox.name, name, strlen(name) + 1);
	mbox.fd = file_open(AT_FDCWD, path, O_RDONLY);
	if (mbox.fd == -1)
		return import_failed("cannot open the mbox", path);
	if (!file_is(mbox.fd, FILE_OURS | FILE_ONE_NAME, &mbox.seen))
		return import_failed(
		    "not a regular file of this user without hard links:",
		    path);
	return IMPORT_FINE;
}

/*
 * It is not locked here: the session that asks holds the lock, and knows which
 * kinds of it work.  So whether somebody has written to it is asked at the end.
 */
static enum import_status
look_again(void)
{
	struct stat before = mbox.seen;

	if (!mbox_file_stat())
		return IMPORT_LATER;
	if (mbox.seen.st_size == before.st_size &&
	    mbox.seen.st_mtim.tv_sec == before.st_mtim.tv_sec &&
	    mbox.seen.st_mtim.tv_nsec == before.st_mtim.tv_nsec)
		return IMPORT_FINE;
	log_error("the mbox was changed by another program:", mbox.name);
	return IMPORT_LATER;
}

/* Everything up to END. */
static enum import_status
scan(struct maildrop *md, uint64_t end)
{
	mbox_drop_entries(md, 0);
	return import_status_of(mbox_scan_from(md, 0, end));
}

/* ---- headers ---- */

/* All of the header of entry I; *LEN is 0 if it is too long.  NULL, logged. */
static const char *
header(size_t i, size_t *len)
{
	static char buf[HEADER_MAX];
	uint64_t all = mbox_content_end(i) - mbox_content(i);

	*len = io_piece(all, HEADER_SMALL);
	if (!mbox_read(buf, *len, mbox_content(i)))
		return NULL;
	if (*len < all && !import_header_ends(buf, *len)) {
		*len = io_piece(all, HEADER_MAX);
		if (!mbox_read(buf, *len, mbox_content(i)))
			return NULL;
	}
	if (*len == HEADER_MAX && !import_header_ends(buf, *len))
		*len = 0;
	return buf;
}

/* False, logged. */
static bool
find_validity(enum import_scheme scheme, uint32_t *validity)
{
	const char *p;
	size_t len;

	*validity = 0;
	if (mbox.count == 0 ||
	    (scheme != IMPORT_UW && scheme != IMPORT_DOVECOT &&
		scheme != IMPORT_DOVECOT_UPPER))
		return true;
	p = header(0, &len);
	if (p != NULL)
		*validity = import_header_validity(p, len);
	return p != NULL;
}

/*
 * Has the first message an X-UIDL field?  If not, which is usual, the others
 * need not be read.  Its header may be longer than PROBE bytes: then it may
 * have one.
 */
static enum import_status
probe(struct maildrop *md, bool *worth_it)
{
	uint64_t size = (uint64_t)mbox.seen.st_size;
	enum import_status status = scan(md, size < PROBE ? size : PROBE);
	char id[MAILDROP_UIDL_MAX];
	const char *p;
	size_t len;

	*worth_it = size > PROBE;
	if (status != IMPORT_FINE || md->count == 0)
		return status;
	p = header(md->messages[0].ref, &len);
	if (p == NULL)
		return IMPORT_LATER;
	*worth_it = import_header_id(IMPORT_XUIDL, 0, p, len, id) > 0 ||
	    (size > PROBE && !import_header_ends(p, len));
	return IMPORT_FINE;
}

/* ---- ids ---- */

enum { OWN_SIZE = 2 * MBOX_ID_SIZE };

static int
compare(const void *a, const void *b)
{
	return memcmp(a, b, OWN_SIZE);
}

/* Our own ids, sorted, without what tells twins; NULL without memory. */
static char *
own_ids(void)
{
	char *ids = calloc(mbox.count + 1, OWN_SIZE);

	if (ids == NULL)
		return NULL;
	for (size_t i = 0; i < mbox.count; i++)
		(void)hex_format(
		    ids + i * OWN_SIZE, mbox.entries[i].id, MBOX_ID_SIZE);
	qsort(ids, mbox.count, OWN_SIZE, compare);
	return ids;
}

/* Could it be taken for our id of a message here, or of a twin of one? */
static bool
looks_like_ours(const char *ids, const char *theirs, size_t len)
{
	return len >= OWN_SIZE &&
	    bsearch(theirs, ids, mbox.count, OWN_SIZE, compare) != NULL;
}

/* An id that two messages have stays with the first. */
static enum import_status
enter(const struct maildrop *md, enum import_scheme scheme, uint32_t validity,
    const char *ids)
{
	for (size_t i = 0; i < md->count; i++) {
		const struct mbox_entry *e = &mbox.entries[md->messages[i].ref];
		char ours[MAILDROP_UIDL_MAX], theirs[MAILDROP_UIDL_MAX];
		size_t len;
		const char *p = header(md->messages[i].ref, &len);

		if (p == NULL)
			return IMPORT_LATER;
		len = import_header_id(scheme, validity, p, len, theirs);
		if (len == 0 && scheme == IMPORT_AUTO)
			break;
		if (len == 0 || looks_like_ours(ids, theirs, len) ||
		    uidl_map_put(ours, mbox_own_uidl(e, ours), theirs, len) ||
		    errno != ENOMEM)
			continue;
		log_error_errno("cannot keep the unique-ids", NULL);
		return IMPORT_LATER;
	}
	return IMPORT_FINE;
}

static enum import_status
find(struct maildrop *md, enum import_scheme scheme)
{
	enum import_status status = scan(md, (uint64_t)mbox.seen.st_size);
	char *ids;
	uint32_t validity;

	if (status != IMPORT_FINE)
		return status;
	if (!find_validity(scheme, &validity) ||
	    mbox_identify(md) != MAILDROP_OK)
		return IMPORT_LATER;
	ids = own_ids();
	if (ids == NULL) {
		log_error_errno("cannot find the unique-ids", NULL);
		return IMPORT_LATER;
	}
	status = enter(md, scheme, validity, ids);
	free(ids);
	return status;
}

enum import_status
import_mbox(const char *path, enum import_scheme *scheme)
{
	static const struct maildrop_settings settings = {
		.limit = OPTIONS_MESSAGES_MAX
	};
	struct maildrop md = { .settings = &settings };
	enum import_status status;
	bool worth_it = *scheme != IMPORT_OWN && *scheme != IMPORT_COURIER &&
	    *scheme != IMPORT_TPOP3D;

	status = open_mbox(path);
	if (status == IMPORT_FINE && !sandbox_enter(SANDBOX_IMPORT, NULL, 0))
		return IMPORT_LATER;
	if (status == IMPORT_FINE && *scheme == IMPORT_AUTO)
		status = probe(&md, &worth_it);
	if (status == IMPORT_FINE && worth_it)
		status = find(&md, *scheme);
	if (status == IMPORT_FINE)
		status = look_again();
	if (status == IMPORT_FINE && *scheme == IMPORT_AUTO)
		*scheme = uidl_map_count() > 0 ? IMPORT_XUIDL : IMPORT_OWN;
	if (status == IMPORT_FINE && uidl_map_count() > 0)
		import_log("headers", uidl_map_count(), md.count, 0);
	free(md.messages);
	return status;
}
