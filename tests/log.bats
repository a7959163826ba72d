#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
load lib

setup()
{
	lib_setup
	three_messages
}

line()
{
	assert_equal "$(sed -n "$1p" "$LOG")" "$2"
}

@test "a failed login is one line that says who, how and why" {
	pop3 <<-'EOT'
	USER anna	=> +OK
	PASS wrong	=> -ERR [AUTH]
	QUIT		=> +OK
	EOT
	assert_log_lines 1
	line 1 'popin: login failed: ip=- port=0 user="anna" method=PASS tls=0 reason=credentials'
}

@test "an unknown user is logged like a wrong password" {
	pop3 <<-'EOT'
	USER nobody.such	=> +OK
	PASS wrong		=> -ERR [AUTH]
	QUIT			=> +OK
	EOT
	assert_log_lines 1
	line 1 'popin: login failed: ip=- port=0 user="nobody.such" method=PASS tls=0 reason=credentials'
}

@test "a login and its session are two lines" {
	pop3 <<-'EOT'
	USER anna	=> +OK
	PASS secret	=> +OK
	RETR 1		=> +OK
	TOP 2 0		=> +OK
	DELE 1		=> +OK
	QUIT		=> +OK
	EOT
	assert_log_lines 2
	line 1 'popin: login: ip=- port=0 user="anna" method=PASS tls=0'
	assert_log '^popin: session: ip=- user="anna" retr=1/31 top=1/16 dele=1 left=2/53 in=[0-9]+ out=[0-9]+ secs=[0-9]+ end=quit$'
}

@test "a session logs the octets that it read and wrote" {
	session <<-'EOT'
	RETR 1	=> +OK
	RETR 2	=> +OK
	RETR 1	=> +OK
	QUIT	=> +OK
	EOT
	assert_log_lines 1
	assert_log "^popin: session: ip=- user=\"anna\" retr=3/90 top=0/0 dele=0 left=3/84 in=$(wc -c <"$IN") out=$(wc -c <"$OUT") secs=[0-9]+ end=quit\$"
}

@test "control bytes, quotes and 8-bit in a name cannot forge a line" {
	pop3 <<-'EOT'
	USER a"b\x5cc\x07\x1b[m\xc3\xa4\x7f	=> +OK
	PASS x					=> -ERR [AUTH]
	QUIT					=> +OK
	EOT
	assert_log_lines 1
	line 1 'popin: login failed: ip=- port=0 user="a\x22b\x5cc\x07\x1b[m\xc3\xa4\x7f" method=PASS tls=0 reason=credentials'
}

@test "a CR in a name cannot forge a line" {
	pop3 <<-'EOT'
	USER a\x0dpopin: login: ip=1.2.3.4
	USER a\x0db
	PASS x
	QUIT	=> +OK
	EOT
	! grep -q $'\r' "$LOG" || fail 'CR in the log'
	refute_log '^popin: login: '
}

@test "format characters in names and passwords are logged as text" {
	pop3 <<-'EOT'
	USER %n%s%x%d%n		=> +OK
	PASS %n%s%x%d%n		=> -ERR [AUTH]
	%n%s%n			=> -ERR
	QUIT			=> +OK
	EOT
	assert_log 'user="%n%s%x%d%n"'
}

@test "long names are cut in the log" {
	pop3 <<-'EOT'
	USER \{x*248}	=> +OK
	PASS x
	USER \{\xff*240}	=> +OK
	PASS x
	QUIT		=> +OK
	EOT
	[ "$(awk '{ if (length > n) n = length } END { print n }' "$LOG")" \
	    -le 2048 ]
}

@test "passwords never get into the log" {
	passwd_file 'anna:{PLAIN}s3cr3t-good'
	pop3 <<-'EOT'
	PASS s3cr3t-early	=> -ERR
	s3cr3t-command		=> -ERR
	USER anna		=> +OK
	PASS s3cr3t-wrong	=> -ERR [AUTH]
	USER anna		=> +OK
	PASS s3cr3t-good	=> +OK
	PASS s3cr3t-late	=> -ERR
	s3cr3t-command		=> -ERR
	QUIT			=> +OK
	EOT
	refute_log 's3cr3t'
}

@test "a client that does not try to log in is not logged" {
	pop3 <<-'EOT'
	CAPA	=> +OK
	QUIT	=> +OK
	EOT
	assert_log_lines 0
}

@test "the address comes from the super-server's environment" {
	CHAIN=(env TCPREMOTEIP=192.0.2.7 TCPREMOTEPORT=40112 "${CHAIN[@]}")
	pop3 <<-'EOT'
	USER anna	=> +OK
	PASS wrong	=> -ERR [AUTH]
	USER anna	=> +OK
	PASS secret	=> +OK
	QUIT		=> +OK
	EOT
	line 1 'popin: login failed: ip=192.0.2.7 port=40112 user="anna" method=PASS tls=0 reason=credentials'
	line 2 'popin: login: ip=192.0.2.7 port=40112 user="anna" method=PASS tls=0'
	assert_log '^popin: session: ip=192\.0\.2\.7 user="anna" '
}

