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
 * popin.uidl is never changed afterwards.  It keeps the ids of messages that
 * are gone, so that none of them is used again.  Its records, in the format
 * of the state file: a struct summary; then for each message a struct fixed,
 * the id (empty where it is our own), the base name.
 *
 * Runs as: session.  Input: files that the mail user can write.
 */
#include "config.h"

#include "maildir_adopt.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "maildir.h"
#include "maildir_name.h"
#include "md5.h"
#include "sha256.h"
#include "uidl_index.h"
#include "uidl_store.h"

/* "popinUi1" */
static const uint64_t SNAPSHOT_KIND = 0x706f70696e556931;
static const char SNAPSHOT[] = "popin.uidl";

/* Where new mail comes: behind all that has a place. */
#define LAST UINT64_MAX
#define NOT_FOUND SIZE_MAX

struct summary {
	uint64_t scheme, count;
};

struct fixed {
	uint32_t place;
	uint32_t id_len;
};

/* What is known of each message, in the order of the messages. */
struct place {
	uint64_t key; /* where it comes */
	uint32_t id;  /* a handle of uidl_store.h, or 0 */
	uint32_t index;
};

static struct {
	enum uidl_scheme scheme;
	struct state snapshot; /* fd -1: there is none */
	bool empty;	       /* it was made and never written */
	int index_fd;	       /* -1: there is none */
	const struct uidl_index *index;
	bool refused; /* there is an index, but clients know our ids */
	bool reordered;
	uint32_t *ids;	      /* of the messages by number; NULL: all ours */
	struct place *places; /* while this is found out */
} adopt = { .snapshot = { .fd = -1 }, .index_fd = -1 };

/* ---- opening ---- */

static bool
temporary(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOMEM ||
	    error == EIO || error == ESTALE || error == ENOSPC ||
	    error == EDQUOT || error == EINTR || error == EAGAIN;
}

/* A plain file of the mail user's, or of root, who may have restored it. */
static bool
is_ours(int fd, struct stat *st)
{
	errno = EPERM;
	return fstat(fd, st) == 0 && S_ISREG(st->st_mode) &&
	    (st->st_uid == geteuid() || st->st_uid == 0);
}

