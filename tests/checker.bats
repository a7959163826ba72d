#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
load lib

# The program that judges passwords: anything that speaks checkpassword.

# checker: makes CHECKER from the shell script on stdin.
checker()
{
	CHECKER=$BATS_TEST_TMPDIR/checker
	cat >"$CHECKER"
	chmod 755 "$CHECKER"
	SEEN=$BATS_TEST_TMPDIR/seen
	mkdir -p "$SEEN"
	own "$SEEN"
	export SEEN
	CHAIN=("${AS[@]}" "$BIN/popin" -m "maildir:$MAILDIR" --delay 0
	    --checker-timeout 5 --checker "$CHECKER" "$@")
}

@test "a checker gets name, password and a third field, each with a NUL" {
	checker <<-'EOT'
	#!/bin/sh
	cat <&3 >"$SEEN/got"
	exit 1
	EOT
	pop3 <<-'EOT'
	USER anna			=> +OK
	PASS  a  b\x09\xff"\x5c 	=> -ERR [AUTH]
	QUIT				=> +OK
	EOT
	tr '\0' '\n' <"$SEEN/got" >"$SEEN/lines"
	assert_equal "$(sed -n 1p "$SEEN/lines")" anna
	assert_equal "$(sed -n 2p "$SEEN/lines")" $' a  b\t\xff"\\ '
	assert_equal "$(wc -l <"$SEEN/lines")" 3
	[ "$(wc -c <"$SEEN/got")" -le 512 ]
}

@test "a checker gets the longest name and password" {
	checker <<-'EOT'
	#!/bin/sh
	cat <&3 >"$SEEN/got"
	exit 1
	EOT
	pop3 <<-'EOT'
	USER \{n*200}	=> +OK
	PASS \{p*248}	=> -ERR [AUTH]
	EOT
	tr '\0' '\n' <"$SEEN/got" >"$SEEN/lines"
	assert_equal "$(sed -n 1p "$SEEN/lines" | tr -d '\n' | wc -c)" 200
	assert_equal "$(sed -n 2p "$SEEN/lines" | tr -d '\n' | wc -c)" 248
}

@test "a checker that accepts the password becomes the session" {
	three_messages
	checker argument "with blanks" <<-'EOT'
	#!/bin/sh
	cat <&3 >/dev/null
	exec 3<&-
	printf '%s\n' "$1" "$2" >"$SEEN/arguments"
	shift 2
	USER=anna HOME=/ export USER HOME
	exec "$@"
	EOT
	pop3 <<-'EOT'
	USER whoever	=> +OK
	PASS whatever	=> +OK 3 84
	DELE 1		=> +OK
	QUIT		=> +OK
	EOT
	assert_equal "$status" 0
	assert_files cur/2.two:2,S new/3.three
	assert_equal "$(cat "$SEEN/arguments")" $'argument\nwith blanks'
	assert_log '^popin: session: ip=- user="anna" '
}

@test "exit status 111 of a checker is a temporary error" {
	checker <<-'EOT'
	#!/bin/sh
	exit 111
	EOT
	pop3 <<-'EOT'
	USER anna	=> +OK
	PASS secret	=> -ERR [SYS/TEMP]
	EOT
}

@test "a checker that is killed is a temporary error" {
	checker <<-'EOT'
	#!/bin/sh
	kill -KILL $$
	EOT
	pop3 <<-'EOT'
	USER anna	=> +OK
	PASS secret	=> -ERR [SYS/TEMP]
	EOT
}

@test "exit status 0 of a checker without a session is a temporary error" {
	checker <<-'EOT'
	#!/bin/sh
	exit 0
	EOT
	pop3 <<-'EOT'
	USER anna	=> +OK
	PASS secret	=> -ERR [SYS/TEMP]
	EOT
}

@test "a checker that does not exist is a temporary error, and logged" {
	checker </dev/null
	rm "$CHECKER"
	pop3 <<-'EOT'
	USER anna	=> +OK
	PASS secret	=> -ERR [SYS/TEMP]
	EOT
	assert_log '^popin: cannot start the checker ".*": No such file'
}

@test "a checker that hangs is ended, which is a temporary error" {
	checker <<-'EOT'
	#!/bin/sh
	echo $$ >"$SEEN/pid"
	exec sleep 600
	EOT
	CHAIN=("${AS[@]}" "$BIN/popin" -m "maildir:$MAILDIR" --delay 0
	    --checker-timeout 1 --checker "$CHECKER")
	pop3 <<-'EOT'
	USER anna	=> +OK
	PASS secret	=> -ERR [SYS/TEMP]
	EOT
	! kill -0 "$(cat "$SEEN/pid")" 2>/dev/null || fail 'still there'
}
