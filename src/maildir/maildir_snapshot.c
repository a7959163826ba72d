/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * popin.uidl is never changed once it is written.  It keeps the ids of
 * messages that are gone, so that none of them is used again.  Its records,
 * in the format of the state file: a struct summary; then for each message a
 * struct fixed, the id (empty where it is our own), the base name.
 *
 * Runs as: session.  Input: a file that the mail user can write.
 */
#include "config.h"

#include "maildir/maildir_snapshot.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "lib/log.h"
#include "maildir/maildir.h"
#include "maildir/maildir_file.h"
#include "maildir/maildir_name.h"
#include "maildrop/state.h"
#include "maildrop/uidl_store.h"

/* "popinUi1" */
static const uint64_t SNAPSHOT_KIND = 0x706f70696e556931;
static const char SNAPSHOT[] = "popin.uidl";

struct summary {
	uint64_t scheme, count;
};

struct fixed {
	uint32_t place;
	uint32_t id_len;
};

static struct {
	struct state state; /* fd -1: there is none */
	bool empty;	    /* it was made and never written */
} snapshot = { .state = { .fd = -1 } };

/* ---- opening ---- */

static void
use(int fd, bool empty)
{
	snapshot.state.fd = fd;
	snapshot.state.kind = SNAPSHOT_KIND;
	snapshot.empty = empty;
}

enum maildrop_result
maildir_snapshot_open(int dir_fd)
{
	struct stat st;
	int fd = maildir_file_open(dir_fd, SNAPSHOT, O_RDWR);

	if (fd == -1 && (errno == EACCES || errno == EROFS))
		fd = maildir_file_open(dir_fd, SNAPSHOT, O_RDONLY);
	if (fd == -1 && errno == ENOENT)
		return MAILDROP_OK;
	if (fd == -1 || !maildir_file_is_ours(fd, &st))
		return maildir_file_failed(SNAPSHOT);
	use(fd, st.st_size == 0);
	return MAILDROP_OK;
}

enum maildrop_result
maildir_snapshot_make(int dir_fd, const char *path)
{
	int fd = maildir_file_open(dir_fd, SNAPSHOT, O_RDWR | O_CREAT);

	if (fd == -1) {
		bool later = maildir_file_temporary(errno);

		log_error_errno("cannot keep unique-ids in", path);
		return later ? MAILDROP_TEMP : MAILDROP_OK;
	}
	use(fd, true);
	return MAILDROP_OK;
}

bool
maildir_snapshot_is_open(void)
{
	return snapshot.state.fd != -1;
}

/* ---- reading ---- */

/* One record.  False if it is none that was written here. */
static bool
take_record(const struct maildrop *md, struct maildir_place *places,
    size_t *hint, const unsigned char *record, size_t len)
{
	const char *text = (const char *)record + sizeof(struct fixed);
	struct fixed f;
	uint32_t id = 0;
	size_t at;

	if (len < sizeof f)
		return false;
	memcpy(&f, record, sizeof f);
	len -= sizeof f;
	if (f.id_len > len || f.id_len > MAILDROP_UIDL_MAX)
		return false;
	/* also of a message that is gone */
	if (f.id_len > 0 && (id = uidl_store_put(text, f.id_len)) == 0)
		return false;
	at = maildir_places_find(md, hint, text + f.id_len, len - f.id_len);
	if (at != MAILDIR_NOT_FOUND) {
		places[at].id = id;
		places[at].key = f.place;
	}
	return true;
}

/* Some reason that has nothing to do with what is in the file? */
static enum maildir_snapshot
not_a_record(void)
{
	if (errno == 0 || errno == EINVAL) {
		log_error("damaged:", SNAPSHOT);
		return SNAPSHOT_DAMAGED;
	}
	log_error_errno("cannot read", SNAPSHOT);
	return SNAPSHOT_UNREADABLE;
}

enum maildir_snapshot
maildir_snapshot_read(const struct maildrop *md, struct maildir_place *places,
    enum uidl_scheme wanted)
{
	const unsigned char *record;
	struct summary s;
	size_t len, hint = 0;

	if (snapshot.state.fd == -1 || snapshot.empty)
		return SNAPSHOT_NONE;
	state_rewind(&snapshot.state);
	errno = 0;
	if (!state_next(&snapshot.state, &record, &len) || len != sizeof s)
		return not_a_record();
	memcpy(&s, record, sizeof s);
	if (wanted != UIDL_AUTO && s.scheme != wanted)
		return SNAPSHOT_NONE;
	for (uint64_t i = 0; i < s.count; i++)
		if (!state_next(&snapshot.state, &record, &len) ||
		    !take_record(md, places, &hint, record, len))
			return not_a_record();
	return SNAPSHOT_TAKEN;
}

/* ---- writing ---- */

/* Some file systems have names longer than NAME_MAX: there is no room. */
static bool
is_kept(const struct message *m, const struct maildir_place *p)
{
	return p->key != MAILDIR_PLACE_LAST &&
	    maildir_base(maildir_name(m), m->len) <= NAME_MAX;
}

static void
write_record(const struct message *m, uint32_t place, uint32_t id)
{
	unsigned char
	    record[sizeof(struct fixed) + MAILDROP_UIDL_MAX + NAME_MAX + 1];
	struct fixed f = { .place = place };
	size_t len = sizeof f, name_len = maildir_base(maildir_name(m), m->len);

	if (id != 0)
		f.id_len = (uint32_t)uidl_store_get(id, (char *)record + len);
	len += f.id_len;
	memcpy(record, &f, sizeof f);
	memcpy(record + len, maildir_name(m), name_len);
	state_write(&snapshot.state, record, len + name_len);
}

void
maildir_snapshot_write(const struct maildrop *md,
    const struct maildir_place *places, enum uidl_scheme from)
{
	struct summary s = { .scheme = from };

	if (snapshot.state.fd == -1)
		return;
	for (size_t i = 0; i < md->count; i++)
		s.count += is_kept(&md->messages[i], &places[i]);
	state_write_start(&snapshot.state);
	state_write(&snapshot.state, &s, sizeof s);
	for (size_t i = 0; i < md->count; i++)
		if (is_kept(&md->messages[i], &places[i]))
			write_record(&md->messages[i], (uint32_t)places[i].key,
			    places[i].id);
	state_write_end(&snapshot.state);
	if (snapshot.state.failed || fsync(snapshot.state.fd) == -1)
		log_error("cannot write all of it, next time again:", SNAPSHOT);
}
