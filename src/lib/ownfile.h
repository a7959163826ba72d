/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Files of popin's own that lie where the mail user, and maybe others, can
 * write: the state file, the journal, the trash of an mbox.
 */
#ifndef POPIN_OWNFILE_H
#define POPIN_OWNFILE_H

#include <sys/stat.h>

#include <stdbool.h>

/*
 * Opens NAME in the directory DIR_FD to read and write, creating it for its
 * owner only.  Follows no link and waits for nothing.  ST is the file as it
 * was found.  Returns -1 with errno: EPERM for what is no regular file, or
 * somebody else's.
 */
int ownfile_open(int dir_fd, const char *name, struct stat *st);

/*
 * Can nobody but the owner open it?  Whoever can open a file can also lock it,
 * for reading at least, and keep its owner out.
 */
bool ownfile_is_private(const struct stat *st);

#endif
