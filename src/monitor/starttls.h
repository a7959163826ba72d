/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * STLS (RFC 2595).  The program that started us does the TLS.  There are three
 * ways to ask it.  Only the administrator knows which one it understands.
 *
 * ucspi            UCSPI-TLS, as of s6-ucspitlsd and sslserver.  SSLCTLFD,
 *                  SSLREADFD and SSLWRITEFD in the environment name
 *                  descriptors.  The answer goes to 1, one byte "y" to the
 *                  first; from then on 0 and 1 are the other two.
 * tlswrapper       tlswrapper -n before 20260428.  The answer goes to 5, and
 *                  the end of 5 starts TLS; 0 and 1 stay.
 * tlswrapper-new   tlswrapper -n since.  The answer goes to 1, a zero byte to
 *                  5; when one came back on 6, 0 and 1 are under TLS.
 */
#ifndef POPIN_STARTTLS_H
#define POPIN_STARTTLS_H

#include <stdbool.h>

struct options;

/*
 * Takes the descriptors of the dialect, makes them close-on-exec, and closes
 * all others but 0, 1 and 2.  Once, before any other descriptor is opened.
 */
void starttls_claim(const struct options *o);

/* Can the program in front start TLS?  False after the switch. */
bool starttls_offered(void);

/*
 * The switch: says +OK to the client and has TLS started.  Only where it is
 * offered, and while no other process of ours uses descriptors 0 and 1.
 * Returns NULL when they are under TLS; or one word for the log, and the
 * connection has to end.
 */
const char *starttls_switch(void);

/*
 * A descriptor that must stay open to the end of a session without TLS, or
 * -1: tlswrapper of 2023 spins when it is closed unused.
 */
int starttls_held(void);

#endif
