#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
load lib

# What the monitor does when it cannot send to login, or cannot receive from
# login or the checker.  strace(1) makes one system call of the monitor fail.  A
# connection that goes on after that would last until one of the timeouts, which
# are longer than a test may take.

setup()
{
	lib_setup
	three_messages
	need strace strace
	sees_socket_calls
}

# failing send|recv ERROR N: starts popin as talk does, under the name a.  The
# Nth such call of its monitor fails with ERROR.  The kernel of most machines
# has sendto and recvfrom only.
failing()
{
	local call="/^$1(to|from)?\$"

	talk a strace -o /dev/null -e "trace=$call" \
	    -e "inject=$call:error=$2:when=$3" "${CHAIN[@]}" \
	    --login-timeout 600 --checker-timeout 600
}

# assert_over: popin ends without another answer and leaves no process.
assert_over()
{
	gone a
	assert_equal "$(cat "$rest")" ''
	[ -z "$(popins)" ] || fail "left: $(popins)"
	rm -r "$BATS_TEST_TMPDIR/talk.a"
}

popins()
{
	find /proc -maxdepth 2 -name exe -lname "$BIN/popin" 2>/dev/null || :
}

@test "an interrupted send or receive between monitor and login is repeated" {
	failing send EINTR 1
	hear a
	ask a 'USER anna' '+OK*'
	ask a 'PASS secret' '+OK 3 *'
	ask a QUIT '+OK*'
	leave a
	assert_equal "$status" 0
	rm -r "$BATS_TEST_TMPDIR/talk.a"
	failing recv EINTR 1
	hear a
	ask a 'USER anna' '+OK*'
	ask a 'PASS secret' '+OK 3 *'
	ask a QUIT '+OK*'
	leave a
	assert_equal "$status" 0
}

@test "an answer that the monitor cannot send to login ends the connection" {
	local error

	for error in EPIPE ENOBUFS EIO ENOMEM; do
		failing send "$error" 1
		assert_over
		failing send "$error" 2
		hear a
		ask a 'USER anna' '+OK*'
		tell a 'PASS wrong'
		assert_over
	done
}

@test "a request that the monitor cannot read from login ends the connection" {
	local error

	for error in EIO ENOBUFS; do
		failing recv "$error" 1
		assert_over
		failing recv "$error" 2
		hear a
		ask a 'USER anna' '+OK*'
		tell a 'PASS secret'
		assert_over
		assert_files new/1.one cur/2.two:2,S new/3.three
	done
}

# The first two calls of recv are for requests of login's, the third is for the
# byte with which the session reports.
@test "a session that cannot report to the monitor is ended, a retry works" {
	failing recv EIO 3
	hear a
	ask a 'USER anna' '+OK*'
	ask a 'PASS secret' '-ERR \[SYS/TEMP\] *'
	ask a 'USER anna' '+OK*'
	ask a 'PASS secret' '+OK 3 *'
	ask a QUIT '+OK*'
	leave a
	assert_log '^popin: cannot read from the checker: (Input/output|I/O) error'
	rm -r "$BATS_TEST_TMPDIR/talk.a"
	failing recv EINTR 3
	hear a
	ask a 'USER anna' '+OK*'
	ask a 'PASS secret' '+OK 3 *'
	ask a QUIT '+OK*'
	leave a
}
