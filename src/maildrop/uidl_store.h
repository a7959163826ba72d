/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The ids of this maildrop that another server gave: their texts, and who
 * was first to claim one.  No two messages get the same.
 */
#ifndef POPIN_UIDL_STORE_H
#define POPIN_UIDL_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Keeps a text.  Returns its handle, or 0: EINVAL, it is no id, or ENOMEM. */
uint32_t uidl_store_put(const char *text, size_t len);
size_t uidl_store_count(void);
/* The text of HANDLE in MAILDROP_UIDL_MAX bytes at BUF; its length. */
size_t uidl_store_get(uint32_t handle, char *buf);

/* Makes room for N claims, with none made.  False without memory. */
bool uidl_store_open_claims(size_t n);
/* False if the text of HANDLE is claimed already. */
bool uidl_store_claim(uint32_t handle);
/* Claims all texts there are, the first of each. */
void uidl_store_claim_all(void);
bool uidl_store_claimed(const char *text, size_t len);
void uidl_store_close_claims(void);

#endif
