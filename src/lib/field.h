/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The fields of a message's header.  All of popin uses this one reader.  It
 * reads what is in memory, which may be less than the header.
 */
#ifndef POPIN_FIELD_H
#define POPIN_FIELD_H

#include <stdbool.h>
#include <stddef.h>

struct field {
	const char *name; /* where the field begins */
	size_t len;	  /* its continuation lines included */
	size_t line;	  /* bytes of its first line */
};

/* The length of a blank line at P, LF or CRLF, or 0. */
size_t field_blank_line(const char *p, size_t len);

/*
 * Moves *P behind the next field.  False at the blank line that ends the
 * header, and at END.  The last field before END may be cut off.
 */
bool field_next(const char **p, const char *end, struct field *f);

/* Does F begin with NAME, in any case?  NAME has its colon. */
bool field_is(const struct field *f, const char *name);

#endif
