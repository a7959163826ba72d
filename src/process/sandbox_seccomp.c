/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * seccomp filters.  The list was measured with glibc and musl, dynamic and
 * static, on x86-64 and i386.  make check-machines tests it on arm64, armhf,
 * ppc64el and s390x.  For the others it was made from the sources of kernel and
 * libc.  Each entry says what needs it; an entry without a reason is a bug.
 * abort(3) needs calls that are not in the list, and ends in being killed.
 * Runs as: login, wait, session, popin-import.  Input: none.
 */
#include "config.h"

#if !defined(POPIN_NO_SANDBOX) && defined(HAVE_LINUX_SECCOMP_H)

#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <linux/filter.h>
#include <linux/net.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <assert.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>

#include "process/sandbox_arch.h"
#include "process/sandbox_seccomp.h"

#ifndef SECCOMP_RET_KILL_PROCESS
#define SECCOMP_RET_KILL_PROCESS 0x80000000U
#endif

/* On 32 bits a libc calls what has 64-bit offsets, and only that. */
#ifdef SYS_fcntl64
#define FCNTL SYS_fcntl64
#define FTRUNCATE SYS_ftruncate64
#else
#define FCNTL SYS_fcntl
#define FTRUNCATE SYS_ftruncate
#endif

/* For mmap(2).  i386 has SYS_mmap, too: one pointer to all the arguments. */
#ifdef SYS_mmap2
#define MMAP SYS_mmap2
#else
#define MMAP SYS_mmap
#endif

/* Kernels before 4.3 had one call for all of sockets.  glibc still uses it. */
#if defined(__i386__) || defined(__s390x__)
#define SOCKETCALL SYS_socketcall
#endif

/*
 * The return from a handler that was set without SA_SIGINFO.  Other
 * architectures may define the name, but return by rt_sigreturn(2).
 */
#if defined(__i386__) || defined(__arm__) || defined(__s390x__)
#define SIGRETURN SYS_sigreturn
#endif

/* The roles of an entry. */
enum {
	L = 1 << SANDBOX_LOGIN,
	W = 1 << SANDBOX_WAIT,
	T = 1 << SANDBOX_MAILDIR_TRASH,
	M = 1 << SANDBOX_MAILDIR | T,
	B = 1 << SANDBOX_MBOX,
	I = 1 << SANDBOX_IMPORT
};

enum verdict {
	ALLOW,
	NO_EXEC,   /* allowed without PROT_EXEC in the third argument */
	READ_ONLY, /* allowed where the third argument opens just for reading */
	NO_STD,	   /* allowed on descriptors other than 0, 1 and 2 */
	QUICKACK,  /* setsockopt(2): allowed for that option of TCP's */
	FIRST = 64,  /* FIRST + N: allowed with N for the first argument */
	SECOND = 128 /* SECOND + N: for the second */
};

