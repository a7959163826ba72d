#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
#
# The units of contrib/systemd, as `make install' installs them, under a real
# systemd.  It is process 1 of a machine in namespaces (see machine-init).
# bats file_tags=root
load lib
load machine

setup()
{
	[ "$(id -u)" = 0 ] || skip 'needs root'
	LOG=$BATS_TEST_TMPDIR/log
	BIN=$BATS_FILE_TMPDIR/bin
	DROP_IN=
}

teardown()
{
	lib_teardown
	[ -n "${DROP_IN:-}" ] || return 0
	rm -r "$DROP_IN"
	inside systemctl daemon-reload
}

# serving UNIT: starts the socket for this test alone.
serving()
{
	inside systemctl stop popin.socket popins.socket popin-virtual.socket
	inside systemctl start "$1" || fail "$(journal)"
	CURSOR=$(inside journalctl -q -n 1 -o cat --show-cursor |
	    sed -n 's/^-- cursor: //p')
}

journal()
{
	inside journalctl -q --no-pager -o cat --after-cursor "$CURSOR"
}

# journal_has PATTERN: waits until the journal of this test has it.  There is no
# -t: with it journalctl of systemd 252 skips the first line after a cursor.
journal_has()
{
	timeout "$LIMIT" bash -c 'until nsenter -t "$1" -a journalctl -q --no-pager \
	    -o cat --after-cursor "$2" | grep -Eq -e "$3"; do sleep 0.1
	    done' - "$INIT" "$CURSOR" "$1" ||
	    fail "not in the journal: $1
$(journal)"
}

refute_journal()
{
	! journal | grep -E -e "$1" || fail "in the journal: $1"
}

# dial NAME [ADDRESS]: starts a client on the machine, and reads the greeting.
dial()
{
	talk "$1" nsenter -t "$INIT" -n -- \
	    socat -t "$LIMIT" STDIO "TCP:${2:-127.0.0.1}:110"
	IFS= read -r -t "$LIMIT" -u "${TALK_FROM[$1]}" reply || reply=none
	[[ $reply == '+OK popin ready'* ]] || fail "greeting: $reply
$(journal)"
}

# --- the tests

@test "systemd finds nothing to say against the units" {
	run inside systemd-analyze verify --man=no popin.socket popins.socket \
	    popin-virtual.socket popin@1.service popins@1.service \
	    popin-virtual@1.service
	assert_success
	assert_output ''
}

# exposure UNIT: ten times the level that systemd-analyze tells.
exposure()
{
	inside systemd-analyze security --no-pager "$1" |
	    sed -n 's/.*Overall exposure level for .*: \([0-9]*\)\.\([0-9]\) .*/\1\2/p'
}

