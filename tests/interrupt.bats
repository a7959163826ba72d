#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
load lib
load mbox

# Reading that would take days ends: by SIGTERM, when nobody is there for the
# answer, and after the time of --idle.  The days are holes in files.

HOLE=8T

setup()
{
	lib_setup
	printf 'Subject: one\n\nfirst message\n' | deliver 1.one
	STARTED=$MAILDIR/popin.state
	BOX=
}

# a_hole NAME: a message that is nearly all hole.
a_hole()
{
	printf 'Subject: x\n\n' | deliver "$1"
	truncate -s "$HOLE" "$MAILDIR/new/$1" ||
	    cannot "$BATS_TEST_TMPDIR takes no file of $HOLE bytes"
}

# a_box_with_a_hole: three messages, the last one nearly all hole.
a_box_with_a_hole()
{
	mbox_setup
	plain_box 3
	truncate -s "$HOLE" "$BOX" ||
	    cannot "$BATS_TEST_TMPDIR takes no file of $HOLE bytes"
}

has_started()
{
	if [ -n "$BOX" ]; then
		[ -n "$(find "$BOX_HOME" -name '.popin.mbox.*')" ]
	else
		[ -e "$STARTED" ]
	fi
}

# begin COMMAND...: starts it; returns when it reads the maildrop.
begin()
{
	"$@" </dev/null >"$OUT" 2>"$LOG" 3>&- &
	PID=$!
	until has_started; do
		kill -0 "$PID" || fail "ended early: $(cat "$LOG")"
		sleep 0.02
	done
}

# ended: it ends by itself within the limit.
ended()
{
	timeout "$LIMIT" tail --pid="$PID" -s 0.1 -f /dev/null 3>&- || {
		kill -KILL "$PID"
		fail 'it goes on'
	}
	reap "$PID"
}

# client ARGUMENT...: see interrupt.py.
client()
{
	/usr/bin/python3 -B "$TESTS_SRC/interrupt.py" "$1" "$2" "$STARTED" \
	    "${SESSION[@]}" "${@:3}" >"$OUT" 2>"$LOG" 3>&- ||
	    fail "$*: $(cat "$OUT" "$LOG")"
}

@test "SIGTERM ends a login that counts a message" {
	a_hole 2.hole
	begin "${SESSION[@]}"
	kill "$PID"
	ended
	assert_equal "$status" 0
	assert_log 'end=signal$'
	assert_log_lines 1
}

@test "SIGTERM ends a login that lists an mbox, and the locks are free" {
	a_box_with_a_hole
	begin "${SESSION[@]}"
	kill "$PID"
	ended
	assert_equal "$status" 0
	assert_log 'end=signal$'
	assert_log_lines 1
	[ ! -e "$BOX.lock" ]
}

@test "a login ends that takes longer than --idle, and says so" {
	a_hole 2.hole
	session --testing --idle 1 <<-'EOT'
	=> -ERR [SYS/TEMP]
	EOT
	assert_equal "$status" 75
	assert_log 'reading the maildrop takes longer than --idle'
	a_box_with_a_hole
	session --testing --idle 1 <<-'EOT'
	=> -ERR [SYS/TEMP]
	EOT
	assert_equal "$status" 75
	assert_log 'reading the maildrop takes longer than --idle'
}

@test "a login ends whose client has broken the connection" {
	a_hole 2.hole
	client tcp reset
	assert_log 'end=io$'
	rm "$STARTED"
	client unix close
	assert_log 'end=io$'
}

@test "a client that only has nothing more to say gets its answer" {
	a_hole 2.hole
	client tcp half --testing --idle 1
	rm "$STARTED"
	client unix half --testing --idle 1
}

@test "a login ends whose answer would go into a pipe that nobody reads" {
	a_hole 2.hole
	("${SESSION[@]}" </dev/null 2>"$LOG" 3>&- & echo $! >"$OUT") | true
	PID=$(cat "$OUT")
	timeout "$LIMIT" tail --pid="$PID" -s 0.1 -f /dev/null 3>&- || {
		kill -KILL "$PID"
		fail 'it goes on'
	}
	assert_log 'end=io$'
}

