#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
load lib

@test "an empty maildrop has no messages and no octets" {
	session <<-'EOT'
	=> =+OK 0 messages (0 octets)
	STAT	=> =+OK 0 0
	LIST	=> =+OK 0 messages (0 octets)
	LIST 1	=> -ERR
	RETR 1	=> -ERR
	TOP 1 0	=> -ERR
	DELE 1	=> -ERR
	UIDL	=> +OK
	UIDL 1	=> -ERR
	LAST	=> +OK 0
	QUIT	=> +OK
	EOT
	assert_equal "$status" 0
}

@test "STAT says how many messages and how many octets" {
	three_messages
	session <<-'EOT'
	STAT	=> =+OK 3 84
	EOT
}

@test "LIST says the size of every message" {
	three_messages
	session <<-'EOT'
	LIST	=> =+OK 3 messages (84 octets)
	| 1 31
	| 2 28
	| 3 25
	EOT
}

@test "LIST with a number says the size of that message" {
	three_messages
	session <<-'EOT'
	LIST 1	=> =+OK 1 31
	LIST 2	=> =+OK 2 28
	LIST 3	=> =+OK 3 25
	LIST 4	=> -ERR
	EOT
}

@test "LIST and STAT leave deleted messages out, numbers stay" {
	three_messages
	session <<-'EOT'
	DELE 2	=> +OK
	STAT	=> =+OK 2 56
	LIST	=> +OK 2 56
	| 1 31
	| 3 25
	LIST 2	=> -ERR
	LIST 3	=> =+OK 3 25
	RSET	=> +OK
	LIST	=> +OK 3 84
	| 1 31
	| 2 28
	| 3 25
	EOT
}

@test "sizes count CRLF for each line end, and no byte-stuffing" {
	printf 'A: b\n\nx\ny\n' | deliver 1.lf
	printf 'A: b\r\n\r\nx\r\ny\r\n' | deliver 2.crlf
	printf 'A: b\n\nx\ny' | deliver 3.open
	printf 'A: b\n\n.\n..\n' | deliver 4.dots
	session <<-'EOT'
	LIST	=> +OK 4 57
	| 1 14
	| 2 14
	| 3 14
	| 4 15
	EOT
}
