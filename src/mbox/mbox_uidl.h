/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The UIDLs of an mbox: RFC 1939, section 7.
 */
#ifndef POPIN_MBOX_UIDL_H
#define POPIN_MBOX_UIDL_H

#include <stdbool.h>
#include <stddef.h>

#include "maildrop/maildrop.h"
#include "mbox/mbox_entry.h"

/* Gives every entry its ID and TWIN.  Logs its failures. */
enum maildrop_result mbox_identify(struct maildrop *md);
/*
 * Behind that: the UIDL of M, as clients know it, in MAILDROP_UIDL_MAX bytes at
 * TEXT.  Returns its length.
 */
size_t mbox_uidl(
    const struct maildrop *md, const struct message *m, char *text);
/* The same of E, but our own UIDL, whatever another server gave it. */
size_t mbox_own_uidl(const struct mbox_entry *e, char *text);

/*
 * Before mbox_identify(): E is dropped, and was a message of the last session.
 * A message with its ID gets its TWIN.  False with errno: no memory.
 */
bool mbox_remember_twin(const struct mbox_entry *e);

/*
 * The ID of entry I, made from what the file is now, or was at some time since
 * mbox_id_start().  False with errno, 0 if the entry is not there any more.
 */
void mbox_id_start(void);
bool mbox_id_of(size_t i, unsigned char id[MBOX_ID_SIZE]);

#endif
