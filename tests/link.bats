#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
load lib
load serve

# What happens to a session, and to the next login of its user, when the client
# is lost: a link between two network namespaces is cut, the client is stopped,
# the client is killed.  192.0.2.1 is the server's end.  All of this needs root.

PORT=1100

setup()
{
	[ "$(id -u)" = 0 ] || skip 'needs root, for network namespaces'
	need ip iproute2
	need tcpserver ucspi-tcp
	need socat socat
	PATH=$PATH:/usr/sbin:/sbin
	lib_setup
	three_messages
	HERE=popin-$$-$BATS_TEST_NUMBER-s THERE=popin-$$-$BATS_TEST_NUMBER-c
	ip netns add "$HERE"
	ip netns add "$THERE"
	ip -n "$HERE" link add wire type veth peer name wire netns "$THERE"
	ip -n "$HERE" address add 192.0.2.1/24 dev wire
	ip -n "$THERE" address add 192.0.2.2/24 dev wire
	ip -n "$HERE" link set lo up
	ip -n "$HERE" link set wire up
	ip -n "$THERE" link set wire up
}

teardown()
{
	stop
	lib_teardown
	[ -z "${HERE:-}" ] || ip netns del "$HERE"
	[ -z "${THERE:-}" ] || ip netns del "$THERE"
}

# The server's /proc/net is that of its namespace.
listening()
{
	ip netns exec "$HERE" grep -q \
	    ":$(printf %04X "$1") 00000000:0000 0A" /proc/net/tcp
}

# serve [OPTION...]: serves sessions of anna's on PORT, in the server's
# namespace.
serve()
{
	start ip netns exec "$HERE" tcpserver -RHl0 0 "$PORT" \
	    "${SESSION[@]}" --testing "$@"
}

# away NAME, near NAME: connects a client beyond the link, or one on the server.
away()
{
	talk "$1" ip netns exec "$THERE" socat - "TCP:192.0.2.1:$PORT"
	hear "$1"
}

near()
{
	talk "$1" ip netns exec "$HERE" socat - "TCP:127.0.0.1:$PORT"
	hear "$1"
}

cut_link()
{
	ip -n "$THERE" link set wire down
}

# in_the_middle NAME: marks a message, and begins to fetch another.
in_the_middle()
{
	ask "$1" 'DELE 2' '+OK*'
	ask "$1" 'RETR 1' '+OK*'
	hear "$1"
}

huge_message()
{
	perl -e 'print "A: b\n\n", ("x" x 99 . "\n") x 500000' | deliver 0.huge
}

# gets_in SECONDS: the user logs in again within that time, by trying again and
# again.
gets_in()
{
	local until=$((SECONDS + $1))

	until near b && [[ $reply == '+OK '* ]]; do
		[[ $reply == '-ERR [IN-USE]'* ]] || fail "$reply"
		[ "$SECONDS" -lt "$until" ] || fail 'still locked out'
		gone b
		rm -r "$BATS_TEST_TMPDIR/talk.b"
	done
	LOG=$BATS_TEST_TMPDIR/server.log
}

untouched()
{
	ask b QUIT '+OK*'
	gone b
	run files_in
	assert_line new/1.one
	assert_line cur/2.two:2,S
	assert_line new/3.three
}

# bats test_tags=root
@test "a user whose link was cut while silent logs in again soon" {
	serve --takeover 1
	away a
	ask a 'DELE 2' '+OK*'
	cut_link
	gets_in 60
	assert_log ' dele=0 .* end=taken-over$'
	untouched
}

# bats test_tags=root
@test "a user whose link was cut in a message logs in again soon" {
	huge_message
	serve --takeover 1
	away a
	in_the_middle a
	cut_link
	gets_in 60
	assert_log ' dele=0 .* end=taken-over$'
	untouched
}

# bats test_tags=root
@test "a user whose client was stopped while silent logs in again soon" {
	serve --takeover 1
	away a
	ask a 'DELE 2' '+OK*'
	kill -STOP "${TALK_PID[a]}"
	gets_in 60
	assert_log ' dele=0 .* end=taken-over$'
	untouched
}

# bats test_tags=root
@test "a user whose client was stopped in a message logs in again soon" {
	huge_message
	serve --takeover 1
	away a
	in_the_middle a
	kill -STOP "${TALK_PID[a]}"
	gets_in 60
	assert_log ' dele=0 .* end=taken-over$'
	untouched
}

# bats test_tags=root
@test "a user whose client was killed while silent logs in again at once" {
	serve --takeover 600
	away a
	ask a 'DELE 2' '+OK*'
	kill -KILL "${TALK_PID[a]}"
	gets_in 60
	assert_log ' dele=0 .* end=(eof|io)$'
	untouched
}

# bats test_tags=root
@test "a user whose client was killed in a message logs in again at once" {
	huge_message
	serve --takeover 600
	away a
	in_the_middle a
	kill -KILL "${TALK_PID[a]}"
	gets_in 60
	assert_log ' dele=0 .* end=io$'
	untouched
}

# There is no other login.  The kernel gives the connections up, after the two
# minutes that popin has set.  One is silent and one in a message, over a
# Maildir each.
# bats test_tags=root
@test "a session whose link was cut ends within two minutes by itself" {
	huge_message
	MAILDIR=$BATS_TEST_TMPDIR/%n
	mv "$BATS_TEST_TMPDIR/Maildir" "$BATS_TEST_TMPDIR/anna"
	cp -a "$BATS_TEST_TMPDIR/anna" "$BATS_TEST_TMPDIR/bert"
	passwd_file 'anna:{PLAIN}secret' 'bert:{PLAIN}secret'
	as_chain
	start ip netns exec "$HERE" tcpserver -RHl0 0 "$PORT" "${CHAIN[@]}"
	away a
	ask a 'USER anna' '+OK*'
	ask a 'PASS secret' '+OK*'
	ask a 'DELE 2' '+OK*'
	away b
	ask b 'USER bert' '+OK*'
	ask b 'PASS secret' '+OK*'
	in_the_middle b
	cut_link
	LOG=$BATS_TEST_TMPDIR/server.log
	wait_until 150 both_ended || fail "$(cat "$LOG")"
	assert_log 'user="anna" .* dele=0 .* end=io$'
	assert_log 'user="bert" .* dele=0 .* end=(io|stalled)$'
	sed -n 's/^popin: session: .*\(user.*\) retr.*\(secs.*\)/# \1 \2/p' \
	    "$LOG" >&3
}

both_ended()
{
	[ "$(grep -c '^popin: session:' "$LOG")" = 2 ]
}
