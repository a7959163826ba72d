/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The list of the messages of a Maildir.
 */
#ifndef POPIN_MAILDIR_SCAN_H
#define POPIN_MAILDIR_SCAN_H

#include "maildrop/maildrop.h"

/* See struct maildrop_ops. */
enum maildrop_result maildir_scan(struct maildrop *md);

#endif
