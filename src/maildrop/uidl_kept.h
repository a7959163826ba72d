/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * popin.uidl: the ids that another server gave to the messages of a maildrop,
 * as they were when popin first served it.  From then on only this file counts.
 * So ids stay when the other server's files are removed, or are still written
 * to.
 */
#ifndef POPIN_UIDL_KEPT_H
#define POPIN_UIDL_KEPT_H

#include "maildrop/maildrop.h"

/* Where it is, and which maildrop it is of. */
struct uidl_place {
	int dir_fd;	  /* -1: there can be none */
	const char *name; /* in that directory */
	const char *kind; /* OPTIONS_MAILDIR or OPTIONS_MBOX */
	const char *path; /* of the maildrop */
};

/*
 * Opens popin.uidl; to be called when the session's lock is held, before the
 * sandbox.  Sets *ASK if there is none, if it is damaged, or if SETTINGS name
 * another scheme: then uidl_kept_ask() has to follow.  Anything but MAILDROP_OK
 * was logged, and nothing may be served then: clients would fetch everything
 * again.
 */
enum maildrop_result uidl_kept_open(const struct maildrop_settings *settings,
    const struct uidl_place *place, bool *ask);

/*
 * Asks popin-import, which takes up to five minutes, and keeps the answer as
 * popin.uidl.  Nobody may be writing to an mbox meanwhile: its delivery lock
 * must be held.  The result is as that of uidl_kept_open().
 */
enum maildrop_result uidl_kept_ask(
    const struct maildrop_settings *settings, const struct uidl_place *place);

/* Reads all of it into uidl_map.h.  Anything but MAILDROP_OK was logged. */
enum maildrop_result uidl_kept_load(void);

#endif
