/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Landlock, by raw system calls: no libc has wrappers.
 * Runs as: login, wait, session, popin-import.  Input: none.
 */
#include "config.h"

#include "process/sandbox_landlock.h"

#ifdef __linux__

#include <stdint.h>
#include <unistd.h>

#include "process/newer_calls.h"

/*
 * The system that popin is built on may be older than the kernel that it runs
 * on.  So these are the numbers of linux/landlock.h, which never change.
 */
enum { CREATE_RULESET_VERSION = 1, RULE_PATH_BENEATH = 1 };
enum {
	WRITE_FILE = 1 << 1,
	READ_FILE = 1 << 2,
	READ_DIR = 1 << 3,
	READ = READ_FILE | READ_DIR,
	REMOVE_FILE = 1 << 5,
	MAKE_REG = 1 << 8,
	REFER = 1 << 13,
	TRUNCATE = 1 << 14,
	IOCTL_DEV = 1 << 15
};

/* What each version of the interface added. */
static const struct {
	uint64_t fs, net, scoped;
} added[] = {
	[1] = { 0x1fff, 0, 0 }, /* execute, write, read, remove, make... */
	[2] = { REFER, 0, 0 },	/* refer: link or rename elsewhere */
	[3] = { TRUNCATE, 0, 0 },
	[4] = { 0, 3, 0 }, /* bind and connect TCP */
	[5] = { IOCTL_DEV, 0, 0 },
	[6] = { 0, 0, 3 }, /* abstract sockets, signals to others */
};

/* struct landlock_ruleset_attr as of version 6. */
struct ruleset {
	uint64_t fs, net, scoped;
};

/* struct landlock_path_beneath_attr */
struct rule {
	uint64_t fs;
	int32_t parent_fd;
} __attribute__((packed));

/* The kernel accepts no more of the struct than it knows. */
static size_t
ruleset_size(long abi)
{
	if (abi < 4)
		return sizeof(uint64_t);
	return abi < 6 ? 2 * sizeof(uint64_t) : sizeof(struct ruleset);
}

/*
 * At each open the kernel also asks whether the file may be truncated and take
 * ioctls.  Without a rule for that it searches every directory up to the root,
 * which cost a sixth of a first login.  So Landlock allows both for a Maildir,
 * and seccomp forbids them.
 */
static const uint64_t allowed[] = {
	[SANDBOX_PATHS_READ] = READ,
	[SANDBOX_PATHS_REMOVE] = READ | REMOVE_FILE | TRUNCATE | IOCTL_DEV,
	[SANDBOX_PATHS_MOVE] =
	    READ | REMOVE_FILE | MAKE_REG | REFER | TRUNCATE | IOCTL_DEV,
	[SANDBOX_PATHS_MAKE] = READ | REMOVE_FILE | MAKE_REG | WRITE_FILE,
	[SANDBOX_PATHS_RENAME] = REMOVE_FILE | MAKE_REG,
};

static int
allow_beneath(
    int ruleset_fd, int dir, enum sandbox_paths paths, uint64_t handled)
{
	struct rule rule = { .fs = allowed[paths] & handled, .parent_fd = dir };

	if (dir == -1)
		return 0;
	return (int)syscall(
	    NR_LANDLOCK_ADD_RULE, ruleset_fd, RULE_PATH_BENEATH, &rule, 0);
}

long
sandbox_landlock_version(void)
{
	return syscall(
	    NR_LANDLOCK_CREATE_RULESET, NULL, 0, CREATE_RULESET_VERSION);
}

int
sandbox_landlock(const int *dirs, size_t count, enum sandbox_paths paths)
{
	struct ruleset attr = { 0, 0, 0 };
	long abi = sandbox_landlock_version();
	int fd, result = 0;

	if (abi < 1) /* not in this kernel, switched off, or filtered */
		return 0;
	/* Version 1 forbids every move to another directory. */
	if (abi < 2 && paths == SANDBOX_PATHS_MOVE)
		return 0;
	for (long v = 1; v <= abi && v < (long)(sizeof added / sizeof *added);
	     v++) {
		attr.fs |= added[v].fs;
		attr.net |= added[v].net;
		attr.scoped |= added[v].scoped;
	}
	fd = (int)syscall(
	    NR_LANDLOCK_CREATE_RULESET, &attr, ruleset_size(abi), 0);
	if (fd == -1)
		return -1;
	for (size_t i = 0; i < count && result == 0; i++)
		result = allow_beneath(fd, dirs[i],
		    paths == SANDBOX_PATHS_MAKE && i > 0 ? SANDBOX_PATHS_RENAME
							 : paths,
		    attr.fs);
	if (result == 0)
		result = (int)syscall(NR_LANDLOCK_RESTRICT_SELF, fd, 0);
	(void)close(fd);
	return result;
}

#else

long
sandbox_landlock_version(void)
{
	return 0;
}

int
sandbox_landlock(const int *dirs, size_t count, enum sandbox_paths paths)
{
	(void)dirs;
	(void)count;
	(void)paths;
	return 0;
}

#endif
