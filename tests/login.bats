#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
load lib

# What CAPA must list, sorted.
CAPA='AUTH-RESP-CODE
EXPIRE NEVER
IMPLEMENTATION popin
PIPELINING
RESP-CODES
SASL SCRAM-SHA-256
TOP
UIDL
USER'

capa_of()
{
	body_of "$1" | tr -d '\r' | LC_ALL=C sort
}

@test "USER and PASS log in, PASS answers with the count and the octets" {
	three_messages
	pop3 <<-'EOT'
	USER anna	=> +OK
	PASS secret	=> +OK 3 84
	STAT		=> =+OK 3 84
	QUIT		=> +OK
	EOT
	assert_equal "$status" 0
}

@test "the reply to PASS has the documented form" {
	three_messages
	pop3 <<-'EOT'
	USER anna	=> +OK
	PASS secret	=> =+OK 3 messages (84 octets)
	EOT
}

@test "a wrong password gets -ERR [AUTH] and may be tried again" {
	pop3 <<-'EOT'
	USER anna	=> +OK
	PASS wrong	=> -ERR [AUTH]
	USER anna	=> +OK
	PASS secret	=> +OK 0 0
	EOT
}

@test "unknown and locked users get the very same answers as a wrong password" {
	pop3 <<-'EOT'
	USER anna	=> +OK
	PASS wrong	=> -ERR [AUTH]
	QUIT		=> +OK
	EOT
	cp "$OUT" "$BATS_TEST_TMPDIR/wrong"
	pop3 <<-'EOT'
	USER nobody.such	=> +OK
	PASS wrong		=> -ERR [AUTH]
	QUIT			=> +OK
	EOT
	cmp "$OUT" "$BATS_TEST_TMPDIR/wrong"
	assert_log_lines 1
	passwd_file 'anna:{PLAIN}secret' 'locked:!'
	pop3 <<-'EOT'
	USER locked	=> +OK
	PASS wrong	=> -ERR [AUTH]
	QUIT		=> +OK
	EOT
	cmp "$OUT" "$BATS_TEST_TMPDIR/wrong"
	assert_log_lines 1
}

@test "after the third failed login popin closes" {
	pop3 <<-'EOT'
	USER anna	=> +OK
	PASS one	=> -ERR [AUTH]
	USER bert	=> +OK
	PASS two	=> -ERR [AUTH]
	USER anna	=> +OK
	PASS three	=> -ERR [AUTH]
	USER anna	=> (end)
	PASS secret	=> (end)
	EOT
	assert_equal "$status" 0
	assert_equal "$(grep -c 'login failed' "$LOG")" 3
}

@test "the third attempt may still succeed" {
	pop3 <<-'EOT'
	USER anna	=> +OK
	PASS one	=> -ERR [AUTH]
	USER anna	=> +OK
	PASS two	=> -ERR [AUTH]
	USER anna	=> +OK
	PASS secret	=> +OK 0 0
	NOOP		=> +OK
	EOT
}

@test "PASS before USER is refused without asking the checker" {
	pop3 <<-'EOT'
	PASS secret	=> -ERR
	PASS secret	=> -ERR
	PASS secret	=> -ERR
	PASS secret	=> -ERR
	USER anna	=> +OK
	PASS secret	=> +OK 0 0
	EOT
	refute_log 'login failed'
}

@test "after a failed PASS the next one needs a USER again" {
	pop3 <<-'EOT'
	USER anna	=> +OK
	PASS wrong	=> -ERR [AUTH]
	PASS secret	=> -ERR
	USER anna	=> +OK
	PASS secret	=> +OK 0 0
	EOT
}

@test "a blank after the user name does not matter" {
	pop3 <<-'EOT'
	USER anna 	=> +OK
	PASS secret	=> +OK 0 0
	EOT
}

@test "the last USER before PASS counts" {
	pop3 <<-'EOT'
	USER bert	=> +OK
	USER anna	=> +OK
	PASS secret	=> +OK 0 0
	EOT
}

@test "an empty password is refused without asking the checker" {
	passwd_file 'anna:{PLAIN}' 'bert::::::'
	pop3 <<-'EOT'
	USER anna	=> +OK
	PASS		=> -ERR
	USER anna	=> +OK
	PASS 	=> -ERR
	USER bert	=> +OK
	PASS 	=> -ERR
	STAT		=> -ERR
	EOT
	refute_log 'login failed|login:'
}

@test "USER without a name is refused" {
	pop3 <<-'EOT'
	USER		=> -ERR
	USER 	=> -ERR
	PASS secret	=> -ERR
	EOT
}

