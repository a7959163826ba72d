/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Preloaded by the fault tests: records what popin writes to files and when it
 * asks for memory, makes one write short, lets one request for memory fail, and
 * changes device numbers and the time.  The record is a file that is mapped
 * before popin closes descriptors and enters its sandbox.
 *
 *	SHIM_LOG	where: records of struct op, each with its data
 *	SHIM_SHORT	N: the Nth pwrite(2) writes half of what it should
 *	SHIM_MEMORY	N: the Nth request for memory fails
 *	SHIM_DEVICE	N: added to the device number of every file
 *	SHIM_CLOCK	N: the time of day is N seconds later
 *
 * With SPARE_MEMORY defined, requests for memory are left alone.
 */
#define _GNU_SOURCE
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LOG_SIZE = 256 * 1024 * 1024 };

struct op {
	/* w: pwrite, t: ftruncate, s: fsync, m: a request for memory,
	 * u: unlinkat, r: renameat: offset is the new directory's inode */
	char what;
	char fill[7];
	uint64_t inode, offset, bytes;
};

static unsigned char *op_log;
static size_t used;
static long short_at, none_at, device, later;

static int (*real_fstat)(int, struct stat *);
static int (*real_fstatat)(int, const char *, struct stat *, int);
static int (*real_unlinkat)(int, const char *, int);
static int (*real_renameat)(int, const char *, int, const char *);
static int (*real_clock_gettime)(clockid_t, struct timespec *);

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t size);

__attribute__((constructor)) static void
start(void)
{
	const char *path = getenv("SHIM_LOG"), *n = getenv("SHIM_SHORT"),
		   *m = getenv("SHIM_MEMORY"), *d = getenv("SHIM_DEVICE"),
		   *c = getenv("SHIM_CLOCK");
	int fd = path != NULL ? open(path, O_RDWR | O_CREAT, 0600) : -1;

	if (n != NULL)
		short_at = strtol(n, NULL, 10);
	real_fstat = dlsym(RTLD_NEXT, "fstat");
	real_fstatat = dlsym(RTLD_NEXT, "fstatat");
	real_unlinkat = dlsym(RTLD_NEXT, "unlinkat");
	real_renameat = dlsym(RTLD_NEXT, "renameat");
	real_clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
	if (m != NULL)
		none_at = strtol(m, NULL, 10);
	if (d != NULL)
		device = strtol(d, NULL, 10);
	if (c != NULL)
		later = strtol(c, NULL, 10);
	if (fd == -1 || ftruncate(fd, LOG_SIZE) == -1)
		return;
	op_log =
	    mmap(NULL, LOG_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (op_log == MAP_FAILED)
		op_log = NULL;
	close(fd);
}

int
fstat(int fd, struct stat *st)
{
	int result = real_fstat(fd, st);

	if (result == 0)
		st->st_dev += (dev_t)device;
	return result;
}

int
fstatat(int fd, const char *path, struct stat *st, int flags)
{
	int result = real_fstatat(fd, path, st, flags);

	if (result == 0)
		st->st_dev += (dev_t)device;
	return result;
}

int
clock_gettime(clockid_t id, struct timespec *t)
{
	int result = real_clock_gettime(id, t);

	if (result == 0 && id == CLOCK_REALTIME)
		t->tv_sec += later;
	return result;
}

static void
note(char what, int fd, const void *p, size_t bytes, off_t offset)
{
	struct op op = { .what = what, .offset = (uint64_t)offset };
	struct stat st;

	if (op_log == NULL || fstat(fd, &st) == -1 ||
	    used + sizeof op + bytes > LOG_SIZE)
		return;
	op.inode = st.st_ino;
	op.bytes = bytes;
	memcpy(op_log + used, &op, sizeof op);
	if (bytes > 0)
		memcpy(op_log + used + sizeof op, p, bytes);
	used += sizeof op + bytes;
}

ssize_t
pwrite64(int fd, const void *p, size_t len, off64_t offset)
{
	ssize_t n;

	if (short_at > 0 && --short_at == 0)
		len = (len + 1) / 2;
	n = syscall(SYS_pwrite64, fd, p, len, offset);
	if (n > 0)
		note('w', fd, p, (size_t)n, offset);
	return n;
}

ssize_t
pwrite(int fd, const void *p, size_t len, off_t offset)
{
	return pwrite64(fd, p, len, offset);
}

int
ftruncate64(int fd, off64_t size)
{
	int result = (int)syscall(SYS_ftruncate, fd, size);

	if (result == 0)
		note('t', fd, NULL, 0, size);
	return result;
}

int
ftruncate(int fd, off_t size)
{
	return ftruncate64(fd, size);
}

int
fsync(int fd)
{
	int result = (int)syscall(SYS_fsync, fd);

	if (result == 0)
		note('s', fd, NULL, 0, 0);
	return result;
}

int
unlinkat(int fd, const char *name, int flags)
{
	int result = real_unlinkat(fd, name, flags);

	if (result == 0)
		note('u', fd, name, strlen(name), 0);
	return result;
}

int
renameat(int fd, const char *name, int to_fd, const char *to)
{
	char names[2 * 256 + 2];
	size_t len = strlen(name) + 1;
	struct stat st;
	int result = real_renameat(fd, name, to_fd, to);

	if (result != 0 || fstat(to_fd, &st) == -1 ||
	    len + strlen(to) >= sizeof names)
		return result;
	memcpy(names, name, len);
	memcpy(names + len, to, strlen(to));
	note('r', fd, names, len + strlen(to), (off_t)st.st_ino);
	return result;
}

#ifndef SPARE_MEMORY

static int
has_none(void)
{
	static const struct op op = { .what = 'm' };

	if (op_log != NULL && used + sizeof op <= LOG_SIZE) {
		memcpy(op_log + used, &op, sizeof op);
		used += sizeof op;
	}
	if (none_at == 0 || --none_at > 0)
		return 0;
	errno = ENOMEM;
	return 1;
}

void *
malloc(size_t size)
{
	return has_none() ? NULL : __libc_malloc(size);
}

void *
calloc(size_t n, size_t size)
{
	return has_none() ? NULL : __libc_calloc(n, size);
}

void *
realloc(void *p, size_t size)
{
	return has_none() ? NULL : __libc_realloc(p, size);
}

#endif
