/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Messages that cannot be sent as they are.
 * Runs as: session.  Input: file names, the first bytes of files.
 */
#include "config.h"

#include "maildir/maildir_sealed.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "lib/log.h"
#include "maildir/maildir_folders.h"
#include "maildir/maildir_name.h"
#include "pop3/body.h"

enum maildrop_result
maildir_seal(struct message *m, enum maildir_seal why)
{
	static const char *const texts[] = {
		[MAILDIR_DENIED] =
		    "mail that the user may not read, use chown or chmod:",
		[MAILDIR_COMPRESSED] =
		    "mail is compressed, uncompress it under the same names:"
	};
	static bool told[sizeof texts / sizeof texts[0]];
	struct log_record r;

	m->flags |= MESSAGE_SEALED;
	if (!told[why]) {
		log_start(&r, LOG_LEVEL_WARNING, texts[why]);
		log_text(&r, "file", maildir_name(m), m->len);
		log_end(&r);
	}
	told[why] = true;
	return MAILDROP_PERM;
}

/*
 * gzip, bzip2, zstd, lz4 and xz: no header of a message begins so.  One could
 * begin with BZh and a digit, but not go on as bzip2 does.
 */
static bool
is_compressed(const char *p, size_t len)
{
	static const struct {
		size_t at, len;
		const char *bytes;
	} marks[] = { { 0, 3, "\x1f\x8b\x08" }, { 4, 6, "1AY&SY" },
		{ 0, 4, "\x28\xb5\x2f\xfd" }, { 0, 4, "\x04\x22\x4d\x18" },
		{ 0, 6,
		    "\xfd"
		    "7zXZ" } };

	for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
		if (len >= marks[i].at + marks[i].len &&
		    memcmp(p + marks[i].at, marks[i].bytes, marks[i].len) == 0)
			return marks[i].at == 0 || memcmp(p, "BZh", 3) == 0;
	return false;
}

/* A program that compresses mail leaves the size in the name as it was. */
static bool
is_as_told(const struct message *m, uint64_t size)
{
	uint64_t told;

	return maildir_bytes(maildir_name(m), m->len, &told) && told == size;
}

enum maildrop_result
maildir_look_at_head(
    struct message *m, const char *p, size_t len, uint64_t size)
{
	if (is_compressed(p, len) && !is_as_told(m, size))
		return maildir_seal(m, MAILDIR_COMPRESSED);
	m->flags &= (uint8_t)~MESSAGE_SEALED;
	return MAILDROP_OK;
}

/*
 * If the name tells no size, the message was looked at when its octets were
 * counted.
 */
enum maildrop_result
maildir_look_inside(struct message *m, int fd, uint64_t size)
{
	char head[BODY_HEAD];
	uint64_t told;
	ssize_t got;

	if (!(m->flags & MESSAGE_SEALED) &&
	    (!maildir_bytes(maildir_name(m), m->len, &told) || told == size))
		return MAILDROP_OK;
	got = pread(fd, head, sizeof head, 0);
	if (got == -1) {
		log_error_errno("cannot read", maildir_name(m));
		return MAILDROP_TEMP;
	}
	return maildir_look_at_head(m, head, (size_t)got, size);
}
