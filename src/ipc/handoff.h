/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Descriptor 4 of the checker and of the session it becomes: a stream socket
 * to the monitor.
 *
 *   session -> monitor   one byte: the password was right, I am the session
 *   monitor -> session   when login has ended: one byte with the client's two
 *                        descriptors, then the input of the client that login
 *                        had read already; when no process of root's is left:
 *                        the end of the stream
 *
 * So a checker never holds the client.  Nothing that it or its libraries print
 * gets to the client, and the client cannot send it anything.
 */
#ifndef POPIN_HANDOFF_H
#define POPIN_HANDOFF_H

#include <sys/types.h>

#include <stddef.h>

/* The session's byte. */
enum { HANDOFF_SESSION = 'S' };

/*
 * The session's side.  Sends the byte, makes the client's descriptors 0 and 1,
 * takes the input that login had read into BUF of SIZE octets, and closes
 * descriptor 4.  Returns the number of octets, or -1 with errno when there is
 * no monitor.
 */
ssize_t handoff_take(char *buf, size_t size);

/*
 * The monitor's side.  Sends descriptors 0 and 1 and the LEN octets at UNREAD
 * on FD.  The session goes on when the caller closes FD.  Returns 0, or -1 with
 * errno.
 */
int handoff_give(int fd, const char *unread, size_t len);

#endif
