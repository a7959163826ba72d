#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
load lib

@test "DELE marks a message, and RSET removes the marks" {
	three_messages
	session <<-'EOT'
	DELE 1	=> +OK
	DELE 3	=> +OK
	STAT	=> =+OK 1 28
	RSET	=> +OK
	STAT	=> =+OK 3 84
	QUIT	=> +OK
	EOT
	assert_files new/1.one cur/2.two:2,S new/3.three
}

@test "DELE of a message that is deleted or does not exist is an error" {
	three_messages
	session <<-'EOT'
	DELE 1	=> +OK
	DELE 1	=> -ERR
	DELE 4	=> -ERR
	DELE 0	=> -ERR
	STAT	=> =+OK 2 53
	EOT
}

@test "all messages may be deleted" {
	three_messages
	session <<-'EOT'
	DELE 3	=> +OK
	DELE 1	=> +OK
	DELE 2	=> +OK
	STAT	=> =+OK 0 0
	LIST	=> +OK 0 0
	UIDL	=> +OK
	QUIT	=> +OK
	EOT
	assert_files
	session <<-'EOT'
	=> +OK 0 0
	EOT
}

@test "NOOP does nothing and says so" {
	three_messages
	session <<-'EOT'
	NOOP	=> +OK
	STAT	=> =+OK 3 84
	NOOP	=> +OK
	EOT
}

@test "no answer is a bare +OK, at which old versions of go-pop3 stop" {
	three_messages
	session <<-'EOT'
	NOOP	=> =+OK done
	LAST	=> =+OK 0
	STAT	=> =+OK 3 84
	RSET	=> =+OK 3 messages (84 octets)
	QUIT	=> =+OK bye
	EOT
}
