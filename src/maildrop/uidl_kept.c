/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * popin.uidl is written once, whole or not at all.  It keeps the ids of
 * messages that are gone, so that none of them is used again.  A file without a
 * line says that there was nothing to take over: mail that is delivered later
 * cannot bring ids with it.
 *
 * At login only its first and last bytes are read.  All of it is read in the
 * sandbox, when a client asks for ids.
 *
 * Runs as: session.  Input: a file that the mail user can write.
 */
#include "config.h"

#include "maildrop/uidl_kept.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/io.h"
#include "lib/log.h"
#include "maildrop/uidl_ask.h"
#include "maildrop/uidl_map.h"
#include "options.h"

enum { READ_SIZE = 16 * 1024, END_SIZE = 5 };

#define SIZE_MAX_BYTES ((off_t)UIDL_MAP_MAX * (UIDL_LINE_MAX + 1))

static struct {
	int fd;	    /* -1: there is no file, or the map has all of it */
	bool whole; /* its first and its last line are right */
	off_t size;
	const char *name;
} kept = { .fd = -1 };

/* ---- reading ---- */

/* -1 with errno, EPERM if it is not a regular file of the user or of root. */
static int
open_ours(const struct uidl_place *place, struct stat *st)
{
	int fd = file_open(place->dir_fd, place->name, O_RDONLY);

	if (fd == -1)
		return -1;
	if (!file_is(fd, FILE_OURS | FILE_ROOTS, st))
		return file_give_up(fd);
	if (st->st_size <= SIZE_MAX_BYTES)
		return fd;
	errno = EFBIG;
	return file_give_up(fd);
}

/* False with errno; EIO if the file has become shorter. */
static bool
read_piece(char *p, size_t len, off_t at)
{
	if (io_pread_all(kept.fd, p, len, (uint64_t)at))
		return true;
	errno = errno == 0 ? EIO : errno;
	return false;
}

/* Feeds T all of it.  False, logged. */
static bool
read_all(struct uidl_text *t)
{
	static char buf[READ_SIZE];
	off_t at = 0;

	uidl_text_start(t);
	while (at < kept.size) {
		size_t n = io_piece((uint64_t)(kept.size - at), READ_SIZE);

		if (!read_piece(buf, n, at) || !uidl_text_feed(t, buf, n)) {
			log_error_errno(
			    "cannot read unique-ids from", kept.name);
			return false;
		}
		at += (off_t)n;
	}
	return true;
}

/*
 * Reads the first line, and whether the last one is right.  False with errno.
 */
static bool
look(struct uidl_text *t)
{
	char buf[UIDL_LINE_MAX];
	size_t n = io_piece((uint64_t)kept.size, UIDL_LINE_MAX);
	const char *lf;

	uidl_text_start(t);
	if (!read_piece(buf, n, 0))
		return false;
	lf = memchr(buf, '\n', n);
	if (lf != NULL)
		(void)uidl_text_feed(t, buf, (size_t)(lf + 1 - buf));
	if (n < END_SIZE)
		return true;
	if ((off_t)n < kept.size &&
	    !read_piece(buf + n - END_SIZE, END_SIZE, kept.size - END_SIZE))
		return false;
	t->ended = memcmp(buf + n - END_SIZE, "\nend\n", END_SIZE) == 0;
	return true;
}

enum maildrop_result
uidl_kept_load(void)
{
	struct uidl_text t;

	if (kept.fd == -1)
		return MAILDROP_OK;
	uidl_map_clear();
	if (!read_all(&t))
		return MAILDROP_TEMP;
	if (!uidl_text_is_whole(&t))
		log_error("some unique-ids are damaged in", kept.name);
	kept.fd = -1;
	return MAILDROP_OK;
}

/* ---- writing ---- */

