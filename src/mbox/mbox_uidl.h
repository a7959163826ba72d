/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Unique-ids of an mbox.
 */
#ifndef POPIN_MBOX_UIDL_H
#define POPIN_MBOX_UIDL_H

#include <stdbool.h>
#include <stddef.h>

#include "maildrop/maildrop.h"
#include "mbox/mbox_entry.h"

/* Gives every message its ID and TWIN.  Logs its failures. */
enum maildrop_result mbox_identify(struct maildrop *md);
size_t mbox_uidl(const struct maildrop *md, const struct message *m, char *buf);
/* Our own id of E, whose TWIN is known, in MAILDROP_UIDL_MAX bytes. */
size_t mbox_own_id(const struct mbox_entry *e, char *text);
/* Remembers a twin of the last session whose message may be found again. */
bool mbox_remember_twin(const struct mbox_entry *e);
/*
 * The id of entry I as the file is now, or was since mbox_id_start().  False
 * with errno, 0 if the entry is not there.
 */
void mbox_id_start(void);
bool mbox_id_of(size_t i, unsigned char id[MBOX_ID_SIZE]);

#endif
