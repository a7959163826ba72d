/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * mbox: all mail in one file.
 */
#ifndef POPIN_MBOX_H
#define POPIN_MBOX_H

#include "maildrop/maildrop.h"

extern const struct maildrop_ops mbox_ops;

#endif
