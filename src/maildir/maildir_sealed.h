/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Messages of a Maildir that are there and cannot be sent: MESSAGE_SEALED.
 * They have a number, a size and a unique-id.  RETR and TOP of them fail, and
 * so does DELE, because no client has got them.
 */
#ifndef POPIN_MAILDIR_SEALED_H
#define POPIN_MAILDIR_SEALED_H

#include <stddef.h>
#include <stdint.h>

#include "maildrop/maildrop.h"

enum maildir_seal {
	MAILDIR_DENIED,	   /* we may not read it */
	MAILDIR_COMPRESSED /* nobody could use what we would send */
};

/* Marks M.  Each reason is logged once.  Returns MAILDROP_PERM. */
enum maildrop_result maildir_seal(struct message *m, enum maildir_seal why);

/*
 * Can the open file FD of M, of SIZE bytes, be sent as it is?  If not, seals M.
 * Reads nothing if the name tells the same size.
 */
enum maildrop_result maildir_look_inside(
    struct message *m, int fd, uint64_t size);
/* The same by the first LEN bytes, which are at P. */
enum maildrop_result maildir_look_at_head(
    struct message *m, const char *p, size_t len, uint64_t size);

#endif
