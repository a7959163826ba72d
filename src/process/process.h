/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * What a process does to itself before it serves anybody.
 */
#ifndef POPIN_PROCESS_H
#define POPIN_PROCESS_H

#include <stdbool.h>

/*
 * Clears what can be there by an accident of a super-server's or a checker's:
 * timers, pending signals of timers, blocked signals, ignored SIGTERM and
 * SIGCHLD, ambient capabilities.  What is left alone was somebody's decision;
 * the list is in src/README, "What is inherited".
 */
void process_clear_inherited(void);

/*
 * Leaves no variable, and overwrites what was there: /proc would show it for
 * as long as the process lives.
 */
void process_wipe_environment(void);

struct process_limits {
	unsigned long files;	 /* descriptors */
	unsigned long megabytes; /* of data; 0: as it is */
	unsigned long cpu;	 /* seconds; 0: as it is */
	bool starts_others;	 /* process_alone() comes later */
};

/*
 * No core dump, no ptrace by others of the same uid, no new process; and what
 * L says.  Limits are only ever lowered.
 */
void process_limit(const struct process_limits *l);

/* From here on no new process. */
void process_alone(void);

/* The part of it for processes that have to start others. */
void process_no_dump(void);

/* Ends this process by SIGTERM when its parent ends. */
void process_end_with_parent(void);

/*
 * Leaves the controlling terminal: by a session of its own or, if the process
 * leads a process group and cannot begin one, by giving the terminal of its
 * session up.  With that terminal it could type for whoever started us, see
 * TIOCSTI in ioctl_tty(2).  To be called before the process becomes another
 * user.
 */
void process_leave_terminal(void);

/*
 * What ps(1) and top(1) call this process: up to 15 characters.  After an exec
 * by /proc/self/exe it would be "exe".
 */
void process_name(const char *name);

#endif