/* Makes the file NEW.  One that a crash has left is removed. */
static int
make(int dir_fd, const char *new)
{
	static const int mode = O_WRONLY | O_CREAT | O_EXCL;
	int fd = file_open(dir_fd, new, mode);

	if (fd == -1 && errno == EEXIST && unlinkat(dir_fd, new, 0) == 0)
		fd = file_open(dir_fd, new, mode);
	return fd;
}

/*
 * False with errno; then the old file is unchanged.  A file without a line is
 * not synced: if a crash tears it, popin-import is asked again.
 */
static bool
write_whole(const struct uidl_place *place, const char *new, const char *scheme)
{
	/* A replay after a loss of power needs it: mbox_home_open_uidls(). */
	bool lasts =
	    uidl_map_count() > 0 || strcmp(place->kind, OPTIONS_MBOX) == 0;
	int fd = make(place->dir_fd, new), error;
	bool good;

	if (fd == -1)
		return false;
	good = uidl_map_write(fd, scheme) && (!lasts || io_sync(fd));
	if (close(fd) == -1)
		good = false;
	if (good &&
	    renameat(place->dir_fd, new, place->dir_fd, place->name) == 0)
		return true;
	error = errno;
	(void)unlinkat(place->dir_fd, new, 0);
	errno = error;
	return false;
}

/*
 * If it cannot be kept, this session has its answer, and popin-import is asked
 * again at the next login.  --check keeps nothing: the other server may still
 * be giving out ids.
 */
static void
keep(const struct uidl_place *place, const char *scheme)
{
	char new[NAME_MAX + 1];

	if (place->dir_fd == -1)
		return;
	errno = ENAMETOOLONG;
	if (snprintf(new, sizeof new, "%s.new", place->name) <
	    (int)sizeof new &&write_whole(place, new, scheme))
		return;
	log_error_errno("cannot keep unique-ids in", place->name);
}

/* ---- deciding ---- */

enum maildrop_result
uidl_kept_open(const struct maildrop_settings *settings,
    const struct uidl_place *place, bool *ask)
{
	const char *scheme = settings->uidl;
	struct uidl_text t = { .scheme = "" };
	struct stat st = { 0 };

	*ask = false;
	if (strcmp(scheme, "own") == 0 || strcmp(scheme, "qmail") == 0)
		return MAILDROP_OK;
	kept.name = place->name;
	if (place->dir_fd != -1)
		kept.fd = open_ours(place, &st);
	if (place->dir_fd != -1 && kept.fd == -1 && errno != ENOENT)
		return maildrop_failed(
		    "cannot read unique-ids from", kept.name);
	if (kept.fd != -1) {
		kept.size = st.st_size;
		if (!look(&t))
			return maildrop_failed(
			    "cannot read unique-ids from", kept.name);
		kept.whole = t.scheme[0] != '\0' && t.ended;
		if (!kept.whole)
			log_error("some unique-ids are damaged in", kept.name);
	}
	*ask = !kept.whole ||
	    (strcmp(scheme, "auto") != 0 && strcmp(scheme, t.scheme) != 0);
	return MAILDROP_OK;
}

/*
 * The map is first filled with what can be read of a damaged popin.uidl, and
 * lines that are there already win over the answer.  A whole one stays if the
 * answer has no line.
 */
enum maildrop_result
uidl_kept_ask(
    const struct maildrop_settings *settings, const struct uidl_place *place)
{
	struct uidl_text old, t;
	enum maildrop_result result;

	if (kept.fd != -1 && !kept.whole && !read_all(&old))
		return MAILDROP_TEMP;
	result = uidl_ask(settings->uidl, place->kind, place->path, &t);
	if (result != MAILDROP_OK)
		return result;
	if (kept.fd != -1 && uidl_map_count() == 0 && !read_all(&old))
		return MAILDROP_TEMP;
	if (kept.fd != -1)
		(void)close(kept.fd);
	kept.fd = -1;
	if (!settings->only_check)
		keep(place, t.scheme);
	return MAILDROP_OK;
}
