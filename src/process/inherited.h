/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * What a process has from who started it, beyond descriptors and environment.
 */
#ifndef POPIN_INHERITED_H
#define POPIN_INHERITED_H

/*
 * Clears what can be there by an accident of a super-server's or a checker's:
 * timers, pending signals of timers, blocked signals, ignored SIGTERM and
 * SIGCHLD, ambient capabilities.  What is left alone was somebody's decision;
 * the list is in src/README, "What is inherited".
 */
void inherited_clear(void);

#endif
