/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Exit statuses and descriptors that all roles agree on.
 */
#ifndef POPIN_ROLES_H
#define POPIN_ROLES_H

/*
 * As in sysexits(3).  Whatever a client does, the status is EXIT_FINE: nothing
 * is wrong with the service.
 */
enum {
	EXIT_FINE = 0,
	EXIT_WRONG_OPTIONS = 64,
	EXIT_SYSTEM = 71,
	EXIT_TEMPORARY = 75,
	EXIT_CONFIGURATION = 78,
	/* checkpassword's, for a monitor that waits */
	EXIT_CHECKPASSWORD_LATER = 111
};

/* Descriptors that our own children are started with. */
enum {
	FD_LOG = 2,
	FD_MONITOR = 3,	    /* login: requests up, answers down */
	FD_CREDENTIALS = 3, /* checker: the checkpassword interface */
	FD_HANDOFF = 4	    /* checker and session: see handoff.h */
};

#endif
