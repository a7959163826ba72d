/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Who may touch a file with secrets.
 */
#ifndef POPIN_SECRETFILE_H
#define POPIN_SECRETFILE_H

struct stat;

/*
 * NULL if the file of ST is fit to hold secrets: a regular file of root's or
 * of our own, not writable for a group, not open to others at all.  Else what
 * is wrong with it and what to do, for the log.
 */
const char *secretfile_refusal(const struct stat *st);

#endif