@test "IPv4 in IPv6 is logged as IPv4, IPv6 in its short form" {
	SESSION=(env REMOTE_ADDR=::ffff:192.0.2.9 "${SESSION[@]}")
	session <<-'EOT'
	QUIT	=> +OK
	EOT
	assert_log '^popin: session: ip=192\.0\.2\.9 '
	as_session
	SESSION=(env REMOTE_ADDR=2001:DB8:0:0::1 "${SESSION[@]}")
	session <<-'EOT'
	QUIT	=> +OK
	EOT
	assert_log '^popin: session: ip=2001:db8::1 '
}

@test "an invalid address in the environment is not logged" {
	SESSION=(env TCPREMOTEIP=$'1.2.3.4 user="root"\n' "${SESSION[@]}")
	session <<-'EOT'
	QUIT	=> +OK
	EOT
	assert_log_lines 1
	assert_log '^popin: session: ip=- '
}

@test "when descriptor 2 is the client, it gets nothing of the log" {
	printf 'USER anna\r\nPASS wrong\r\nUSER anna\r\nPASS secret\r\nQUIT\r\n' \
	    >"$IN"
	# one pipe for both, as with 2>&1; then one socket for all, as by inetd
	timeout "$LIMIT" "${CHAIN[@]}" <"$IN" 2>&1 3>&- | cat >"$OUT"
	assert_equal "$(cut -c 1-4 "$OUT" | tr -d '\r' | tr '\n' ' ')" \
	    '+OK  +OK  -ERR +OK  +OK  +OK  '
	perl "$TESTS_SRC/wire.pl" inetd "${CHAIN[@]}" <"$IN" >"$OUT" 3>&-
	assert_equal "$(cut -c 1-4 "$OUT" | tr -d '\r' | tr '\n' ' ')" \
	    '+OK  +OK  -ERR +OK  +OK  +OK  '
	perl "$TESTS_SRC/wire.pl" inetd "${SESSION[@]}" <<<STAT >"$OUT" 3>&-
	assert_equal "$(wc -l <"$OUT")" 2
}

@test "when descriptor 2 is the client, it gets no path and no usage" {
	rm -r "$MAILDIR/new" "$MAILDIR/cur"
	perl "$TESTS_SRC/wire.pl" inetd "${SESSION[@]}" <<<STAT >"$OUT" 3>&- ||
	    :
	assert_equal "$(wc -l <"$OUT")" 1
	grep -q '^-ERR \[SYS/PERM\]' "$OUT"
	! grep -F Maildir "$OUT" || fail 'path told'
	perl "$TESTS_SRC/wire.pl" inetd "${AS[@]}" "$BIN/popin" --nonsense \
	    <<<STAT >"$OUT" 3>&- || :
	! grep -v '^-ERR \[SYS/PERM\]' "$OUT" || fail 'usage told'
}

@test "--log stderr writes the log to descriptor 2" {
	session --log stderr <<-'EOT'
	QUIT	=> +OK
	EOT
	assert_log_lines 1
	assert_log '^popin: session: '
}

@test "--log syslog writes nothing to descriptor 2" {
	session --log syslog <<-'EOT'
	QUIT	=> +OK
	EOT
	assert_log_lines 0
}

@test "what is wrong with a maildrop is logged with the name of its user" {
	session --max-messages 2 <<-'EOT'
	=> -ERR [SYS/PERM]
	EOT
	assert_log_lines 2
	line 1 'popin: too many messages (see --max-messages) user="anna"'
	mv "$MAILDIR/new" "$MAILDIR/moved"
	: >"$MAILDIR/new"
	session <<-'EOT'
	=> -ERR [SYS/PERM]
	EOT
	line 1 "popin: cannot open the Maildir \"$MAILDIR/new\" user=\"anna\": Not a directory"
	refute_log 'user=.*user='
}

@test "a long path is cut in the log, and its line stays one line" {
	local path

	for path in "/no/$(printf 'x%.0s' {1..250})/such" \
	    "/$(printf 'long/%.0s' {1..700})"; do
		session -m "maildir:$path" <<-'EOT'
		=> -ERR [SYS/PERM]
		EOT
		assert_log_lines 2
		line 1 "popin: cannot open the Maildir \"${path:0:256}\" user=\"anna\": No such file or directory"
	done
}

@test "at a terminal the administrator sees the log" {
	need script bsdutils
	LC_ALL=C script -qec "$BIN/popin --no-such-option" \
	    "$BATS_TEST_TMPDIR/typescript" </dev/null >"$OUT" 3>&- || :
	grep -q 'popin: unknown option: "--no-such-option"' "$OUT" ||
	    fail "$(cat "$OUT")"
}
