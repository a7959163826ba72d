/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Descriptors in memory.
 */
#include "config.h"

#include "descriptors.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/log.h"
#include "pop3/netio.h"

enum {
	FILES = 48,
	DIRECTORIES = 3,
	FILE_MAX = 40 * 1024 * 1024,
	WRITES = 256,
	OUT_MAX = 64 * 1024 * 1024
};

struct client client;
struct channel channel = { .fd = -1 };
struct fault fault;

static bool active; /* in a run: before the first one all calls are real */
static int64_t now; /* nanoseconds */
static int64_t off; /* how much CLOCK_REALTIME is ahead of it */
static uint64_t random_state;

void
must_failed(const char *condition, const char *file, int line)
{
	active = false;
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, condition);
	abort();
}

/* ---- the input ---- */

unsigned
take_byte(struct input *in)
{
	if (in->len == 0)
		return 0;
	in->len--;
	return *in->p++;
}

unsigned
take_two(struct input *in)
{
	unsigned low = take_byte(in);

	return low | take_byte(in) << 8;
}

struct input
take_bytes(struct input *in, size_t len)
{
	struct input taken = { in->p, len < in->len ? len : in->len };

	in->p += taken.len;
	in->len -= taken.len;
	return taken;
}

/* ---- time ---- */

int __wrap_clock_gettime(clockid_t id, struct timespec *t);
int __real_clock_gettime(clockid_t id, struct timespec *t);
int __wrap_clock_nanosleep(
    clockid_t id, int flags, const struct timespec *t, struct timespec *left);
ssize_t __wrap_getrandom(void *p, size_t len, unsigned flags);

/* Each look at the clock takes a microsecond. */
int
__wrap_clock_gettime(clockid_t id, struct timespec *t)
{
	int64_t at;

	if (!active)
		return __real_clock_gettime(id, t);
	now += 1000;
	at = now + (id == CLOCK_REALTIME ? off : 0);
	t->tv_sec = (time_t)(at / 1000000000);
	t->tv_nsec = (long)(at % 1000000000);
	return 0;
}

void
clock_set(int seconds)
{
	off += (int64_t)seconds * 1000000000;
}

void
clock_forward(unsigned seconds)
{
	now += (int64_t)seconds * 1000000000;
}

int
__wrap_clock_nanosleep(
    clockid_t id, int flags, const struct timespec *t, struct timespec *left)
{
	int64_t until = (int64_t)t->tv_sec * 1000000000 + t->tv_nsec;

	(void)id;
	(void)flags;
	(void)left;
	now = until > now ? until : now;
	return 0;
}

/* xorshift64: the same in every run. */
ssize_t
__wrap_getrandom(void *p, size_t len, unsigned flags)
{
	unsigned char *byte = p;

	(void)flags;
	for (size_t i = 0; i < len; i++) {
		random_state ^= random_state << 13;
		random_state ^= random_state >> 7;
		random_state ^= random_state << 17;
		byte[i] = (unsigned char)random_state;
	}
	return (ssize_t)len;
}

/* ---- files ---- */

static struct file {
	unsigned char *bytes; /* FILE_MAX of them, zeros after the end */
	size_t len, at;
	int directory; /* -1: removed */
	char name[NAME_MAX + 1];
	int64_t modified;
	struct {
		size_t start, end;
	} writes[WRITES]; /* where it may have other bytes than zeros */
	size_t write_count;
} files[FILES];

static size_t file_count;

/* When a directory was changed last. */
static int64_t directory_changed[DIRECTORIES];

static struct file *
file_of(int fd)
{
	if (!active || fd < FD_FILES || fd >= FD_FILES + (int)file_count)
		return NULL;
	return &files[fd - FD_FILES];
}

static bool
is_directory(int fd)
{
	return active && fd >= FD_DIRECTORIES &&
	    fd < FD_DIRECTORIES + DIRECTORIES;
}

/* True when this call has to fail. */
static bool
fails(void)
{
	if (fault.count == 0 || --fault.count > 0)
		return false;
	fault.count = fault.stays ? 1 : 0;
	errno = fault.error;
	return true;
}

static void
note_write(struct file *f, size_t start, size_t end)
{
	if (f->write_count == WRITES) {
		for (size_t i = 1; i < WRITES; i++) {
			if (f->writes[i].start < f->writes[0].start)
				f->writes[0].start = f->writes[i].start;
			if (f->writes[i].end > f->writes[0].end)
				f->writes[0].end = f->writes[i].end;
		}
		f->write_count = 1;
	}
	f->writes[f->write_count].start = start;
	f->writes[f->write_count++].end = end;
	f->modified = now + off;
}

