/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The session's claim on its maildrop: one session at a time, and how one
 * whose client is silent gives way to another that has logged in meanwhile.
 *
 * A claim is the lock itself, held until the process ends, and two marks:
 * BUSY, by who has the lock, and WANTED, by who waits for it.
 *
 *	A session whose client was silent for its patience takes BUSY away,
 *	and from then on looks for WANTED: where it is, the session ends,
 *	without UPDATE.  Before it serves its client again it sets BUSY first
 *	and looks for WANTED then, and ends all the same where it is there.
 *	Who finds the maildrop locked sets WANTED first and looks for BUSY
 *	then: where it is there, the maildrop is in use.
 *
 * So of two that decide at the same moment each sees the other, or one does:
 * never does one session go on while the other believes that it will end.
 * And none of it matters to the mail: whoever does not have the lock itself
 * reads and removes nothing.
 *
 * The marks are read locks of single bytes, which every kind of file has
 * room for, and which the kernel takes back from who dies.  A directory that
 * others can open has no marks: they could end a session that waits.
 */
#ifndef POPIN_CLAIM_H
#define POPIN_CLAIM_H

#include <sys/types.h>

#include <stdint.h>

enum claim_result {
	CLAIM_MINE,
	CLAIM_IN_USE,
	CLAIM_FAILED /* locking itself failed, see errno */
};

enum {
	/* What claim_watch() is told of a client that does something. */
	CLAIM_ACTIVE = -1,
	/* What it says where the session must end. */
	CLAIM_GIVE_WAY = -1
};

/*
 * For who only wants to know: no waiting, and no standing in the way of a
 * session that comes meanwhile for longer than that takes.
 */
void claim_only_look(void);
/* Who had it, where somebody did and the kernel can tell; or 0. */
pid_t claim_holder(void);

/* A client that is silent for so many seconds has to give way. */
void claim_set_patience(unsigned seconds);

/*
 * Claims what the file FD stands for, which must be open for writing; or the
 * directory FD itself.  Waits a few seconds where whoever has it is silent.
 * FD must stay open, and no other descriptor of it may be closed.
 */
enum claim_result claim_file(int fd);
enum claim_result claim_directory(int fd);

/*
 * To be called when the client does something, with CLAIM_ACTIVE; and while
 * it is waited for, with the milliseconds of its silence.  Returns after how
 * many milliseconds to call again, or CLAIM_GIVE_WAY.
 */
int64_t claim_watch(int64_t silence);

#endif
