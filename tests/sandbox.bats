#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
#
# The cages from inside: popin-escape is popin with one more command, TRY, which
# does what a process that was taken over would do next (see escape.c).
POPIN=$(dirname "${POPIN:-$BATS_TEST_DIRNAME/../popin}")/popin-escape
load lib

setup()
{
	[ -x "$POPIN" ] || fail "no $POPIN: make popin-escape"
	[[ $("$POPIN" --version) != *'sandbox: none' ]] ||
	    skip 'configured without a sandbox'
	lib_setup
	three_messages
	SIGSYS=$(kill -l SYS)
}

# has_landlock: the kernel has it, and it is switched on.
has_landlock()
{
	perl -e 'exit(syscall(444, 0, 0, 1) < 1)'
}

# in_login NAME, in_session NAME: starts talk NAME, before or after the login.
in_login()
{
	talk "$1" "${CHAIN[@]}"
	hear "$1"
}

in_session()
{
	in_login "$1"
	ask "$1" 'USER anna' '+OK*'
	ask "$1" 'PASS secret' '+OK 3 *'
}

# assert_killed NAME STATUS LOG: the call that was just sent has killed the
# process, without an answer.
assert_killed()
{
	gone "$1"
	assert_equal "$1: $status $(cat "$rest")" "$1: $2 "
	assert_log "^popin: $3 ip=- signal=$SIGSYS( user=\"anna\")?\$"
}

login_dies()
{
	local call

	for call; do
		in_login "$call"
		tell "$call" "TRY $call"
		assert_killed "$call" 0 'the login process ended abnormally:'
		assert_log_lines 1
	done
}