@test "a password keeps its blanks, first, last and double ones" {
	passwd_file 'anna:{PLAIN}two  words' 'bert:{PLAIN} first'
	pop3 <<-'EOT'
	USER anna		=> +OK
	PASS two words		=> -ERR [AUTH]
	USER bert		=> +OK
	PASS first		=> -ERR [AUTH]
	USER anna		=> +OK
	PASS two  words		=> +OK 0 0
	EOT
	pop3 <<-'EOT'
	USER bert		=> +OK
	PASS  first		=> +OK 0 0
	EOT
}

@test "a password may hold any byte but NUL, CR and LF" {
	passwd_file $'anna:{PLAIN}p\xc3\xa4ss"\\%n\x01\x7f\t[]'
	pop3 <<-'EOT'
	USER anna				=> +OK
	PASS p\xc3\xa4ss"\x5c%n\x01\x7f\x09[]	=> +OK 0 0
	EOT
}

@test "mail commands are refused before the login" {
	three_messages
	pop3 <<-'EOT'
	STAT	=> -ERR
	LIST	=> -ERR
	RETR 1	=> -ERR
	DELE 1	=> -ERR
	TOP 1 0	=> -ERR
	UIDL	=> -ERR
	RSET	=> -ERR
	LAST	=> -ERR
	QUIT	=> +OK
	EOT
	assert_files new/1.one cur/2.two:2,S new/3.three
}

@test "USER and PASS are refused after the login" {
	pop3 <<-'EOT'
	USER anna	=> +OK
	PASS secret	=> +OK
	USER anna	=> -ERR
	PASS secret	=> -ERR
	NOOP		=> +OK
	EOT
}

@test "commands that popin does not offer get -ERR before and after login" {
	pop3 <<-'EOT'
	APOP anna c4c9334bac560ecc979e58001b3e22fb	=> -ERR
	STLS		=> -ERR
	XTND XLST	=> -ERR
	USER anna	=> +OK
	PASS secret	=> +OK
	AUTH		=> -ERR
	APOP anna c4c9334bac560ecc979e58001b3e22fb	=> -ERR
	STLS		=> -ERR
	UTF8		=> -ERR
	NOOP		=> +OK
	EOT
}

@test "CAPA lists the same capabilities before and after the login" {
	pop3 <<-'EOT'
	CAPA		=> +OK
	USER anna	=> +OK
	CAPA		=> +OK
	PASS secret	=> +OK
	CAPA		=> +OK
	EOT
	assert_equal "$(capa_of 1)" "$CAPA"
	assert_equal "$(capa_of 3)" "$CAPA"
	assert_equal "$(capa_of 5)" "$CAPA"
	cmp <(body_of 1) <(body_of 5)
}

@test "after CAPA between USER and PASS the name still counts" {
	pop3 <<-'EOT'
	USER anna	=> +OK
	CAPA		=> +OK
	PASS secret	=> +OK
	EOT
}

# After the last of them popin sends one more -ERR, and closes.
@test "ten bad commands before the login end the connection" {
	{
		printf '\\{x*300}\t=> -ERR\n'
		for ((i = 0; i < 9; i++)); do echo 'foo	=> -ERR'; done
		for ((i = 0; i < 5; i++)); do echo 'foo'; done
		echo 'QUIT	=> (end)'
	} | pop3
	assert_equal "$status" 0
	[ "$(grep -c '^-ERR' "$OUT")" -le 11 ]
}

@test "twenty bad commands in a row end a session, and nothing is deleted" {
	three_messages
	{
		echo 'DELE 1	=> +OK'
		for ((i = 0; i < 19; i++)); do echo 'foo	=> -ERR'; done
		echo 'NOOP	=> +OK'
		for ((i = 0; i < 20; i++)); do echo 'foo	=> -ERR'; done
		for ((i = 0; i < 5; i++)); do echo 'foo'; done
		echo 'QUIT	=> (end)'
	} | session
	assert_equal "$status" 0
	assert_log 'end=errors$'
	[ "$(grep -c '^-ERR' "$OUT")" -le 40 ]
	assert_files new/1.one cur/2.two:2,S new/3.three
}

@test "a session ends a flood of bad commands that goes on and on" {
	status=0
	yes foo | timeout "$LIMIT" "${SESSION[@]}" >"$OUT" 2>"$LOG" ||
	    status=$?
	assert_equal "$status" 0
	[ "$(grep -c '^-ERR' "$OUT")" -le 21 ]
}

@test "failed logins are slowed down, the first by --delay seconds" {
	local start=$SECONDS

	CHAIN=("${AS[@]}" "$BIN/popin" -P "$PASSWD" -m "maildir:$MAILDIR"
	    --delay 1)
	pop3 <<-'EOT'
	USER anna	=> +OK
	PASS wrong	=> -ERR [AUTH]
	USER anna	=> +OK
	PASS wrong too	=> -ERR [AUTH]
	QUIT		=> +OK
	EOT
	# 1 s for the first, 2 s for the second
	[ $((SECONDS - start)) -ge 2 ]
}
