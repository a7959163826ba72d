#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
load lib
load preload

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

@test "files in tmp, in other folders and beside new and cur are not messages" {
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

@test "files whose names begin with a dot are not messages" {
	message a | deliver 1.a
	message b | deliver .2.b
	message c | deliver .3 cur
	session <<-'EOT'
	=> +OK 1 17
	EOT
}

@test "messages are numbered in order of delivery, not of names" {
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

@test "messages whose names have no valid time are always in the same order" {
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

@test "FIFOs, directories, links and sockets are skipped and do not block" {
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
@test "devices in a Maildir are skipped" {
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

@test "a message that the user may not read is counted, not sent or removed" {
	message a | deliver 1.a
	message b | deliver 2.b
	message c | deliver 3.c:2,S cur
	message d | deliver 4.d,W=17
	chmod 0 "$MAILDIR/new/2.b" "$MAILDIR/cur/3.c:2,S" \
	    "$MAILDIR/new/4.d,W=17"
	for login in 1 2; do
		session <<-'EOT'
		=> +OK 4
		UIDL	=> +OK
		| 1 1.a
		| 2 2.b
		| 3 3.c
		| 4 4.d,W=17
		LIST 2	=> =+OK 2 14
		RETR 2	=> -ERR [SYS/PERM]
		TOP 3 0	=> -ERR [SYS/PERM]
		DELE 2	=> -ERR [SYS/PERM]
		DELE 4	=> -ERR [SYS/PERM]
		DELE 1	=> +OK
		RSET	=> +OK
		QUIT	=> +OK
		EOT
		assert_equal "$(grep -c 'may not read, use chown' "$LOG")" 1
	done
	assert_equal "$(files_in | wc -l)" 4
	chmod 600 "$MAILDIR/new/2.b" "$MAILDIR/new/4.d,W=17"
	session <<-'EOT'
	LIST 2	=> =+OK 2 17
	RETR 2	=> +OK
	DELE 2	=> +OK
	DELE 4	=> +OK
	QUIT	=> +OK
	EOT
	assert_files new/1.a 'cur/3.c:2,S'
}

@test "--check tells how many messages cannot be sent" {
	message a | deliver 1.a
	message b | deliver 2.b
	message c | deliver 3.c,W=17
	raw_session --check </dev/null
	grep -q '^ok .*messages: shown=3/51 .* cannot-be-sent=0' "$OUT"
	chmod 0 "$MAILDIR/new/2.b" "$MAILDIR/new/3.c,W=17"
	raw_session --check </dev/null
	grep -q '^WARN .*messages: shown=3/51 .* cannot-be-sent=2' "$OUT" ||
	    fail "$(cat "$OUT")"
}

# So they are when root restores a backup, or delivers.
# bats test_tags=root
@test "files of somebody else are served if the user may read them" {
	[ "$(id -u)" = 0 ] || skip 'needs root'
	message a | deliver 1.a
	message b | deliver 2.b
	message c | deliver 3.c:2,S cur
	message d | deliver 4.d,W=17
	chown 0:0 "$MAILDIR/new/2.b" "$MAILDIR/new/4.d,W=17"
	chown 12345 "$MAILDIR/cur/3.c:2,S"
	chmod 644 "$MAILDIR"/*/?.*
	session <<-'EOT'
	UIDL	=> +OK
	| 1 1.a
	| 2 2.b
	| 3 3.c
	| 4 4.d,W=17
	LIST	=> +OK
	RETR 1	=> +OK
	RETR 2	=> +OK
	RETR 3	=> +OK
	RETR 4	=> +OK
	EOT
	messages_match "$MAILDIR/new/1.a" "$MAILDIR/new/2.b" \
	    "$MAILDIR/cur/3.c:2,S" "$MAILDIR/new/4.d,W=17"
	# the directory is the user's, so removing is his right, too
	session <<-'EOT'
	DELE 2	=> +OK
	DELE 3	=> +OK
	DELE 4	=> +OK
	QUIT	=> +OK
	EOT
	assert_files new/1.a
}

# bats test_tags=root
@test "others' files that the user may not read are neither sent nor removed" {
	[ "$(id -u)" = 0 ] || skip 'needs root'
	message a | deliver 1.a
	message secret | deliver 2.b,W=26
	message secret | deliver 3.c,W=26:2,S cur
	message secret | deliver 4.d
	chown 0:0 "$MAILDIR/new/2.b,W=26" "$MAILDIR/new/4.d"
	chown 12345 "$MAILDIR/cur/3.c,W=26:2,S"
	chmod 600 "$MAILDIR/new/2.b,W=26" "$MAILDIR/new/4.d" \
	    "$MAILDIR/cur/3.c,W=26:2,S"
	session --trash <<-'EOT'
	=> +OK 4
	DELE 3	=> -ERR [SYS/PERM]
	RETR 2	=> -ERR [SYS/PERM]
	TOP 2 1	=> -ERR [SYS/PERM]
	RETR 3	=> -ERR [SYS/PERM]
	RETR 4	=> -ERR [SYS/PERM]
	DELE 2	=> -ERR [SYS/PERM]
	QUIT	=> +OK
	EOT
	! grep secret "$OUT" || fail 'sent'
	assert_files new/1.a new/2.b,W=26 'cur/3.c,W=26:2,S' new/4.d
}

# Some file systems leave d_type unknown.
@test "messages are found where the file system does not tell file types" {
	message a | deliver 1.a
	message b | deliver 2.b:2,S cur
	mkfifo "$MAILDIR/cur/3.fifo"
	mkdir "$MAILDIR/new/4.directory"
	ln -s 1.a "$MAILDIR/new/5.link"
	odd_folders
	preloaded folders FOLDERS_UNTYPED=1
	session <<-'EOT'
	UIDL	=> +OK
	| 1 1.a
	| 2 2.b
	EOT
}

@test "a login fails for now if a name cannot be told from mail" {
	message a | deliver 1.a
	message b | deliver 2.b:2,S cur
	odd_folders
	for_stat
	preloaded folders FOLDERS_UNTYPED=1 FOLDERS_HIDE=2.b:2,S
	session <<-'EOT'
	=> -ERR [SYS/TEMP]
	EOT
	assert_log 'cannot tell whether it is mail: "2.b:2,S" user="anna": '
	assert_equal "$status" 75
}

@test "a login fails for now if a folder cannot be read to its end" {
	local n

	message a | deliver 1.a
	message b | deliver 2.b:2,S cur
	odd_folders
	# the login reads ".", "..", a name and the end of each folder
	for n in {1..8}; do
		preloaded folders "FOLDERS_BREAK=$n"
		session <<-'EOT'
		=> -ERR [SYS/TEMP]
		EOT
		assert_log 'cannot list "(new|cur)" user="anna": '
	done
}

# NTFS and FUSE have such names.  A dovecot-uidlist may hold them, too.
@test "messages with names of more than 255 bytes are served" {
	local id bytes index

	message a | deliver 1.a
	message b | deliver 2.b cur
	odd_folders
	for bytes in 200 252 253 254 300 900 1100 3000; do
		for index in '' dovecot-uidlist; do
			rm -f "$MAILDIR"/popin.* "$MAILDIR"/dovecot-uidlist
			id=$(printf '1.a%*s' "$bytes" '' | tr ' ' '~')
			if [ -n "$index" ]; then
				printf '3 V1 N9 G1\n7 :%s\n8 :x\n' "$id" \
				    >"$MAILDIR/$index"
				own "$MAILDIR/$index"
			fi
			preloaded folders "FOLDERS_LONG=$bytes"
			for login in 1 2; do
				session <<-'EOT'
				LIST	=> +OK 2 34
				RETR 1	=> +OK
				UIDL	=> +OK
				QUIT	=> +OK
				EOT
				assert_equal "$status" 0
				assert_equal "$(body_of 3 | wc -l)" 2
			done
		done
	done
}

# pack NAME BYTES: a message that begins with BYTES, as compressed ones do.
# popin looks at nothing else.
pack()
{
	printf '%b and so on' "$2" | deliver "$1" cur
}

@test "compressed messages are neither sent nor removed" {
	local names=() script=$BATS_TEST_TMPDIR/dialogue name n=0
	need bzip2 bzip2

	message plain | deliver '1.plain,S=22,W=26:2,S' cur
	message gzip | gzip | deliver '2.gzip,S=20,W=24:2,S' cur
	message bzip2 | bzip2 | deliver '3.bzip2,S=22,W=26:2,S' cur
	pack '4.zstd,S=999,W=1010:2,S' '\x28\xb5\x2f\xfd'
	pack '5.lz4,S=999,W=1010:2,S' '\x04\x22\x4d\x18'
	pack '6.xz,S=999,W=1010:2,S' '\xfd7zXZ\x00'
	pack '7.unsized,S=999:2,S' '\x1f\x8b\x08'
	message gzip | gzip | deliver 8.nothing:2,SZ cur
	for login in 1 2; do
		{
			echo '=> +OK 8'
			for n in {2..8}; do
				echo "DELE $n => -ERR [SYS/PERM]"
				echo "RETR $n => -ERR [SYS/PERM]"
				echo "TOP $n 0 => -ERR [SYS/PERM]"
				echo "DELE $n => -ERR [SYS/PERM]"
			done
			echo 'LIST 2 => =+OK 2 24'
			echo 'RETR 1 => +OK'
			echo 'QUIT => +OK'
		} | sed 's/ => /	=> /' | session
		assert_equal "$(files_in | wc -l)" 8
		assert_equal "$(grep -c 'compressed, uncompress it' "$LOG")" 1
	done
	raw_session --check </dev/null
	grep -q '^WARN .*messages: .*cannot-be-sent=7' "$OUT" ||
	    fail "$(cat "$OUT")"
	(cd "$MAILDIR/cur" && gzip -d <'2.gzip,S=20,W=24:2,S' >../tmp/x &&
	    mv ../tmp/x '2.gzip,S=20,W=24:2,S' && own '2.gzip,S=20,W=24:2,S')
	session <<-'EOT'
	RETR 2	=> +OK
	| Subject: gzip
	|
	| gzip
	DELE 2	=> +OK
	QUIT	=> +OK
	EOT
	assert_equal "$(files_in | wc -l)" 7
}

@test "plain mail is never taken for compressed" {
	message a | deliver 1.edited,S=5:2,S cur
	printf 'BZh: a field\n\nx\n' | deliver 2.field,S=1:2,S cur
	printf '\x1f\x8b\x08 as it came' | deliver 3.right,S=14,W=19:2,S cur
	printf 'A: b\n\n\x1f\x8b\x08' | deliver 4.inside,S=1
	: | deliver 5.empty,S=7
	session <<-'EOT'
	RETR 1	=> +OK
	RETR 2	=> +OK
	RETR 3	=> +OK
	RETR 4	=> +OK
	RETR 5	=> +OK
	DELE 1	=> +OK
	DELE 2	=> +OK
	DELE 3	=> +OK
	DELE 4	=> +OK
	DELE 5	=> +OK
	QUIT	=> +OK
	EOT
	assert_files
}

@test "the size behind W= in a name counts until the message is read" {
	message a | deliver '1.a,S=14,W=30'
	message b | deliver '2.b,W=17:2,S' cur
	session <<-'EOT'
	=> +OK 2 47
	LIST 1	=> =+OK 1 30
	LIST 2	=> =+OK 2 17
	EOT
	refute_log 'size corrected'
}

# S= is the number of bytes in the file.  A line end of one byte is sent as two
# octets, and a last line without a line end gets one.  So W= is at least S=,
# and at most twice S= and two.
@test "a W= that contradicts the S= beside it is not believed" {
	message a | deliver '1.a,S=14,W=9'
	message b | deliver '2.b,W=1000,S=14:2,S' cur
	message c | deliver '3.c,S=14,W=13'
	message d | deliver '4.d,S=14,W=31'
	message e | deliver '5.e,S=0,W=3'
	message f | deliver '6.f,S=4611686018427387904,W=4'
	printf x | deliver '7.x,S=1,W=4'
	session <<-'EOT'
	LIST	=> +OK 7 106
	| 1 17
	| 2 17
	| 3 17
	| 4 17
	| 5 17
	| 6 17
	| 7 4
	EOT
}

@test "a wrong W= is corrected when the message is read, and logged" {
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
	# the next session may know the corrected size, or not
	assert_regex "$(body_of 1 | tr -d '\r' | tr '\n' ' ')" \
	    '^1 (17|1000) 2 17 3 (17|1) $'
}

@test "a W= without a number is not believed" {
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

@test "a size in a name that no message has is counted instead" {
	for i in 1 2 3 4; do
		message a | deliver "$i.a,W=18446744073709551615"
	done
	session <<-'EOT'
	STAT	=> +OK 4 68
	LIST 4	=> +OK 4 17
	EOT
}

@test "a maildrop of more than 2^62 octets is refused, and the log says why" {
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

@test "a session that deletes nothing moves and renames nothing" {
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

@test "mail in a Maildir without cur and tmp is shown" {
	message a | deliver 1.a
	rmdir "$MAILDIR/cur" "$MAILDIR/tmp"
	session <<-'EOT'
	=> +OK 1
	RETR 1	=> +OK
	| Subject: a
	|
	| a
	EOT
	assert_equal "$(cat "$MAILDIR/new/1.a")" "$(message a)"
}
