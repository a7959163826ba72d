/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Finds an account in /etc/passwd.
 * Runs as: root.  Input: /etc/passwd; a name from the command line.
 */
#include "config.h"

#include "process/uidgid.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "lib/number.h"

enum { CHUNK = 4096, LINE_MAX_BYTES = 1024, ID_MAX = 0x7fffffff };

/* The Nth of the fields that colons separate, counted from 0, or NULL. */
static const char *
field(const char *line, size_t len, int n, size_t *field_len)
{
	const char *end = line + len;

	for (;;) {
		const char *colon = memchr(line, ':', (size_t)(end - line));

		if (n == 0) {
			*field_len = (size_t)((colon ? colon : end) - line);
			return line;
		}
		if (colon == NULL)
			return NULL;
		line = colon + 1;
		n--;
	}
}

/* Takes uid and gid from field FIRST and the next. */
static bool
ids(const char *line, size_t len, int first, uid_t *uid, gid_t *gid)
{
	size_t uid_len, gid_len;
	const char *uid_text = field(line, len, first, &uid_len);
	const char *gid_text = field(line, len, first + 1, &gid_len);
	uint64_t u, g;

	if (uid_text == NULL || gid_text == NULL ||
	    !number_parse(uid_text, uid_len, ID_MAX, &u) ||
	    !number_parse(gid_text, gid_len, ID_MAX, &g) || u == 0 || g == 0)
		return false;
	*uid = (uid_t)u;
	*gid = (gid_t)g;
	return true;
}

struct search {
	const char *name;
	uid_t *uid;
	gid_t *gid;
	bool found, done;
};

static void
look_at(struct search *s, const char *line, size_t len)
{
	size_t name_len;
	const char *name = field(line, len, 0, &name_len);

	if (name_len == strlen(s->name) &&
	    memcmp(name, s->name, name_len) == 0) {
		s->found = ids(line, len, 2, s->uid, s->gid);
		s->done = true;
	}
}

/* Lines longer than the buffer belong to no account and are passed over. */
static void
look_through(struct search *s, int fd)
{
	char buf[CHUNK], line[LINE_MAX_BYTES];
	size_t len = 0;
	bool too_long = false;
	ssize_t got;

	while (!s->done && (got = read(fd, buf, sizeof buf)) > 0) {
		for (ssize_t i = 0; i < got && !s->done; i++) {
			if (buf[i] == '\n') {
				if (!too_long)
					look_at(s, line, len);
				len = 0;
				too_long = false;
			} else if (len < sizeof line) {
				line[len++] = buf[i];
			} else {
				too_long = true;
			}
		}
	}
}

bool
uidgid_find(const char *spec, uid_t *uid, gid_t *gid)
{
	struct search s = { .name = spec, .uid = uid, .gid = gid };
	int fd;

	if (strchr(spec, ':') != NULL)
		return ids(spec, strlen(spec), 0, uid, gid);
	fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return false;
	look_through(&s, fd);
	(void)close(fd);
	return s.found;
}
