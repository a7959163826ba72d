/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The files in which other servers keep the unique-ids of a Maildir.
 * What one says is believed line by line: a line that is wrong counts as one
 * that is not there.  Only the first, which says what the rest means, has to
 * be right.
 */
#ifndef POPIN_UIDL_INDEX_H
#define POPIN_UIDL_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "maildrop/maildrop.h"
#include "maildrop/uidl.h"

/* What the first line says. */
struct uidl_header {
	enum uidl_scheme scheme;
	uint64_t version, validity;
};

/*
 * What another line says of the message NAME, which may have flags behind its
 * base name.  The messages are numbered by ORDER, then by line.
 */
struct uidl_line {
	const char *name;
	size_t name_len;
	char id[MAILDROP_UIDL_MAX];
	size_t id_len; /* 0: the base name is the id */
	uint64_t order;
};

/* Each takes one line without its end.  False if it makes no sense. */
bool uidl_courier_header(struct uidl_header *h, const char *p, size_t len);
bool uidl_courier_line(const struct uidl_header *h, const char *p, size_t len,
    struct uidl_line *line);
bool uidl_dovecot_header(struct uidl_header *h, const char *p, size_t len);
bool uidl_dovecot_line(const struct uidl_header *h, const char *p, size_t len,
    struct uidl_line *line);

/* For those: the next word of P, up to a blank; *P goes behind the blank. */
bool uidl_word(const char **p, const char *end, const char **word, size_t *len);

struct uidl_index {
	const char *file; /* in the Maildir */
	bool (*header)(struct uidl_header *h, const char *p, size_t len);
	bool (*line)(const struct uidl_header *h, const char *p, size_t len,
	    struct uidl_line *line);
};

extern const struct uidl_index uidl_courier, uidl_dovecot;

enum uidl_status {
	UIDL_LINE,
	UIDL_WRONG, /* not a line that makes sense */
	UIDL_END,
	UIDL_FAILED /* reading failed; errno is set */
};

/*
 * Reads the index FD from its beginning.  uidl_index_start() takes the first
 * line; what uidl_index_next() leaves in LINE stays until the next call.
 */
enum uidl_status uidl_index_start(
    const struct uidl_index *index, int fd, enum uidl_scheme scheme);
enum uidl_status uidl_index_next(struct uidl_line *line);

#endif
