/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The terminal that somebody started us from.
 */
#ifndef POPIN_TERMINAL_H
#define POPIN_TERMINAL_H

/*
 * From here on no terminal is this process's: in a session of its own, or,
 * where it leads a process group and so cannot begin one, without the terminal
 * of the session.  With that terminal it could type for who started us, see
 * TIOCSTI in ioctl_tty(2); that is for what becomes somebody else to lose
 * before.
 */
void terminal_leave(void);

#endif
