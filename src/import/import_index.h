/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The files in which other servers keep the unique-ids of a Maildir.  They are
 * believed line by line: a wrong line counts as none.  Only the first line,
 * which tells what the rest means, has to be right.
 */
#ifndef POPIN_IMPORT_INDEX_H
#define POPIN_IMPORT_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "maildrop/uidl.h"

/* What the first line says. */
struct import_header {
	bool upper; /* hexadecimal capitals are wanted */
	uint64_t version, validity;
};

/*
 * What another line says of the message NAME, which may have flags behind its
 * base name.
 */
struct import_line {
	const char *name;
	size_t name_len;
	char id[MAILDROP_UIDL_MAX];
	size_t id_len; /* 0: the base name is the id */
};

/* Each takes one line without its end.  False if it makes no sense. */
bool import_courier_header(struct import_header *h, const char *p, size_t len);
bool import_courier_line(const struct import_header *h, const char *p,
    size_t len, struct import_line *line);
bool import_dovecot_header(struct import_header *h, const char *p, size_t len);
bool import_dovecot_line(const struct import_header *h, const char *p,
    size_t len, struct import_line *line);

/* For those: the next word of P, up to a blank; *P goes behind the blank. */
bool import_word(
    const char **p, const char *end, const char **word, size_t *len);

struct import_index {
	const char *file; /* in the Maildir */
	bool (*header)(struct import_header *h, const char *p, size_t len);
	bool (*line)(const struct import_header *h, const char *p, size_t len,
	    struct import_line *line);
};

extern const struct import_index import_courier, import_dovecot;

enum import_result {
	INDEX_LINE,
	INDEX_WRONG, /* not a line that makes sense */
	INDEX_END,
	INDEX_FAILED /* reading failed; errno is set */
};

/*
 * Reads the index FD from its beginning.  import_index_start() takes the first
 * line; what import_index_next() leaves in LINE stays until the next call.
 */
enum import_result import_index_start(
    const struct import_index *index, int fd, bool upper);
enum import_result import_index_next(struct import_line *line);

#endif
