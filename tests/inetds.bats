#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
#
# The files of contrib/inetd, as they are, each with the real super-server: on
# port 110 of a network namespace, with a /dev/log and an /usr/local/sbin/popin
# of its own.  (superservers.bats has some without root.)
# bats file_tags=root
# shellcheck disable=SC2016
load lib
load serve

INETD=$TESTS_SRC/../contrib/inetd

setup()
{
	[ "$(id -u)" = 0 ] || skip 'needs root'
	need unshare util-linux
	need ip iproute2
	need socat socat
	lib_setup
	demo
	SYSLOG=$BATS_TEST_TMPDIR/syslog
	: >"$SYSLOG"
	local_popin
	PORT=110
}

# local_popin: makes the /usr/local/sbin/popin of the namespace, which uses the
# accounts of the test.
local_popin()
{
	mkdir "$BATS_TEST_TMPDIR/sbin" "$BATS_TEST_TMPDIR/dev"
	printf '#!/bin/sh\nexec %s "$@"\n' "${SERVE[*]}" \
	    >"$BATS_TEST_TMPDIR/sbin/popin"
	chmod 755 "$BATS_TEST_TMPDIR/sbin" "$BATS_TEST_TMPDIR/sbin/popin"
}

# there: true if something listens on port 110 of the namespace.
there()
{
	cat "/proc/$SERVER/net/tcp" "/proc/$SERVER/net/tcp6" 2>/dev/null |
	    grep -q ':006E 0*:0000 0A'
}

there_or_dead()
{
	there || ! kill -0 "$SERVER" 2>/dev/null
}

# start_alone COMMAND...: runs a super-server in the namespaces; sets SERVER and
# LOG, as start does.
start_alone()
{
	LOG=$BATS_TEST_TMPDIR/server.log
	setsid unshare --mount --net bash -c '
	set -eu
	cd "$1"
	ip link set lo up
	mount --bind sbin /usr/local/sbin
	mount -t tmpfs -o mode=755 tmpfs dev
	for device in null zero random urandom tty; do
		touch "dev/$device"
		mount --bind "/dev/$device" "dev/$device"
	done
	mount --bind dev /dev
	perl -MIO::Socket::UNIX -e "
		\$| = 1;
		umask(0);
		my \$log = IO::Socket::UNIX->new(Type => SOCK_DGRAM,
		    Local => q(/dev/log)) or die;
		print qq(up\\n);
		print qq(\$_\\n) while defined(\$log->recv(\$_, 4096));
	    " >syslog 2>&1 &
	until [ -s syslog ]; do sleep 0.1; done
	shift
	exec "$@"' - "$BATS_TEST_TMPDIR" "$@" </dev/null >"$LOG" 2>&1 3>&- &
	SERVER=$!
	wait_until 20 there_or_dead
	there || fail "$1 does not listen: $(cat "$LOG")"
}

# start_script NAME: start_alone with the command in contrib/inetd/NAME.
start_script()
{
	start_alone sh -c "exec $(cat "$INETD/$1")"
}

# unpacked PACKAGE PROGRAM: sets PROGRAM, of a package that cannot be installed
# beside others; quickstart check has unpacked it.
unpacked()
{
	PROGRAM=${POPIN_UNPACKED:-$TESTS_SRC/../_build/unpacked}/$1/$2
	[ -x "$PROGRAM" ] && return
	cannot "no $PROGRAM: sh contrib/quickstart check unpacks it"
}

# dial ADDRESS: sends IN to port 110, and puts what comes back into OUT.
dial()
{
	nsenter -t "$SERVER" -n -- timeout "$LIMIT" \
	    socat -t "$LIMIT" - "TCP:$1:110" <"$IN" >"$OUT" 3>&- ||
	    fail "dial $1: status $?: $(cat "$LOG" "$SYSLOG")"
}

