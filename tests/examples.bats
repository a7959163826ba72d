#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
#
# Types what README and the manuals tell people to type, on a machine of its
# own: see machine.bash.
# shellcheck disable=SC2016
load lib
load machine

MANUAL=$TESTS_SRC/../src/popin.8
MANUAL_OF_CHECKER=$TESTS_SRC/../src/popin-checkpassword.8
MANUAL_OF_IMPORT=$TESTS_SRC/../src/popin-import.8
MANUAL_OF_MAILDROPS=$TESTS_SRC/../src/popin-maildrop.7
MANUAL_OF_MESSAGES=$TESTS_SRC/../src/popin-messages.7
README=$TESTS_SRC/../README

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

# examples FILE: prints the literal blocks of a manual's EXAMPLES, as they are
# shown, with an empty line after each.
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

# example FILE TEXT: prints the only example with TEXT in it.
example()
{
	examples "$1" | perl -e '
		local $/ = "";
		my @blocks = grep { index($_, $ARGV[0]) >= 0 } <STDIN>;
		die "$ARGV[0]: ", scalar @blocks, " examples\n" if @blocks != 1;
		$blocks[0] =~ s/\n+\z/\n/;
		print $blocks[0];' -- "$2"
}

# section TITLE: prints the indented lines of README between this title and the
# next.
section()
{
	perl -e 'local $/; $_ = <STDIN>;
		/^\Q$ARGV[0]\E\n-+\n(.*?)(?=\n\S[^\n]*\n---|\z)/ms or exit 1;
		print grep { s/^    // } map { "$_\n" } split /\n/, $1' -- \
	    "$1" <"$README"
}

# lines BEGINNING END: prints standard input from a line that begins with the
# one to a line that begins with the other.
lines()
{
	sed -n "/^$1/,/^$2/p"
}

# as_anna COMMAND: runs a line of shell on the machine, as anna, in her home.
as_anna()
{
	nsenter -t "$INIT" -a setpriv --reuid 1000 --regid 1000 \
	    --clear-groups env HOME=/home/anna USER=anna PATH="$INSIDE_PATH" \
	    sh -c "cd && $1" 3>&-
}

# as_root COMMAND: the same as root.
as_root()
{
	nsenter -t "$INIT" -a env HOME=/root PATH="$INSIDE_PATH" \
	    sh -c "$1" 3>&-
}

# type_secret COMMAND: types it as root, and "secret" for each question.
type_secret()
{
	need expect expect
	nsenter -t "$INIT" -a env PATH="$INSIDE_PATH" LINE="$1" expect -c '
	    set timeout 30
	    spawn -noecho sh -c $env(LINE)
	    expect -nocase "password" { send "secret\r" }
	    expect -nocase "again" { send "secret\r" }
	    expect eof' >"$BATS_TEST_TMPDIR/expect" 3>&- ||
	    fail "$(cat "$BATS_TEST_TMPDIR/expect")"
}

# run_server COMMAND: runs a line of shell on the machine until the test ends,
# and waits until something listens.
run_server()
{
	setsid nsenter -t "$INIT" -a env PATH="$INSIDE_PATH" \
	    sh -c "exec $1" </dev/null >"$LOG" 2>&1 3>&- &
	RUNNING=$!
	timeout 20 bash -c 'until grep -Eq ":(00..|03E3|0456) 0*:0000 0A" \
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

# fetch USER URL [OPTION...]: runs curl with the password "secret", which lists
# the messages; sets status and output.
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

@test "README: systemd serves the first mailbox" {
	local block

	block=$(section 'Your first mailbox')
	run as_root "$(grep '^systemctl .*reload' <<<"$block")
	    $(grep '^systemctl enable.* popin.socket' <<<"$block")"
	assert_success
	run as_root "$(grep '^popin --check-user' <<<"$block")"
	assert_success
	assert_line --partial 'messages: shown=3/84'
	run as_root "$(grep '^curl' <<<"$block" | sed 's/anna/anna:secret/') 2>&-"
	inside systemctl disable --now popin.socket
	assert_fetched
}

@test "README: inetd serves the first mailbox" {
	need inetd openbsd-inetd
	section 'Your first mailbox' | grep '^pop3 ' >"$ROOT/etc/inetd.conf"
	assert_equal "$(cat "$ROOT/etc/inetd.conf")" \
	    "$(cat "$TESTS_SRC/../contrib/inetd/openbsd-inetd.conf")"
	run_server '/usr/sbin/inetd -i /etc/inetd.conf'
	fetch anna pop3://127.0.0.1/
	assert_fetched
}

@test "README: a user without an account of the system is served" {
	local block

	block=$(section 'Your first mailbox')
	cp -a "$ROOT/etc" "$BATS_TEST_TMPDIR/etc"
	inside userdel vmail
	inside groupdel vmail
	mv "$ROOT/var/vmail" "$BATS_TEST_TMPDIR/vmail"
	run as_root "$(lines useradd '.*passwd$' <<<"$block")"
	assert_success
	type_secret "$(lines "printf 'bert" ' *>>' <<<"$block")"
	run as_root "$(lines 'systemctl disable' '.*virtual' <<<"$block")"
	assert_success
	inside install -d -o vmail /var/vmail/example.net/bert/{,new}
	echo one | inside setpriv --reuid vmail --clear-groups \
	    tee /var/vmail/example.net/bert/new/1
	fetch bert@example.net pop3://127.0.0.1/
	inside systemctl disable --now popin-virtual.socket
	cp -a "$BATS_TEST_TMPDIR/etc/." "$ROOT/etc"
	rm -rf "$ROOT/var/vmail"
	mv "$BATS_TEST_TMPDIR/vmail" "$ROOT/var/vmail"
	assert_success
	assert_line --regexp '^1 [0-9]+'
}

@test "README: a certificate is installed and TLS is served" {
	local block

	block=$(section TLS)
	mkdir -p "$ROOT/root"
	mv "$ROOT/etc/popin/tls.pem" "$BATS_TEST_TMPDIR"
	cp "$ROOT/etc/popin/key" "$ROOT/root/privkey.pem"
	cp "$BATS_FILE_TMPDIR/ca.pem" "$ROOT/root/fullchain.pem"
	run as_root "cd /root; umask 022; $(lines install '.*popins' <<<"$block")"
	fetch anna pop3s://localhost/
	inside systemctl disable --now popins.socket
	assert_fetched
	cmp "$ROOT/etc/popin/tls.pem" "$BATS_TEST_TMPDIR/tls.pem"
	assert_equal "$(stat -c %a "$ROOT/etc/popin/tls.pem")" 600
}

@test "README: the commands for when it does not work say what is wrong" {
	local block

	block=$(section 'When it does not work' | sed 's/   .*//')
	run as_root "$(grep -x 'popin --check' <<<"$block")"
	assert_success
	run as_root "$(grep '^popin --check-user' <<<"$block")"
	assert_success
	run as_root "$(grep '^popin --check-from' <<<"$block")"
	assert_success
	assert_line --partial 'from=192.0.2.7 may=no'
	run as_root "$(grep '^journalctl' <<<"$block")"
	assert_line --partial 'login: ip=127.0.0.1'
	assert_equal "$(grep -c . <<<"$block")" 4
}

@test "the manuals: there are as many examples as are tested here" {
	assert_equal "$(examples "$MANUAL" | grep -c '^$')" 9
	assert_equal "$(examples "$MANUAL_OF_CHECKER" | grep -c '^$')" 6
	assert_equal "$(examples "$MANUAL_OF_IMPORT" | grep -c '^$')" 2
	assert_equal "$(examples "$MANUAL_OF_MAILDROPS" | grep -c '^$')" 3
	assert_equal "$(examples "$MANUAL_OF_MESSAGES" | grep -c '^$')" 1
}

@test "popin(8): a session by hand serves one's own mail" {
	run as_anna "$(example "$MANUAL" STAT)"
	assert_success
	assert_line --partial '+OK 3 84'
}

@test "popin(8): an ordinary user runs a server for test suites" {
	local block

	need systemd-socket-activate systemd
	block=$(example "$MANUAL" systemd-socket-activate)
	inside install -d -o 1000 -g 1000 /home/anna/build
	inside sh -c 'cp /usr/local/sbin/popin* /home/anna/build'
	as_anna "cd build && $(head -n 1 <<<"$block")"
	printf 'Subject: 1\n\none\n' >"$ROOT/home/anna/build/anna/new/1"
	run_server "setpriv --reuid 1000 --regid 1000 --clear-groups sh -c '
	    cd /home/anna/build && exec $(tail -n +2 <<<"$block")'"
	fetch anna pop3://127.0.0.1:1110/1
	assert_success
	assert_line --index 2 $'one\r'
}

@test "popin(8): inetd serves the accounts of the system" {
	need inetd openbsd-inetd
	example "$MANUAL" nowait.6000 >"$ROOT/etc/inetd.conf"
	run_server '/usr/sbin/inetd -i /etc/inetd.conf'
	fetch anna pop3://127.0.0.1/
	assert_fetched
}

@test "popin(8): systemd serves the accounts of the system" {
	inside sh -c "$(example "$MANUAL" systemctl)"
	fetch anna pop3://127.0.0.1/
	inside systemctl disable --now popin.socket
	assert_fetched
}

@test "popin(8): users in a file are served" {
	need tcpserver ucspi-tcp
	run_server "$(example "$MANUAL" /var/vmail)"
	fetch bert@example.net pop3://127.0.0.1/
	assert_fetched
	fetch anna pop3://127.0.0.1/
	assert_failure 67
}

@test "popin(8): a checker gets its options" {
	need tcpserver ucspi-tcp
	run_server "$(example "$MANUAL" --valid-shells)"
	fetch anna pop3://127.0.0.1/
	assert_fetched
	sed -i 's|^\(anna:.*:\)[^:]*$|\1/usr/sbin/nologin|' "$ROOT/etc/passwd"
	fetch anna pop3://127.0.0.1/
	sed -i 's|^\(anna:.*:\)[^:]*$|\1/bin/sh|' "$ROOT/etc/passwd"
	assert_failure 67
}

@test "popin(8): TLS from the first octet is served" {
	run_server "$(example "$MANUAL" '0 995')"
	fetch anna pop3s://localhost/
	assert_fetched
	grep -q 'tls=1' "$LOG" || fail "$(cat "$LOG")"
}

@test "popin(8): TLS on request is served" {
	run_server "$(example "$MANUAL" --stls)"
	fetch anna pop3://localhost/ --ssl-reqd
	assert_fetched
	grep -q 'tls=1' "$LOG" || fail "$(cat "$LOG")"
}

@test "popin(8): copiers of one network are served without TLS" {
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

@test "popin-checkpassword(8): a passwd-file is made and its user logs in" {
	inside rm "/etc/popin/passwd"
	inside sh -c "$(example "$MANUAL_OF_CHECKER" 'install -d' |
	    grep ^install)"
	assert_equal "$(inside stat -c '%U:%G %a' /etc/popin/passwd)" \
	    'root:vmail 640'
	type_secret "$(example "$MANUAL_OF_CHECKER" --hash | grep ^printf)"
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

@test "popin-checkpassword(8): a printer gets one message, without TLS" {
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

@test "popin-checkpassword(8): accounts that only PAM knows are served" {
	local block

	need tcpserver ucspi-tcp
	/usr/bin/perl -MAuthen::PAM -e 1 || cannot 'libauthen-pam-perl is missing'
	block=$(example "$MANUAL_OF_CHECKER" pam_sss |
	    sed 's/pam_sss/pam_unix/') # no SSSD here
	mkdir -p "$ROOT/root/contrib" "$ROOT/etc/default"
	cp -R "$TESTS_SRC/../contrib/pam" "$ROOT/root/contrib"
	as_root "cd /root; $(grep -v ^tcpserver <<<"$block")"
	run_server "$(grep ^tcpserver <<<"$block")"
	fetch anna pop3://127.0.0.1/
	assert_fetched
	run nsenter -t "$INIT" -n -- curl -sS --max-time 30 \
	    --user anna:wrong pop3://127.0.0.1/
	assert_failure 67
	run nsenter -t "$INIT" -n -- curl -sS --max-time 30 \
	    --user carla:secret pop3://127.0.0.1/
	assert_failure 67
	grep -q 'user="carla".* reason=credentials' "$LOG" || fail "$(cat "$LOG")"
	# a fault of PAM is not a wrong password
	echo 'auth required pam_missing.so' >"$ROOT/etc/pam.d/popin"
	run nsenter -t "$INIT" -n -- curl -sS --max-time 30 \
	    --user anna:secret pop3://127.0.0.1/
	assert_failure 67
	grep -q 'user="anna".* reason=temporary' "$LOG" || fail "$(cat "$LOG")"
	# the same works in a unit, where far less is allowed
	end_server
	as_root "cd /root; $(grep pam_unix <<<"$block")"
	echo 'POPIN_OPTIONS="--checker checkpassword-pam"' \
	    >"$ROOT/etc/default/popin"
	inside systemctl start popin.socket
	fetch anna pop3://127.0.0.1/
	inside systemctl stop popin.socket
	rm "$ROOT/etc/default/popin"
	[ "$status" = 0 ] || inside journalctl -n 12
	assert_fetched
}

@test "popin-maildrop(7): --check shows a maildrop and who serves it now" {
	run as_anna "$(example "$MANUAL_OF_MAILDROPS" "Maildir --check
")"
	assert_success
	assert_line --partial 'shown=3/84'
	mkfifo "$BATS_TEST_TMPDIR/commands"
	as_anna 'exec popin -R session -m maildir:$HOME/Maildir' \
	    <"$BATS_TEST_TMPDIR/commands" >"$BATS_TEST_TMPDIR/answers" &
	exec 9>"$BATS_TEST_TMPDIR/commands"
	timeout 20 sh -c 'until grep -q +OK "$1"; do sleep 0.1; done' - \
	    "$BATS_TEST_TMPDIR/answers"
	run as_anna "$(example "$MANUAL_OF_MAILDROPS" 'in use')"
	exec 9>&-
	wait
	assert_output --regexp '^WARN  in use by another session: pid=[1-9]'
}

@test "popin-maildrop(7): mail in /var/mail is served, with a trash" {
	mkdir -p "$ROOT/var/mail"
	printf 'From a Mon Sep  1 10:00:00 2025\nSubject: 1\n\none\n' \
	    >"$ROOT/var/mail/anna"
	chown 1000:1000 "$ROOT/var/mail/anna"
	run as_anna "$(example "$MANUAL_OF_MAILDROPS" /var/mail)"
	assert_success
	[ ! -s "$ROOT/var/mail/anna" ]
	grep -qx 'Subject: 1' "$ROOT/home/anna/mbox.Trash"
}

@test "popin-import(8): it shows what clients would see, and what is kept" {
	local dir=$ROOT/home/anna/Maildir name

	name=$(find "$dir/new" "$dir/cur" -type f -printf '%f\n' | head -n 1)
	printf '/2 0 7\n%s 25 7:1\n' "${name%%:*}" >"$dir/courierpop3dsizelist"
	chown 1000:1000 "$dir/courierpop3dsizelist"
	rm -f "$dir/popin.uidl"
	cp "$ROOT/etc/pam.d/runuser" "$ROOT/etc/pam.d/su"
	run as_root "$(example "$MANUAL_OF_IMPORT" 'su -s')"
	assert_success
	assert_line 'popin-uidl 1 courier'
	assert_line "${name%%:*} UID7-1"
	run as_anna 'printf "UIDL\r\nQUIT\r\n" | popin -R session'
	assert_line --partial UID7-1
	run as_anna "$(example "$MANUAL_OF_IMPORT" diff)"
	assert_success
	refute_line --regexp '^[<>]'
	rm "$dir/courierpop3dsizelist" "$dir/popin.uidl"
}

@test "popin-messages(7): journalctl shows the log of a service" {
	run as_root "$(example "$MANUAL_OF_MESSAGES" journalctl)"
	assert_success
	assert_line --partial 'login: ip=127.0.0.1'
}
