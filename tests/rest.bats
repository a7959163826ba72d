#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
#
# A Maildir at rest: nothing was delivered, flagged or removed for a while.
# popin.state then has the list of its messages, and the folders are not read.
load lib
load preload

setup()
{
	lib_setup
	need strace strace
	printf 'Subject: one\n\nfirst\n' | deliver 1.one
	printf 'Subject: two\n\nsecond\n' | deliver 2.two:2,S cur
	printf 'Subject: three\n\nthird\n' | deliver 3.three,W=24
	STATE=$MAILDIR/popin.state
}

# poll: popin's replies to STAT, LIST and UIDL are in OUT; sets listed to how
# often it read a folder.
poll()
{
	local trace=$BATS_TEST_TMPDIR/trace

	printf '%s\r\n' STAT LIST UIDL QUIT >"$IN"
	limited strace -f -qq -e trace=getdents64 -o "$trace" "${SESSION[@]}"
	assert_equal "$status" 0
	listed=$(grep -c getdents64 "$trace" || :)
}

# come_to_rest: polls until no folder is read.  popin does not trust a change
# of the last three seconds, so this takes a little longer.
come_to_rest()
{
	local until=$((SECONDS + LIMIT))

	poll
	while [ "$listed" -gt 0 ]; do
		[ "$SECONDS" -lt "$until" ] || fail 'it is never at rest'
		# leave the processor to other tests
		sleep 0.25
		poll
	done
}

# sees NAME...: a poll has just these messages, in this order.
sees()
{
	poll
	assert_equal "$(tr -d '\r' <"$OUT" | sed -n '/^1 [^0-9]*[0-9]*[.]/,/^[.]/{
	    /^[.]/d
	    s/.* //p
	    }')" "$(printf '%s\n' "$@")"
}

@test "a Maildir at rest is not read, and the answers are the same" {
	poll
	[ "$listed" -gt 0 ]
	cp "$OUT" "$BATS_TEST_TMPDIR/answers"
	come_to_rest
	cmp "$OUT" "$BATS_TEST_TMPDIR/answers"
	session <<-'EOT'
	RETR 1	=> +OK
	RETR 2	=> +OK
	RETR 3	=> +OK
	LIST	=> +OK
	EOT
	messages_match "$MAILDIR/new/1.one" "$MAILDIR/cur/2.two:2,S" \
	    "$MAILDIR/new/3.three,W=24"
}

