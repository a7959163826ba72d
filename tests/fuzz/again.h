/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * A process of popin serves one session.  A fuzz target serves many, one after
 * another, and resets what a process would begin with.
 */
#ifndef FUZZ_AGAIN_H
#define FUZZ_AGAIN_H

#include "descriptors.h"

struct maildrop;

void again_mbox_uidl(void);
void again_mbox_journal(void);
void again_uidl_kept(void);

/* What popin-import answers.  uidl_ask() fails if it is not a whole text. */
extern struct input again_answer;

/* Frees and resets what the last session has left in memory. */
void again(struct maildrop *md);

#endif
