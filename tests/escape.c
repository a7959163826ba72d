/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Linked into popin, and only into the test suite's popin-escape: one more
 * command in both states, which does what a process that was taken over would
 * try.  It sees each line first by ld's --wrap, so that popin
 * itself has no line of code for it.
 *
 *	TRY socket | execve | fork | kill | ptrace | mmap | mprotect | x32 | keyring
 *	TRY truncate (the log) | owner (of the signals of the client's socket)
 *	TRY nodelay (another option of TCP's) | priority (another level's)
 *	TRY mute
 *	TRY open PATH | create PATH | empty PATH | write PATH | remove PATH
 *
 * Runs as: login, session.  Input: the test suite.
 */
#include "config.h"

#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <linux/keyctl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "pop3/command.h"
#include "pop3/netio.h"

enum { PAGE = 65536, CHANNEL = 3 };

/* The linker makes these two names. */
enum net_status __wrap_netio_line(
    struct netio *n, size_t limit, char **line, size_t *len);
enum net_status __real_netio_line(
    struct netio *n, size_t limit, char **line, size_t *len);

static char path[256];

static long
try_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0);
}

static long
try_execve(void)
{
	static char *const argv[] = { path, NULL };

	return execve("/bin/true", argv, argv + 1);
}

static long
try_fork(void)
{
	long pid = syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, 0);

	if (pid == 0)
		syscall(SYS_exit_group, 0);
	return pid;
}

static long
try_kill(void)
{
	return kill(1, 0);
}

static long
try_ptrace(void)
{
	return ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}

/* Each exec keeps the keyring of the user who started the super-server. */
static long
try_keyring(void)
{
	return syscall(
	    SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0);
}

static long
try_mmap(void)
{
	void *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? -1 : 0;
}

static long
try_mprotect(void)
{
	static _Alignas(PAGE) char page[PAGE];

	return mprotect(page, PAGE, PROT_READ | PROT_EXEC);
}

static long
try_truncate(void)
{
	return ftruncate(2, 0);
}

static long
try_owner(void)
{
	return fcntl(0, F_SETOWN, 1);
}

static int
set_option(int level, int name)
{
	static const int on = 1;

	return (int)syscall(
	    SYS_setsockopt, 0, level, name, &on, (socklen_t)sizeof on);
}

static long
try_nodelay(void)
{
	return set_option(IPPROTO_TCP, TCP_NODELAY);
}

/* TCP_QUICKACK is allowed; its number at another level is not. */
static long
try_priority(void)
{
	return set_option(SOL_SOCKET, TCP_QUICKACK);
}

/* A call that is allowed, by its number in the kernel's other table. */
static long
try_x32(void)
{
#ifdef __x86_64__
	return syscall(0x40000000 | SYS_write, 2, path, 0);
#else
	errno = ENOSYS;
	return -1;
#endif
}

/* Closes the channel to the monitor and goes on. */
static long
try_mute(void)
{
	return close(CHANNEL);
}

static long
try_open(void)
{
	return openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
}

static long
try_create(void)
{
	return openat(AT_FDCWD, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
}

/* On Linux O_TRUNC empties a file that is opened with O_RDONLY, too. */
static long
try_empty(void)
{
	return openat(AT_FDCWD, path, O_RDONLY | O_TRUNC | O_CLOEXEC);
}

static long
try_write(void)
{
	return openat(AT_FDCWD, path, O_RDWR | O_CLOEXEC);
}

static long
try_remove(void)
{
	return unlinkat(AT_FDCWD, path, 0);
}

static const struct {
	const char *word;
	long (*run)(void);
} tries[] = {
	{ "socket", try_socket },
	{ "execve", try_execve },
	{ "fork", try_fork },
	{ "kill", try_kill },
	{ "ptrace", try_ptrace },
	{ "mmap", try_mmap },
	{ "mprotect", try_mprotect },
	{ "truncate", try_truncate },
	{ "owner", try_owner },
	{ "nodelay", try_nodelay },
	{ "priority", try_priority },
	{ "x32", try_x32 },
	{ "keyring", try_keyring },
	{ "mute", try_mute },
	{ "open ", try_open },
	{ "create ", try_create },
	{ "empty ", try_empty },
	{ "write ", try_write },
	{ "remove ", try_remove },
};

static void
report(struct netio *net, long result)
{
	if (result != -1)
		reply_ok(net, "it worked");
	else if (errno == EACCES)
		reply_err(net, RESPONSE_NONE, "EACCES");
	else if (errno == EPERM)
		reply_err(net, RESPONSE_NONE, "EPERM");
	else if (errno == ENOENT)
		reply_err(net, RESPONSE_NONE, "ENOENT");
	else
		reply_err(net, RESPONSE_NONE, "another error");
}

static void
try(struct netio *net, const char *what, size_t len)
{
	for (size_t i = 0; i < sizeof tries / sizeof tries[0]; i++) {
		size_t n = strlen(tries[i].word);

		if (len < n || memcmp(what, tries[i].word, n) != 0)
			continue;
		memcpy(path, what + n, len - n);
		path[len - n] = '\0';
		report(net, tries[i].run());
		return;
	}
	reply_err(net, RESPONSE_NONE, "unknown attempt");
}

enum net_status
__wrap_netio_line(struct netio *n, size_t limit, char **line, size_t *len)
{
	enum net_status status = __real_netio_line(n, limit, line, len);

	while (status == NET_OK && *len >= 4 && memcmp(*line, "TRY ", 4) == 0) {
		try(n, *line + 4, *len - 4);
		status = __real_netio_line(n, limit, line, len);
	}
	return status;
}
