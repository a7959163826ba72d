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

@test "[IN-USE] is told only to a client with the right password" {
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

@test "a session that changes nothing locks the maildrop, too" {
	talk a "${SESSION[@]}"
	hear a
	ask a STAT '+OK*'
	session <<-'EOT'
	=> -ERR [IN-USE]
	EOT
	leave a
}

# strangers_lock PATH: another user, if we are root, locks it in every possible
# way, and keeps it open.
strangers_lock()
{
	local as=()

	[ "$(id -u)" != 0 ] ||
	    as=(setpriv --reuid 12345 --regid 12345 --clear-groups --)
	talk stranger "${as[@]}" perl -e 'use Fcntl qw(:DEFAULT :flock);
	    sysopen F, $ARGV[0], O_RDONLY or die $!;
	    flock F, LOCK_EX | LOCK_NB or die $!;
	    $lock = pack("s s x4 q q l x4", F_RDLCK, 0, 0, 0, 0);
	    fcntl F, F_SETLK, $lock or die $!;
	    $| = 1; print "locked\n"; <STDIN>' "$1"
	hear stranger
	assert_equal "$reply" locked
}

@test "a read-only Maildir is served and locked" {
	chmod 500 "$MAILDIR"
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

@test "a read-only Maildir that others can open is served whatever they lock" {
	chmod 555 "$MAILDIR"
	strangers_lock "$MAILDIR"
	first_session
	assert_log 'no lock, two sessions may be served at once: "/.*Maildir" user="anna": '
	session <<-'EOT'
	=> +OK 3 84
	DELE 2	=> +OK
	QUIT	=> +OK
	EOT
	ask a 'DELE 2' '+OK*'
	ask a QUIT '+OK*'
	gone a
	leave stranger
	chmod 755 "$MAILDIR"
	assert_files new/1.one new/3.three
}

# bats test_tags=root
@test "a state file that others could open is replaced if they locked it" {
	[ "$(id -u)" = 0 ] || skip 'needs root'
	session <<-'EOT'
	=> +OK 3 84
	EOT
	chmod 644 "$MAILDIR/popin.state"
	strangers_lock "$MAILDIR/popin.state"
	first_session
	assert_log 'the state file was locked by another user, replaced: "popin\.state"'
	assert_equal "$(stat -c '%a %u' "$MAILDIR/popin.state")" "600 $TEST_UID"
	session <<-'EOT'
	=> -ERR [IN-USE]
	EOT
	leave stranger
	ask a NOOP '+OK*'
	session <<-'EOT'
	=> -ERR [IN-USE]
	EOT
	leave a
}

# bats test_tags=root
@test "a lock from when others could open the state file does not count" {
	[ "$(id -u)" = 0 ] || skip 'needs root'
	session <<-'EOT'
	=> +OK 3 84
	EOT
	chmod 644 "$MAILDIR/popin.state"
	strangers_lock "$MAILDIR/popin.state"
	chmod 600 "$MAILDIR/popin.state"
	session <<-'EOT'
	=> +OK 3 84
	EOT
	leave stranger
}

@test "a state file that others could open is closed to them, and kept" {
	session <<-'EOT'
	=> +OK 3 84
	EOT
	chmod 666 "$MAILDIR/popin.state"
	ln "$MAILDIR/popin.state" "$MAILDIR/same"
	session <<-'EOT'
	=> +OK 3 84
	EOT
	assert_log_lines 1
	# the two links tell that it was kept: on a union of directories each
	# name of a file has its own inode number
	assert_equal "$(stat -c '%a %h' "$MAILDIR/popin.state")" '600 2'
}

@test "a Maildir whose state file cannot be used is locked, too" {
	mkdir "$MAILDIR/popin.state"
	own "$MAILDIR/popin.state"
	chmod 700 "$MAILDIR"
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

@test "of many sessions that begin at once exactly one gets in" {
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

@test "a maildrop is locked by whatever path it is opened" {
	ln -s Maildir "$BATS_TEST_TMPDIR/link"
	first_session
	MAILDIR=$BATS_TEST_TMPDIR/link/../Maildir/
	as_session
	session <<-'EOT'
	=> -ERR [IN-USE]
	EOT
	leave a
}
