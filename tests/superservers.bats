#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
#
# One session through each of the super-servers, with the same bytes and the
# same line in the log.
load lib
load serve

setup()
{
	lib_setup
	demo
	PORT=$(free_port)
}

# dial: sends IN to the port in one write; the replies go to OUT.
dial()
{
	# shellcheck disable=SC2016
	timeout "$LIMIT" perl -MIO::Socket::INET -e '
		my $server = IO::Socket::INET->new("127.0.0.1:$ARGV[0]")
		    or die "connect: $!\n";
		undef $/;
		print $server <STDIN>;
		$server->flush;
		print <$server>;
	' "$PORT" <"$IN" >"$OUT" 3>&- || fail "dial: status $?: $(cat "$LOG")"
}

# one_session: a session that must be the same with every super-server.
one_session()
{
	cat >"$SCRIPT" <<-'EOT'
	CAPA		=> +OK
	USER anna	=> +OK
	PASS wrong	=> -ERR [AUTH]
	USER anna	=> +OK
	PASS secret	=> +OK 4 4280
	STAT		=> =+OK 4 4280
	LIST		=> +OK
	RETR 1		=> +OK
	RETR 2		=> +OK
	RETR 3		=> +OK
	RETR 4		=> +OK
	TOP 3 5		=> +OK
	DELE 2		=> +OK
	QUIT		=> +OK
	EOT
	perl "$TESTS_SRC/dialogue.pl" commands "$SCRIPT" CRLF >"$IN"
	dial
	judge check "$SCRIPT" "$OUT"
	messages_match "${DEMO[@]}"
	assert_files new/1709624001.M1P1.mail new/1709624003.M1P3.mail \
	    new/1709624004.M1P4.mail
	assert_gone
	assert_equal "$(head -n 1 "$OUT")" $'+OK popin ready\r'
	# No line of the log went to the client.
	run grep -a 'popin: \|user="' "$OUT"
	assert_failure 1
}

# assert_logged: the log is on descriptor 2 of the super-server.  in= counts the
# octets behind PASS, out= those from the answer to PASS on.
assert_logged()
{
	local in out

	in=$(sed '1,/^PASS secret/d' "$IN" | wc -c)
	out=$(sed -n '/^+OK 4 messages/,$p' "$OUT" | wc -c)
	assert_log '^popin: login failed: ip=127\.0\.0\.1 port=[1-9][0-9]* user="anna" method=PASS tls=0 reason=credentials$'
	assert_log '^popin: login: ip=127\.0\.0\.1 port=[1-9][0-9]* user="anna" method=PASS tls=0$'
	assert_log '^popin: session: ip=127\.0\.0\.1 user="anna" retr=4/4280 top=1/[1-9][0-9]* dele=1 left=3/3330 '"in=$in out=$out secs=[0-9]+ end=quit\$"
}

@test "tcpserver serves a session" {
	need tcpserver ucspi-tcp
	start tcpserver -v -RHl0 127.0.0.1 "$PORT" "${SERVE[@]}"
	one_session
	assert_logged
	assert_log '^tcpserver: end [0-9]+ status 0$'
}

@test "tcpsvd serves a session" {
	need tcpsvd ipsvd
	start tcpsvd -v -l0 127.0.0.1 "$PORT" "${SERVE[@]}"
	one_session
	assert_logged
	assert_log '^tcpsvd: info: end [0-9]+ exit 0$'
}

@test "systemd-socket-activate serves a session" {
	need systemd-socket-activate systemd
	start systemd-socket-activate --inetd -a -l "127.0.0.1:$PORT" \
	    "${SERVE[@]}"
	one_session
	assert_logged
	assert_log '^Child [0-9]+ died with code 0$'
}

@test "socat serves a session" {
	local command

	need socat socat
	# A colon separates in this notation.
	command=${SERVE[*]//:/\\:}
	start socat "TCP-LISTEN:$PORT,bind=127.0.0.1,reuseaddr,fork" \
	    "EXEC:$command,nofork"
	one_session
	assert_logged
}

# With inetd the client is on descriptor 2, too.
@test "openbsd-inetd serves a session, and the client does not see the log" {
	need inetd openbsd-inetd
	echo "127.0.0.1:$PORT stream tcp nowait $(id -un)" \
	    "${SERVE[0]} popin ${SERVE[*]:1}" >"$BATS_TEST_TMPDIR/inetd.conf"
	start /usr/sbin/inetd -i "$BATS_TEST_TMPDIR/inetd.conf"
	one_session
	cmp "$LOG" /dev/null
}

@test "four connections at a time do not disturb each other" {
	local i clients=()

	need tcpserver ucspi-tcp
	start tcpserver -RHl0 127.0.0.1 "$PORT" "${SERVE[@]}"
	printf '%s\r\n' 'USER anna' 'PASS wrong' QUIT >"$IN"
	for i in 1 2 3 4; do
		OUT=$OUT.$i dial &
		clients+=($!)
	done
	wait "${clients[@]}"
	for i in 1 2 3 4; do
		assert_equal "$(grep -c '^-ERR \[AUTH\]' "$OUT.$i")" 1
	done
	assert_gone
	assert_equal "$(grep -c 'login failed' "$LOG")" 4
}

@test "a session works behind a socket pair, as sshd makes for a command" {
	local wrapper=$BATS_TEST_TMPDIR/command

	need socat socat
	as_session
	printf '#!/bin/sh\nexec %s\n' "${SESSION[*]}" >"$wrapper"
	chmod 755 "$wrapper"
	printf 'STAT\r\nQUIT\r\n' >"$IN"
	LOG=$BATS_TEST_TMPDIR/ssh.log
	timeout "$LIMIT" socat -t "$LIMIT" - "EXEC:$wrapper" \
	    <"$IN" >"$OUT" 2>"$LOG" 3>&- || fail "$(cat "$LOG")"
	run tr -d '\r' <"$OUT"
	assert_line --index 0 '+OK 4 messages (4280 octets)'
	assert_line --index 1 '+OK 4 4280'
	assert_line --index 2 --partial '+OK'
	assert_log '^popin: session: ip=- user="anna" .* end=quit$'
}
