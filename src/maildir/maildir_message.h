/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * One message of a Maildir: opening it, wherever it is by now.
 */
#ifndef POPIN_MAILDIR_MESSAGE_H
#define POPIN_MAILDIR_MESSAGE_H

#include "maildrop/maildrop.h"

/* See struct maildrop_ops. */
enum maildrop_result maildir_source(
    struct maildrop *md, struct message *m, struct maildrop_source *source);
void maildir_release(struct maildrop *md, struct maildrop_source *source);
enum maildrop_result maildir_removable(struct maildrop *md, struct message *m);

#endif
