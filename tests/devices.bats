#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
load lib
load mbox

# Logins of printers and copiers, with limits of their own in the passwd-file.

setup()
{
	lib_setup
	three_messages		# of 31, 28 and 25 octets
}

# limits NAME=VALUE...: adds these variables, which a checker sets, to SESSION.
limits()
{
	SESSION=(env "$@" "${SESSION[@]}")
}

# copier FIELDS: makes accounts for anna and for her copier, which has these
# extra fields, and sets CHAIN to the whole chain over her Maildir.
copier()
{
	passwd_file "anna:{PLAIN}secret::::$BATS_TEST_TMPDIR::" \
	    "anna/copier3:{PLAIN}paper::::$BATS_TEST_TMPDIR::$1" \
	    'bert:{PLAIN}geheim'
	as_chain -m "${TEMPLATE:-maildir:~/Maildir}"
}

# as_copier REPLY: the copier logs in, which must be answered with REPLY, and
# goes on with the dialogue on stdin.
as_copier()
{
	{
		printf 'USER anna/copier3\t=> +OK\n'
		printf 'PASS paper\t=> %s\n' "$1"
		cat
	} | pop3
}

# --- maxsize and newest

@test "maxsize hides larger messages from all commands" {
	limits POPIN_MAXSIZE=28
	session <<-'EOT'
	=> +OK 2 53
	STAT	=> =+OK 2 53
	LIST	=> +OK 2 53
	| 1 28
	| 2 25
	UIDL	=> +OK
	| 1 2.two
	| 2 3.three
	LIST 2	=> =+OK 2 25
	UIDL 1	=> =+OK 1 2.two
	LIST 3	=> -ERR
	RETR 3	=> -ERR
	TOP 3 0	=> -ERR
	DELE 3	=> -ERR
	RETR 2	=> +OK
	TOP 1 0	=> +OK
	LAST	=> =+OK 2
	DELE 1	=> +OK
	STAT	=> =+OK 1 25
	LIST	=> +OK
	| 2 25
	RSET	=> +OK 2 53
	DELE 2	=> +OK
	DELE 1	=> +OK
	STAT	=> =+OK 0 0
	QUIT	=> +OK
	EOT
	assert_files new/1.one
	assert_log ' dele=2 left=0/0 .*end=quit$'
}

@test "a hidden message between others stays in the maildrop" {
	perl -e 'print "A: b\n\n", "x" x 1000' | deliver 2.middle
	limits POPIN_MAXSIZE=31
	session <<-'EOT'
	=> +OK 3 84
	RETR 3	=> +OK
	DELE 1	=> +OK
	DELE 2	=> +OK
	DELE 3	=> +OK
	QUIT	=> +OK
	EOT
	assert_files new/2.middle
	body_of 1 >"$BATS_TEST_TMPDIR/body"
	grep -q third "$BATS_TEST_TMPDIR/body"
}

@test "newest shows the last messages only" {
	limits POPIN_NEWEST=2
	session <<-'EOT'
	=> +OK 2 53
	UIDL	=> +OK
	| 1 2.two
	| 2 3.three
	DELE 1	=> +OK
	QUIT	=> +OK
	EOT
	assert_files new/1.one new/3.three
}

@test "newest counts among those that maxsize shows" {
	perl -e 'print "A: b\n\n", "x" x 1000' | deliver 4.large
	limits POPIN_NEWEST=2 POPIN_MAXSIZE=100
	session <<-'EOT'
	=> +OK 2 53
	UIDL	=> +OK
	| 1 2.two
	| 2 3.three
	QUIT	=> +OK
	EOT
}

@test "newest shows all messages if there are fewer" {
	limits POPIN_NEWEST=4
	session <<-'EOT'
	=> +OK 3 84
	DELE 3	=> +OK
	QUIT	=> +OK
	EOT
	assert_files new/1.one cur/2.two:2,S
}

@test "maxsize may hide all messages, and they stay" {
	limits POPIN_MAXSIZE=1
	session <<-'EOT'
	=> +OK 0 0
	LIST	=> +OK
	UIDL	=> +OK
	RETR 1	=> -ERR
	DELE 1	=> -ERR
	QUIT	=> +OK
	EOT
	assert_files new/1.one cur/2.two:2,S new/3.three
}

