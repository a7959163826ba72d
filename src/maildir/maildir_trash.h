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
 * DIR_FD, and makes it if it is missing.  PATH is for the log.  If that fails
 * it is logged, and nothing can be moved later.
 */
void maildir_trash_open(int dir_fd, const char *path, const char *folder);

/* Must removed messages go there? */
bool maildir_trash_wanted(void);
/* The descriptor of the folder, for the sandbox; or -1. */
int maildir_trash_fd(void);

/*
 * Moves the file NAME (LEN bytes) of the directory FD there, with its flags.
 * Never replaces a file.  False with errno.
 */
bool maildir_trash_move(int fd, const char *name, size_t len);

#endif
