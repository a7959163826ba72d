#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
#
# popin behind real TLS fronts, with the files of contrib/tls and
# contrib/haproxy.  Only ports, paths and accounts differ.  Clients verify a
# certificate of an authority that is made for the tests.
# shellcheck disable=SC2016,SC2153,SC2030,SC2031,SC2034,SC2154
load lib
load serve

setup_file()
{
	lib_setup_file
	make_certificates >"$BATS_FILE_TMPDIR/openssl.log" 2>&1
}

setup()
{
	lib_setup
	demo
	CA=$BATS_FILE_TMPDIR/tls/ca.pem
	export HOME=$BATS_TEST_TMPDIR/client
	mkdir -p "$HOME" "$BATS_TEST_TMPDIR/empty"
	SAID=$HOME/said
	PORT=$(free_port)
	# contrib's /usr/local/sbin/popin, with the test's accounts
	FRONTED=$BATS_TEST_TMPDIR/fronted-popin
	printf '#!/bin/sh\nexec %s "$@"\n' "${SERVE[*]}" >"$FRONTED"
	chmod 755 "$FRONTED"
}

teardown()
{
	local pid

	for pid in "${SERVERS[@]}"; do
		kill -TERM -- "-$pid" 2>/dev/null || :
		wait "$pid" 2>/dev/null || :
	done
	stop
	lib_teardown
}

make_certificates()
{
	mkdir "$BATS_FILE_TMPDIR/tls"
	(
		cd "$BATS_FILE_TMPDIR/tls" || exit
		openssl req -x509 -newkey ec -pkeyopt \
		    ec_paramgen_curve:P-256 -nodes -days 2 \
		    -subj '/CN=throw-away' -keyout ca.key -out ca.pem
		openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 \
		    -nodes -subj '/CN=localhost' -keyout key.pem -out leaf.csr
		printf '%s\n' 'subjectAltName=DNS:localhost,IP:127.0.0.1' \
		    'extendedKeyUsage=serverAuth' >extensions
		openssl x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key \
		    -CAcreateserial -days 2 -extfile extensions -out leaf.pem
		cat leaf.pem ca.pem >cert.pem
		cat key.pem cert.pem >tls.pem
		chmod 644 key.pem tls.pem
	)
}

# The processes that second() started, each the leader of a group.
SERVERS=()

# second COMMAND...: starts the server behind the front, on PORT; its log is
# BEHIND_LOG.
second()
{
	start "$@"
	SERVERS+=("$SERVER")
	SERVER=
	BEHIND_LOG=$BATS_TEST_TMPDIR/behind.log
	mv "$LOG" "$BEHIND_LOG"
}

# contrib FILE [SED-EXPRESSION...]: sets CONF to a copy of the file, with what
# must differ here.
contrib()
{
	local e edits=()

	for e in "${@:2}"; do
		edits+=(-e "$e")
	done
	CONF=$BATS_TEST_TMPDIR/$(basename "$1")
	sed -e "s,/etc/popin/,$BATS_FILE_TMPDIR/tls/,g" \
	    -e "s,/usr/local/sbin/popin,$FRONTED,g" "${edits[@]}" \
	    "$TESTS_SRC/../contrib/$1" >"$CONF"
}

client()
{
	local status=0

	timeout -k 5 "$LIMIT" "$@" >"$SAID" 2>&1 </dev/null 3>&- || status=$?
	[ "$status" = 0 ] || fail "$1: status $status: $(cat "$SAID" "$LOG")"
}

# logged N [ADDRESS [TLS]]: the log has N logins, and no error.
logged()
{
	assert_gone
	assert_equal "$(grep -c "popin: login: ip=${2:-127\.0\.0\.1} port=[1-9][0-9]* user=\"anna\" method=[A-Z0-9-]* tls=${3:-1}\$" "$LOG")" "$1" ||
	    fail "$(cat "$LOG")"
	refute_log 'popin: (PROXY|STLS|login (failed|error|ended|refused)|the )'
}

# --- clients, each with STLS, or with TLS at once for the argument "implicit"

s_client()
{
	local starttls=(-starttls pop3) log=$LOG

	need openssl openssl
	[ "${1:-}" != implicit ] || starttls=()
	talk s openssl s_client -quiet "${starttls[@]}" \
	    -connect "127.0.0.1:$PORT" -servername localhost -CAfile "$CA" \
	    -verify_return_error -verify_hostname localhost
	LOG=$log
	# with STLS s_client has read the greeting
	[ "${1:-}" != implicit ] || hear s
	ask s 'USER anna' '+OK*'
	ask s 'PASS secret' '+OK 4*'
	ask s 'RETR 2' '+OK*'
	hear_body s
	printf '%s' "$body" | cmp - "${DEMO[1]}"
	ask s QUIT '+OK*'
	leave s
	rm -r "$BATS_TEST_TMPDIR/talk.s"
}

