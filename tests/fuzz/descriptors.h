/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * What popin's descriptors lead to while it is fuzzed: a client, files, three
 * directories, a log and a clock, all of them in memory.  Nothing else of
 * popin's surroundings is replaced.
 *
 * The linker sends the calls here (--wrap, see tests/fuzz/build.mk); those on
 * other descriptors go on to the system.
 */
#ifndef FUZZ_DESCRIPTORS_H
#define FUZZ_DESCRIPTORS_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct netio;

/* Ends the program, as a sanitizer would, if the condition is false. */
#define MUST(condition) \
	((condition) ? (void)0 : must_failed(#condition, __FILE__, __LINE__))
void must_failed(const char *condition, const char *file, int line)
    __attribute__((noreturn));

enum { FD_CLIENT = 800, FD_FILES = 810, FD_DIRECTORIES = 900 };

/* ---- the input, cut up ---- */

struct input {
	const uint8_t *p;
	size_t len;
};

/* Takes the next byte or two; 0 when there are no more. */
unsigned take_byte(struct input *in);
unsigned take_two(struct input *in);
/* Takes the next LEN bytes, or as many as there are. */
struct input take_bytes(struct input *in, size_t len);

/* ---- the client ---- */

extern struct client {
	struct input in;
	unsigned piece; /* most octets in one read, 0: all */
	unsigned takes; /* most octets in one write, 0: all */
	bool stays;	/* at the end it is silent and does not go */
	size_t breaks;	/* octets of output after which it is gone, 0: never */
	char *out;	/* what it got */
	size_t out_len;
} client;

/* Forgets everything in this file; the first thing in each run. */
void descriptors_reset(void);

/* Starts a client that sends IN.  Two bytes of HOW choose in what manner. */
void client_start(struct netio *net, struct input in, struct input *how);

/* ---- another process ---- */

/* A descriptor that functions of the target serve. */
extern struct channel {
	int fd; /* -1: there is none */
	ssize_t (*read)(void *p, size_t len);
	ssize_t (*write)(const void *p, size_t len);
} channel;

/* ---- files ---- */

/* Makes NAME in DIRECTORY (0..2) with these bytes; returns its descriptor. */
int file_make(int directory, const char *name, const void *p, size_t len);
/* Returns what is in the file; it stays the file's. */
struct input file_bytes(int fd);
/* Is it still in its directory? */
bool file_is_there(int fd);
/* Writes as another program. */
void file_append(int fd, const void *p, size_t len);
void file_change(int fd, size_t at, const void *p, size_t len);

/* Makes a system call on a file fail: the COUNT-th from now on. */
extern struct fault {
	unsigned count; /* 0: none */
	int error;
	bool stays;   /* and all after it */
	bool shorter; /* reads and writes do one byte instead */
} fault;

/* ---- time ---- */

void clock_forward(unsigned seconds);
/* Sets the clock that files have their times from, by so many seconds. */
void clock_set(int seconds);

#endif
