/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The list of the messages of a Maildir: names, order, octets.
 * Runs as: session.  Input: directories and files that the mail user, and in
 * part whoever sends mail, decides about; the state file.
 */
#include "config.h"

#include <sys/stat.h>

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "body.h"
#include "log.h"
#include "maildir.h"
#include "maildir_adopt.h"
#include "maildir_name.h"
#include "maildir_order.h"

enum {
	SCAN_TRIES = 5,
	FETCH_AHEAD = 8,
	STALE_MAX = 256 /* records of the state file that are put up with */
};

static enum maildrop_result
add_message(struct maildrop *md, uint8_t folder, const char *name)
{
	struct message *m = maildrop_add(md);

	if (m == NULL)
		return md->count == md->settings->limit ? MAILDROP_PERM
							: MAILDROP_TEMP;
	m->where = folder;
	if (maildir_keep_name(m, name, strlen(name)))
		return MAILDROP_OK;
	log_error_errno("cannot keep the names of the messages", NULL);
	return errno == EFBIG ? MAILDROP_PERM : MAILDROP_TEMP;
}

static enum maildrop_result
list_folder(struct maildrop *md, uint8_t folder)
{
	enum maildrop_result result = MAILDROP_OK;
	struct dirent *e;
	DIR *dir;

	if (maildir.fd[folder] == -1)
		return MAILDROP_OK;
	dir = maildir_list(maildir.fd[folder]);
	errno = dir != NULL ? 0 : errno;
	while (dir != NULL && result == MAILDROP_OK &&
	    (e = readdir(dir)) != NULL) {
		if (maildir_is_message(maildir.fd[folder], e))
			result = add_message(md, folder, e->d_name);
		errno = 0;
	}
	if (result == MAILDROP_OK && errno != 0) {
		log_error_errno("cannot list", maildir_folders[folder]);
		result = MAILDROP_TEMP;
	}
	if (dir != NULL)
		(void)closedir(dir);
	return result;
}

static bool
changed_since(int fd, struct timespec *last)
{
	struct stat st;
	bool changed;

	if (fd == -1 || fstat(fd, &st) == -1)
		return false;
	changed = st.st_mtim.tv_sec != last->tv_sec ||
	    st.st_mtim.tv_nsec != last->tv_nsec;
	*last = st.st_mtim;
	return changed;
}

/*
 * First new, then cur: mail that is moved meanwhile is seen twice, not never.
 * A rename within cur while it is read can hide a message, and a client would
 * take that for a deletion; so cur is read again until it keeps still.
 */
static enum maildrop_result
list_messages(struct maildrop *md)
{
	struct timespec last = { 0, 0 };
	enum maildrop_result result = MAILDROP_OK;

	(void)changed_since(maildir.fd[MAILDIR_CUR], &last);
	for (int i = 0; i < SCAN_TRIES; i++) {
		md->count = 0;
		maildir.names_len = 0;
		for (int f = MAILDIR_NEW;
		     f < MAILDIR_FOLDERS && result == MAILDROP_OK; f++)
			result = list_folder(md, (uint8_t)f);
		if (result != MAILDROP_OK ||
		    !changed_since(maildir.fd[MAILDIR_CUR], &last))
			break;
	}
	return result;
}

/* Names are in the order of the directory: the next one is far away. */
static void
fetch_name(const struct maildrop *md, size_t i)
{
#ifdef __GNUC__
	if (i < md->count)
		__builtin_prefetch(maildir_name(&md->messages[i]));
#else
	(void)md;
	(void)i;
#endif
}

/*
 * The first of MD's messages from I on that is not before NAME in the order;
 * *SAME tells whether it is that message.  Usually it is the one at I.
 */
static size_t
seek_name(const struct maildrop *md, size_t i, const char *name, size_t len,
    bool *same)
{
	*same = false;
	for (; i < md->count; i++) {
		const struct message *m = &md->messages[i];

		fetch_name(md, i + FETCH_AHEAD);
		*same = maildir_same(maildir_name(m), m->len, name, len);
		if (*same ||
		    maildir_compare(maildir_name(m), m->len, name, len) > 0)
			break;
	}
	return i;
}

/* A record: the octets, then the base name, in the order of the messages. */
static void
take_from_state(struct maildrop *md)
{
	const unsigned char *record;
	size_t len, i = 0, stale = 0;

	state_rewind(&maildir.state);
	while (state_next(&maildir.state, &record, &len)) {
		uint64_t octets;
		bool same;

		if (len < sizeof octets)
			break;
		memcpy(&octets, record, sizeof octets);
		i = seek_name(md, i, (const char *)record + sizeof octets,
		    len - sizeof octets, &same);
		if (!same)
			stale++;
		else if (octets <= MAILDROP_MAX_OCTETS)
			md->messages[i].octets = octets;
	}
	maildir.state_outdated = stale > STALE_MAX + md->count / 4;
}

void
maildir_write_state(const struct maildrop *md)
{
	unsigned char record[sizeof(uint64_t) + NAME_MAX + 1];

	state_write_start(&maildir.state);
	for (size_t i = 0; i < md->count; i++) {
		const struct message *m = &md->messages[i];
		size_t len = maildir_base(maildir_name(m), m->len);
		uint64_t told;

		if (maildir_octets(maildir_name(m), m->len, &told) &&
		    told == m->octets)
			continue;
		memcpy(record, &m->octets, sizeof m->octets);
		memcpy(record + sizeof m->octets, maildir_name(m), len);
		state_write(&maildir.state, record, sizeof m->octets + len);
	}
	state_write_end(&maildir.state);
	maildir.state_outdated = false;
}

/* Reads the message.  One that is gone or not ours is left out. */
static enum maildrop_result
count_octets(struct maildrop *md, struct message *m)
{
	struct maildrop_source source;
	enum body_status status;
	struct body b;

	switch (maildir_source(md, m, &source)) {
	case MAILDROP_OK:
		break;
	case MAILDROP_TEMP:
		return MAILDROP_TEMP;
	default:
		m->flags |= MESSAGE_ABSENT;
		return MAILDROP_OK;
	}
	body_start(&b, NULL, BODY_ALL);
	status = body_copy(&b, source.fd, source.offset, source.bytes);
	if (status == BODY_IO)
		log_error_errno("cannot read", maildir_name(m));
	if (status == BODY_SHORT)
		log_error("became shorter while it was read:", maildir_name(m));
	maildir_release(md, &source);
	m->octets = b.octets;
	md->counted++;
	return status == BODY_DONE ? MAILDROP_OK : MAILDROP_TEMP;
}

enum maildrop_result
maildir_scan(struct maildrop *md)
{
	enum maildrop_result result = list_messages(md);

	if (result != MAILDROP_OK)
		return result;
	if (!maildir_order(md, maildir.names)) {
		log_error_errno("cannot sort the messages", NULL);
		return MAILDROP_TEMP;
	}
	maildrop_compact(md);
	take_from_state(md);
	for (size_t i = 0; i < md->count; i++) {
		struct message *m = &md->messages[i];

		if (m->octets != MESSAGE_UNKNOWN ||
		    maildir_octets(maildir_name(m), m->len, &m->octets))
			continue;
		result = count_octets(md, m);
		if (result != MAILDROP_OK)
			return result;
		maildir.state_outdated = true;
	}
	maildrop_compact(md);
	if (maildir.state_outdated)
		maildir_write_state(md);
	return maildir_adopt(md);
}
