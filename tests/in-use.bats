#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
load lib

setup()
{
	lib_setup
	three_messages
}

first_session()
{
	talk a "${SESSION[@]}"
	hear a
	[[ $reply == '+OK 3 '* ]] || fail "$reply"
}

@test "a second session is refused with -ERR [IN-USE]" {
	first_session
	session <<-'EOT'
	=> -ERR [IN-USE]
	STAT	=> (end)
	EOT
	assert_equal "$status" 0
	ask a NOOP '+OK*'
	leave a
}

@test "a second login with the whole chain is refused with -ERR [IN-USE]" {
	talk a "${CHAIN[@]}"
	hear a
	ask a 'USER anna' '+OK*'
	ask a 'PASS secret' '+OK 3*'
	pop3 <<-'EOT'
	USER anna	=> +OK
	PASS secret	=> -ERR [IN-USE]
	EOT
	assert_equal "$status" 0
	leave a
}

@test "IN-USE is told to those who know the password only" {
	first_session
	pop3 <<-'EOT'
	USER anna	=> +OK
	PASS wrong	=> -ERR [AUTH]
	QUIT		=> +OK
	EOT
	leave a
}

@test "the maildrop is free after QUIT" {
	first_session
	ask a QUIT '+OK*'
	gone a
	session <<-'EOT'
	=> +OK 3 84
	EOT
}

@test "the maildrop is free after the client has gone" {
	first_session
	leave a
	session <<-'EOT'
	=> +OK 3 84
	EOT
}

@test "the maildrop is free after the session was killed" {
	first_session
	kill -KILL "${TALK_PID[a]}"
	gone a
	session <<-'EOT'
	=> +OK 3 84
	EOT
}

@test "a session that only looks holds the maildrop too" {
	talk a "${SESSION[@]}"
	hear a
	ask a STAT '+OK*'
	session <<-'EOT'
	=> -ERR [IN-USE]
	EOT
	leave a
}

@test "a read-only Maildir is served, and locked as well" {
	chmod 555 "$MAILDIR"
	first_session
	session <<-'EOT'
	=> -ERR [IN-USE]
	EOT
	ask a 'RETR 1' '+OK*'
	hear_body a
	ask a 'DELE 2' '+OK*'
	ask a QUIT '+OK*'
	gone a
	session <<-'EOT'
	=> +OK 2 56
	EOT
	chmod 755 "$MAILDIR"
	[ ! -e "$MAILDIR/popin.state" ]
}

@test "a Maildir whose state file is useless is locked as well" {
	mkdir "$MAILDIR/popin.state"
	own "$MAILDIR/popin.state"
	first_session
	session <<-'EOT'
	=> -ERR [IN-USE]
	EOT
	leave a
	session <<-'EOT'
	=> +OK 3 84
	EOT
}

@test "two maildrops do not disturb each other" {
	first_session
	MAILDIR=$BATS_TEST_TMPDIR/other
	maildir "$MAILDIR"
	as_session
	session <<-'EOT'
	=> +OK 0 0
	EOT
	leave a
}

@test "of many sessions at once one gets in" {
	local i

	for i in 1 2 3 4 5 6 7 8; do
		talk "s$i" "${SESSION[@]}"
	done
	for i in 1 2 3 4 5 6 7 8; do
		hear "s$i"
		printf '%s\n' "$reply"
	done >"$OUT"
	assert_equal "$(grep -c '^+OK 3 ' "$OUT")" 1
	assert_equal "$(grep -cF -e '-ERR [IN-USE]' "$OUT")" 7
}

@test "the same maildrop by two paths is one" {
	ln -s Maildir "$BATS_TEST_TMPDIR/link"
	first_session
	MAILDIR=$BATS_TEST_TMPDIR/link/../Maildir/
	as_session
	session <<-'EOT'
	=> -ERR [IN-USE]
	EOT
	leave a
}
