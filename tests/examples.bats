#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
#
# What README and the manuals tell people to type, typed: on a machine of its
# own, see machine.bash.
# shellcheck disable=SC2016
load lib
load machine

MANUAL=$TESTS_SRC/../src/popin.8
MANUAL_OF_CHECKER=$TESTS_SRC/../src/popin-checkpassword.8

setup()
{
	[ "$(id -u)" = 0 ] || skip 'needs root'
	LOG=$BATS_TEST_TMPDIR/log
	BIN=$BATS_FILE_TMPDIR/bin
	RUNNING=
}

teardown()
{
	end_server
	lib_teardown
}

# examples FILE: the literal blocks of a manual's EXAMPLES, as they are shown;
# an empty line behind each.
examples()
{
	sed -n '/^\.Sh EXAMPLES/,/^\.Sh [^E]/{
		/^\.Bd/,/^\.Ed/{
			/^\.Bd/d
			s/^\.Ed//
			s/\\e/\\/g
			p
		}
	}' "$1"
}

# example FILE TEXT: the one with TEXT in it.
example()
{
	examples "$1" | perl -e '
		local $/ = "";
		my @blocks = grep { index($_, $ARGV[0]) >= 0 } <STDIN>;
		die "$ARGV[0]: ", scalar @blocks, " examples\n" if @blocks != 1;
		$blocks[0] =~ s/\n+\z/\n/;
		print $blocks[0];' -- "$2"
}

# run_server COMMAND: a line of shell, on the machine, until the test ends.
run_server()
{
	setsid nsenter -t "$INIT" -a env PATH="$INSIDE_PATH" \
	    sh -c "exec $1" </dev/null >"$LOG" 2>&1 3>&- &
	RUNNING=$!
	timeout 20 bash -c 'until grep -Eq ":00(6E|..) 0*:0000 0A|:03E3 .* 0A" \
	    "/proc/$1/net/tcp"; do sleep 0.1; kill -0 "$2" || exit; done' - \
	    "$INIT" "$RUNNING" || fail "not listening: $(cat "$LOG")"
}

INSIDE_PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin

end_server()
{
	[ -n "${RUNNING:-}" ] || return 0
	kill -TERM -- "-$RUNNING" 2>/dev/null || :
	wait "$RUNNING" 2>/dev/null || :
	RUNNING=
}

# fetch USER URL [OPTION...]: the list of messages there.
fetch()
{
	local user=$1 url=$2

	shift 2
	run nsenter -t "$INIT" -n -- curl -sS --max-time 30 \
	    --cacert "$BATS_FILE_TMPDIR/ca.pem" \
	    --connect-to "localhost::127.0.0.1:" "$@" \
	    --user "$user:secret" "$url"
}

assert_fetched()
{
	assert_success
	assert_line --index 0 --regexp '^1 [0-9]+'
	assert_line --index 2 --regexp '^3 [0-9]+'
}

@test "README's lines for super-servers are the files in contrib/inetd" {
	local file

	for file in "$TESTS_SRC"/../contrib/inetd/[!R]*; do
		sed '/./s/^/    /' "$file" >"$BATS_TEST_TMPDIR/block"
		perl -e 'local $/; my ($readme, $block) = map {
			open(my $f, "<", $_) or die; <$f> } @ARGV;
			exit(index($readme, "\n\n$block\n") < 0)' \
		    "$TESTS_SRC/../README" "$BATS_TEST_TMPDIR/block" ||
		    fail "README does not have ${file##*/} as it is"
	done
}

@test "README: a first try, with one's own mail, as oneself" {
	sed -n '/^A first try/,/^Behind/{ /^    /p }' "$TESTS_SRC/../README" \
	    >"$BATS_TEST_TMPDIR/try"
	run nsenter -t "$INIT" -a setpriv --reuid 1000 --regid 1000 \
	    --clear-groups env HOME=/home/anna PATH="$INSIDE_PATH" \
	    sh -c "$(cat "$BATS_TEST_TMPDIR/try")"
	assert_success
	assert_output --partial $'+OK 3 84\r'
}

@test "popin(8): every example is one of those tested here" {
	assert_equal "$(examples "$MANUAL" | grep -c '^$')" 8
	assert_equal "$(examples "$MANUAL_OF_CHECKER" | grep -c '^$')" 5
}

@test "popin(8): one's own mail, by hand" {
	run nsenter -t "$INIT" -a setpriv --reuid 1000 --regid 1000 \
	    --clear-groups env HOME=/home/anna PATH="$INSIDE_PATH" \
	    sh -c "$(example "$MANUAL" 'printf ')"
	assert_success
	assert_line --partial '+OK 3 84'
}

@test "popin(8): the accounts of the system under inetd" {
	need inetd openbsd-inetd
	example "$MANUAL" nowait.6000 >"$ROOT/etc/inetd.conf"
	run_server '/usr/sbin/inetd -i /etc/inetd.conf'
	fetch anna pop3://127.0.0.1/
	assert_fetched
}

@test "popin(8): the accounts of the system under systemd" {
	inside sh -c "$(example "$MANUAL" systemctl)"
	fetch anna pop3://127.0.0.1/
	inside systemctl disable --now popin.socket
	assert_fetched
}

@test "popin(8): users in a file" {
	need tcpserver ucspi-tcp
	run_server "$(example "$MANUAL" /var/vmail)"
	fetch bert@example.net pop3://127.0.0.1/
	assert_fetched
	fetch anna pop3://127.0.0.1/
	assert_failure 67
}

