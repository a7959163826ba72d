#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
load lib

# The line limit of 255 octets (RFC 2449, section 4) counts the line end.

@test "commands are understood in any case" {
	three_messages
	pop3 <<-'EOT'
	cApA		=> +OK
	user anna	=> +OK
	Pass secret	=> +OK 3 84
	stat		=> +OK 3 84
	lIsT		=> +OK 3 84
	uidl 1		=> =+OK 1 1.one
	Retr 1		=> +OK
	tOP 1 0		=> +OK
	last		=> +OK 1
	noop		=> +OK
	dele 1		=> +OK
	rset		=> +OK
	quit		=> +OK
	EOT
}

@test "a bare LF ends a line, too" {
	three_messages
	LINE_END=LF pop3 <<-'EOT'
	USER anna	=> +OK
	PASS secret	=> +OK 3 84
	STAT		=> +OK 3 84
	DELE 1		=> +OK
	QUIT		=> +OK
	EOT
	assert_files cur/2.two:2,S new/3.three
}

@test "a line of 255 octets is taken, one of 256 is not: before the login" {
	pop3 <<-'EOT'
	USER \{x*248}	=> +OK
	USER \{x*249}	=> -ERR
	NOOP\{ *249}	=> -ERR
	CAPA\{ *249}	=> +OK
	CAPA\{ *250}	=> -ERR
	QUIT\{ *250}	=> -ERR
	QUIT\{ *249}	=> +OK
	EOT
	LINE_END=LF pop3 <<-'EOT'
	USER \{x*249}	=> +OK
	USER \{x*250}	=> -ERR
	CAPA\{ *250}	=> +OK
	CAPA\{ *251}	=> -ERR
	EOT
}

@test "a line of 255 octets is taken, one of 256 is not: after the login" {
	three_messages
	session <<-'EOT'
	NOOP\{ *249}		=> +OK
	NOOP\{ *250}		=> -ERR
	STAT\{ *249}		=> +OK 3 84
	STAT\{ *250}		=> -ERR
	DELE 1\{ *248}		=> -ERR
	NOOP			=> +OK
	LIST 1\{ *247}		=> +OK 1 31
	LIST 1\{ *248}		=> -ERR
	EOT
	LINE_END=LF session <<-'EOT'
	NOOP\{ *250}		=> +OK
	NOOP\{ *251}		=> -ERR
	LIST 1\{ *248}		=> +OK 1 31
	LIST 1\{ *249}		=> -ERR
	EOT
}

@test "a password that makes the line too long is not tried" {
	pop3 <<-'EOT'
	USER anna	=> +OK
	PASS \{x*249}	=> -ERR
	QUIT		=> +OK
	EOT
	refute_log 'login failed'
	pop3 <<-'EOT'
	USER anna	=> +OK
	PASS \{x*248}	=> -ERR [AUTH]
	EOT
	assert_log 'login failed'
}

@test "the rest of a line that is too long is never taken for a command" {
	local n

	three_messages
	{
		for n in $(seq 200 600) 1023 1024 2047 2048 4095 4096 8191 \
		    8192 16384 32768 65535 65536; do
			printf '\\{x*%s}DELE 1\t=> -ERR\n' "$n"
			printf '\\{ *%s}DELE 2\t=> -ERR\n' "$n"
			printf 'NOOP\\{ *%s}QUIT\t=> -ERR\n' "$n"
			printf 'NOOP\t=> +OK\n'
		done
		printf 'STAT\t=> +OK 3 84\n'
	} | session
	assert_equal "$status" 0
}

@test "a long line that arrives in pieces gets one -ERR" {
	talk a "${SESSION[@]}"
	hear a
	for i in 1 2 3 4 5 6 7 8 9 10; do
		printf '%0250d' 0 >&"${TALK_TO[a]}"
	done
	ask a '' '-ERR*'
	ask a NOOP '+OK*'
	leave a
	assert_equal "$(cat "$rest")" ''
}

@test "a line that is too long stays one line, however it arrives" {
	local n

	three_messages
	{
		echo 'wait 1'
		for n in 250 254 255 256 257 500 511 512 1000 1023 1024; do
			# the rest of the line comes alone, as a command would
			printf '\\{x*%s}\nDELE 1\\n\nwait 1\n' "$n"
			printf '\\{x*%s}\n\\{x*%s}\nDELE 1\\n\nwait 1\n' \
			    "$n" "$n"
			printf 'NOOP\\n\nwait 1\n'
		done
		printf 'STAT\\n\nwait 1\n'
	} | writes "${SESSION[@]}"
	assert_equal "$(grep -c '^-ERR' "$OUT")" 22
	grep -q '^+OK 3 84|$' "$OUT"
}

@test "64 KiB without a line end get at most one -ERR in each state" {
	three_messages
	printf '%065536d' 0 | raw_session
	assert_equal "$status" 0
	[ "$(tail -n +2 "$OUT" | grep -c '^-ERR')" -le 1 ]
	[ "$(wc -l <"$OUT")" -le 2 ]
	printf '%065536d' 0 | raw_pop3
	assert_equal "$status" 0
	[ "$(wc -l <"$OUT")" -le 2 ]
	{ printf 'DELE 1\r\n'; printf '%065536d' 0; printf 'QUIT'; } |
	    raw_session
	assert_files new/1.one cur/2.two:2,S new/3.three
}

@test "a 64 KiB line before the login gets one -ERR, and the login goes on" {
	pop3 <<-'EOT'
	USER anna	=> +OK
	\{x*65536}	=> -ERR
	PASS \{x*65536}	=> -ERR
	PASS secret	=> +OK
	EOT
}

