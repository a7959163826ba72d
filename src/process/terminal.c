/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Leaves the terminal that somebody started us from.
 * Runs as: root.  Input: none.
 */
#include "config.h"

#include "process/terminal.h"

#include <sys/ioctl.h>

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

void
terminal_leave(void)
{
	void (*on_hangup)(int);
	int fd;

	if (setsid() != -1)
		return;
	fd = open("/dev/tty", O_RDWR | O_CLOEXEC);
	if (fd == -1)
		return;
	/* It hangs up on the session, if that is ours to lead. */
	on_hangup = signal(SIGHUP, SIG_IGN);
	(void)ioctl(fd, TIOCNOTTY);
	(void)signal(SIGHUP, on_hangup);
	(void)close(fd);
}
