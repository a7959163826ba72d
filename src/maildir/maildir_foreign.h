/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The file in which another server keeps the unique-ids of a Maildir: finding
 * it, and taking over what it says of the messages that are there.
 */
#ifndef POPIN_MAILDIR_FOREIGN_H
#define POPIN_MAILDIR_FOREIGN_H

#include <stdbool.h>

#include "maildir/maildir_places.h"
#include "maildrop/maildrop.h"
#include "maildrop/uidl.h"

/*
 * Opens the one that SCHEME is about in the Maildir DIR_FD.  Where there are
 * two for UIDL_AUTO, the one that was written last.  MAILDROP_OK also where
 * there is none, or none that can be used, which is logged; MAILDROP_TEMP,
 * logged too, where it may be at the next login.
 */
enum maildrop_result maildir_foreign_open(int dir_fd, enum uidl_scheme scheme);
bool maildir_foreign_is_open(void);

/*
 * Fills in PLACES, which are those of MD's messages, in our order, with what
 * the open file says; what was known before is forgotten.  Keys become
 * numbers from 0 on, no two messages get the same id, and the texts are in
 * uidl_store.h.  *SCHEME says how ids are made of the file; UIDL_AUTO becomes
 * the one that was used.  Anything but MAILDROP_OK was logged.
 */
enum maildrop_result maildir_foreign_take(const struct maildrop *md,
    struct maildir_place *places, enum uidl_scheme *scheme);

#endif
