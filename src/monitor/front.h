/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * What a front that sends PROXY headers says of the client.
 */
#ifndef POPIN_FRONT_H
#define POPIN_FRONT_H

struct monmsg_proxy;
struct peer;

/*
 * Makes PEER, and what a checker is told of it, the address in P where there
 * is one.  P is valid (see monmsg.h).  Returns NULL, or when there was no
 * proper header one word for the log.
 */
const char *front_take(struct peer *peer, const struct monmsg_proxy *p);

#endif
