/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Maildir: one file a message, in new and cur.
 *
 *	maildir.c		opens it
 *	maildir_folders.c	its folders, and the names of its messages
 *	maildir_name.c		what a name says
 *	maildir_list.c		reads the folders
 *	maildir_order.c		puts messages in order, finds them in it
 *	maildir_scan.c		the list that a session has
 *	maildir_state.c		what is remembered of it
 *	maildir_again.c		where messages are after others moved them
 *	maildir_message.c	opens one message
 *	maildir_sealed.c	messages that cannot be sent
 *	maildir_update.c	removes messages
 *	maildir_trash.c		or moves them
 */
#ifndef POPIN_MAILDIR_H
#define POPIN_MAILDIR_H

#include "maildrop/maildrop.h"

extern const struct maildrop_ops maildir_ops;

#endif