@test "a NUL makes the whole line invalid" {
	three_messages
	session <<-'EOT'
	NOOP\x00		=> -ERR
	\x00			=> -ERR
	\x00NOOP		=> -ERR
	NO\x00OP		=> -ERR
	DELE 1\x00		=> -ERR
	DELE \x001		=> -ERR
	DELE 1\x00DELE 2	=> -ERR
	STAT			=> +OK 3 84
	EOT
}

@test "a NUL in USER or PASS is refused, and no login is tried" {
	passwd_file 'anna:{PLAIN}secret' 'ann:{PLAIN}secret'
	pop3 <<-'EOT'
	USER ann\x00a		=> -ERR
	PASS secret		=> -ERR
	USER anna		=> +OK
	PASS secret\x00		=> -ERR
	PASS \x00		=> -ERR
	QUIT			=> +OK
	EOT
	refute_log 'login'
}

@test "a NUL in a line that is too long still gets one -ERR" {
	session <<-'EOT'
	\{x*300}\x00\{y*300}	=> -ERR
	\x00\{y*300}		=> -ERR
	NOOP			=> +OK
	EOT
}

@test "a CR inside a line does not end it" {
	three_messages
	session <<-'EOT'
	DELE 1\x0dDELE 2	=> -ERR
	NOOP\x0dQUIT		=> -ERR
	STAT			=> +OK 3 84
	EOT
}

@test "words are separated by exactly one blank" {
	three_messages
	session <<-'EOT'
	LIST  1			=> -ERR
	 LIST 1			=> -ERR
	TOP 1  0		=> -ERR
	TOP  1 0		=> -ERR
	LIST\x091		=> -ERR
	RETR  1			=> -ERR
	DELE  1			=> -ERR
	 NOOP			=> -ERR
	LIST 1			=> +OK 1 31
	EOT
}

@test "blanks after a complete command are tolerated" {
	three_messages
	session <<-'EOT'
	STAT 	=> +OK 3 84
	LIST 	=> +OK 3 84
	LIST 1 	=> +OK 1 31
	UIDL 1  	=> =+OK 1 1.one
	TOP 1 0 	=> +OK
	RETR 1   	=> +OK
	NOOP 	=> +OK
	DELE 3 	=> +OK
	QUIT  	=> +OK
	EOT
	assert_files new/1.one cur/2.two:2,S
}

@test "an invalid message number gets -ERR and changes nothing" {
	local command n

	three_messages
	{
		for n in 0 -1 +1 1x x1 1e3 0x1 1. 1,2 ' ' '"1"' '%d' 4 99 \
		    00 256 257 65536 65537 4294967296 4294967297 \
		    18446744073709551615 18446744073709551616 \
		    18446744073709551617 \
		    340282366920938463463374607431768211457; do
			for command in LIST UIDL RETR DELE; do
				[ "$n" != ' ' ] || case $command in
				LIST | UIDL) continue ;;
				esac
				printf '%s %s\t=> -ERR\n' "$command" "$n"
			done
			printf 'TOP %s 0\t=> -ERR\nNOOP\t=> +OK\n' "$n"
		done
		# 400 digits, and as many as a line takes
		for n in 400 240; do
			for command in LIST UIDL RETR DELE; do
				printf '%s \\{1*%s}\t=> -ERR\n' "$command" "$n"
				printf '%s \\{0*%s}\t=> -ERR\n' "$command" "$n"
			done
			printf 'NOOP\t=> +OK\n'
			printf 'TOP 1 \\{1*400}\t=> -ERR\nNOOP\t=> +OK\n'
		done
		printf 'STAT\t=> +OK 3 84\nLAST\t=> +OK 0\nQUIT\t=> +OK\n'
	} | session
	assert_files new/1.one cur/2.two:2,S new/3.three
}

@test "an invalid count of lines gets -ERR" {
	three_messages
	session <<-'EOT'
	TOP 1 -1	=> -ERR
	TOP 1 +1	=> -ERR
	TOP 1 x	=> -ERR
	TOP 1 1x	=> -ERR
	TOP 1 1e3	=> -ERR
	TOP 1	=> -ERR
	TOP 1 	=> -ERR
	TOP	=> -ERR
	NOOP	=> +OK
	TOP 1 0	=> +OK
	EOT
}

@test "missing and needless arguments get -ERR" {
	three_messages
	session <<-'EOT'
	RETR		=> -ERR
	DELE		=> -ERR
	TOP		=> -ERR
	STAT 1		=> -ERR
	NOOP 1		=> -ERR
	RSET 1		=> -ERR
	LAST 1		=> -ERR
	QUIT now	=> -ERR
	NOOP		=> +OK
	LIST 1 2	=> -ERR
	UIDL 1 2	=> -ERR
	RETR 1 2	=> -ERR
	DELE 1 2	=> -ERR
	TOP 1 2 3	=> -ERR
	STAT		=> +OK 3 84
	EOT
}

@test "unknown, empty and mangled commands get -ERR" {
	session <<-'EOT'
	=> +OK 0 0
	x		=> -ERR
	NOO		=> -ERR
	NOOPX		=> -ERR
	STATUS		=> -ERR
	LISTE		=> -ERR
	\x80\xff	=> -ERR
	%n%s%x%d	=> -ERR
	\x0d		=> -ERR
	NOOP		=> +OK
	EOT
	printf '\r\n\nNOOP\r\n' | raw_session
	assert_equal "$(cut -c 1-4 "$OUT")" $'+OK \n-ERR\n-ERR\n+OK '
}

@test "a last line without a line end is not obeyed" {
	three_messages
	printf 'DELE 1\r\nQUIT' | raw_session
	assert_equal "$status" 0
	assert_files new/1.one cur/2.two:2,S new/3.three
	printf 'DELE 1\r\nQUIT\r' | raw_session
	assert_files new/1.one cur/2.two:2,S new/3.three
}
