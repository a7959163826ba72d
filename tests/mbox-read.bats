#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
load lib
load mbox

setup()
{
	lib_setup
	mbox_setup
}

@test "the sizes in LIST are the octets that RETR sends" {
	printf '%s\n' "From a@b $STAMP" 'Subject: one' '' 'body' '.dot' '' \
	    "From c@d $STAMP" 'Subject: two' '' 'From here' '' | box
	session <<-'EOT'
	=> +OK 2 55
	LIST	=> +OK
	| 1 28
	| 2 27
	EOT
	reads_right
}

@test "random mboxes are read as an independent program reads them" {
	local seed

	for seed in {1..25}; do
		perl "$TESTS_SRC/mbox.pl" random "$seed" | box
		rm -f "$BOX_HOME"/.popin*
		split_box
		if [ ${#MESSAGES[@]} -gt 0 ]; then
			reads_right
		fi
	done
}

@test "a From_ line begins a message only after a blank line and with a date" {
	printf '%s\n' "From a@b $STAMP" 'Subject: one' '' 'text' \
	    "From no@blank $STAMP" '' 'From nobody at all' '' \
	    'From a@b Sat Jan  3 1996' '' ">From a@b $STAMP" '' \
	    "from a@b $STAMP" '' "From: a@b $STAMP" '' | box
	session <<-'EOT'
	=> +OK 1
	EOT
	reads_right
}

@test "From_ lines with zones, odd senders or without seconds begin messages" {
	local line

	for line in 'a@b Sat Jan  3 01:05 1996' 'a@b Sat Jan 13 01:05:34 1996' \
	    'a@b  Sat Jan  3 01:05:34 1996' ' Sat Jan  3 01:05:34 1996' \
	    '"x y"@z Sat Jan  3 01:05:34 EST 1996' \
	    'a Sat Jan  3 01:05:34 MET DST 1996' \
	    'a!b Sat Jan  3 01:05:34 1996 remote from c' \
	    'a:b Sat Jan  3 01:05:34 1996 +0100'; do
		printf 'From %s\nSubject: x\n\nx\n\n' "$line" >>"$BOX"
	done
	own "$BOX"
	session <<-'EOT'
	=> +OK 8 136
	EOT
}

@test "an empty and a missing mbox are empty maildrops" {
	session <<-'EOT'
	=> +OK 0 0
	UIDL	=> +OK
	QUIT	=> +OK
	EOT
	[ ! -e "$BOX" ]
	: | box
	session <<-'EOT'
	=> +OK 0 0
	QUIT	=> +OK
	EOT
	assert_equal "$(stat -c %s "$BOX")" 0
}

@test "a file that is not an mbox is refused and stays as it is" {
	local text

	for text in 'hello' '\n\n\n' '\nhello\n' ' From a@b' '\0\0\0' \
	    "Subject: x\n\nFrom a@b $STAMP\n"; do
		# shellcheck disable=SC2059
		printf "$text" | box
		cp "$BOX" "$BATS_TEST_TMPDIR/before"
		session <<-'EOT'
		=> -ERR [SYS/PERM]
		EOT
		assert_equal "$status" 78
		assert_log 'not an mbox'
		cmp "$BOX" "$BATS_TEST_TMPDIR/before"
	done
}

@test "a last line without a line end is sent with one" {
	printf 'From a@b %s\nSubject: x\n\nopen' "$STAMP" | box
	reads_right
	printf 'From a@b %s\nSubject: x\n\nopen\r' "$STAMP" | box
	reads_right
}

@test "an mbox with CRLF line ends is read, and sizes count each CR once" {
	printf 'From a@b %s\r\nSubject: x\r\n\r\ntext\r\n\r\nFrom a@b %s\r\nSubject: y\r\n\r\ny\r\n' \
	    "$STAMP" "$STAMP" | box
	session <<-'EOT'
	=> +OK 2 37
	EOT
	reads_right
}

@test "a message without a body is sent with a blank line" {
	printf 'From a@b %s\nSubject: x\n\nFrom a@b %s\nSubject: y\n' "$STAMP" \
	    "$STAMP" | box
	session <<-'EOT'
	LIST	=> +OK 2 28
	RETR 1	=> +OK
	| Subject: x
	| 
	EOT
	reads_right
}

@test "a Content-Length that does not fit is not believed" {
	printf '%s\n' "From a@b $STAMP" 'Content-Length: 100000' '' 'x' '' \
	    "From a@b $STAMP" 'Content-Length: 1' '' 'a long line' 'more' '' \
	    "From a@b $STAMP" 'Content-Length: -5' '' 'z' | box
	session <<-'EOT'
	=> +OK 3
	EOT
	reads_right
}

@test "NULs, 8-bit text and lone CRs are sent unchanged" {
	printf 'From a@b %s\nSubject: x\n\n\0\0\n\377\376\ra\r\r\n\0From\n\nFrom a@b %s\n\n\n' \
	    "$STAMP" "$STAMP" | box
	reads_right
}

@test "Status and X- headers of other programs are shown as they are" {
	printf 'From a@b %s\nStatus: RO\nX-Status: A\nX-UID: 5\n\nx\n' "$STAMP" |
	    box
	reads_right
}

@test "the message where c-client keeps its data is hidden and preserved" {
	{
		printf 'From MAILER-DAEMON %s\n' "$STAMP"
		printf '%s\n' "Subject: DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA" \
		    'X-IMAP: 0123456789 0000000002' 'Status: RO' '' \
		    'This text is part of the internal format' ''
	} | box
	cp "$BOX" "$BATS_TEST_TMPDIR/internal"
	session <<-'EOT'
	=> +OK 0 0
	EOT
	append one
	append two
	reads_right
	session <<-'EOT'
	=> +OK 2
	DELE 1	=> +OK
	DELE 2	=> +OK
	QUIT	=> +OK
	EOT
	cmp "$BOX" "$BATS_TEST_TMPDIR/internal"
}

@test "a real first message with an X-IMAPbase header is shown" {
	printf 'From a@b %s\nSubject: real\nX-IMAPbase: 1 2\n\nx\n' "$STAMP" |
	    box
	session <<-'EOT'
	=> +OK 1
	EOT
	reads_right
}

@test "From_ lines and line ends at the edges of the buffer are found" {
	local at

	for at in 262141 262142 262143 262144 262145 261104 261105 261106 \
	    261107 260000; do
		{
			printf 'From a@b %s\nSubject: x\n\n' "$STAMP"
			head -c "$at" /dev/zero | tr '\0' 'F' | fold -w 997
			printf '\n\nFrom c@d %s\nSubject: y\n\ny\n' "$STAMP"
		} | box
		rm -f "$BOX_HOME"/.popin*
		reads_right
	done
	{
		printf 'From a@b %s\nSubject: x\n\n' "$STAMP"
		head -c 262144 /dev/zero | tr '\0' '\n'
		printf 'From c@d %s\nSubject: y\n\ny\n' "$STAMP"
	} | box
	rm -f "$BOX_HOME"/.popin*
	reads_right
}

@test "headers and header lines longer than the buffer are read" {
	local shift

	# the second message begins about where the buffer ends
	for shift in 0 1 20 40 41 42 43 100; do
		{
			printf 'From a@b %s\nX-Long: ' "$STAMP"
			head -c $((256 * 1024 - 100 + shift)) /dev/zero |
			    tr '\0' x
			printf '\n\nbody\n\nFrom a@b %s\n' "$STAMP"
			seq -f 'X-Many-%.0f: x' 40000
			printf '\nbody\n\nFrom a@b %s\nSubject: 3\n\n' "$STAMP"
		} | box
		rm -f "$BOX_HOME"/.popin*
		reads_right
		assert_equal "${#MESSAGES[@]}" 3
	done
}

@test "From_ lines are found wherever they are in the file" {
	local i

	for ((i = 0; i < 130; i += 1)); do
		printf 'From a@b %s\nSubject: %0*d\n\n%0*d\n\n' "$STAMP" \
		    "$((i / 3 + 1))" 0 "$((i + 1))" 0
	done | box
	session <<-'EOT'
	=> +OK 130
	EOT
	reads_right
}

@test "a message of more than 4 GiB has its exact size" {
	printf 'From a@b %s\nSubject: big\n\n' "$STAMP" | box
	truncate -s 4400000000 "$BOX" 2>/dev/null ||
	    cannot 'no room for a sparse file'
	printf '\nend\n\nFrom a@b %s\nSubject: y\n\ny\n' "$STAMP" >>"$BOX"
	# From_ line and header 48 bytes, 4 of CR
	session <<-EOT
	LIST	=> +OK
	| 1 $((4400000000 - 34 + 5 + 4))
	| 2 17
	DELE 1	=> +OK
	QUIT	=> +OK
	EOT
	assert_equal "$(subjects)" y
}

@test "-m without a prefix recognizes an mbox" {
	plain_box 2
	SESSION=(env USER=anna HOME="$BOX_HOME" "${AS[@]}" "$BIN/popin"
	    -R session -m '%h/mbox')
	session <<-'EOT'
	=> +OK 2
	EOT
}

@test "links, FIFOs, directories and mboxes with two names are refused" {
	plain_box 1
	mv "$BOX" "$BOX.real"
	ln -s mbox.real "$BOX"
	session <<-'EOT'
	=> -ERR [SYS/PERM]
	EOT
	rm "$BOX"
	mkfifo "$BOX"
	own "$BOX"
	session <<-'EOT'
	=> -ERR [SYS/PERM]
	EOT
	rm "$BOX"
	ln "$BOX.real" "$BOX"
	session <<-'EOT'
	=> -ERR [SYS/PERM]
	EOT
	rm "$BOX"
	mkdir "$BOX"
	own "$BOX"
	session <<-'EOT'
	=> -ERR [SYS/PERM]
	EOT
}

# bats test_tags=root
@test "an mbox of somebody else is refused, even when it can be read" {
	[ "$(id -u)" = 0 ] || skip 'needs root'
	plain_box 1
	chown 12345 "$BOX"
	chmod 666 "$BOX"
	session <<-'EOT'
	=> -ERR [SYS/PERM]
	EOT
}

@test "messages that another program moved are neither sent nor removed" {
	plain_box 3
	talk a "${SESSION[@]}"
	hear a
	edit 's/Subject: 1\n/Subject: 1\nStatus: RO\n/'
	ask a 'RETR 2' '-ERR*'
	ask a 'DELE 1' '+OK*'
	ask a QUIT '-ERR*'
	gone a
	assert_equal "$(subjects)" '1 2 3'
}

@test "a login with a state file and one without give the same answers" {
	local i

	plain_box 40 500
	for i in 1 2 3 4; do
		reads_right
		cp "$OUT" "$BATS_TEST_TMPDIR/warm"
		reads_right
		cmp "$OUT" "$BATS_TEST_TMPDIR/warm"
		rm "$BOX_HOME"/.popin*
		reads_right
		cmp "$OUT" "$BATS_TEST_TMPDIR/warm"
		append "late $i"
	done
}

@test "mail appended without a blank line before it is a message of its own" {
	printf 'From a@b %s\nSubject: x\n\nopen\n' "$STAMP" | box
	reads_right
	append y
	reads_right
	printf 'From a@b %s\nSubject: x\n\nopen\n' "$STAMP" | box
	reads_right
	printf '\n' >>"$BOX"
	append y
	session <<-'EOT'
	=> +OK 2
	EOT
	reads_right
}

@test "a changed mbox is read anew, whatever the state file says" {
	plain_box 20 300
	reads_right
	edit 's/Subject: 7\n/Subject: 7 and more\n/'
	reads_right
	edit 's/From [^\n]*\nSubject: 3\n.*?\n\n(?=From )//s'
	reads_right
	: | box
	session <<-'EOT'
	=> +OK 0 0
	EOT
}

@test "a damaged state file changes no answer" {
	local state size i

	plain_box 10
	reads_right
	session <<-'EOT'
	UIDL	=> +OK
	QUIT	=> +OK
	EOT
	reads_right
	cp "$OUT" "$BATS_TEST_TMPDIR/answers"
	state=$(echo "$BOX_HOME"/.popin.mbox.????????????????????????????????)
	cp "$state" "$BATS_TEST_TMPDIR/good"
	size=$(stat -c %s "$state")
	for ((i = 0; i < size; i += size / 60 + 1)); do
		cat "$BATS_TEST_TMPDIR/good" >"$state"
		perl -e 'open F, "+<:raw", $ARGV[0] or die;
		    seek F, $ARGV[1], 0; read F, $c, 1; seek F, $ARGV[1], 0;
		    print F chr(ord($c) ^ (1 << $ARGV[1] % 8))' "$state" "$i"
		limited "${SESSION[@]}"
		cmp "$OUT" "$BATS_TEST_TMPDIR/answers" || fail "byte $i"
		head -c "$i" "$BATS_TEST_TMPDIR/good" >"$state"
		limited "${SESSION[@]}"
		cmp "$OUT" "$BATS_TEST_TMPDIR/answers" || fail "cut at $i"
	done
}

@test "a session needs no more memory for larger messages" {
	printf 'From a@b %s\nSubject: big\n\n' "$STAMP" | box
	head -c 30000000 /dev/zero >>"$BOX"
	head -c 30000000 /dev/zero | tr '\0' '\n' >>"$BOX"
	append last
	talk a "${SESSION[@]}"
	hear a
	[[ $reply == '+OK 2 '* ]]
	[ "$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' \
	    "/proc/${TALK_PID[a]}/status")" -lt $((8000 + EXTRA_KB)) ]
	leave a
}

@test "--max-messages refuses a larger mbox, with or without a state file" {
	plain_box 3
	as_box --max-messages 2
	session <<-'EOT'
	=> -ERR [SYS/PERM]
	EOT
	as_box --max-messages 3
	session <<-'EOT'
	=> +OK 3
	EOT
	as_box --max-messages 2
	session <<-'EOT'
	=> -ERR [SYS/PERM]
	EOT
}
