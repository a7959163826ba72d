#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
#
# PROXY headers (haproxy's doc/proxy-protocol.txt).  Those of real fronts are in
# tls-fronts.bats.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
load lib
CLEARTEXT=local

setup()
{
	lib_setup
	three_messages
	HEADER=$BATS_TEST_TMPDIR/header
}

V1='PROXY TCP4 192.0.2.7 198.51.100.1 51000 110\r\n'
SIGNATURE='\x0d\x0a\x0d\x0a\x00\x0d\x0aQUIT\x0a'
# 192.0.2.7:51000 to 198.51.100.1:110
ADDRESSES='\xc0\x00\x02\x07\xc6\x33\x64\x01\xc7\x38\x00\x6e'
V2=$SIGNATURE'\x21\x11\x00\x0c'$ADDRESSES
LOCAL=$SIGNATURE'\x20\x00\x00\x00'
TEN='0123456789'

# v2 COMMAND FAMILY TEXT: a header of version 2 with TEXT in it.
v2()
{
	# shellcheck disable=SC2059
	printf "$SIGNATURE\\x$1\\x$2"
	# shellcheck disable=SC2059
	printf "$3" | perl -0777 -ne 'print pack("n", length), $_'
}

# login_with HEADER [OPTION...]: one login, all in one write.
login_with()
{
	# shellcheck disable=SC2059
	printf "$1"'USER anna\r\nPASS secret\r\nQUIT\r\n' |
	    raw_pop3 --proxy "${@:2}"
}

# refused_with REASON HEADER [OPTION...]: no greeting, one line in the log.
refused_with()
{
	# shellcheck disable=SC2059
	printf "$2"'USER anna\r\nPASS secret\r\nQUIT\r\n' |
	    raw_pop3 --proxy "${@:3}"
	refused "$1"
}

refused()
{
	assert_equal "$status" 0
	cmp "$OUT" /dev/null
	assert_log "^popin: PROXY header refused: ip=- port=0 reason=$1\$"
	assert_log_lines 1
}

logged_in()
{
	assert_equal "$(head -n 1 "$OUT")" $'+OK popin ready\r'
	assert_log "^popin: login: ip=$1 port=$2 user=\"anna\" "
}

ALL=--cleartext=always

@test "a header of version 1 tells the client's address, IPv4 and IPv6" {
	login_with "$V1" $ALL
	logged_in 192.0.2.7 51000
	assert_log '^popin: session: ip=192.0.2.7 '
	login_with 'PROXY TCP6 2001:db8::7 2001:db8::1 51001 110\r\n' $ALL
	logged_in 2001:db8::7 51001
}

@test "a header of version 2 tells the client's address, IPv4 and IPv6" {
	login_with "$V2" $ALL
	logged_in 192.0.2.7 51000
	v2 21 21 '\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\xc7\x38\0\x6e' >"$HEADER"
	printf 'USER anna\r\nPASS secret\r\nQUIT\r\n' |
	    cat "$HEADER" - | raw_pop3 --proxy $ALL
	logged_in 2001:db8::7 51000
}

@test "a mapped IPv4 address in the header counts as that IPv4 address" {
	login_with 'PROXY TCP6 ::ffff:192.0.2.7 ::ffff:198.51.100.1 51000 110\r\n' \
	    --cleartext=192.0.2.0/24
	logged_in 192.0.2.7 51000
}

@test "the longest header of version 1 is taken, and a longer one refused" {
	local ip=fe80:1234:5678:9abc:def0:1234:5678:9abc

	login_with "PROXY TCP6 $ip $ip 65535 65535\\r\\n" $ALL
	logged_in "$ip" 65535
	login_with "PROXY UNKNOWN $ip $ip ${TEN}0\\r\\n"
	logged_in - 0
	# one octet over 107
	refused_with wrong "PROXY UNKNOWN $ip $ip ${TEN}01\\r\\n"
}

