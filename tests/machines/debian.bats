#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
#
# The Debian package on a Debian, from inside it: see debian.  POPIN_BOOT tells
# how its kernel was booted.
# bats file_tags=root
load lib
load machine

setup()
{
	BIN=/usr/sbin
	LOG=$BATS_TEST_TMPDIR/log
	lib_setup
	systemctl start popin.socket
	CURSOR=$(journalctl -q -n 1 -o cat --show-cursor |
	    sed -n 's/^-- cursor: //p')
}

teardown()
{
	lib_teardown
}

# dial NAME [ADDRESS]: starts a client, and reads the greeting.
dial()
{
	talk "$1" socat -t "$LIMIT" STDIO "TCP:${2:-127.0.0.1}:110"
	hear "$1"
	assert_equal "$reply" '+OK popin ready'
}

# journal_has PATTERN: waits until the journal of this test has it.
journal_has()
{
	timeout "$LIMIT" bash -c 'until journalctl -q --no-pager -o cat \
	    --after-cursor "$1" | grep -Eq -e "$2"; do sleep 0.1; done' - \
	    "$CURSOR" "$1" ||
	    fail "not in the journal: $1
$(journalctl -q --no-pager -o cat --after-cursor "$CURSOR")"
}

# fresh_mail: gives anna three messages.
fresh_mail()
{
	rm -rf /home/anna/Maildir
	ROOT='' make_mail
}

has_landlock()
{
	[ "$POPIN_BOOT" != no-landlock ]
}

# processes USER: the processes of popin that run as USER
processes()
{
	pgrep -u "$1" '^popin'
}

# status_of PID KEY: its value in /proc/PID/status
status_of()
{
	sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status"
}

# assert_caged USER: the only process of popin with that user has a filter of
# popin's own on top of those from systemd.
assert_caged()
{
	local pid

	timeout "$LIMIT" bash -c 'until [ "$(pgrep -u "$0" -c "^popin")" = 1 ]
	    do sleep 0.1; done' "$1" || fail "$1: $(ps -ef)"
	pid=$(processes "$1")
	timeout "$LIMIT" bash -c 'until grep -q "^Seccomp_filters:.$0$" \
	    "/proc/$1/status"; do sleep 0.1; done' "$((FILTERS + 1))" "$pid" ||
	    fail "$1: $(cat "/proc/$pid/status")"
	assert_equal "Seccomp $(status_of "$pid" Seccomp)" 'Seccomp 2'
	assert_equal "NoNewPrivs $(status_of "$pid" NoNewPrivs)" 'NoNewPrivs 1'
	assert_equal "CapEff $(status_of "$pid" CapEff)" \
	    'CapEff 0000000000000000'
	assert_equal "$(stat -c %u "/proc/$pid/mem")" 0
}

# bats test_tags=short
@test "the machine has Debian's kernel, a disk, and systemd as process 1" {
	assert_equal "$(cat /proc/1/comm)" systemd
	[[ $(uname -v) == *Debian* ]] || fail "$(uname -v)"
	grep -q '^/dev/vda / ext4 ' /proc/mounts || fail "$(cat /proc/mounts)"
	! systemd-detect-virt --container || fail 'a container'
	run cat /sys/kernel/security/lsm
	echo "# security modules: $output" >&3
	has_landlock || refute_output --partial landlock
	! has_landlock || assert_output --partial landlock
}

@test "the package is installed whole, and users cannot read its programs" {
	assert_equal "$(dpkg-query -W -f '${Status}' popin)" 'install ok installed'
	assert_equal "$(dpkg -V popin)" ''
	assert_equal "$(stat -c '%U %a' /usr/sbin/popin{,-checkpassword,-import})" \
	    $'root 711\nroot 711\nroot 711'
	getent passwd _popin
	assert_equal "$(systemctl is-enabled popin.socket popins.socket |
	    paste -sd ' ')" 'enabled disabled'
	assert_equal "$(systemctl --failed --no-legend --plain)" ''
}

# bats test_tags=short
@test "--check finds nothing wrong but what the kernel lacks" {
	run popin --check
	assert_success
	refute_output --partial FAIL
	if has_landlock; then
		assert_line 'ok    sandbox: built-with="seccomp, Landlock" kernel-landlock=2'
	else
		assert_line 'WARN  sandbox: built-with="seccomp, Landlock" kernel-landlock=0'
	fi
}

