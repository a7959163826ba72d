/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Puts the messages of a Maildir in order.
 */
#ifndef POPIN_MAILDIR_ORDER_H
#define POPIN_MAILDIR_ORDER_H

#include <stdbool.h>

struct maildrop;

/*
 * Sorts MD's messages by maildir_compare() of their names, which stand at
 * NAMES + ref; equal names in the order of their `where', then as found, and
 * all but the last of them become MESSAGE_ABSENT.
 * Takes time linear in their number but for messages of the same second.
 * Returns false when memory runs out; the messages are unchanged then.
 */
bool maildir_order(struct maildrop *md, const char *names);

#endif
