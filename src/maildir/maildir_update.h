/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The UPDATE state of a Maildir.
 */
#ifndef POPIN_MAILDIR_UPDATE_H
#define POPIN_MAILDIR_UPDATE_H

#include "maildrop/maildrop.h"

/* See struct maildrop_ops. */
enum maildrop_result maildir_commit(struct maildrop *md);

#endif
