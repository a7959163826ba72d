/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Ids of a Maildir: what another server's file says of the messages that are
 * there, or what it made of their names.
 * Runs as: popin-import.  Input: files that the mail user can write.
 */
#include "config.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "import/import.h"
#include "import/import_index.h"
#include "lib/file.h"
#include "lib/hex.h"
#include "lib/log.h"
#include "lib/md5.h"
#include "lib/sha256.h"
#include "maildir/maildir_folders.h"
#include "maildir/maildir_list.h"
#include "maildir/maildir_name.h"
#include "maildir/maildir_order.h"
#include "maildrop/uidl_map.h"
#include "options.h"
#include "process/sandbox.h"

enum { LINES_MAX = 1 << 24 };

/* What is known of one message. */
struct found {
	bool known;  /* some line is about it */
	uint8_t len; /* of the id; 0: it is our own */
	char id[MAILDROP_UIDL_MAX];
};

static struct {
	int fd; /* -1: there is none */
	const struct import_index *index;
	struct timespec written;
} file = { .fd = -1 };

/* ---- opening ---- */

static bool
is_older(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec < b->tv_sec ||
	    (a->tv_sec == b->tv_sec && a->tv_nsec < b->tv_nsec);
}

/* Was FD, or why there is none, seen to be no list of ids? */
static bool
is_trap(int fd, const struct stat *st)
{
	if (fd == -1) /* a link; a socket */
		return errno == ELOOP || errno == ENXIO;
	return st->st_mode != 0; /* fstat(2) has told */
}

/*
 * Opens INDEX.  If there are two, the one that was written last counts.  One
 * that is a trap has no ids.  One that cannot be opened or looked at has ids,
 * and without them clients would fetch everything again.
 */
static enum import_status
open_index(int dir_fd, const struct import_index *index)
{
	struct stat st = { .st_mode = 0 };
	int fd = file_open(dir_fd, index->file, O_RDONLY);

	if (fd == -1 && errno == ENOENT)
		return IMPORT_FINE;
	if (fd == -1 || !file_is(fd, FILE_OURS | FILE_ROOTS, &st)) {
		if (!is_trap(fd, &st))
			return import_failed("cannot use", index->file);
		log_error_errno(
		    "unique-ids are not taken over from", index->file);
	} else if (file.fd == -1 || !is_older(&st.st_mtim, &file.written)) {
		file.fd = fd;
		file.index = index;
		file.written = st.st_mtim;
	}
	return IMPORT_FINE;
}

static enum import_status
open_indexes(int dir_fd, enum import_scheme scheme)
{
	enum import_status status = IMPORT_FINE;

	if (scheme == IMPORT_AUTO || scheme == IMPORT_COURIER)
		status = open_index(dir_fd, &import_courier);
	if (status == IMPORT_FINE &&
	    (scheme == IMPORT_AUTO || scheme == IMPORT_DOVECOT ||
		scheme == IMPORT_DOVECOT_UPPER))
		status = open_index(dir_fd, &import_dovecot);
	return status;
}

static enum import_status
open_all(const char *path, enum import_scheme scheme)
{
	int dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir_fd == -1)
		return import_failed("cannot open the Maildir", path);
	for (int i = 0; i < MAILDIR_FOLDERS; i++) {
		maildir.fd[i] = maildir_open_folder(dir_fd, maildir_folders[i]);
		if (maildir.fd[i] == -1 && errno != ENOENT)
			return import_failed("cannot open the Maildir", path);
	}
	return open_indexes(dir_fd, scheme);
}

/* ---- what a file says ---- */

static bool
is_name(const struct message *m, const char *id, size_t len)
{
	return maildir_base(maildir_name(m), m->len) == len &&
	    memcmp(maildir_name(m), id, len) == 0;
}

/*
 * An id that looks like one of our hashes could be that of another message.
 * The name of the message is its id anyway.
 */
static void
take_line(
    const struct message *m, struct found *f, const struct import_line *line)
{
	f->known = true;
	f->len = 0;
	if (!uidl_valid(line->id, line->id_len) ||
	    hex_is(line->id, line->id_len, SHA256_SIZE) ||
	    is_name(m, line->id, line->id_len))
		return;
	memcpy(f->id, line->id, line->id_len);
	f->len = (uint8_t)line->id_len;
}

/* All lines.  Of two for one message the later one counts. */
static enum import_result
take_lines(const struct maildrop *md, struct found *found, uint64_t *wrong)
{
	enum import_result result = INDEX_LINE;
	size_t hint = 0;

	for (uint64_t n = 0; n < LINES_MAX; n++) {
		struct import_line line;
		size_t at;

		result = import_index_next(&line);
		if (result == INDEX_FAILED || result == INDEX_END)
			break;
		*wrong += result == INDEX_WRONG;
		if (result == INDEX_WRONG)
			continue;
		at = maildir_find(md, &hint, line.name, line.name_len);
		if (at != MAILDIR_NOT_FOUND)
			take_line(&md->messages[at], &found[at], &line);
	}
	return result;
}

