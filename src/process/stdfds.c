/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Descriptors 0, 1, 2 and all others.
 * Runs as: root, first of all.  Input: inherited descriptors, JOURNAL_STREAM.
 */
#include "config.h"

#include "process/stdfds.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ipc/roles.h"
#include "lib/number.h"
#include "process/newer_calls.h"

enum {
	CLOSE_MAX = 65536 /* where there is no close_range(2) */
};

bool
stdfds_have_client(void)
{
	return fcntl(STDIN_FILENO, F_GETFD) != -1 &&
	    fcntl(STDOUT_FILENO, F_GETFD) != -1;
}

bool
stdfds_fill(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd == STDIN_FILENO || fd == STDOUT_FILENO);
	if (fd == -1)
		return false;
	(void)close(fd);
	return true;
}

static bool
same_file(int a, int b)
{
	struct stat x, y;

	return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_dev == y.st_dev &&
	    x.st_ino == y.st_ino;
}

/* At a terminal the administrator is the client, and wants to see the log. */
static bool
is_client(int fd)
{
	if (isatty(fd))
		return false;
	return same_file(fd, STDIN_FILENO) || same_file(fd, STDOUT_FILENO);
}

/* systemd sets the variable to DEVICE:INODE of the journal's stream. */
static bool
is_journal(int fd)
{
	const char *stream = getenv("JOURNAL_STREAM");
	const char *colon = stream != NULL ? strchr(stream, ':') : NULL;
	uint64_t dev, ino;
	struct stat st;

	return colon != NULL &&
	    number_parse(stream, (size_t)(colon - stream), UINT64_MAX, &dev) &&
	    number_parse(colon + 1, strlen(colon + 1), UINT64_MAX, &ino) &&
	    fstat(fd, &st) == 0 && st.st_dev == (dev_t)dev &&
	    st.st_ino == (ino_t)ino;
}

static int
connect_syslog(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX,
		.sun_path = "/dev/log" };
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	if (fd == -1)
		return -1;
	if (connect(fd, (struct sockaddr *)&sun, sizeof sun) == 0)
		return fd;
	(void)close(fd);
	return -1;
}

static void
make_log(int fd)
{
	if (fd == FD_LOG || fd == -1)
		return;
	(void)dup2(fd, FD_LOG);
	(void)close(fd);
}

/* By a socket to syslogd, or by /dev/null. */
static bool
replace_log(enum log_choice choice, enum log_style *style)
{
	int fd;

	*style = LOG_STYLE_SYSLOG;
	(void)close(FD_LOG);
	fd = choice == LOG_CHOICE_STDERR ? -1 : connect_syslog();
	if (fd == -1)
		fd = open("/dev/null", O_WRONLY);
	make_log(fd);
	return fcntl(FD_LOG, F_GETFD) != -1;
}

bool
stdfds_open_log(enum log_choice choice, enum log_style *style)
{
	bool usable = fcntl(FD_LOG, F_GETFD) != -1 && !is_client(FD_LOG);

	if (!usable || choice == LOG_CHOICE_SYSLOG)
		return replace_log(choice, style);
	*style = is_journal(FD_LOG) ? LOG_STYLE_JOURNAL : LOG_STYLE_STDERR;
	return true;
}

/*
 * Is FD a terminal of our user?  Not of root's: processes of other users may
 * have that one open, too, after su(1).
 */
static bool
is_own(int fd)
{
	struct stat st;

	return geteuid() != 0 && fstat(fd, &st) == 0 && st.st_uid == geteuid();
}

bool
stdfds_leave_terminal(enum log_choice choice, enum log_style *style)
{
	if (!isatty(FD_LOG) || is_own(FD_LOG))
		return true;
	log_error(
	    "the log does not go to a terminal that users could reach, but to syslog or nowhere; to keep it here use",
	    "2>&1 | cat");
	return replace_log(choice, style);
}

static void
close_range_of(int first, unsigned last)
{
#ifdef __linux__
	if (syscall(NR_CLOSE_RANGE, (unsigned)first, last, 0U) == 0)
		return;
#endif
	for (int fd = first; fd < CLOSE_MAX && (unsigned)fd <= last; fd++)
		(void)close(fd);
}

void
stdfds_close_from(int first)
{
	close_range_of(first, ~0U);
}

/* The lowest of KEPT that is FIRST or more, or -1. */
static int
lowest(int first, const int *kept, size_t count)
{
	int fd = -1;

	for (size_t i = 0; i < count; i++)
		if (kept[i] >= first && (fd == -1 || kept[i] < fd))
			fd = kept[i];
	return fd;
}

void
stdfds_close_others(int first, const int *kept, size_t count)
{
	int fd;

	while ((fd = lowest(first, kept, count)) != -1) {
		if (fd > first)
			close_range_of(first, (unsigned)fd - 1);
		(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
		first = fd + 1;
	}
	stdfds_close_from(first);
}
