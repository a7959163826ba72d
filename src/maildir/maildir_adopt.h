/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * A Maildir that another server has served before: its unique-ids and its
 * order of the messages are kept.
 *
 *	maildir_adopt.c		when they are taken over, what the session
 *				sees of them
 *	maildir_foreign.c	the other server's file
 *	maildir_snapshot.c	popin.uidl, which keeps them from then on
 *	maildir_places.c	which message is where, while it is found out
 *	maildir_file.c		opening such files
 */
#ifndef POPIN_MAILDIR_ADOPT_H
#define POPIN_MAILDIR_ADOPT_H

#include <stdbool.h>
#include <stddef.h>

#include "maildrop/maildrop.h"
#include "maildrop/uidl.h"

/*
 * Before the session's lock is taken and its state file made: opens what
 * there is for SCHEME in the Maildir DIR_FD, whose PATH is for the log, and
 * makes popin.uidl where one is needed.  What it opens stays open until the
 * process ends.  Anything but MAILDROP_OK was logged, and nothing may be
 * served then.
 */
enum maildrop_result maildir_adopt_open(
    int dir_fd, const char *path, enum uidl_scheme scheme);

/*
 * When MD is complete and in our order: finds the ids, and reorders it.
 * Pointers to its messages are void then.  Anything but MAILDROP_OK was
 * logged.
 */
enum maildrop_result maildir_adopt(struct maildrop *md);
/* Is that another order than ours? */
bool maildir_adopt_reordered(void);

/* See struct maildrop_ops. */
enum maildrop_result maildir_identify(struct maildrop *md);
size_t maildir_ops_uidl(
    const struct maildrop *md, const struct message *m, char *buf);

#endif
