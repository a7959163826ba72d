/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * What the parts of the Maildir backend share: maildir.c opens it, finds and
 * removes single messages; maildir_scan.c makes the list of them.
 */
#ifndef POPIN_MAILDIR_H
#define POPIN_MAILDIR_H

#include <sys/types.h>

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "maildrop.h"
#include "state.h"

/* A message's `where': which of its folders it was seen in. */
enum { MAILDIR_NEW, MAILDIR_CUR, MAILDIR_FOLDERS };

struct maildir {
	uid_t uid; /* ours: the owner of what counts as a message */
	int fd[MAILDIR_FOLDERS]; /* -1: there is none */
	char *names;		 /* NUL-terminated, at the messages' ref */
	size_t names_len, names_size;
	struct state state;
};

extern struct maildir maildir;
extern const char *const maildir_folders[MAILDIR_FOLDERS];

/* The file name of M, as last seen. */
const char *maildir_name(const struct message *m);
/* Notes NAME as that of M.  Returns false, with errno, without room. */
bool maildir_keep_name(struct message *m, const char *name, size_t len);
/* Lists the directory FD, or NULL with errno; for closedir(3). */
DIR *maildir_list(int fd);
/* Could E of the directory FD be a message?  Nothing is opened to tell. */
bool maildir_is_message(int fd, const struct dirent *e);

/* See struct maildrop_ops. */
enum maildrop_result maildir_source(
    struct maildrop *md, struct message *m, struct maildrop_source *source);
void maildir_release(struct maildrop *md, struct maildrop_source *source);
enum maildrop_result maildir_scan(struct maildrop *md);

#endif
