/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The client's descriptors: one line reader, one output buffer, deadlines.
 *
 * Replies collect in the output buffer and leave when the reader finds no
 * further complete line among what it has already read, so a pipelined batch
 * is answered in one write and a single command in one write of its own.
 *
 * No function here allocates, and none blocks past its deadline.
 */
#ifndef POPIN_NETIO_H
#define POPIN_NETIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum net_status {
	NET_OK,
	NET_TOO_LONG, /* a line over the limit, swallowed whole */
	NET_NUL,      /* a line with a NUL, swallowed whole */
	NET_EOF,      /* the client closed its side */
	NET_IDLE,     /* no complete line before the deadline */
	NET_STALLED,  /* the client takes no output */
	NET_STOPPED,  /* SIGTERM and the like */
	NET_TAKEN,    /* the watch told it to end */
	NET_FAILED    /* the connection broke */
};

enum {
	/*
	 * The most the reader takes from the kernel at once, and so the most
	 * that can be left over when login hands the client on (octets).
	 */
	NETIO_READ_MAX = 1024,
	/* The argument of netio.watch: the client does something. */
	NETIO_ACTIVE = -1,
	/* The result of netio.watch: the session must end. */
	NETIO_END = -1,
	/* The longest that a client may take no output at all. */
	NETIO_STALL_SECONDS = 120
};

struct netio {
	int in_fd, out_fd;
	char *in; /* in_size octets; in_at..in_end are unread */
	size_t in_size, in_at, in_end;
	char *out; /* out_size octets; out_len are waiting */
	size_t out_size, out_len;
	unsigned stall;	  /* seconds; netio_open() sets the longest */
	int64_t deadline; /* for the next line; clock_now() milliseconds */
	/*
	 * Is called with NETIO_ACTIVE when the client does something.  While we
	 * wait for the client it is called with the milliseconds of its
	 * silence.  It returns the milliseconds until the next call, or
	 * NETIO_END.  It may be NULL.
	 */
	int64_t (*watch)(int64_t silence);
	int64_t active;		 /* when the client last did something */
	int64_t work;		 /* milliseconds, see netio_interrupted(); 0 */
	int queued;		 /* octets for the client that the kernel has */
	enum net_status failed;	 /* NET_OK, or why output is over */
	uint64_t received, sent; /* octets on the wire */
	bool swallowing;	 /* inside a line that is too long already */
	bool is_socket;
	bool is_local; /* of Unix sockets */
};

/*
 * Starts on the descriptors 0 and 1 with the caller's buffers, which must
 * outlive N.  Makes sockets non-blocking.  TUNE: sets options of TCP, too.
 */
void netio_open(struct netio *n, char *in, size_t in_size, char *out,
    size_t out_size, bool tune);

/*
 * Makes SIGTERM, SIGINT and SIGHUP end the session at the next wait.  They are
 * blocked except while waiting, so nothing else is ever interrupted.  If the
 * client has gone away, or a file reaches its size limit, the write fails and
 * there is no signal.
 */
void netio_catch_signals(void);

/*
 * The next line without its CRLF or LF; it stays valid until the next call.
 * LIMIT counts the octets of the line with its end.  Ends a wait at
 * n->deadline; the client counts as silent since n->active until the line is
 * complete.  After a failed output there are no further lines, not even
 * those that were read before: a client that did not get one answer did not
 * mean the QUIT behind it.  Everything but NET_OK, NET_TOO_LONG and NET_NUL is
 * final.
 */
enum net_status netio_line(
    struct netio *n, size_t limit, char **line, size_t *len);

/*
 * Adds octets to the output; writes when the buffer is full, but always
 * keeps the last octets back so that a final CRLF.CRLF is never split.
 * After a failure (n->failed) it does nothing.
 */
void netio_put(struct netio *n, const char *p, size_t len);
void netio_puts(struct netio *n, const char *s);
void netio_put_number(struct netio *n, uint64_t value);

/*
 * Room in the output for octets that are made in place: at least MIN, which
 * must be far less than the buffer's size.  NULL after a failure.  The caller
 * tells netio_filled() what was filled, before anything else is put.
 */
char *netio_room(struct netio *n, size_t min, size_t *room);
void netio_filled(struct netio *n, size_t len);

/* Writes what is waiting.  Returns n->failed. */
enum net_status netio_flush(struct netio *n);

/*
 * The position of the output: all octets so far, sent or waiting.  It has
 * arrived up to POSITION when the client's system has acknowledged that much,
 * or when the program at the other end of a Unix socket has read it.
 *
 * netio_arrived() waits for that.  It gives up if nothing got through for
 * n->stall seconds, or if the connection breaks before.  A pipe does not tell:
 * what was written to it has arrived.
 */
uint64_t netio_position(const struct netio *n);
enum net_status netio_arrived(struct netio *n, uint64_t position);

/*
 * Is there a reason to end a loop over a message or a maildrop?  NET_OK: no;
 * NET_STOPPED: a signal; NET_FAILED: nobody reads our output any more;
 * NET_IDLE: for n->work milliseconds the client has neither got any output nor
 * done anything.  The reason stays.  That the client's input has ended is no
 * reason: it may be waiting for the answers.
 *
 * To be called for each buffer, or every so many messages.
 */
enum net_status netio_interrupted(void);

/* The word in the log for a status that ends a session. */
const char *netio_word(enum net_status status);

/*
 * One read of at most SIZE octets, past the line reader, which must not have
 * begun; waits until n->deadline.
 */
enum net_status netio_read(
    struct netio *n, void *buf, size_t size, size_t *got);

/*
 * Has the client sent more than the lines that were returned?  NET_OK: yes;
 * NET_IDLE: no; everything else is final.
 */
enum net_status netio_peek(struct netio *n);

/* Wipes the lines that were returned: they had a password. */
void netio_wipe(struct netio *n);

/*
 * Flushes, tells the client that nothing follows, and reads on for a moment
 * so that unread input does not make the kernel throw the last reply away.
 */
void netio_finish(struct netio *n);

#endif