curl_tls()
{
	local url=pop3 secure=--ssl-reqd

	need curl curl
	[ "${1:-}" != implicit ] || url=pop3s
	client curl -sS --cacert "$CA" $secure --user anna:secret \
	    "${@:2}" -o "$HOME/got" "$url://localhost:$PORT/2"
	tr -d '\r' <"$HOME/got" | cmp - "${DEMO[1]}"
}

POPLIB='
import poplib, ssl, sys
port, ca, how = int(sys.argv[1]), sys.argv[2], sys.argv[3]
context = ssl.create_default_context(cafile=ca)
if how == "implicit":
    pop3 = poplib.POP3_SSL("localhost", port, context=context, timeout=30)
else:
    pop3 = poplib.POP3("localhost", port, timeout=30)
    pop3.stls(context)
assert "STLS" not in pop3.capa()
pop3.user("anna")
pop3.pass_("secret")
assert pop3.stat() == (4, 4280), pop3.stat()
assert len(pop3.uidl()[1]) == 4
for n in range(1, 5):
    pop3.retr(n)
pop3.quit()
'

poplib()
{
	need /usr/bin/python3 python3
	client /usr/bin/python3 -c "$POPLIB" "$PORT" "$CA" "${1:-stls}"
}

mpop_tls()
{
	local command=on

	need mpop mpop
	[ "${1:-}" != implicit ] || command=off
	rm -rf "$HOME/Mail" "$HOME/uidls"
	mkdir -p "$HOME/Mail/new" "$HOME/Mail/cur" "$HOME/Mail/tmp"
	cat >"$HOME/mpoprc" <<-EOT
	account default
	host localhost
	port $PORT
	tls on
	tls_starttls $command
	tls_trust_file $CA
	user anna
	password secret
	keep on
	uidls_file $HOME/uidls
	delivery maildir $HOME/Mail
	EOT
	chmod 600 "$HOME/mpoprc"
	client mpop -C "$HOME/mpoprc"
	assert_equal "$(find "$HOME/Mail/new" -type f | wc -l)" 4
}

fetchmail_tls()
{
	local ssl=

	need fetchmail fetchmail
	[ "${1:-}" != implicit ] || ssl=ssl
	cat >"$HOME/deliver" <<-EOT
	#!/bin/sh
	cat >"\$(mktemp "$HOME/fetched/XXXXXX")"
	EOT
	chmod 700 "$HOME/deliver"
	rm -rf "$HOME/fetched" "$HOME/fetchids"
	mkdir "$HOME/fetched"
	cat >"$HOME/fetchmailrc" <<-EOT
	set no bouncemail
	set invisible
	poll localhost protocol pop3 port $PORT
	    user anna password secret keep $ssl
	    sslproto 'TLS1.2+' sslcertck sslcertfile '$CA'
	    mda "$HOME/deliver"
	EOT
	chmod 600 "$HOME/fetchmailrc"
	FETCHMAILHOME=$HOME client fetchmail -f "$HOME/fetchmailrc" \
	    --idfile "$HOME/fetchids" --pidfile "$HOME/fetchmail.pid" \
	    -v --nosyslog
	assert_equal "$(find "$HOME/fetched" -type f | wc -l)" 4
}

# all_clients [implicit]: runs each client once.
CLIENTS=(s_client curl_tls poplib mpop_tls fetchmail_tls)

all_clients()
{
	local each

	for each in "${CLIENTS[@]}"; do
		"$each" "$@" || fail "$each"
	done
}

# --- tlswrapper

tlswrapper()
{
	[ "$(id -u)" = 0 ] || skip 'tlswrapper needs root'
	need tlswrapper tlswrapper
	need tcpserver ucspi-tcp
	# some images of Debian lack the empty directory that it is jailed in
	contrib "tls/tlswrapper-$1" "s,0 $1 ,127.0.0.1 $PORT ," \
	    "s,tlswrapper -,tlswrapper -J $BATS_TEST_TMPDIR/empty -," "${@:2}"
	start sh "$CONF"
}

# bats test_tags=root
@test "every client works behind tlswrapper by STLS" {
	tlswrapper 110
	all_clients
	logged 5
}

# bats test_tags=root
@test "every client works behind tlswrapper by TLS from the first octet" {
	tlswrapper 995
	all_clients implicit
	logged 5
}

