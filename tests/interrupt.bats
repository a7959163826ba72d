#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
load lib
load mbox

# Reading that would take days is ended by SIGTERM, by the loss of the client
# and by --idle.  What takes days to read is a hole in a file.

HOLE=8T

setup()
{
	lib_setup
	printf 'Subject: one\n\nfirst message\n' | deliver 1.one
	STARTED=$MAILDIR/popin.state
	BOX=
}

# a_hole NAME: makes a message that is nearly all hole.
a_hole()
{
	printf 'Subject: x\n\n' | deliver "$1"
	truncate -s "$HOLE" "$MAILDIR/new/$1" ||
	    cannot "$BATS_TEST_TMPDIR takes no file of $HOLE bytes"
}

# a_box_with_a_hole: makes an mbox of three messages, the last nearly all hole.
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

# ended: waits until PID has ended by itself, within the limit; sets status.
ended()
{
	timeout "$LIMIT" tail --pid="$PID" -s 0.1 -f /dev/null 3>&- || {
		kill -KILL "$PID"
		fail 'it goes on'
	}
	reap "$PID"
}

# client ARGUMENT...: runs the client of interrupt.py.
client()
{
	/usr/bin/python3 -B "$TESTS_SRC/interrupt.py" "$1" "$2" "$STARTED" \
	    "${SESSION[@]}" "${@:3}" >"$OUT" 2>"$LOG" 3>&- ||
	    fail "$*: $(cat "$OUT" "$LOG")"
}

@test "SIGTERM ends a login that is counting the octets of a message" {
	a_hole 2.hole
	begin "${SESSION[@]}"
	kill "$PID"
	ended
	assert_equal "$status" 0
	assert_log 'end=signal$'
	assert_log_lines 1
}

@test "SIGTERM ends a login that is reading an mbox, and frees its locks" {
	a_box_with_a_hole
	begin "${SESSION[@]}"
	kill "$PID"
	ended
	assert_equal "$status" 0
	assert_log 'end=signal$'
	assert_log_lines 1
	[ ! -e "$BOX.lock" ]
}

@test "a login that takes longer than --idle ends, and the log says so" {
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

@test "a login whose client has broken the connection ends" {
	a_hole 2.hole
	client tcp reset
	assert_log 'end=io$'
	rm "$STARTED"
	client unix close
	assert_log 'end=io$'
}

@test "a client that has nothing more to say still gets its answer" {
	a_hole 2.hole
	client tcp half --testing --idle 1
	rm "$STARTED"
	client unix half --testing --idle 1
}

@test "a login whose answer would go into a pipe that nobody reads ends" {
	a_hole 2.hole
	("${SESSION[@]}" </dev/null 2>"$LOG" 3>&- & echo $! >"$OUT") | true
	PID=$(cat "$OUT")
	timeout "$LIMIT" tail --pid="$PID" -s 0.1 -f /dev/null 3>&- || {
		kill -KILL "$PID"
		fail 'it goes on'
	}
	assert_log 'end=io$'
}

@test "sizes that an interrupted login has counted are not counted again" {
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

@test "messages of an mbox that an interrupted login has listed are kept" {
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
	# the last message that was whole may be read again
	"${SESSION[@]}" --check >"$OUT"
	grep -q 'messages: shown=4/.* sizes-not-remembered=[12] ' "$OUT" ||
	    fail "$(cat "$OUT")"
	printf 'LIST\r\nUIDL\r\nQUIT\r\n' | raw_session
	cmp "$OUT" "$OUT.whole"
}

# /dev/null takes everything at once: sending never has to wait.
@test "SIGTERM ends RETR even if the client takes everything at once" {
	a_hole 2.hole,W=8796093022208
	printf 'DELE 1\r\nRETR 2\r\nQUIT\r\n' >"$IN"
	"${SESSION[@]}" <"$IN" >/dev/null 2>"$LOG" 3>&- &
	PID=$!
	# the state file is written when the maildrop has been read
	until [ -s "$STARTED" ]; do
		kill -0 "$PID"
		sleep 0.02
	done
	kill "$PID"
	ended
	assert_log 'dele=0 left=2/.* end=signal$'
	assert_files new/1.one "new/2.hole,W=8796093022208"
}

# signalled CALL WHEN: runs a session that deletes messages 2 and 3 and gets
# SIGTERM at its CALL number WHEN.  It makes a dotlock by linkat(2) at the login
# and at QUIT.  Its third fsync(2) is the last before the mbox is overwritten.
signalled()
{
	printf 'DELE 2\r\nDELE 3\r\nQUIT\r\n' >"$IN"
	timeout "$LIMIT" env USER=anna HOME="$BOX_HOME" "${AS[@]}" strace -f \
	    -o /dev/null -e trace="$1" -e inject="$1:signal=TERM:when=$2" \
	    "$BIN/popin" -R session --mbox-locks fcntl,dotlock -m "mbox:$BOX" \
	    <"$IN" >"$OUT" 2>"$LOG" 3>&- || :
	! grep '^+OK bye' "$OUT" || fail "$(cat "$LOG")"
}

# six_messages: makes an mbox of six messages, which a session has seen.
six_messages()
{
	need strace strace
	mbox_setup
	plain_box 6 100003
	cp "$BOX" "$BATS_TEST_TMPDIR/before"
	session <<<$'QUIT\t=> +OK'
}

@test "SIGTERM ends an UPDATE that has written nothing, the mbox stays" {
	six_messages
	signalled linkat 2
	assert_log 'a signal has stopped the UPDATE of "mbox"'
	assert_log ' dele=0 left=6/.* end=update$'
	cmp "$BOX" "$BATS_TEST_TMPDIR/before"
	[ ! -s "$(journal)" ]
}

@test "SIGTERM ends an UPDATE of an mbox, and the next login finishes it" {
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

@test "SIGTERM ends a login that is comparing an mbox with its journal" {
	need strace strace
	mbox_setup
	interrupted 6
	signalled linkat 1
	assert_log 'end=signal$'
	[ -s "$(journal)" ]
}
