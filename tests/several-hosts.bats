#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
#
# Two hosts with the same Maildir, and haproxy in front of them with
# contrib/haproxy/several-hosts.cfg.  Each is in a network namespace.
# bats file_tags=root
load lib
load serve

setup()
{
	[ "$(id -u)" = 0 ] || skip 'needs root'
	need ip iproute2
	need unshare util-linux
	need haproxy haproxy
	need tcpserver ucspi-tcp
	need openssl openssl
	need socat socat
	lib_setup
	demo
	HOSTS=()
	network
	host n1 192.0.2.11
	host n2 192.0.2.12
	front
}

teardown()
{
	local pid

	lib_teardown
	for pid in "${HOSTS[@]}"; do
		kill -KILL -- "-$pid" 2>/dev/null || :
		reap "$pid"
	done
}

# namespace COMMAND...: runs it in a network of its own; sets HOST.
namespace()
{
	LOG=$BATS_TEST_TMPDIR/host${#HOSTS[@]}.log
	setsid unshare --net "$@" </dev/null >"$LOG" 2>&1 3>&- &
	HOST=$!
	HOSTS+=("$HOST")
	wait_until 20 alone || fail "no network namespace: $(cat "$LOG")"
}

alone()
{
	[ "$(readlink "/proc/$HOST/ns/net")" != \
	    "$(readlink /proc/self/ns/net)" ]
}

in_host()
{
	nsenter -t "$1" -n -- "${@:2}" 3>&-
}

# network: sets SWITCH, where haproxy will be, with a bridge.
network()
{
	namespace sleep 600
	SWITCH=$HOST
	in_host "$SWITCH" ip link set lo up
	in_host "$SWITCH" ip link add br0 type bridge
	in_host "$SWITCH" ip address add 192.0.2.1/24 dev br0
	in_host "$SWITCH" ip link set br0 up
}

# host NAME ADDRESS: starts popin on a host; sets NAME to its process and
# NAME_log to its log.
host()
{
	# shellcheck disable=SC2016
	namespace bash -c 'until [ -e "$1" ]; do sleep 0.1; done
	    exec tcpserver -RHl0 -c 150 0 1110 "${@:2}"' - \
	    "$BATS_TEST_TMPDIR/$1.up" "${SERVE[@]}" --proxy=tls
	printf -v "$1" %s "$HOST"
	printf -v "$1_log" %s "$LOG"
	in_host "$SWITCH" ip link add "$1" type veth peer eth0 netns "$HOST"
	in_host "$SWITCH" ip link set "$1" master br0 up
	in_host "$HOST" ip link set lo up
	in_host "$HOST" ip address add "$2/24" dev eth0
	in_host "$HOST" ip link set eth0 up
	: >"$BATS_TEST_TMPDIR/$1.up"
	wait_until 20 listens "$HOST" 0456 ||
	    fail "$1 does not listen: $(cat "$LOG")"
}

listens()
{
	cat "/proc/$1/net/tcp" "/proc/$1/net/tcp6" | grep -q ":$2 0*:0000 0A"
}

# front: starts haproxy, and waits until it has found both hosts
front()
{
	(
		cd "$BATS_TEST_TMPDIR" || exit
		openssl req -x509 -newkey ec -pkeyopt \
		    ec_paramgen_curve:P-256 -nodes -days 2 \
		    -subj '/CN=localhost' -keyout key -out ca.pem
		cat key ca.pem >tls.pem
	) >"$BATS_TEST_TMPDIR/openssl.log" 2>&1
	{
		printf '%s\n' global "	stats socket $BATS_TEST_TMPDIR/stats"
		sed "s,/etc/popin/tls.pem,$BATS_TEST_TMPDIR/tls.pem," \
		    "$TESTS_SRC/../contrib/haproxy/several-hosts.cfg"
	} >"$BATS_TEST_TMPDIR/haproxy.cfg"
	LOG=$BATS_TEST_TMPDIR/haproxy.log
	setsid nsenter -t "$SWITCH" -n haproxy -db \
	    -f "$BATS_TEST_TMPDIR/haproxy.cfg" </dev/null >"$LOG" 2>&1 3>&- &
	HAPROXY=$!
	HOSTS+=("$HAPROXY")
	wait_until 20 listens "$SWITCH" 03E3 || fail "haproxy: $(cat "$LOG")"
	wait_until 20 status_is n1 UP
	wait_until 20 status_is n2 UP
}

# status_is SERVER STATUS: haproxy says so after at least one check
status_is()
{
	echo 'show stat' | socat - "UNIX:$BATS_TEST_TMPDIR/stats" |
	    grep -Eq "^popin,$1,([^,]*,){15}$2,.*,L[47]"
}

# dial NAME: a client under TLS, with the greeting read
dial()
{
	talk "$1" nsenter -t "$SWITCH" -n -- socat -t "$LIMIT" STDIO \
	    "OPENSSL:127.0.0.1:995,cafile=$BATS_TEST_TMPDIR/ca.pem,commonname=localhost"
	hear "$1"
	[[ $reply == '+OK popin ready'* ]] || fail "greeting: $reply"
}

log_in()
{
	ask "$1" 'USER anna' '+OK*'
	ask "$1" 'PASS secret' "$2"
}

logins()
{
	grep -c '^popin: login: ip=127\.0\.0\.1 .*user="anna" method=PASS tls=1$' \
	    "$1" || :
}

@test "two hosts serve one maildrop in turn, and never both at once" {
	local uidl

	dial a
	log_in a '+OK 4 *'
	dial b
	log_in b '-ERR \[IN-USE\]*'
	ask a UIDL '+OK*'
	hear_body a
	uidl=$body
	ask a 'DELE 1' '+OK*'
	ask a QUIT '+OK*'
	leave a
	leave b
	dial c
	log_in c '+OK 3 *'
	ask c QUIT '+OK*'
	leave c
	dial d
	log_in d '+OK 3 *'
	ask d UIDL '+OK*'
	hear_body d
	assert_equal "$(sed 's/^[0-9]* //' <<<"$body")" \
	    "$(sed 1d <<<"$uidl" | sed 's/^[0-9]* //')"
	ask d QUIT '+OK*'
	leave d
	# each host had two logins
	# shellcheck disable=SC2154
	assert_equal "$(logins "$n1_log") $(logins "$n2_log")" '2 2'
}

@test "a host that dies deletes nothing, and the other host goes on serving" {
	dial a
	log_in a '+OK 4 *'
	ask a 'DELE 1' '+OK*'
	# shellcheck disable=SC2154
	kill -KILL -- "-$n1"
	leave a
	wait_until 20 status_is n1 DOWN || fail "haproxy: $(cat "$LOG")"
	for name in b c; do
		dial "$name"
		log_in "$name" '+OK 4 *'
		ask "$name" QUIT '+OK*'
		leave "$name"
	done
}
