/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Input and output on the client's descriptors.
 * Runs as: login, session.  Input: every octet the client sends.
 * Descriptors: 0 and 1.
 */
#include "config.h"
#include "lib/ppoll64.h"

#include "pop3/netio.h"

#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/types.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/number.h"

enum {
	TAIL = 5,	   /* octets of CRLF.CRLF */
	HOLD = TAIL - 1,   /* kept back: maybe the beginning of it */
	PIPE_CHUNK = 4096, /* what poll(2) promises a pipe takes */
	DRAIN_SECONDS = 2,
	DRAIN_MAX = 64 * 1024,
	NAP_MAX = 50 /* milliseconds between two looks at the queue */
};

static volatile sig_atomic_t stop_requested;
static sigset_t waiting_mask;	   /* empty */
static const struct netio *client; /* whose loops can be interrupted */

static void
on_stop(int signal_number)
{
	(void)signal_number;
	stop_requested = 1;
}

void
netio_catch_signals(void)
{
	static const int stops[] = { SIGTERM, SIGINT, SIGHUP };
	struct sigaction action = { .sa_handler = on_stop };
	sigset_t blocked;

	sigemptyset(&waiting_mask);
	sigemptyset(&blocked);
	for (size_t i = 0; i < sizeof stops / sizeof stops[0]; i++) {
		sigaddset(&blocked, stops[i]);
		(void)sigaction(stops[i], &action, NULL);
	}
	action.sa_handler = SIG_IGN;
	(void)sigaction(SIGPIPE, &action, NULL);
	(void)sigaction(SIGXFSZ, &action, NULL);
	(void)sigprocmask(SIG_SETMASK, &blocked, NULL);
}

/*
 * No super-server sets TCP_NODELAY, and without it the last segment of nearly
 * every reply waits for the client's delayed acknowledgement.  By the rest a
 * client that has vanished is noticed within minutes; until then it holds the
 * maildrop.  On anything but TCP these fail, which is fine.
 */
static void
tune_tcp(int fd)
{
	static const struct {
		int level, name, value;
	} options[] = {
		{ IPPROTO_TCP, TCP_NODELAY, 1 },
		{ SOL_SOCKET, SO_KEEPALIVE, 1 },
#ifdef TCP_KEEPIDLE
		{ IPPROTO_TCP, TCP_KEEPIDLE, 60 },
		{ IPPROTO_TCP, TCP_KEEPINTVL, 15 },
		{ IPPROTO_TCP, TCP_KEEPCNT, 4 },
#endif
#ifdef TCP_USER_TIMEOUT
		{ IPPROTO_TCP, TCP_USER_TIMEOUT, NETIO_STALL_SECONDS * 1000 },
#endif
	};

	for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
		if (setsockopt(fd, options[i].level, options[i].name,
			&options[i].value, sizeof options[i].value) == -1)
			return;
}

