/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Bytes of the mbox during UPDATE.
 * Runs as: session.  Input: the mbox.
 */
#include "config.h"

#include "mbox/mbox_file.h"

#include <errno.h>

#include "lib/checksum.h"
#include "lib/io.h"
#include "lib/log.h"
#include "mbox/mbox.h"
#include "pop3/netio.h"

enum { HEAD_SUMMED = 64 * 1024 };

static char buf[HEAD_SUMMED];

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
	mboxlock_refresh(&mbox.lock);
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
	uint64_t at = first > HEAD_SUMMED ? first - HEAD_SUMMED : 0;
	size_t len = (size_t)(first - at);

	if (!mbox_read(buf, len, at))
		return false;
	*sum = checksum(CHECKSUM_START, buf, len);
	return true;
}
