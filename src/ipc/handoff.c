/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The handoff of the client from the monitor to the session.
 * Runs as: root; session, before its sandbox.  Input: each other.
 * Descriptors: 4 in the session.
 */
#include "config.h"

#include "ipc/handoff.h"

#include <sys/socket.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "ipc/roles.h"
#include "lib/io.h"

enum { CLIENT_FDS = 2 };

/* Room for one control message of two descriptors, aligned for its header. */
union control {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(CLIENT_FDS * sizeof(int))];
};

int
handoff_give(int fd, const char *unread, size_t len)
{
	static const int client[CLIENT_FDS] = { STDIN_FILENO, STDOUT_FILENO };
	char go = 'G';
	struct iovec iov = { .iov_base = &go, .iov_len = 1 };
	union control c;
	struct msghdr msg = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = c.bytes,
		.msg_controllen = sizeof c.bytes };
	struct cmsghdr *header = CMSG_FIRSTHDR(&msg);

	memset(&c, 0, sizeof c);
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof client);
	memcpy(CMSG_DATA(header), client, sizeof client);
	if (sendmsg(fd, &msg, MSG_NOSIGNAL) != 1)
		return -1;
	return io_write(fd, unread, len) ? 0 : -1;
}

static int
take_client(void)
{
	int client[CLIENT_FDS];
	char go;
	struct iovec iov = { .iov_base = &go, .iov_len = 1 };
	union control c;
	struct msghdr msg = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = c.bytes,
		.msg_controllen = sizeof c.bytes };
	const struct cmsghdr *header;

	if (recvmsg(FD_HANDOFF, &msg, 0) != 1)
		return -1;
	header = CMSG_FIRSTHDR(&msg);
	if (header == NULL || header->cmsg_type != SCM_RIGHTS ||
	    header->cmsg_len != CMSG_LEN(sizeof client)) {
		errno = EPROTO;
		return -1;
	}
	memcpy(client, CMSG_DATA(header), sizeof client);
	for (int i = 0; i < CLIENT_FDS; i++) {
		if (dup2(client[i], i) == -1)
			return -1;
		(void)close(client[i]);
	}
	return 0;
}

ssize_t
handoff_take(char *buf, size_t size)
{
	const char word = HANDOFF_SESSION;
	ssize_t got;
	char end;

	if (!io_write(FD_HANDOFF, &word, 1) || take_client() == -1)
		return -1;
	got = io_read(FD_HANDOFF, buf, size);
	if (got == (ssize_t)size && io_read(FD_HANDOFF, &end, 1) != 0) {
		errno = EMSGSIZE;
		return -1;
	}
	(void)close(FD_HANDOFF);
	return got;
}
