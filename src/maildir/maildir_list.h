/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Reading the folders of a Maildir.
 */
#ifndef POPIN_MAILDIR_LIST_H
#define POPIN_MAILDIR_LIST_H

#include <sys/types.h>

#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>

#include "maildir/maildir_folders.h"
#include "maildrop/maildrop.h"

/* A folder at some time; all zero where there is none. */
struct maildir_stamp {
	uint64_t device, inode;
	int64_t changed, changed_ns; /* ctime, which no program can set */
};

/* Both folders as they were at one moment, and that moment. */
struct maildir_look {
	struct maildir_stamp folder[MAILDIR_FOLDERS];
	int64_t real; /* ns: the clock that a kernel takes ctimes from */
	int64_t boot; /* ns: the one that nobody sets */
	bool blind;   /* some of this could not be found out */
	bool still;   /* they were the same when a list was complete */
};

/* Messages: is there a reason to stop? */
enum { MAILDIR_LOOK_EVERY = 64 };

/* Looks at both folders and the clocks. */
void maildir_look(struct maildir_look *look);

/*
 * Lists the messages of the folders in MD, without octets, with their names in
 * maildir.names.  LOOK is how the folders were right before.  If they change
 * while they are read they are read again, and LOOK becomes what the list is
 * of.  Anything but MAILDROP_OK was logged, unless MAY_STOP is set and
 * netio_interrupted() gave a reason.
 */
enum maildrop_result maildir_list_messages(
    struct maildrop *md, struct maildir_look *look, bool may_stop);

#endif
