/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The From_ line that begins each message of an mbox.
 */
#ifndef POPIN_FROM_LINE_H
#define POPIN_FROM_LINE_H

#include <stddef.h>

enum { FROM_LINE_MAX = 1024 /* bytes, with its end */ };

/*
 * How many bytes of the LEN at P are a From_ line with its end, or 0.  It is
 * "From ", whatever the sender is, and a date as asctime(3) writes it; that
 * may lack the seconds, may have a time zone before or behind the year, and
 * anything may follow.  At least FROM_LINE_MAX bytes must be looked at, or
 * all there are.
 */
size_t from_line(const char *p, size_t len);

#endif
