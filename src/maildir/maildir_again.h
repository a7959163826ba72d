/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Finding the messages of a Maildir again, after other programs have moved or
 * flagged them.
 */
#ifndef POPIN_MAILDIR_AGAIN_H
#define POPIN_MAILDIR_AGAIN_H

#include <stdbool.h>

struct maildrop;

/* How often to try while other programs keep renaming. */
enum { MAILDIR_TRIES = 5 };

/*
 * Reads both folders and notes for all of MD's messages where they are now, by
 * their base names; those in neither become MAILDIR_LOST, unless the folders
 * changed all the time.  Takes time linear in what is there.  Returns false,
 * logged, when nothing could be found out.
 */
bool maildir_find_again(struct maildrop *md);

#endif