static int
open_plain(int dir_fd, const char *name, int mode)
{
	return openat(dir_fd, name,
	    mode | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
}

static enum maildrop_result
cannot(const char *name)
{
	bool later = temporary(errno);

	log_error_errno("cannot use", name);
	return later ? MAILDROP_TEMP : MAILDROP_PERM;
}

/*
 * Without it clients would get everything again, so one that is there has to
 * be usable.
 */
static enum maildrop_result
open_snapshot(int dir_fd)
{
	struct stat st;
	int fd = open_plain(dir_fd, SNAPSHOT, O_RDWR);

	if (fd == -1 && (errno == EACCES || errno == EROFS))
		fd = open_plain(dir_fd, SNAPSHOT, O_RDONLY);
	if (fd == -1 && errno == ENOENT)
		return MAILDROP_OK;
	if (fd == -1 || !is_ours(fd, &st))
		return cannot(SNAPSHOT);
	adopt.snapshot.fd = fd;
	adopt.snapshot.kind = SNAPSHOT_KIND;
	adopt.empty = st.st_size == 0;
	return MAILDROP_OK;
}

/* Opens INDEX; of two the one that was written last is the better one. */
static enum maildrop_result
open_index(int dir_fd, const struct uidl_index *index, struct timespec *newest)
{
	struct stat st;
	int fd = open_plain(dir_fd, index->file, O_RDONLY);

	if (fd == -1 && errno == ENOENT)
		return MAILDROP_OK;
	if (fd == -1 || !is_ours(fd, &st)) {
		if (temporary(errno))
			return cannot(index->file);
		log_error_errno(
		    "unique-ids are not taken over from", index->file);
		if (fd != -1)
			(void)close(fd);
		return MAILDROP_OK;
	}
	if (adopt.index_fd != -1 &&
	    (st.st_mtim.tv_sec < newest->tv_sec ||
		(st.st_mtim.tv_sec == newest->tv_sec &&
		    st.st_mtim.tv_nsec < newest->tv_nsec))) {
		(void)close(fd);
		return MAILDROP_OK;
	}
	if (adopt.index_fd != -1)
		(void)close(adopt.index_fd);
	*newest = st.st_mtim;
	adopt.index_fd = fd;
	adopt.index = index;
	return MAILDROP_OK;
}

static enum maildrop_result
open_indexes(int dir_fd)
{
	enum uidl_scheme s = adopt.scheme;
	struct timespec newest = { 0, 0 };
	enum maildrop_result result = MAILDROP_OK;

	if (s == UIDL_AUTO || s == UIDL_COURIER)
		result = open_index(dir_fd, &uidl_courier, &newest);
	if (result == MAILDROP_OK && s != UIDL_COURIER)
		result = open_index(dir_fd, &uidl_dovecot, &newest);
	return result;
}

/*
 * Before the state file is made, so that a crash in between leaves nothing
 * that looks like popin having served already.
 */
static enum maildrop_result
make_snapshot(int dir_fd, const char *path)
{
	int fd = open_plain(dir_fd, SNAPSHOT, O_RDWR | O_CREAT);

	if (fd == -1) {
		bool later = temporary(errno);

		log_error_errno("cannot keep unique-ids in", path);
		return later ? MAILDROP_TEMP : MAILDROP_OK;
	}
	adopt.snapshot.fd = fd;
	adopt.snapshot.kind = SNAPSHOT_KIND;
	adopt.empty = true;
	return MAILDROP_OK;
}

enum maildrop_result
maildir_adopt_open(int dir_fd, const char *path, enum uidl_scheme scheme)
{
	enum maildrop_result result;
	struct stat st;

	adopt.scheme = scheme;
	if (scheme != UIDL_AUTO && scheme != UIDL_COURIER &&
	    scheme != UIDL_DOVECOT && scheme != UIDL_DOVECOT_UPPER)
		return MAILDROP_OK;
	result = open_snapshot(dir_fd);
	if (result == MAILDROP_OK)
		result = open_indexes(dir_fd);
	if (result != MAILDROP_OK || adopt.index_fd == -1 ||
	    adopt.snapshot.fd != -1)
		return result;
	adopt.refused = scheme == UIDL_AUTO &&
	    fstatat(dir_fd, "popin.state", &st, AT_SYMLINK_NOFOLLOW) == 0;
	result = make_snapshot(dir_fd, path);
	return adopt.refused ? MAILDROP_OK : result;
}

/* ---- finding messages ---- */

/* Quicker than comparing. */
static bool
is_named(const struct message *m, const char *name, size_t len)
{
	return maildir_same(maildir_name(m), m->len, name, len);
}

static int
compare(const struct maildrop *md, size_t i, const char *name, size_t len)
{
	const struct message *m = &md->messages[i];

	return maildir_compare(maildir_name(m), m->len, name, len);
}

/*
 * The index of message NAME, of those from *HINT on if that helps; it mostly
 * does, as most lists are in our order.
 */
static size_t
find(const struct maildrop *md, size_t *hint, const char *name, size_t len)
{
	size_t low = 0, high = md->count, at = *hint;

	if (at < high && is_named(&md->messages[at], name, len)) {
		*hint = at + 1;
		return at;
	}
	while (low < high) {
		int order;

		if (at >= high || at < low)
			at = low + (high - low) / 2;
		order = compare(md, at, name, len);
		if (order == 0) {
			*hint = at + 1;
			return at;
		}
		if (order < 0) {
			low = at + 1;
			at = high;
		} else {
			high = at;
			/* right before the hint, most likely */
			at = at == *hint && at > low ? at - 1 : high;
		}
	}
	*hint = low;
	return NOT_FOUND;
}

static void
reset_places(const struct maildrop *md)
{
	for (size_t i = 0; i < md->count; i++) {
		adopt.places[i].key = LAST;
		adopt.places[i].id = 0;
		adopt.places[i].index = (uint32_t)i;
	}
}

static bool
make_places(const struct maildrop *md)
{
	adopt.places = reallocarray(NULL, md->count + 1, sizeof *adopt.places);
	if (adopt.places == NULL) {
		log_error_errno("cannot find the unique-ids", NULL);
		return false;
	}
	reset_places(md);
	return true;
}

/* ---- popin.uidl ---- */

/* One record.  False if it is none that was written here. */
static bool
take_record(const struct maildrop *md, size_t *hint,
    const unsigned char *record, size_t len)
{
	const char *text = (const char *)record + sizeof(struct fixed);
	struct fixed f;
	uint32_t id = 0;
	size_t at;

	if (len < sizeof f)
		return false;
	memcpy(&f, record, sizeof f);
	len -= sizeof f;
	if (f.id_len > len || f.id_len > MAILDROP_UIDL_MAX)
		return false;
	/* also of a message that is gone */
	if (f.id_len > 0 && (id = uidl_store_put(text, f.id_len)) == 0)
		return false;
	at = find(md, hint, text + f.id_len, len - f.id_len);
	if (at != NOT_FOUND) {
		adopt.places[at].id = id;
		adopt.places[at].key = f.place;
	}
	return true;
}

enum found { NOTHING, TAKEN, DAMAGED, UNREADABLE };

/* Some reason that has nothing to do with what is in the file? */
static enum found
not_a_record(void)
{
	if (errno == 0 || errno == EINVAL) {
		log_error("damaged:", SNAPSHOT);
		return DAMAGED;
	}
	log_error_errno("cannot read", SNAPSHOT);
	return UNREADABLE;
}

/*
 * Takes what is in popin.uidl; nothing, if another scheme is wanted than the
 * one that it came from.
 */
static enum found
read_snapshot(const struct maildrop *md)
{
	const unsigned char *record;
	struct summary s;
	size_t len, hint = 0;

	if (adopt.snapshot.fd == -1 || adopt.empty)
		return NOTHING;
	state_rewind(&adopt.snapshot);
	errno = 0;
	if (!state_next(&adopt.snapshot, &record, &len) || len != sizeof s)
		return not_a_record();
	memcpy(&s, record, sizeof s);
	if (adopt.scheme != UIDL_AUTO && adopt.index_fd != -1 &&
	    s.scheme != adopt.scheme)
		return NOTHING;
	for (uint64_t i = 0; i < s.count; i++)
		if (!state_next(&adopt.snapshot, &record, &len) ||
		    !take_record(md, &hint, record, len))
			return not_a_record();
	return TAKEN;
}

static void
write_record(const struct message *m, uint32_t place, uint32_t id)
{
	unsigned char
	    record[sizeof(struct fixed) + MAILDROP_UIDL_MAX + NAME_MAX + 1];
	struct fixed f = { .place = place };
	size_t len = sizeof f, name_len = maildir_base(maildir_name(m), m->len);

	if (id != 0)
		f.id_len = (uint32_t)uidl_store_get(id, (char *)record + len);
	len += f.id_len;
	memcpy(record, &f, sizeof f);
	memcpy(record + len, maildir_name(m), name_len);
	state_write(&adopt.snapshot, record, len + name_len);
}

/* The messages are in our order, places[i].key are places. */
static void
write_snapshot(const struct maildrop *md, enum uidl_scheme from)
{
	struct summary s = { .scheme = from };

	if (adopt.snapshot.fd == -1)
		return;
	for (size_t i = 0; i < md->count; i++)
		s.count += adopt.places[i].key != LAST;
	state_write_start(&adopt.snapshot);
	state_write(&adopt.snapshot, &s, sizeof s);
	for (size_t i = 0; i < md->count; i++)
		if (adopt.places[i].key != LAST)
			write_record(&md->messages[i],
			    (uint32_t)adopt.places[i].key, adopt.places[i].id);
	state_write_end(&adopt.snapshot);
	if (adopt.snapshot.failed || fsync(adopt.snapshot.fd) == -1)
		log_error("cannot write all of it, next time again:", SNAPSHOT);
}

/* ---- the other server's file ---- */

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
 * The id of LINE for the message at AT.  What looks like one of our hashes
 * could be the id of another message, and what is the name of this one is
 * its id anyway.  False without memory.
 */
static bool
take_line(const struct maildrop *md, size_t at, const struct uidl_line *line,
    uint64_t key)
{
	struct place *p = &adopt.places[at];

	p->id = 0;
	p->key = key;
	if (line->id_len > 0 &&
	    !uidl_is_hex(line->id, line->id_len, SHA256_SIZE) &&
	    !is_name(&md->messages[at], line->id, line->id_len))
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
take_lines(const struct maildrop *md, uint64_t *wrong)
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
		at = find(md, &hint, line.name, line.name_len);
		if (at == NOT_FOUND ||
		    (adopt.places[at].key != LAST && ++again > md->count))
			continue;
		if (!take_line(md, at, &line, line.order << ORDER_SHIFT | n))
			return UIDL_FAILED;
	}
	return status;
}

