/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * A Maildir that another server has served before: its unique-ids and its
 * order of the messages are kept.
 */
#ifndef POPIN_MAILDIR_ADOPT_H
#define POPIN_MAILDIR_ADOPT_H

#include "maildrop.h"

/*
 * Before the session's lock is taken and its state file made: opens what
 * there is in the Maildir DIR_FD, and makes popin.uidl where one is needed.
 */
enum maildrop_result maildir_adopt_open(
    int dir_fd, const char *path, enum uidl_scheme scheme);

/* When MD is complete and in our order: finds the ids, and reorders it. */
enum maildrop_result maildir_adopt(struct maildrop *md);
/* Is that another order than ours? */
bool maildir_adopt_reordered(void);

/* See struct maildrop_ops. */
enum maildrop_result maildir_identify(struct maildrop *md);
size_t maildir_ops_uidl(
    const struct maildrop *md, const struct message *m, char *buf);

#endif