@test "a header without an address leaves the address of the connection" {
	local header

	for header in 'PROXY UNKNOWN\r\n' \
	    'PROXY UNKNOWN 192.0.2.7 198.51.100.1 51000 110\r\n' "$LOCAL" \
	    "$SIGNATURE"'\x20\x11\x00\x0c'"$ADDRESSES" \
	    "$SIGNATURE"'\x20\xff\x00\x05hello' \
	    "$SIGNATURE"'\x21\x00\x00\x00'; do
		login_with "$header"
		logged_in - 0
	done
}

@test "a client of a Unix socket of the front has no address" {
	{
		v2 21 31 "$(perl -e 'print "/run/x" . "\\0" x 102 . "/run/y" . "\\0" x 102')"
		printf 'USER anna\r\nPASS secret\r\nQUIT\r\n'
	} | raw_pop3 --proxy
	logged_in - 0
}

@test "other fields in a header of version 2 are ignored" {
	# ALPN, authority, a checksum that nobody checks, an unknown type
	{
		v2 21 11 "$ADDRESSES"'\x01\x00\x04pop3\x02\x00\x0bexample.net\x03\x00\x04abcd\xee\x00\x00'
		printf 'USER anna\r\nPASS secret\r\nQUIT\r\n'
	} | raw_pop3 --proxy $ALL
	logged_in 192.0.2.7 51000
}

@test "the longest header of version 2 is taken" {
	{
		perl -e 'print "\r\n\r\n\0\r\nQUIT\n\x21\x11\xff\xff", pack("C4C4nn", 192,0,2,7, 198,51,100,1, 51000,110), "\xee", pack("n", 65520), "x" x 65520'
		printf 'USER anna\r\nPASS secret\r\nQUIT\r\n'
	} | raw_pop3 --proxy $ALL
	logged_in 192.0.2.7 51000
}

@test "--cleartext is about the address in the header, not the front's" {
	login_with "$V1" --cleartext=local
	grep -q '^-ERR \[AUTH\]' "$OUT"
	refute_log 'popin: login: '
	login_with "$V2" --cleartext=192.0.2.8/31,2001:db8::/32
	grep -q '^-ERR \[AUTH\]' "$OUT"
	login_with "$V2" --cleartext=192.0.2.6/31
	logged_in 192.0.2.7 51000
	login_with 'PROXY TCP4 127.0.0.1 127.0.0.1 51000 110\r\n'
	logged_in 127.0.0.1 51000
}

@test "--cleartext ignores that the connection comes from loopback" {
	local port

	# shellcheck disable=SC2059
	printf "$V1"'CAPA\r\nUSER anna\r\nPASS secret\r\nQUIT\r\n' >"$IN"
	perl "$TESTS_SRC/wire.pl" tcp 4 "${CHAIN[@]}" --proxy <"$IN" \
	    >"$OUT" 2>"$LOG" 3>&-
	grep -q '^-ERR \[AUTH\]' "$OUT"
	! grep -q '^USER' "$OUT" || fail 'CAPA has USER'
	printf 'PROXY UNKNOWN\r\nUSER anna\r\nPASS secret\r\nQUIT\r\n' >"$IN"
	perl "$TESTS_SRC/wire.pl" tcp 4 "${CHAIN[@]}" --proxy <"$IN" \
	    >"$OUT" 2>"$LOG" 3>&-
	port=$(sed -n 's/^port=//p' "$OUT")
	assert_log "^popin: login: ip=127\.0\.0\.1 port=$port user"
}

@test "failed logins are logged with the address in the header" {
	# shellcheck disable=SC2059
	printf "$V1"'USER anna\r\nPASS wrong\r\nQUIT\r\n' |
	    raw_pop3 --proxy $ALL
	assert_log '^popin: login failed: ip=192\.0\.2\.7 port=51000 user="anna" '
}

