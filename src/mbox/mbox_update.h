/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The UPDATE of an mbox.
 */
#ifndef POPIN_MBOX_UPDATE_H
#define POPIN_MBOX_UPDATE_H

#include "maildrop/maildrop.h"

/* See struct maildrop_ops. */
enum maildrop_result mbox_commit(struct maildrop *md);

#endif