@test "the first mail in an empty Maildir at rest is seen" {
	rm "$MAILDIR"/new/* "$MAILDIR"/cur/*
	come_to_rest
	message=$'A: b\n\nx\n'
	deliver 1.first <<<"$message"
	sees 1.first
}

@test "mail that arrives is seen by the next login" {
	come_to_rest
	printf 'Subject: four\n\n' | deliver 4.four
	sees 1.one 2.two 3.three,W=24 4.four
	come_to_rest
	printf 'Subject: five\n\n' | deliver 5.five: cur
	sees 1.one 2.two 3.three,W=24 4.four 5.five
}

@test "messages removed, moved or flagged meanwhile are seen as they are" {
	come_to_rest
	rm "$MAILDIR/new/1.one"
	sees 2.two 3.three,W=24
	come_to_rest
	mv "$MAILDIR/new/3.three,W=24" "$MAILDIR/cur/3.three,W=24:2,S"
	mv "$MAILDIR/cur/2.two:2,S" "$MAILDIR/cur/2.two:2,RS"
	session <<-'EOT'
	=> +OK 2
	DELE 1	=> +OK
	DELE 2	=> +OK
	QUIT	=> +OK
	EOT
	assert_equal "$(ls "$MAILDIR/new" "$MAILDIR/cur")" \
	    "$MAILDIR/cur:

$MAILDIR/new:"
}

@test "a message that a session has deleted is not shown in the next one" {
	come_to_rest
	session <<-'EOT'
	DELE 2	=> +OK
	QUIT	=> +OK
	EOT
	sees 1.one 3.three,W=24
	come_to_rest
	sees 1.one 3.three,W=24
}

# A second change in the same tick of the clock leaves no trace.  So no list is
# kept until the last change of the folder is three seconds old.
@test "a Maildir is read right after a change" {
	local until=$((SECONDS + LIMIT))

	come_to_rest
	while :; do
		printf 'A: b\n\n' | deliver 9.late
		poll
		poll
		[ $(($(date +%s) - $(stat -c %Z "$MAILDIR/new"))) -ge 3 ] || break
		# more than three seconds have passed: this try proves nothing
		[ "$SECONDS" -lt "$until" ] || fail 'too slow'
	done
	[ "$listed" -gt 0 ]
}

# clocks REAL BOOT: from now on popin's two clocks are so many seconds wrong.
clocks()
{
	[ -e "$BATS_TEST_TMPDIR/clocks.so" ] || preload clocks <<-'EOT'
	#define _GNU_SOURCE
	#include <stdlib.h>
	#include <sys/syscall.h>
	#include <time.h>
	#include <unistd.h>
	static long off[2];
	__attribute__((constructor)) static void start(void)
	{
		off[0] = atol(getenv("REAL_OFF"));
		off[1] = atol(getenv("BOOT_OFF"));
	}
	int clock_gettime(clockid_t id, struct timespec *t)
	{
		int result = syscall(SYS_clock_gettime, id, t);

		if (id == CLOCK_REALTIME)
			t->tv_sec += off[0];
		if (id == CLOCK_BOOTTIME)
			t->tv_sec += off[1];
		return result;
	}
	EOT
	preloaded clocks "REAL_OFF=$1" "BOOT_OFF=$2"
}

@test "a list is not used for ever, even if nothing changes" {
	clocks 0 0
	come_to_rest
	clocks 840 840
	poll
	assert_equal "$listed" 0
	clocks 960 960
	poll
	[ "$listed" -gt 0 ]
	# the new list is used again
	poll
	assert_equal "$listed" 0
}

@test "a list from the future, or from another boot, is not used" {
	clocks 3600 3600
	come_to_rest
	clocks 0 0
	poll
	[ "$listed" -gt 0 ]
	clocks 0 -50
	come_to_rest
	clocks 0 0
	poll
	[ "$listed" -gt 0 ]
}

@test "a list is not used when the clock was set meanwhile" {
	local step

	for step in -3600 -5 5 3600; do
		clocks 0 0
		come_to_rest
		clocks "$step" 0
		poll
		[ "$listed" -gt 0 ] || fail "$step seconds"
	done
}

@test "a folder that was changed in the future is read" {
	clocks -3600 0
	until [ "$(date +%s)" -gt \
	    "$(($(stat -c %Z "$MAILDIR/new") + 4))" ]; do
		poll
	done
	poll
	poll
	[ "$listed" -gt 0 ]
}

@test "a folder that was replaced is read, even with the same times" {
	come_to_rest
	cp -a "$MAILDIR/new" "$MAILDIR/other"
	printf 'A: b\n\n' >"$MAILDIR/other/4.four"
	own "$MAILDIR/other/4.four"
	touch -r "$MAILDIR/new" "$MAILDIR/other"
	mv "$MAILDIR/new" "$MAILDIR/before"
	mv "$MAILDIR/other" "$MAILDIR/new"
	sees 1.one 2.two 3.three,W=24 4.four
}

@test "a folder whose time was set back after a delivery is read" {
	come_to_rest
	touch -r "$MAILDIR/new" "$BATS_TEST_TMPDIR/time"
	printf 'A: b\n\n' | deliver 4.four
	touch -r "$BATS_TEST_TMPDIR/time" "$MAILDIR/new"
	sees 1.one 2.two 3.three,W=24 4.four
}

@test "a damaged list is made anew" {
	come_to_rest
	cp "$OUT" "$BATS_TEST_TMPDIR/answers"
	printf 'x' | dd of="$STATE" bs=1 seek=60 conv=notrunc status=none
	poll
	[ "$listed" -gt 0 ]
	cmp "$OUT" "$BATS_TEST_TMPDIR/answers"
	come_to_rest
	cmp "$OUT" "$BATS_TEST_TMPDIR/answers"
}

@test "the size of mail is seen as soon as the user may read it" {
	printf 'A: b\n\n' | deliver 4.closed
	chmod 0 "$MAILDIR/new/4.closed"
	# by then the folders would be at rest but for that message
	until [ "$(date +%s)" -gt \
	    "$(($(stat -c %Z "$MAILDIR/new") + 4))" ]; do
		poll
	done
	poll
	[ "$listed" -gt 0 ]
	grep -q '^4 6' "$OUT"
	chmod 600 "$MAILDIR/new/4.closed"
	poll
	grep -q '^4 8' "$OUT" || fail "$(cat "$OUT")"
	come_to_rest
	grep -q '^4 8' "$OUT"
}

@test "no message is missing while mail arrives between logins" {
	local n names=()

	come_to_rest
	for n in {10..40}; do
		printf 'A: b\n\n' | deliver "$n.more"
		names+=("$n.more")
		sees 1.one 2.two 3.three,W=24 "${names[@]}"
	done
}
