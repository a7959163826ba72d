#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
load lib

setup()
{
	lib_setup
	printf 'A: b\nC: d\n\none\n.two\nthree\n' | deliver 1.a
	printf 'A: b\r\n\r\none\r\ntwo' | deliver 2.b
	printf 'A: b\n' | deliver 3.c
}

@test "TOP 1 0 sends the header and the blank line only" {
	session <<-'EOT'
	TOP 1 0	=> +OK
	| A: b
	| C: d
	|
	TOP 2 0	=> +OK
	| A: b
	|
	EOT
}

@test "TOP 1 2 sends two lines of the body" {
	session <<-'EOT'
	TOP 1 2	=> +OK
	| A: b
	| C: d
	|
	| one
	| .two
	TOP 2 1	=> +OK
	| A: b
	|
	| one
	EOT
}

@test "TOP with more lines than there are sends the whole message" {
	session <<-'EOT'
	RETR 1	=> +OK
	TOP 1 3	=> +OK
	TOP 1 4	=> +OK
	TOP 1 99999999	=> +OK
	TOP 1 4294967296	=> +OK
	TOP 1 4294967297	=> +OK
	TOP 1 18446744073709551615	=> +OK
	RETR 2	=> +OK
	TOP 2 2	=> +OK
	TOP 2 99999999	=> +OK
	EOT
	for i in 2 3 4 5 6 7; do
		cmp <(body_of 1) <(body_of $i)
	done
	cmp <(body_of 8) <(body_of 9)
	cmp <(body_of 8) <(body_of 10)
}

@test "TOP of a message of headers only ends with a blank line" {
	session <<-'EOT'
	TOP 3 0	=> +OK
	| A: b
	|
	TOP 3 5	=> +OK
	| A: b
	|
	RETR 3	=> +OK
	| A: b
	|
	EOT
}

@test "blank lines in the body count as lines" {
	printf 'A: b\n\n\n\nx\n' | deliver 4.d
	session <<-'EOT'
	TOP 4 1	=> +OK
	| A: b
	|
	|
	TOP 4 3	=> +OK
	| A: b
	|
	|
	|
	| x
	EOT
}

@test "TOP without a message that exists or without a count gets -ERR" {
	session <<-'EOT'
	TOP 4 0	=> -ERR
	TOP 0 0	=> -ERR
	TOP 1	=> -ERR
	TOP	=> -ERR
	DELE 1	=> +OK
	TOP 1 0	=> -ERR
	EOT
}
