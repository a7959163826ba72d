/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * A line is stored as its two lengths and its two ids.  Its handle is its
 * offset plus one.
 * Runs as: session, popin-import.  Input: a file that the mail user can write,
 * what popin-import prints, ids that anybody may have made up: so the hash is
 * one that they cannot know.
 */
#include "config.h"

#include "maildrop/uidl_map.h"

#include <sys/random.h>
#include <sys/syscall.h>

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/checksum.h"
#include "lib/hex.h"
#include "lib/io.h"
#include "lib/sha256.h"

enum {
	FIRST_BYTES = 4096,
	FIRST_SLOTS = 64,
	LENGTHS = 2,
	WRITE_SIZE = 16 * 1024
};

static const char HEADER[] = "popin-uidl 1 ";
static const char END[] = "end";

enum side { OURS, THEIRS, SIDES };

static struct {
	unsigned char *bytes;
	size_t len, size, count;
	uint32_t *slots[SIDES]; /* handles; 0 is free */
	size_t slot_count;	/* more than twice as many as lines */
	uint64_t seed;
} map;

/* ---- the map ---- */

static const char *
text_of(uint32_t handle, enum side side, size_t *len)
{
	const unsigned char *line = map.bytes + handle - 1;

	*len = line[side];
	return (const char *)line + LENGTHS + (side == THEIRS ? line[OURS] : 0);
}

/* The slot of the text, or the free one for it. */
static uint32_t *
find(enum side side, const char *text, size_t len)
{
	uint64_t at = checksum(map.seed, text, len);

	for (at ^= at >> 29;; at++) {
		uint32_t *slot = &map.slots[side][at & (map.slot_count - 1)];
		const char *other;
		size_t other_len;

		if (*slot == 0)
			return slot;
		other = text_of(*slot, side, &other_len);
		if (len == other_len && memcmp(text, other, len) == 0)
			return slot;
	}
}

static void
enter(uint32_t handle)
{
	for (int side = OURS; side < SIDES; side++) {
		size_t len;
		const char *text = text_of(handle, (enum side)side, &len);

		*find((enum side)side, text, len) = handle;
	}
}

/* Twice as many slots; the lines are entered anew. */
static bool
grow_slots(void)
{
	size_t size = map.slot_count ? 2 * map.slot_count : FIRST_SLOTS;
	uint32_t *ours = calloc(size, sizeof *ours);
	uint32_t *theirs = calloc(size, sizeof *theirs);

	if (ours == NULL || theirs == NULL) {
		free(ours);
		free(theirs);
		return false;
	}
	free(map.slots[OURS]);
	free(map.slots[THEIRS]);
	map.slots[OURS] = ours;
	map.slots[THEIRS] = theirs;
	map.slot_count = size;
	/*
	 * Without randomness it is slow for some, never wrong.  The call is
	 * made directly: getrandom(3) of glibc 2.41 blocks signals and maps
	 * memory first where the kernel's vDSO has it (6.11), and no filter
	 * here allows that.
	 */
	(void)!syscall(
	    SYS_getrandom, &map.seed, sizeof map.seed, GRND_NONBLOCK);
	for (size_t at = 0; at < map.len;
	     at += LENGTHS + (size_t)map.bytes[at] + map.bytes[at + 1])
		enter((uint32_t)at + 1);
	return true;
}

/* Room for one more line. */
static bool
make_room(void)
{
	if (map.count == UIDL_MAP_MAX) {
		errno = ENOMEM;
		return false;
	}
	if (map.size - map.len < LENGTHS + UIDL_LINE_MAX) {
		size_t more = map.size ? 2 * map.size : FIRST_BYTES;
		unsigned char *p = realloc(map.bytes, more);

		if (p == NULL)
			return false;
		map.bytes = p;
		map.size = more;
	}
	return 2 * (map.count + 1) < map.slot_count || grow_slots();
}

bool
uidl_map_put(
    const char *ours, size_t ours_len, const char *theirs, size_t theirs_len)
{
	unsigned char *line;

	errno = EINVAL;
	if (!uidl_valid(ours, ours_len) || !uidl_valid(theirs, theirs_len) ||
	    hex_is(theirs, theirs_len, SHA256_SIZE))
		return false;
	if (!make_room())
		return false;
	errno = EEXIST;
	if (*find(OURS, ours, ours_len) != 0 ||
	    *find(THEIRS, theirs, theirs_len) != 0)
		return false;
	line = map.bytes + map.len;
	line[OURS] = (unsigned char)ours_len;
	line[THEIRS] = (unsigned char)theirs_len;
	memcpy(line + LENGTHS, ours, ours_len);
	memcpy(line + LENGTHS + ours_len, theirs, theirs_len);
	enter((uint32_t)map.len + 1);
	map.len += LENGTHS + ours_len + theirs_len;
	map.count++;
	return true;
}

