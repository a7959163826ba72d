/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Removes messages of a Maildir, or moves them to the trash.
 * Runs as: session.  Input: file names, which other programs change meanwhile.
 */
#include "config.h"

#include "maildir/maildir_update.h"

#include <errno.h>
#include <unistd.h>

#include "lib/io.h"
#include "lib/log.h"
#include "maildir/maildir_again.h"
#include "maildir/maildir_folders.h"
#include "maildir/maildir_trash.h"

static bool
take_away(const struct message *m)
{
	int fd = maildir.fd[m->where];

	if (maildir_trash_wanted())
		return maildir_trash_move(fd, maildir_name(m), m->len);
	return unlinkat(fd, maildir_name(m), 0) == 0;
}

/*
 * Removes the marked messages that were not removed yet.  Returns false,
 * logged, if that failed.  *MISSING: so many were not where they were seen
 * last.
 */
static bool
remove_marked(struct maildrop *md, bool *touched, size_t *missing)
{
	bool good = true;

	*missing = 0;
	for (size_t i = 0; i < md->count; i++) {
		struct message *m = &md->messages[i];

		if (!(m->flags & MESSAGE_DELETED) ||
		    (m->flags & (MAILDIR_DONE | MAILDIR_LOST)))
			continue;
		if (take_away(m)) {
			touched[m->where] = true;
		} else if (errno == ENOENT) {
			++*missing;
			continue;
		} else {
			log_error_errno("cannot remove", maildir_name(m));
			good = false;
		}
		m->flags |= MAILDIR_DONE;
	}
	return good;
}

/*
 * Messages that other programs have renamed meanwhile are looked for, all at
 * once.  Those that are in no folder then were removed by them.
 */
static bool
remove_wherever(struct maildrop *md, bool *touched)
{
	size_t missing;
	bool good = remove_marked(md, touched, &missing);

	for (int i = 0; i < MAILDIR_TRIES && missing > 0; i++) {
		if (!maildir_find_again(md))
			return false;
		good &= remove_marked(md, touched, &missing);
	}
	if (missing > 0)
		log_error(
		    "not removed, another program keeps renaming it:", NULL);
	return good && missing == 0;
}

/*
 * A directory that cannot be synced on this kind of file system (EINVAL) is
 * as safe as it gets.
 */
static bool
sync_folder(int fd)
{
	if (io_sync(fd) || errno == EINVAL || errno == EROFS)
		return true;
	log_error_errno("cannot sync the Maildir", NULL);
	return false;
}

enum maildrop_result
maildir_commit(struct maildrop *md)
{
	bool touched[MAILDIR_FOLDERS] = { false, false };
	bool good = remove_wherever(md, touched);

	/*
	 * The trash first: after a crash a message may be in both folders, but
	 * it is in one of them.
	 */
	if (maildir_trash_fd() != -1)
		good &= sync_folder(maildir_trash_fd());
	for (int f = 0; f < MAILDIR_FOLDERS; f++)
		if (touched[f])
			good &= sync_folder(maildir.fd[f]);
	return good ? MAILDROP_OK : MAILDROP_TEMP;
}
