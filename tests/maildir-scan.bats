#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
load lib

message()
{
	printf 'Subject: %s\n\n%s\n' "$1" "$1"
}

@test "messages in new and in cur are both shown" {
	message a | deliver 1.a
	message b | deliver 2.b:2,S cur
	message c | deliver 3.c
	session <<-'EOT'
	UIDL	=> +OK
	| 1 1.a
	| 2 2.b
	| 3 3.c
	EOT
}

@test "what lies in tmp or beside is no message" {
	message a | deliver 1.a
	message b >"$MAILDIR/tmp/2.b"
	message c >"$MAILDIR/3.c"
	maildir "$MAILDIR/.Sent"
	message d >"$MAILDIR/.Sent/cur/4.d"
	own "$MAILDIR/tmp/2.b" "$MAILDIR/3.c" "$MAILDIR/.Sent/cur/4.d"
	session <<-'EOT'
	UIDL	=> +OK
	| 1 1.a
	EOT
	assert_equal "$(cat "$MAILDIR/tmp/2.b")" "$(message b)"
}

@test "names that begin with a dot are no messages" {
	message a | deliver 1.a
	message b | deliver .2.b
	message c | deliver .3 cur
	session <<-'EOT'
	=> +OK 1 17
	EOT
}

@test "messages are in order of delivery, not of names" {
	# seconds first, then the microseconds where both names have them
	for name in 10.h 9.h 1000.M2P9.h 1000.M10P1.h 1000.M010P2.h \
	    1000000000.h 999999999.h 100.b 100.a; do
		message x | deliver "$name"
	done
	message x | deliver 11.h:2,S cur
	message x | deliver 1000.M9P1.h:2, cur
	session <<-'EOT'
	UIDL	=> +OK
	| 1 9.h
	| 2 10.h
	| 3 11.h
	| 4 100.a
	| 5 100.b
	| 6 1000.M2P9.h
	| 7 1000.M9P1.h
	| 8 1000.M010P2.h
	| 9 1000.M10P1.h
	| 10 999999999.h
	| 11 1000000000.h
	EOT
}

