#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
load lib

# many N: makes N messages of 20 octets with names of 29 bytes.
many()
{
	"${AS[@]}" perl -e 'chdir "$ARGV[0]/new" or die;
	    for (1 .. $ARGV[1]) {
		open F, ">", sprintf("17%08d.M%06dP123.mail", $_, $_ % 1e6)
		    or die $!;
		print F "Subject: x\n\nabcd\n";
		close F;
	    }' "$MAILDIR" "$1"
}

# peak NAME: prints the most memory, in kB, that the session of talk NAME had.
peak()
{
	sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' \
	    "/proc/${TALK_PID[$1]}/status"
}

@test "a message of 5 GiB has the right size and arrives whole" {
	local size=$((5 << 30))

	printf 'Subject: x\n\n' | deliver 1.big
	truncate -s "$size" "$MAILDIR/new/1.big" || skip 'no room for 5 GiB'
	# two LFs become CRLF, the last line gets one
	size=$((size + 4))
	session <<-EOT
	=> =+OK 1 messages ($size octets)
	STAT	=> =+OK 1 $size
	LIST 1	=> =+OK 1 $size
	TOP 1 0	=> +OK
	| Subject: x
	|
	EOT
	printf 'RETR 1\r\nQUIT\r\n' | timeout 120 "${SESSION[@]}" 2>"$LOG" |
	    perl -e '$/ = "\r\n";
		<STDIN>; <STDIN>;
		$n = 0; $end = "";
		while (read STDIN, $b, 1 << 20) {
			$n += length $b;
			$end = substr($end . substr($b, -100), -100);
		}
		$end =~ /\r\n\.\r\n(\+OK[^\r\n]*\r\n)\z/ or die;
		print $n - 3 - length $1' >"$OUT"
	assert_equal "$(cat "$OUT")" "$size"
	assert_log "retr=1/$size .*end=quit\$"
}

@test "sizes over 4 GiB add up" {
	local i

	for i in 1 2 3; do
		printf 'x\n' | deliver "$i.a,W=4294967297"
	done
	session <<-'EOT'
	=> +OK 3 12884901891
	STAT	=> =+OK 3 12884901891
	LIST 2	=> =+OK 2 4294967297
	EOT
}

@test "100 000 messages log in, are listed and deleted" {
	many 100000
	session <<-'EOT'
	=> +OK 100000 2000000
	STAT		=> =+OK 100000 2000000
	LIST 100000	=> =+OK 100000 20
	LIST 100001	=> -ERR
	UIDL 100000	=> =+OK 100000 1700100000.M100000P123.mail
	UIDL 54321	=> =+OK 54321 1700054321.M054321P123.mail
	LIST		=> +OK 100000 2000000
	UIDL		=> +OK
	RETR 99999	=> +OK
	| Subject: x
	|
	| abcd
	DELE 1		=> +OK
	DELE 100000	=> +OK
	QUIT		=> +OK
	EOT
	assert_equal "$(body_of 6 | wc -l)" 100000
	assert_equal "$(body_of 6 | cut -d ' ' -f 1 | cmp - <(seq 100000))" ''
	assert_equal "$(body_of 7 | sort -u -k 2 | wc -l)" 100000
	# and again, with the state file of the first session
	session <<-'EOT'
	=> +OK 99998 1999960
	UIDL 1	=> =+OK 1 1700000002.M000002P123.mail
	EOT
	assert_equal "$(files_in | wc -l)" 99998
}

@test "a message costs at most 64 bytes of memory and its name" {
	local few lots again

	[ -r "/proc/$$/status" ] || skip 'no /proc'
	many 10
	talk few "${SESSION[@]}"
	hear few
	few=$(peak few)
	leave few
	many 100000
	talk lots "${SESSION[@]}"
	hear lots
	assert_equal "$reply" '+OK 100000 messages (2000000 octets)'
	ask lots 'RETR 500' '+OK*'
	hear_body lots
	lots=$(peak lots)
	leave lots
	talk again "${SESSION[@]}"
	hear again
	again=$(peak again)
	leave again
	echo "kB: $few with 10, $lots with 100000, $again with the state file"
	# 512 kB are for what grows in larger steps
	[ $((lots - few)) -le $((100000 * (64 + 29) / 1024 + 512 + EXTRA_KB)) ]
	[ $((again - few)) -le $((100000 * (64 + 29) / 1024 + 512 + EXTRA_KB)) ]
}

@test "the length of a message or a line costs no memory" {
	local small large

	[ -r "/proc/$$/status" ] || skip 'no /proc'
	printf 'A: b\n\nx\n' | deliver 1.small
	perl -e 'print "A: b\n\n", "x" x 50000000' | deliver 2.large
	talk a "${SESSION[@]}"
	hear a
	ask a 'RETR 1' '+OK*'
	hear_body a
	small=$(peak a)
	tell a 'RETR 2'
	hang_up a
	head -c 40000000 <&"${TALK_FROM[a]}" >/dev/null
	large=$(peak a)
	gone a
	echo "kB: $small, $large"
	[ $((large - small)) -le $((256 + EXTRA_KB)) ]
}

@test "too many messages are refused with -ERR [SYS/PERM] and a log line" {
	three_messages
	session --max-messages 2 <<-'EOT'
	=> -ERR [SYS/PERM]
	STAT	=> (end)
	EOT
	assert_log 'too many messages'
	session --max-messages=3 <<-'EOT'
	=> +OK 3 84
	EOT
	assert_files new/1.one cur/2.two:2,S new/3.three
}
