/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Files that lie where others may be able to write: opening them, and asking
 * whose they are.
 *
 * Nothing here follows a symbolic link in NAME, waits for a FIFO or a device,
 * or takes a terminal.  What is asked is asked of the open descriptor, so the
 * answer stays true of what is read and written, whatever happens to the name.
 */
#ifndef POPIN_FILE_H
#define POPIN_FILE_H

#include <sys/stat.h>

#include <stdbool.h>

/* What a file has to be. */
enum {
	FILE_OURS = 1,	   /* a regular file of our uid */
	FILE_ROOTS = 2,	   /* or else of root */
	FILE_ONE_NAME = 4, /* there is no hard link to it */
	FILE_UNSHARED = 8  /* neither its group nor others can write to it */
};

/*
 * Opens NAME in the directory DIR_FD.  MODE is O_RDONLY, O_WRONLY or O_RDWR,
 * with O_CREAT to make it for our uid only, and O_EXCL.  -1 with errno.
 */
int file_open(int dir_fd, const char *name, int mode);

/*
 * Makes the next fstat(2) of FD tell what the file is now.  Network file systems
 * and FUSE answer it with what they were told some time ago: before another
 * program wrote, or before a hard link was made that has a number of its own
 * there.  False with errno where they cannot be asked.  A kernel without
 * statx(2) has only what it has: true.
 */
bool file_look_anew(int fd);

/* Is FD all that WANTED says?  Fills in ST.  False with errno, EPERM if not. */
bool file_is(int fd, unsigned wanted, struct stat *st);

/* file_open() and file_is() in one, to read, write and create. */
int file_open_own(
    int dir_fd, const char *name, unsigned wanted, struct stat *st);

/* Closes FD and returns -1 with the errno of before. */
int file_give_up(int fd);

/*
 * Can nobody but the owner open it?  Whoever can open a file can also lock it,
 * for reading at least, and keep its owner out.
 */
bool file_is_private(const struct stat *st);

/*
 * NULL if the file of ST is fit to hold passwords: a regular file of root's or
 * of our own, not writable for a group, not open to others at all.  Else what
 * is wrong with it and what to do, for the log.
 */
const char *file_secret_refusal(const struct stat *st);

/* Is ERROR one that may be gone at the next login? */
bool file_error_is_temporary(int error);

#endif
