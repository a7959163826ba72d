/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Finding the messages of a Maildir again.  If one was renamed many may have
 * been, for example by a program that marks everything as read.  So all are
 * looked for at once, and the folders are not read once for each message.
 * Runs as: session.  Input: file names.
 */
#include "config.h"

#include "maildir/maildir_again.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "maildir/maildir_folders.h"
#include "maildir/maildir_list.h"
#include "maildir/maildir_order.h"

/* Lists into FOUND, in order, with room for OLD more bytes of names. */
static bool
list(struct maildrop *found, struct maildir_look *look, size_t old)
{
	maildir_look(look);
	if (maildir_list_messages(found, look, false) != MAILDROP_OK)
		return false;
	if (!maildir_order(found, maildir.names.all) || !maildir_reserve(old)) {
		log_error_errno("cannot find the messages again", NULL);
		return false;
	}
	maildrop_compact(found);
	return true;
}

/*
 * The caller has made room for all of the OLD names.  Unless the folders kept
 * STILL, a message that was not found may have been missed.
 */
static void
merge(struct maildrop *md, const struct maildrop *found, bool still,
    const char *old)
{
	size_t hint = 0;

	for (size_t i = 0; i < md->count; i++) {
		struct message *m = &md->messages[i];
		const char *name = old + m->ref;
		size_t at = maildir_find(found, &hint, name, m->len);

		if (at == MAILDIR_NOT_FOUND) {
			maildir_put_name(m, name, m->len);
			if (still)
				m->flags |= MAILDIR_LOST;
			continue;
		}
		m->ref = found->messages[at].ref;
		m->len = found->messages[at].len;
		m->where = found->messages[at].where;
		m->flags &= (uint8_t)~MAILDIR_LOST;
	}
}

bool
maildir_find_again(struct maildrop *md)
{
	struct maildrop_settings settings = *md->settings;
	struct maildrop found = { .settings = &settings };
	struct maildir_names old = maildir.names;
	struct maildir_look look;
	bool good;

	settings.limit = SIZE_MAX; /* there may be new mail */
	memset(&maildir.names, 0, sizeof maildir.names);
	good = list(&found, &look, old.len);
	if (good) {
		merge(md, &found, look.still, old.all);
		free(old.all);
	} else {
		free(maildir.names.all);
		maildir.names = old;
	}
	free(found.messages);
	return good;
}
