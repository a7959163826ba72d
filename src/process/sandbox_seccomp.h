/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The seccomp filter of each role.
 */
#ifndef POPIN_SANDBOX_SECCOMP_H
#define POPIN_SANDBOX_SECCOMP_H

enum sandbox_role {
	SANDBOX_LOGIN,
	SANDBOX_WAIT,
	SANDBOX_MAILDIR,       /* a session over a Maildir */
	SANDBOX_MAILDIR_TRASH, /* one that moves what is deleted */
	SANDBOX_MBOX,	       /* a session over an mbox */
	SANDBOX_IMPORT	       /* popin-import: it only reads */
};

/* Installs the filter.  Needs no_new_privs.  Returns 0, or -1 with errno. */
int sandbox_seccomp(enum sandbox_role role);

#endif