static enum import_status
read_index(
    const struct maildrop *md, struct found *found, enum import_scheme *scheme)
{
	const char *name = file.index->file;
	enum import_result result;
	uint64_t wrong = 0;
	size_t known = 0;

	if (*scheme == IMPORT_AUTO)
		*scheme = file.index == &import_courier ? IMPORT_COURIER
							: IMPORT_DOVECOT;
	result = import_index_start(
	    file.index, file.fd, *scheme == IMPORT_DOVECOT_UPPER);
	if (result != INDEX_LINE && result != INDEX_FAILED) {
		log_error(
		    "wrong format, no unique-ids are taken over from", name);
		return IMPORT_FINE;
	}
	if (result == INDEX_LINE)
		result = take_lines(md, found, &wrong);
	if (result == INDEX_FAILED) {
		log_error_errno("cannot read", name);
		return IMPORT_LATER;
	}
	for (size_t i = 0; i < md->count; i++)
		known += found[i].known;
	import_log(name, known, md->count, wrong);
	return IMPORT_FINE;
}

/* ---- what was made of the names ---- */

static void
make_md5(const struct maildrop *md, struct found *found)
{
	for (size_t i = 0; i < md->count; i++) {
		const char *name = maildir_name(&md->messages[i]);
		unsigned char digest[MD5_SIZE];
		struct md5 s;

		md5_start(&s);
		md5_add(&s, name, maildir_base(name, md->messages[i].len));
		md5_end(&s, digest);
		found[i].len =
		    (uint8_t)hex_format(found[i].id, digest, sizeof digest);
	}
}

/* ---- all of it ---- */

static enum import_status
list(struct maildrop *md)
{
	struct maildir_look look;
	enum import_status status;

	maildir_look(&look);
	status = import_status_of(maildir_list_messages(md, &look, false));
	if (status != IMPORT_FINE)
		return status;
	if (!maildir_order(md, maildir.names.all)) {
		log_error_errno("cannot sort the messages", NULL);
		return IMPORT_LATER;
	}
	maildrop_compact(md);
	return IMPORT_FINE;
}

/* An id that two messages have stays with the first. */
static enum import_status
enter(const struct maildrop *md, const struct found *found)
{
	for (size_t i = 0; i < md->count; i++) {
		const struct message *m = &md->messages[i];
		char ours[MAILDROP_UIDL_MAX];

		if (found[i].len == 0 ||
		    uidl_map_put(ours,
			maildir_uidl(maildir_name(m), m->len, ours),
			found[i].id, found[i].len) ||
		    errno != ENOMEM)
			continue;
		log_error_errno("cannot keep the unique-ids", NULL);
		return IMPORT_LATER;
	}
	return IMPORT_FINE;
}

static enum import_status
find(struct maildrop *md, enum import_scheme *scheme)
{
	struct found *found = calloc(md->count + 1, sizeof *found);
	enum import_status status = IMPORT_FINE;

	if (found == NULL) {
		log_error_errno("cannot find the unique-ids", NULL);
		return IMPORT_LATER;
	}
	if (file.fd != -1)
		status = read_index(md, found, scheme);
	else if (*scheme == IMPORT_SOLID || *scheme == IMPORT_TPOP3D)
		make_md5(md, found);
	if (status == IMPORT_FINE)
		status = enter(md, found);
	free(found);
	return status;
}

/* If not, the messages are not listed, which would take as long as a login. */
static bool
knows_any(enum import_scheme scheme)
{
	return file.fd != -1 || scheme == IMPORT_SOLID ||
	    scheme == IMPORT_TPOP3D;
}

enum import_status
import_maildir(const char *path, enum import_scheme *scheme)
{
	static const struct maildrop_settings settings = {
		.limit = OPTIONS_MESSAGES_MAX
	};
	struct maildrop md = { .settings = &settings };
	enum import_status status = open_all(path, *scheme);

	if (status != IMPORT_FINE)
		return status;
	if (!sandbox_enter(SANDBOX_IMPORT, maildir.fd, MAILDIR_FOLDERS))
		return IMPORT_LATER;
	if (knows_any(*scheme))
		status = list(&md);
	if (status == IMPORT_FINE)
		status = find(&md, scheme);
	if (*scheme == IMPORT_AUTO)
		*scheme = IMPORT_OWN;
	free(md.messages);
	return status;
}
