#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
load lib
load mbox

# A session whose client is silent gives way to another login.  With
# --takeover 0 a client is silent as soon as popin waits for it.  With the
# default all clients in these tests are active.

setup()
{
	lib_setup
	three_messages
	BOX=
}

# silent NAME [OPTION...]: a session that has marked a message as deleted.
silent()
{
	local name=$1

	shift
	talk "$name" "${SESSION[@]}" --testing --takeover 0 "$@"
	hear "$name"
	[[ $reply == '+OK 3 '* ]] || fail "$reply"
	ask "$name" 'DELE 1' '+OK*'
}

# gave_way NAME: it ended without UPDATE, and sent nothing to its client.
gave_way()
{
	LOG=$BATS_TEST_TMPDIR/talk.$1/log
	gone "$1"
	assert_equal "$status" 0
	assert_equal "$(cat "$rest")" ''
	assert_log ' dele=0 left=3/.* end=taken-over$'
}

# comes_in NAME: another login, which finds all messages.
comes_in()
{
	talk "$1" "${SESSION[@]}"
	hear "$1"
	[[ $reply == '+OK 3 '* ]] || fail "$reply"
}

# is_kept_out: yet another login, which is refused.
is_kept_out()
{
	session <<-'EOT'
	=> -ERR [IN-USE]
	EOT
	assert_equal "$status" 0
}

three_in_box()
{
	mbox_setup
	plain_box 3
}

# --- clients that are silent

@test "a silent session gives way to another login, and deletes nothing" {
	silent a
	comes_in b
	gave_way a
	assert_files new/1.one cur/2.two:2,S new/3.three
	ask b 'DELE 2' '+OK*'
	ask b QUIT '+OK*'
	gone b
	assert_files new/1.one new/3.three
}

@test "a silent session over an mbox gives way to another login" {
	three_in_box
	cp "$BOX" "$BOX.before"
	silent a
	comes_in b
	gave_way a
	cmp "$BOX" "$BOX.before"
	ask b 'DELE 2' '+OK*'
	ask b QUIT '+OK*'
	gone b
	assert_equal "$(grep -c '^From ' "$BOX")" 2
}

@test "a silent session gives way where the Maildir cannot have a state file" {
	chmod 500 "$MAILDIR"
	silent a
	comes_in b
	gave_way a
	leave b
	[ ! -e "$MAILDIR/popin.state" ]
}

@test "a silent session over an mbox gives way where the home is read-only" {
	three_in_box
	chmod 500 "$BOX_HOME"
	silent a
	comes_in b
	gave_way a
	leave b
	[ -z "$(find "$BOX_HOME" -name '.popin*')" ]
}

@test "a silent session behind the whole chain gives way to another login" {
	talk a "${CHAIN[@]}" --testing --takeover 0
	hear a
	ask a 'USER anna' '+OK*'
	ask a 'PASS secret' '+OK 3*'
	LOG=$BATS_TEST_TMPDIR/log
	pop3 <<-'EOT'
	USER anna	=> +OK
	PASS secret	=> +OK 3 84
	EOT
	LOG=$BATS_TEST_TMPDIR/talk.a/log
	gone a
	assert_log 'end=taken-over$'
}

@test "a session that waits for its client to read a message gives way" {
	perl -e 'print "A: b\n\n", "x" x 1000000' | deliver 0.big
	talk a "${SESSION[@]}" --testing --takeover 0
	hear a
	ask a 'DELE 2' '+OK*'
	tell a 'RETR 1'
	tell a QUIT
	hear a
	[[ $reply == +OK* ]] || fail "$reply"
	until talk b "${SESSION[@]}" && hear b && [[ $reply == +OK* ]]; do
		[[ $reply == '-ERR [IN-USE]'* ]] || fail "$reply"
		gone b
		rm -r "$BATS_TEST_TMPDIR/talk.b"
	done
	LOG=$BATS_TEST_TMPDIR/talk.a/log
	gone a
	assert_log ' dele=0 .* end=taken-over$'
	leave b
	assert_files new/0.big new/1.one cur/2.two:2,S new/3.three
}

@test "one of many logins gets in when a silent session gives way" {
	local i

	silent a
	for i in 1 2 3 4 5 6; do
		talk "s$i" "${SESSION[@]}"
	done
	for i in 1 2 3 4 5 6; do
		hear "s$i"
		printf '%s\n' "$reply"
	done >"$OUT"
	assert_equal "$(grep -c '^+OK 3 ' "$OUT")" 1
	assert_equal "$(grep -cF -e '-ERR [IN-USE]' "$OUT")" 5
	gave_way a
}

# --- clients that are not

@test "an active session keeps its maildrop" {
	comes_in a
	is_kept_out
	ask a 'DELE 1' '+OK*'
	is_kept_out
	ask a QUIT '+OK*'
	gone a
	assert_files cur/2.two:2,S new/3.three
}

@test "an active session over an mbox keeps its maildrop" {
	three_in_box
	comes_in a
	is_kept_out
	ask a 'DELE 1' '+OK*'
	ask a QUIT '+OK*'
	gone a
	assert_equal "$(grep -c '^From ' "$BOX")" 2
}

