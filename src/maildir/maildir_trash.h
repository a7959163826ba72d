/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Where messages of a Maildir go instead of being removed: --trash.
 */
#ifndef POPIN_MAILDIR_TRASH_H
#define POPIN_MAILDIR_TRASH_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Opens the Maildir++ folder FOLDER (NULL: none is wanted) of the Maildir
 * DIR_FD, whose PATH is for the log, and makes it where it is missing.  Where
 * that fails it logs, and nothing can be moved later.
 */
void maildir_trash_open(int dir_fd, const char *path, const char *folder);

/* Must removed messages go there?  And its descriptor, for the sandbox; or -1. */
bool maildir_trash_wanted(void);
int maildir_trash_fd(void);

/*
 * Moves the file NAME (LEN bytes) of the directory FD there, with its flags.
 * Never replaces a file.  False with errno.
 */
bool maildir_trash_move(int fd, const char *name, size_t len);

#endif