@test "in an mbox hidden messages stay byte for byte" {
	mbox_setup
	box </dev/null
	append one
	printf 'From x@y %s\nSubject: large\n\n%s\n\n' "$STAMP" \
	    "$(printf '%0500d' 0)" >>"$BOX"
	append two
	append three
	cp "$BOX" "$BATS_TEST_TMPDIR/before"
	uids
	limits POPIN_MAXSIZE=200 POPIN_NEWEST=2
	session <<-EOT
	=> +OK 2
	UIDL	=> +OK
	| 1 ${UIDS[3]}
	| 2 ${UIDS[4]}
	RETR 1	=> +OK
	DELE 1	=> +OK
	DELE 3	=> -ERR
	QUIT	=> +OK
	EOT
	body_of 2 >"$BATS_TEST_TMPDIR/body"
	grep -q '^Subject: two' "$BATS_TEST_TMPDIR/body"
	assert_equal "$(subjects)" 'one large three'
	perl -0pe 's/From \S+ [^\n]*\nSubject: two\n\nbody of two\n\n//' \
	    "$BATS_TEST_TMPDIR/before" | cmp - "$BOX"
}

@test "a message hidden from one login is shown to another without limits" {
	limits POPIN_MAXSIZE=28
	session <<-'EOT'
	=> +OK 2 53
	RETR 1	=> +OK
	QUIT	=> +OK
	EOT
	as_session
	session <<-'EOT'
	=> +OK 3 84
	UIDL	=> +OK
	| 1 1.one
	| 2 2.two
	| 3 3.three
	EOT
}

@test "a limit in the environment that is not a number ends the session" {
	local value

	for value in '' 0 -1 1k ' 1' 18446744073709551615; do
		as_session
		limits POPIN_NEWEST="$value"
		raw_session </dev/null
		assert_equal "$status" 111
		assert_log 'environment.*POPIN_NEWEST'
	done
}

# --- the passwd-file

@test "a device has its own password, its own limits and its own log lines" {
	copier 'maxsize=28 newest=1'
	as_copier '+OK 1 25' <<-'EOT'
	DELE 1	=> +OK
	QUIT	=> +OK
	EOT
	assert_log '^popin: login: .* user="anna/copier3" '
	assert_log '^popin: session: .* user="anna/copier3" .* dele=1 '
	assert_files new/1.one cur/2.two:2,S
	pop3 <<-'EOT'
	USER anna	=> +OK
	PASS paper	=> -ERR [AUTH]
	USER anna	=> +OK
	PASS secret	=> +OK 2 59
	QUIT		=> +OK
	EOT
	assert_log '^popin: session: .* user="anna" '
}

@test "a device is revoked by the removal of its line" {
	copier ''
	sed -i '/copier3/d' "$PASSWD"
	as_copier '-ERR [AUTH]' <<-'EOT'
	USER anna	=> +OK
	PASS secret	=> +OK 3 84
	QUIT		=> +OK
	EOT
}

@test "a device that is logged in locks the maildrop it shares" {
	copier ''
	talk a "${CHAIN[@]}"
	hear a
	ask a 'USER anna/copier3' '+OK*'
	ask a 'PASS paper' '+OK 3*'
	pop3 <<-'EOT'
	USER anna	=> +OK
	PASS secret	=> -ERR [IN-USE]
	EOT
	leave a
}

@test "mail= chooses the maildrop of a device" {
	TEMPLATE=maildir:/nowhere copier "mail=maildir:$MAILDIR newest=2"
	as_copier '+OK 2 53' <<-'EOT'
	QUIT	=> +OK
	EOT
}

@test "a user name with a slash never becomes part of a path" {
	local template

	mkdir -p "$BATS_TEST_TMPDIR/anna"
	cp -a "$MAILDIR" "$BATS_TEST_TMPDIR/anna/copier3"
	for template in "maildir:$BATS_TEST_TMPDIR/%u" \
	    "mbox:$BATS_TEST_TMPDIR/%n"; do
		TEMPLATE=$template copier ''
		as_copier '-ERR [SYS/PERM]' </dev/null
		assert_log 'cannot be part of a path.*anna/copier3'
	done
}

@test "a user has no limits but those of his own line" {
	copier 'newest=1'
	# left over in the environment of the super-server
	POPIN_NEWEST=2 POPIN_MAXSIZE=1 pop3 <<-'EOT'
	USER anna	=> +OK
	PASS secret	=> +OK 3 84
	QUIT		=> +OK
	EOT
}

@test "a limit that is not a number is logged only if the password is right" {
	local field

	for field in maxsize=10M maxsize= newest=0 newest=-1 newest; do
		copier "$field"
		pop3 <<-'EOT'
		USER anna/copier3	=> +OK
		PASS wrong		=> -ERR [AUTH]
		USER anna/copier3	=> +OK
		PASS paper		=> -ERR [SYS/TEMP]
		QUIT			=> +OK
		EOT
		assert_log 'maxsize or newest .* user="anna/copier3" .*line=2'
	done
}