void
netio_open(struct netio *n, char *in, size_t in_size, char *out,
    size_t out_size, bool tune)
{
	int type, flags;
	socklen_t len = sizeof type;

	memset(n, 0, sizeof *n);
	n->in_fd = STDIN_FILENO;
	n->out_fd = STDOUT_FILENO;
	n->in = in;
	n->in_size = in_size;
	n->out = out;
	n->out_size = out_size;
	n->stall = NETIO_STALL_SECONDS;
	n->active = clock_now();
	client = n;
	n->is_socket =
	    getsockopt(n->out_fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0;
	if (!n->is_socket)
		return;
	n->is_local =
	    getsockopt(n->out_fd, SOL_SOCKET, SO_DOMAIN, &type, &len) == 0 &&
	    type == AF_UNIX;
	if (tune)
		tune_tcp(n->out_fd);
	/*
	 * A socket from a super-server is ours alone.  A pipe or terminal may
	 * be shared with the caller's shell and must stay blocking: see
	 * write_some().
	 */
	flags = fcntl(n->out_fd, F_GETFL);
	if (flags != -1 && !(flags & O_NONBLOCK))
		(void)fcntl(n->out_fd, F_SETFL, flags | O_NONBLOCK);
}

/*
 * Asks how many octets are not acknowledged yet.  If they became fewer the
 * client is active: on a slow line it can take long to receive a reply, and
 * sends no command meanwhile.  Returns false if the system cannot tell.
 */
static bool
look_at_queue(struct netio *n, int64_t now)
{
#ifdef TIOCOUTQ
	int queued;

	if (ioctl(n->out_fd, TIOCOUTQ, &queued) == -1)
		return false;
	if (queued < n->queued)
		n->active = now;
	n->queued = queued;
	return true;
#else
	(void)n;
	(void)now;
	return false;
#endif
}

/*
 * Returns POLLERR and POLLHUP of the output.  A signal that is pending is
 * handled now.
 */
static short
look_at_output(const struct netio *n)
{
	static const struct timespec zero = { 0, 0 };
	struct pollfd p = { .fd = n->out_fd };

	if (ppoll(&p, 1, &zero, &waiting_mask) <= 0)
		return 0;
	return p.revents;
}

enum net_status
netio_interrupted(void)
{
	const struct netio *n = client;
	short events;

	if (n == NULL)
		return NET_OK;
	events = look_at_output(n);
	if (stop_requested)
		return NET_STOPPED;
	if (events & (POLLERR | POLLHUP))
		return NET_FAILED;
	if (n->work > 0 && clock_now() - n->active >= n->work)
		return NET_IDLE;
	return NET_OK;
}

const char *
netio_word(enum net_status status)
{
	switch (status) {
	case NET_EOF:
		return "eof";
	case NET_IDLE:
		return "idle";
	case NET_STALLED:
		return "stalled";
	case NET_STOPPED:
		return "signal";
	case NET_TAKEN:
		return "taken-over";
	default:
		return "io";
	}
}

/* How long to sleep at most, or NETIO_END. */
static int64_t
ask_watch(struct netio *n, int64_t now)
{
	return n->watch != NULL ? n->watch(now - n->active) : INT64_MAX;
}

/*
 * Waits for EVENTS on FD until DEADLINE.  A hang-up or error counts as ready:
 * the read or write that follows tells which it was.
 */
static enum net_status
wait_for(struct netio *n, int fd, short events, int64_t deadline,
    enum net_status expired)
{
	struct pollfd p = { .fd = fd, .events = events };

	for (;;) {
		struct timespec timeout;
		int64_t now = clock_now();
		int64_t left = deadline > now ? deadline - now : 0;
		int64_t nap = ask_watch(n, now);
		int ready;

		if (nap < 0)
			return NET_TAKEN;
		if (nap > left)
			nap = left;
		timeout.tv_sec = (time_t)(nap / 1000);
		timeout.tv_nsec = (long)(nap % 1000) * 1000000;
		ready = ppoll(&p, 1, &timeout, &waiting_mask);
		if (stop_requested)
			return NET_STOPPED;
		if (ready > 0)
			return NET_OK;
		if (ready == 0 && nap == left)
			return expired;
		if (ready == 0)
			(void)look_at_queue(n, clock_now());
		else if (errno != EINTR)
			return NET_FAILED;
	}
}

static enum net_status
wait_output(struct netio *n, int64_t deadline)
{
	return wait_for(n, n->out_fd, POLLOUT, deadline, NET_STALLED);
}

/* Returns the octets written, 0 for "not now", -1 for a broken connection. */
static ssize_t
write_some(struct netio *n, const char *p, size_t len)
{
	ssize_t done = write(n->out_fd, p, len);

	if (done >= 0)
		return done;
	if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)
		return 0;
	return -1;
}

/*
 * The length of the next part of LEN octets.  It does not split a final
 * CRLF.CRLF.
 */
static size_t
pipe_chunk(size_t len)
{
	if (len <= PIPE_CHUNK)
		return len;
	return len - PIPE_CHUNK < TAIL ? PIPE_CHUNK - TAIL : PIPE_CHUNK;
}

