/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Runs a command and makes one system call of one role of popin fail.
 *
 *	inject ROLE ACTION N COMMAND...
 *
 * ROLE is monitor (the command itself), login, checker, session or import.  A
 * process has its role from its exec on; the monitor keeps its role when it
 * becomes wait.  ACTION is an errno's name, kill, term or short, at the Nth
 * system call of the role; with N 0 nothing happens.  strace(1) counts the
 * calls of all processes together, or takes one number for each of them, and so
 * cannot reach a late call of one role.  Programs for i386 are followed, too;
 * NUMBER is then that of x86-64, or OTHER and more.
 *
 * Writes to descriptor 9: "calls K" (how many the role made), with N 0 "call
 * NUMBER" for each of them, "hit NUMBER" when the fault was injected,
 * "privileged ..." when a process with anything of root's reads the client,
 * "left K" when K processes were still there three seconds after the command
 * had ended.  Exits as the command did, with 128 plus a signal that ended it.
 */
#define _GNU_SOURCE
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#ifndef __x86_64__
#error "the registers are those of x86-64"
#endif

enum {
	PROCESSES = 64,
	REPORT_FD = 9,
	PATIENCE = 3,
	USER32_CS = 0x23,
	OTHER = 1000
};

static struct process {
	pid_t pid;
	char role[16];
	bool inside; /* the next stop is the end of a system call */
	bool failing;
	long error;
} processes[PROCESSES];

static const char *role, *action;
static unsigned long wanted, calls;
static FILE *report;

static struct process *
find(pid_t pid)
{
	struct process *empty = NULL;

	for (int i = 0; i < PROCESSES; i++) {
		if (processes[i].pid == pid)
			return &processes[i];
		if (processes[i].pid == 0 && empty == NULL)
			empty = &processes[i];
	}
	if (empty == NULL)
		exit(125);
	memset(empty, 0, sizeof *empty);
	empty->pid = pid;
	return empty;
}

static int
alive(void)
{
	int n = 0;

	for (int i = 0; i < PROCESSES; i++)
		n += processes[i].pid != 0;
	return n;
}

static long
error_number(const char *name)
{
	static const struct {
		const char *name;
		long error;
	} all[] = { { "EAGAIN", EAGAIN }, { "EINTR", EINTR }, { "EIO", EIO },
		{ "EMFILE", EMFILE }, { "ENOMEM", ENOMEM },
		{ "ENOSPC", ENOSPC }, { "ENOSYS", ENOSYS },
		{ "EPERM", EPERM } };

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		if (strcmp(all[i].name, name) == 0)
			return all[i].error;
	return 0;
}

/* What matters of a system call, of x86-64 or of i386. */
struct call {
	long number;
	unsigned long long first, third;
};

static struct call
call_of(const struct user_regs_struct *r)
{
	static const short same[][2] = { { 1, SYS_exit }, { 3, SYS_read },
		{ 4, SYS_write }, { 6, SYS_close }, { 20, SYS_getpid },
		{ 60, SYS_umask }, { 64, SYS_getppid }, { 172, SYS_prctl },
		{ 173, SYS_rt_sigreturn }, { 180, SYS_pread64 },
		{ 181, SYS_pwrite64 }, { 199, SYS_getuid }, { 200, SYS_getgid },
		{ 201, SYS_geteuid }, { 202, SYS_getegid }, { 224, SYS_gettid },
		{ 252, SYS_exit_group } };
	struct call c = { (long)r->orig_rax, r->rdi, r->rdx };

	if (r->cs != USER32_CS)
		return c;
	c.first = r->rbx;
	for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
		if (same[i][0] == (long)r->orig_rax) {
			c.number = same[i][1];
			return c;
		}
	}
	c.number += OTHER;
	return c;
}

/* Reads the role from /proc/PID/cmdline, after an exec. */
static void
take_role(struct process *p)
{
	char path[64], words[4096];
	size_t len;
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/cmdline", (int)p->pid);
	f = fopen(path, "r");
	len = f != NULL ? fread(words, 1, sizeof words - 1, f) : 0;
	if (f != NULL)
		fclose(f);
	words[len] = '\0';
	for (size_t i = 0; i < len; i++)
		if (words[i] == '\0')
			words[i] = ' ';
	if (strstr(words, "popin-checkpassword") == words ||
	    strstr(words, "/popin-checkpassword ") != NULL)
		strcpy(p->role, "checker");
	else if (strstr(words, "/popin-import ") != NULL)
		strcpy(p->role, "import");
	else if (strstr(words, " -R login") != NULL)
		strcpy(p->role, "login");
	else if (strstr(words, " -R session") != NULL)
		strcpy(p->role, "session");
	else
		strcpy(p->role, "monitor");
}

/*
 * Until its exec a child has the role of its parent.  The kernel may tell of the
 * exec before it tells of the child.
 */
static void
inherit_role(const struct process *parent)
{
	unsigned long pid;
	struct process *child;

	if (ptrace(PTRACE_GETEVENTMSG, parent->pid, NULL, &pid) == -1)
		return;
	child = find((pid_t)pid);
	if (child->role[0] == '\0')
		strcpy(child->role, parent->role);
}

