#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
load lib

# fetch_all FILE...: delivers the files, fetches every message whole and in
# parts, and compares LIST, RETR and TOP with the files, byte for byte.
fetch_all()
{
	local file n=0

	for file in "$@"; do
		n=$((n + 1))
		deliver "$n.x" <"$file"
	done
	{
		printf 'STAT\nLIST\n'
		seq -f 'RETR %.0f' "$n"
		seq -f 'TOP %.0f 0' "$n"
		seq -f 'TOP %.0f 2' "$n"
		seq -f 'TOP %.0f 99999999' "$n"
	} | session
	assert_equal "$status" 0
	messages_match "$@"
	refute_log 'size corrected'
}

# generate: runs the Perl on stdin, which writes files with put(CONTENT), and
# sets FILES.
generate()
{
	mkdir "$BATS_TEST_TMPDIR/files"
	{
		cat <<-'EOT'
		use strict; use warnings;
		my $n = 0;
		sub put {
			open my $f, '>:raw', sprintf('%06d', ++$n) or die $!;
			print $f @_;
			close $f or die $!;
		}
		EOT
		cat
	} | (cd "$BATS_TEST_TMPDIR/files" && perl -)
	FILES=("$BATS_TEST_TMPDIR"/files/*)
}

@test "RETR sends the message with CRLF line ends" {
	printf 'A: b\n\nline\nlast\n' | deliver 1.a
	session <<-'EOT'
	RETR 1	=> +OK
	| A: b
	|
	| line
	| last
	EOT
	printf 'A: b\r\n\r\nline\r\nlast\r\n' | cmp - <(body_of 1)
}

@test "lines that begin with a dot are byte-stuffed" {
	printf '.A: b\n\n.\n..\nx.\n.\r\n.' | deliver 1.a
	session <<-'EOT'
	RETR 1	=> +OK
	EOT
	printf '..A: b\r\n\r\n..\r\n...\r\nx.\r\n..\r\n..\r\n.\r\n' |
	    cmp - <(tail -n +3 "$OUT")
}

@test "LF, CRLF, mixed and missing line ends are sent as CRLF" {
	generate <<-'EOT'
	put("A: b\n\nx\n");
	put("A: b\r\n\r\nx\r\n");
	put("A: b\r\n\nx\n\r\n");
	put("A: b\n\r\nx\r\n\n");
	put("A: b\n\nno final newline");
	put("A: b\n\nfinal CR\r");
	put("A: b\n\nfinal CRs\r\r\r");
	put("A: b\n\nCR before CRLF\r\r\nx\n");
	put("A: b\n\nCR\rin\r\rthe\rline\n\r\nx\n");
	put("A: b\n\n\r");
	put("A: b\n\n\n\n\n");
	put("\n");
	put("\r\n");
	put("\n\n");
	put("\nbody only\n");
	put("A: b\n\n");
	put("A: b\r\n\r\n");
	EOT
	fetch_all "${FILES[@]}"
}

@test "an empty file is an empty message" {
	deliver 1.a </dev/null
	session <<-'EOT'
	LIST 1	=> =+OK 1 0
	RETR 1	=> +OK
	TOP 1 0	=> +OK
	TOP 1 9	=> +OK
	EOT
	assert_equal "$(grep -c $'^\\.\r$' "$OUT")" 3
	assert_equal "$(wc -l <"$OUT")" 8
}

@test "a message of headers only gets the blank line that old clients expect" {
	generate <<-'EOT'
	put("A: b\n");
	put("A: b");
	put("A: b\r\n");
	put("A: b\nC: d\n");
	put("A: b\nC: d\r");
	put(".");
	put(".\n");
	put("\r");
	put("\0");
	put("x" x 100000);
	put("A: b\n x\n" x 30000);
	EOT
	fetch_all "${FILES[@]}"
}

@test "NULs, control bytes and 8-bit text are sent unchanged" {
	generate <<-'EOT'
	my $all = join '', map { chr } grep { $_ != 10 } 0 .. 255;
	put("A: b\n\n$all\n$all\r\n$all");
	put("A: b\n\n\0\n\0\0.\n.\0\n\0");
	put("\0\n\n\0");
	put("A: \xc3\xa4\n\n\xe4\xf6\xfc\n\xff\xfe\n");
	put("A: b\n\n" . "\0" x 300000);
	EOT
	fetch_all "${FILES[@]}"
}

@test "lines of a megabyte are sent whole" {
	generate <<-'EOT'
	put("A: b\n\n" . "x" x (1 << 20) . "\n");
	put("A: b\n\n" . "." x (1 << 20) . "\n." . "x" x (1 << 20));
	put("A: " . "y" x (1 << 20) . "\n\n" . "\r" x (1 << 20) . "\n");
	EOT
	fetch_all "${FILES[@]}"
}

@test "lines that begin with a dot are right at every edge of a buffer" {
	# Each message has such lines at all edges at once.  On the wire the
	# reply line comes before them, so each message shifts them a little.
	generate <<-'EOT'
	my @edges = map { 4096 << $_ } 0 .. 5;
	for my $eol ("\n", "\r\n") {
		for my $shift (-48 .. 4) {
			my $m = "A: b$eol$eol";
			for my $edge (@edges) {
				$m .= 'x' x ($edge + $shift - length $m);
				$m .= "$eol.$eol..$eol";
			}
			put($m . "end$eol");
		}
	}
	EOT
	fetch_all "${FILES[@]}"
}

@test "messages of nothing but dots or line ends are sent right" {
	generate <<-'EOT'
	for my $eol ("\n", "\r\n") {
		put("\n" . "x" x $_ . "\n" . ".$eol" x 70000) for 0 .. 3;
		put("\n" . "x" x $_ . "\n" . $eol x 70000) for 0 .. 3;
		put("\n" . "x" x $_ . "\n" . "..$eol" x 50000) for 0 .. 4;
	}
	put("\n" . "x" x $_ . "\r." x 70000) for 0 .. 1;
	put("\n" . "x" x $_ . "\r" x 140000) for 0 .. 1;
	EOT
	fetch_all "${FILES[@]}"
}

@test "messages that end at the edge of a buffer are sent whole" {
	generate <<-'EOT'
	for my $edge (map { 4096 << $_ } 0 .. 4) {
		for my $shift (-4 .. 4) {
			my $x = "A: b\n\n" . 'x' x ($edge + $shift - 6);
			put($x);
			put("$x\n");
			put("$x\r\n");
			put("$x\r");
			put("$x\n.");
		}
	}
	EOT
	fetch_all "${FILES[@]}"
}

@test "headers that end at the edge of a buffer are found by TOP" {
	generate <<-'EOT'
	for my $edge (map { 4096 << $_ } 0 .. 4) {
		for my $shift (-4 .. 4) {
			my $x = "A: " . 'x' x ($edge + $shift - 3);
			put("$x\n\n1\n2\n3\n");
			put("$x\r\n\r\n1\r\n2\r\n3\r\n");
			put("$x\n");
		}
	}
	EOT
	fetch_all "${FILES[@]}"
}

@test "random bytes with many line ends and dots are sent right" {
	generate <<-'EOT'
	srand 1939;
	my @piece = ("\n", "\r\n", "\r", ".", "..", "\n.", "\r\n.\r\n", "\0",
	    "x", "xyz" x 30);
	for (1 .. 300) {
		put(join '', map { $piece[rand @piece] } 1 .. rand 600);
	}
	EOT
	fetch_all "${FILES[@]}"
}

@test "lines of every length are sent right, whatever begins and ends them" {
	generate <<-'EOT'
	for my $before ('', '.', '..', "\r", "\r\r") {
		for my $end ("\n", "\r\n", "\r\r\n") {
			put('A: b', $end, $end,
			    map { $before . 'x' x $_ . $end } 0 .. 70);
			put(map { $before . 'x' x $_ . $end } reverse 1 .. 70);
		}
	}
	EOT
	fetch_all "${FILES[@]}"
}

@test "reading a message changes nothing on disk" {
	three_messages
	session <<-'EOT'
	RETR 1	=> +OK
	RETR 2	=> +OK
	TOP 3 5	=> +OK
	QUIT	=> +OK
	EOT
	assert_files new/1.one cur/2.two:2,S new/3.three
}

@test "a deleted message cannot be read" {
	three_messages
	session <<-'EOT'
	DELE 2	=> +OK
	RETR 2	=> -ERR
	TOP 2 0	=> -ERR
	RETR 3	=> +OK
	EOT
}
