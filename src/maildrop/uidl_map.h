/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The ids that clients know messages by, if these are not our own: a map from
 * our id to that one, and the text that keeps it:
 *
 *	popin-uidl 1 SCHEME
 *	OUR-ID THEIR-ID
 *	...
 *	end
 *
 * popin-import prints it, and popin.uidl is it.  SCHEME is where the ids come
 * from.  No two lines have the same id on the same side.
 */
#ifndef POPIN_UIDL_MAP_H
#define POPIN_UIDL_MAP_H

#include <stdbool.h>
#include <stddef.h>

#include "maildrop/uidl.h"

enum {
	UIDL_SCHEME_MAX = 15, /* bytes of a SCHEME: a-z, 0-9 and "-" */
	UIDL_LINE_MAX = 2 * MAILDROP_UIDL_MAX + 1,
	UIDL_MAP_MAX = 2000000 /* lines */
};

/*
 * Our id OURS is THEIRS for clients.  False with errno: EINVAL, one of them is
 * no id, or THEIRS could be a SHA-256 of ours; EEXIST, one of them has a line
 * already; ENOMEM.
 */
bool uidl_map_put(
    const char *ours, size_t ours_len, const char *theirs, size_t theirs_len);
/* What OURS is for clients, in MAILDROP_UIDL_MAX bytes; its length, or 0. */
size_t uidl_map_get(const char *ours, size_t len, char *theirs);
/* Is THEIRS the id of some message for clients, or was it? */
bool uidl_map_has(const char *theirs, size_t len);
/* How many lines there are. */
size_t uidl_map_count(void);
/* Removes all lines and gives the memory back. */
void uidl_map_clear(void);

/* Writes the text.  False with errno. */
bool uidl_map_write(int fd, const char *scheme);

/* Reads the text, piece by piece. */
struct uidl_text {
	char scheme[UIDL_SCHEME_MAX + 1]; /* empty: not a text of this kind */
	size_t wrong;			  /* lines that make no sense */
	bool ended;			  /* with its last line */
	bool began, too_long;
	size_t used;
	char line[UIDL_LINE_MAX];
};

/* Sets T to the beginning of a text; the map stays as it is. */
void uidl_text_start(struct uidl_text *t);
/*
 * Puts the lines that end in these LEN bytes into the map.  Lines that are
 * there already stay.  False without memory.
 */
bool uidl_text_feed(struct uidl_text *t, const char *p, size_t len);
/* Was that all of a text, with nothing wrong in it? */
bool uidl_text_is_whole(const struct uidl_text *t);

#endif
