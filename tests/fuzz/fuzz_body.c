/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The body transform.  What it sends, without the stuffing, has as many
 * octets as it counts; every line ends with CRLF, and none with a lone dot;
 * turned back it is the message.  TOP sends a beginning of it.  How a message
 * is cut into pieces makes no difference.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "descriptors.h"
#include "pop3/body.h"
#include "pop3/netio.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len);

/* Little more than body.c needs at once, so that the buffer is often full. */
enum { OUT_SIZE = 4096 + 64, WIRE_MAX = 1 << 20 };

/* Removes the byte-stuffing of what came; returns the octets. */
static size_t
unstuff(const char *wire, size_t len, char *to)
{
	bool start = true;
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (start && wire[i] == '.') {
			start = false;
			MUST(i + 1 < len);
			continue;
		}
		to[n++] = wire[i];
		start = wire[i] == '\n';
		MUST(wire[i] != '\n' || (i > 0 && wire[i - 1] == '\r'));
	}
	MUST(len == 0 || start);
	return n;
}

/* Does what RFC 1939 says with P, once more and in a simpler way. */
static size_t
expected(const uint8_t *p, size_t len, uint64_t lines, char *to)
{
	bool header = true;
	size_t n = 0;

	for (size_t at = 0; at < len;) {
		const uint8_t *lf = memchr(p + at, '\n', len - at);
		size_t end = lf != NULL ? (size_t)(lf - p) : len;
		size_t line = end - at;

		if (!header && lines == 0)
			return n;
		if (lf != NULL && line > 0 && p[end - 1] == '\r')
			line--;
		memcpy(to + n, p + at, line);
		n += line;
		memcpy(to + n, "\r\n", 2);
		n += 2;
		if (!header && lines != BODY_ALL)
			lines--;
		if (lf != NULL && line == 0)
			header = false;
		at = lf != NULL ? end + 1 : len;
	}
	if (header && n > 0) {
		memcpy(to + n, "\r\n", 2);
		n += 2;
	}
	return n;
}

/* Feeds P in pieces of at most PIECE bytes.  The copy has no byte after the
 * end, so that a sanitizer sees each one that is read there. */
static void
feed(struct body *b, const uint8_t *p, size_t len, size_t piece)
{
	char *copy = malloc(len);

	MUST(copy != NULL || len == 0);
	if (len > 0)
		memcpy(copy, p, len);
	for (size_t at = 0; at < len;) {
		size_t n = piece > 0 && len - at > piece ? piece : len - at;

		body_feed(b, copy + at, n);
		at += n;
	}
	body_end(b);
	free(copy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	static char plain[WIRE_MAX], should[WIRE_MAX];
	struct input in = { p, len }, how;
	char out[OUT_SIZE];
	struct netio net;
	struct body b, count;
	uint64_t lines;
	size_t piece, n;

	descriptors_reset();
	how = take_bytes(&in, 2);
	piece = take_byte(&in);
	lines = take_byte(&in);
	if (lines >= 128)
		lines = BODY_ALL;
	if (in.len > WIRE_MAX / 4)
		return 0;
	memset(&net, 0, sizeof net);
	net.out = out;
	net.out_size = sizeof out;
	net.stall = 1;
	client_start(&net, (struct input){ p, 0 }, &how);
	client.breaks = 0;

	body_start(&b, &net, lines);
	feed(&b, in.p, in.len, piece);
	MUST(netio_flush(&net) == NET_OK);
	n = unstuff(client.out, client.out_len, plain);
	MUST(n == b.octets && client.out_len == net.sent);
	MUST(n == expected(in.p, in.len, lines, should) &&
	    memcmp(plain, should, n) == 0);

	body_start(&count, NULL, lines);
	feed(&count, in.p, in.len, 0);
	MUST(count.octets == b.octets && count.enough == b.enough);
	return 0;
}
