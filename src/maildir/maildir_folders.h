/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The open Maildir, below all that reads and changes it: its folders, and the
 * names of the messages in them.
 */
#ifndef POPIN_MAILDIR_FOLDERS_H
#define POPIN_MAILDIR_FOLDERS_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "maildrop/maildrop.h"
#include "maildrop/state.h"

/* A message's `where': which of its folders it was seen in. */
enum { MAILDIR_NEW, MAILDIR_CUR, MAILDIR_FOLDERS };

/* A message's flags, besides those of maildrop.h. */
enum {
	MAILDIR_LOST = MESSAGE_OWN,    /* it was looked for, and is nowhere */
	MAILDIR_DONE = MESSAGE_OWN * 2 /* the UPDATE is through with it */
};

/* NUL-terminated, at the messages' ref. */
struct maildir_names {
	char *all;
	size_t len, size;
};

struct maildir {
	uid_t uid;		 /* ours */
	int fd[MAILDIR_FOLDERS]; /* -1: there is none */
	struct maildir_names names;
	struct state state;
};

extern const struct maildrop_ops maildir_ops;

extern struct maildir maildir;
extern const char *const maildir_folders[MAILDIR_FOLDERS];

/* The file name of M, as last seen. */
const char *maildir_name(const struct message *m);
/* Notes NAME as that of M.  Returns false, with errno, without room. */
bool maildir_keep_name(struct message *m, const char *name, size_t len);
/* The same in two steps: makes room for so many BYTES; uses it. */
bool maildir_reserve(size_t bytes);
void maildir_put_name(struct message *m, const char *name, size_t len);
/* Opens the directory NAME in DIR_FD; no link.  -1 with errno. */
int maildir_open_folder(int dir_fd, const char *name);

#endif
