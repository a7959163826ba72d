/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Files of accounts.
 * Runs as: root, or the user that started the checker.
 * Input: the passwd-file and files in /etc, trusted but typed by people.
 */
#include "config.h"

#include "checkpassword/account_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "lib/io.h"

bool
account_file_open(struct account_file *f, const char *path)
{
	f->number = 0;
	f->at = f->end = 0;
	/* O_NONBLOCK: a FIFO in its place must be refused, not waited for. */
	f->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	f->error = f->fd == -1 ? errno : 0;
	return f->fd != -1;
}

static bool
next_byte(struct account_file *f, char *c)
{
	ssize_t n;

	if (f->at == f->end && f->error == 0) {
		n = io_read(f->fd, f->buffer, sizeof f->buffer);
		f->error = n == -1 ? errno : 0;
		f->at = 0;
		f->end = n == -1 ? 0 : (size_t)n;
	}
	if (f->at == f->end)
		return false;
	*c = f->buffer[f->at++];
	return true;
}

bool
account_file_next(struct account_file *f, struct account_line *line)
{
	size_t len = 0;
	bool any = false;
	char c = '\0';

	while (c != '\n' && next_byte(f, &c)) {
		any = true;
		if (c != '\n' && len++ < sizeof f->text)
			f->text[len - 1] = c;
	}
	if (!any || f->error != 0)
		return false;
	if (len > 0 && len <= sizeof f->text && f->text[len - 1] == '\r')
		len--;
	line->bad =
	    len > ACCOUNT_LINE_MAX || memchr(f->text, '\0', len) != NULL;
	line->text.p = f->text;
	line->text.len = len > ACCOUNT_LINE_MAX ? ACCOUNT_LINE_MAX : len;
	line->number = ++f->number;
	return true;
}

int
account_file_close(struct account_file *f)
{
	int error = f->error;

	if (f->fd != -1)
		(void)close(f->fd);
	explicit_bzero(f, sizeof *f);
	errno = error;
	return error == 0 ? 0 : -1;
}

struct text
text_cut(struct text *rest, char c)
{
	const char *end = memchr(rest->p, c, rest->len);
	struct text head = { rest->p,
		end == NULL ? rest->len : (size_t)(end - rest->p) };

	rest->p += head.len + (end != NULL);
	rest->len -= head.len + (end != NULL);
	return head;
}

bool
text_is(struct text f, const char *word)
{
	return f.len == strlen(word) && memcmp(f.p, word, f.len) == 0;
}

bool
text_is_in_any_case(struct text f, const char *word)
{
	return f.len == strlen(word) && strncasecmp(f.p, word, f.len) == 0;
}
