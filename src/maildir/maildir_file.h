/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Files in a Maildir that are no messages, and matter to what the client is
 * told: opening them, and what it means where that fails.
 */
#ifndef POPIN_MAILDIR_FILE_H
#define POPIN_MAILDIR_FILE_H

#include <sys/stat.h>

#include <stdbool.h>

#include "maildrop/maildrop.h"

/*
 * Opens NAME in the directory DIR_FD.  MODE is O_RDONLY or O_RDWR, and may
 * have O_CREAT: then it is made, for the mail user alone.  Follows no symbolic
 * link and waits for nothing.  The descriptor is the caller's; -1 with errno.
 */
int maildir_file_open(int dir_fd, const char *name, int mode);

/*
 * Is FD a plain file of the mail user's, or of root, who may have restored
 * it?  Fills in ST.  False with errno, EPERM where it is not.
 */
bool maildir_file_is_ours(int fd, struct stat *st);

/* Is ERROR one that may be gone at the next login? */
bool maildir_file_temporary(int error);

/*
 * Logs that NAME cannot be used, with errno.  Returns MAILDROP_TEMP where
 * that is temporary, else MAILDROP_PERM.
 */
enum maildrop_result maildir_file_failed(const char *name);

#endif
