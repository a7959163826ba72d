/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Where popin keeps its own files about an mbox: the state file, whose lock is
 * the session's, the journal, and the UIDLs that another server gave.
 */
#ifndef POPIN_MBOX_HOME_H
#define POPIN_MBOX_HOME_H

#include "maildrop/maildrop.h"

/*
 * Takes the session's lock and opens these files for the mbox at PATH, in the
 * directory HOME, which may be NULL.  Logs every failure but MAILDROP_IN_USE.
 */
enum maildrop_result mbox_home_open(const char *path, const char *home);
/*
 * Behind that: opens the UIDLs that another server gave in the mbox at PATH, or
 * has popin-import find them.  Results and logging are those of
 * uidl_kept_open().
 */
enum maildrop_result mbox_home_open_uidls(
    const char *path, const struct maildrop_settings *settings);

#endif
