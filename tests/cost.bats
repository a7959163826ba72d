#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
#
# Costs that can be counted, such as system calls; no test measures time.  The
# limits leave room for another libc, not for another design.
load lib

# many N: puts N messages into cur.
many()
{
	perl -e 'for my $n (1 .. $ARGV[1]) {
		open my $f, ">", "$ARGV[0]/cur/1700000000.M${n}P1.mail:2,S"
		    or die $!;
		print $f "Subject: $n\n\ntext\n";
		close $f or die $!;
		!$< and (chown $ARGV[2], $ARGV[2],
		    "$ARGV[0]/cur/1700000000.M${n}P1.mail:2,S" or die $!);
	}' "$MAILDIR" "$1" "$TEST_UID"
}

# count COMMAND...: runs it with stdin.  Sets calls to the number of system
# calls that popin and its children make, and imports to that of popin-import.
count()
{
	local trace=$BATS_TEST_TMPDIR/trace

	need strace strace
	cat >"$IN"
	limited strace -f -qq -o "$trace" "$@"
	assert_equal "$status" 0
	read -r calls imports < <(awk '
	    /execve\("[^"]*popin"/ && !from { from = NR }
	    from && !/resumed>/ { n[import == $1]++ }
	    /execve\("[^"]*popin-import"/ { import = $1 }
	    END { print n[0] + 0, n[1] + 0 }' "$trace")
	echo "$calls system calls, $imports of popin-import"
	[ "$calls" -gt 50 ]
}

@test "a login costs no system call for a message that popin knows" {
	many 3000
	session <<-'EOT'
	=> =+OK 3000 messages (67893 octets)
	EOT
	count "${SESSION[@]}" <<<$'STAT\r\nQUIT\r'
	grep -q '^+OK 3000 67893' "$OUT"
	[ "$calls" -le 300 ]
}

@test "a message costs four system calls to count and four to send" {
	many 500
	seq -f $'RETR %.0f\r' 500 | count "${SESSION[@]}"
	assert_equal "$(grep -c '^text' "$OUT")" 500
	# four to count its octets at the login, and four to send it
	[ "$calls" -le $((500 * 8 + 300)) ]
}

@test "a session of the whole chain costs a few hundred system calls" {
	many 10
	count "${CHAIN[@]}" <<-EOT
	USER anna$(printf '\r')
	PASS secret$(printf '\r')
	STAT$(printf '\r')
	QUIT$(printf '\r')
	EOT
	grep -q '^+OK 10 ' "$OUT"
	[ "$calls" -le 720 ]
}

@test "popin-import runs at the first login only, and makes few system calls" {
	many 3000
	count "${SESSION[@]}" <<<$'STAT\r\nQUIT\r'
	[ "$imports" -gt 0 ]
	[ "$imports" -le 150 ]
	count "${SESSION[@]}" <<<$'UIDL\r\nQUIT\r'
	assert_equal "$imports" 0
	# UIDL of 3 000 messages is in here, and the heap of another libc
	[ "$calls" -le 400 ]
}

@test "a large message is sent in few writes, also by the whole chain" {
	perl -e 'print "A: b\n\n", ("x" x 70 . "\n") x 20000' | deliver 1.large
	for command in SESSION CHAIN; do
		declare -n words=$command
		{
			echo 'wait 1'
			if [ "$command" = CHAIN ]; then
				printf '%s\n' 'USER anna\n' 'wait 1' \
				    'PASS secret\n' 'wait 1'
			fi
			printf '%s\n' 'RETR 1\n' 'wait 20004' 'QUIT\n'
		} | writes "${words[@]}"
		echo "${#records[@]} writes"
		[ "${#records[@]}" -le 20 ]
	done
}

@test "popin is smaller than 176 KiB, or than 1 MiB with a libc in it" {
	local limit=$((176 * 1024))

	need strip binutils
	need readelf binutils
	if ! grep -q '^CFLAGS = -g$' "${abs_top_builddir:-.}/Makefile"; then
		skip 'built with CFLAGS of its own'
	fi
	if ! readelf -lW "$POPIN" | grep -q INTERP; then
		limit=$((1024 * 1024)) # with a libc in it
	fi
	strip -o "$BATS_TEST_TMPDIR/popin" "$POPIN"
	size=$(stat -c %s "$BATS_TEST_TMPDIR/popin")
	echo "$size bytes"
	[ "$size" -le "$limit" ]
}
