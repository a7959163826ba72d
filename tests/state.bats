#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
load lib

# popin.state is a cache.  If it is wrong popin takes longer, and says the same.

setup()
{
	local i

	lib_setup
	for i in 10 11 12 13 14 15 16 17 18 19; do
		printf 'Subject: %s\n\n%0*d\n' "$i" "$i" "$i" |
		    deliver "$i.state.test"
	done
	STATE=$MAILDIR/popin.state
	GOOD=$BATS_TEST_TMPDIR/good
}

# look: the dialogue that must always have the same answers.
look()
{
	session <<-'EOT'
	=> +OK 10 315
	LIST	=> +OK 10 315
	UIDL	=> +OK
	RETR 5	=> +OK
	LIST	=> +OK 10 315
	EOT
	assert_equal "$status" 0
	messages_match "$MAILDIR"/*/*.state.test*
}

make_good()
{
	look
	cp "$OUT" "$BATS_TEST_TMPDIR/answers"
	cp "$STATE" "$GOOD"
}

same_answers()
{
	timeout "$LIMIT" "${SESSION[@]}" <"$IN" >"$OUT" 2>"$LOG" 3>&- ||
	    fail "$1: status $?: $(cat "$LOG")"
	cmp "$OUT" "$BATS_TEST_TMPDIR/answers" || fail "$1"
	refute_log 'size corrected'
}

# bytes_read: what the session on talk a has read so far, by the kernel.
bytes_read()
{
	sed -n 's/^rchar: //p' "/proc/${TALK_PID[a]}/io"
}

@test "a session keeps its sizes, and the next one gives the same answers" {
	make_good
	[ -s "$STATE" ]
	same_answers 'second session'
}

@test "only its owner can read the state file" {
	look
	assert_equal "$(stat -c %a "$STATE")" 600
}

# bats test_tags=root
@test "a second login does not read the messages again" {
	[ "$(id -u)" = 0 ] || skip 'needs root to see what popin reads'
	not_under valgrind 'popin itself is read, too'
	perl -e 'print "A: b\n\n", "x" x 20000000' | deliver 20.big
	talk a "${SESSION[@]}"
	hear a
	[ "$(bytes_read)" -gt 20000000 ]
	leave a
	rm -r "$BATS_TEST_TMPDIR/talk.a"
	talk a "${SESSION[@]}"
	hear a
	[[ $reply == '+OK 11 '* ]]
	[ "$(bytes_read)" -lt 1000000 ]
	leave a
}

# bats test_tags=root
@test "a new message is read, and no old one again" {
	[ "$(id -u)" = 0 ] || skip 'needs root to see what popin reads'
	not_under valgrind 'popin itself is read, too'
	perl -e 'print "A: b\n\n", "x" x 20000000' | deliver 15.big
	session <<-'EOT'
	=> +OK 11
	EOT
	printf 'A: b\n\nnew\n' | deliver 14.new
	talk a "${SESSION[@]}"
	hear a
	[ "$(bytes_read)" -lt 1000000 ]
	ask a 'LIST 5' '+OK 5 13'
	leave a
}

@test "sizes are right after messages were moved, removed and delivered" {
	make_good
	mv "$MAILDIR/new/12.state.test" "$MAILDIR/cur/12.state.test:2,S"
	same_answers 'moved'
	printf 'Subject: late\n\nlate\n' | deliver 9.state.test
	rm "$MAILDIR/new/15.state.test"
	session <<-'EOT'
	LIST	=> +OK
	EOT
	messages_match "$MAILDIR"/new/9.state.test \
	    "$MAILDIR"/new/1[01].state.test "$MAILDIR"/cur/* \
	    "$MAILDIR"/new/1[346789].state.test
}

@test "a state file with a changed byte changes no answer" {
	local size step i

	make_good
	size=$(stat -c %s "$GOOD")
	step=$((size / 100 + 1))
	for ((i = 0; i < size; i += step)); do
		cat "$GOOD" >"$STATE"
		perl -e 'open F, "+<:raw", $ARGV[0] or die;
		    seek F, $ARGV[1], 0; read F, $c, 1;
		    seek F, $ARGV[1], 0;
		    print F chr(ord($c) ^ (1 << $ARGV[1] % 8))' "$STATE" "$i"
		same_answers "byte $i"
	done
}

@test "a state file that is cut off changes no answer" {
	local size step i

	make_good
	size=$(stat -c %s "$GOOD")
	step=$((size / 40 + 1))
	for ((i = 0; i < size; i += step)); do
		head -c "$i" "$GOOD" >"$STATE"
		same_answers "cut at $i"
	done
}

@test "a torn state file changes no answer" {
	local size i

	make_good
	size=$(stat -c %s "$GOOD")
	for i in 64 512 4096; do
		{ head -c "$i" "$GOOD"; head -c "$size" /dev/zero; } |
		    head -c "$size" >"$STATE"
		same_answers "zeroes from $i"
		{ head -c "$i" /dev/zero; tail -c "+$((i + 1))" "$GOOD"; } |
		    head -c "$size" >"$STATE"
		same_answers "zeroes up to $i"
		{ cat "$GOOD"; head -c "$i" /dev/urandom; } >"$STATE"
		same_answers "garbage behind, $i"
		{ cat "$GOOD" "$GOOD"; } >"$STATE"
		same_answers "twice"
		{ head -c "$i" "$GOOD"; cat "$GOOD"; } >"$STATE"
		same_answers "shifted by $i"
	done
}

@test "a state file of random bytes changes no answer" {
	local i

	make_good
	for i in 0 1 10 100 1000 16384 20000 100000; do
		head -c "$i" /dev/urandom >"$STATE"
		same_answers "$i random bytes"
		[ "$i" -lt 1 ] || head -c "$i" /dev/zero >"$STATE"
		same_answers "$i zero bytes"
		head -c "$i" /dev/zero | tr '\0' '\377' >"$STATE"
		same_answers "$i bytes 255"
	done
}

@test "a damaged state file is replaced by a good one" {
	make_good
	printf x >"$STATE"
	same_answers 'overwritten'
	same_answers 'again'
	[ "$(stat -c %s "$STATE")" -gt 1 ]
}

@test "the state file of another Maildir changes no answer" {
	local here=$MAILDIR

	make_good
	MAILDIR=$BATS_TEST_TMPDIR/other
	maildir "$MAILDIR"
	as_session
	for i in 1 2 3 4 5 6 7 8 9; do
		printf 'something else\n' | deliver "$i.other"
	done
	session <<-'EOT'
	=> +OK 9
	EOT
	cat "$MAILDIR/popin.state" >"$STATE"
	MAILDIR=$here
	as_session
	look
	cmp "$OUT" "$BATS_TEST_TMPDIR/answers"
}

@test "a state file that is gone is made again" {
	make_good
	rm "$STATE"
	same_answers 'removed'
	[ -s "$STATE" ]
}

@test "a state file that cannot be opened changes no answer" {
	make_good
	chmod 0 "$STATE"
	same_answers 'mode 0'
	chmod 400 "$STATE"
	same_answers 'read-only'
}

@test "a link in the place of the state file is not followed" {
	make_good
	printf 'precious\n' >"$BATS_TEST_TMPDIR/precious"
	own "$BATS_TEST_TMPDIR/precious"
	ln -sf "$BATS_TEST_TMPDIR/precious" "$STATE"
	same_answers 'symbolic link'
	assert_equal "$(cat "$BATS_TEST_TMPDIR/precious")" precious
	ln -sfn nowhere "$STATE"
	same_answers 'dangling link'
	[ ! -e "$MAILDIR/nowhere" ]
}

@test "a directory, FIFO or socket as state file changes no answer" {
	make_good
	rm "$STATE"
	mkdir "$STATE"
	own "$STATE"
	same_answers 'directory'
	rmdir "$STATE"
	mkfifo "$STATE"
	own "$STATE"
	same_answers 'FIFO'
	rm "$STATE"
	perl -MSocket -e 'chdir $ARGV[0] or die;
	    socket(S, AF_UNIX, SOCK_STREAM, 0) or die;
	    bind(S, pack_sockaddr_un("popin.state")) or die' "$MAILDIR"
	own "$STATE"
	same_answers 'socket'
}

# bats test_tags=root
@test "a state file of somebody else is neither believed nor changed" {
	[ "$(id -u)" = 0 ] || skip 'needs root'
	make_good
	chown 12345 "$STATE"
	chmod 666 "$STATE"
	same_answers 'foreign'
	cmp "$STATE" "$GOOD"
}

@test "a read-only Maildir without a state file is served" {
	make_good
	rm "$STATE"
	chmod 555 "$MAILDIR"
	same_answers 'read-only'
	chmod 755 "$MAILDIR"
}

@test "a session is served if the state file cannot be written" {
	not_under valgrind 'there is a log that has to be written'
	# A limit on the size of files is like a full disk, and also sends a
	# signal.
	look
	cp "$OUT" "$BATS_TEST_TMPDIR/answers"
	rm "$STATE"
	SESSION=(prlimit --fsize=0 "${SESSION[@]}")
	timeout "$LIMIT" "${SESSION[@]}" <"$IN" 2>/dev/null 3>&- |
	    cmp - "$BATS_TEST_TMPDIR/answers"
}

@test "sizes that were corrected are right in the next session" {
	look
	printf 'changed by hand, and longer\n' >>"$MAILDIR/new/14.state.test"
	session <<-'EOT'
	RETR 5	=> +OK
	LIST 5	=> +OK
	QUIT	=> +OK
	EOT
	session <<-'EOT'
	LIST	=> +OK
	STAT	=> +OK
	EOT
	messages_match "$MAILDIR"/new/*
}
