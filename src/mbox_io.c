/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Bytes of the mbox during UPDATE.
 * Runs as: session.  Input: the mbox.
 */
#include "config.h"

#include "mbox_io.h"

#include <errno.h>
#include <unistd.h>

#include "checksum.h"
#include "log.h"
#include "mbox.h"

enum {
	BUFFER = 64 * 1024, /* a multiple of 8, as checksum() wants it */
	HEAD_SUMMED = 64 * 1024,
	TAIL_SUMMED = 1024 * 1024 /* at either end of it */
};

static char buf[BUFFER];

bool
mbox_cannot(const char *what)
{
	log_error_errno(what, mbox.name);
	return false;
}

bool
mbox_read(void *to, size_t len, uint64_t offset)
{
	ssize_t got = mbox_pread(mbox.fd, to, len, offset);

	if (got == (ssize_t)len)
		return true;
	errno = got >= 0 ? ESTALE : errno;
	return mbox_cannot("cannot read the mbox");
}

bool
mbox_write(const char *p, size_t len, uint64_t offset)
{
	while (len > 0) {
		ssize_t n = pwrite(mbox.fd, p, len, (off_t)offset);

		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0) {
			errno = n == 0 ? EIO : errno;
			return mbox_cannot("cannot write the mbox");
		}
		p += n;
		offset += (uint64_t)n;
		len -= (size_t)n;
	}
	return true;
}

bool
mbox_sync(void)
{
	while (fsync(mbox.fd) == -1)
		if (errno != EINTR)
			return mbox_cannot("cannot sync the mbox");
	mboxlock_refresh(&mbox.lock);
	return true;
}

bool
mbox_cut(uint64_t size)
{
	while (ftruncate(mbox.fd, (off_t)size) == -1)
		if (errno != EINTR)
			return mbox_cannot("cannot truncate the mbox");
	return mbox_sync();
}

/* The checksum of the bytes from START to END. */
static bool
sum_of(uint64_t start, uint64_t end, uint64_t *sum)
{
	for (uint64_t at = start; at < end; at += sizeof buf) {
		size_t len =
		    end - at < sizeof buf ? (size_t)(end - at) : sizeof buf;

		if (!mbox_read(buf, len, at))
			return false;
		*sum = checksum(*sum, buf, len);
	}
	return true;
}

bool
mbox_sum_tail(uint64_t start, uint64_t end, uint64_t *sum)
{
	*sum = CHECKSUM_START;
	if (end - start <= (uint64_t)2 * TAIL_SUMMED)
		return sum_of(start, end, sum);
	return sum_of(start, start + TAIL_SUMMED, sum) &&
	    sum_of(end - TAIL_SUMMED, end, sum);
}

bool
mbox_sum_head(uint64_t first, uint64_t *sum)
{
	*sum = CHECKSUM_START;
	return sum_of(
	    first > HEAD_SUMMED ? first - HEAD_SUMMED : 0, first, sum);
}
