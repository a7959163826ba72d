/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Descriptor 4 of the checker and of the session it becomes: a stream socket
 * to the monitor.
 *
 *   session -> monitor   one byte: the password was right, I am the session
 *   monitor -> session   when login is gone: one byte with the client's two
 *                        descriptors, then what login had read of the client's
 *                        input already; when root is gone: the end
 *
 * So a checker never holds the client: nothing that it or its libraries print
 * can get into the session, and it cannot be sent anything by the client.
 */
#ifndef POPIN_HANDOFF_H
#define POPIN_HANDOFF_H

#include <sys/types.h>

#include <stddef.h>

/* The byte that the session says. */
enum { HANDOFF_SESSION = 'S' };

/*
 * The session's side.  Says the byte, makes the client's descriptors 0 and 1,
 * takes what was read into BUF, closes descriptor 4.  Returns the octets, or
 * -1 with errno when there is no monitor.
 */
ssize_t handoff_take(char *buf, size_t size);

/*
 * The monitor's side: gives descriptors 0 and 1 and the LEN octets at UNREAD
 * away on FD.  The session goes on when FD is closed.  Returns 0, or -1 with
 * errno.
 */
int handoff_give(int fd, const char *unread, size_t len);

#endif