# bats test_tags=root
@test "a client without STLS goes on in clear text behind tlswrapper" {
	tlswrapper 110
	client curl -sS --user anna:secret "pop3://127.0.0.1:$PORT/"
	assert_equal "$(tr -d '\r' <"$SAID")" "$(printf '%s\n' \
	    '1 605' '2 950' '3 1930' '4 795')"
	logged 1 127.0.0.1 0
}

# bats test_tags=root
@test "--stls tlswrapper-new does not serve STLS with Debian 12's tlswrapper" {
	tlswrapper 110 's,--stls tlswrapper,--stls tlswrapper-new,'
	run curl -sS --cacert "$CA" --ssl-reqd --user anna:secret \
	    "pop3://localhost:$PORT/"
	assert_failure
	assert_gone
	assert_log 'popin: STLS is not offered'
	refute_log 'popin: login'
}

# cpu PID...: hundredths of a second
cpu()
{
	local pid

	for pid in "$@"; do
		cut -d ' ' -f 14,15 "/proc/$pid/stat"
	done | awk '{ n += $1 + $2 } END { print n }'
}

# It spins if its control pipe is closed without an answer.
# bats test_tags=root
@test "tlswrapper does not spin during a session in clear text" {
	local before fd

	tlswrapper 110
	exec {fd}<>"/dev/tcp/127.0.0.1/$PORT"
	TALK_FROM[a]=$fd TALK_TO[a]=$fd
	hear a
	ask a 'USER anna' '+OK*'
	ask a 'PASS secret' '+OK 4*'
	mapfile -t wrappers < <(pgrep -x tlswrapper -g "$SERVER")
	[ "${#wrappers[@]}" -gt 0 ]
	before=$(cpu "${wrappers[@]}")
	sleep 1
	[ $(($(cpu "${wrappers[@]}") - before)) -lt 20 ] ||
	    fail 'it spins'
	ask a QUIT '+OK*'
}

# Clear text that is sent right behind STLS, or a moment later.
INJECT='
import random, socket, ssl, sys, time
port, ca, tries = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
context = ssl.create_default_context(cafile=ca)
for n in range(tries):
    s = socket.create_connection(("127.0.0.1", port), timeout=30)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    f = s.makefile("rb", 0)
    f.readline()
    try:
        s.sendall(b"STLS\r\n")
        then = time.perf_counter() + (n % 4) * random.uniform(0, 0.001)
        while time.perf_counter() < then:
            pass
        s.sendall(b"USER anna\r\nPASS secret\r\nDELE 1\r\n")
        if not f.readline().startswith(b"+OK"):
            continue
        s = context.wrap_socket(s, server_hostname="localhost")
        s.sendall(b"CAPA\r\n")
        answer = s.recv(1000)
    except (ssl.SSLError, OSError):
        continue
    if answer:
        assert answer.startswith(b"+OK capabilities"), answer
    print(n, "came through")
    s.close()
'

# bats test_tags=root
@test "clear text is never answered under TLS behind tlswrapper" {
	need /usr/bin/python3 python3
	tlswrapper 110
	client /usr/bin/python3 -c "$INJECT" "$PORT" "$CA" 60
	assert_gone
	assert_log 'popin: STLS failed: ip=127\.0\.0\.1 port=[0-9]+ reason=pipelined$'
	refute_log 'popin: login'
}

# --- stunnel

stunnel()
{
	need stunnel4 stunnel4
	contrib "tls/stunnel-$1.conf" "s,^accept = .*,accept = 127.0.0.1:$PORT,"
	start stunnel4 "$CONF"
}

@test "every client works behind stunnel by TLS from the first octet" {
	stunnel 995
	all_clients implicit
	logged 5
}

@test "every client works behind stunnel by STLS" {
	stunnel 110
	all_clients
	logged 5
}

# --- haproxy

# haproxy POPIN-OPTIONS [SED-EXPRESSION...]: PORT stands for 995, CLEAR for 110.
haproxy()
{
	local options front=$PORT

	read -r -a options <<<"$1"

	need haproxy haproxy
	need tcpserver ucspi-tcp
	shift
	CLEAR=$(free_port)
	PORT=$(free_port)
	contrib haproxy/haproxy.cfg "s,:::995 v4v6,127.0.0.1:$front," \
	    "s,:::110 v4v6,127.0.0.1:$CLEAR," \
	    "s,127.0.0.1:1110,127.0.0.1:$PORT," 's,inter 10s,inter 200ms,' \
	    "$@"
	second tcpserver -v -RHl0 127.0.0.1 "$PORT" "$FRONTED" \
	    "${options[@]}"
	PORT=$front
	start haproxy -db -f "$CONF"
	LOG=$BEHIND_LOG
	# until its health checks have succeeded
	wait_until 20 checked || fail "$(cat "$LOG")"
}

