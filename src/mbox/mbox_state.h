/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * What is remembered of an mbox until the next login.
 */
#ifndef POPIN_MBOX_STATE_H
#define POPIN_MBOX_STATE_H

#include <sys/stat.h>

#include <stdint.h>

#include "maildrop/maildrop.h"

/*
 * Takes from the state file what is still true of the file as it is NOW, as
 * entries and messages.  Returns where scanning has to go on.
 */
uint64_t mbox_state_read(struct maildrop *md, const struct stat *now);
/*
 * Writes entries and messages to the state file, if there is one.  If that
 * fails the next login scans the mbox again.
 */
void mbox_state_write(const struct maildrop *md);

#endif
