/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The PROXY header.  However it arrives, what is told of it is something that
 * the monitor takes, and not one octet behind it is read.
 */
#include "config.h"

#include "descriptors.h"
#include "lib/clock.h"

/* As it is; one process reads one header, here it is many. */
#include "login/proxy.c"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len);

static enum monmsg_header
read_header(struct input in, struct input how, struct monmsg_proxy *proxy)
{
	struct netio net;

	descriptors_reset();
	memset(&net, 0, sizeof net);
	client_start(&net, in, &how);
	net.deadline = clock_now() + 60 * 1000;
	header.len = 0;
	MUST(proxy_read(&net, proxy));
	MUST(net.received == header.len);
	MUST(in.len - client.in.len == header.len);
	MUST(header.len <= V1_MAX || header.octet[0] == v2_begin[0]);
	return proxy->header;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	struct input in = { p, len }, how = take_bytes(&in, 2);
	struct monmsg_request q = { .op = MONMSG_HELLO };
	struct monmsg_proxy again;
	enum monmsg_header result = read_header(in, how, &q.proxy);
	size_t read = header.len;

	MUST(result != MONMSG_HEADER_NONE && monmsg_valid(&q));
	/* all at once, and no more than what was read is there */
	if (result <= MONMSG_HEADER_IPV6) {
		in.len = read;
		how.len = 0;
		MUST(read_header(in, how, &again) == result);
		MUST(memcmp(&again, &q.proxy, sizeof again) == 0);
	}
	return 0;
}