@test "the checker is told the address in the header, and nothing of the front" {
	local spy=$BATS_TEST_TMPDIR/spy

	cat >"$spy" <<-EOT
	#!/bin/sh
	env | grep REMOTE | sort >"$spy.env"
	exit 1
	EOT
	chmod 755 "$spy"
	: >"$spy.env"
	own "$spy.env"
	export TCPREMOTEIP=127.0.0.1 TCPREMOTEPORT=4 TCPREMOTEHOST=front \
	    TCPREMOTEINFO=root REMOTE_ADDR=127.0.0.1 REMOTE_PORT=4
	CHAIN=("${AS[@]}" "$BIN/popin" --delay 0)
	# shellcheck disable=SC2059
	printf "$V2"'USER anna\r\nPASS secret\r\nQUIT\r\n' |
	    raw_pop3 --proxy $ALL --checker "$spy"
	assert_equal "$(cat "$spy.env")" \
	    $'TCPREMOTEIP=192.0.2.7\nTCPREMOTEPORT=51000'
}

@test "the front's word on TLS counts only with --proxy=tls" {
	local ssl='\x20\x00\x05\x01\x00\x00\x00\x00'
	local plain='\x20\x00\x05\x00\x00\x00\x00\x00'
	local commands='CAPA\r\nUSER anna\r\nPASS secret\r\nQUIT\r\n'

	# shellcheck disable=SC2059
	{ v2 21 11 "$ADDRESSES$ssl"; printf "$commands"; } >"$HEADER"
	raw_pop3 --proxy=tls <"$HEADER"
	assert_log '^popin: login: ip=192\.0\.2\.7 .* tls=1$'
	raw_pop3 --proxy <"$HEADER"
	grep -q '^-ERR \[AUTH\]' "$OUT"
	refute_log 'login:'
	raw_pop3 --proxy --cleartext=always <"$HEADER"
	assert_log ' tls=0$'
	# the client came to the front without TLS
	# shellcheck disable=SC2059
	{ v2 21 11 "$ADDRESSES$plain"; printf "$commands"; } >"$HEADER"
	raw_pop3 --proxy=tls <"$HEADER"
	grep -q '^-ERR \[AUTH\]' "$OUT"
	raw_pop3 --proxy --tls <"$HEADER"
	assert_log '^popin: login: ip=192\.0\.2\.7 .* tls=1$'
}

@test "a wrong header of version 1 ends the connection without a greeting" {
	local header

	for header in 'HELLO\r\n' 'proxy TCP4 192.0.2.7 192.0.2.1 1 1\r\n' \
	    'PROXY TCP5 192.0.2.7 192.0.2.1 1 1\r\n' \
	    'PROXY  TCP4 192.0.2.7 192.0.2.1 1 1\r\n' \
	    'PROXY TCP4  192.0.2.7 192.0.2.1 1 1\r\n' \
	    'PROXY TCP4 192.0.2.7 192.0.2.1 1 1 \r\n' \
	    'PROXY TCP4 192.0.2.7 192.0.2.1 1\r\n' \
	    'PROXY TCP4 192.0.2.7 192.0.2.1 1 1 1\r\n' \
	    'PROXY TCP4 192.0.2.7 192.0.2.1 1 1\n' \
	    'PROXY TCP4 192.0.2.7 192.0.2.1 1 65536\r\n' \
	    'PROXY TCP4 192.0.2.7 192.0.2.1 65536 1\r\n' \
	    'PROXY TCP4 192.0.2.7 192.0.2.1 4294967297 1\r\n' \
	    'PROXY TCP4 192.0.2.7 192.0.2.1 -1 1\r\n' \
	    'PROXY TCP4 192.0.2.7 192.0.2.1 01 1\r\n' \
	    'PROXY TCP4 192.0.2.07 192.0.2.1 1 1\r\n' \
	    'PROXY TCP4 192.0.2 192.0.2.1 1 1\r\n' \
	    'PROXY TCP4 192.0.2.7\0 192.0.2.1 1 1\r\n' \
	    'PROXY TCP4 2001:db8::7 2001:db8::1 1 1\r\n' \
	    'PROXY TCP6 192.0.2.7 192.0.2.1 1 1\r\n' \
	    'PROXY TCP6 fe80::1%%eth0 fe80::2 1 1\r\n' \
	    'PROXY TCP4 front 192.0.2.1 1 1\r\n' \
	    'PROXY UNKNOWNS\r\n' 'PROXY UDP4 192.0.2.7 192.0.2.1 1 1\r\n' \
	    "PROXY TCP4 $TEN$TEN$TEN$TEN$TEN$TEN$TEN$TEN$TEN$TEN\\r\\n"; do
		refused_with wrong "$header"
	done
}

