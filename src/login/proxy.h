/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The PROXY protocol, versions 1 and 2: the header that haproxy, nginx and
 * others put in front of a connection to say whose it is.
 */
#ifndef POPIN_PROXY_H
#define POPIN_PROXY_H

#include <stdbool.h>

struct monmsg_proxy;
struct netio;

enum {
	PROXY_SECONDS = 5 /* for all of the header */
};

/*
 * Reads the header, and not one octet more, within PROXY_SECONDS and before
 * net->deadline.  Sets *P to what the header told, or to what was wrong with
 * it.  Returns false if we were asked to stop: then there is nothing to tell.
 */
bool proxy_read(struct netio *net, struct monmsg_proxy *p);

#endif