size_t
uidl_map_get(const char *ours, size_t len, char *theirs)
{
	const char *text;
	uint32_t handle;

	if (map.count == 0)
		return 0;
	handle = *find(OURS, ours, len);
	if (handle == 0)
		return 0;
	text = text_of(handle, THEIRS, &len);
	memcpy(theirs, text, len);
	return len;
}

bool
uidl_map_has(const char *theirs, size_t len)
{
	return map.count > 0 && *find(THEIRS, theirs, len) != 0;
}

size_t
uidl_map_count(void)
{
	return map.count;
}

void
uidl_map_clear(void)
{
	free(map.bytes);
	free(map.slots[OURS]);
	free(map.slots[THEIRS]);
	memset(&map, 0, sizeof map);
}

/* ---- writing ---- */

struct out {
	int fd;
	size_t len;
	char buf[WRITE_SIZE];
};

/* Adds TEXT and the byte END. */
static bool
add(struct out *o, const char *text, size_t len, char end)
{
	if (len >= sizeof o->buf - o->len) {
		if (!io_write(o->fd, o->buf, o->len))
			return false;
		o->len = 0;
	}
	memcpy(o->buf + o->len, text, len);
	o->len += len;
	o->buf[o->len++] = end;
	return true;
}

bool
uidl_map_write(int fd, const char *scheme)
{
	static struct out o;
	size_t len = sizeof HEADER - 2; /* without the blank */

	o.fd = fd;
	o.len = 0;
	if (!add(&o, HEADER, len, ' ') ||
	    !add(&o, scheme, strlen(scheme), '\n'))
		return false;
	for (size_t at = 0; at < map.len;
	     at += LENGTHS + (size_t)map.bytes[at] + map.bytes[at + 1]) {
		const char *text = text_of((uint32_t)at + 1, OURS, &len);

		if (!add(&o, text, len, ' '))
			return false;
		text = text_of((uint32_t)at + 1, THEIRS, &len);
		if (!add(&o, text, len, '\n'))
			return false;
	}
	return add(&o, END, sizeof END - 1, '\n') &&
	    io_write(o.fd, o.buf, o.len);
}

/* ---- reading ---- */

void
uidl_text_start(struct uidl_text *t)
{
	memset(t, 0, sizeof *t);
}

static void
take_header(struct uidl_text *t)
{
	const char *scheme = t->line + sizeof HEADER - 1;
	size_t len = t->used - (sizeof HEADER - 1);

	t->began = true;
	if (t->too_long || t->used < sizeof HEADER || len > UIDL_SCHEME_MAX ||
	    memcmp(t->line, HEADER, sizeof HEADER - 1) != 0)
		return;
	for (size_t i = 0; i < len; i++)
		if ((scheme[i] < 'a' || scheme[i] > 'z') && scheme[i] != '-' &&
		    (scheme[i] < '0' || scheme[i] > '9'))
			return;
	memcpy(t->scheme, scheme, len);
}

/* False without memory. */
static bool
take_line(struct uidl_text *t)
{
	const char *blank;
	size_t len;

	if (!t->began) {
		take_header(t);
		return true;
	}
	if (t->used == sizeof END - 1 && !t->ended &&
	    memcmp(t->line, END, sizeof END - 1) == 0) {
		t->ended = true;
		return true;
	}
	blank = memchr(t->line, ' ', t->used);
	if (t->ended || t->too_long || t->scheme[0] == '\0' || blank == NULL) {
		t->wrong++;
		return true;
	}
	len = (size_t)(blank - t->line);
	if (uidl_map_put(t->line, len, blank + 1, t->used - len - 1) ||
	    errno == EEXIST)
		return true;
	t->wrong += errno == EINVAL;
	return errno == EINVAL;
}

bool
uidl_text_feed(struct uidl_text *t, const char *p, size_t len)
{
	while (len > 0) {
		const char *lf = memchr(p, '\n', len);
		size_t n = lf != NULL ? (size_t)(lf - p) : len;
		size_t room = sizeof t->line - t->used;

		t->too_long |= n > room;
		memcpy(t->line + t->used, p, n < room ? n : room);
		t->used += n < room ? n : room;
		if (lf == NULL)
			return true;
		if (!take_line(t))
			return false;
		t->used = 0;
		t->too_long = false;
		p += n + 1;
		len -= n + 1;
	}
	return true;
}

bool
uidl_text_is_whole(const struct uidl_text *t)
{
	return t->scheme[0] != '\0' && t->ended && t->wrong == 0 &&
	    t->used == 0 && !t->too_long;
}
