/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The list of the messages of a Maildir: names, order, octets.
 * Runs as: session.  Input: files that the mail user, and in part whoever
 * sends mail, decides about; the state file.
 */
#include "config.h"

#include "maildir/maildir_scan.h"

#include <sys/stat.h>

#include <fcntl.h>

#include "lib/log.h"
#include "maildir/maildir_folders.h"
#include "maildir/maildir_list.h"
#include "maildir/maildir_message.h"
#include "maildir/maildir_name.h"
#include "maildir/maildir_order.h"
#include "maildir/maildir_sealed.h"
#include "maildir/maildir_state.h"
#include "pop3/body.h"
#include "pop3/netio.h"

/*
 * A message that may not be read is shown all the same, with its size on the
 * disk.
 */
static enum maildrop_result
size_unread(struct message *m)
{
	struct stat st;

	if (fstatat(maildir.fd[m->where], maildir_name(m), &st,
		AT_SYMLINK_NOFOLLOW) == -1) {
		log_error_errno("cannot look at", maildir_name(m));
		return MAILDROP_TEMP;
	}
	m->octets = (uint64_t)st.st_size;
	return MAILDROP_OK;
}

static enum maildrop_result
read_octets(struct message *m, const struct maildrop_source *source)
{
	enum body_status status;
	struct body b;

	body_start(&b, NULL, BODY_ALL);
	status = body_copy(&b, source->fd, source->offset, source->bytes);
	if (status == BODY_IO)
		log_error_errno("cannot read", maildir_name(m));
	if (status == BODY_SHORT)
		log_error("became shorter while it was read:", maildir_name(m));
	if (status != BODY_DONE)
		return MAILDROP_TEMP;
	(void)maildir_look_at_head(m, b.head, b.head_len, source->bytes);
	m->octets = b.octets;
	return MAILDROP_OK;
}

/* Reads the message.  One that is gone is left out. */
static enum maildrop_result
count_octets(struct maildrop *md, struct message *m)
{
	struct maildrop_source source;
	enum maildrop_result result = maildir_source(md, m, &source);

	switch (result) {
	case MAILDROP_OK:
		result = read_octets(m, &source);
		maildir_release(md, &source);
		md->counted += result == MAILDROP_OK;
		return result;
	case MAILDROP_PERM:
		return size_unread(m);
	case MAILDROP_GONE:
		m->flags |= MESSAGE_ABSENT;
		return MAILDROP_OK;
	default:
		return result;
	}
}

/*
 * Counts the octets that are not known yet.  *WHOLE: no message was left out or
 * unread.
 */
static enum maildrop_result
find_octets(struct maildrop *md, bool *whole)
{
	*whole = true;
	for (size_t i = 0; i < md->count; i++) {
		struct message *m = &md->messages[i];
		enum maildrop_result result;

		if (m->octets != MESSAGE_UNKNOWN ||
		    maildir_octets(maildir_name(m), m->len, &m->octets))
			continue;
		result =
		    i % MAILDIR_LOOK_EVERY == 0 && netio_interrupted() != NET_OK
		    ? MAILDROP_TEMP
		    : count_octets(md, m);
		if (result != MAILDROP_OK)
			return result;
		if (m->flags & (MESSAGE_ABSENT | MESSAGE_SEALED))
			*whole = false;
	}
	return MAILDROP_OK;
}

enum maildrop_result
maildir_scan(struct maildrop *md)
{
	enum maildrop_result result;
	struct maildir_look look;
	bool whole;

	maildir_look(&look);
	if (maildir_state_list(md, &look))
		return MAILDROP_OK;
	result = maildir_list_messages(md, &look, true);
	if (result != MAILDROP_OK)
		return result;
	if (!maildir_order(md, maildir.names.all)) {
		log_error_errno("cannot sort the messages", NULL);
		return MAILDROP_TEMP;
	}
	maildrop_compact(md);
	maildir_state_octets(md);
	result = find_octets(md, &whole);
	if (result != MAILDROP_OK) {
		maildir_state_keep_part(md);
		return result;
	}
	maildrop_compact(md);
	maildir_state_keep(md, &look, whole);
	return MAILDROP_OK;
}
