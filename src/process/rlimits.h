/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Resource limits of each role, and no trace of its memory elsewhere.
 */
#ifndef POPIN_RLIMITS_H
#define POPIN_RLIMITS_H

struct rlimits {
	unsigned long files;	 /* descriptors */
	unsigned long megabytes; /* of data; 0: as it is */
	unsigned long cpu;	 /* seconds; 0: as it is */
};

/*
 * No core dump, no ptrace by others of the same uid, no new process; and what
 * L says.  Limits are only ever lowered.
 */
void rlimits_set(const struct rlimits *l);

/* The part of it for processes that have to start others. */
void rlimits_no_dump(void);

/* Ends this process by SIGTERM when its parent ends. */
void rlimits_end_with_parent(void);

#endif
