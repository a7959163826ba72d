/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The maildrop: its messages in order, their sizes and delete marks.
 * What differs between kinds of maildrops is behind struct maildrop_ops.
 *
 * One process serves one maildrop; a backend may keep its data in file-scope
 * variables.
 */
#ifndef POPIN_MAILDROP_H
#define POPIN_MAILDROP_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "maildrop/uidl.h"

/* The most octets of one message, and of all together. */
#define MAILDROP_MAX_OCTETS ((uint64_t)1 << 62)
#define MESSAGE_UNKNOWN UINT64_MAX

enum maildrop_result {
	MAILDROP_OK,
	MAILDROP_IN_USE, /* another session holds the lock */
	MAILDROP_TEMP,	 /* may work later; logged */
	MAILDROP_PERM,	 /* an administrator has to act; logged */
	MAILDROP_GONE	 /* this one message is not there any more */
};

enum {
	MESSAGE_DELETED = 1, /* marked by DELE */
	MESSAGE_ABSENT = 2,  /* to be left out when scanning ends */
	MESSAGE_CHECKED = 4, /* octets were counted in this session */
	MESSAGE_HIDDEN = 8,  /* from this login: has no number */
	MESSAGE_SEALED = 16, /* there, but it cannot be sent as it is */
	MESSAGE_OWN = 32     /* this and the next one: the backend's */
};

/* 16 bytes: their number is what the memory of a session depends on. */
struct message {
	uint64_t octets; /* on the wire, or MESSAGE_UNKNOWN while scanning */
	uint32_t ref;	 /* the backend's */
	uint16_t len;	 /* the backend's */
	uint8_t where;	 /* the backend's */
	uint8_t flags;
};

/* Where the raw bytes of a message are. */
struct maildrop_source {
	int fd;
	off_t offset;
	uint64_t bytes;
};

struct maildrop;

struct maildrop_ops {
	/*
	 * Opens what is needed of PATH and takes the session's lock.  No mail
	 * is read yet: the sandbox comes in between.
	 */
	enum maildrop_result (*open)(struct maildrop *md, const char *path);
	/* Enters the sandbox that leaves just what is needed from here on. */
	bool (*confine)(struct maildrop *md);
	/* Fills in the messages, in order, with their octets. */
	enum maildrop_result (*scan)(struct maildrop *md);
	/*
	 * Makes sure that uidl can answer; logs if it cannot.  NULL: it always
	 * can.
	 */
	enum maildrop_result (*identify)(struct maildrop *md);
	/* Writes the unique-id to BUF, MAILDROP_UIDL_MAX bytes; its length. */
	size_t (*uidl)(
	    const struct maildrop *md, const struct message *m, char *buf);
	/* Makes the bytes of M readable, until release. */
	enum maildrop_result (*source)(struct maildrop *md, struct message *m,
	    struct maildrop_source *source);
	void (*release)(struct maildrop *md, struct maildrop_source *source);
	/*
	 * May M be removed though this session has not sent it?  Not if it
	 * cannot be sent: MAILDROP_PERM, and it is MESSAGE_SEALED.  NULL: all
	 * may.
	 */
	enum maildrop_result (*removable)(
	    struct maildrop *md, struct message *m);
	/*
	 * The UPDATE state: removes what is marked.  Anything but MAILDROP_OK
	 * means that some or all of it is still there, and was logged.
	 */
	enum maildrop_result (*commit)(struct maildrop *md);
	/* The session ends: remembers for the next one what it has learnt. */
	void (*close)(struct maildrop *md);
};

struct maildrop_settings {
	size_t limit;	     /* messages */
	const char *home;    /* or NULL */
	unsigned mbox_locks; /* see options.h */
	const char *trash;   /* folder for what is deleted, or NULL */
	uint64_t max_size;   /* longer messages are hidden; UINT64_MAX: none */
	uint64_t newest;     /* so many of the others are not */
	const char *uidl;    /* see options.h */
	bool only_check;     /* --check: keeps no unique-ids */
};

struct maildrop {
	const struct maildrop_ops *ops;
	const struct maildrop_settings *settings;
	struct message *messages;
	size_t count, allocated;
	/*
	 * The indexes of the messages that are not hidden; the first has the
	 * number 1.  NULL: none is hidden.
	 */
	uint32_t *shown;
	size_t shown_count;
	size_t live; /* messages not marked as deleted, nor hidden */
	uint64_t live_octets;
	size_t counted; /* messages that had to be read for their octets */
	bool corrected; /* an octet count changed after the scan */
};

/*
 * Opens the maildrop PATH (absolute) of the kind that OPS serve.  SETTINGS
 * must outlive it.  Logs every failure but MAILDROP_IN_USE.
 */
enum maildrop_result maildrop_open(struct maildrop *md,
    const struct maildrop_ops *ops, const char *path,
    const struct maildrop_settings *settings);
/*
 * Logs TEXT, WHAT and errno.  Returns MAILDROP_TEMP if that may be gone at the
 * next login, else MAILDROP_PERM.
 */
enum maildrop_result maildrop_failed(const char *text, const char *what);
/* Enters the sandbox and finds the messages.  Logs every failure. */
enum maildrop_result maildrop_scan(struct maildrop *md);

/* For backends: one more message at the end, or NULL (logged). */
struct message *maildrop_add(struct maildrop *md);
/* For backends: leaves out the messages that are MESSAGE_ABSENT. */
void maildrop_compact(struct maildrop *md);

/*
 * Message NUMBER (from 1 to shown_count), or NULL if there is none or it is
 * deleted.
 */
struct message *maildrop_message(struct maildrop *md, uint64_t number);
/* The number of M, which must not be hidden. */
size_t maildrop_number(const struct maildrop *md, const struct message *m);

/* DELE of M, and RSET. */
void maildrop_delete(struct maildrop *md, struct message *m);
void maildrop_undelete_all(struct maildrop *md);
/* M was read in full and is OCTETS long on the wire. */
void maildrop_counted(struct maildrop *md, struct message *m, uint64_t octets);

#endif
