/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The fields of a header.
 * Runs as: session.  Input: headers, which anyone may have written.
 */
#include "config.h"

#include "lib/field.h"

#include <string.h>
#include <strings.h>

size_t
field_blank_line(const char *p, size_t len)
{
	if (len >= 1 && p[0] == '\n')
		return 1;
	return len >= 2 && p[0] == '\r' && p[1] == '\n' ? 2 : 0;
}

/* The length of the line at P, its LF included. */
static size_t
line_length(const char *p, const char *end)
{
	const char *lf = memchr(p, '\n', (size_t)(end - p));

	return (size_t)((lf != NULL ? lf + 1 : end) - p);
}

bool
field_next(const char **p, const char *end, struct field *f)
{
	if (*p == end || field_blank_line(*p, (size_t)(end - *p)) > 0)
		return false;
	f->name = *p;
	f->line = line_length(*p, end);
	*p += f->line;
	while (*p < end && ((*p)[0] == ' ' || (*p)[0] == '\t'))
		*p += line_length(*p, end);
	f->len = (size_t)(*p - f->name);
	return true;
}

bool
field_is(const struct field *f, const char *name)
{
	size_t len = strlen(name);

	return f->len >= len && strncasecmp(f->name, name, len) == 0;
}