@test "a wrong header of version 2 ends the connection without a greeting" {
	local header

	# signature, version, command, families, lengths, what follows
	for header in '\x0d\x0a\x0d\x0a\x00\x0d\x0aQUIT\x0d\x21\x11\x00\x0c' \
	    "$SIGNATURE"'\x11\x11\x00\x0c'"$ADDRESSES" \
	    "$SIGNATURE"'\x31\x11\x00\x0c'"$ADDRESSES" \
	    "$SIGNATURE"'\x22\x11\x00\x0c'"$ADDRESSES" \
	    "$SIGNATURE"'\x21\x12\x00\x0c'"$ADDRESSES" \
	    "$SIGNATURE"'\x21\x41\x00\x0c'"$ADDRESSES" \
	    "$SIGNATURE"'\x21\x10\x00\x0c'"$ADDRESSES" \
	    "$SIGNATURE"'\x21\x11\x00\x0b'"$ADDRESSES" \
	    "$SIGNATURE"'\x21\x21\x00\x0c'"$ADDRESSES" \
	    "$SIGNATURE"'\x21\x31\x00\x0c'"$ADDRESSES" \
	    "$SIGNATURE"'\x21\x11\x00\x00' \
	    "$SIGNATURE"'\x21\x11\x00\x0e'"$ADDRESSES"'\x04\x00' \
	    "$SIGNATURE"'\x21\x11\x00\x10'"$ADDRESSES"'\x04\x00\x02x'; do
		refused_with wrong "$header"
	done
}

@test "a client that speaks at once and sends no header is refused" {
	refused_with wrong ''
}

@test "a header that is cut off ends the connection without a greeting" {
	local length

	for length in 1 5 11 12 15 16 17 27; do
		# shellcheck disable=SC2059
		printf "$V2" | head -c $length | raw_pop3 --proxy
		refused short
	done
	for length in 1 6 12 20 43 44; do
		# shellcheck disable=SC2059
		printf "$V1" | head -c $length | raw_pop3 --proxy
		refused short
	done
}

@test "a connection that closes at once is refused" {
	raw_pop3 --proxy </dev/null
	refused missing
}

@test "a client that sends no header is refused in time" {
	talk a "${CHAIN[@]}" --proxy --login-timeout 1
	gone a
	OUT=$rest
	refused missing
}

@test "a header that does not end is refused in time" {
	talk a "${CHAIN[@]}" --proxy --login-timeout 1
	printf 'PROXY TCP4 192.0.2.7' >&"${TALK_TO[a]}"
	gone a
	OUT=$rest
	refused slow
}

@test "the time for the header does not start again with each octet" {
	local i start=$SECONDS

	talk a "${CHAIN[@]}" --proxy
	for i in P R O X Y ' ' T C P 4 ' ' 1 9 2 . 0 . 2 . 7; do
		{ printf '%s' "$i" >&"${TALK_TO[a]}"; } 2>/dev/null || break
		read -r -t 0.4 -u "${TALK_FROM[a]}" _ || [ $? -gt 128 ] || break
	done
	gone a
	OUT=$rest
	refused slow
	[ $((SECONDS - start)) -lt 30 ]
}