session_dies()
{
	local call name

	for call; do
		name=${call//[ \/]/.}
		in_session "$name"
		ask "$name" 'DELE 1' '+OK*'
		tell "$name" "TRY $call"
		assert_killed "$name" 71 'the session was ended by a signal:'
		assert_log_lines 2
		assert_files new/1.one cur/2.two:2,S new/3.three
	done
}

@test "login that tries to make a socket is killed, and the log says so" {
	login_dies socket
}

@test "login that tries to execute or start a program is killed" {
	login_dies execve fork
}

@test "login that tries to get at other processes is killed" {
	login_dies kill ptrace keyring
}

@test "login that tries to get memory for code is killed" {
	login_dies mmap mprotect
}

@test "login that tries to open, make or remove a file is killed" {
	for call in "open /etc/passwd" 'open .' 'create x' 'remove x'; do
		in_login "${call%% *}.${call##*/}"
		tell "${call%% *}.${call##*/}" "TRY $call"
		assert_killed "${call%% *}.${call##*/}" 0 'the login process ended abnormally:'
	done
}

@test "a session that tries to make a socket is killed, and the log says so" {
	session_dies socket
}

@test "a session that tries to execute or start a program is killed" {
	session_dies execve fork
}

@test "a session that tries to get at other processes is killed" {
	session_dies kill ptrace keyring
}

@test "a session that tries to get memory for code is killed" {
	session_dies mmap mprotect
}

@test "a session that tries to empty the log or signal others is killed" {
	session_dies truncate owner nodelay priority
}

@test "a session that opens a file other than for reading is killed" {
	session_dies "empty $MAILDIR/new/1.one" "write $MAILDIR/new/1.one" \
	    "create $MAILDIR/new/9.made" "create $MAILDIR/made"
	assert_equal "$(cat "$MAILDIR/new/1.one")" "$(printf 'Subject: one\n\nfirst message')"
	[ ! -e "$MAILDIR/made" ]
	as_chain --trash
	maildir "$MAILDIR/.Trash"
	session_dies "create $MAILDIR/.Trash/cur/9.made"
	[ ! -e "$MAILDIR/.Trash/cur/9.made" ]
}

@test "calls of the x32 table are killed" {
	need readelf binutils
	readelf -h "$POPIN" | grep -q X86-64 || skip 'there is no such table'
	login_dies x32
	rm -r "$BATS_TEST_TMPDIR/talk.x32"
	session_dies x32
}

@test "login that closes its channel and stays is ended" {
	in_login a
	tell a 'TRY mute'
	gone a
	assert_equal "$status" 0
	assert_log '^popin: the login process ended abnormally: ip=- signal=9$'
}

# File permissions allow more: the other Maildir belongs to the same uid, as
# those of virtual users do.
@test "a session can open its own mail, and neither /etc/passwd nor other mail" {
	local other=$BATS_TEST_TMPDIR/other/Maildir path

	has_landlock || skip 'this kernel has no Landlock'
	maildir "$other"
	cp "$MAILDIR/new/1.one" "$other/new/1.other"
	own "$other/new/1.other"
	"${AS[@]}" cat "$other/new/1.other" /etc/passwd >/dev/null
	in_session a
	ask a "TRY open $MAILDIR/new/1.one" '+OK it worked'
	for path in /etc/passwd / . "$other" "$other/new" \
	    "$other/new/1.other" "$MAILDIR/new/../../other/Maildir/new" \
	    "$MAILDIR/popin.state" "$MAILDIR" /proc/self/mem; do
		ask a "TRY open $path" '-ERR EACCES'
	done
	ask a 'RETR 1' '+OK*'
	hear_body a
	ask a QUIT '+OK*'
	gone a
	assert_equal "$status" 0
}

@test "a session can remove its own mail and no other file" {
	local other=$BATS_TEST_TMPDIR/other/Maildir path

	has_landlock || skip 'this kernel has no Landlock'
	maildir "$other"
	cp "$MAILDIR/new/1.one" "$other/new/1.other"
	own "$other/new/1.other"
	in_session a
	ask a "TRY remove $MAILDIR/new/1.one" '+OK it worked'
	for path in "$other/new/1.other" "$MAILDIR/popin.state"; do
		ask a "TRY remove $path" '-ERR EACCES'
		[ -e "$path" ]
	done
	leave a
}

@test "a session cannot leave its Maildir by a symbolic link" {
	has_landlock || skip 'this kernel has no Landlock'
	ln -s /etc/passwd "$MAILDIR/new/4.link"
	ln -s / "$MAILDIR/cur/top"
	in_session a
	ask a "TRY open $MAILDIR/new/4.link" '-ERR EACCES'
	ask a "TRY open $MAILDIR/cur/top/etc/passwd" '-ERR EACCES'
	leave a
}

@test "a session with --trash reaches the trash, too, and nothing else" {
	local path

	has_landlock || skip 'this kernel has no Landlock'
	as_chain --trash
	in_session a
	ask a "TRY open $MAILDIR/.Trash/cur" '+OK it worked'
	for path in /etc/passwd "$MAILDIR" "$MAILDIR/popin.state" \
	    "$MAILDIR/.Trash/new" "$MAILDIR/.Trash/maildirfolder"; do
		ask a "TRY open $path" '-ERR EACCES'
	done
	leave a
}

# over_mbox [OPTION...]: SPOOL has the mboxes of two users with one uid.  The
# home is elsewhere.
over_mbox()
{
	local name

	SPOOL=$BATS_TEST_TMPDIR/spool
	mkdir -p "$SPOOL" "$BATS_TEST_TMPDIR/home"
	own "$SPOOL" "$BATS_TEST_TMPDIR/home"
	for name in anna bert; do
		printf '%s\n' 'From x@y Sat Jan  3 01:05:34 1996' 'A: b' '' "$name" \
		    >"$SPOOL/$name"
		own "$SPOOL/$name"
	done
	as_chain -m "mbox:$SPOOL/%u" "$@"
	passwd_file "anna:{PLAIN}secret::::$BATS_TEST_TMPDIR/home::"
}

@test "a session over an mbox that tries forbidden calls is killed" {
	local call

	over_mbox
	for call in socket execve fork ptrace mmap mprotect truncate owner; do
		in_login "$call"
		log_in_to_one "$call"
		ask "$call" 'DELE 1' '+OK*'
		tell "$call" "TRY $call"
		assert_killed "$call" 71 'the session was ended by a signal:'
		assert_equal "$(sed -n 4p "$SPOOL/anna")" anna
	done
}

log_in_to_one()
{
	ask "$1" 'USER anna' '+OK*'
	ask "$1" 'PASS secret' '+OK 1 *'
}

@test "a session over an mbox reaches no path if it makes no dotlocks" {
	local path

	has_landlock || skip 'this kernel has no Landlock'
	over_mbox --mbox-locks fcntl
	in_login a
	log_in_to_one a
	for path in /etc/passwd / . "$SPOOL" "$SPOOL/anna" "$SPOOL/bert" \
	    "$BATS_TEST_TMPDIR/home" "$MAILDIR" /proc/self/mem; do
		ask a "TRY open $path" '-ERR EACCES'
	done
	ask a "TRY remove $SPOOL/bert" '-ERR EACCES'
	ask a "TRY create $SPOOL/made" '-ERR EACCES'
	ask a 'DELE 1' '+OK*'
	ask a QUIT '+OK*'
	gone a
	assert_equal "$(cat "$SPOOL/anna")" ''
}

# Dotlocks are made where the mbox is.  So only file permissions protect other
# files there.
@test "a session over an mbox with dotlocks reaches only the mbox's directory" {
	local path

	has_landlock || skip 'this kernel has no Landlock'
	over_mbox
	in_login a
	log_in_to_one a
	ask a "TRY create $SPOOL/made" '+OK it worked'
	for path in /etc/passwd / "$BATS_TEST_TMPDIR/home" "$MAILDIR" \
	    "$SPOOL/../home" /proc/self/mem; do
		ask a "TRY open $path" '-ERR EACCES'
	done
	ask a "TRY create $BATS_TEST_TMPDIR/home/made" '-ERR EACCES'
	ask a "TRY remove $PASSWD" '-ERR EACCES'
	leave a
}

# A journal that does not fit is renamed, in the home.
@test "a session with an interrupted UPDATE may rename in the home only" {
	local path home=$BATS_TEST_TMPDIR/home

	has_landlock || skip 'this kernel has no Landlock'
	over_mbox
	in_login a
	log_in_to_one a
	leave a
	rm -r "$BATS_TEST_TMPDIR/talk.a"
	echo garbage >"$(echo "$home"/.popin.mbox.*.journal)"
	echo secret >"$home/secret"
	own "$home/secret"
	in_login a
	log_in_to_one a
	[ "$(cat "$home"/.popin.mbox.*.journal.1)" = garbage ]
	for path in /etc/passwd "$home" "$home/secret" "$MAILDIR"; do
		ask a "TRY open $path" '-ERR EACCES'
	done
	ask a "TRY remove $PASSWD" '-ERR EACCES'
	leave a
}

@test "a caged process logs its process number to syslog" {
	SESSION+=(--log-as syslog)
	session <<-'EOT'
	QUIT	=> +OK
	EOT
	grep -Eq '^<22>popin\[[1-9][0-9]{0,6}\]: session: ' "$LOG" ||
	    fail "$(cat "$LOG")"
}

# bats test_tags=root
@test "login and session are caged when popin is started as root" {
	[ "$(id -u)" = 0 ] || skip 'needs root'
	mkdir "$BATS_TEST_TMPDIR/jail"
	chmod 755 "$BATS_TEST_TMPDIR/jail"
	PASSWD=$BATS_TEST_TMPDIR/accounts
	echo "anna:{PLAIN}secret:$TEST_UID:$TEST_UID::/::" >"$PASSWD"
	chmod 600 "$PASSWD"
	CHAIN=("$BIN/popin" --user 54320:54320 --jail "$BATS_TEST_TMPDIR/jail"
	    -P "$PASSWD" -m "maildir:$MAILDIR" --delay 0)
	login_dies socket execve mmap nodelay priority
	in_session a
	if has_landlock; then
		ask a 'TRY open /etc/passwd' '-ERR EACCES'
	fi
	tell a 'TRY execve'
	assert_killed a 71 'the session was ended by a signal:'
}
