#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
load lib
load preload
load serve

# What other programs do to a Maildir while a session has it open.

setup()
{
	lib_setup
	three_messages
	cd "$MAILDIR" || return 1
	talk a "${SESSION[@]}"
	hear a
	[[ $reply == '+OK 3 '* ]] || fail "$reply"
}

# expect_body TEXT: the rest of a reply to RETR or TOP.
expect_body()
{
	[[ $reply == +OK* ]] || fail "$reply"
	hear_body a
	assert_equal "$body" "$1"
}

finish()
{
	ask a QUIT '+OK*'
	gone a
	assert_equal "$status" 0
}

@test "a message that was removed is answered with -ERR [SYS/TEMP]" {
	rm new/1.one
	ask a 'RETR 1' '-ERR \[SYS/TEMP\]*'
	ask a 'TOP 1 0' '-ERR \[SYS/TEMP\]*'
	ask a 'RETR 2'
	expect_body $'Subject: two\n\nthe second\n'
	ask a 'LIST 3' '+OK 3 25'
	finish
}

@test "a message whose flags changed is found" {
	mv cur/2.two:2,S cur/2.two:2,RS
	ask a 'RETR 2'
	expect_body $'Subject: two\n\nthe second\n'
	mv cur/2.two:2,RS cur/2.two
	ask a 'TOP 2 0'
	expect_body $'Subject: two\n\n'
	finish
}

@test "a message that was moved from new to cur is found" {
	mv new/1.one cur/1.one:2,S
	mv new/3.three cur/3.three:2,
	ask a 'RETR 1'
	expect_body $'Subject: one\n\nfirst message\n'
	ask a 'RETR 3'
	expect_body $'Subject: three\n\nthird\n'
	ask a 'UIDL 1' '+OK 1 1.one'
	finish
}

@test "a message that was moved back to new is found" {
	mv cur/2.two:2,S new/2.two
	ask a 'RETR 2'
	expect_body $'Subject: two\n\nthe second\n'
	finish
}

@test "a message that was moved or flagged after DELE is deleted" {
	ask a 'DELE 1' '+OK*'
	ask a 'DELE 2' '+OK*'
	mv new/1.one cur/1.one:2,S
	mv cur/2.two:2,S cur/2.two:2,FS
	finish
	assert_files new/3.three
}

@test "a message that somebody else deleted does not disturb QUIT" {
	ask a 'DELE 1' '+OK*'
	ask a 'DELE 3' '+OK*'
	rm new/1.one
	finish
	assert_files cur/2.two:2,S
}

@test "a message is not confused with one whose name begins alike" {
	rm new/1.one
	printf 'Subject: wrong\n\nwrong\n' | deliver 1.one2
	printf 'Subject: wrong\n\nwrong\n' | deliver '1.on:2,S' cur
	printf 'Subject: wrong\n\nwrong\n' | deliver '1.one,S=5:2,S' cur
	printf 'Subject: wrong\n\nwrong\n' | deliver 11.one
	ask a 'RETR 1' '-ERR*'
	ask a 'DELE 1'
	finish
	assert_equal "$(files_in | wc -l)" 6
}

@test "a message that became a link is not followed" {
	printf 'secret\n' >"$BATS_TEST_TMPDIR/secret"
	own "$BATS_TEST_TMPDIR/secret"
	ln -sf "$BATS_TEST_TMPDIR/secret" new/1.one
	ask a 'RETR 1' '-ERR*'
	ask a 'TOP 1 5' '-ERR*'
	finish
}

@test "a message that became a FIFO or a directory does not block the session" {
	rm new/1.one new/3.three
	mkfifo new/1.one
	mkdir new/3.three
	own new/1.one new/3.three
	ask a 'RETR 1' '-ERR*'
	ask a 'RETR 3' '-ERR*'
	ask a 'RETR 2'
	expect_body $'Subject: two\n\nthe second\n'
	finish
}

@test "a message that can no longer be read is answered with -ERR" {
	chmod 0 new/1.one
	ask a 'RETR 1' '-ERR*'
	ask a NOOP '+OK*'
	finish
}

