/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * What another server's file says of the messages of a Maildir.
 * Runs as: session.  Input: files that the mail user can write.
 */
#include "config.h"

#include "maildir/maildir_foreign.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "lib/hex.h"
#include "lib/log.h"
#include "lib/sha256.h"
#include "maildir/maildir.h"
#include "maildir/maildir_file.h"
#include "maildir/maildir_name.h"
#include "maildrop/uidl_index.h"
#include "maildrop/uidl_store.h"

static struct {
	int fd; /* -1: there is none */
	const struct uidl_index *index;
} foreign = { .fd = -1 };

/* ---- opening ---- */

/* Opens INDEX; of two the one that was written last is the better one. */
static enum maildrop_result
open_index(int dir_fd, const struct uidl_index *index, struct timespec *newest)
{
	struct stat st;
	int fd = maildir_file_open(dir_fd, index->file, O_RDONLY);

	if (fd == -1 && errno == ENOENT)
		return MAILDROP_OK;
	if (fd == -1 || !maildir_file_is_ours(fd, &st)) {
		if (maildir_file_temporary(errno))
			return maildir_file_failed(index->file);
		log_error_errno(
		    "unique-ids are not taken over from", index->file);
		if (fd != -1)
			(void)close(fd);
		return MAILDROP_OK;
	}
	if (foreign.fd != -1 &&
	    (st.st_mtim.tv_sec < newest->tv_sec ||
		(st.st_mtim.tv_sec == newest->tv_sec &&
		    st.st_mtim.tv_nsec < newest->tv_nsec))) {
		(void)close(fd);
		return MAILDROP_OK;
	}
	if (foreign.fd != -1)
		(void)close(foreign.fd);
	*newest = st.st_mtim;
	foreign.fd = fd;
	foreign.index = index;
	return MAILDROP_OK;
}

enum maildrop_result
maildir_foreign_open(int dir_fd, enum uidl_scheme scheme)
{
	struct timespec newest = { 0, 0 };
	enum maildrop_result result = MAILDROP_OK;

	if (scheme == UIDL_AUTO || scheme == UIDL_COURIER)
		result = open_index(dir_fd, &uidl_courier, &newest);
	if (result == MAILDROP_OK && scheme != UIDL_COURIER)
		result = open_index(dir_fd, &uidl_dovecot, &newest);
	return result;
}

bool
maildir_foreign_is_open(void)
{
	return foreign.fd != -1;
}

/* ---- taking over ---- */

/*
 * Keys are the order that a line tells and, where two tell the same, the
 * number of the line: 40 bits are for orders, 24 for lines.
 */
enum { LINES_MAX = 1 << 24, ORDER_SHIFT = 24 };

static bool
is_name(const struct message *m, const char *id, size_t len)
{
	return maildir_base(maildir_name(m), m->len) == len &&
	    memcmp(maildir_name(m), id, len) == 0;
}

/*
 * The id of LINE for the message M, whose place is P.  What looks like one of
 * our hashes could be the id of another message, and what is the name of this
 * one is its id anyway.  False without memory.
 */
static bool
take_line(const struct message *m, struct maildir_place *p,
    const struct uidl_line *line, uint64_t key)
{
	p->id = 0;
	p->key = key;
	if (line->id_len > 0 && !hex_is(line->id, line->id_len, SHA256_SIZE) &&
	    !is_name(m, line->id, line->id_len))
		p->id = uidl_store_put(line->id, line->id_len);
	else
		return true;
	return p->id != 0 || errno == EINVAL;
}

/*
 * All lines.  Of two for one message the later one counts, but no more of
 * them than there are messages: the texts take memory.
 */
static enum uidl_status
take_lines(
    const struct maildrop *md, struct maildir_place *places, uint64_t *wrong)
{
	enum uidl_status status = UIDL_LINE;
	size_t hint = 0, again = 0;

	for (uint64_t n = 0; n < LINES_MAX; n++) {
		struct uidl_line line;
		size_t at;

		status = uidl_index_next(&line);
		if (status == UIDL_FAILED || status == UIDL_END)
			break;
		*wrong += status == UIDL_WRONG;
		if (status == UIDL_WRONG)
			continue;
		at = maildir_places_find(md, &hint, line.name, line.name_len);
		if (at == MAILDIR_NOT_FOUND ||
		    (places[at].key != MAILDIR_PLACE_LAST &&
			++again > md->count))
			continue;
		if (!take_line(&md->messages[at], &places[at], &line,
			line.order << ORDER_SHIFT | n))
			return UIDL_FAILED;
	}
	return status;
}

/* An id that two messages have stays with the first. */
static bool
make_unique(struct maildir_place *places, size_t count)
{
	if (!uidl_store_open_claims(count)) {
		log_error_errno("cannot find the unique-ids", NULL);
		return false;
	}
	for (size_t i = 0; i < count; i++)
		if (places[i].id != 0 && !uidl_store_claim(places[i].id))
			places[i].id = 0;
	uidl_store_close_claims();
	return true;
}

static void
log_taken(uint64_t taken, size_t count, uint64_t wrong)
{
	struct log_record r;

	log_start(&r, LOG_LEVEL_NOTICE, "unique-ids taken over:");
	log_text(&r, "from", foreign.index->file, strlen(foreign.index->file));
	log_ratio(&r, "messages", taken, count);
	log_number(&r, "wrong", wrong);
	log_end(&r);
}

enum maildrop_result
maildir_foreign_take(const struct maildrop *md, struct maildir_place *places,
    enum uidl_scheme *scheme)
{
	enum uidl_status status;
	uint64_t wrong = 0;

	maildir_places_reset(places, md->count);
	if (*scheme == UIDL_AUTO)
		*scheme = foreign.index == &uidl_courier ? UIDL_COURIER
							 : UIDL_DOVECOT;
	status = uidl_index_start(foreign.index, foreign.fd, *scheme);
	if (status == UIDL_LINE)
		status = take_lines(md, places, &wrong);
	else if (status != UIDL_FAILED)
		log_error("not what it should be:", foreign.index->file);
	if (status == UIDL_FAILED)
		return maildir_file_failed(foreign.index->file);
	if (!make_unique(places, md->count))
		return MAILDROP_TEMP;
	maildir_places_number(places, md->count);
	log_taken(maildir_places_known(places, md->count), md->count, wrong);
	return MAILDROP_OK;
}
