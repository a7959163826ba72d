/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The lock of a session on its maildrop: one session at a time, and how one
 * whose client is silent gives way to another that has logged in meanwhile.
 *
 * It is the lock itself, held until the process ends, and two marks:
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
 * room for, and which the kernel takes back from who dies.  A directory, which
 * has no write locks, is locked by such a mark as well: whoever has set it
 * and sees nobody else's has the lock.
 *
 * All of this rests on nobody but the mail user being able to open what is
 * locked: who can open it can lock it, and keep everybody else out.
 */
#ifndef POPIN_SESSION_LOCK_H
#define POPIN_SESSION_LOCK_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

enum session_lock_result {
	SESSION_LOCK_MINE,
	SESSION_LOCK_IN_USE,
	SESSION_LOCK_FAILED /* locking itself failed, see errno */
};

/*
 * For --check: the lock is tried once, and nobody is asked to give way.  It is
 * held without the mark BUSY, so a session that begins meanwhile waits for it.
 */
void session_lock_only_look(void);
/* The pid of the process that held the lock, or 0 if the kernel cannot tell. */
pid_t session_lock_holder(void);

/* A client that is silent for so many seconds has to give way. */
void session_lock_set_patience(unsigned seconds);

/*
 * From now on only after ten times as long: the client has mail that it may
 * be busy with, and means to delete.
 */
void session_lock_extend(void);

/*
 * Locks what the file FD stands for, which must be open for writing; or the
 * maildrop KEY in the directory FD.  Waits a few seconds where whoever has it
 * is silent.  FD must stay open, and no other descriptor of it may be closed.
 * A directory that somebody else owns or can open is not locked: EPERM.
 */
enum session_lock_result session_lock_file(int fd);
enum session_lock_result session_lock_directory(int fd, uint64_t key);

/*
 * Is the file FD locked by a process of another user, which cannot be a
 * session?  Where the kernel cannot tell (a lock from another host) it is not.
 */
bool session_lock_is_strangers(int fd);

/* For netio.watch: the session ends where another one waits for it. */
int64_t session_lock_watch(int64_t silence);

#endif