/* Writes LEN octets from the front of the buffer and moves the rest down. */
static void
write_out(struct netio *n, size_t len)
{
	size_t at = 0;
	int64_t deadline = 0;

	while (at < len && n->failed == NET_OK) {
		size_t chunk = len - at;
		ssize_t done = 0;

		if (deadline == 0) {
			n->active = clock_now();
			deadline = n->active + (int64_t)n->stall * 1000;
		}
		if (!n->is_socket) {
			n->failed = wait_output(n, deadline);
			if (n->failed != NET_OK)
				break;
			chunk = pipe_chunk(chunk);
		}
		done = write_some(n, n->out + at, chunk);
		if (done < 0) {
			n->failed = NET_FAILED;
		} else if (done == 0) {
			n->failed = wait_output(n, deadline);
		} else {
			at += (size_t)done;
			n->sent += (uint64_t)done;
			deadline = 0;
		}
	}
	memmove(n->out, n->out + at, n->out_len - at);
	n->out_len -= at;
}

enum net_status
netio_flush(struct netio *n)
{
	if (n->out_len > 0 && n->failed == NET_OK)
		write_out(n, n->out_len);
	return n->failed;
}

uint64_t
netio_position(const struct netio *n)
{
	return n->sent + n->out_len;
}

/*
 * When the other end of a Unix socket closes, the queue loses what it has not
 * read.  Only the error tells then.
 */
static bool
has_arrived(struct netio *n, uint64_t position)
{
	if (n->sent < position)
		return false;
	if (!n->is_socket || !look_at_queue(n, clock_now()))
		return true;
	return (uint64_t)n->queued <= n->sent - position &&
	    !(n->is_local && look_at_output(n) & POLLERR);
}

/*
 * Nothing tells when the queue becomes shorter, so it is looked at now and
 * then.  Most clients have acknowledged everything when they send QUIT; one
 * that has sent it before may do so 40 ms later.
 */
enum net_status
netio_arrived(struct netio *n, uint64_t position)
{
	int nap = 0;

	if (!has_arrived(n, position))
		(void)netio_flush(n);
	n->active = clock_now();
	while (n->failed == NET_OK && !has_arrived(n, position)) {
		int64_t now = clock_now();
		enum net_status status;

		nap += nap < NAP_MAX;
		status = wait_for(n, n->out_fd, 0, now + nap, NET_IDLE);
		/* ready for nothing: an error, maybe after it has arrived */
		if (status == NET_OK && !has_arrived(n, position))
			n->failed = NET_FAILED;
		else if (status != NET_OK && status != NET_IDLE)
			n->failed = status;
		else if (now - n->active >= (int64_t)n->stall * 1000)
			n->failed = NET_STALLED;
	}
	return n->failed;
}

void
netio_put(struct netio *n, const char *p, size_t len)
{
	while (len > 0 && n->failed == NET_OK) {
		size_t room = n->out_size - n->out_len;

		if (room > len)
			room = len;
		memcpy(n->out + n->out_len, p, room);
		n->out_len += room;
		p += room;
		len -= room;
		if (len > 0)
			write_out(n, n->out_len - HOLD);
	}
}

char *
netio_room(struct netio *n, size_t min, size_t *room)
{
	if (n->out_size - n->out_len < min && n->failed == NET_OK)
		write_out(n, n->out_len - HOLD);
	*room = n->out_size - n->out_len;
	return n->failed == NET_OK ? n->out + n->out_len : NULL;
}

void
netio_filled(struct netio *n, size_t len)
{
	n->out_len += len;
}

void
netio_puts(struct netio *n, const char *s)
{
	netio_put(n, s, strlen(s));
}

void
netio_put_number(struct netio *n, uint64_t value)
{
	char digits[NUMBER_DIGITS];

	netio_put(n, digits, number_format(digits, value));
}

enum net_status
netio_read(struct netio *n, void *buf, size_t size, size_t *got)
{
	enum net_status status;
	ssize_t count;

	do {
		status = wait_for(n, n->in_fd, POLLIN, n->deadline, NET_IDLE);
		if (status != NET_OK)
			return status;
		count = read(n->in_fd, buf, size);
	} while (count == -1 && (errno == EAGAIN || errno == EINTR));
	if (count <= 0)
		return count == 0 ? NET_EOF : NET_FAILED;
	*got = (size_t)count;
	n->received += (uint64_t)count;
	return NET_OK;
}