@test "a silent session goes on if no other login comes" {
	silent a
	ask a NOOP '+OK*'
	ask a QUIT '+OK*'
	gone a
	assert_files cur/2.two:2,S new/3.three
}

# nobody_comes_in_past PATIENCE NAME: NAME is silent for longer than PATIENCE
# seconds, and stays.
nobody_comes_in_past()
{
	sleep "$(($1 + 1))"
	is_kept_out
	ask "$2" NOOP '+OK*'
}

# A ticket system fetches a message, and deletes it when it has made a ticket.
@test "a session that has fetched a message may be silent ten times as long" {
	talk a "${SESSION[@]}" --testing --takeover 3
	hear a
	ask a 'RETR 1' '+OK*'
	hear_body a
	nobody_comes_in_past 3 a
	ask a 'DELE 1' '+OK*'
	nobody_comes_in_past 3 a
	ask a QUIT '+OK*'
	gone a
	assert_files cur/2.two:2,S new/3.three
}

@test "DELE, or TOP of a whole message, lets a session be silent longer" {
	talk a "${SESSION[@]}" --testing --takeover 3
	hear a
	ask a 'DELE 1' '+OK*'
	nobody_comes_in_past 3 a
	leave a
	talk b "${SESSION[@]}" --testing --takeover 3
	hear b
	ask b 'TOP 1 1000' '+OK*'
	hear_body b
	nobody_comes_in_past 3 b
	leave b
}

@test "LIST, UIDL and TOP of headers do not let a session be silent longer" {
	talk a "${SESSION[@]}" --testing --takeover 3
	hear a
	ask a 'LIST' '+OK*'
	hear_body a
	ask a 'UIDL' '+OK*'
	hear_body a
	ask a 'TOP 1 0' '+OK*'
	hear_body a
	until talk b "${SESSION[@]}" && hear b && [[ $reply == +OK* ]]; do
		[[ $reply == '-ERR [IN-USE]'* ]] || fail "$reply"
		gone b
		rm -r "$BATS_TEST_TMPDIR/talk.b"
	done
	gave_way a
	leave b
}

@test "a client on a slow line is not silent while it receives a message" {
	need python3 python3
	perl -e 'print "A: b\n\n", ("x" x 99 . "\n") x 2000' | deliver 0.big
	/usr/bin/python3 "$TESTS_SRC/slow.py" "${SESSION[@]}" --testing \
	    --takeover 3 >"$OUT" 2>"$LOG" 3>&- ||
	    fail "$(cat "$OUT" "$LOG")"
	sed 's/^/# /' "$OUT" >&3
}

# --- logins that do not end it

@test "a wrong password does not end a silent session" {
	silent a
	pop3 <<-'EOT'
	USER anna	=> +OK
	PASS wrong	=> -ERR [AUTH]
	USER anna	=> +OK
	PASS secre	=> -ERR [AUTH]
	QUIT		=> +OK
	EOT
	ask a QUIT '+OK*'
}

@test "another user with the same uid does not end a silent session" {
	silent a
	passwd_file 'anna:{PLAIN}secret' 'bert:{PLAIN}geheim'
	maildir "$BATS_TEST_TMPDIR/bert"
	as_chain -m "maildir:$BATS_TEST_TMPDIR/bert"
	pop3 <<-'EOT'
	USER bert	=> +OK
	PASS geheim	=> +OK 0 0
	QUIT		=> +OK
	EOT
	ask a QUIT '+OK*'
	gone a
	assert_files cur/2.two:2,S new/3.three
}

@test "only its owner can open the state file of a session" {
	silent a
	assert_equal "$(stat -c %a "$MAILDIR/popin.state")" 600
	leave a
}

# --- options

@test "--takeover of less than 10 seconds needs --testing" {
	run "${SESSION[@]}" --takeover 9
	assert_equal "$status" 64
	session --takeover 10 <<-'EOT'
	=> +OK 3 84
	EOT
}

# --- fights, see fight.py; with POPIN_LONG=1 each takes a minute

# fight [tail] maildir|mbox PATH
fight()
{
	local as=("${AS[@]}") seconds=4

	need python3 python3
	[ -z "${POPIN_LONG:-}" ] || seconds=60
	AS=()
	if [ "$BOX" ]; then
		as_box
	else
		as_session
	fi
	"${as[@]}" /usr/bin/python3 "$BIN/fight.py" "$seconds" 2 "$@" \
	    "${SESSION[@]}" --testing >"$OUT" 2>"$LOG" 3>&- ||
	    fail "$(tail -n 20 "$LOG"; cat "$OUT")"
	sed 's/^/# /' "$OUT" >&3
}

@test "two clients that fight for a Maildir lose no mail" {
	fight maildir "$MAILDIR"
}

@test "two clients that fight for an mbox lose no mail" {
	mbox_setup
	box </dev/null
	fight mbox "$BOX"
}

@test "two clients that fight for a Maildir without a state file lose no mail" {
	chmod 500 "$MAILDIR"
	fight maildir "$MAILDIR"
}

@test "two clients that fight for an mbox in a read-only home lose no mail" {
	mbox_setup
	box </dev/null
	chmod 500 "$BOX_HOME"
	fight tail mbox "$BOX"
}
