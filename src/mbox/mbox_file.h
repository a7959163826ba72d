/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The file of the mbox: opening it, and its bytes.
 *
 * struct mbox is what all parts of the backend know of the one mbox that a
 * process serves.
 */
#ifndef POPIN_MBOX_FILE_H
#define POPIN_MBOX_FILE_H

#include <sys/stat.h>

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "maildrop/maildrop.h"
#include "maildrop/state.h"
#include "mbox/mbox_lock.h"

struct mbox_entry;

struct mbox {
	int fd; /* -1: there is no mbox, and so no mail */
	int dir_fd;
	bool writable;
	char name[NAME_MAX + 1];
	struct mbox_lock lock;

	/* The messages as scanned: entries[md->messages[i].ref]. */
	struct mbox_entry *entries;
	size_t count, allocated;
	uint64_t size;	  /* where the last one ends */
	size_t hidden;	  /* first ones, 0 or 1: no mail but c-client's data */
	struct stat seen; /* the file as it was then */
	struct timespec seen_at;

	int home_fd; /* -1: no place for the state file and the journal */
	struct state state;
	bool state_outdated;
	bool ids_unknown;  /* this session must not tell any */
	bool scanned_part; /* scanning had to stop; SIZE is how far it came */
};

extern struct mbox mbox;

/* Opens the mbox at PATH, and its directory.  Logs its failures. */
enum maildrop_result mbox_file_open(const char *path);

/* Sets mbox.seen to what the file is now.  False, logged. */
bool mbox_file_stat(void);

/*
 * All of these log their failures and return false with errno; EINTR is tried
 * again.
 */
bool mbox_read(void *to, size_t len, uint64_t offset);
bool mbox_write(const char *p, size_t len, uint64_t offset);
bool mbox_sync(void);
/* Cuts it off at SIZE, for good. */
bool mbox_cut(uint64_t size);

/*
 * Sets *SUM to the checksum of the 64 KiB before FIRST, by which a journal
 * knows its mbox.  What is before these is not compared: an UPDATE does not
 * move it, and nothing that moves is found by it.
 */
bool mbox_sum_head(uint64_t first, uint64_t *sum);

/* Logs WHAT about the mbox with errno, and returns false. */
bool mbox_cannot(const char *what);
/*
 * Logs that its journal cannot be written, and returns false.  A full disk is
 * not logged: the caller may find room.
 */
bool mbox_cannot_journal(void);
/* Is ERROR that of a full disk, a quota, or a limit for files? */
bool mbox_is_full(int error);

/*
 * Has a signal such as SIGTERM arrived?  Then the UPDATE ends here, logged:
 * nothing has changed yet, or the journal finishes it at the next login.  A
 * client that is gone is no reason: many do not wait for the answer to QUIT.
 */
bool mbox_stopped(void);

#endif
