/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * What a computer needs for the same files and octets without any mail
 * server: the rows that `make bench' compares with.
 *
 *	limits blind		answers +OK to every line, until QUIT
 *	limits chain		the same by as many programs as popin's: one
 *				that waits; one that answers USER; one more,
 *				that becomes the one that answers the rest
 *	limits cat FILE...	sends the files
 *	limits list DIR		reads the directory DIR
 *	limits count DIR	and every file in it, counting octets
 *	limits remove DIR	and removes every second file
 *	limits scan FILE	counts messages and octets of an mbox
 *
 * blind, chain and cat have the client on the standard descriptors.
 */
#include "config.h"

#include <sys/wait.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BUFFER = 256 * 1024 };

static char buf[BUFFER];

static void
fail(const char *what)
{
	perror(what);
	exit(1);
}

static size_t
get(int fd)
{
	ssize_t n = read(fd, buf, sizeof buf);

	if (n == -1)
		fail("read");
	return (size_t)n;
}

static void
put(const char *p, size_t len)
{
	while (len > 0) {
		ssize_t n = write(STDOUT_FILENO, p, len);

		if (n == -1)
			fail("write");
		p += n;
		len -= (size_t)n;
	}
}

static void
blind(const char *first)
{
	size_t n;

	put(first, strlen(first));
	while ((n = get(STDIN_FILENO)) > 0) {
		const char *lf = buf;

		while (
		    (lf = memchr(lf, '\n', n - (size_t)(lf - buf))) != NULL) {
			put("+OK 0 0\r\n", 9);
			lf++;
		}
		if (n >= 4 && memcmp(buf, "QUIT", 4) == 0)
			return;
	}
}

static void
become(const char *task)
{
	execl("/proc/self/exe", "limits", task, (char *)NULL);
	perror(task);
	_exit(1); /* not exit(3): it may share its memory with a parent */
}

static void
run(const char *task)
{
	int status;
	pid_t pid = vfork();

	if (pid == 0)
		become(task);
	if (pid == -1 || waitpid(pid, &status, 0) == -1)
		fail(task);
}

/* Answers USER and PASS without asking anybody. */
static void
login(void)
{
	put("+OK\r\n", 5);
	(void)get(STDIN_FILENO);
	put("+OK\r\n", 5);
	(void)get(STDIN_FILENO);
}

static int
open_file(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY);

	if (fd == -1)
		fail(name);
	return fd;
}

static void
cat(const char *name)
{
	int fd = open_file(AT_FDCWD, name);
	size_t n;

	while ((n = get(fd)) > 0)
		put(buf, n);
	(void)close(fd);
}

static uint64_t
count_file(int dir, const char *name)
{
	int fd = open_file(dir, name);
	uint64_t octets = 0;
	size_t n;

	while ((n = get(fd)) > 0) {
		const char *lf = buf;

		octets += n;
		while (
		    (lf = memchr(lf, '\n', n - (size_t)(lf - buf))) != NULL) {
			octets++;
			lf++;
		}
	}
	(void)close(fd);
	return octets;
}

static void
directory(const char *path, const char *task)
{
	DIR *dir = opendir(path);
	uint64_t files = 0, octets = 0;
	struct dirent *e;

	if (dir == NULL)
		fail(path);
	while ((e = readdir(dir)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		files++;
		if (task[0] == 'c')
			octets += count_file(dirfd(dir), e->d_name);
		else if (task[0] == 'r' && files % 2 == 1 &&
		    unlinkat(dirfd(dir), e->d_name, 0) == -1)
			fail(e->d_name);
	}
	if (task[0] == 'r' && fsync(dirfd(dir)) == -1)
		fail(path);
	(void)closedir(dir);
	(void)printf(
	    "%ju files, %ju octets\n", (uintmax_t)files, (uintmax_t)octets);
}

/* Does not count a message that begins at the edge of a buffer. */
static void
scan(const char *name)
{
	int fd = open_file(AT_FDCWD, name);
	uint64_t messages = 0, octets = 0;
	size_t n;

	while ((n = get(fd)) > 0) {
		const char *end = buf + n, *lf = buf;

		octets += n;
		while ((lf = memchr(lf, '\n', (size_t)(end - lf))) != NULL) {
			octets++;
			lf++;
			messages +=
			    end - lf >= 5 && memcmp(lf, "From ", 5) == 0;
		}
	}
	(void)close(fd);
	(void)printf("%ju messages, %ju octets\n", (uintmax_t)messages,
	    (uintmax_t)octets);
}

int
main(int argc, char **argv)
{
	const char *task = argc > 1 ? argv[1] : "";

	if (strcmp(task, "blind") == 0)
		blind("+OK\r\n");
	else if (strcmp(task, "chain") == 0) {
		run("chain-login");
		run("chain-checker");
	} else if (strcmp(task, "chain-login") == 0)
		login();
	else if (strcmp(task, "chain-checker") == 0)
		become("chain-session");
	else if (strcmp(task, "chain-session") == 0)
		blind("+OK\r\n");
	else if (argc > 2 && strcmp(task, "cat") == 0)
		for (int i = 2; i < argc; i++)
			cat(argv[i]);
	else if (argc == 3 && strcmp(task, "scan") == 0)
		scan(argv[2]);
	else if (argc == 3 &&
	    (strcmp(task, "list") == 0 || strcmp(task, "count") == 0 ||
		strcmp(task, "remove") == 0))
		directory(argv[2], task);
	else
		return 2;
	return 0;
}
