#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
#
# The client's address in the log, wherever a super-server tells it; and clients
# cannot write log lines of their own.  log.bats and tcp.bats have the rest.
load lib

# A client over a socket comes from 127.0.0.1, one over a pipe has no address.
setup()
{
	lib_setup
	three_messages
	printf '%s\r\n' 'USER anna' 'PASS wrong' 'USER anna' 'PASS secret' \
	    QUIT >"$IN"
}

# assert_peer IP PORT [VARIABLE=VALUE...]: all three lines of the log have this
# address for a client over a pipe with that environment.
assert_peer()
{
	local ip=$1 port=$2

	shift 2
	limited env -u TCPREMOTEIP "$@" "${CHAIN[@]}"
	assert_peer_lines "$ip" "$port"
}

assert_peer_lines()
{
	assert_equal "$(sed 's/ user=.*//' "$LOG")" \
	    "popin: login failed: ip=$1 port=$2
popin: login: ip=$1 port=$2
popin: session: ip=$1"
}

# over FAMILY [VARIABLE=VALUE...]: the same over TCP; sets port.
over()
{
	local family=$1

	shift
	status=0
	env "$@" perl "$TESTS_SRC/wire.pl" tcp "$family" "${CHAIN[@]}" \
	    <"$IN" >"$OUT" 2>"$LOG" 3>&- || status=$?
	[ "$status" != 77 ] || skip "no such address here"
	assert_equal "$status" 0
	port=$(sed -n 's/^.*port=\([0-9]*\)$/\1/p' "$OUT")
}

@test "tcpserver tells the address by TCPREMOTEIP and TCPREMOTEPORT" {
	assert_peer 192.0.2.7 40112 TCPREMOTEIP=192.0.2.7 TCPREMOTEPORT=40112
	assert_peer 192.0.2.7 0 TCPREMOTEIP=192.0.2.7
	assert_peer 2001:db8::7 40112 TCPREMOTEIP=2001:db8:0:0:0:0:0:7 \
	    TCPREMOTEPORT=40112
	assert_peer 192.0.2.7 40112 TCPREMOTEIP=::ffff:192.0.2.7 \
	    TCPREMOTEPORT=40112
}

@test "ucspi-tcp6 tells the address by TCP6REMOTEIP and TCP6REMOTEPORT" {
	assert_peer 2001:db8::7 40112 TCP6REMOTEIP=2001:db8::7 \
	    TCP6REMOTEPORT=40112
	assert_peer 192.0.2.7 40112 TCP6REMOTEIP=::ffff:192.0.2.7 \
	    TCP6REMOTEPORT=40112
}

@test "systemd tells the address by REMOTE_ADDR and REMOTE_PORT" {
	assert_peer 192.0.2.7 40112 REMOTE_ADDR=192.0.2.7 REMOTE_PORT=40112
	assert_peer 192.0.2.7 40112 REMOTE_ADDR=::ffff:192.0.2.7 \
	    REMOTE_PORT=40112
	assert_peer 2001:db8::7 40112 REMOTE_ADDR=2001:DB8::7 REMOTE_PORT=40112
}

@test "xinetd and stunnel tell the address by REMOTE_HOST, if it is one" {
	assert_peer 192.0.2.7 0 REMOTE_HOST=192.0.2.7
	assert_peer 192.0.2.7 40112 REMOTE_HOST=192.0.2.7 REMOTE_PORT=40112
	assert_peer 192.0.2.7 0 REMOTE_HOST=::ffff:192.0.2.7
	assert_peer - 0 REMOTE_HOST=client.example.org
	assert_peer - 0 REMOTE_HOST=client.example.org REMOTE_PORT=40112
}

@test "a host name in the environment is passed over for an address" {
	assert_peer 192.0.2.7 0 TCPREMOTEIP=client.example.org \
	    REMOTE_HOST=192.0.2.7
	over 4 REMOTE_HOST=client.example.org
	assert_peer_lines 127.0.0.1 "$port"
}

@test "the environment counts before the socket, in a fixed order" {
	over 4 TCPREMOTEIP=192.0.2.7 TCPREMOTEPORT=40112
	assert_peer_lines 192.0.2.7 40112
	assert_peer 192.0.2.1 1 TCPREMOTEIP=192.0.2.1 TCPREMOTEPORT=1 \
	    REMOTE_ADDR=192.0.2.2 REMOTE_PORT=2 REMOTE_HOST=192.0.2.3
	assert_peer 192.0.2.2 2 REMOTE_ADDR=192.0.2.2 REMOTE_PORT=2 \
	    REMOTE_HOST=192.0.2.3
}

@test "the socket tells the address if the super-server does not: IPv4" {
	over 4
	assert_peer_lines 127.0.0.1 "$port"
}

@test "the socket tells the address if the super-server does not: IPv6" {
	over 6
	assert_peer_lines ::1 "$port"
}

@test "the socket tells the address if the super-server does not: mapped IPv4" {
	over mapped
	assert_peer_lines 127.0.0.1 "$port"
}

@test "a client over a pipe has no address" {
	assert_peer - 0
}

@test "text that is not quite an address does not get into the log" {
	local text

	for text in '' ' 192.0.2.7' '192.0.2.7 ' 192.0.2 192.0.2.256 \
	    192.0.2.7:40112 '[2001:db8::7]' fe80::1%eth0 0300.0.2.7 \
	    $'192.0.2.7\nip=6.6.6.6' '192.0.2.7" ip="6.6.6.6' %n%s unknown; do
		assert_peer - 0 "TCPREMOTEIP=$text"
	done
	for text in '' 65536 -1 ' 1' 1x 99999999999999999999 $'1\n2'; do
		assert_peer 192.0.2.7 0 TCPREMOTEIP=192.0.2.7 \
		    "TCPREMOTEPORT=$text"
	done
}

# --- names that try to forge the log

@test "a user name cannot end, begin or continue a line of the log" {
	local name n=0

	: >"$BATS_TEST_TMPDIR/names"
	while IFS= read -r name; do
		printf 'USER %b\r\nPASS wrong\r\nQUIT\r\n' "$name" >"$IN"
		limited "${CHAIN[@]}"
		n=$((n + 1))
		assert_log_lines 1
		# printable ASCII, and two quotes and no more
		assert_equal "$(LC_ALL=C tr -d '[:print:]\n' <"$LOG")" ''
		assert_equal "$(tr -dc '"' <"$LOG")" '""'
		assert_log '^popin: login failed: ip=- port=0 user="[^"]*" method=PASS tls=0 reason=credentials$'
	done <<-'EOT'
	x"ip=203.0.113.9
	x"\\x20ip=203.0.113.9
	"
	\\
	\\"
	a\\x0apopin:
	a\rpopin:
	\001\002\007\010\033[2J\177
	\0200\0237\0377
	%n%n%n%s%x%5000d
	'$(reboot)'`reboot`;|&
	anna\t
	EOT
	assert_equal "$n" 12
}

@test "a user name stays within its quotes in the line of a session, too" {
	SESSION=(env "USER=a\"b
popin: login failed: ip=6.6.6.6" "${SESSION[@]:2}")
	session <<-'EOT'
	QUIT	=> +OK
	EOT
	assert_log_lines 1
	assert_log '^popin: session: ip=- user="a\\x22b\\x0apopin: login failed: ip=6\.6\.6\.6" '
}
