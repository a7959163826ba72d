/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Dotlocks.
 * Runs as: session.  Input: a directory that others can write to.
 */
#include "config.h"

#include "mbox/dotlock.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/io.h"
#include "lib/log.h"
#include "lib/number.h"

enum { STALE_SECONDS = 5 * 60, STALE_GONE_SECONDS = 60, NAME_BYTES = 64 };

/*
 * The name of the host, and the number of the pid namespace if /proc tells it:
 * several containers can have the same host name.
 */
static void
find_host(char host[DOTLOCK_HOST_MAX])
{
	char name[NAME_BYTES] = "";
	struct stat st;

	(void)gethostname(name, sizeof name - 1);
	for (char *p = name; *p != '\0'; p++)
		if (*p == '/' || *p == '\n')
			*p = '_';
	if (stat("/proc/self/ns/pid", &st) == 0)
		(void)snprintf(host, DOTLOCK_HOST_MAX, "%s,%llu", name,
		    (unsigned long long)st.st_ino);
	else
		(void)snprintf(host, DOTLOCK_HOST_MAX, "%s", name);
}

void
dotlock_init(struct dotlock *d, int dir_fd, const char *name)
{
	struct timespec now = { 0, 0 };
	int n;

	memset(d, 0, sizeof *d);
	d->dir_fd = dir_fd;
	find_host(d->host);
	(void)clock_gettime(CLOCK_REALTIME, &now);
	n = snprintf(d->name, sizeof d->name, "%s.lock", name);
	if (n < 0 || (size_t)n >= sizeof d->name)
		d->name[0] = '\0';
	d->self = getpid();
	(void)snprintf(
	    d->text, sizeof d->text, "%ld:%s\n", (long)d->self, d->host);
	(void)snprintf(d->temporary, sizeof d->temporary, ".lk%05ld%lx%s",
	    (long)d->self, (unsigned long)now.tv_sec, d->host);
}

static bool
look(const struct dotlock *d, const char *name, struct stat *st)
{
	return fstatat(d->dir_fd, name, st, AT_SYMLINK_NOFOLLOW) == 0;
}

/*
 * The pid in the lock; 0 if there is none, or if it is of another host.  *HERE:
 * the lock names this host.
 */
static pid_t
owner(const struct dotlock *d, bool *here)
{
	char text[DOTLOCK_TEXT_MAX];
	const char *colon;
	uint64_t pid;
	ssize_t n;
	int fd = file_open(d->dir_fd, d->name, O_RDONLY);

	*here = false;
	if (fd == -1)
		return 0;
	n = read(fd, text, sizeof text - 1);
	(void)close(fd);
	while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == ' '))
		n--;
	if (n <= 0)
		return 0;
	text[n] = '\0';
	colon = strchr(text, ':');
	if (colon != NULL) {
		*here = strcmp(colon + 1, d->host) == 0;
		n = *here ? colon - text : 0;
	}
	return number_parse(text, (size_t)n, INT_MAX, &pid) ? (pid_t)pid : 0;
}

static bool
is_stale(const struct dotlock *d, const struct stat *st)
{
	struct timespec now = { 0, 0 };
	bool here = false;
	pid_t pid = S_ISREG(st->st_mode) ? owner(d, &here) : 0;
	time_t age;

	/* our own, which could not be removed because of an error */
	if (pid > 0 && pid == d->self && here)
		return true;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	age = now.tv_sec - st->st_mtim.tv_sec;
	if (pid > 0)
		return (here || age > STALE_GONE_SECONDS) &&
		    kill(pid, 0) == -1 && errno == ESRCH;
	return age > STALE_SECONDS;
}

/*
 * Removes the stale lock that ST describes.  It is renamed first: another
 * program may have replaced it by a new lock meanwhile, and that is put back.
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
		log_error_errno("cannot release the lock", d->name);
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

/* Makes the file that becomes the lock.  Other programs may read its text. */
static bool
make_temporary(const struct dotlock *d)
{
	int fd = openat(d->dir_fd, d->temporary,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);

	if (fd == -1)
		return false;
	if (!io_write(fd, d->text, strlen(d->text)))
		fd = file_give_up(fd);
	/* over NFS this may be the first to tell that the disk is full */
	else if (close(fd) == -1 && errno != EINTR)
		fd = -1;
	if (fd == -1) {
		int error = errno;

		(void)unlinkat(d->dir_fd, d->temporary, 0);
		errno = error;
	}
	return fd != -1;
}

/*
 * Is the lock ours?  Over NFS linkat(2) can make it and fail all the same.  Its
 * text tells.  Its inode number does not: with FUSE each name of a file can
 * have its own.
 */
static bool
is_ours(const struct dotlock *d)
{
	bool here;

	return owner(d, &here) == d->self && here;
}

/*
 * Does another program really have it?  An NFS client remembers the names in a
 * directory for up to a minute, also that of a lock that is gone.  It asks the
 * server once this host has changed something in the directory.
 */
static bool
is_still_held(struct dotlock *d)
{
	if (!is_held(d))
		return false;
	if (make_temporary(d))
		(void)unlinkat(d->dir_fd, d->temporary, 0);
	return is_held(d);
}

static bool
link_temporary(struct dotlock *d)
{
	int error = 0;

	d->held = true;
	if (linkat(d->dir_fd, d->temporary, d->dir_fd, d->name, 0) == -1) {
		error = errno;
		d->held = is_ours(d);
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
	if (is_still_held(d)) {
		errno = EAGAIN;
		return false;
	}
	if (make_temporary(d))
		return link_temporary(d);
	/* left behind by a process that had our pid */
	if (errno == EEXIST) {
		(void)unlinkat(d->dir_fd, d->temporary, 0);
		errno = EAGAIN;
	}
	if (errno == EINTR)
		errno = EAGAIN;
	return false;
}

/*
 * Another program may have taken our lock for stale, and have made its own: so
 * is_ours() is asked again.
 */
void
dotlock_drop(struct dotlock *d)
{
	if (d->held && is_ours(d))
		(void)unlinkat(d->dir_fd, d->name, 0);
	if (d->litter)
		d->litter = unlinkat(d->dir_fd, d->temporary, 0) == -1;
	d->held = false;
}

void
dotlock_touch(struct dotlock *d)
{
	if (d->held && is_ours(d))
		(void)utimensat(d->dir_fd, d->name, NULL, AT_SYMLINK_NOFOLLOW);
}