/* Is one of its uids, gids or groups root's? */
static bool
privileged(pid_t pid)
{
	char path[64], line[1024];
	bool root = false;
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
	f = fopen(path, "r");
	if (f == NULL)
		return false;
	while (fgets(line, sizeof line, f) != NULL) {
		char *p = strchr(line, ':');

		if (strncmp(line, "Uid:", 4) != 0 &&
		    strncmp(line, "Gid:", 4) != 0 &&
		    strncmp(line, "Groups:", 7) != 0)
			continue;
		for (p = strtok(p + 1, " \t\n"); p != NULL;
		     p = strtok(NULL, " \t\n"))
			root |= strcmp(p, "0") == 0;
	}
	fclose(f);
	return root;
}

static bool
moves_bytes(long nr)
{
	return nr == SYS_read || nr == SYS_write || nr == SYS_pread64 ||
	    nr == SYS_pwrite64;
}

static bool
never_fails(long nr)
{
	static const long those[] = { SYS_exit, SYS_exit_group,
		SYS_rt_sigreturn, SYS_getpid, SYS_getppid, SYS_gettid,
		SYS_getuid, SYS_geteuid, SYS_getgid, SYS_getegid, SYS_umask };

	for (size_t i = 0; i < sizeof those / sizeof those[0]; i++)
		if (nr == those[i])
			return true;
	return false;
}

static void
inject(struct process *p, struct user_regs_struct *r)
{
	long nr = call_of(r).number;

	if (strcmp(action, "short") == 0) {
		if (!moves_bytes(nr) || r->rdx < 2)
			return;
		r->rdx /= 2;
	} else if (strcmp(action, "kill") == 0) {
		kill(p->pid, SIGKILL);
	} else if (strcmp(action, "term") == 0) {
		kill(p->pid, SIGTERM);
	} else if (never_fails(nr)) {
		return;
	} else {
		p->failing = true;
		p->error = error_number(action);
		/* close(2) closes, whatever it says */
		if (nr != SYS_close)
			r->orig_rax = (unsigned long long)-1;
	}
	ptrace(PTRACE_SETREGS, p->pid, NULL, r);
	fprintf(report, "hit %ld\n", nr);
}

static void
at_entry(struct process *p)
{
	struct user_regs_struct r;
	struct call c;

	if (ptrace(PTRACE_GETREGS, p->pid, NULL, &r) == -1)
		return;
	c = call_of(&r);
	if (c.number == SYS_read && c.first == 0 && c.third > 0 &&
	    strcmp(p->role, "checker") != 0 && privileged(p->pid))
		fprintf(report, "privileged %s reads the client\n", p->role);
	if (strcmp(p->role, role) != 0)
		return;
	if (wanted == 0)
		fprintf(report, "call %ld\n", c.number);
	if (++calls == wanted)
		inject(p, &r);
}

static void
at_exit(struct process *p)
{
	struct user_regs_struct r;

	if (!p->failing)
		return;
	p->failing = false;
	if (ptrace(PTRACE_GETREGS, p->pid, NULL, &r) == -1)
		return;
	r.rax = (unsigned long long)-p->error;
	ptrace(PTRACE_SETREGS, p->pid, NULL, &r);
}

/* Returns the signal to go on with. */
static int
stopped(struct process *p, int status)
{
	int signal = WSTOPSIG(status), event = status >> 16;

	if (signal == (SIGTRAP | 0x80)) {
		p->inside = !p->inside;
		if (p->inside)
			at_entry(p);
		else
			at_exit(p);
		return 0;
	}
	if (event == PTRACE_EVENT_EXEC)
		take_role(p);
	if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK ||
	    event == PTRACE_EVENT_CLONE)
		inherit_role(p);
	if (event != 0)
		return 0;
	/* the first stop of a child that is traced from the start */
	return signal == SIGSTOP ? 0 : signal;
}

static void
start(char **command)
{
	pid_t pid = fork();

	if (pid == -1)
		exit(125);
	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		close(REPORT_FD);
		execvp(command[0], command);
		_exit(126);
	}
	waitpid(pid, NULL, 0);
	ptrace(PTRACE_SETOPTIONS, pid, NULL,
	    PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
		PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC |
		PTRACE_O_EXITKILL);
	find(pid);
	ptrace(PTRACE_SYSCALL, pid, NULL, NULL);
}

int
main(int argc, char **argv)
{
	struct timespec nap = { .tv_nsec = 1000 * 1000 };
	pid_t main_pid = 0;
	int status, result = -1, waits = 0;

	if (argc < 5 || (report = fdopen(REPORT_FD, "w")) == NULL)
		return 125;
	role = argv[1];
	action = argv[2];
	wanted = strtoul(argv[3], NULL, 10);
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	start(argv + 4);
	main_pid = processes[0].pid;
	while (alive() > 0) {
		pid_t pid = waitpid(-1, &status, __WALL |
		    (result != -1 ? WNOHANG : 0));

		if (pid == 0) {
			if (++waits > PATIENCE * 1000)
				break;
			nanosleep(&nap, NULL);
			continue;
		}
		if (pid == -1)
			break;
		if (WIFSTOPPED(status)) {
			struct process *p = find(pid);
			int signal = stopped(p, status);

			ptrace(PTRACE_SYSCALL, pid, NULL, (long)signal);
			continue;
		}
		find(pid)->pid = 0;
		if (pid == main_pid)
			result = WIFEXITED(status) ? WEXITSTATUS(status)
						   : 128 + WTERMSIG(status);
	}
	fprintf(report, "calls %lu\n", calls);
	if (alive() > 0)
		fprintf(report, "left %d\n", alive());
	fclose(report);
	return result == -1 ? 125 : result;
}
