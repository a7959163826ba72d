#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
#
# What begins a message of an mbox: From_ lines as real programs write them,
# the lines before and after them, and what a sender can do with them.
# shellcheck disable=SC2034
load lib
load mbox

setup()
{
	lib_setup
	mbox_setup
}

FIRST="From x@y $STAMP"

# three KIND LINE: prints an mbox of three messages if LINE begins one, else of
# two.  KIND is as in the table, tests/from-lines.
three()
{
	local blank='' next='Subject: two'

	if [ "$1" != n ]; then
		blank=$'\n'
	fi
	if [ "$1" = t ]; then
		next='prose is here'
	fi
	printf '%s\nSubject: one\n\nbody one\n%s%s\n%s\n\nbody\n\n' "$FIRST" \
	    "$blank" "$2" "$next"
	printf 'From z@w %s\nSubject: three\n\nbody\n\n' "$STAMP"
}

# each_form FUNCTION: calls it for each row of the table.  cells has the
# columns; the argument is the line and a dot, which keeps a blank at its end.
each_form()
{
	local row line n
	local -a cells

	while IFS= read -r row; do
		[[ $row != '#'* ]] || continue
		line=From${row#*From}
		if [[ $row == *'>From'* ]]; then
			line=">$line"
		elif [[ $row == *from* && $row != *From* ]]; then
			line=from${row#*from}
		fi
		if [[ $line == *'{'* ]]; then
			n=${line#*\{} n=${n%%\}*}
			line=${line/"{$n}"/$(printf "%${n}s" | tr ' ' a)}
		fi
		read -r -a cells <<<"$row"
		"$1" "$(printf '%b.' "$line")"
	done <"$TESTS_SRC/from-lines"
}

# cell_is N COUNT KIND LINE: the program of column N has found COUNT messages,
# as the table says.
cell_is()
{
	local wanted=2

	if [[ ${cells[$1]} == *$3* ]]; then
		wanted=3
	fi
	[ "$2" = "$wanted" ] ||
	    fail "$3, $2 and not $wanted messages: ${4:0:200}"
}

popin_takes()
{
	local kind line=${1%.}

	for kind in h n t; do
		three $kind "$line" | box
		rm -f "$BOX_HOME"/.popin*
		printf 'STAT\nQUIT\n' | session
		cell_is 0 "$(sed -n 's/^+OK \([0-9]*\) .*/\1/p;q' "$OUT")" \
		    $kind "$line"
	done
}

@test "popin takes for From_ lines what tests/from-lines says" {
	each_form popin_takes
}

dovecot_takes()
{
	local kind line=${1%.}

	for kind in h n t; do
		three $kind "$line" | box
		rm -rf "$BOX_HOME/mail"
		printf 'STAT\r\nQUIT\r\n' | "${AS[@]}" env USER=anna \
		    HOME="$BOX_HOME" /usr/lib/dovecot/pop3 \
		    -c "$BOX_HOME/dovecot.conf" >"$OUT" 2>"$LOG"
		cell_is 1 "$(sed -n 's/^+OK \([0-9]*\) .*/\1/p' "$OUT" |
		    head -n 1)" $kind "$line"
	done
}

dovecot_conf()
{
	printf '%s\n' "mail_location = mbox:$BOX_HOME/mail:INBOX=$BOX" \
	    'mbox_write_locks = fcntl' "log_path = $BOX_HOME/dovecot.log" \
	    'postmaster_address = p@here.example' 'auth_socket_path =' \
	    >"$BOX_HOME/dovecot.conf"
}

@test "dovecot takes for From_ lines what tests/from-lines says" {
	need /usr/lib/dovecot/pop3 dovecot-pop3d
	dovecot_conf
	each_form dovecot_takes
}

@test "in the table popin takes what dovecot and mutt take, except git's line" {
	taken()
	{
		if [[ ${cells[1]} == h* && ${cells[2]} == h* &&
		    ${cells[0]} != h* ]]; then
			[[ $1 =~ ^From\ [0-9a-f]{40,64}\ Mon\ Sep\ 17 ]]
		fi
	}
	each_form taken
}

# --- long ones

# long N: prints a From_ line of Postfix, with a local part of N bytes.
long()
{
	printf 'From '
	head -c "$1" /dev/zero | tr '\0' a
	printf '@example.org  Thu Jan  1 00:00:00 2015\n'
}

@test "a From_ line of any length begins a message, first and in the middle" {
	local n

	for n in 900 1010 1022 1900 4000 4093 20000 100000; do
		{
			long $n
			printf 'Subject: one\n\nbody\n\n'
			long $n
			printf 'Subject: two\n\nbody\n\n'
			printf '%s\nSubject: three\n\nbody\n\n' "$FIRST"
		} | box
		rm -f "$BOX_HOME"/.popin*
		reads_right
		assert_equal "${#MESSAGES[@]}" 3
		reads_right
		uids
		assert_equal "$(printf '%s\n' "${UIDS[@]}" | sort -u | wc -l)" 3
		session <<-'EOT'
		DELE 2	=> +OK
		QUIT	=> +OK
		EOT
		assert_equal "$(subjects)" 'one three'
	done
}

@test "a From_ line longer than the buffer may begin a file, and stays" {
	{
		long 900000
		printf 'Subject: one\n\nbody\n\n%s\nSubject: two\n\nb\n\n' \
		    "$FIRST"
	} | box
	reads_right
	uids
	session <<-'EOT'
	=> +OK 2
	RETR 1	=> +OK
	DELE 2	=> +OK
	QUIT	=> +OK
	EOT
	assert_equal "$(subjects)" one
	assert_equal "$(stat -c %s "$BOX")" $((900000 + 44 + 20))
}

@test "messages after long From_ lines have the ids of their scheme" {
	{
		long 5000
		printf 'X-UIDL: this-one\n\nbody\n\n'
		long 3000
		printf 'X-UIDL: that-one\n\nbody\n\n'
	} | box
	uids
	assert_equal "${UIDS[*]}" 'this-one that-one'
}

# --- the beginning of the file

@test "a file that begins with From and a blank begins with a message" {
	local line

	for line in 'From nobody' 'From ' 'From here on' \
	    "From $(printf '%040d' 0) Mon Sep 17 00:00:00 2001"; do
		printf '%s\nSubject: one\n\nx\n\n%s\nSubject: two\n\ny\n\n' \
		    "$line" "$FIRST" | box
		rm -f "$BOX_HOME"/.popin*
		reads_right
		assert_equal "${#MESSAGES[@]}" 2
	done
	printf 'From nobody' | box
	rm -f "$BOX_HOME"/.popin*
	session <<-'EOT'
	=> +OK 1 0
	QUIT	=> +OK
	EOT
}

@test "an mbox that begins with blank lines is served, and keeps them" {
	local head marks

	for head in '\n' '\n\n\n' '\r\n\r\n' '\0\0\0\0' '\0\0\n'; do
		for marks in 1 2 '1 2'; do
			{
				# shellcheck disable=SC2059
				printf "$head"
				printf '%s\nSubject: 1\n\nx\n\n' "$FIRST"
				printf '%s\nSubject: 2\n\ny\n\n' "$FIRST"
			} | box
			rm -f "$BOX_HOME"/.popin*
			reads_right
			assert_equal "${#MESSAGES[@]}" 2
			{
				xargs -n 1 printf 'DELE %d\t=> +OK\n' \
				    <<<"$marks"
				printf 'QUIT\t=> +OK\n'
			} | session
			if [ "$marks" = '1 2' ]; then
				assert_equal "$(stat -c %s "$BOX")" 0
				continue
			fi
			# shellcheck disable=SC2059
			{
				printf "$head"
				printf '%s\nSubject: %d\n\n%s\n\n' "$FIRST" \
				    $((3 - marks)) \
				    "$([ "$marks" = 1 ] && echo y || echo x)"
			} | cmp - "$BOX"
			reads_right
			append late
			reads_right
			assert_equal "${#MESSAGES[@]}" 2
		done
	done
}

# --- holes

@test "the next message behind a hole that a crash left is shown" {
	local end

	# the hole begins behind a message, in a line, or in a header; the
	# delivery after the crash may have begun with line ends
	for end in 'Subject: 1\n\nbody\n\n' 'Subject: 1\n\nbody\n' \
	    'Subject: 1\n\nbo' 'Subject: 1\nReceived: fro'; do
		for next in '' '\n' '\n\n'; do
			{
				# shellcheck disable=SC2059
				printf "%s\n$end" "$FIRST"
				head -c 4096 /dev/zero
				# shellcheck disable=SC2059
				printf "$next"
				printf '%s\nSubject: 2\n\nbody\n\n' "$FIRST"
			} | box
			rm -f "$BOX_HOME"/.popin*
			if [[ $end$next == *Received*'\n' ]]; then
				continue
			fi
			reads_right
			assert_equal "${#MESSAGES[@]}" 2
			reads_right
			session <<-'EOT'
			DELE 1	=> +OK
			QUIT	=> +OK
			EOT
			assert_equal "$(subjects)" 2
		done
	done
}

# --- Content-Length

# honest TEXT: prints a message with a Content-Length that is true.
honest()
{
	printf '%s\nSubject: one\nContent-Length: %d\n\n%s\n' "$FIRST" \
	    "${#1}" "$1"
}

@test "a From_ line inside an exact Content-Length begins no message" {
	local text

	for text in $'see\n\nFrom a@b '"$STAMP"$'\nwas there\n' \
	    $'see\n\nFrom a@b Mon Jan  1 00:00:00 1996\nReceived: by x\n\nold\n' \
	    $'see\n\nFrom a@b '"$STAMP"$'\nSubject: an example\n\nx\n' \
	    $'see\nFrom a@b Mon Jan  1 00:00:00 1996\nA: b\n\nx\n'; do
		{
			honest "$text"
			honest "$text"
		} | box
		rm -f "$BOX_HOME"/.popin*
		reads_right
		assert_equal "${#MESSAGES[@]}" 2
		append late
		reads_right
		assert_equal "${#MESSAGES[@]}" 3
	done
}

# lying LENGTH NEXT...: makes an mbox of a message with that Content-Length, and
# of NEXT; it must read right.
lying()
{
	{
		printf '%s\nSubject: one\nContent-Length: %s\n\nx\n\n' \
		    "$FIRST" "$1"
		printf '%s' "${@:2}"
	} | box
	rm -f "$BOX_HOME"/.popin*
	reads_right
}

@test "a lying Content-Length hides no message and joins none to another" {
	local later='From a@b Sat Jan  3 01:05:35 1996' mail next length
	local same="From a@b $STAMP"

	next="$FIRST"$'\nSubject: three\n\nz\n\n'
	# mail that came later, or that has a field of delivery agents
	for mail in "$later"$'\nSubject: two\n\ny\n\n' "$later"$'\n\ny\n\n' \
	    "$same"$'\nReturn-Path: <a@b>\n\ny\n\n' \
	    "$same"$'\nSubject: two\nReceived: by here\n\ny\n\n'; do
		for length in $((3 + ${#mail})) $((2 + ${#mail})) \
		    $((3 + ${#mail} + ${#next})) 0 1 5 100000 -5 x \
		    9223372036854775807 18446744073709551616; do
			lying $length "$mail" "$next"
			assert_equal "${#MESSAGES[@]}" 3
			session <<-'EOT'
			DELE 1	=> +OK
			QUIT	=> +OK
			EOT
			{
				printf '%s' "$mail" "$next"
			} | cmp - "$BOX"
		done
	done
}

@test "a Content-Length that becomes exact reads the same with a warm state" {
	local i

	# the header inside it ends only when more is delivered
	{
		honest $'see\n\nFrom a@b '"$STAMP"$'\nC:\n'"$FIRST"$'\nD: e\n\n' |
		    head -n 8
	} | box
	reads_right
	printf '%s\nD: e\n\n' "$FIRST" >>"$BOX"
	reads_right
	cp "$OUT" "$BATS_TEST_TMPDIR/warm"
	rm "$BOX_HOME"/.popin*
	reads_right
	cmp "$OUT" "$BATS_TEST_TMPDIR/warm"
	# the length ends where the file will end later
	for i in 60 90 120 150 180; do
		lying $i 'From what they say ' "$STAMP" $'\nA: b\n\nx\n\n'
		while [ "$(stat -c %s "$BOX")" -lt 500 ]; do
			append "$i"
			reads_right
			cp "$OUT" "$BATS_TEST_TMPDIR/warm"
			rm "$BOX_HOME"/.popin*
			reads_right
			cmp "$OUT" "$BATS_TEST_TMPDIR/warm"
		done
	done
}

@test "each delivery of dovecot's agent into an mbox is one message" {
	local i

	need /usr/lib/dovecot/dovecot-lda dovecot-core
	dovecot_conf
	for i in 1 2 3; do
		"${AS[@]}" env USER="$(id -un "$("${AS[@]}" id -u)" 2>/dev/null ||
		    echo anna)" HOME="$BOX_HOME" /usr/lib/dovecot/dovecot-lda \
		    -c "$BOX_HOME/dovecot.conf" -e -f s@x.example <<-EOT
		From: x@y
		Subject: $i

		From 0123456789abcdef0123456789abcdef01234567 Mon Sep 17 00:00:00 2001
		From: A U Thor <a@b>
		Subject: [PATCH] x

		diff

		From a@b $STAMP
		Received: by x
		Subject: quoted

		text
		EOT
		session <<-EOT
		=> +OK $i
		QUIT	=> +OK
		EOT
	done
	session <<-'EOT'
	DELE 2	=> +OK
	QUIT	=> +OK
	EOT
	assert_equal "$(grep -c '^From s@x.example ' "$BOX")" 2
	assert_equal "$(subjects)" '1 3'
}

@test "DELE of a message between two others does not join these" {
	local end last

	# the first has no blank line behind it, the last needs one
	for last in "$FIRST"$'\n\nno header\n' $'From \nSubject: 3\n\nx\n'; do
		for end in 'open\n' 'open\0\0'; do
			{
				# shellcheck disable=SC2059
				printf "%s\nSubject: 1\n\n$end" "$FIRST"
				printf '%s\nSubject: 2\n\nx\n\n%s' "$FIRST" \
				    "$last"
			} | box
			rm -f "$BOX_HOME"/.popin*
			reads_right
			assert_equal "${#MESSAGES[@]}" 3
			local -a left=("${MESSAGES[0]}" "${MESSAGES[2]}")
			session <<-'EOT'
			DELE 2	=> +OK
			QUIT	=> +OK
			EOT
			session <<-'EOT'
			=> +OK 2
			RETR 1	=> +OK
			RETR 2	=> +OK
			QUIT	=> +OK
			EOT
			messages_match "${left[@]}"
			reads_right
		done
	done
}

@test "mail without a header that comes during a session is not joined" {
	printf '%s\nSubject: 1\n\nopen\n%s\nSubject: 2\n\nx\n\n' "$FIRST" \
	    "$FIRST" | box
	talk a "${SESSION[@]}"
	hear a
	printf '%s\n\nno header\n\n' "$FIRST" >>"$BOX"
	ask a 'DELE 2' '+OK*'
	ask a QUIT '+OK*'
	gone a
	session <<-'EOT'
	=> +OK 2
	QUIT	=> +OK
	EOT
}

# --- senders

@test "nobody can send mail that is hidden as c-client's data" {
	local field

	for field in 'Return-Path: <a@b>' 'Received: by x' 'Delivered-To: anna'; do
		printf '%s\n' "$FIRST" "$field" \
		    "Subject: DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA" \
		    'X-IMAP: 0123456789 0000000002' 'Status: RO' '' 'real' '' |
		    box
		rm -f "$BOX_HOME"/.popin*
		session <<-'EOT'
		=> +OK 1
		QUIT	=> +OK
		EOT
		reads_right
	done
}

@test "an mbox with more messages than can be served is served in part" {
	local LIMIT=300

	perl -e 'print "From a\@b Sat Jan  3 01:05:34 1996\n\n" x 1000002' | box
	append last
	session <<-'EOT'
	=> +OK 1000000
	DELE 1	=> +OK
	DELE 1000000	=> +OK
	QUIT	=> +OK
	EOT
	assert_log 'too many messages, only the first are served: "mbox"'
	session <<-'EOT'
	=> +OK 1000000
	DELE 1	=> +OK
	DELE 2	=> +OK
	QUIT	=> +OK
	EOT
	session <<-'EOT'
	=> +OK 999999
	RETR 999999	=> +OK
	| Subject: last
	| 
	| body of last
	QUIT	=> +OK
	EOT
}