# bats test_tags=short
@test "popin.socket serves a session, and the journal has all of it" {
	fresh_mail
	dial a
	ask a 'USER anna' '+OK*'
	ask a 'PASS wrong' '-ERR \[AUTH\]*'
	ask a 'USER anna' '+OK*'
	ask a 'PASS secret' '+OK 3 *'
	ask a 'RETR 1' '+OK*'
	hear_body a
	assert_equal "$body" $'Subject: one\n\nfirst message\n'
	ask a 'DELE 1' '+OK*'
	ask a QUIT '+OK*'
	leave a
	[ ! -e /home/anna/Maildir/new/1.one ]
	[ -e /home/anna/Maildir/new/3.three ]
	journal_has '^login failed: ip=127\.0\.0\.1 port=[1-9][0-9]* user="anna" method=PASS tls=0 reason=credentials$'
	journal_has '^login: ip=127\.0\.0\.1 port=[1-9][0-9]* user="anna" method=PASS tls=0$'
	journal_has '^session: ip=127\.0\.0\.1 user="anna" .* dele=1 .* end=quit$'
	assert_no_instances 'popin@*'
}

# bats test_tags=short
@test "login, session and wait have a seccomp filter and no capabilities" {
	fresh_mail
	dial a
	FILTERS=$(status_of "$(processes root)" Seccomp_filters)
	assert_caged _popin
	ask a 'USER anna' '+OK*'
	ask a 'PASS secret' '+OK 3 *'
	assert_caged anna
	assert_caged _popin
	run processes root
	assert_output ''
	leave a
	assert_no_instances 'popin@*'
}

# /proc does not show Landlock, so strace(1) shows the calls and their results.
# The maildrop is fresh: its first service runs popin-import.
@test "all roles and popin-import confine themselves by Landlock if it is there" {
	local log=$BATS_TEST_TMPDIR/strace

	fresh_mail
	printf '%s\r\n' 'USER anna' 'PASS secret' QUIT |
	    strace -f -o "$log" -e trace=landlock_create_ruleset,landlock_restrict_self \
	    popin --cleartext always >"$OUT" 2>"$LOG"
	grep -q '^+OK 3 ' "$OUT" || fail "$(cat "$OUT" "$LOG")"
	if has_landlock; then
		assert_equal "$(grep -c 'landlock_restrict_self(.*) *= 0$' "$log")" 4
	else
		assert_equal "$(grep -c 'landlock_create_ruleset(.*) *= -1 EOPNOTSUPP' "$log")" 4
	fi
	refute_log 'Landlock|sandbox'
}

# popin-escape is popin with one more command, see escape.c.
# bats test_tags=short
@test "a session can open only its mail, without Landlock what anna can" {
	local readable='+OK it worked'

	! has_landlock || readable='-ERR EACCES'
	fresh_mail
	printf '%s\r\n' 'USER anna' 'PASS secret' \
	    'TRY open /home/anna/Maildir/new/1.one' 'TRY open /etc/passwd' \
	    'TRY open /etc/shadow' QUIT |
	    /usr/local/sbin/popin-escape --cleartext always >"$OUT" 2>"$LOG"
	assert_equal "$(tr -d '\r' <"$OUT" | sed -n 4,6p)" \
	    "$(printf '%s\n' '+OK it worked' "$readable" '-ERR EACCES')"
}

@test "openbsd-inetd serves with the line of the examples, and logs to syslog" {
	local line=/usr/share/doc/popin/examples/inetd/openbsd-inetd.conf address

	fresh_mail
	systemctl stop popin.socket
	cp /etc/inetd.conf "$BATS_TEST_TMPDIR"
	cat "$line" >>/etc/inetd.conf
	systemctl restart inetd
	timeout "$LIMIT" bash -c 'until grep -q ":006E 0*:0000 0A" /proc/net/tcp
	    do sleep 0.1; done'
	for address in 127.0.0.1 '[::1]'; do
		[ "$POPIN_BOOT" != no-ipv6 ] || [ "$address" = 127.0.0.1 ] ||
		    continue
		dial "a$address" "$address"
		ask "a$address" 'USER anna' '+OK*'
		ask "a$address" 'PASS wrong' '-ERR \[AUTH\]*'
		ask "a$address" 'USER anna' '+OK*'
		ask "a$address" 'PASS secret' '+OK 3 *'
		ask "a$address" 'RETR 3' '+OK*'
		hear_body "a$address"
		assert_equal "$body" $'Subject: three\n\nthird\n'
		ask "a$address" QUIT '+OK*'
		leave "a$address"
		address=${address//[\[\]]/}
		journal_has "^login failed: ip=$address port=[1-9][0-9]* user=\"anna\" "
		journal_has "^session: ip=$address user=\"anna\" retr=1/.* end=quit\$"
	done
	cp "$BATS_TEST_TMPDIR/inetd.conf" /etc
	systemctl restart inetd
}
