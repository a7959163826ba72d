/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Dotlocks.
 * Runs as: session.  Input: a directory that others can write to.
 */
#include "config.h"

#include "dotlock.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "number.h"

enum { STALE_SECONDS = 5 * 60, CONTENT_MAX = 16, HOST_MAX = 64 };

void
dotlock_init(struct dotlock *d, int dir_fd, const char *name)
{
	char host[HOST_MAX] = "";
	struct timespec now = { 0, 0 };
	int n;

	memset(d, 0, sizeof *d);
	d->dir_fd = dir_fd;
	(void)gethostname(host, sizeof host - 1);
	for (char *p = host; *p != '\0'; p++)
		if (*p == '/')
			*p = '_';
	(void)clock_gettime(CLOCK_REALTIME, &now);
	n = snprintf(d->name, sizeof d->name, "%s.lock", name);
	if (n < 0 || (size_t)n >= sizeof d->name)
		d->name[0] = '\0';
	d->self = getpid();
	(void)snprintf(d->pid, sizeof d->pid, "%ld\n", (long)d->self);
	(void)snprintf(d->temporary, sizeof d->temporary, ".lk%05ld%lx%s",
	    (long)d->self, (unsigned long)now.tv_sec, host);
}

static bool
look(const struct dotlock *d, const char *name, struct stat *st)
{
	return fstatat(d->dir_fd, name, st, AT_SYMLINK_NOFOLLOW) == 0;
}

/*
 * The process that made the lock, or 0.  Only a number and nothing else: some
 * programs add the name of a host, where the number means something else.
 */
static pid_t
owner(const struct dotlock *d)
{
	char text[CONTENT_MAX];
	uint64_t pid;
	ssize_t n;
	int fd = openat(d->dir_fd, d->name,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd == -1)
		return 0;
	n = read(fd, text, sizeof text);
	(void)close(fd);
	while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == ' '))
		n--;
	if (n <= 0 || !number_parse(text, (size_t)n, INT_MAX, &pid))
		return 0;
	return (pid_t)pid;
}

static bool
is_stale(const struct dotlock *d, const struct stat *st)
{
	struct timespec now = { 0, 0 };
	pid_t pid = S_ISREG(st->st_mode) ? owner(d) : 0;

	/* our own, which an error kept from being removed */
	if (pid > 0 && pid == d->self && st->st_dev == d->device &&
	    st->st_ino == d->inode)
		return true;
	if (pid > 0)
		return kill(pid, 0) == -1 && errno == ESRCH;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec - st->st_mtim.tv_sec > STALE_SECONDS;
}

/*
 * Removes a stale lock that ST describes.  It is renamed first: if somebody
 * else was faster, and it is a good new lock by now, that is put back.
 */
static void
remove_stale(const struct dotlock *d, const struct stat *st)
{
	struct stat now;

	if (renameat(d->dir_fd, d->name, d->dir_fd, d->temporary) == -1)
		return;
	if (look(d, d->temporary, &now) &&
	    (now.st_dev != st->st_dev || now.st_ino != st->st_ino) &&
	    linkat(d->dir_fd, d->temporary, d->dir_fd, d->name, 0) == -1 &&
	    errno != EEXIST)
		log_error_errno("cannot give back the lock", d->name);
	(void)unlinkat(d->dir_fd, d->temporary, 0);
}

/* Does somebody hold it?  A stale one is removed. */
static bool
is_held(const struct dotlock *d)
{
	struct stat st;

	if (!look(d, d->name, &st))
		return false;
	if (!is_stale(d, &st))
		return true;
	remove_stale(d, &st);
	return false;
}

/* Writes our number into the lock to be, and notes which file it is. */
static bool
write_pid(struct dotlock *d, int fd)
{
	size_t len = strlen(d->pid);
	struct stat st;
	ssize_t n;

	do
		n = write(fd, d->pid, len);
	while (n == -1 && errno == EINTR);
	if (n != (ssize_t)len) {
		errno = n == -1 ? errno : ENOSPC;
		return false;
	}
	if (fstat(fd, &st) == -1)
		return false;
	d->device = st.st_dev;
	d->inode = st.st_ino;
	return true;
}

/* Makes the file that will be the lock. */
static bool
make_temporary(struct dotlock *d)
{
	bool good;
	int error;
	int fd = openat(d->dir_fd, d->temporary,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);

	if (fd == -1)
		return false;
	good = write_pid(d, fd);
	error = errno;
	if (close(fd) == -1 && good && errno != EINTR) {
		error = errno;
		good = false;
	}
	if (!good)
		(void)unlinkat(d->dir_fd, d->temporary, 0);
	errno = error;
	return good;
}

/* Is the file that we made the lock?  NFS may do it and say it did not. */
static bool
is_linked(const struct dotlock *d)
{
	struct stat st;

	return look(d, d->name, &st) && st.st_dev == d->device &&
	    st.st_ino == d->inode;
}

static bool
link_temporary(struct dotlock *d)
{
	int error = 0;

	d->held = true;
	if (linkat(d->dir_fd, d->temporary, d->dir_fd, d->name, 0) == -1) {
		error = errno;
		d->held = is_linked(d);
	}
	d->litter = unlinkat(d->dir_fd, d->temporary, 0) == -1;
	errno = error == EEXIST ? EAGAIN : error;
	return d->held;
}

bool
dotlock_try(struct dotlock *d)
{
	if (d->name[0] == '\0') {
		errno = ENAMETOOLONG;
		return false;
	}
	if (is_held(d)) {
		errno = EAGAIN;
		return false;
	}
	if (!make_temporary(d)) {
		if (errno == EEXIST) {
			/* left behind by a process that had our number */
			(void)unlinkat(d->dir_fd, d->temporary, 0);
			errno = EAGAIN;
		}
		if (errno == EAGAIN || errno == EINTR)
			errno = EAGAIN;
		return false;
	}
	return link_temporary(d);
}

/* It may have been taken for stale, and be somebody else's by now. */
void
dotlock_drop(struct dotlock *d)
{
	if (d->held && is_linked(d))
		(void)unlinkat(d->dir_fd, d->name, 0);
	if (d->litter)
		d->litter = unlinkat(d->dir_fd, d->temporary, 0) == -1;
	d->held = false;
}

void
dotlock_touch(struct dotlock *d)
{
	if (d->held && is_linked(d))
		(void)utimensat(d->dir_fd, d->name, NULL, AT_SYMLINK_NOFOLLOW);
}
