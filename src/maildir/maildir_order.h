/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Puts the messages of a Maildir in order, and finds them in it.
 */
#ifndef POPIN_MAILDIR_ORDER_H
#define POPIN_MAILDIR_ORDER_H

#include <stdbool.h>
#include <stddef.h>

#include "maildrop/maildrop.h"

/*
 * Sorts MD's messages by maildir_compare() of their names, which are at NAMES +
 * ref.  Equal names are sorted by `where', then as they were found; all but the
 * last of them become MESSAGE_ABSENT.  Takes time linear in their number but
 * for messages of the same second.  Returns false when memory runs out; the
 * messages are unchanged then.
 */
bool maildir_order(struct maildrop *md, const char *names);

#define MAILDIR_NOT_FOUND SIZE_MAX

/*
 * The index of the message with the base name of NAME (LEN bytes), or
 * MAILDIR_NOT_FOUND.  MD is in order.  The search begins at *HINT, which is 0
 * the first time and becomes the index behind the message that was found.
 */
size_t maildir_find(
    const struct maildrop *md, size_t *hint, const char *name, size_t len);

#endif
