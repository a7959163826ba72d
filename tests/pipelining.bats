#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
load lib

@test "commands in one write are answered in order, also across the login" {
	three_messages
	pop3 <<-'EOT'
	=> +OK
	CAPA		=> +OK
	USER anna	=> +OK
	PASS secret	=> +OK 3 84
	STAT		=> =+OK 3 84
	LIST 1		=> =+OK 1 31
	UIDL 2		=> =+OK 2 2.two
	RETR 3		=> +OK
	TOP 1 0		=> +OK
	DELE 1		=> +OK
	NOOP		=> +OK
	QUIT		=> +OK
	EOT
	assert_equal "$status" 0
	assert_files cur/2.two:2,S new/3.three
}

@test "the commands behind a failed login in a pipeline are answered" {
	three_messages
	pop3 <<-'EOT'
	USER anna	=> +OK
	PASS wrong	=> -ERR [AUTH]
	STAT		=> -ERR
	USER bert	=> +OK
	PASS wrong	=> -ERR [AUTH]
	USER anna	=> +OK
	PASS secret	=> +OK 3 84
	STAT		=> +OK 3 84
	QUIT		=> +OK
	EOT
}

@test "ten thousand commands in a pipeline are all answered" {
	three_messages
	{
		printf 'USER anna\t=> +OK\nPASS secret\t=> +OK 3 84\n'
		for ((i = 0; i < 2500; i++)); do
			printf 'STAT\t=> +OK 3 84\nLIST 2\t=> +OK 2 28\n'
			printf 'UIDL 1\t=> +OK\nTOP 1 0\t=> +OK\n'
		done
		printf 'QUIT\t=> +OK\n'
	} | pop3
	assert_equal "$status" 0
}

@test "a pipeline that arrives in two pieces is answered the same" {
	three_messages
	pop3 <<-'EOT'
	USER anna	=> +OK
	PASS secret	=> +OK 3 84
	STAT		=> +OK 3 84
	LIST		=> +OK 3 84
	RETR 2		=> +OK
	EOT
	cp "$OUT" "$BATS_TEST_TMPDIR/whole"
	n=$(wc -c <"$IN")
	for ((i = 1; i < n; i += 3)); do
		head -c "$i" "$IN" >"$SCRIPT"
		talk "a$i" "${CHAIN[@]}"
		cat "$SCRIPT" >&"${TALK_TO[a$i]}"
		hear "a$i"
		tail -c "+$((i + 1))" "$IN" >&"${TALK_TO[a$i]}"
		leave "a$i"
		{ printf '%s\r\n' "$reply"; cat "$rest"; } |
		    cmp - "$BATS_TEST_TMPDIR/whole"
	done
}

@test "a command that arrives octet by octet is obeyed" {
	three_messages
	talk a "${SESSION[@]}"
	hear a
	for c in L I S T ' ' 2 $'\r' $'\n'; do
		printf '%s' "$c" >&"${TALK_TO[a]}"
	done
	hear a
	assert_equal "$reply" '+OK 2 28'
	leave a
}

@test "every reply leaves in one write, even with many lines" {
	three_messages
	writes "${SESSION[@]}" <<-'EOT'
	wait 1
	STAT\n
	wait 1
	LIST\n
	wait 5
	RETR 1\n
	wait 5
	TOP 2 0\n
	wait 4
	UIDL\n
	wait 5
	DELE 1\n
	wait 1
	foo\n
	wait 1
	QUIT\n
	EOT
	assert_equal "$(grep -c -v '^--$' "$OUT")" 9
}

@test "every reply before the login leaves in one write" {
	three_messages
	writes "${CHAIN[@]}" <<-'EOT'
	wait 1
	CAPA\n
	wait 10
	USER anna\n
	wait 1
	PASS wrong\n
	wait 1
	USER anna\n
	wait 1
	PASS secret\n
	wait 1
	QUIT\n
	EOT
	assert_equal "$(grep -c -v '^--$' "$OUT")" 7
}

@test "the replies to a batch of commands leave in one write" {
	three_messages
	writes "${SESSION[@]}" <<-'EOT'
	wait 1
	STAT\nLIST\nUIDL 1\nRETR 1\nTOP 2 0\nDELE 1\nfoo\nNOOP\n
	wait 19
	QUIT\n
	EOT
	assert_equal "$(grep -c -v '^--$' "$OUT")" 3
}

@test "replies do not wait for the rest of a command" {
	three_messages
	writes "${SESSION[@]}" <<-'EOT'
	wait 1
	STAT\nLIST 1\nNO
	wait 2
	OP\n
	wait 1
	EOT
	assert_equal "${records[2]}" '+OK 3 84|+OK 1 31|'
}

@test "the final dot and its line ends leave in one write" {
	local n

	"${AS[@]}" perl -e 'chdir "$ARGV[0]/new" or die;
	    for my $size (map { 4096 << $_ } 0 .. 5) {
		for my $d (-40 .. 4) {
			open F, ">", ++$n . ".x" or die $!;
			print F "A: b\n\n", "x" x ($size + $d - 10), "\n";
			close F;
		}
	    }' "$MAILDIR"
	n=$(files_in | wc -l)
	{
		echo 'wait 1'
		for ((i = 1; i <= n; i++)); do
			printf 'RETR %s\\n\nwait 5\n' "$i"
		done
	} | writes "${SESSION[@]}"
	# after each reply there is a pause; the write before it has the dot
	assert_equal "$(grep -c '^--$' "$OUT")" $((n + 1))
	assert_equal "$(grep -B 1 '^--$' "$OUT" | grep -c '|\.|$')" "$n"
}
