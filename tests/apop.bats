#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
#
# APOP (RFC 1939, section 7).  popin offers it with --apop only, because clients
# that see a timestamp try APOP first.
load lib
load auth

@test "without --apop the greeting has no timestamp and APOP is unknown" {
	auth <<-'EOT'
	p = popin()
	p.ask('APOP anna c4c9334bac560ecc979e58001b3e22fb', NO)
	p.ask('APOP anna', NO)
	p.ask('USER anna', OK)
	p.ask('PASS secret', OK)
	p.quit()
	EOT
	refute_log failed
}

@test "with --apop the digest of timestamp and password logs in" {
	auth --apop <<-'EOT'
	p = popin(greeting=None)
	timestamp = p.hear(r'\+OK popin ready ' + TIMESTAMP).split(' ')[-1]
	p.ask('APOP anna ' + apop_digest(timestamp, 'secret'), OK)
	p.quit()
	EOT
	assert_log '^popin: login: ip=- port=0 user="anna" method=APOP tls=0$'
}

@test "with --lower-case APOP and CRAM-MD5 find a name in any case" {
	auth --apop --cram-md5 --lower-case <<-'EOT'
	for name in 'anna', 'Anna', 'ANNA':
	    p = popin(greeting=None)
	    timestamp = p.hear(r'\+OK popin ready ' + TIMESTAMP).split(' ')[-1]
	    p.ask('APOP %s %s' % (name, apop_digest(timestamp, 'Secret')), AUTH)
	    p.ask('APOP %s %s' % (name, apop_digest(timestamp, 'secret')), OK)
	    p.quit()
	    p = popin(greeting=None)
	    p.hear(OK)
	    p.cram(name, 'Secret', AUTH)
	    p.cram(name, 'secret', OK)
	    p.quit()
	EOT
	auth --apop <<-'EOT'
	p = popin(greeting=None)
	timestamp = p.hear(r'\+OK popin ready ' + TIMESTAMP).split(' ')[-1]
	p.ask('APOP Anna ' + apop_digest(timestamp, 'secret'), AUTH)
	p.quit()
	EOT
}

@test "each connection gets a new timestamp, in characters that clients take" {
	auth --apop <<-'EOT'
	seen = set()
	for i in range(20):
	    p = popin(greeting=None)
	    line = p.hear(r'\+OK popin ready <[A-Za-z0-9._-]{20,}@[A-Za-z0-9.-]+>')
	    assert line.count('@') == 1 and len(line) < 80
	    seen.add(line)
	    p.quit()
	assert len(seen) == 20
	EOT
}

@test "a digest of another connection's timestamp is refused" {
	auth --apop <<-'EOT'
	def timestamp(p):
	    return p.hear(OK).split(' ')[-1]
	p, q = popin(greeting=None), popin(greeting=None)
	digest = apop_digest(timestamp(p), 'secret')
	timestamp(q)
	p.ask('APOP anna ' + digest, OK)
	q.ask('APOP anna ' + digest, AUTH)
	EOT
}

@test "after a wrong digest the right one for the same timestamp logs in" {
	auth --apop <<-'EOT'
	p = popin(greeting=None)
	timestamp = p.hear(OK).split(' ')[-1]
	p.ask('APOP anna ' + apop_digest(timestamp, 'wrong'), AUTH)
	p.ask('APOP anna ' + apop_digest(timestamp, 'secret'), OK)
	p.quit()
	EOT
	assert_log 'login failed: .* method=APOP tls=0 reason=credentials$'
}

@test "an APOP digest is 32 lower-case hexadecimal digits and nothing else" {
	auth --apop <<-'EOT'
	p = popin(greeting=None)
	digest = apop_digest(p.hear(OK).split(' ')[-1], 'secret')
	for bad in digest[:-1], digest + '0', digest[:-1] + 'g', 'secret', \
	    digest.upper() + '', digest[:-1] + '\x80', digest + ' x':
	    if bad != digest:
	        p.ask('APOP anna ' + bad, NO)
	p.ask('APOP anna ' + digest, OK)
	p.quit()
	EOT
	refute_log failed
}

@test "APOP refuses users whose password is not in the clear in the file" {
	passwd_file 'anna:{PLAIN}secret' "bert:$PENCIL" 'carl:*' 'dora:' \
	    "emil:$("$BIN/popin-checkpassword" --hash <<<secret)"
	auth --apop <<-'EOT'
	for user in 'bert', 'carl', 'dora', 'emil', 'nobody':
	    for password in '', '*', 'pencil', 'secret':
	        p = popin(greeting=None)
	        timestamp = p.hear(OK).split(' ')[-1]
	        p.ask('APOP %s %s' % (user, apop_digest(timestamp, password)),
	            AUTH)
	        p.quit()
	EOT
}

@test "PASS and AUTH still work with --apop" {
	auth --apop <<-'EOT'
	for way in (lambda p: p.ask('USER anna', OK) and
	        p.ask('PASS secret', OK),
	    lambda p: p.plain('anna', 'secret', OK),
	    lambda p: p.scram('anna', 'secret')):
	    p = popin(greeting=r'\+OK .*')
	    way(p)
	    p.quit()
	EOT
}

@test "another checkpassword program gets the timestamp with APOP only" {
	local checker=$BATS_TEST_TMPDIR/checker seen=$BATS_TEST_TMPDIR/seen

	cat >"$checker" <<-EOT
	#!/bin/sh
	tr '\\000' '|' <&3 >>$seen
	echo >>$seen
	exit 1
	EOT
	chmod 755 "$checker"
	: >"$seen"
	own "$seen" "$BATS_TEST_TMPDIR"
	CHAIN=("${AS[@]}" "$BIN/popin" -m "maildir:$MAILDIR" --delay 0)
	talk_to "${CHAIN[@]}" --apop --checker "$checker" <<-'EOT'
	p = popin(greeting=None)
	print(p.hear(OK).split(' ')[-1])
	p.ask('USER anna', OK)
	p.ask('PASS wrong', AUTH)
	p.ask('APOP anna ' + '1' * 32, AUTH)
	p.plain('anna', 'other', AUTH)
	EOT
	assert_equal "$(cat "$seen")" "anna|wrong||
anna|11111111111111111111111111111111|$(cat "$OUT")|
anna|other||"
}
