/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The messages of a maildrop.
 * Runs as: session.  Input: through the backends.
 */
#include "config.h"

#include "maildrop/maildrop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/file.h"
#include "lib/log.h"

enum { FIRST_MESSAGES = 64 };

enum maildrop_result
maildrop_open(struct maildrop *md, const struct maildrop_ops *ops,
    const char *path, const struct maildrop_settings *settings)
{
	memset(md, 0, sizeof *md);
	md->settings = settings;
	md->ops = ops;
	return ops->open(md, path);
}

enum maildrop_result
maildrop_failed(const char *text, const char *what)
{
	bool temporary = file_error_is_temporary(errno);

	log_error_errno(text, what);
	return temporary ? MAILDROP_TEMP : MAILDROP_PERM;
}

struct message *
maildrop_add(struct maildrop *md)
{
	struct message *m;

	if (md->count == md->settings->limit) {
		log_error("too many messages (see --max-messages)", NULL);
		return NULL;
	}
	if (md->count == md->allocated) {
		size_t more =
		    md->allocated ? md->allocated * 2 : FIRST_MESSAGES;

		m = reallocarray(md->messages, more, sizeof *m);
		if (m == NULL) {
			log_error_errno("cannot list the messages", NULL);
			return NULL;
		}
		md->messages = m;
		md->allocated = more;
	}
	m = &md->messages[md->count++];
	memset(m, 0, sizeof *m);
	m->octets = MESSAGE_UNKNOWN;
	return m;
}

void
maildrop_compact(struct maildrop *md)
{
	size_t kept = 0;

	for (size_t i = 0; i < md->count; i++)
		if (!(md->messages[i].flags & MESSAGE_ABSENT))
			md->messages[kept++] = md->messages[i];
	md->count = kept;
}

/*
 * Decides what this login sees.  Nothing is taken out of the list: backends
 * still remember hidden messages for the next login.
 */
static bool
choose_shown(struct maildrop *md)
{
	const struct maildrop_settings *s = md->settings;
	size_t fit = 0, skip;

	md->shown_count = md->count;
	if (s->max_size == UINT64_MAX && s->newest >= md->count)
		return true;
	md->shown = reallocarray(NULL, md->count + 1, sizeof *md->shown);
	if (md->shown == NULL) {
		log_error_errno("cannot choose the messages", NULL);
		return false;
	}
	for (size_t i = 0; i < md->count; i++) {
		md->messages[i].flags |= MESSAGE_HIDDEN;
		if (md->messages[i].octets <= s->max_size)
			md->shown[fit++] = (uint32_t)i;
	}
	skip = fit > s->newest ? fit - (size_t)s->newest : 0;
	md->shown_count = fit - skip;
	memmove(
	    md->shown, md->shown + skip, md->shown_count * sizeof *md->shown);
	for (size_t i = 0; i < md->shown_count; i++)
		md->messages[md->shown[i]].flags &= (uint8_t)~MESSAGE_HIDDEN;
	return true;
}

enum maildrop_result
maildrop_scan(struct maildrop *md)
{
	enum maildrop_result result;

	if (!md->ops->confine(md))
		return MAILDROP_PERM;
	result = md->ops->scan(md);
	if (result != MAILDROP_OK)
		return result;
	if (!choose_shown(md))
		return MAILDROP_TEMP;
	md->live = md->shown_count;
	md->live_octets = 0;
	for (size_t i = 0; i < md->count; i++) {
		uint64_t octets = md->messages[i].octets;

		if (md->messages[i].flags & MESSAGE_HIDDEN)
			continue;
		if (octets > MAILDROP_MAX_OCTETS - md->live_octets) {
			log_error(
			    "the maildrop has more than 2^62 octets", NULL);
			return MAILDROP_PERM;
		}
		md->live_octets += octets;
	}
	return MAILDROP_OK;
}

struct message *
maildrop_message(struct maildrop *md, uint64_t number)
{
	struct message *m;

	if (number == 0 || number > md->shown_count)
		return NULL;
	m = &md->messages[md->shown != NULL ? md->shown[number - 1]
					    : number - 1];
	return m->flags & MESSAGE_DELETED ? NULL : m;
}

size_t
maildrop_number(const struct maildrop *md, const struct message *m)
{
	size_t index = (size_t)(m - md->messages);
	size_t low = 0, high = md->shown_count;

	if (md->shown == NULL)
		return index + 1;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (md->shown[middle] < index)
			low = middle + 1;
		else
			high = middle;
	}
	return low + 1;
}

void
maildrop_delete(struct maildrop *md, struct message *m)
{
	m->flags |= MESSAGE_DELETED;
	md->live--;
	md->live_octets -= m->octets;
}

void
maildrop_undelete_all(struct maildrop *md)
{
	for (size_t i = 0; i < md->count; i++) {
		struct message *m = &md->messages[i];

		if (!(m->flags & MESSAGE_DELETED))
			continue;
		m->flags &= (uint8_t)~MESSAGE_DELETED;
		md->live++;
		md->live_octets += m->octets;
	}
}

void
maildrop_counted(struct maildrop *md, struct message *m, uint64_t octets)
{
	struct log_record r;

	m->flags |= MESSAGE_CHECKED;
	if (octets == m->octets)
		return;
	log_start(&r, LOG_LEVEL_NOTICE, "size corrected:");
	log_number(&r, "message", maildrop_number(md, m));
	log_number(&r, "listed", m->octets);
	log_number(&r, "is", octets);
	log_end(&r);
	md->live_octets = md->live_octets - m->octets + octets;
	m->octets = octets;
	md->corrected = true;
}