@test "allow_nets restricts where a login works, and the log says why" {
	copier 'allow_nets=192.0.2.0/24'
	export TCPREMOTEIP=192.0.2.7
	as_copier '+OK 3' <<-'EOT'
	QUIT	=> +OK
	EOT
	TCPREMOTEIP=198.51.100.1
	as_copier '=-ERR [AUTH] wrong name or password' <<-'EOT'
	USER anna/copier3	=> +OK
	PASS wrong		=> =-ERR [AUTH] wrong name or password
	USER nobody		=> +OK
	PASS wrong		=> =-ERR [AUTH] wrong name or password
	EOT
	assert_log 'correct password, but login refused: from="198\.51\.100\.1" user="anna/copier3" reason=allow_nets$'
	assert_equal "$(grep -c 'login refused: from' "$LOG")" 1
	assert_equal "$(grep -c 'login failed: ip=198\.51\.100\.1 .*reason=credentials' "$LOG")" 3
}

# --- cleartext=ok

# no_tls FIELDS...: without TLS only the copier may log in.  It has cleartext=ok
# and FIELDS.  The client is at 192.0.2.7.
no_tls()
{
	CLEARTEXT=never copier "cleartext=ok $*"
	export TCPREMOTEIP=192.0.2.7
}

@test "cleartext=ok lets a device in without TLS where nobody else may" {
	no_tls
	as_copier '+OK 3 84' <<-'EOT'
	QUIT		=> +OK
	EOT
	assert_log 'login: ip=192\.0\.2\.7 .* user="anna/copier3" method=PASS tls=0$'
	pop3 <<-'EOT'
	CAPA		=> +OK
	AUTH PLAIN AGFubmEvY29waWVyMwBwYXBlcg==	=> +OK 3 84
	CAPA		=> +OK
	QUIT		=> +OK
	EOT
	body_of 1 >"$BATS_TEST_TMPDIR/capa"
	grep -qx $'USER\r' "$BATS_TEST_TMPDIR/capa"
	body_of 3 | cmp - "$BATS_TEST_TMPDIR/capa"
}

@test "without cleartext=ok all users are refused like unknown ones" {
	no_tls
	pop3 <<-'EOT'
	USER anna		=> =+OK send PASS
	PASS secret		=> =-ERR [AUTH] wrong name or password
	USER nobody		=> =+OK send PASS
	PASS secret		=> =-ERR [AUTH] wrong name or password
	USER anna/copier3	=> =+OK send PASS
	PASS wrong		=> =-ERR [AUTH] wrong name or password
	EOT
	assert_log '^popin-checkpassword: no cleartext=ok, password ignored: user="anna"$'
	assert_log '^popin-checkpassword: no cleartext=ok, password ignored: user="nobody"$'
	refute_log 'ignored: user="anna/copier3"'
	assert_equal "$(grep -c 'login failed: .*reason=credentials' "$LOG")" 3
}

# The log is that of a wrong password, too.
@test "without TLS a user whose secret is unusable looks like an unknown one" {
	no_tls
	printf '%s\n' 'carl:{UNHEARD-OF}x' 'dora:*' >>"$PASSWD"
	pop3 <<-'EOT'
	USER carl	=> +OK
	PASS secret	=> =-ERR [AUTH] wrong name or password
	USER dora	=> +OK
	PASS secret	=> =-ERR [AUTH] wrong name or password
	EOT
	refute_log scheme
}

@test "USER is refused if no cleartext=ok is for the client's address" {
	no_tls allow_nets=198.51.100.0/24
	pop3 <<-'EOT'
	CAPA			=> +OK
	USER anna/copier3	=> =-ERR [AUTH] TLS required
	PASS paper		=> =-ERR [AUTH] TLS required
	AUTH PLAIN AGFubmEvY29waWVyMwBwYXBlcg==	=> -ERR [AUTH]
	QUIT			=> +OK
	EOT
	assert_equal "$(body_of 1 | grep -c USER)" 0
	TCPREMOTEIP=198.51.100.1
	as_copier '+OK 3 84' <<-'EOT'
	QUIT	=> +OK
	EOT
}

@test "cleartext=ok of an account that cannot be used changes nothing" {
	local fields

	for fields in nologin cleartext=no allow_nets=nonsense; do
		no_tls "$fields"
		pop3 <<-'EOT'
		USER anna/copier3	=> =-ERR [AUTH] TLS required
		QUIT			=> +OK
		EOT
	done
}

@test "cleartext=ok changes nothing if passwords are accepted anyway" {
	copier cleartext=ok
	pop3 --tls --cleartext never <<-'EOT'
	USER anna	=> +OK
	PASS secret	=> +OK 3
	QUIT		=> +OK
	EOT
	pop3 <<-'EOT'
	USER anna	=> +OK
	PASS secret	=> +OK 3
	QUIT		=> +OK
	EOT
	refute_log ignored
}
