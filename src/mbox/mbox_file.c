/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The file of the mbox.
 * Runs as: session.  Input: the mbox; directories that other users may be able
 * to write to.
 */
#include "config.h"

#include "mbox/mbox_file.h"

#include <sys/resource.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "lib/checksum.h"
#include "lib/file.h"
#include "lib/io.h"
#include "lib/log.h"
#include "pop3/netio.h"

enum { HEAD_SUMMED = 64 * 1024 };

struct mbox mbox = { .fd = -1, .dir_fd = -1, .home_fd = -1 };

/* ---- opening ---- */

static enum maildrop_result
open_failed(const char *what, const char *path)
{
	bool temporary = file_error_is_temporary(errno);

	log_error_errno(what, path);
	return temporary ? MAILDROP_TEMP : MAILDROP_PERM;
}

/* Splits PATH into the directory, opened, and mbox.name. */
static enum maildrop_result
open_directory(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash != NULL ? slash + 1 : path;
	char dir[PATH_MAX];
	size_t len = (size_t)(name - path);

	if (len == 0 || len >= sizeof dir || name[0] == '\0' ||
	    strlen(name) > NAME_MAX) {
		log_error("not the path of an mbox:", path);
		return MAILDROP_PERM;
	}
	memcpy(dir, path, len);
	dir[len] = '\0';
	memcpy(mbox.name, name, strlen(name) + 1);
	mbox.dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (mbox.dir_fd == -1 && errno == EACCES)
		mbox.dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (mbox.dir_fd == -1)
		return open_failed("cannot open the directory of", path);
	return MAILDROP_OK;
}

/* Is the file within RLIMIT_FSIZE?  An UPDATE of another could end halfway. */
static bool
within_limit(const struct stat *st)
{
	struct rlimit r;

	return getrlimit(RLIMIT_FSIZE, &r) == -1 ||
	    r.rlim_cur == RLIM_INFINITY || (rlim_t)st->st_size <= r.rlim_cur;
}

/* A file that is not there is an empty maildrop. */
static enum maildrop_result
open_mbox(const char *path)
{
	struct stat st;

	mbox.writable = true;
	mbox.fd = file_open(mbox.dir_fd, mbox.name, O_RDWR);
	if (mbox.fd == -1 && (errno == EACCES || errno == EROFS)) {
		mbox.writable = false;
		mbox.fd = file_open(mbox.dir_fd, mbox.name, O_RDONLY);
	}
	if (mbox.fd == -1 && errno == ENOENT)
		return MAILDROP_OK;
	if (mbox.fd == -1)
		return open_failed("cannot open the mbox", path);
	if (!file_is(mbox.fd, FILE_OURS | FILE_ONE_NAME, &st))
		return open_failed(
		    "not a regular file of this user without hard links:",
		    path);
	mbox.writable &= within_limit(&st);
	return MAILDROP_OK;
}

enum maildrop_result
mbox_file_open(const char *path)
{
	enum maildrop_result result = open_directory(path);

	return result == MAILDROP_OK ? open_mbox(path) : result;
}

bool
mbox_file_stat(void)
{
	return (fstat(mbox.fd, &mbox.seen) == 0 &&
		   clock_gettime(CLOCK_REALTIME, &mbox.seen_at) == 0) ||
	    mbox_cannot("cannot look at the mbox");
}

/* ---- bytes ---- */

bool
mbox_cannot(const char *what)
{
	log_error_errno(what, mbox.name);
	return false;
}

bool
mbox_is_full(int error)
{
	return error == ENOSPC || error == EDQUOT || error == EFBIG;
}

bool
mbox_cannot_journal(void)
{
	return mbox_is_full(errno)
	    ? false
	    : mbox_cannot("cannot write the journal for");
}

bool
mbox_stopped(void)
{
	if (netio_interrupted() != NET_STOPPED)
		return false;
	log_error("a signal has stopped the UPDATE of", mbox.name);
	errno = EINTR;
	return true;
}

bool
mbox_read(void *to, size_t len, uint64_t offset)
{
	if (io_pread_all(mbox.fd, to, len, offset))
		return true;
	errno = errno != 0 ? errno : ESTALE;
	return mbox_cannot("cannot read the mbox");
}

bool
mbox_write(const char *p, size_t len, uint64_t offset)
{
	return io_pwrite(mbox.fd, p, len, offset) ||
	    mbox_cannot("cannot write the mbox");
}

bool
mbox_sync(void)
{
	if (!io_sync(mbox.fd))
		return mbox_cannot("cannot sync the mbox");
	mbox_lock_refresh(&mbox.lock);
	return true;
}

bool
mbox_cut(uint64_t size)
{
	return io_truncate(mbox.fd, size)
	    ? mbox_sync()
	    : mbox_cannot("cannot truncate the mbox");
}

bool
mbox_sum_head(uint64_t first, uint64_t *sum)
{
	static char buf[HEAD_SUMMED];
	uint64_t at = first > HEAD_SUMMED ? first - HEAD_SUMMED : 0;
	size_t len = (size_t)(first - at);

	if (!mbox_read(buf, len, at))
		return false;
	*sum = checksum(CHECKSUM_START, buf, len);
	return true;
}
