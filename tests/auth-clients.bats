#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
#
# Debian's mail clients choose how they log in: nothing in their configuration
# asks for a mechanism.  Each test prints what they chose.
#
#	as is		a passwd-file with {PLAIN}: SCRAM, PLAIN, LOGIN, PASS
#	crypt(3)	a passwd-file with hashes: PLAIN, LOGIN, PASS
#	all		--apop --cram-md5 besides
#	no cleartext	--cleartext never: SCRAM, and with --apop and
#			--cram-md5 these; only for clients that know one of them
load lib
load serve

setup()
{
	lib_setup
	demo
	need tcpserver ucspi-tcp
	export HOME=$BATS_TEST_TMPDIR/client
	GOT=$HOME/Mail
	mkdir -p "$GOT/new" "$GOT/cur" "$GOT/tmp"
	SAID=$HOME/said CHOSEN=
}

# as_hash: replaces the password in the passwd-file by a hash of it.
as_hash()
{
	local hash

	hash=$("$BIN/popin-checkpassword" --hash <<<secret)
	sed -i "s|{PLAIN}secret|$hash|" "$PASSWD"
}

# client COMMAND...: runs a client, which must succeed within the limit.
client()
{
	local status=0

	timeout -k 5 "$LIMIT" "$@" >>"$SAID" 2>&1 </dev/null 3>&- || status=$?
	[ "$status" = 0 ] ||
	    fail "$1: status $status: $(cat "$SAID" "$LOG")"
}

has_logged_in()
{
	grep -q ' login: ' "$LOG"
}

# log_in NAME CLIENT [OPTION...]: runs CLIENT against popin with OPTIONs.  Its
# first attempt to log in must succeed.  Adds the mechanism to CHOSEN, as NAME.
log_in()
{
	local name=$1 client=$2 method

	PORT=$(free_port)
	start tcpserver -RHl0 127.0.0.1 "$PORT" "${SERVE[@]}" "${@:3}"
	"$client"
	wait_until 20 has_logged_in || fail "no login: $(cat "$SAID" "$LOG")"
	refute_log 'login failed|login refused'
	method=$(sed -n 's/.* login: .* method=\([^ ]*\) .*/\1/p' "$LOG" |
	    sort -u)
	CHOSEN+=" $name: $method."
	stop
}

# all_of CLIENT: log_in in each case where a password may cross the network.
all_of()
{
	log_in 'as is' "$1"
	log_in 'all' "$1" --apop --cram-md5
	as_hash
	log_in 'crypt(3)' "$1"
}

say()
{
	echo "# $1 chooses -$CHOSEN" >&3
}

by_curl()
{
	need curl curl
	client curl -sS --user anna:secret "pop3://127.0.0.1:$PORT/"
}

@test "curl logs in with no mechanism configured" {
	log_in 'no cleartext' by_curl --cleartext never --apop --cram-md5
	all_of by_curl
	say curl
}

by_mpop()
{
	need mpop mpop
	rm -f "$HOME/uidls"
	cat >"$HOME/mpoprc" <<-EOT
	account default
	host 127.0.0.1
	port $PORT
	tls off
	auth ${MPOP_AUTH:-on}
	user anna
	password secret
	keep on
	received_header off
	uidls_file $HOME/uidls
	delivery maildir $GOT
	EOT
	chmod 600 "$HOME/mpoprc"
	client mpop -C "$HOME/mpoprc"
}

@test "mpop logs in with no mechanism configured" {
	log_in 'no cleartext' by_mpop --cleartext never
	log_in 'no cleartext, all' by_mpop --cleartext never --apop --cram-md5
	log_in 'as is' by_mpop
	log_in 'all' by_mpop --apop --cram-md5
	say mpop
}

# Without TLS mpop does not send a password unless it is told to.
@test "mpop, told to send the password, logs in to an account with a hash" {
	as_hash
	MPOP_AUTH=user
	log_in 'crypt(3)' by_mpop
	say mpop
}

