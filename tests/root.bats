#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
load lib

# bats file_tags=root
# Started as root, as super-servers do.

setup()
{
	[ "$(id -u)" = 0 ] || skip 'needs root'
	lib_setup
	three_messages
	JAIL=$BATS_TEST_TMPDIR/jail
	mkdir "$JAIL"
	chmod 755 "$JAIL"
	PASSWD=$BATS_TEST_TMPDIR/accounts
	printf 'anna:{PLAIN}secret:%s:%s::%s::\n' "$TEST_UID" "$TEST_UID" \
	    "$BATS_TEST_TMPDIR" >"$PASSWD"
	printf 'zero:{PLAIN}secret:0:0::%s::\n' "$BATS_TEST_TMPDIR" >>"$PASSWD"
	chmod 600 "$PASSWD"
	ROOT=("$BIN/popin" --user 54322:54322 --jail "$JAIL" -P "$PASSWD"
	    -m "maildir:$MAILDIR" --delay 0)
}

# family PID: that process and all its descendants.
family()
{
	local child

	echo "$1"
	for child in $(pgrep -P "$1"); do
		family "$child"
	done
}

# uids: the uids of all processes of talk a.
uids()
{
	local pid

	for pid in $(family "${TALK_PID[a]}"); do
		sed -n 's/^Uid:[^0-9]*\([0-9]*\)\t.*/\1/p' "/proc/$pid/status"
	done | sort -un | tr '\n' ' '
}

@test "a whole session works when popin is started as root" {
	dialogue "${ROOT[@]}" <<-'EOT'
	USER anna	=> +OK
	PASS wrong	=> -ERR [AUTH]
	USER anna	=> +OK
	PASS secret	=> +OK 3 84
	RETR 1		=> +OK
	DELE 1		=> +OK
	QUIT		=> +OK
	EOT
	assert_equal "$status" 0
	assert_files cur/2.two:2,S new/3.three
	assert_log 'end=quit$'
}

@test "no process of a session runs as root once it is logged in" {
	talk a "${ROOT[@]}"
	hear a
	assert_equal "$(uids)" '0 54322 '
	ask a 'USER anna' '+OK*'
	ask a 'PASS secret' '+OK 3*'
	ask a NOOP '+OK*'
	for ((i = 0; i < 100; i++)); do
		[ "$(uids)" != "54321 54322 " ] || break
		sleep 0.1
	done
	assert_equal "$(uids)" '54321 54322 '
	leave a
	assert_equal "$status" 0
}

@test "an account with uid 0 gets no session" {
	dialogue "${ROOT[@]}" <<-'EOT'
	USER zero	=> +OK
	PASS secret
	STAT		=> -ERR
	EOT
	! grep -q '^+OK 3' "$OUT" || fail 'root has mail'
}

@test "nobody is served without the unprivileged account" {
	dialogue "${ROOT[@]}" --user no_such_account <<-'EOT'
	=> -ERR [SYS/PERM]
	USER anna	=> (end)
	EOT
	assert_equal "$status" 78
	assert_log no_such_account
}

@test "the unprivileged account cannot be root" {
	dialogue "${ROOT[@]}" --user 0:0 <<-'EOT'
	USER anna	=> (end)
	EOT
	[ "$status" -ne 0 ]
	dialogue "${ROOT[@]}" --user root <<-'EOT'
	USER anna	=> (end)
	EOT
	[ "$status" -ne 0 ]
}

@test "nobody is served without the jail" {
	dialogue "${ROOT[@]}" --jail "$JAIL/none" <<-'EOT'
	=> -ERR [SYS/PERM]
	USER anna	=> (end)
	EOT
	[ "$status" -ne 0 ]
	assert_log 'none'
}
