/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The lock of a session on its maildrop: one session at a time, and how one
 * whose client is silent gives way to another that has logged in meanwhile.
 *
 * It is the lock itself, held until the process ends, and two marks: BUSY, set
 * by the holder of the lock, and WANTED, set by a session that waits for it.
 *
 *	If the client of a session is silent for its patience the session takes
 *	BUSY away, and from then on looks for WANTED.  If that is there the
 *	session ends, without UPDATE.  Before it serves its client again it sets
 *	BUSY and then looks for WANTED, and ends if that is there.
 *	A session that finds the maildrop locked sets WANTED and then looks for
 *	BUSY.  If that is there the maildrop is in use.
 *
 * Each sets its own mark before it looks for the other's.  So if two decide at
 * the same moment at least one sees the other: never does one session go on
 * while the other believes that it will end.  The mail does not depend on the
 * marks: a session without the lock itself reads and removes nothing.
 *
 * The marks are read locks of single bytes.  Every kind of file has room for
 * them, and the kernel removes them when their process dies.  A directory has
 * no write locks, so its lock is such a mark as well: a session has the lock if
 * it has set the mark and sees no other.
 *
 * All of this rests on nobody but the mail user being able to open what is
 * locked: anybody who can open it can lock it and keep everybody else out.
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

/* A session gives way if its client is silent for so many seconds. */
void session_lock_set_patience(unsigned seconds);

/*
 * From now on only after ten times as long: the client has mail that it may
 * be busy with, and means to delete.
 */
void session_lock_extend(void);

/*
 * Locks the maildrop of the file FD, which must be open for writing, or the
 * maildrop KEY in the directory FD.  Waits a few seconds if the client of the
 * holder is silent.  FD must stay open, and no other descriptor of the same
 * file may be closed.  A directory that somebody else owns or can open is not
 * locked: EPERM.
 */
enum session_lock_result session_lock_file(int fd);
enum session_lock_result session_lock_directory(int fd, uint64_t key);

/*
 * Is the file FD locked by a process of another user, which cannot be a
 * session?  False if the kernel cannot tell (a lock from another host).
 */
bool session_lock_is_strangers(int fd);

/* For netio.watch: the session ends where another one waits for it. */
int64_t session_lock_watch(int64_t silence);

#endif