@test "systemd's exposure level is at most 1.5, 1.7 for TLS, 0.8 without root" {
	local root virtual tls

	! is_i386 || skip 'for this systemd i386 is a foreign architecture'
	root=$(exposure popin@1.service)
	tls=$(exposure popins@1.service)
	virtual=$(exposure popin-virtual@1.service)
	echo "# times ten: popin@ $root, popins@ $tls, popin-virtual@ $virtual" >&3
	((10#$root <= 15)) || fail "popin@.service: $root"
	((10#$tls <= 17)) || fail "popins@.service: $tls"
	((10#$virtual <= 8)) || fail "popin-virtual@.service: $virtual"
}

@test "an account fetches and deletes mail, and the instance of the unit ends" {
	serving popin.socket
	dial a
	ask a 'USER anna' '+OK*'
	ask a 'PASS secret' '+OK*' || fail "$(journal)"
	ask a 'DELE 1' '+OK*'
	ask a 'QUIT' '+OK*'
	leave a
	[ ! -e "$ROOT/home/anna/Maildir/new/1.one" ]
	[ -e "$ROOT/home/anna/Maildir/new/3.three" ]
	assert_no_instances 'popin@*'
	journal_has '^login: ip=127\.0\.0\.1 port=[1-9][0-9]* user="anna" method=PASS tls=0$'
	journal_has '^session: ip=127\.0\.0\.1 user="anna" .* dele=1 .* end=quit$'
	run inside systemctl --failed --no-legend --plain
	assert_output ''
}

@test "a wrong password by IPv6 is logged with the client's IPv6 address" {
	serving popin.socket
	dial a '[::1]'
	ask a 'USER anna' '+OK*'
	ask a 'PASS wrong' '-ERR \[AUTH\]*'
	leave a
	journal_has '^login failed: ip=::1 port=[1-9][0-9]* user="anna" method=PASS tls=0 reason=credentials$'
	assert_no_instances 'popin@*'
}

# cage: a line for each process of popin:
# PID UID NoNewPrivs N Seccomp N Seccomp_filters N
cage()
{
	local pid

	for pid in $(inside pgrep '^popin'); do
		inside sed -n "s/^Uid:\t\([0-9]*\).*/$pid \1/p
		    s/^\(Seccomp\|NoNewPrivs\|Seccomp_filters\):\t/\1 /p" \
		    "/proc/$pid/status" | tr '\n' ' '
		echo
	done
}

# drop_in UNIT FILE: adds FILE to the unit until the end of the test
drop_in()
{
	DROP_IN=$ROOT/etc/systemd/system/$1.d
	mkdir "$DROP_IN"
	cp "$2" "$DROP_IN"
	inside systemctl daemon-reload
}

# popin-escape is popin with one more command, see escape.c.
@test "popin's own sandbox works within the sandbox of the unit" {
	local escape=$BATS_TEST_TMPDIR/escape.conf filters

	[[ $("$POPIN" --version) != *'sandbox: none'* ]] ||
	    skip 'built without a sandbox'
	printf '%s\n' '[Service]' ExecStart= \
	    'ExecStart=-/usr/local/sbin/popin-escape' >"$escape"
	drop_in popin@.service "$escape"
	serving popin.socket
	dial a
	run cage
	filters=$(sed -n 's/^[0-9]* 0 .* Seccomp_filters //p' <<<"$output")
	# login has one filter more than the monitor got from systemd
	assert_line --regexp "^[0-9]+ [1-9].* Seccomp_filters $((filters + 1)) "
	ask a 'USER anna' '+OK*'
	ask a 'PASS secret' '+OK*'
	# wait locks itself in only after the answer
	timeout "$LIMIT" bash -c 'until [ "$(nsenter -t "$1" -a \
	    pgrep -c '^popin' -U 0)" = 0 ]; do sleep 0.1; done' - \
	    "$INIT" || fail "$(cage)"
	ask a 'TRY open /home/anna/Maildir/new/3.three' '+OK*'
	# systemd lets everyone read that, Landlock does not
	if perl -e 'exit(syscall(444, 0, 0, 1) < 1)'; then
		ask a 'TRY open /etc/passwd' '-ERR EACCES'
	fi
	tell a 'TRY execve'
	leave a
	journal_has '^the session was ended by a signal: ip=127\.0\.0\.1 '
	refute_journal 'sandbox|Landlock'
}

@test "popin-virtual.socket serves virtual users without root" {
	serving popin-virtual.socket
	dial a
	run cage
	refute_line --regexp '^[0-9]+ 0 '
	ask a 'USER bert@example.net' '+OK*'
	ask a 'PASS secret' '+OK*' || fail "$(journal)"
	ask a 'DELE 3' '+OK*'
	ask a QUIT '+OK*'
	leave a
	[ ! -e "$ROOT/var/vmail/example.net/bert/new/3.three" ]
	journal_has '^login: ip=127\.0\.0\.1 .*user="bert@example\.net" method=PASS tls=0$'
	assert_no_instances 'popin-virtual@*'
}

@test "popins.socket serves TLS on port 995" {
	serving popins.socket
	run nsenter -t "$INIT" -n -- curl -sS --max-time "$LIMIT" \
	    --cacert "$BATS_FILE_TMPDIR/ca.pem" \
	    --connect-to localhost:995:127.0.0.1:995 \
	    --user anna:secret pop3s://localhost/
	assert_success
	assert_line --index 0 --regexp '^1 '
	journal_has '^login: ip=127\.0\.0\.1 .*user="anna" .* tls=1$'
	assert_no_instances 'popins@*'
}

# refused TALK NAME: a login that fails, through the socket.
refused()
{
	dial "$1" '[::1]'
	ask "$1" "USER $2" '+OK*'
	ask "$1" 'PASS wrong' '-ERR \[AUTH\]*'
	leave "$1"
}

# banned: the addresses that fail2ban sees in the journal of this test.
banned()
{
	inside fail2ban-regex -o ip systemd-journal \
	    /etc/fail2ban/filter.d/popin.conf | sort | uniq -c | tr -s ' '
}

# journald records who wrote each of these lines, whatever the lines say.
@test "fail2ban sees only popin's own lines, whoever writes as popin" {
	local line='popin: login failed: ip=203.0.113.9 port=1 user="x" method=PASS tls=0 reason=credentials'
	local before after

	need fail2ban-regex fail2ban
	/usr/bin/python3 -c 'import systemd.journal' 2>/dev/null ||
	    cannot 'no python3-systemd'
	mkdir -p "$ROOT/etc/fail2ban/filter.d"
	cp /etc/fail2ban/filter.d/common.conf \
	    "$TESTS_SRC/../contrib/fail2ban/filter.d/popin.conf" \
	    "$ROOT/etc/fail2ban/filter.d"
	serving popin.socket
	before=$(banned)
	[[ $before != *203.0.113.9* ]] || fail "$before"
	inside runuser -u anna -- logger -t popin -p mail.notice "${line#popin: }"
	inside runuser -u anna -- logger -t popin -p mail.notice "$line"
	printf '%s\n' "$line" | inside runuser -u anna -- systemd-cat -t popin
	journal_has '203\.0\.113\.9'
	# a datagram from root, as under an inetd
	printf 'USER anna\r\nPASS wrong\r\nQUIT\r\n' | inside env \
	    TCPREMOTEIP=192.0.2.7 popin --log syslog --delay 0 \
	    --cleartext always >/dev/null
	journal_has 'ip=192\.0\.2\.7 '
	refused a anna
	journal_has 'login failed: ip=::1 .*user="anna"'
	serving popin-virtual.socket
	refused b bert@example.net
	journal_has 'login failed: ip=::1 .*user="bert@example\.net"'
	inside journalctl --sync
	after=$(banned)
	[[ $after != *203.0.113.9* ]] || fail "$after"
	[[ $after == *' 192.0.2.7'* ]] || fail "$after"
	assert_equal "$(awk '$2 == "::1" { print $1 }' <<<"$after")" \
	    $(($(awk '$2 == "::1" { print $1 }' <<<"$before") + 2))
}

@test "port 110 offers STLS with stls.conf" {
	local conf=$BATS_TEST_TMPDIR/stls.conf

	sed 's|[^ ]*/popin |/usr/local/sbin/popin |' "${abs_top_builddir:-$TESTS_SRC/../_build}/contrib/systemd/stls.conf" >"$conf"
	drop_in popin@.service "$conf"
	serving popin.socket
	run nsenter -t "$INIT" -n -- curl -sS --max-time "$LIMIT" --ssl-reqd \
	    --cacert "$BATS_FILE_TMPDIR/ca.pem" \
	    --connect-to localhost:110:127.0.0.1:110 \
	    --user anna:secret pop3://localhost/
	assert_success
	assert_line --index 0 --regexp '^1 '
	journal_has '^login: ip=127\.0\.0\.1 .*user="anna" .* tls=1$'
}

@test "options in /etc/default/popin reach popin" {
	mkdir -p "$ROOT/etc/default"
	echo 'POPIN_OPTIONS="--cleartext never"' >"$ROOT/etc/default/popin"
	serving popin.socket
	dial a
	ask a 'USER anna' '-ERR \[AUTH\]*'
	leave a
	rm "$ROOT/etc/default/popin"
}

# Fedora has it so, and systemd-sysusers makes it so.
@test "a shadow file of mode 000 is logged, and CAP_DAC_READ_SEARCH opens it" {
	local conf=$BATS_TEST_TMPDIR/shadow.conf

	chmod 000 "$ROOT/etc/shadow"
	serving popin.socket
	dial a
	ask a 'USER anna' '+OK*'
	ask a 'PASS secret' '-ERR \[SYS/TEMP\]*'
	leave a
	journal_has '/etc/shadow.*Permission denied'
	printf '%s\n' '[Service]' CapabilityBoundingSet=CAP_DAC_READ_SEARCH \
	    >"$conf"
	drop_in popin@.service "$conf"
	dial b
	ask b 'USER anna' '+OK*'
	ask b 'PASS secret' '+OK*' || fail "$(journal)"
	leave b
	chmod 640 "$ROOT/etc/shadow"
}

@test "300 connections in two seconds leave the socket alive" {
	serving popin.socket
	# shellcheck disable=SC2016
	nsenter -t "$INIT" -n -- timeout "$LIMIT" perl -MIO::Socket::INET -e '
		for (1 .. 300) {
			my $s = IO::Socket::INET->new("127.0.0.1:110") or die;
			push @all, $s;
		}'
	assert_no_instances 'popin@*'
	assert_equal "$(inside systemctl is-active popin.socket)" active
	dial a
	ask a QUIT '+OK*'
	leave a
}

@test "a session outlives a restart of the socket, and a daemon-reload" {
	serving popin.socket
	dial a
	ask a 'USER anna' '+OK*'
	ask a 'PASS secret' '+OK*'
	inside systemctl daemon-reload
	inside systemctl restart popin.socket
	ask a NOOP '+OK*'
	ask a QUIT '+OK*'
	leave a
	dial b
	ask b QUIT '+OK*'
	leave b
}

# replaces NEW OLD: NEW is started while OLD serves.
replaces()
{
	inside systemctl start "$1" || fail "$(journal)"
	assert_equal "$(inside systemctl is-active "$1" "$2" | paste -sd ' ')" \
	    'active inactive'
	dial "$1$try"
	ask "$1$try" QUIT '+OK*'
	leave "$1$try"
}

@test "either socket for port 110 replaces the other when it is started" {
	local try

	serving popin.socket
	for try in 1 2 3; do
		replaces popin-virtual.socket popin.socket
		replaces popin.socket popin-virtual.socket
	done
}
