/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * What is remembered of a Maildir, in its state file, until the next login.
 */
#ifndef POPIN_MAILDIR_STATE_H
#define POPIN_MAILDIR_STATE_H

#include <stdbool.h>

#include "maildir/maildir_list.h"
#include "maildrop/maildrop.h"

/*
 * Before the sandbox: are the open folders on file systems whose change times
 * can be trusted?
 */
void maildir_state_open(void);

/*
 * Fills in MD's messages, in order, with their octets, if the state file has
 * the list of them and LOOK shows the folders as they were then.  Else returns
 * false, with no message.
 */
bool maildir_state_list(struct maildrop *md, const struct maildir_look *look);

/* Fills in the octets of those of MD's messages, in order, that are known. */
void maildir_state_octets(struct maildrop *md);

/*
 * Remembers a list that was just made, after LOOK, if the state file does not
 * have it all yet.  WHOLE: no message was left out or unread that may be there,
 * or be readable, another time without a change of the folders.
 */
void maildir_state_keep(
    const struct maildrop *md, const struct maildir_look *look, bool whole);

/*
 * Remembers the octets that are known when counting had to stop: the next login
 * has fewer to count.
 */
void maildir_state_keep_part(const struct maildrop *md);

/* Remembers octets that were corrected. */
void maildir_state_write(const struct maildrop *md);

#endif
