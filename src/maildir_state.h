/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * What is remembered of a Maildir, in its state file, until the next login.
 */
#ifndef POPIN_MAILDIR_STATE_H
#define POPIN_MAILDIR_STATE_H

#include <stdbool.h>

#include "maildrop.h"

/*
 * Notes how the folders are, before and after they are listed: a list may be
 * kept if their last change, as noted last, was long before it.  Returns
 * whether cur has changed since the last time.
 */
bool maildir_state_look(void);

/*
 * Fills in MD's messages, in order, with their octets, if the state file has
 * the list of them and the folders are still as they were.  Else returns
 * false, with no message.
 */
bool maildir_state_list(struct maildrop *md);

/* Fills in the octets of those of MD's messages, in order, that are known. */
void maildir_state_octets(struct maildrop *md);

/*
 * Remembers a list that was just made, if the state file does not have it all
 * yet.  COUNTED: there are octets that it does not have.  ALL: nothing was
 * left out that could become a message without a change of the folders.
 */
void maildir_state_keep(const struct maildrop *md, bool counted, bool all);

/*
 * Remembers the octets that are known, where counting had to stop: the next
 * login has fewer to count.
 */
void maildir_state_keep_part(const struct maildrop *md);

/* Remembers octets that turned out to be others. */
void maildir_state_write(const struct maildrop *md);

#endif
