# shellcheck shell=bash
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
#
# Functions of libc that do what no file system or clock does here.  They are
# preloaded into popin's session, and run in its sandbox.

# preload NAME: compiles the C on stdin, for `preloaded NAME`.
preload()
{
	not_under asan 'its library has to be the first'
	need readelf binutils
	readelf -lW "$POPIN" | grep -q INTERP || skip 'a static popin'
	need cc gcc
	cc -shared -fPIC -x c -o "$BATS_TEST_TMPDIR/$1.so" - -ldl
}

# for_stat: skips a test that preloads stat(2), or one like it, where there is
# no such function: before glibc 2.33 programs call __xstat and its like.
for_stat()
{
	readelf --dyn-syms -W "$POPIN" | grep -Eq ' fstat(64)?@' ||
	    cannot 'glibc before 2.33: fstat(2) is no function of it'
}

# preloaded NAME [VARIABLE=VALUE...]: preloads it into all sessions from now on.
preloaded()
{
	local name=$1

	shift
	as_session
	SESSION=(env "LD_PRELOAD=$BATS_TEST_TMPDIR/$name.so" "$@"
	    "${SESSION[@]}")
}

# odd_folders: makes "folders", for `preloaded folders' with
#	FOLDERS_UNTYPED=1	d_type is unknown
#	FOLDERS_BREAK=N		readdir(3) fails from the Nth call on
#	FOLDERS_HIDE=NAME	fstatat(2) fails for NAME
#	FOLDERS_LONG=BYTES	names are longer by BYTES
odd_folders()
{
	preload folders <<-'EOT'
	#define _GNU_SOURCE
	#include <dirent.h>
	#include <dlfcn.h>
	#include <errno.h>
	#include <fcntl.h>
	#include <stdarg.h>
	#include <stdlib.h>
	#include <string.h>
	#include <sys/stat.h>

	static int untyped, breaks, names, extra;
	static int (*enter)(int, const char *, int, ...);
	static const char *hide;
	static struct dirent64 *(*next)(DIR *);
	static int (*look)(int, const char *, struct stat *, int);

	__attribute__((constructor)) static void start(void)
	{
		untyped = getenv("FOLDERS_UNTYPED") != NULL;
		breaks = atoi(getenv("FOLDERS_BREAK") ? : "0");
		hide = getenv("FOLDERS_HIDE") ? strdup(getenv("FOLDERS_HIDE"))
		    : "";
		extra = atoi(getenv("FOLDERS_LONG") ? : "0");
		enter = dlsym(RTLD_NEXT, "openat64");
		next = dlsym(RTLD_NEXT, "readdir64");
		look = dlsym(RTLD_NEXT, "fstatat64");
	}
	static struct dirent64 *longer(struct dirent64 *e)
	{
		static union {
			struct dirent64 e;
			char room[4096];
		} u;
		char *name = (char *)&u + ((char *)e->d_name - (char *)e);

		memcpy(&u, e, sizeof *e);
		memset(name + strlen(name), 0, 256 - strlen(name));
		memset(name + strlen(name), '~', extra);
		return &u.e;
	}
	struct dirent64 *readdir64(DIR *dir)
	{
		struct dirent64 *e;

		if (breaks > 0 && ++names >= breaks) {
			errno = EIO;
			return NULL;
		}
		e = next(dir);
		if (e != NULL && untyped)
			e->d_type = DT_UNKNOWN;
		return e != NULL && extra > 0 && e->d_name[0] != '.'
		    ? longer(e) : e;
	}
	static const char *real(const char *name)
	{
		static char room[256];
		const char *x = strchr(name, '~');

		if (x == NULL)
			return name;
		memcpy(room, name, x - name);
		room[x - name] = 0;
		return room;
	}
	int openat64(int fd, const char *name, int flags, ...)
	{
		va_list args;
		int mode;

		va_start(args, flags);
		mode = flags & O_CREAT ? va_arg(args, int) : 0;
		va_end(args);
		return enter(fd, real(name), flags, mode);
	}
	int openat(int fd, const char *name, int flags, ...)
	{
		va_list args;
		int mode;

		va_start(args, flags);
		mode = flags & O_CREAT ? va_arg(args, int) : 0;
		va_end(args);
		return openat64(fd, name, flags, mode);
	}
	struct dirent *readdir(DIR *dir)
	{
		return (struct dirent *)readdir64(dir);
	}
	int fstatat64(int fd, const char *name, struct stat64 *st, int flags)
	{
		if (strcmp(name, hide) == 0) {
			errno = EIO;
			return -1;
		}
		return look(fd, real(name), (struct stat *)st, flags);
	}
	int fstatat(int fd, const char *name, struct stat *st, int flags)
	{
		return fstatat64(fd, name, (struct stat64 *)st, flags);
	}
	EOT
}
