/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * One process serves one session.  Here it serves many, one after another.
 */
#ifndef FUZZ_AGAIN_H
#define FUZZ_AGAIN_H

#include "descriptors.h"

struct maildrop;

void again_mbox_id(void);
void again_mbox_journal(void);
void again_uidl_kept(void);

/* What popin-import says when it is asked; it fails where that is no text. */
extern struct input again_answer;

/* Ends the process of a session, as far as memory is concerned. */
void again(struct maildrop *md);

#endif
