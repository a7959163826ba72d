#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
#
# fail2ban itself applies the filter of contrib/fail2ban to lines that popin
# really wrote.
load lib
load serve

FILTER=$TESTS_SRC/../contrib/fail2ban/filter.d/popin.conf
JAIL_CONF=$TESTS_SRC/../contrib/fail2ban/jail.d/popin.conf

setup()
{
	need fail2ban-regex fail2ban
	lib_setup
	three_messages
	LINES_FILE=$BATS_TEST_TMPDIR/lines
	: >"$LINES_FILE"
	# installed beside the file that it includes
	mkdir "$BATS_TEST_TMPDIR/filter.d"
	cp /etc/fail2ban/filter.d/common.conf "$FILTER" \
	    "$BATS_TEST_TMPDIR/filter.d"
}

# knock ADDRESS NAME PASSWORD [OPTION...]: one login; what it logs is added to
# LINES_FILE.
knock()
{
	printf 'USER %s\r\nPASS %s\r\nQUIT\r\n' "$2" "$3" >"$IN"
	limited env TCPREMOTEIP="$1" TCPREMOTEPORT=40112 "${CHAIN[@]}" "${@:4}"
	cat "$LOG" >>"$LINES_FILE"
}

# knock_syslog: the same, into LINES_FILE.syslog, as a syslogd writes it to a
# file: with the date and the host's name.  A datagram has no line end.
knock_syslog()
{
	knock "$@" --log-as syslog
	[ "$(tail -c 1 "$LOG")" != '' ]
	perl -pe 's/<\d+>(?=popin(?:-checkpassword)?\[)/\nNov 22 10:00:00 mail /g;
	    s/\z/\n/ if eof; s/^\n//' "$LOG" >>"$LINES_FILE.syslog"
}

# knock_journal: the same, into LINES_FILE.journal, as fail2ban reads it from
# systemd's journal, which takes the priority off and adds the name of the unit.
knock_journal()
{
	knock "$@" --log-as journal
	sed 's/^<[0-7]>/mail popin[4711]: /' "$LOG" >>"$LINES_FILE.journal"
}

# banned FILE: prints the addresses that fail2ban sees in it, one for each line
# that matches.
banned()
{
	local file=$1

	[ -s "$file" ] || fail "no lines in $file"
	fail2ban-regex -o ip "$file" "$BATS_TEST_TMPDIR/filter.d/popin.conf" \
	    3>&-
}

@test "failed logins are matched with their address, IPv4 and IPv6" {
	knock 192.0.2.7 anna wrong
	knock 2001:db8::7 nobody secret
	knock ::ffff:192.0.2.9 anna wrong
	assert_equal "$(wc -l <"$LINES_FILE")" 3
	run banned "$LINES_FILE"
	assert_output '192.0.2.7
2001:db8::7
192.0.2.9'
}

@test "failed logins in a file of syslogd are matched" {
	knock_syslog 192.0.2.7 anna wrong
	knock_syslog 2001:db8::7 nobody secret
	knock_syslog 192.0.2.8 anna secret
	knock_syslog - anna wrong
	run banned "$LINES_FILE.syslog"
	assert_output '192.0.2.7
2001:db8::7'
}

@test "failed logins in the journal are matched" {
	knock_journal 192.0.2.7 anna wrong
	knock_journal 2001:db8::7 nobody secret
	knock_journal 192.0.2.8 anna secret
	knock_journal - anna wrong
	run banned "$LINES_FILE.journal"
	assert_output '192.0.2.7
2001:db8::7'
}

@test "failed logins from logger, multilog or svlogd are matched" {
	knock 192.0.2.7 anna wrong
	{
		sed 's/^/Nov 22 10:00:00 mail pop3d[7]: /' "$LINES_FILE"
		sed 's/^/Nov 22 10:00:00 mail popin[7]: /' "$LINES_FILE"
		sed 's/^/@400000006921e0f50a1b2c3d /' "$LINES_FILE"
		sed 's/^/2026-11-22_10:00:00.12345 /' "$LINES_FILE"
		sed 's/^/2026-11-22T10:00:00.123456+00:00 mail popin[7]: /' \
		    "$LINES_FILE"
	} >"$LINES_FILE.all"
	run banned "$LINES_FILE.all"
	# the line with the name pop3d is another program's
	assert_output '192.0.2.7
192.0.2.7
192.0.2.7
192.0.2.7'
}

