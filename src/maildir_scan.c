/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The list of the messages of a Maildir: names, order, octets.
 * Runs as: session.  Input: directories and files that the mail user, and in
 * part whoever sends mail, decides about; the state file.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "body.h"
#include "log.h"
#include "maildir.h"
#include "maildir_adopt.h"
#include "maildir_name.h"
#include "maildir_order.h"
#include "maildir_state.h"
#include "netio.h"

enum {
	SCAN_TRIES = 5,
	LOOK_EVERY = 64 /* messages: is there a reason to stop? */
};

/* A message was left out that a chown(2) could make one. */
static bool left_out;

static bool
has_to_stop(size_t i)
{
	return i % LOOK_EVERY == 0 && netio_interrupted() != NET_OK;
}

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
		if (result == MAILDROP_OK && has_to_stop(md->count))
			result = MAILDROP_TEMP;
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

/*
 * First new, then cur: mail that is moved meanwhile is seen twice, not never.
 * A rename within cur while it is read can hide a message, and a client would
 * take that for a deletion; so cur is read again until it keeps still.
 */
static enum maildrop_result
list_messages(struct maildrop *md)
{
	enum maildrop_result result = MAILDROP_OK;

	for (int i = 0; i < SCAN_TRIES; i++) {
		md->count = 0;
		maildir.names_len = 0;
		for (int f = MAILDIR_NEW;
		     f < MAILDIR_FOLDERS && result == MAILDROP_OK; f++)
			result = list_folder(md, (uint8_t)f);
		if (result != MAILDROP_OK || !maildir_state_look())
			break;
	}
	return result;
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
		left_out = true;
		return MAILDROP_OK;
	}
	body_start(&b, NULL, BODY_ALL);
	status = body_copy(&b, source.fd, source.offset, source.bytes);
	if (status == BODY_IO)
		log_error_errno("cannot read", maildir_name(m));
	if (status == BODY_SHORT)
		log_error("became shorter while it was read:", maildir_name(m));
	maildir_release(md, &source);
	if (status != BODY_DONE)
		return MAILDROP_TEMP;
	m->octets = b.octets;
	md->counted++;
	return MAILDROP_OK;
}

enum maildrop_result
maildir_scan(struct maildrop *md)
{
	enum maildrop_result result;
	bool counted = false;

	if (maildir_state_list(md))
		return maildir_adopt(md);
	left_out = false;
	result = list_messages(md);
	if (result != MAILDROP_OK)
		return result;
	if (!maildir_order(md, maildir.names)) {
		log_error_errno("cannot sort the messages", NULL);
		return MAILDROP_TEMP;
	}
	maildrop_compact(md);
	maildir_state_octets(md);
	for (size_t i = 0; i < md->count; i++) {
		struct message *m = &md->messages[i];

		if (m->octets != MESSAGE_UNKNOWN ||
		    maildir_octets(maildir_name(m), m->len, &m->octets))
			continue;
		result = has_to_stop(i) ? MAILDROP_TEMP : count_octets(md, m);
		if (result != MAILDROP_OK) {
			maildir_state_keep_part(md);
			return result;
		}
		counted = true;
	}
	maildrop_compact(md);
	maildir_state_keep(md, counted, !left_out);
	return maildir_adopt(md);
}