@test "popin(8): another checker, with options" {
	need tcpserver ucspi-tcp
	run_server "$(example "$MANUAL" --valid-shells)"
	fetch anna pop3://127.0.0.1/
	assert_fetched
	sed -i 's|^\(anna:.*:\)[^:]*$|\1/usr/sbin/nologin|' "$ROOT/etc/passwd"
	fetch anna pop3://127.0.0.1/
	sed -i 's|^\(anna:.*:\)[^:]*$|\1/bin/sh|' "$ROOT/etc/passwd"
	assert_failure 67
}

@test "popin(8): TLS from the first octet" {
	run_server "$(example "$MANUAL" '0 995')"
	fetch anna pop3s://localhost/
	assert_fetched
	grep -q 'tls=1' "$LOG" || fail "$(cat "$LOG")"
}

@test "popin(8): TLS on request" {
	run_server "$(example "$MANUAL" --stls)"
	fetch anna pop3://localhost/ --ssl-reqd
	assert_fetched
	grep -q 'tls=1' "$LOG" || fail "$(cat "$LOG")"
}

@test "popin(8): copiers of one network without TLS" {
	run_server "$(example "$MANUAL" --cleartext)"
	inside ip address add 192.0.2.1/24 dev lo
	inside ip address add 198.51.100.1/24 dev lo
	fetch anna pop3://127.0.0.1/ --interface 192.0.2.1
	[ "$status" = 0 ] || echo "$output"
	assert_fetched
	run nsenter -t "$INIT" -n -- curl -sS --max-time 30 \
	    --interface 198.51.100.1 --user anna:secret pop3://198.51.100.1/
	inside ip address delete 192.0.2.1/24 dev lo
	inside ip address delete 198.51.100.1/24 dev lo
	assert_failure
}

@test "popin-checkpassword(8): a passwd-file, a line for it, and logins by hand" {
	local line

	need expect expect
	inside rm "/etc/popin/passwd"
	inside sh -c "$(example "$MANUAL_OF_CHECKER" 'install -d' |
	    grep ^install)"
	assert_equal "$(inside stat -c '%U:%G %a' /etc/popin/passwd)" \
	    'root:vmail 640'
	line=$(example "$MANUAL_OF_CHECKER" --hash | grep ^printf)
	nsenter -t "$INIT" -a env PATH="$INSIDE_PATH" LINE="$line" expect -c '
	    set timeout 30
	    spawn -noecho sh -c $env(LINE)
	    expect -nocase "password" { send "secret\r" }
	    expect -nocase "again" { send "secret\r" }
	    expect eof' >"$BATS_TEST_TMPDIR/expect" 3>&- ||
	    fail "$(cat "$BATS_TEST_TMPDIR/expect")"
	run nsenter -t "$INIT" -a env PATH="$INSIDE_PATH" \
	    sh -c "$(example "$MANUAL_OF_CHECKER" runuser)"
	assert_success
	assert_output --partial 'uid=2000(vmail)'
	run nsenter -t "$INIT" -a env PATH="$INSIDE_PATH" \
	    sh -c "$(example "$MANUAL_OF_CHECKER" '| popin-checkpassword id')"
	assert_success
	assert_output --partial 'uid=1000(anna)'
	example "$MANUAL_OF_CHECKER" bert@ >"$ROOT/etc/popin/passwd"
	mkdir -p "$ROOT/srv/mail/bert"
	MAILDIR=$ROOT/srv/mail/bert/Maildir
	maildir "$MAILDIR"
	three_messages
	chown -R 5000:5000 "$ROOT/srv/mail/bert"
	run nsenter -t "$INIT" -a env PATH="$INSIDE_PATH" TCPREMOTEIP=192.0.2.7 \
	    sh -c 'printf "USER bert@example.org\r\nPASS s3cret\r\nQUIT\r\n" |
	    popin -P /etc/popin/passwd --cleartext always'
	assert_success
	assert_line --partial '+OK 3 messages'
	run nsenter -t "$INIT" -a env PATH="$INSIDE_PATH" TCPREMOTEIP=192.0.3.7 \
	    sh -c 'printf "USER bert@example.org\r\nPASS s3cret\r\nQUIT\r\n" |
	    popin -P /etc/popin/passwd --cleartext always --delay 0'
	assert_success
	refute_output --partial '+OK 3 messages'
}

@test "popin-checkpassword(8): a printer that gets its mail one by one, without TLS" {
	example "$MANUAL_OF_CHECKER" anna/printer >"$ROOT/etc/popin/passwd"
	chmod 640 "$ROOT/etc/popin/passwd"
	chown 0:2000 "$ROOT/etc/popin/passwd"
	mkdir -p "$ROOT/srv/mail/anna"
	MAILDIR=$ROOT/srv/mail/anna/Maildir
	maildir "$MAILDIR"
	three_messages
	chown -R 5000:5000 "$ROOT/srv/mail/anna"
	run nsenter -t "$INIT" -a env PATH="$INSIDE_PATH" TCPREMOTEIP=192.0.2.80 \
	    sh -c 'printf "USER anna/printer\r\nPASS p4per\r\nQUIT\r\n" |
	    popin -P /etc/popin/passwd'
	assert_success
	assert_line --partial '+OK 1 messages (25 octets)'
	run nsenter -t "$INIT" -a env PATH="$INSIDE_PATH" TCPREMOTEIP=192.0.2.81 \
	    sh -c 'printf "USER anna/printer\r\nQUIT\r\n" |
	    popin -P /etc/popin/passwd'
	assert_line --partial '-ERR [AUTH]'
}