static const struct rule {
	int roles;
	int number;
	int verdict; /* enum verdict */
} rules[] = {
	/* the client, the log */
	{ L | W | M | B | I, SYS_write, ALLOW },
	{ L | M | B, SYS_read, ALLOW },
	/* waiting for the client with a deadline */
	{ L | M | B, SYS_ppoll, ALLOW },
#ifdef SYS_ppoll_time64
	{ L | M | B, SYS_ppoll_time64, ALLOW },
#endif
	/* deadlines, where the vDSO does not answer */
	{ L | W | M | B | I, SYS_clock_gettime, ALLOW },
#ifdef SYS_clock_gettime64
	{ L | W | M | B | I, SYS_clock_gettime64, ALLOW },
#endif
	/* messages */
	{ M | I, SYS_openat, READ_ONLY },
	{ B, SYS_openat, ALLOW },
#ifdef SYS_fstat64
	{ M | B | I, SYS_fstat64, ALLOW },
	{ M | B | I, SYS_fstatat64, ALLOW }, /* and glibc's fstat */
#else
	{ M | B | I, SYS_fstat, ALLOW },
	{ M | B | I, SYS_newfstatat, ALLOW }, /* and glibc's fstat */
#endif
#if defined(SYS_statx) && (defined(SYS_fstat64) || defined(__mips__))
	/* the same, where the kernel's times have 32 bits and libc's have 64 */
	{ M | I, SYS_statx, ALLOW },
#endif
#ifdef SYS_statx
	{ B, SYS_statx, ALLOW }, /* and file_look_anew(), with a lock */
#endif
	{ M | B | I, SYS_pread64, ALLOW },
	{ L | M | B | I, SYS_close, ALLOW },
	/* readdir(3); fcntl for fdopendir(3) */
	{ M | I, SYS_getdents64, ALLOW },
	{ M | I, FCNTL, SECOND + F_GETFL },
	{ M | I, FCNTL, SECOND + F_SETFD },
	{ M | B, FCNTL,
	    SECOND + F_SETLK }, /* session_lock.c; delivery agents */
	{ M | B, FCNTL, SECOND + F_GETLK }, /* session_lock.c: asked to end? */
#ifdef F_OFD_SETLK
	{ B, FCNTL, SECOND + F_OFD_SETLK }, /* mbox_lock.c */
#endif
	/* malloc(3): names and messages, readdir(3)'s buffer */
	{ M | B | I, SYS_brk, ALLOW },
#ifdef __s390x__
	{ M | B | I, MMAP, ALLOW }, /* its arguments are behind a pointer */
#else
	{ M | B | I, MMAP, NO_EXEC },
#endif
	{ M | B | I, SYS_mprotect, NO_EXEC }, /* musl grows its heap with it */
	{ M | B | I, SYS_munmap, ALLOW },
	{ M | B | I, SYS_mremap, ALLOW },
	{ M | B | I, SYS_madvise, ALLOW }, /* musl's free(3) */
	{ M | B | I, SYS_getrandom,
	    ALLOW }, /* uidl_map.c; glibc's malloc(3), for a random key */
	/* qsort(3) of glibc: is there room for a copy of what it sorts? */
	{ M | I, SYS_sysinfo, ALLOW },
	/* UPDATE */
	{ M | B, SYS_unlinkat, ALLOW },
	{ M | B, SYS_fsync, ALLOW },
	/* the state file */
	{ M | B, SYS_pwrite64, NO_STD },
	{ M | B, FTRUNCATE, NO_STD },
	/* dotlocks: made, linked, renamed if stale, kept fresh; owner alive? */
	{ B, SYS_linkat, ALLOW },
#ifdef SYS_renameat
	{ T | B, SYS_renameat, ALLOW }, /* and into the trash */
#else
	{ T | B, SYS_renameat2, ALLOW },
#endif
	{ B, SYS_utimensat, ALLOW },
#ifdef SYS_utimensat_time64
	{ B, SYS_utimensat_time64, ALLOW },
#endif
	{ B, SYS_kill, SECOND },
	/* the last reply is not lost to unread input */
	{ L | M | B, SYS_shutdown, ALLOW },
#ifdef SOCKETCALL
	{ L | M | B, SOCKETCALL, FIRST + SYS_SHUTDOWN },
#endif
#if defined(SYS_setsockopt) && defined(TCP_QUICKACK)
	/* a client that sends a line in pieces waits for the answer to each */
	{ L | M | B, SYS_setsockopt, QUICKACK },
#endif
	/* the wait role's one task */
	{ W, SYS_wait4, ALLOW },
	/* after a signal handler; a wait that was stopped and continued */
	{ L | W | M | B, SYS_rt_sigreturn, ALLOW },
#ifdef SIGRETURN
	{ L | W | M | B, SIGRETURN, ALLOW },
#endif
	{ L | W | M | B, SYS_restart_syscall, ALLOW },
	{ L | W | M | B | I, SYS_exit_group, ALLOW },
	/* does the client take what it was sent? */
	{ M | B, SYS_ioctl, SECOND + TIOCOUTQ },
};

enum {
	RULES = sizeof rules / sizeof rules[0],
	LEAF = 3,		    /* rules that are gone through in a row */
	PROGRAM_MAX = 8 + 9 * RULES /* a rule, and at most two for a search */
};

static struct sock_filter program[PROGRAM_MAX];
static unsigned short program_len;

static void
emit(unsigned code, uint32_t k, unsigned char jt, unsigned char jf)
{
	struct sock_filter f = { (unsigned short)code, jt, jf, k };

	program[program_len++] = f;
}