by_fetchmail()
{
	need fetchmail fetchmail
	cat >"$HOME/deliver" <<-EOT
	#!/bin/sh
	cat >"\$(mktemp "$GOT/new/XXXXXX")"
	EOT
	chmod 700 "$HOME/deliver"
	cat >"$HOME/fetchmailrc" <<-EOT
	set no bouncemail
	set invisible
	poll 127.0.0.1 protocol pop3 port $PORT
	    user anna password secret
	    sslproto '' no rewrite no dropstatus pass8bits keep fetchall
	    mda "$HOME/deliver"
	EOT
	chmod 600 "$HOME/fetchmailrc"
	FETCHMAILHOME=$HOME client fetchmail -f "$HOME/fetchmailrc" \
	    --idfile "$HOME/fetchids" --pidfile "$HOME/fetchmail.pid" \
	    -v --nosyslog
}

@test "fetchmail logs in with no mechanism configured" {
	log_in 'no cleartext' by_fetchmail --cleartext never --apop --cram-md5
	all_of by_fetchmail
	say fetchmail
}

by_getmail()
{
	getmail_files false
	client getmail --getmaildir "$HOME/getmail"
}

@test "getmail logs in with no mechanism configured" {
	all_of by_getmail
	say getmail
}

by_poplib()
{
	need /usr/bin/python3 python3
	client /usr/bin/python3 -c '
import poplib, sys
pop3 = poplib.POP3("127.0.0.1", int(sys.argv[1]), timeout=20)
if b"<" in pop3.getwelcome():
    pop3.apop("anna", "secret")
else:
    pop3.user("anna")
    pop3.pass_("secret")
assert pop3.stat()[0] == 4
pop3.quit()' "$PORT"
}

# poplib does what a script tells it.  This one uses PASS although popin offers
# APOP.
by_poplib_pass()
{
	need /usr/bin/python3 python3
	client /usr/bin/python3 -c '
import poplib, sys
pop3 = poplib.POP3("127.0.0.1", int(sys.argv[1]), timeout=20)
pop3.user("anna")
pop3.pass_("secret")
assert pop3.stat()[0] == 4
pop3.quit()' "$PORT"
}

@test "Python's poplib logs in" {
	log_in 'no cleartext' by_poplib --cleartext never --apop
	log_in 'all' by_poplib_pass --apop --cram-md5
	all_of by_poplib
	say poplib
}

# shellcheck disable=SC2016
by_net_pop3()
{
	need perl perl
	client perl -e '
use strict;
use Net::POP3;
my $pop3 = Net::POP3->new("127.0.0.1", Port => $ARGV[0], Timeout => 20)
    or die "connect: $@\n";
my $count = $pop3->banner() =~ /</ ? $pop3->apop("anna", "secret")
    : $pop3->login("anna", "secret");
die $pop3->message unless $count == 4;
die $pop3->message unless $pop3->quit;
' "$PORT"
}

@test "Perl's Net::POP3 logs in" {
	log_in 'no cleartext' by_net_pop3 --cleartext never --apop
	all_of by_net_pop3
	say Net::POP3
}

# c-client tries a wrong password three times.
# shellcheck disable=SC2016
PHP_IMAP='
[, $port, $password] = $argv;
$box = imap_open("{127.0.0.1:$port/pop3/notls}INBOX", "anna", $password);
if ($box === false) {
	fwrite(STDERR, implode("\n", imap_errors()) . "\n");
	exit($password === "secret" ? 1 : 0);
}
$count = imap_num_msg($box);
imap_close($box);
exit($count === 4 ? 0 : 1);
'

by_php_imap()
{
	need php php-cli
	php -m | grep -qx imap || cannot 'php has no imap; Debian has it in php-imap'
	client php -r "$PHP_IMAP" "$PORT" "${PASSWORD:-secret}"
}

# c-client complains if CAPA lists PLAIN without TLS, and PHP reports an error.
@test "PHP's imap_open (c-client) logs in and does not complain" {
	all_of by_php_imap
	refute grep 'SECURITY PROBLEM' "$SAID"
	say imap_open
}

@test "three tries of one wrong password by PHP's imap_open are one failure" {
	PORT=$(free_port)
	start tcpserver -RHl0 127.0.0.1 "$PORT" "${SERVE[@]}"
	PASSWORD=wrong by_php_imap
	assert_equal "$(grep -c 'wrong name or password' "$SAID")" 3
	assert_equal "$(grep -c ' login failed: ' "$LOG")" 1
}
