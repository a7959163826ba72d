#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
load lib

# LAST of RFC 1460: the highest number that RETR or DELE was used on.

@test "LAST is 0 at first" {
	three_messages
	session <<-'EOT'
	LAST	=> +OK 0
	EOT
}

@test "LAST follows RETR and DELE, and never goes down" {
	three_messages
	session <<-'EOT'
	RETR 2	=> +OK
	LAST	=> +OK 2
	RETR 1	=> +OK
	LAST	=> +OK 2
	DELE 3	=> +OK
	LAST	=> +OK 3
	EOT
}

@test "LAST ignores LIST, UIDL, TOP and what failed" {
	three_messages
	session <<-'EOT'
	LIST 3	=> +OK
	UIDL 3	=> +OK
	TOP 3 0	=> +OK
	RETR 9	=> -ERR
	LAST	=> +OK 0
	EOT
}

@test "RSET sets LAST back to 0" {
	three_messages
	session <<-'EOT'
	RETR 3	=> +OK
	RSET	=> +OK
	LAST	=> +OK 0
	EOT
}
