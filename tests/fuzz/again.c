/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * A fresh process for the next session.
 */
#include "config.h"

#include "again.h"

#include <stdlib.h>
#include <string.h>

#include "maildir/maildir.h"
#include "maildrop/maildrop.h"
#include "mbox/mbox_entry.h"
#include "mbox/mbox_file.h"

void
again(struct maildrop *md)
{
	static const struct mbox fresh = {
		.fd = -1, .dir_fd = -1, .home_fd = -1
	};

	free(md->messages);
	free(md->shown);
	memset(md, 0, sizeof *md);
	free(mbox.entries);
	mbox = fresh;
	free(maildir.names.all);
	memset(&maildir, 0, sizeof maildir);
	again_mbox_id();
	again_mbox_journal();
	again_maildir_adopt();
	again_maildir_foreign();
	again_maildir_snapshot();
	again_uidl_store();
}