@test "a login that worked, and its session, are not matched" {
	knock 192.0.2.7 anna secret
	assert_equal "$(wc -l <"$LINES_FILE")" 2
	run banned "$LINES_FILE"
	assert_output ''
}

@test "a login error is the server's fault, and is not matched" {
	CHAIN=("${AS[@]}" "$BIN/popin" -m "maildir:$MAILDIR" --delay 0
	    --cleartext always --checker)
	printf 'USER anna\r\nPASS secret\r\nQUIT\r\n' >"$IN"
	for checker in "sh -c exit\ 111" "sh -c exit\ 7" /nonexistent/checker; do
		eval "limited env TCPREMOTEIP=192.0.2.7 \"\${CHAIN[@]}\" $checker"
		assert_log 'login error: ip=192\.0\.2\.7 '
		cat "$LOG" >>"$LINES_FILE"
	done
	run banned "$LINES_FILE"
	assert_output ''
}

@test "a client without an address is not matched" {
	knock - anna wrong
	knock not-an-address anna wrong
	assert_log 'login failed: ip=- '
	run banned "$LINES_FILE"
	assert_output ''
}

forged_names()
{
	cat <<-'EOT'
	x"ip=203.0.113.9
	ip=6.6.6.6
	"method=PASS
	x\x22\x20ip=203.0.113.9
	popin:login
	6.6.6.6
	EOT
	# what no POP3 client can send in a name, but a checker may accept
	printf '%s\n' 'failed:ip=6.6.6.6' $'a\rpopin:login-failed:ip=6.6.6.6'
}

@test "no user name can forge or hide the address of a failed login" {
	local name n=0

	while IFS= read -r name; do
		knock 192.0.2.7 "$name" wrong
		n=$((n + 1))
	done < <(forged_names)
	assert_equal "$n $(wc -l <"$LINES_FILE")" "8 8"
	run banned "$LINES_FILE"
	assert_output "$(yes 192.0.2.7 | head -n 8)"
}

@test "no user name can make another line look like a failed login" {
	local name

	CHAIN=("${AS[@]}" "$BIN/popin" -m "maildir:$MAILDIR" --delay 0)
	while IFS= read -r name; do
		printf 'USER %s\r\nPASS secret\r\nQUIT\r\n' "$name" >"$IN"
		limited env TCPREMOTEIP=192.0.2.7 "${CHAIN[@]}" \
		    --checker sh -c 'exit 111'
		cat "$LOG" >>"$LINES_FILE"
		limited env USER="login failed: ip=6.6.6.6 port=1 user=\"$name" \
		    TCPREMOTEIP=192.0.2.7 "${SESSION[@]:3}"
		cat "$LOG" >>"$LINES_FILE"
	done < <(forged_names; echo 'x login failed: ip=6.6.6.6 port=1 user="')
	grep -q 'session: .*login failed: ip=6\.6\.6\.6' "$LINES_FILE"
	run banned "$LINES_FILE"
	assert_output ''
}

@test "fail2ban can read the jail, which uses the filter" {
	local etc=$BATS_TEST_TMPDIR/fail2ban

	need fail2ban-client fail2ban
	cp -r /etc/fail2ban "$etc"
	rm -rf "$etc"/jail.d/*
	cp "$FILTER" "$etc/filter.d/popin.conf"
	cp "$JAIL_CONF" "$etc/jail.d/popin.conf"
	# Debian switches this one on; it is not tested here
	printf '[sshd]\nenabled = false\n' >"$etc/jail.d/zz.conf"
	run fail2ban-client -c "$etc" -d
	assert_success
	assert_output --partial "['add', 'popin', 'systemd']"
	assert_output --partial 'login failed: ip='
	refute_output --partial ERROR
}
