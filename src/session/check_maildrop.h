/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * --check, the maildrop of one user.
 */
#ifndef POPIN_CHECK_MAILDROP_H
#define POPIN_CHECK_MAILDROP_H

struct options;

/*
 * Reports on the maildrop of USER in the environment, as the session of that
 * user would find it.  No mail is changed, and no unique-ids are kept.  Returns
 * the exit status.
 */
int check_maildrop_run(const struct options *o);

#endif
