/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The PROXY header.  However it arrives, the monitor accepts what is reported
 * of it, and not one octet after it is read.
 */
#include "config.h"

#include "descriptors.h"
#include "lib/clock.h"

/* Included, to reset its state: a process reads many headers here. */
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
	/* the same when it comes at once, and nothing comes after it */
	if (result <= MONMSG_HEADER_IPV6) {
		in.len = read;
		how.len = 0;
		MUST(read_header(in, how, &again) == result);
		MUST(memcmp(&again, &q.proxy, sizeof again) == 0);
	}
	return 0;
}
