/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * popin.uidl: the unique-ids and the order that another server gave the
 * messages of a Maildir, as they were when popin took them over.
 */
#ifndef POPIN_MAILDIR_SNAPSHOT_H
#define POPIN_MAILDIR_SNAPSHOT_H

#include <stdbool.h>

#include "maildir/maildir_places.h"
#include "maildrop/maildrop.h"
#include "maildrop/uidl.h"

enum maildir_snapshot {
	SNAPSHOT_NONE, /* there is nothing, or nothing of what is wanted */
	SNAPSHOT_TAKEN,
	SNAPSHOT_DAMAGED,   /* logged; what is before the damage was taken */
	SNAPSHOT_UNREADABLE /* logged */
};

/*
 * Opens the one of the Maildir DIR_FD.  MAILDROP_OK also where there is none;
 * else it is logged, for without it clients would get everything again: one
 * that is there has to be usable.
 */
enum maildrop_result maildir_snapshot_open(int dir_fd);

/*
 * Makes an empty one where there was none; PATH, the Maildir's, is for the
 * log.  Where that fails it logs, and none is open: MAILDROP_TEMP if it may
 * work later, else MAILDROP_OK, as ids can be taken over without one.
 */
enum maildrop_result maildir_snapshot_make(int dir_fd, const char *path);
bool maildir_snapshot_is_open(void);

/*
 * Fills in PLACES, which are those of MD's messages, in our order, and puts
 * the ids of all messages there ever were into uidl_store.h.  Takes nothing
 * that came from another scheme than WANTED; UIDL_AUTO takes all.
 */
enum maildir_snapshot maildir_snapshot_read(const struct maildrop *md,
    struct maildir_place *places, enum uidl_scheme wanted);

/*
 * Writes those of PLACES that are known, numbered, as what was taken over
 * FROM.  A failure is logged; the next session finds it damaged, or empty.
 * Does nothing where none is open.
 */
void maildir_snapshot_write(const struct maildrop *md,
    const struct maildir_place *places, enum uidl_scheme from);

#endif
