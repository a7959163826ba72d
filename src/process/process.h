/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * What a process does to itself before it serves anybody.
 */
#ifndef POPIN_PROCESS_H
#define POPIN_PROCESS_H

#include <stdbool.h>

/*
 * Clears what a super-server or a checker may leave by accident: timers,
 * pending signals of timers, blocked signals, ignored SIGTERM and SIGCHLD,
 * ambient capabilities.  What an administrator may have set on purpose stays.
 * src/README has the list: "What is inherited".
 */
void process_clear_inherited(void);

/*
 * Removes all variables, and overwrites them: /proc would show them for as long
 * as the process lives.
 */
void process_wipe_environment(void);

struct process_limits {
	unsigned long files;	 /* descriptors */
	unsigned long megabytes; /* of data; 0: as it is */
	unsigned long cpu;	 /* seconds; 0: as it is */
	bool starts_others;	 /* process_alone() comes later */
};

/*
 * Forbids core dumps, ptrace by other processes of the same uid and, unless
 * L->starts_others, new processes; and sets the limits of L.  Limits are only
 * lowered.
 */
void process_limit(const struct process_limits *l);

/* Forbids new processes. */
void process_alone(void);

/* Forbids core dumps, and ptrace by other processes of the same uid. */
void process_no_dump(void);

/* The kernel ends this process by SIGTERM when its parent ends. */
void process_end_with_parent(void);

/*
 * Leaves the controlling terminal.  The process begins a session of its own or,
 * if it cannot because it leads a process group, gives up the terminal of its
 * session.  With that terminal it could type for the user who started us, see
 * TIOCSTI in ioctl_tty(2).  To be called before the process becomes another
 * user.
 */
void process_leave_terminal(void);

/*
 * Sets the name that ps(1) and top(1) show for this process, of 15 characters
 * at most.  After an exec of /proc/self/exe it would be "exe".
 */
void process_name(const char *name);

#endif
