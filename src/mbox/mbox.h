/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * What the parts of the mbox backend share.
 *
 *	mbox.c		opens the file, finds single messages
 *	mbox_home.c	where popin's own files are
 *	mbox_scan.c	where messages begin and end, octets
 *	mbox_state.c	what the state file remembers of that
 *	mbox_id.c	unique-ids
 *	mbox_foreign.c	those of other servers
 *	mbox_update.c	removes messages; mbox_move.c does the moving
 *			(with mbox_file.c), mbox_journal.c makes it safe
 *	mbox_sums.c	does a journal belong to this mbox?
 *	mbox_lock.c	keeps delivery out; dotlock.c is a part of it
 *
 * System calls after mbox_open, for the sandbox: pread64, pwrite64, fcntl,
 * fstat (newfstatat), fsync, ftruncate, ppoll (to wait for a lock),
 * clock_gettime, and what malloc needs.  Where dotlocks are used also openat,
 * linkat, unlinkat, renameat, write, read, close, utimensat, and kill with
 * signal 0, all in mbox.dir_fd; renameat in mbox.home_fd where there is an
 * interrupted UPDATE.  Nothing is opened by a path.
 */
#ifndef POPIN_MBOX_H
#define POPIN_MBOX_H

#include <sys/stat.h>

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "maildrop/maildrop.h"
#include "maildrop/state.h"
#include "mbox/mbox_lock.h"

extern const struct maildrop_ops mbox_ops;

enum { MBOX_ID_SIZE = 16 };

/*
 * One message.  Its bytes are behind the From_ line, up to the blank line
 * that separates it from the next From_ line (SEPARATOR bytes, or none at the
 * end of the file).  ID and TWIN make the unique-id: TWIN counts messages
 * with the same ID from 1 on; 0 means that neither is known.  HIGH is the
 * highest TWIN ever given to one of them.  FOREIGN is a handle of uidl_store.h
 * when the unique-id is that of another server, which is DECIDED once.  OPEN
 * is of enum mbox_open.
 */
struct mbox_entry {
	uint64_t start; /* of the From_ line */
	unsigned char id[MBOX_ID_SIZE];
	uint32_t twin, high;
	uint32_t check;	   /* of the bytes of the From_ line */
	uint64_t from_len; /* up to all of the file */
	uint32_t foreign;
	uint8_t separator;
	uint8_t decided;
	uint8_t open;
};

/* A message with a Content-Length may have another end */
enum mbox_open {
	MBOX_GROWN = 1,	  /* when there is more mail behind it */
	MBOX_REMOVED = 2, /* when messages behind it are removed */
	MBOX_AGAIN = 4	  /* at the next login: that has happened */
};

struct mbox {
	int fd; /* -1: there is no mbox, and so no mail */
	int dir_fd;
	bool writable;
	char name[NAME_MAX + 1];
	struct mboxlock lock;

	/* The messages as scanned: entries[md->messages[i].ref]. */
	struct mbox_entry *entries;
	size_t count, allocated;
	uint64_t size; /* where the last one ends */
	bool hidden;   /* the first one is no mail but c-client's data */
	enum uidl_scheme scheme; /* by which the ids were decided */
	uint32_t validity;	 /* of IMAP's uids, where that matters */
	struct stat seen;	 /* the file as it was then */
	struct timespec seen_at;

	int home_fd; /* -1: no place for the two files below */
	struct state state;
	bool state_outdated;
	bool scanned_part; /* scanning had to stop; SIZE is how far it came */
};

extern struct mbox mbox;

/* Where the bytes of entry I are in the file. */
uint64_t mbox_content(size_t i);
uint64_t mbox_content_end(size_t i);
/* Where entry I ends and the next one begins. */
uint64_t mbox_entry_end(size_t i);
/* Is there still the From_ line of entry I?  False with errno 0 if not. */
bool mbox_still_there(size_t i);
uint32_t mbox_from_check(const char *line, size_t len);
/* The same of the line of E, read from the file.  False with errno. */
bool mbox_from_sum(const struct mbox_entry *e, uint32_t *check);

/* One more entry at the end, or NULL with errno. */
struct mbox_entry *mbox_add_entry(void);

/* Takes the session's lock and opens our own files, in the directory HOME. */
enum maildrop_result mbox_place(const char *path, const char *home);

/*
 * Reads the mbox from START, which is the beginning or the start of an entry,
 * up to END, and adds entries and messages.  The delivery lock is held.
 */
enum maildrop_result mbox_scan_from(
    struct maildrop *md, uint64_t start, uint64_t end);
/* Does a message begin at OFFSET, behind the last one?  False with errno. */
bool mbox_begins(uint64_t offset);
/* Notes the file as it is.  False, logged. */
bool mbox_look(void);
/*
 * Is there a From_ line at AT, or nothing?  START is where: a program may have
 * begun with blank lines.  False with errno, 0 if not.
 */
bool mbox_mail_follows(uint64_t at, uint64_t *start);
/* See struct maildrop_ops. */
enum maildrop_result mbox_commit(struct maildrop *md);

/*
 * Takes from the state file what is still true of the file as it is NOW, as
 * entries and messages.  Returns where scanning has to go on.
 */
uint64_t mbox_state_read(struct maildrop *md, const struct stat *now);
void mbox_state_write(const struct maildrop *md);

/* Gives every message its ID and TWIN.  Logs its failures. */
enum maildrop_result mbox_identify(struct maildrop *md);
size_t mbox_uidl(const struct maildrop *md, const struct message *m, char *buf);
/* Remembers a twin of the last session whose message may be found again. */
bool mbox_remember_twin(const struct mbox_entry *e);
/*
 * The id of entry I as the file is now, or was since mbox_id_start().  False
 * with errno, 0 if the entry is not there.
 */
void mbox_id_start(void);
bool mbox_id_of(size_t i, unsigned char id[MBOX_ID_SIZE]);

/* Has SCHEME unique-ids for an mbox that are not ours? */
bool mbox_foreign(enum uidl_scheme scheme);
/*
 * The unique-id by SCHEME, at most MAILDROP_UIDL_MAX bytes, from the LEN bytes
 * of the header at P; its length, or 0 if there is none.
 */
size_t mbox_foreign_id(
    enum uidl_scheme scheme, const char *p, size_t len, char *id);
/* The uidvalidity in the header of the first message; 0 without one. */
uint32_t mbox_validity(const char *p, size_t len);
/* Is there the blank line that ends a header? */
bool mbox_header_ends(const char *p, size_t len);

#endif
