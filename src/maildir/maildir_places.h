/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Where each message of a Maildir comes in an order that is not ours, and
 * which id it has, while this is found out: from popin.uidl, or from another
 * server's file.
 */
#ifndef POPIN_MAILDIR_PLACES_H
#define POPIN_MAILDIR_PLACES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "maildrop/maildrop.h"

/* Where new mail comes: behind all that has a place. */
#define MAILDIR_PLACE_LAST UINT64_MAX
#define MAILDIR_NOT_FOUND SIZE_MAX

/* What is known of one message. */
struct maildir_place {
	uint64_t key;	/* where it comes */
	uint32_t id;	/* a handle of uidl_store.h, or 0: none was given */
	uint32_t index; /* of the message */
};

/*
 * One for each of MD's messages, in their order, of which nothing is known;
 * for free(3).  NULL without memory, which is logged.
 */
struct maildir_place *maildir_places_make(const struct maildrop *md);
/* Forgets what is known of the COUNT messages, whose order PLACES has. */
void maildir_places_reset(struct maildir_place *places, size_t count);

/*
 * The index of the message with the base name of NAME (LEN bytes), or
 * MAILDIR_NOT_FOUND.  MD is in our order.  It is looked for at *HINT first,
 * 0 in the beginning, which becomes the index behind the one that was found.
 */
size_t maildir_places_find(
    const struct maildrop *md, size_t *hint, const char *name, size_t len);

/* How many have a place? */
uint64_t maildir_places_known(const struct maildir_place *places, size_t count);
/* Do they all come just where they stand? */
bool maildir_places_in_order(const struct maildir_place *places, size_t count);

/* Sorts them by where they come; equal ones by index. */
void maildir_places_sort(struct maildir_place *places, size_t count);
/* Keys that are an order of any kind become numbers from 0 on. */
void maildir_places_number(struct maildir_place *places, size_t count);

#endif