@test "a message that became shorter is sent as it is, or not at all" {
	printf 'Subject: s\n\n' >new/1.one
	ask a 'RETR 1'
	if [[ $reply == +OK* ]]; then
		expect_body $'Subject: s\n\n'
		ask a 'LIST 1' '+OK 1 14'
		ask a STAT '+OK 3 67'
	fi
	finish
}

@test "a message that became longer is sent as it is, or not at all" {
	printf 'more\n' >>new/1.one
	ask a 'RETR 1'
	if [[ $reply == +OK* ]]; then
		expect_body $'Subject: one\n\nfirst message\nmore\n'
		ask a 'LIST 1' '+OK 1 37'
		ask a STAT '+OK 3 90'
	fi
	finish
}

@test "a message that is cut off while it is sent gets no final dot" {
	leave a
	perl -e 'print "A: b\n\n", "x" x 60, "\n" for 1 .. 200000' |
	    deliver 4.big
	talk b "${SESSION[@]}"
	hear b
	tell b 'RETR 4'
	tell b 'NOOP'
	hear b
	# popin stands somewhere in the middle, with the pipe full
	perl -e 'truncate $ARGV[0], 1000000 or die' new/4.big
	leave b
	tail -c 5 "$rest" >"$OUT"
	! printf '\r\n.\r\n' | cmp -s - "$OUT" || fail 'ended as if whole'
	! grep -a -e '^\.' -e '^+OK' "$rest" || fail 'went on'
	[ "$(wc -c <"$rest")" -ge 900000 ]
	assert_log 'end=(io|maildrop)$'
	assert_equal "$status" 0
}

@test "a message that is removed while it is sent arrives whole" {
	leave a
	perl -e 'print "A: b\n\n"; print "x" x 60, "\n" for 1 .. 100000' |
	    deliver 4.big
	cp new/4.big "$BATS_TEST_TMPDIR/big"
	talk b "${SESSION[@]}"
	hear b
	tell b 'RETR 4'
	hear b
	rm new/4.big
	hang_up b
	gone b
	{
		perl "$TESTS_SRC/dialogue.pl" wire "$BATS_TEST_TMPDIR/big"
		printf '.\r\n'
	} | cmp - "$rest"
}

@test "a session answers with errors when its whole Maildir is removed" {
	# with FUSE files that are open stay under another name
	rm -r "$MAILDIR" || [ -z "$(find "$MAILDIR" -type f \
	    ! -name '.fuse_hidden*')" ]
	ask a 'RETR 1' '-ERR*'
	ask a STAT '+OK*'
	ask a 'DELE 1'
	ask a QUIT
	gone a
	assert_equal "$status" 0
}

@test "flags are recognized behind ; and ! as well as behind :" {
	local sign

	leave a
	for sign in ';' '!'; do
		mv cur/2.two* "cur/2.two${sign}2,S"
		talk "b$sign" "${SESSION[@]}"
		hear "b$sign"
		ask "b$sign" 'UIDL 2' '+OK 2 2.two'
		mv "cur/2.two${sign}2,S" "cur/2.two${sign}2,RST"
		ask "b$sign" 'TOP 2 0'
		body=
		while hear "b$sign" && [ "$reply" != . ]; do
			body+=$reply$'\n'
		done
		assert_equal "$body" $'Subject: two\n\n'
		ask "b$sign" 'DELE 2' '+OK*'
		ask "b$sign" 'DELE 1' '+OK*'
		# neither had flags before this
		mv "cur/2.two${sign}2,RST" "cur/2.two${sign}2,"
		mv new/1.one "cur/1.one${sign}2,F"
		ask "b$sign" QUIT '+OK*'
		gone "b$sign"
		assert_files new/3.three
		three_messages
	done
}

