/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Gives privilege up, and proves it.
 * Runs as: root, until setresuid(2).  Input: numbers only.
 */
#include "config.h"

#include "process/privdrop.h"

#include <sys/types.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include <errno.h>
#include <grp.h>
#include <unistd.h>

enum { GROUPS = 65536 /* as many as Linux has room for */ };

static gid_t held[GROUPS];

static int
refuse(void)
{
	errno = EPERM;
	return -1;
}

static bool
contains(const gid_t *groups, size_t count, gid_t gid)
{
	for (size_t i = 0; i < count; i++)
		if (groups[i] == gid)
			return true;
	return false;
}

/* Proves that only the groups that were asked for are left. */
static int
prove_groups(const gid_t *groups, size_t count)
{
	int n = getgroups(GROUPS, held);

	for (int i = 0; i < n; i++)
		if (!contains(groups, count, held[i]))
			return refuse();
	return n == -1 ? -1 : 0;
}

/*
 * setuid(2) can fail for reasons other than permission (RLIMIT_NPROC, user
 * namespaces), and programs have been seen to ignore that.  So no return value
 * is trusted alone.
 */
static int
prove(uid_t uid, gid_t gid)
{
	uid_t ruid, euid, suid;
	gid_t rgid, egid, sgid;

	if (getresuid(&ruid, &euid, &suid) == -1 ||
	    getresgid(&rgid, &egid, &sgid) == -1)
		return -1;
	if (ruid != uid || euid != uid || suid != uid)
		return refuse();
	if (rgid != gid || egid != gid || sgid != gid)
		return refuse();
	if (setuid(0) != -1 || seteuid(0) != -1)
		return refuse();
	return 0;
}

int
privdrop_groups(void)
{
	if (geteuid() != 0)
		return 0;
	return setgroups(0, NULL) == 0 ? prove_groups(NULL, 0) : -1;
}

static bool
in_root_group(void)
{
	int n = getgroups(GROUPS, held);

	return n == -1 || contains(held, (size_t)n, 0);
}

bool
privdrop_is_complete(void)
{
	uid_t uid = getuid();
	gid_t gid = getgid();

	return uid != 0 && gid != 0 && !in_root_group() && prove(uid, gid) == 0;
}

int
privdrop(uid_t uid, gid_t gid, const gid_t *groups, size_t count)
{
	if (uid == 0 || gid == 0)
		return refuse();
	if (contains(groups, count, 0))
		return refuse();
	if (geteuid() == 0) {
		if (setgroups(count, groups) == -1 ||
		    prove_groups(groups, count) == -1)
			return -1;
		if (setresgid(gid, gid, gid) == -1)
			return -1;
		if (setresuid(uid, uid, uid) == -1)
			return -1;
#ifdef __linux__
		/* When uids change the kernel sets it to fs.suid_dumpable. */
		if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1)
			return -1;
#endif
	}
	return prove(uid, gid);
}