@test "what was counted is remembered: the next login goes on" {
	local i

	for i in 2 3 4 5; do
		printf 'Subject: %s\n\nx\n' "$i" | deliver "$i.m"
	done
	a_hole 6.hole
	session --testing --idle 1 <<-'EOT'
	=> -ERR [SYS/TEMP]
	EOT
	truncate -s 12 "$MAILDIR/new/6.hole"
	"${SESSION[@]}" --check >"$OUT"
	grep -q 'messages: shown=6/.* sizes-not-remembered=1 ' "$OUT" ||
	    fail "$(cat "$OUT")"
	session <<-'EOT'
	LIST 6	=> =+OK 6 14
	RETR 6	=> +OK
	EOT
	refute_log 'size corrected'
}

@test "what was listed of an mbox is remembered, as it would have been whole" {
	mbox_setup
	plain_box 4
	printf 'LIST\r\nUIDL\r\nQUIT\r\n' | raw_session
	cp "$OUT" "$OUT.whole"
	find "$BOX_HOME" -name '.popin.mbox.*' -delete
	SIZE=$(stat -c %s "$BOX")
	truncate -s "$HOLE" "$BOX" ||
	    cannot "$BATS_TEST_TMPDIR takes no file of $HOLE bytes"
	session --testing --idle 1 <<-'EOT'
	=> -ERR [SYS/TEMP]
	EOT
	truncate -s "$SIZE" "$BOX"
	# the last one that was whole may be read again
	"${SESSION[@]}" --check >"$OUT"
	grep -q 'messages: shown=4/.* sizes-not-remembered=[12] ' "$OUT" ||
	    fail "$(cat "$OUT")"
	printf 'LIST\r\nUIDL\r\nQUIT\r\n' | raw_session
	cmp "$OUT" "$OUT.whole"
}

# /dev/null takes everything at once: sending never has to wait.
@test "SIGTERM ends sending a message to a client that takes all of it" {
	a_hole 2.hole,W=8796093022208
	printf 'DELE 1\r\nRETR 2\r\nQUIT\r\n' >"$IN"
	"${SESSION[@]}" <"$IN" >/dev/null 2>"$LOG" 3>&- &
	PID=$!
	# written when the maildrop was read
	until [ -s "$STARTED" ]; do
		kill -0 "$PID"
		sleep 0.02
	done
	kill "$PID"
	ended
	assert_log 'dele=0 left=2/.* end=signal$'
	assert_files new/1.one "new/2.hole,W=8796093022208"
}

# signalled CALL WHEN: a session that deletes messages 2 and 3 and gets
# SIGTERM at its CALL number WHEN.  It makes a dotlock by linkat at the login and
# at QUIT; of syncs the third is the last before the mbox is overwritten.
signalled()
{
	printf 'DELE 2\r\nDELE 3\r\nQUIT\r\n' >"$IN"
	timeout "$LIMIT" env USER=anna HOME="$BOX_HOME" "${AS[@]}" strace -f \
	    -o /dev/null -e trace="$1" -e inject="$1:signal=TERM:when=$2" \
	    "$BIN/popin" -R session --mbox-locks fcntl,dotlock -m "mbox:$BOX" \
	    <"$IN" >"$OUT" 2>"$LOG" 3>&- || :
	! grep '^+OK bye' "$OUT" || fail "$(cat "$LOG")"
}

# six_messages: an mbox of as many, which a session has seen.
six_messages()
{
	need strace strace
	mbox_setup
	plain_box 6 100003
	cp "$BOX" "$BATS_TEST_TMPDIR/before"
	session <<<$'QUIT\t=> +OK'
}

@test "SIGTERM ends an UPDATE that only plans what to do: nothing has changed" {
	six_messages
	signalled linkat 2
	assert_log 'a signal has stopped the UPDATE of "mbox"'
	assert_log ' dele=0 left=6/.* end=update$'
	cmp "$BOX" "$BATS_TEST_TMPDIR/before"
	[ ! -s "$(journal)" ]
}

@test "SIGTERM ends an UPDATE that overwrites the mbox, the next login finishes it" {
	six_messages
	signalled fsync 3
	assert_log 'a signal has stopped the UPDATE of "mbox"'
	assert_log ' dele=0 left=6/.* end=update$'
	[ -s "$(journal)" ]
	session <<-'EOT'
	=> +OK 4
	QUIT	=> +OK
	EOT
	assert_log 'finishing an UPDATE'
	assert_equal "$(subjects)" '1 4 5 6'
}

@test "SIGTERM ends a login that compares an mbox with its journal" {
	need strace strace
	mbox_setup
	interrupted 6
	signalled linkat 1
	assert_log 'end=signal$'
	[ -s "$(journal)" ]
}