checked()
{
	[ "$(grep -c ' end .* status' "$LOG")" -gt 1 ]
}

@test "every client works behind haproxy by TLS from the first octet" {
	haproxy --proxy=tls
	all_clients implicit
	logged 5
}

@test "popin sees the client's address behind haproxy, not haproxy's" {
	local version

	for version in send-proxy send-proxy-v2 send-proxy-v2-ssl; do
		haproxy --proxy "s,send-proxy-v2-ssl,$version,"
		client curl -sS --interface 127.0.0.2 --user anna:secret \
		    "pop3://127.0.0.1:$CLEAR/"
		logged 1 127.0.0.2 0
		stop
		PORT=$(free_port)
	done
}

@test "haproxy tells TLS for port 995 and not for port 110" {
	haproxy '--proxy=tls --cleartext=never'
	curl_tls implicit --interface 127.0.0.2
	logged 1 127.0.0.2 1
	run curl -sS --user anna:secret "pop3://127.0.0.1:$CLEAR/"
	assert_failure
	logged 1 127.0.0.2 1
}

@test "haproxy's health checks leave nothing in the log" {
	haproxy --proxy=tls
	refute_log 'popin:'
	assert_log ' status 0$'
	refute_log ' status [1-9]'
}

@test "health checks without a PROXY header are logged" {
	haproxy --proxy=tls \
	    's,\(127.0.0.1:\)\([0-9]*\) \(.*\)check-send-proxy,\1\2 \3port \2,'
	assert_log 'popin: PROXY header refused: ip=127\.0\.0\.1 port=[0-9]* reason=missing$'
}

# --- nginx's mail proxy, which logs in to popin itself

# shellcheck disable=SC2016
AUTH_HTTP='
use strict;
use IO::Socket::INET;
my ($port, $server) = @ARGV;
my $listen = IO::Socket::INET->new(LocalAddr => "127.0.0.1:$port",
    Listen => 5, ReuseAddr => 1) or die "$port: $!\n";
while (my $c = $listen->accept) {
	while (defined(my $line = <$c>)) {
		last if $line =~ /^\r?\n/;
	}
	print $c "HTTP/1.0 200 OK\r\nAuth-Status: OK\r\n",
	    "Auth-Server: 127.0.0.1\r\nAuth-Port: $server\r\n\r\n";
	close $c;
}
'

nginx_mail()
{
	local auth front=$PORT popin

	need nginx nginx
	need perl perl
	[ -e /usr/lib/nginx/modules/ngx_mail_module.so ] ||
	    need ngx_mail_module libnginx-mod-mail
	popin=$(free_port)
	PORT=$popin
	second tcpserver -v -RHl0 127.0.0.1 "$popin" "$FRONTED" --proxy --tls
	LOG_OF_POPIN=$BEHIND_LOG.popin
	mv "$BEHIND_LOG" "$LOG_OF_POPIN"
	auth=$(free_port)
	PORT=$auth
	second perl -e "$AUTH_HTTP" "$auth" "$popin"
	STLS_PORT=$front
	PORT=$(free_port)
	contrib tls/nginx-mail.conf "s,listen \[::\]:110 ipv6only=off,listen 127.0.0.1:$STLS_PORT," \
	    "s,listen \[::\]:995 ssl ipv6only=off,listen 127.0.0.1:$PORT ssl," \
	    "s,127.0.0.1:9110,127.0.0.1:$auth,"
	cat >"$BATS_TEST_TMPDIR/nginx.conf" <<-EOT
	load_module /usr/lib/nginx/modules/ngx_mail_module.so;
	daemon off;
	pid $BATS_TEST_TMPDIR/nginx.pid;
	error_log stderr;
	events { }
	include $CONF;
	EOT
	start nginx -p "$BATS_TEST_TMPDIR" -e stderr \
	    -c "$BATS_TEST_TMPDIR/nginx.conf"
	LOG=$LOG_OF_POPIN
}

@test "every client works behind nginx's mail proxy, by STLS and without" {
	nginx_mail
	all_clients implicit
	logged 5
	PORT=$STLS_PORT
	all_clients
	logged 10
}

@test "popin sees the client's address behind nginx's mail proxy, not nginx's" {
	nginx_mail
	curl_tls implicit --interface 127.0.0.2
	logged 1 127.0.0.2 1
}
