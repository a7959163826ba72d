/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Bytes of the mbox during UPDATE.  Every failure is logged, and false is
 * returned with errno; EINTR is tried again.
 */
#ifndef POPIN_MBOX_IO_H
#define POPIN_MBOX_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Logs WHAT about the mbox with errno, and returns false. */
bool mbox_cannot(const char *what);
/* The same about writing its journal, but for a full disk, and false. */
bool mbox_cannot_journal(void);
bool mbox_is_full(int error);

/*
 * Has SIGTERM or the like come?  Then an UPDATE ends here: nothing has changed
 * yet, or the journal finishes it at the next login.  Logged.  That the client
 * is gone is no reason: many do not wait for the answer to QUIT.
 */
bool mbox_stopped(void);

bool mbox_read(void *to, size_t len, uint64_t offset);
bool mbox_write(const char *p, size_t len, uint64_t offset);
bool mbox_sync(void);
/* Cuts it off at SIZE, for good. */
bool mbox_cut(uint64_t size);

/*
 * The checksum of the 64 KiB before FIRST.  What is before them neither moves
 * nor says where anything is that does.
 */
bool mbox_sum_head(uint64_t first, uint64_t *sum);

#endif