# one_session ADDRESS PREFIX: a whole session.  Its replies must be right, the
# log must have its lines with the address, and all processes must end.  PREFIX
# is what stands before the lines, in syslog or on standard error.
one_session()
{
	local ip=${1//[\[\]]/} prefix=$2 log

	cat >"$SCRIPT" <<-'EOT'
	CAPA		=> +OK
	USER anna	=> +OK
	PASS wrong	=> -ERR [AUTH]
	USER anna	=> +OK
	PASS secret	=> +OK 4 4280
	STAT		=> =+OK 4 4280
	RETR 1		=> +OK
	RETR 4		=> +OK
	QUIT		=> +OK
	EOT
	perl "$TESTS_SRC/dialogue.pl" commands "$SCRIPT" CRLF >"$IN"
	dial "$1"
	judge check "$SCRIPT" "$OUT"
	assert_equal "$(head -n 1 "$OUT")" $'+OK popin ready\r'
	run grep -a 'popin: \|user="' "$OUT"
	assert_failure 1
	assert_gone
	log=$SYSLOG
	[ "$prefix" != 'popin: ' ] || log=$LOG
	LOG=$log assert_log "^${prefix}login failed: ip=$ip port=[1-9][0-9]* user=\"anna\" method=PASS tls=0 reason=credentials\$"
	LOG=$log assert_log "^${prefix}login: ip=$ip port=[1-9][0-9]* user=\"anna\" method=PASS tls=0\$"
	LOG=$log assert_log "^${prefix}session: ip=$ip user=\"anna\" retr=2/.* end=quit\$"
	[ "$log" = "$LOG" ] || ! grep 'user="' "$LOG" || fail 'logged twice'
}

SYSLOG_PREFIX='<2[12]>popin\[[1-9][0-9]*\]: '

@test "openbsd-inetd.conf serves IPv4 and IPv6, and logs to syslog" {
	need inetd openbsd-inetd
	start_alone /usr/sbin/inetd -i "$INETD/openbsd-inetd.conf"
	one_session 127.0.0.1 "$SYSLOG_PREFIX"
	one_session '[::1]' "$SYSLOG_PREFIX"
}

@test "inetutils-inetd.conf serves IPv4 and IPv6, and logs to syslog" {
	unpacked inetutils-inetd usr/sbin/inetutils-inetd
	start_alone "$PROGRAM" -d "-p$BATS_TEST_TMPDIR/pid" -R 6000 \
	    "$INETD/inetutils-inetd.conf"
	one_session 127.0.0.1 "$SYSLOG_PREFIX"
	one_session '[::1]' "$SYSLOG_PREFIX"
}

@test "xinetd.conf serves IPv4 and IPv6, and logs to syslog" {
	unpacked xinetd usr/sbin/xinetd
	start_alone "$PROGRAM" -dontfork -f "$INETD/xinetd.conf" \
	    -pidfile "$BATS_TEST_TMPDIR/pid"
	one_session 127.0.0.1 "$SYSLOG_PREFIX"
	one_session '[::1]' "$SYSLOG_PREFIX"
}

@test "rlinetd.conf serves IPv4, and logs to syslog" {
	local parser

	unpacked rlinetd usr/sbin/rlinetd
	parser=$(find "${PROGRAM%/sbin/rlinetd}/lib" -name libparse.so)
	start_alone "$PROGRAM" -d -p "$parser" -f "$INETD/rlinetd.conf"
	one_session 127.0.0.1 "$SYSLOG_PREFIX"
}

@test "tcpserver serves IPv4, and popin logs where tcpserver does" {
	need tcpserver ucspi-tcp
	start_script tcpserver
	one_session 127.0.0.1 'popin: '
}

@test "tcpserver of ucspi-tcp-ipv6 serves IPv4 and IPv6" {
	unpacked ucspi-tcp-ipv6 usr/bin/tcpserver
	PATH=${PROGRAM%/*}:$PATH start_script tcpserver
	one_session 127.0.0.1 'popin: '
	one_session '[::1]' 'popin: '
}

@test "tcpsvd serves IPv4" {
	need tcpsvd ipsvd
	start_script tcpsvd
	one_session 127.0.0.1 'popin: '
}

@test "socat serves IPv4 and IPv6" {
	start_script socat
	one_session 127.0.0.1 'popin: '
	one_session '[::1]' 'popin: '
}

@test "systemd-socket-activate serves IPv4 and IPv6" {
	need systemd-socket-activate systemd
	start_script systemd-socket-activate
	one_session 127.0.0.1 'popin: '
	one_session '[::1]' 'popin: '
}
