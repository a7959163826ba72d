/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The messages of an mbox as they were found, in the order of the file.
 *
 * This is true of the file only while the delivery lock is held: other programs
 * rewrite it afterwards.  mbox_still_there() looks again.
 */
#ifndef POPIN_MBOX_ENTRY_H
#define POPIN_MBOX_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "maildrop/maildrop.h"

enum { MBOX_ID_SIZE = 16 };

/*
 * One message.  Its bytes are behind the From_ line, up to the blank line
 * that separates it from the next From_ line (SEPARATOR bytes, or none at the
 * end of the file).  ID and TWIN make the UIDL: ID is a hash, and TWIN counts
 * the messages with the same ID from 1 on; 0 means that neither is known.  HIGH
 * is the highest TWIN ever given to one of them.
 */
struct mbox_entry {
	uint64_t start; /* of the From_ line */
	unsigned char id[MBOX_ID_SIZE];
	uint32_t twin, high;
	uint32_t check;	   /* of the bytes of the From_ line */
	uint64_t from_len; /* up to all of the file */
	uint8_t separator;
	uint8_t end_depends; /* of enum mbox_end */
};

/*
 * Where a message with a Content-Length ends can depend on what is behind it.
 */
enum mbox_end {
	MBOX_ON_GROWTH = 1,  /* it can change when mail is appended */
	MBOX_ON_REMOVAL = 2, /* ... when messages behind it are removed */
	MBOX_SCAN_AGAIN = 4  /* that has happened: the next login scans it */
};

/* One more entry at the end, or NULL with errno. */
struct mbox_entry *mbox_add_entry(void);
/*
 * Drops the entries from number N on, and their messages in MD.  mbox.size is
 * where the first of them began.
 */
void mbox_drop_entries(struct maildrop *md, size_t n);

/* Where the bytes of entry I are in the file. */
uint64_t mbox_content(size_t i);
uint64_t mbox_content_end(size_t i);
/* Where entry I ends and the next one begins. */
uint64_t mbox_entry_end(size_t i);

/* Is there still the From_ line of entry I?  False with errno, 0 if not. */
bool mbox_still_there(size_t i);
/* Logs errno; 0: the entry is not where it was.  Returns MAILDROP_TEMP. */
enum maildrop_result mbox_is_lost(void);
/* The checksum of a From_ line; of that of E, read from the file. */
uint32_t mbox_from_check(const char *line, size_t len);
bool mbox_from_sum(const struct mbox_entry *e, uint32_t *check);

#endif