static void
emit_load(size_t offset)
{
	emit(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void
emit_return(uint32_t action)
{
	emit(BPF_RET | BPF_K, action, 0, 0);
}

static size_t
argument(size_t n)
{
	size_t offset = offsetof(struct seccomp_data, args) + 8 * n;

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	offset += sizeof(uint32_t); /* the low half */
#endif
	return offset;
}

/*
 * Allows NUMBER where argument WHICH compares so with VALUE.  Else the next
 * rules decide, which may be about the same number.
 */
static void
emit_if(uint32_t number, size_t which, unsigned comparison, uint32_t value)
{
	emit(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 4);
	emit_load(argument(which));
	emit(BPF_JMP | comparison | BPF_K, value, 0, 1);
	emit_return(SECCOMP_RET_ALLOW);
	emit_load(offsetof(struct seccomp_data, nr));
}

#ifdef TCP_QUICKACK
static void
emit_quickack(uint32_t number)
{
	emit(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 6);
	emit_load(argument(1));
	emit(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_TCP, 0, 3);
	emit_load(argument(2));
	emit(BPF_JMP | BPF_JEQ | BPF_K, TCP_QUICKACK, 0, 1);
	emit_return(SECCOMP_RET_ALLOW);
	emit_load(offsetof(struct seccomp_data, nr));
}
#endif

/* Allows NUMBER where the third argument has none of the given bits. */
static void
emit_without(uint32_t number, uint32_t bits)
{
	emit(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 4);
	emit_load(argument(2));
	emit(BPF_JMP | BPF_JSET | BPF_K, bits, 1, 0);
	emit_return(SECCOMP_RET_ALLOW);
	emit_return(SECCOMP_RET_KILL_PROCESS);
}

/* The number of the system call is loaded before, and again after. */
static void
emit_rule(const struct rule *r)
{
	uint32_t number = (uint32_t)r->number;

	switch (r->verdict) {
	case ALLOW:
		emit(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1);
		emit_return(SECCOMP_RET_ALLOW);
		break;
	case NO_EXEC:
		emit_without(number, PROT_EXEC);
		break;
	case READ_ONLY:
		emit_without(number, O_ACCMODE | O_CREAT | O_TRUNC);
		break;
	case NO_STD:
		emit_if(number, 0, BPF_JGT, 2);
		break;
#ifdef TCP_QUICKACK
	case QUICKACK:
		emit_quickack(number);
		break;
#endif
	default:
		if (r->verdict < SECOND)
			emit_if(
			    number, 0, BPF_JEQ, (uint32_t)(r->verdict - FIRST));
		else
			emit_if(number, 1, BPF_JEQ,
			    (uint32_t)(r->verdict - SECOND));
		break;
	}
}

/* ROLE's rules by number; those of one number stay in their order. */
static size_t
sort_rules(enum sandbox_role role, const struct rule **sorted)
{
	size_t n = 0;

	for (size_t i = 0; i < RULES; i++) {
		size_t at = n;

		if (!(rules[i].roles & 1 << role))
			continue;
		for (; at > 0 && sorted[at - 1]->number > rules[i].number; at--)
			sorted[at] = sorted[at - 1];
		sorted[at] = &rules[i];
		n++;
	}
	return n;
}

/* The index of the middle, but not between two rules of the same number. */
static size_t
middle(const struct rule **sorted, size_t n)
{
	size_t mid = n / 2;

	while (mid > 0 && sorted[mid - 1]->number == sorted[mid]->number)
		mid--;
	return mid;
}

/*
 * A binary search.  The kernel runs a new filter once for each system call that
 * exists.  With a search through all rules that took longer than everything
 * else that a role does at its start.
 */
static void
emit_search(const struct rule **sorted, size_t n)
{
	size_t mid = middle(sorted, n);
	unsigned short at = program_len;

	if (n <= LEAF || mid == 0) {
		for (size_t i = 0; i < n; i++)
			emit_rule(sorted[i]);
		emit_return(SECCOMP_RET_KILL_PROCESS);
		return;
	}
	emit(BPF_JMP | BPF_JGE | BPF_K, (uint32_t)sorted[mid]->number, 0, 0);
	emit_search(sorted, mid);
	assert(program_len - at - 1 <= UINT8_MAX);
	program[at].jt = (unsigned char)(program_len - at - 1);
	emit_search(sorted + mid, n - mid);
}

int
sandbox_seccomp(enum sandbox_role role)
{
	const struct rule *sorted[RULES];
	struct sock_fprog fprog = { .filter = program };

	program_len = 0;
	emit_load(offsetof(struct seccomp_data, arch));
	emit(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0);
	emit_return(SECCOMP_RET_KILL_PROCESS);
	emit_load(offsetof(struct seccomp_data, nr));
	emit_search(sorted, sort_rules(role, sorted));
	fprog.len = program_len;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &fprog, 0, 0);
}

#else

extern const char sandbox_kinds[]; /* ISO C wants something here */

#endif