@test "a header that arrives octet by octet is taken" {
	local i

	talk a "${CHAIN[@]}" --proxy $ALL
	# shellcheck disable=SC2059
	printf "$V1" >"$HEADER"
	for ((i = 0; i < 45; i++)); do
		dd if="$HEADER" bs=1 skip=$i count=1 status=none >&"${TALK_TO[a]}"
	done
	hear a
	assert_equal "$reply" '+OK popin ready'
	ask a 'USER anna' '+OK*'
	ask a 'PASS secret' '+OK 3*'
	leave a
	assert_log '^popin: login: ip=192\.0\.2\.7 port=51000 '
}

@test "no greeting is sent before the header" {
	talk a "${CHAIN[@]}" --proxy
	! IFS= read -r -t 0.5 -u "${TALK_FROM[a]}" reply ||
	    fail "said: $reply"
	printf 'PROXY UNKNOWN\r\n' >&"${TALK_TO[a]}"
	hear a
	assert_equal "$reply" '+OK popin ready'
	leave a
}

# What follows the header is for another process.  A file shows how far popin
# has read.
@test "no octet behind a refused header is read" {
	local header fd

	for header in 'PROXY TCP4 192.0.2.7 wrong 51000 110\r\n' \
	    "$SIGNATURE"'\x21\xf1\x00\x0c'"$ADDRESSES" \
	    "$SIGNATURE"'\x21\xf1\x00\x00'; do
		# shellcheck disable=SC2059
		printf "$header"'the rest' >"$HEADER"
		exec {fd}<"$HEADER"
		status=0
		"${CHAIN[@]}" --proxy <&"$fd" >"$OUT" 2>"$LOG" 3>&- ||
		    status=$?
		refused wrong
		assert_equal "$(cat <&"$fd")" 'the rest'
		exec {fd}<&-
	done
}

@test "a health check leaves nothing in the log" {
	local header

	# haproxy's: LOCAL, then closed after the greeting; or with an address
	for header in "$LOCAL" "$V1" "$V2" 'PROXY UNKNOWN\r\n'; do
		# shellcheck disable=SC2059
		printf "$header" | raw_pop3 --proxy
		assert_equal "$(cat "$OUT")" $'+OK popin ready\r'
		assert_equal "$status" 0
		assert_log_lines 0
	done
}

@test "a header where none is expected ends the session" {
	# shellcheck disable=SC2059
	printf "$V1"'USER anna\r\nPASS secret\r\nQUIT\r\n' | raw_pop3
	assert_equal "$(grep -c '^[+-]' "$OUT")" 2
	grep -q '^-ERR' "$OUT"
	assert_log '^popin: unexpected PROXY header from the client'
	assert_log_lines 1
	# shellcheck disable=SC2059
	printf "$V2"'USER anna\r\nPASS secret\r\nQUIT\r\n' | raw_pop3
	refute_log login
}

@test "a second header ends the session" {
	# shellcheck disable=SC2059
	printf "$V1$V1"'USER anna\r\nPASS secret\r\nQUIT\r\n' |
	    raw_pop3 --proxy $ALL
	refute_log login
}

@test "--proxy takes no other value than tls" {
	pop3 --proxy=ssl <<-'EOT'
	=> -ERR [SYS/PERM]
	EOT
	assert_equal "$status" 64
}

@test "STLS works behind a header, and no second header is expected" {
	SCRIPT=$BATS_TEST_TMPDIR/steps
	cat >"$SCRIPT" <<-'EOT'
	@send PROXY TCP4 192.0.2.7 198.51.100.1 51000 110\r\n
			=> +OK
	@capa USER no
	STLS		=> +OK
	@switch
	@capa USER yes
	USER anna	=> +OK
	PASS secret	=> +OK
	QUIT		=> +OK
	@end
	EOT
	perl "$TESTS_SRC/wrapper.pl" ucspi "${CHAIN[@]}" --proxy <"$SCRIPT" \
	    >"$OUT" 2>"$LOG" 3>&- || fail "$(cat "$LOG")"
	assert_log '^popin: login: ip=192\.0\.2\.7 port=51000 .* tls=1$'
	assert_log '^popin: session: ip=192\.0\.2\.7 '
}