/* An id that two messages have stays with the first. */
static bool
make_unique(const struct maildrop *md)
{
	if (!uidl_store_open_claims(md->count)) {
		log_error_errno("cannot find the unique-ids", NULL);
		return false;
	}
	for (size_t i = 0; i < md->count; i++)
		if (adopt.places[i].id != 0 &&
		    !uidl_store_claim(adopt.places[i].id))
			adopt.places[i].id = 0;
	uidl_store_close_claims();
	return true;
}

static void
log_taken(const struct maildrop *md, uint64_t wrong)
{
	struct log_record r;
	uint64_t taken = 0;

	for (size_t i = 0; i < md->count; i++)
		taken += adopt.places[i].key != LAST;
	log_start(&r, LOG_LEVEL_NOTICE, "unique-ids taken over:");
	log_text(&r, "from", adopt.index->file, strlen(adopt.index->file));
	log_ratio(&r, "messages", taken, md->count);
	log_number(&r, "wrong", wrong);
	log_end(&r);
}

static int
compare_places(const void *pa, const void *pb)
{
	const struct place *a = pa, *b = pb;

	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	return (a->index > b->index) - (a->index < b->index);
}

static int
compare_indexes(const void *pa, const void *pb)
{
	const struct place *a = pa, *b = pb;

	return (a->index > b->index) - (a->index < b->index);
}

