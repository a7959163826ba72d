#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
load lib

@test "the greeting is one line without an APOP timestamp" {
	pop3 <<-'EOT'
	=> =+OK popin ready
	EOT
	assert_equal "$(cat "$OUT")" $'+OK popin ready\r'
}

@test "a client that leaves at once causes no error" {
	raw_pop3 </dev/null
	assert_equal "$status" 0
	assert_equal "$(cat "$OUT")" $'+OK popin ready\r'
	refute_log 'login|session'
}

@test "the greeting comes before the client has said anything" {
	talk a "${CHAIN[@]}"
	hear a
	assert_equal "$reply" '+OK popin ready'
	leave a
	assert_equal "$status" 0
}

@test "QUIT before the login is answered and ends the connection" {
	three_messages
	pop3 <<-'EOT'
	QUIT	=> +OK
	NOOP	=> (end)
	EOT
	assert_equal "$status" 0
	assert_files new/1.one cur/2.two:2,S new/3.three
}