/*
 * For half a command.  A client that writes the end of a line separately sends
 * it only when we have acknowledged the first part; without this the system
 * would do so 40 ms later.  It is called by its number because some libcs use
 * socketcall(2), where the sandbox could not see which option is set.
 */
static void
acknowledge_now(const struct netio *n)
{
#if defined(SYS_setsockopt) && defined(TCP_QUICKACK)
	static const int on = 1;

	if (n->is_socket && !n->is_local)
		(void)syscall(SYS_setsockopt, n->in_fd, IPPROTO_TCP,
		    TCP_QUICKACK, &on, (socklen_t)sizeof on);
#else
	(void)n;
#endif
}

/*
 * Makes room and reads once.  There is always room: netio_line() keeps less
 * than the buffer has.
 */
static enum net_status
fill(struct netio *n)
{
	enum net_status status;
	size_t room, got;

	if (netio_flush(n) != NET_OK)
		return n->failed;
	if (n->in_at > 0) {
		memmove(n->in, n->in + n->in_at, n->in_end - n->in_at);
		n->in_end -= n->in_at;
		n->in_at = 0;
	}
	room = n->in_size - n->in_end;
	if (room > NETIO_READ_MAX)
		room = NETIO_READ_MAX;
	status = netio_read(n, n->in + n->in_end, room, &got);
	if (status != NET_OK)
		return status;
	n->in_end += got;
	if (n->in[n->in_end - 1] != '\n')
		acknowledge_now(n);
	return NET_OK;
}

enum net_status
netio_peek(struct netio *n)
{
	enum net_status status;

	if (n->in_at < n->in_end)
		return NET_OK;
	status = wait_for(n, n->in_fd, POLLIN, 0, NET_IDLE);
	return status == NET_OK ? fill(n) : status;
}

enum net_status
netio_line(struct netio *n, size_t limit, char **line, size_t *len)
{
	size_t searched = 0;

	while (n->failed == NET_OK) {
		char *start = n->in + n->in_at;
		size_t have = n->in_end - n->in_at;
		char *lf = memchr(start + searched, '\n', have - searched);
		enum net_status status;

		if (lf != NULL) {
			size_t octets = (size_t)(lf - start) + 1;
			bool too_long = n->swallowing || octets > limit;

			n->in_at += octets;
			n->swallowing = false;
			if (n->watch != NULL && n->watch(NETIO_ACTIVE) < 0)
				return NET_TAKEN;
			if (too_long)
				return NET_TOO_LONG;
			*line = start;
			*len = octets - 1;
			if (*len > 0 && start[*len - 1] == '\r')
				(*len)--;
			if (memchr(start, '\0', *len) != NULL)
				return NET_NUL;
			return NET_OK;
		}
		if (n->swallowing || have >= limit) {
			n->swallowing = true;
			n->in_at = n->in_end;
			have = 0;
		}
		searched = have;
		status = fill(n);
		if (status != NET_OK)
			return status;
	}
	return n->failed;
}

void
netio_wipe(struct netio *n)
{
	explicit_bzero(n->in, n->in_at);
	/* and the copies that moving what was unread left behind */
	explicit_bzero(n->in + n->in_end, n->in_size - n->in_end);
}

void
netio_finish(struct netio *n)
{
	int64_t deadline = clock_now() + (int64_t)DRAIN_SECONDS * 1000;
	size_t drained = 0;
	char waste[512];

	if (netio_flush(n) != NET_OK || !n->is_socket)
		return;
	(void)shutdown(n->out_fd, SHUT_WR);
	while (drained < DRAIN_MAX &&
	    wait_for(n, n->in_fd, POLLIN, deadline, NET_IDLE) == NET_OK) {
		ssize_t got = read(n->in_fd, waste, sizeof waste);

		if (got <= 0)
			break;
		drained += (size_t)got;
	}
}