# Sorting so many, a libc needs more than it does for a few.
@test "thousands of messages of one second are shown in order" {
	perl -e 'for (1000 .. 5999) {
	    open F, ">", "$ARGV[0]/new/7.M$_.x" or die; print F "x\n"; close F }' \
	    "$MAILDIR"
	own "$MAILDIR"/new/*
	session <<-'EOT'
	STAT		=> =+OK 5000 25000
	UIDL 1		=> =+OK 1 7.M1000.x
	UIDL 5000	=> =+OK 5000 7.M5999.x
	EOT
	assert_equal "$status" 0
}

@test "names without or with senseless times are shown, always in one order" {
	for name in x y z 1 01.a 1.a 18446744073709551616.a \
	    99999999999999999999999999999999.b 1.M.a 1.Mx.a \
	    1.M18446744073709551617P.a -1.a +1.a; do
		message x | deliver "$name"
	done
	session <<-'EOT'
	UIDL	=> +OK
	EOT
	cp "$OUT" "$BATS_TEST_TMPDIR/first"
	assert_equal "$(body_of 1 | wc -l)" 13
	mv "$MAILDIR"/new/* "$MAILDIR/cur"
	rm -f "$MAILDIR/popin.state"
	session <<-'EOT'
	UIDL	=> +OK
	EOT
	cmp "$OUT" "$BATS_TEST_TMPDIR/first"
}

@test "the same base name in new and cur is one message, the one in cur" {
	message new | deliver 1.a
	message 'the one in cur' | deliver 1.a:2,S cur
	message b | deliver 2.b
	session <<-'EOT'
	UIDL	=> +OK
	| 1 1.a
	| 2 2.b
	RETR 1	=> +OK
	| Subject: the one in cur
	|
	| the one in cur
	EOT
}

@test "the same base name twice in cur is one message" {
	message a | deliver 1.a:2,S cur
	message a | deliver 1.a:2,RS cur
	message a | deliver 1.a cur
	message b | deliver 1.ab cur
	session <<-'EOT'
	UIDL	=> +OK
	| 1 1.a
	| 2 1.ab
	EOT
}

@test "what is not a regular file is skipped, and nothing blocks" {
	message a | deliver 1.a
	message hidden >"$BATS_TEST_TMPDIR/elsewhere"
	own "$BATS_TEST_TMPDIR/elsewhere"
	for dir in new cur; do
		mkfifo "$MAILDIR/$dir/2.fifo"
		mkdir "$MAILDIR/$dir/3.directory"
		ln -s nowhere "$MAILDIR/$dir/4.dangling"
		ln -s "$BATS_TEST_TMPDIR/elsewhere" "$MAILDIR/$dir/5.link"
		ln -s ../new/1.a "$MAILDIR/$dir/6.inside"
		ln -s . "$MAILDIR/$dir/7.dot"
		ln -s 8.loop "$MAILDIR/$dir/8.loop"
		mkfifo "$MAILDIR/$dir/9.fifo,S=5,W=6:2,S"
		ln -s ../new/1.a "$MAILDIR/$dir/10.link,W=6"
		perl -MSocket -e 'chdir $ARGV[0] or die;
		    socket(S, AF_UNIX, SOCK_STREAM, 0) or die;
		    bind(S, pack_sockaddr_un("11.socket")) or die' \
		    "$MAILDIR/$dir"
		own "$MAILDIR/$dir"/*
	done
	session <<-'EOT'
	=> +OK 1 17
	UIDL	=> +OK
	| 1 1.a
	RETR 1	=> +OK
	DELE 1	=> +OK
	QUIT	=> +OK
	EOT
	assert_equal "$(files_in | wc -l)" 20
}

# bats test_tags=root
@test "devices are skipped" {
	[ "$(id -u)" = 0 ] || skip 'needs root'
	message a | deliver 1.a
	mknod "$MAILDIR/new/2.zero" c 1 5 2>/dev/null ||
	    cannot 'cannot make devices here'
	mknod "$MAILDIR/cur/3.tty" c 5 0
	mknod "$MAILDIR/cur/4.disk,W=9" b 7 0
	own "$MAILDIR/new/2.zero" "$MAILDIR"/cur/*
	session <<-'EOT'
	=> +OK 1 17
	EOT
}

@test "a message that cannot be read is skipped" {
	message a | deliver 1.a
	message b | deliver 2.b
	message c | deliver 3.c:2,S cur
	chmod 0 "$MAILDIR/new/2.b" "$MAILDIR/cur/3.c:2,S"
	session <<-'EOT'
	UIDL	=> +OK
	| 1 1.a
	EOT
}

# bats test_tags=root
@test "files of somebody else are skipped" {
	[ "$(id -u)" = 0 ] || skip 'needs root'
	message a | deliver 1.a
	message b | deliver 2.b
	message c | deliver 3.c:2,S cur
	chown 0:0 "$MAILDIR/new/2.b"
	chown 12345 "$MAILDIR/cur/3.c:2,S"
	session <<-'EOT'
	UIDL	=> +OK
	| 1 1.a
	EOT
}

# bats test_tags=root
@test "files of somebody else are never sent, whatever their names tell" {
	[ "$(id -u)" = 0 ] || skip 'needs root'
	message a | deliver 1.a
	message secret | deliver 2.b,W=26
	message secret | deliver 3.c,W=26:2,S cur
	chown 0:0 "$MAILDIR/new/2.b,W=26"
	chown 12345 "$MAILDIR/cur/3.c,W=26:2,S"
	session <<-'EOT'
	RETR 1	=> +OK
	RETR 2
	TOP 2 1
	RETR 3
	TOP 3 1
	NOOP	=> +OK
	EOT
	! grep secret "$OUT" || fail 'sent'
	assert_equal "$(grep -c ^-ERR "$OUT")" 4
}

@test "W= in a name is believed until the message is read" {
	message a | deliver '1.a,S=14,W=1000'
	message b | deliver '2.b,W=17:2,S' cur
	session <<-'EOT'
	=> +OK 2 1017
	LIST 1	=> =+OK 1 1000
	LIST 2	=> =+OK 2 17
	EOT
	refute_log 'size corrected'
}

@test "a W= that lies is corrected when the message is read, and logged" {
	message a | deliver '1.a,W=1000'
	message b | deliver '2.b,W=17'
	message c | deliver '3.c,W=1'
	session <<-'EOT'
	LIST	=> +OK 3 1018
	RETR 1	=> +OK
	| Subject: a
	|
	| a
	RETR 2	=> +OK
	RETR 3	=> +OK
	| Subject: c
	|
	| c
	LIST	=> +OK 3 51
	| 1 17
	| 2 17
	| 3 17
	EOT
	assert_equal "$(grep -c 'size corrected:' "$LOG")" 2
	session <<-'EOT'
	LIST	=> +OK
	EOT
	# a corrected size may be kept, but what is told must be possible
	assert_regex "$(body_of 1 | tr -d '\r' | tr '\n' ' ')" \
	    '^1 (17|1000) 2 17 3 (17|1) $'
}

@test "a W= that is no number is not believed" {
	message a | deliver 1.a,W=
	message b | deliver 2.b,W=x
	message c | deliver 3.c,W=-5
	message d | deliver 4.d,W=18446744073709551617
	message e | deliver 5.e,W=17x
	message f | deliver 6.f,XW=99
	message g | deliver '7.g:2,S,W=99' cur
	message h | deliver 8.hW=99
	session <<-'EOT'
	LIST	=> +OK 8 136
	EOT
}

@test "sizes in names cannot overflow the total" {
	for i in 1 2 3 4; do
		message a | deliver "$i.a,W=18446744073709551615"
	done
	session <<-'EOT'
	STAT
	LIST
	RETR 1
	NOOP
	EOT
	# refused or counted, but never wrapped round
	! grep -q 'OK 4 1844674407370955161[0-4]' "$OUT" ||
	    fail 'wrapped round'
}

@test "more than 2^62 octets in all are refused with a clear word" {
	message a | deliver 1.a,W=4611686018427387904
	session <<-'EOT'
	=> +OK 1 4611686018427387904
	EOT
	message b | deliver 2.b
	session <<-'EOT'
	=> -ERR [SYS/PERM]
	STAT	=> (end)
	EOT
	assert_log 'octets'
}

@test "popin never moves or renames anything" {
	message a | deliver 1.a
	message b | deliver 2.b:2,S cur
	session <<-'EOT'
	RETR 1	=> +OK
	RETR 2	=> +OK
	LIST	=> +OK
	QUIT	=> +OK
	EOT
	assert_files new/1.a cur/2.b:2,S
}

@test "a Maildir without cur or without new is served or refused, not lost" {
	message a | deliver 1.a
	rmdir "$MAILDIR/cur" "$MAILDIR/tmp"
	session <<-'EOT'
	QUIT
	EOT
	assert_equal "$(cat "$MAILDIR/new/1.a")" "$(message a)"
}