static void
file_put(struct file *f, size_t at, const void *p, size_t len)
{
	if (len == 0)
		return;
	memcpy(f->bytes + at, p, len);
	note_write(f, at, at + len);
	if (at + len > f->len)
		f->len = at + len;
}

static void
file_cut(struct file *f, size_t len)
{
	for (size_t i = 0; i < f->write_count; i++) {
		size_t start = f->writes[i].start, end = f->writes[i].end;

		if (end <= len)
			continue;
		start = start > len ? start : len;
		memset(f->bytes + start, 0, end - start);
		f->writes[i].end = len;
		if (f->writes[i].start > len)
			f->writes[i].start = len;
	}
	f->len = len;
	f->modified = now + off;
}

int
file_make(int directory, const char *name, const void *p, size_t len)
{
	struct file *f = &files[file_count];

	MUST(file_count < FILES && strlen(name) <= NAME_MAX);
	if (f->bytes == NULL) {
		f->bytes = mmap(NULL, FILE_MAX, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		MUST(f->bytes != MAP_FAILED);
	}
	file_cut(f, 0);
	f->write_count = f->at = 0;
	f->directory = directory;
	memcpy(f->name, name, strlen(name) + 1);
	file_put(f, 0, p, len);
	f->modified = now + off;
	directory_changed[directory] = now + off;
	return FD_FILES + (int)file_count++;
}

struct input
file_bytes(int fd)
{
	const struct file *f = &files[fd - FD_FILES];

	return (struct input){ f->bytes, f->len };
}

bool
file_is_there(int fd)
{
	return files[fd - FD_FILES].directory != -1;
}

void
file_append(int fd, const void *p, size_t len)
{
	struct file *f = &files[fd - FD_FILES];

	file_put(f, f->len, p, len);
}

void
file_change(int fd, size_t at, const void *p, size_t len)
{
	struct file *f = &files[fd - FD_FILES];

	if (at < f->len && len <= f->len - at)
		file_put(f, at, p, len);
}

/* ---- calls on files ---- */

ssize_t __wrap_pread(int fd, void *p, size_t len, off_t at);
ssize_t __real_pread(int fd, void *p, size_t len, off_t at);
ssize_t __wrap_pwrite(int fd, const void *p, size_t len, off_t at);
ssize_t __real_pwrite(int fd, const void *p, size_t len, off_t at);
int __wrap_ftruncate(int fd, off_t len);
int __real_ftruncate(int fd, off_t len);
int __wrap_fsync(int fd);
int __real_fsync(int fd);
int __wrap_fstat(int fd, struct stat *st);
int __real_fstat(int fd, struct stat *st);
long __wrap_syscall(long number, ...);
long __real_syscall(long number, ...);
int __wrap_fstatfs(int fd, struct statfs *fs);
int __real_fstatfs(int fd, struct statfs *fs);
int __wrap_fstatat(int fd, const char *name, struct stat *st, int flags);
int __real_fstatat(int fd, const char *name, struct stat *st, int flags);
int __wrap_openat(int fd, const char *name, int flags, ...);
int __wrap_open(const char *name, int flags, ...);
int __real_openat(int fd, const char *name, int flags, ...);
int __real_open(const char *name, int flags, ...);
int __wrap_unlinkat(int fd, const char *name, int flags);
int __real_unlinkat(int fd, const char *name, int flags);
int __wrap_renameat(int from_fd, const char *from, int to_fd, const char *to);
int __real_renameat(int from_fd, const char *from, int to_fd, const char *to);
int __wrap_close(int fd);
int __real_close(int fd);
int __wrap_fcntl(int fd, int command, ...);
int __real_fcntl(int fd, int command, ...);

ssize_t
__wrap_pread(int fd, void *p, size_t len, off_t at)
{
	const struct file *f = file_of(fd);

	if (f == NULL)
		return __real_pread(fd, p, len, at);
	MUST(at >= 0);
	if (fails()) {
		if (!fault.shorter)
			return -1;
		len = len > 0 ? 1 : 0;
	}
	if ((size_t)at >= f->len)
		return 0;
	if (len > f->len - (size_t)at)
		len = f->len - (size_t)at;
	memcpy(p, f->bytes + at, len);
	return (ssize_t)len;
}

ssize_t
__wrap_pwrite(int fd, const void *p, size_t len, off_t at)
{
	struct file *f = file_of(fd);

	if (f == NULL)
		return __real_pwrite(fd, p, len, at);
	MUST(at >= 0);
	if (fails()) {
		if (!fault.shorter)
			return -1;
		len = len > 0 ? 1 : 0;
	}
	if ((size_t)at > FILE_MAX || len > FILE_MAX - (size_t)at) {
		errno = EFBIG;
		return -1;
	}
	file_put(f, (size_t)at, p, len);
	return (ssize_t)len;
}

int
__wrap_ftruncate(int fd, off_t len)
{
	struct file *f = file_of(fd);

	if (f == NULL)
		return __real_ftruncate(fd, len);
	MUST(len >= 0);
	if (fails() && !fault.shorter)
		return -1;
	if (len > FILE_MAX) {
		errno = EFBIG;
		return -1;
	}
	file_cut(f, (size_t)len);
	return 0;
}

int
__wrap_fsync(int fd)
{
	if (file_of(fd) == NULL && !is_directory(fd))
		return __real_fsync(fd);
	return fails() && !fault.shorter ? -1 : 0;
}

static void
put_time(struct stat *st, int64_t at)
{
	st->st_mtim.tv_sec = (time_t)(at / 1000000000);
	st->st_mtim.tv_nsec = (long)(at % 1000000000);
	st->st_ctim = st->st_mtim;
}

static void
describe(const struct file *f, struct stat *st)
{
	static uid_t uid;
	static bool known;

	if (!known)
		uid = geteuid();
	known = true;
	memset(st, 0, sizeof *st);
	st->st_dev = 1;
	st->st_ino = (ino_t)(f - files) + 1;
	st->st_nlink = 1;
	st->st_mode = S_IFREG | 0600;
	st->st_uid = uid;
	st->st_size = (off_t)f->len;
	put_time(st, f->modified);
}

/* statx(2), of which only its failure is looked at; all others are real. */
long
__wrap_syscall(long number, ...)
{
	long a[5];
	va_list args;

	va_start(args, number);
	for (size_t i = 0; i < sizeof a / sizeof a[0]; i++)
		a[i] = va_arg(args, long);
	va_end(args);
	if (number == SYS_statx && file_of((int)a[0]) != NULL)
		return fails() && !fault.shorter ? -1 : 0;
	return __real_syscall(number, a[0], a[1], a[2], a[3], a[4]);
}

int
__wrap_fstat(int fd, struct stat *st)
{
	const struct file *f = file_of(fd);

	if (f == NULL && !is_directory(fd))
		return __real_fstat(fd, st);
	if (fails() && !fault.shorter)
		return -1;
	if (f != NULL) {
		describe(f, st);
	} else {
		memset(st, 0, sizeof *st);
		st->st_mode = S_IFDIR | 0700;
		st->st_ino = (ino_t)fd;
		put_time(st, directory_changed[fd - FD_DIRECTORIES]);
	}
	return 0;
}

/* Tells a file system whose change times popin trusts. */
int
__wrap_fstatfs(int fd, struct statfs *fs)
{
	if (!is_directory(fd))
		return __real_fstatfs(fd, fs);
	if (fails() && !fault.shorter)
		return -1;
	memset(fs, 0, sizeof *fs);
	fs->f_type = 0xef53;
	return 0;
}

static struct file *
named(int directory, const char *name)
{
	for (size_t i = 0; i < file_count; i++)
		if (files[i].directory == directory - FD_DIRECTORIES &&
		    strcmp(files[i].name, name) == 0)
			return &files[i];
	errno = ENOENT;
	return NULL;
}

int
__wrap_fstatat(int fd, const char *name, struct stat *st, int flags)
{
	const struct file *f;

	if (!is_directory(fd))
		return __real_fstatat(fd, name, st, flags);
	if (fails() && !fault.shorter)
		return -1;
	f = named(fd, name);
	if (f != NULL)
		describe(f, st);
	return f != NULL ? 0 : -1;
}

/* The first directory contains the two others, "new" and "cur". */
static int
open_directory(int fd, const char *name)
{
	if (strcmp(name, ".") == 0)
		return fd;
	if (strcmp(name, "new") == 0)
		return FD_DIRECTORIES + 1;
	if (strcmp(name, "cur") == 0)
		return FD_DIRECTORIES + 2;
	errno = ENOTDIR;
	return -1;
}

int
__wrap_openat(int fd, const char *name, int flags, ...)
{
	struct file *f;
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
	va_end(args);
	if (active && fd == AT_FDCWD && strncmp(name, "//", 2) == 0) {
		fd = FD_DIRECTORIES;
		name += 2;
	}
	if (!is_directory(fd))
		return __real_openat(fd, name, flags, mode);
	if (fails() && !fault.shorter)
		return -1;
	if (flags & O_DIRECTORY)
		return open_directory(fd, name);
	f = named(fd, name);
	if (f == NULL && (flags & O_CREAT))
		return file_make(fd - FD_DIRECTORIES, name, "", 0);
	if (f == NULL)
		return -1;
	f->at = 0;
	return FD_FILES + (int)(f - files);
}

/* "//" is the first directory, and what follows it a name in there. */
int
__wrap_open(const char *name, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
	va_end(args);
	if (active && strcmp(name, "//") == 0)
		return __wrap_openat(FD_DIRECTORIES, ".", flags, mode);
	if (active && strncmp(name, "//", 2) == 0)
		return __wrap_openat(AT_FDCWD, name, flags, mode);
	return __real_open(name, flags, mode);
}

int
__wrap_unlinkat(int fd, const char *name, int flags)
{
	struct file *f;

	if (!is_directory(fd))
		return __real_unlinkat(fd, name, flags);
	if (fails() && !fault.shorter)
		return -1;
	f = named(fd, name);
	if (f == NULL)
		return -1;
	f->directory = -1;
	directory_changed[fd - FD_DIRECTORIES] = now + off;
	return 0;
}

int
__wrap_renameat(int from_fd, const char *from, int to_fd, const char *to)
{
	struct file *f, *replaced;

	if (!is_directory(from_fd))
		return __real_renameat(from_fd, from, to_fd, to);
	if (fails() && !fault.shorter)
		return -1;
	f = named(from_fd, from);
	if (f == NULL)
		return -1;
	replaced = named(to_fd, to);
	if (replaced != NULL)
		replaced->directory = -1;
	MUST(strlen(to) <= NAME_MAX);
	memcpy(f->name, to, strlen(to) + 1);
	f->directory = to_fd - FD_DIRECTORIES;
	return 0;
}

int
__wrap_close(int fd)
{
	return file_of(fd) != NULL || is_directory(fd) ? 0 : __real_close(fd);
}

/* Locks, which nobody else holds. */
int
__wrap_fcntl(int fd, int command, ...)
{
	va_list args;
	void *arg;

	va_start(args, command);
	arg = va_arg(args, void *);
	va_end(args);
	if (file_of(fd) == NULL && !is_directory(fd))
		return __real_fcntl(fd, command, arg);
	return fails() && !fault.shorter ? -1 : 0;
}

/* ---- directories ---- */

DIR *__wrap_fdopendir(int fd);
DIR *__real_fdopendir(int fd);
struct dirent *__wrap_readdir(DIR *d);
struct dirent *__real_readdir(DIR *d);
int __wrap_closedir(DIR *d);
int __real_closedir(DIR *d);

static struct listing {
	int fd;
	size_t at;
	bool open;
	struct dirent entry;
} listings[DIRECTORIES];

static struct listing *
listing_of(DIR *d)
{
	void *p = d;

	for (size_t i = 0; i < DIRECTORIES; i++)
		if (p == &listings[i])
			return &listings[i];
	return NULL;
}

DIR *
__wrap_fdopendir(int fd)
{
	struct listing *l;
	void *opaque;

	if (!is_directory(fd))
		return __real_fdopendir(fd);
	if (fails() && !fault.shorter)
		return NULL;
	l = opaque = &listings[fd - FD_DIRECTORIES];
	MUST(!l->open);
	l->fd = fd;
	l->at = 0;
	l->open = true;
	return opaque;
}

struct dirent *
__wrap_readdir(DIR *d)
{
	struct listing *l = listing_of(d);

	if (l == NULL)
		return __real_readdir(d);
	if (fails() && !fault.shorter)
		return NULL;
	while (l->at < file_count) {
		const struct file *f = &files[l->at++];

		if (f->directory != l->fd - FD_DIRECTORIES)
			continue;
		l->entry.d_type = DT_REG;
		memcpy(l->entry.d_name, f->name, strlen(f->name) + 1);
		return &l->entry;
	}
	return NULL;
}

int
__wrap_closedir(DIR *d)
{
	struct listing *l = listing_of(d);

	if (l == NULL)
		return __real_closedir(d);
	l->open = false;
	return 0;
}

/* ---- the client, the log, and other processes ---- */

ssize_t __wrap_read(int fd, void *p, size_t len);
ssize_t __real_read(int fd, void *p, size_t len);
ssize_t __wrap_write(int fd, const void *p, size_t len);
ssize_t __real_write(int fd, const void *p, size_t len);
int __wrap_ppoll(struct pollfd *p, nfds_t n, const struct timespec *timeout,
    const sigset_t *mask);
int __real_ppoll(struct pollfd *p, nfds_t n, const struct timespec *timeout,
    const sigset_t *mask);
int __wrap_shutdown(int fd, int how);

static size_t
client_read(void *p, size_t len)
{
	struct input piece;

	if (client.piece > 0 && len > client.piece)
		len = client.piece;
	piece = take_bytes(&client.in, len);
	memcpy(p, piece.p, piece.len);
	return piece.len;
}

ssize_t
__wrap_read(int fd, void *p, size_t len)
{
	struct file *f = file_of(fd);
	ssize_t got;

	if (active && fd == FD_CLIENT)
		return (ssize_t)client_read(p, len);
	if (active && fd == channel.fd)
		return channel.read(p, len);
	if (f == NULL)
		return __real_read(fd, p, len);
	got = __wrap_pread(fd, p, len, (off_t)f->at);
	f->at += got > 0 ? (size_t)got : 0;
	return got;
}

static ssize_t
client_write(const void *p, size_t len)
{
	if (client.takes > 0 && len > client.takes)
		len = client.takes;
	if (client.breaks > 0 && client.out_len >= client.breaks) {
		errno = EPIPE;
		return -1;
	}
	MUST(client.out_len + len <= OUT_MAX);
	memcpy(client.out + client.out_len, p, len);
	client.out_len += len;
	return (ssize_t)len;
}

/* A record is one line of printable ASCII, also with strerror(3)'s texts. */
static void
check_record(const char *p, size_t len)
{
	MUST(len > 0 && len <= LOG_RECORD_MAX && p[len - 1] == '\n');
	for (size_t i = 0; i < len - 1; i++)
		MUST(p[i] >= ' ' && p[i] <= '~');
}

ssize_t
__wrap_write(int fd, const void *p, size_t len)
{
	struct file *f = file_of(fd);
	ssize_t put;

	if (f != NULL) {
		put = __wrap_pwrite(fd, p, len, (off_t)f->at);
		f->at += put > 0 ? (size_t)put : 0;
		return put;
	}
	if (active && fd == FD_CLIENT)
		return client_write(p, len);
	if (active && fd == channel.fd)
		return channel.write(p, len);
	if (!active || fd != STDERR_FILENO)
		return __real_write(fd, p, len);
	check_record(p, len);
	return (ssize_t)len;
}

int
__wrap_ppoll(struct pollfd *p, nfds_t n, const struct timespec *timeout,
    const sigset_t *mask)
{
	bool silent;

	if (!active)
		return __real_ppoll(p, n, timeout, mask);
	silent = n == 0 ||
	    (p->fd == FD_CLIENT && (p->events & POLLIN) && client.in.len == 0 &&
		client.stays);
	if (!silent)
		return 1;
	now += (int64_t)timeout->tv_sec * 1000000000 + timeout->tv_nsec;
	return 0;
}

int
__wrap_shutdown(int fd, int how)
{
	(void)how;
	MUST(fd == FD_CLIENT);
	return 0;
}

void
client_start(struct netio *net, struct input in, struct input *how)
{
	unsigned flags = take_byte(how), more = take_byte(how);

	client.in = in;
	client.piece = flags & 1 ? 1 + (flags >> 4) : 0;
	client.takes = flags & 2 ? 1 + more % 32 : 0;
	client.stays = flags & 4;
	client.breaks = flags & 2 && more >= 128 ? more * 4 : 0;
	net->is_socket = flags & 8;
	net->in_fd = net->out_fd = FD_CLIENT;
}

void
descriptors_reset(void)
{
	char *out = client.out;

	if (out == NULL) {
		out = mmap(NULL, OUT_MAX, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		MUST(out != MAP_FAILED);
	}
	memset(&client, 0, sizeof client);
	client.out = out;
	memset(&fault, 0, sizeof fault);
	memset(directory_changed, 0, sizeof directory_changed);
	memset(&channel, 0, sizeof channel);
	channel.fd = -1;
	/* file_make() clears what a file of the last run had. */
	file_count = 0;
	for (size_t i = 0; i < DIRECTORIES; i++)
		listings[i].open = false;
	now = (int64_t)1700000000 * 1000000000;
	off = 0;
	random_state = 0x9e3779b97f4a7c15;
	active = true;
}