/* Keys that are an order become places from 0 on. */
static void
number_places(size_t count)
{
	uint32_t place = 0;

	qsort(adopt.places, count, sizeof *adopt.places, compare_places);
	for (size_t i = 0; i < count; i++)
		if (adopt.places[i].key != LAST)
			adopt.places[i].key = place++;
	qsort(adopt.places, count, sizeof *adopt.places, compare_indexes);
}

static enum maildrop_result
take_over(const struct maildrop *md)
{
	enum uidl_scheme scheme = adopt.scheme;
	enum uidl_status status;
	uint64_t wrong = 0;

	reset_places(md);
	if (scheme == UIDL_AUTO)
		scheme =
		    adopt.index == &uidl_courier ? UIDL_COURIER : UIDL_DOVECOT;
	status = uidl_index_start(adopt.index, adopt.index_fd, scheme);
	if (status == UIDL_LINE)
		status = take_lines(md, &wrong);
	else if (status != UIDL_FAILED)
		log_error("not what it should be:", adopt.index->file);
	if (status == UIDL_FAILED)
		return cannot(adopt.index->file);
	if (!make_unique(md))
		return MAILDROP_TEMP;
	number_places(md->count);
	log_taken(md, wrong);
	write_snapshot(md, scheme);
	return MAILDROP_OK;
}

/* ---- what the session sees ---- */

static bool
in_order(size_t count)
{
	for (size_t i = 1; i < count; i++)
		if (adopt.places[i - 1].key > adopt.places[i].key)
			return false;
	return true;
}

static bool
reorder(struct maildrop *md)
{
	struct message *sorted;

	if (in_order(md->count))
		return true;
	sorted = reallocarray(NULL, md->count + 1, sizeof *sorted);
	if (sorted == NULL)
		return false;
	qsort(adopt.places, md->count, sizeof *adopt.places, compare_places);
	for (size_t i = 0; i < md->count; i++)
		sorted[i] = md->messages[adopt.places[i].index];
	free(md->messages);
	md->messages = sorted;
	md->allocated = md->count + 1;
	adopt.reordered = true;
	return true;
}

static bool
settle(struct maildrop *md)
{
	adopt.ids = calloc(md->count + 1, sizeof *adopt.ids);
	if (adopt.ids == NULL || !reorder(md)) {
		log_error_errno("cannot find the unique-ids", NULL);
		return false;
	}
	for (size_t i = 0; i < md->count; i++)
		adopt.ids[i] = adopt.places[i].id;
	return true;
}

enum maildrop_result
maildir_adopt(struct maildrop *md)
{
	enum maildrop_result result = MAILDROP_OK;
	enum found found;

	if (adopt.snapshot.fd == -1 && adopt.index_fd == -1)
		return MAILDROP_OK;
	if (!make_places(md))
		return MAILDROP_TEMP;
	found = read_snapshot(md);
	if (found == UNREADABLE)
		result = MAILDROP_TEMP;
	else if (found != TAKEN && adopt.index_fd != -1 && !adopt.refused)
		result = take_over(md);
	else if (found == NOTHING)
		write_snapshot(md, UIDL_OWN);
	if (result == MAILDROP_OK && !settle(md))
		result = MAILDROP_TEMP;
	free(adopt.places);
	adopt.places = NULL;
	return result;
}

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
	return uidl_hex(buf, digest, sizeof digest);
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
