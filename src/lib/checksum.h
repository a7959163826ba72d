/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * A fast checksum against torn writes and mistaken files.  It is not
 * cryptographic: anybody who can forge the data can change the mail itself.  It
 * is the same on every machine.
 */
#ifndef POPIN_CHECKSUM_H
#define POPIN_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

#define CHECKSUM_START ((uint64_t)0x9e3779b97f4a7c15)

/*
 * Goes on from SUM with LEN bytes at P.  The sum of several pieces is the same
 * only if they are cut in the same places, or at multiples of 8 bytes.
 */
uint64_t checksum(uint64_t sum, const void *p, size_t len);

/* 32 bits of SUM that depend on all bytes. */
uint32_t checksum_short(uint64_t sum);

#endif
