/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The messages of an mbox as they were found.
 * Runs as: session.  Input: the mbox.
 */
#include "config.h"

#include "mbox/mbox_entry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/checksum.h"
#include "lib/io.h"
#include "lib/log.h"
#include "mbox/mbox_file.h"

enum {
	FIRST_ENTRIES = 64,
	PIECE = 1024 /* of a From_ line: as checksum.h wants it */
};

uint64_t
mbox_content(size_t i)
{
	return mbox.entries[i].start + mbox.entries[i].from_len;
}

uint64_t
mbox_entry_end(size_t i)
{
	return i + 1 < mbox.count ? mbox.entries[i + 1].start : mbox.size;
}

uint64_t
mbox_content_end(size_t i)
{
	return mbox_entry_end(i) - mbox.entries[i].separator;
}

struct mbox_entry *
mbox_add_entry(void)
{
	struct mbox_entry *e;

	if (mbox.count == mbox.allocated) {
		size_t more =
		    mbox.allocated ? mbox.allocated * 2 : FIRST_ENTRIES;

		e = reallocarray(mbox.entries, more, sizeof *e);
		if (e == NULL)
			return NULL;
		mbox.entries = e;
		mbox.allocated = more;
	}
	e = &mbox.entries[mbox.count++];
	memset(e, 0, sizeof *e);
	return e;
}

void
mbox_drop_entries(struct maildrop *md, size_t n)
{
	if (n < mbox.count)
		mbox.size = mbox.entries[n].start;
	mbox.count = n;
	if (mbox.hidden > n)
		mbox.hidden = n;
	md->count = n - mbox.hidden;
}

uint32_t
mbox_from_check(const char *line, size_t len)
{
	return checksum_short(checksum(CHECKSUM_START, line, len));
}

bool
mbox_from_sum(const struct mbox_entry *e, uint32_t *check)
{
	uint64_t sum = CHECKSUM_START;
	char line[PIECE];

	for (uint64_t done = 0; done < e->from_len; done += sizeof line) {
		size_t n = io_piece(e->from_len - done, sizeof line);

		if (!io_pread_all(mbox.fd, line, n, e->start + done))
			return false;
		sum = checksum(sum, line, n);
	}
	*check = checksum_short(sum);
	return true;
}

bool
mbox_still_there(size_t i)
{
	uint32_t check;

	if (!mbox_from_sum(&mbox.entries[i], &check))
		return false;
	errno = 0;
	return check == mbox.entries[i].check;
}

enum maildrop_result
mbox_is_lost(void)
{
	if (errno == 0)
		log_error(
		    "the mbox was changed by another program:", mbox.name);
	else
		(void)mbox_cannot("cannot read the mbox");
	return MAILDROP_TEMP;
}
