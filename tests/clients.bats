#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
#
# Debian's mail clients fetch the demo mail from popin behind tcpserver.  They
# store lines that end with LF, as the demo does, so what they fetched must be
# the same bytes.  What a client adds of its own accord is switched off in its
# configuration, or taken out again here.
load lib
load serve
load fetch

setup()
{
	lib_setup
	demo
	need tcpserver ucspi-tcp
	PORT=$(free_port)
	start tcpserver -RHl0 127.0.0.1 "$PORT" "${SERVE[@]}"
	client_setup
}

# The files in GOT are the demo mail, each message once, whatever their names.
assert_fetched()
{
	assert_gone
	assert_equal "$(find "$GOT" -type f -exec md5sum {} + |
	    cut -c 1-32 | sort)" \
	    "$(md5sum "${DEMO[@]}" | cut -c 1-32 | sort)" ||
	    fail "$(head -n 99 "$GOT"/* "$GOT/new"/* 2>/dev/null)"
}

assert_kept()
{
	assert_fetched
	assert_files new/1709624001.M1P1.mail new/1709624002.M1P2.mail \
	    new/1709624003.M1P3.mail new/1709624004.M1P4.mail
}

assert_deleted()
{
	assert_fetched
	assert_files
}

# --- curl

curl_fetch()
{
	local n

	need curl curl
	for n in 1 2 3 4; do
		client curl -sS --user anna:secret -o "$GOT/$n" \
		    "pop3://127.0.0.1:$PORT/$n"
		tr -d '\r' <"$GOT/$n" >"$GOT/new/$n"
		rm "$GOT/$n"
	done
}

@test "curl fetches all messages and keeps them" {
	curl_fetch
	assert_kept
}

@test "curl fetches all messages, then deletes them" {
	local n

	curl_fetch
	for n in 1 2 3 4; do
		# Each time the first message that is left.  With --list-only
		# curl expects no body, as after LIST with a number.
		client curl -sS --user anna:secret --list-only \
		    --request DELE "pop3://127.0.0.1:$PORT/1"
	done
	assert_deleted
}

@test "curl lists the messages" {
	need curl curl
	client curl -sS --user anna:secret "pop3://127.0.0.1:$PORT/"
	assert_equal "$(tr -d '\r' <"$SAID")" "$(printf '%s\n' \
	    '1 605' '2 950' '3 1930' '4 795')"
}

# --- mpop

# mpop_fetch on|off: fetches with mpop, and keeps the mail or not.
mpop_fetch()
{
	need mpop mpop
	cat >"$HOME/mpoprc" <<-EOT
	account default
	host 127.0.0.1
	port $PORT
	tls off
	auth user
	user anna
	password secret
	keep $1
	received_header off
	uidls_file $HOME/uidls
	delivery maildir $GOT
	EOT
	chmod 600 "$HOME/mpoprc"
	client mpop -C "$HOME/mpoprc"
}

@test "mpop fetches all messages and keeps them, and knows them next time" {
	mpop_fetch on
	assert_kept
	mpop_fetch on
	assert_kept
}

@test "mpop fetches all messages and deletes them" {
	mpop_fetch off
	assert_deleted
}

# --- fetchmail

@test "fetchmail fetches all messages and keeps them, by TOP, and knows them next time" {
	fetchmail_fetch keep --uidl
	assert_kept
	assert_log ' retr=0/0 top=4/4280 '
	# Status 1 means that there is no new mail.
	WANTED=1 fetchmail_fetch keep --uidl
	assert_kept
}

@test "fetchmail fetches all messages and keeps them, by RETR" {
	fetchmail_fetch keep --fetchall
	assert_kept
	assert_log ' retr=4/4280 top=0/0 '
}

@test "fetchmail fetches all messages and deletes them" {
	fetchmail_fetch nokeep
	assert_deleted
}

# --- getmail

# getmail_fetch true|false: fetches with getmail, and deletes the mail or not.
getmail_fetch()
{
	getmail_files "$1"
	client getmail --getmaildir "$HOME/getmail"
}

@test "getmail fetches all messages and keeps them" {
	getmail_fetch false
	assert_kept
}

@test "getmail fetches all messages and deletes them" {
	getmail_fetch true
	assert_deleted
}

# --- libraries for clients that people write themselves

POPLIB='
import poplib, sys
port, directory, what = sys.argv[1:]
pop3 = poplib.POP3("127.0.0.1", int(port), timeout=20)
pop3.user("anna")
pop3.pass_("secret")
count, size = pop3.stat()
seen = 0
for n in range(1, count + 1):
    reply, lines, octets = pop3.retr(n)
    seen += sum(len(line) + 2 for line in lines)
    with open("%s/%d" % (directory, n), "wb") as f:
        f.write(b"".join(line + b"\n" for line in lines))
    if what == "delete":
        pop3.dele(n)
assert size == seen, (size, seen)
assert len(pop3.uidl()[1]) == (0 if what == "delete" else count)
assert "TOP" in pop3.capa()
pop3.quit()
'

@test "Python's poplib fetches all messages and keeps them" {
	need /usr/bin/python3 python3
	client /usr/bin/python3 -c "$POPLIB" "$PORT" "$GOT/new" keep
	assert_kept
}

@test "Python's poplib fetches all messages and deletes them" {
	need /usr/bin/python3 python3
	client /usr/bin/python3 -c "$POPLIB" "$PORT" "$GOT/new" delete
	assert_deleted
}

# shellcheck disable=SC2016
NET_POP3='
use strict;
use Net::POP3;
my ($port, $directory, $what) = @ARGV;
my $pop3 = Net::POP3->new("127.0.0.1", Port => $port, Timeout => 20)
    or die "connect: $@\n";
my $count = $pop3->login("anna", "secret");
die $pop3->message unless $count == 4;
my $sizes = $pop3->list;
for my $n (1 .. $count) {
	open(my $file, ">:raw", "$directory/$n") or die "$n: $!\n";
	my $lines = $pop3->get($n) or die $pop3->message;
	s/\r?\n\z/\n/ for @$lines;
	print $file @$lines;
	my $octets = 0;
	$octets += length($_) + 1 for @$lines;
	die "$n: $octets, not $$sizes{$n}\n" unless $octets == $$sizes{$n};
	die $pop3->message unless $what eq "keep" or $pop3->delete($n);
}
die $pop3->message unless $pop3->quit;
'

@test "Perl's Net::POP3 fetches all messages and keeps them" {
	need perl perl
	client perl -e "$NET_POP3" "$PORT" "$GOT/new" keep
	assert_kept
}

@test "Perl's Net::POP3 fetches all messages and deletes them" {
	need perl perl
	client perl -e "$NET_POP3" "$PORT" "$GOT/new" delete
	assert_deleted
}