@test "a ; or ! within a base name is part of the name" {
	leave a
	printf 'A: b\n\n' | deliver '4.a;2,S.b'
	printf 'A: b\n\n' | deliver '5.a;3,S'
	printf 'A: b\n\n' | deliver '6.a!2'
	printf 'A: b\n\n' | deliver '7.a;2,S:2,' cur
	printf 'A: b\n\n' | deliver '8.a,S=6,W=8;2,' cur
	printf 'A: b\n\n' | deliver ';2,' cur
	session <<-'EOT'
	UIDL	=> +OK
	| 1 ;2,
	| 2 1.one
	| 3 2.two
	| 4 3.three
	| 5 4.a;2,S.b
	| 6 5.a;3,S
	| 7 6.a!2
	| 8 7.a;2,S
	| 9 8.a,S=6,W=8
	EOT
}

# calls_of N: deletes N messages in a session during which all of them are
# renamed; sets calls to the calls of getdents64(2) that it takes to find them.
calls_of()
{
	local trace=$BATS_TEST_TMPDIR/trace n

	rm -f new/* cur/* popin.state
	perl -e 'for (1 .. $ARGV[0]) { open F, ">", "new/$_.x,W=3"; close F }' \
	    "$1"
	own new/*
	talk "$1" strace -f -qq -e trace=getdents64 -o "$trace" "${SESSION[@]}"
	hear "$1"
	: >"$trace"
	for ((n = 1; n <= $1; n++)); do
		ask "$1" "DELE $n" '+OK*'
	done
	perl -e 'for (1 .. $ARGV[0]) {
		rename "new/$_.x,W=3", "cur/$_.x,W=3:2,S" or die $! }' "$1"
	ask "$1" QUIT '+OK*'
	gone "$1"
	assert_equal "$status" 0
	assert_files ''
	calls=$(grep -c getdents64 "$trace")
	[ "$calls" -gt 0 ]
}

@test "folders are read once more, however many messages were renamed" {
	local few

	need strace strace
	leave a
	calls_of 20
	few=$calls
	calls_of 400
	# each call gets hundreds of names
	[ "$calls" -le $((few + 8)) ] || fail "$few, then $calls"
}

is_stopped()
{
	grep -q SIGSTOP "$BATS_TEST_TMPDIR/trace" 2>/dev/null
}

# A rename can give a file that was not listed yet the place of one that was.
@test "messages that are flagged during a login over NFS are not missed" {
	local n

	need strace strace
	leave a
	rm -f new/* cur/*
	preload nfs <"$TESTS_SRC/nfs-shim.c"
	for_stat
	for n in {1..2000}; do
		: >"cur/$n.a.name.that.is.long.enough.for.it,W=0:2,"
	done
	own cur/*
	# new is empty: its first names and its end are the first two calls
	preloaded nfs
	talk b strace -f -qq -o "$BATS_TEST_TMPDIR/trace" -e trace=getdents64 \
	    -e inject=getdents64:signal=STOP:when=3 "${SESSION[@]}"
	wait_until 20 is_stopped
	perl -e 'for (glob "cur/*") { rename $_, "${_}S" or die $! }'
	pkill -CONT -P "${TALK_PID[b]}"
	hear b
	assert_equal "${reply%% messages*}" '+OK 2000'
	leave b
}

@test "QUIT does not claim that mail is gone while folders cannot be read" {
	local last n

	leave a
	odd_folders
	# the login reads nine entries: in each folder ".", ".." and the end,
	# and the three messages
	for n in {10..18}; do
		preloaded folders "FOLDERS_BREAK=$n"
		talk "$n" "${SESSION[@]}"
		hear "$n"
		ask "$n" 'DELE 2' '+OK*'
		mv cur/2.two* "cur/2.two:2,S$n"
		ask "$n" QUIT '-ERR \[SYS/TEMP\]*'
		gone "$n"
		assert_log 'cannot list '
		assert_files new/1.one "cur/2.two:2,S$n" new/3.three
	done
}

@test "RETR does not claim that mail is gone while folders cannot be read" {
	leave a
	odd_folders
	preloaded folders FOLDERS_BREAK=10
	talk b "${SESSION[@]}"
	hear b
	mv cur/2.two* cur/2.two:2,R
	ask b 'RETR 2' '-ERR \[SYS/TEMP\] cannot read message'
	ask b 'RETR 1' '+OK*'
	leave b
}
