#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
load lib

# A TCP connection, as super-servers hand it over, on a free port of the
# loopback interface.

# tcp MODE FAMILY COMMAND...: sends IN to popin, see wire.pl; sets port.
tcp()
{
	status=0
	perl "$TESTS_SRC/wire.pl" "$@" <"$IN" >"$OUT" 2>"$LOG" 3>&- ||
	    status=$?
	[ "$status" != 77 ] || skip "no such address here"
	assert_equal "$status" 0
	port=$(sed -n 's/^port=//p' "$OUT")
}

setup()
{
	lib_setup
	three_messages
	printf 'USER anna\r\nPASS wrong\r\nUSER anna\r\nPASS secret\r\nSTAT\r\nQUIT\r\n' >"$IN"
}

@test "TCP_NODELAY and keepalives are set on the connection" {
	tcp options 4 "${CHAIN[@]}"
	grep -q '^nodelay=1$' "$OUT"
	grep -q '^keepalive=1$' "$OUT"
	printf 'STAT\r\nQUIT\r\n' >"$IN"
	tcp options 4 "${SESSION[@]}"
	grep -q '^nodelay=1$' "$OUT"
	grep -q '^keepalive=1$' "$OUT"
}

# A client may send the second half of a command only when the first half was
# acknowledged.
@test "half a command is acknowledged at once, a whole one with its reply" {
	need strace strace
	not_under asan 'there is no tracing'
	/usr/bin/python3 -B "$TESTS_SRC/quit.py" tcp strace -f -e setsockopt \
	    -o "$OUT.trace" "${SESSION[@]}" >"$OUT" 2>"$LOG" 3>&- <<-'EOT' ||
	unread = array.array('i', [1])
	def taken(text):
	    client.send(text)
	    while True:
	        fcntl.ioctl(client.server, termios.FIONREAD, unread)
	        if unread[0] == 0:
	            break
	        time.sleep(0.01)
	for i in range(3):
	    taken('NOOP')
	    client.send('\r\n')
	    assert client.line() == '+OK done'
	    client.send('NOOP\r\n')
	    assert client.line() == '+OK done'
	client.send('QUIT\r\n')
	assert client.line() == '+OK bye'
	client.over()
	EOT
	    fail "$(cat "$OUT" "$LOG")"
	assert_equal "$(grep -c 'TCP_QUICKACK, \[1\], 4) = 0' "$OUT.trace")" 3
}

@test "a whole session works over TCP" {
	tcp tcp 4 "${CHAIN[@]}"
	grep -q $'^+OK 3 84\r$' "$OUT"
	assert_equal "$(grep -c '^[+-]' "$OUT")" 7
}

@test "the log names the client's address and port" {
	tcp tcp 4 "${CHAIN[@]}"
	assert_log "^popin: login failed: ip=127\.0\.0\.1 port=$port user"
	assert_log "^popin: login: ip=127\.0\.0\.1 port=$port user"
	assert_log '^popin: session: ip=127\.0\.0\.1 user'
}

@test "the log names an IPv6 client" {
	tcp tcp 6 "${CHAIN[@]}"
	assert_log "^popin: login: ip=::1 port=$port user"
}

@test "an IPv4 client of an IPv6 socket is logged as IPv4" {
	tcp tcp mapped "${CHAIN[@]}"
	assert_log "^popin: login: ip=127\.0\.0\.1 port=$port user"
}

@test "the last reply arrives although the client has sent more" {
	{
		cat "$IN"
		perl -e 'print "NOOP\r\n" x 5000'
	} >"$SCRIPT"
	mv "$SCRIPT" "$IN"
	tcp tcp 4 "${CHAIN[@]}"
	assert_equal "$(grep -c '^[+-]' "$OUT")" 7
}
