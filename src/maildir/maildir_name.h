/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * What the name of a message in a Maildir says.
 *
 * unique[,S=bytes][,W=octets][:2,flags] - the part before the colon (the
 * base name) identifies the message for as long as it exists; what follows
 * changes whenever a client sets a flag.  Where file names cannot have a colon
 * programs write ;2,flags or !2,flags.
 */
#ifndef POPIN_MAILDIR_NAME_H
#define POPIN_MAILDIR_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The length of the base name. */
size_t maildir_base(const char *name, size_t len);

/* The number the name begins with: the time of delivery, 0 without one. */
uint64_t maildir_time(const char *name, size_t len);

/*
 * The order of two names, as with memcmp: by time, then by the microseconds
 * that follow as .M<digits> (names without them first), then by the bytes of
 * the base name.  0 means the same message.
 */
int maildir_compare(const char *a, size_t a_len, const char *b, size_t b_len);

/* Is it the same message?  Cheaper than maildir_compare() by far. */
bool maildir_same(const char *a, size_t a_len, const char *b, size_t b_len);

/* The bytes of the file, where the name tells them by ,S=. */
bool maildir_bytes(const char *name, size_t len, uint64_t *bytes);
/*
 * The octets on the wire, where the name tells them by ,W= and does not
 * contradict itself by ,S=.
 */
bool maildir_octets(const char *name, size_t len, uint64_t *octets);
/* Can a file of so many BYTES have so many OCTETS? */
bool maildir_octets_possible(uint64_t octets, uint64_t bytes);

/*
 * The unique-id: the base name where RFC 1939 allows it as one, else its
 * SHA-256.  Names that look like one of those hashes are hashed too, so no
 * two base names have the same unique-id.  BUF takes MAILDROP_UIDL_MAX bytes;
 * returns the length.
 */
size_t maildir_uidl(const char *name, size_t len, char *buf);
/* The SHA-256 of the base name, also if the name could be the unique-id. */
size_t maildir_uidl_hash(const char *name, size_t len, char *buf);

#endif
