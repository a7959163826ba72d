#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
load lib

# What the monitor does when a word to or from login, or from the checker, does
# not get through.  The kernel says so to one system call of the monitor's; a
# connection that goes on for no use would take the login timeout, or that of a
# checker, which are longer than a test may take.

setup()
{
	lib_setup
	three_messages
	need strace strace
	sees_socket_calls
}

# failing send|recv ERROR N: talk a with popin whose monitor has that error from
# its Nth such call.  The kernel of most machines has sendto and recvfrom only.
failing()
{
	local call="/^$1(to|from)?\$"

	talk a strace -o /dev/null -e "trace=$call" \
	    -e "inject=$call:error=$2:when=$3" "${CHAIN[@]}" \
	    --login-timeout 600 --checker-timeout 600
}

# assert_over: no more is answered, and nothing is left.
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

@test "an interrupted word between monitor and login is said again" {
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

@test "an answer that login cannot be given ends the connection at once" {
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

@test "so does a request of login that cannot be read" {
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

# recv: two words of login's, and then one of the session's
@test "a session that cannot be heard is ended, and the client may try again" {
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
