/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * One process serves one session.  Here it serves many, one after another.
 */
#ifndef FUZZ_AGAIN_H
#define FUZZ_AGAIN_H

struct maildrop;

void again_mbox_id(void);
void again_mbox_journal(void);
void again_maildir_adopt(void);
void again_maildir_foreign(void);
void again_maildir_snapshot(void);
void again_uidl_store(void);

/* Ends the process of a session, as far as memory is concerned. */
void again(struct maildrop *md);

#endif
