#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
#
# AUTH (RFC 5034) with PLAIN, LOGIN and CRAM-MD5.  SCRAM is in scram.bats.
load lib
load auth

@test "AUTH PLAIN with an initial response logs in" {
	auth <<-'EOT'
	p = popin()
	p.plain('anna', 'secret', OK)
	p.quit()
	EOT
	assert_log '^popin: login: ip=- port=0 user="anna" method=PLAIN tls=0$'
}

@test "AUTH PLAIN without an initial response gets + and a blank, and logs in" {
	auth <<-'EOT'
	p = popin()
	assert p.ask('AUTH PLAIN', r'\+ ') == '+ '
	p.respond('\0anna\0secret', OK)
	p.quit()
	EOT
}

@test "AUTH LOGIN asks for name and password, and logs in" {
	auth <<-'EOT'
	p = popin()
	p.ask('AUTH LOGIN', r'\+ VXNlcm5hbWU6')
	p.ask(b64('anna'), r'\+ UGFzc3dvcmQ6')
	p.respond('secret', OK)
	p.quit()
	EOT
	assert_log '^popin: login: ip=- port=0 user="anna" method=LOGIN tls=0$'
}

@test "AUTH LOGIN takes the name as the initial response" {
	auth <<-'EOT'
	p = popin()
	p.ask('AUTH LOGIN ' + b64('anna'), r'\+ UGFzc3dvcmQ6')
	p.respond('secret', OK)
	p.quit()
	EOT
}

@test "AUTH CRAM-MD5 logs in with --cram-md5" {
	auth --cram-md5 <<-'EOT'
	p = popin()
	p.cram('anna', 'secret', OK)
	p.quit()
	EOT
	assert_log '^popin: login: ip=- port=0 user="anna" method=CRAM-MD5 tls=0$'
}

@test "every CRAM-MD5 challenge is new" {
	auth --cram-md5 <<-'EOT'
	seen = set()
	for i in range(3):
	    p = popin()
	    for j in range(2):
	        p.cram('anna', 'wrong', AUTH)
	        seen.add(p.nonce)
	        assert re.fullmatch(r'<[A-Za-z0-9._-]{20,}@[a-z]+>', p.nonce)
	    p.cram('anna', 'secret', OK)
	    seen.add(p.nonce)
	    p.quit()
	assert len(seen) == 9
	EOT
}

@test "CRAM-MD5 is neither listed nor accepted without --cram-md5" {
	auth <<-'EOT'
	p = popin()
	assert 'CRAM-MD5' not in p.sasl()
	p.ask('AUTH CRAM-MD5', NO)
	p.quit()
	p = popin('--cram-md5')
	assert 'CRAM-MD5' in p.sasl()
	EOT
}

@test "CRAM-MD5 takes no initial response" {
	auth --cram-md5 <<-'EOT'
	p = popin()
	p.ask('AUTH CRAM-MD5 ' + b64('anna 00112233445566778899aabbccddeeff'),
	    NO)
	p.ask('AUTH CRAM-MD5 =', NO)
	p.cram('anna', 'secret', OK)
	EOT
}

@test "CRAM-MD5 lets in only users whose password is in the file" {
	passwd_file 'anna:{PLAIN}secret' "bert:$PENCIL" 'carl:*' 'dora:'
	auth --cram-md5 <<-'EOT'
	for user in 'bert', 'carl', 'dora', 'nobody':
	    for password in '', 'pencil', 'secret', '*':
	        p = popin()
	        p.cram(user, password, AUTH)
	        p.quit()
	EOT
}

@test "AUTH alone lists the mechanisms, also with a blank behind it" {
	auth --cram-md5 --tls <<-'EOT'
	p = popin()
	all = ['SCRAM-SHA-256', 'CRAM-MD5', 'PLAIN']
	assert p.mechanisms() == all
	p.ask('AUTH ', OK)
	assert p.lines() == all
	assert p.sasl() == all
	p.quit()
	EOT
}

# c-client, and so PHP's imap extension, stops where it sees PLAIN without TLS.
@test "PLAIN and LOGIN are not shown without TLS, but work where PASS does" {
	auth <<-'EOT'
	for way in 'plain', 'login':
	    p = popin()
	    assert 'USER' in p.capa()
	    assert p.sasl() == p.mechanisms() == ['SCRAM-SHA-256'], p.sasl()
	    getattr(p, way)('anna', 'secret', OK)
	    assert p.sasl() == ['SCRAM-SHA-256'], p.sasl()
	    p.quit()
	EOT
}

# Thunderbird tries one wrong password with every method that is shown.
@test "PLAIN is shown under TLS, and LOGIN works without being shown" {
	auth --tls <<-'EOT'
	p = popin()
	assert 'USER' in p.capa()
	assert p.sasl() == p.mechanisms() == ['SCRAM-SHA-256', 'PLAIN']
	p.login('anna', 'secret', OK)
	assert p.sasl() == ['SCRAM-SHA-256', 'PLAIN']
	p.quit()
	EOT
}

@test "CAPA has the same SASL line after the login" {
	passwd_file 'anna:{PLAIN}secret' "bert:$PENCIL"
	auth --cram-md5 --apop <<-'EOT'
	for options in [], ['--cleartext=never'], ['--tls']:
	    p = popin(*options, greeting=r'\+OK .*')
	    before = p.capa()
	    p.scram('anna', 'secret')
	    assert p.capa() == before, before
	    p.quit()
	    p = popin(*options, greeting=r'\+OK .*')
	    p.cram('anna', 'secret', OK)
	    assert p.capa() == before, before
	    p.quit()
	EOT
}

@test "names of mechanisms are known in small letters, too" {
	auth <<-'EOT'
	p = popin()
	p.ask('auth plain ' + b64('\0anna\0secret'), OK)
	p.quit()
	EOT
}

@test "an unknown mechanism gets -ERR, and a known one works after it" {
	auth <<-'EOT'
	p = popin()
	for name in 'GSSAPI', 'PLAINX', 'PLAI', 'SCRAM-SHA-256-PLUS', 'X' * 200:
	    p.ask('AUTH ' + name, NO)
	p.ask('AUTH NTLM TlRMTVNTUAABAAAA', NO)
	p.ask('AUTH PLAIN = =', NO)
	p.plain('anna', 'secret', OK)
	EOT
}

@test "a star cancels an exchange with -ERR, and no login is tried" {
	auth --cram-md5 <<-'EOT'
	p = popin()
	p.ask('AUTH PLAIN', r'\+ ')
	p.ask('*', NO)
	p.ask('AUTH LOGIN', r'\+ .+')
	p.ask('*', NO)
	p.ask('AUTH LOGIN', r'\+ .+')
	p.ask(b64('anna'), r'\+ .+')
	p.ask('*', NO)
	p.ask('AUTH CRAM-MD5', r'\+ .+')
	p.ask('*', NO)
	p.plain('anna', 'secret', OK)
	EOT
	refute_log 'failed'
}

@test "an equals sign is an empty initial response" {
	auth <<-'EOT'
	p = popin()
	p.ask('AUTH PLAIN =', NO)	# no name, no password
	p.ask('AUTH LOGIN =', NO)
	p.plain('anna', 'secret', OK)
	EOT
}

@test "an equals sign in a later line is not base64" {
	auth <<-'EOT'
	p = popin()
	p.ask('AUTH PLAIN', r'\+ ')
	p.ask('=', NO)
	p.plain('anna', 'secret', OK)
	EOT
}

# There is no padding where the length is a multiple of three (wildduck #436).
@test "base64 with no, one and two pads is taken" {
	passwd_file 'foo:{PLAIN}bars' 'tim:{PLAIN}tanstaaftanstaaf' \
	    'test:{PLAIN}test' 'anna:{PLAIN}a' 'bert:{PLAIN}ab' 'carl:{PLAIN}abc'
	auth <<-'EOT'
	for text in ('AGZvbwBiYXJz', 'AHRpbQB0YW5zdGFhZnRhbnN0YWFm',
	    'AHRlc3QAdGVzdA==', 'dGVzdAB0ZXN0AHRlc3Q=',
	    b64('\0anna\0a'), b64('\0bert\0ab'), b64('\0carl\0abc')):
	    p = popin()
	    p.ask('AUTH PLAIN ' + text, OK)
	    p.quit()
	EOT
}

@test "text that is not exactly base64 is refused, and no login is tried" {
	passwd_file 'test:{PLAIN}test'
	auth <<-'EOT'
	good = 'AHRlc3QAdGVzdA=='
	for text in (good[:-1], good[:-2], good + '=', good + 'A',
	    'AHRlc3QAdGVzdB==',		# bits behind the last byte
	    good + good, good[:4] + '=' + good[5:], 'A' + good,
	    'AHRlc3QAdGVzdA-_', 'AHRlc3QA\tdGVzdA==', '====', '=A==', '%%%%'):
	    p = popin()
	    p.ask('AUTH PLAIN ' + text, NO)
	    p.ask('AUTH PLAIN', r'\+ ')
	    p.ask(text, NO)
	    p.ask('AUTH PLAIN', r'\+ ')
	    p.ask(' ' + good, NO)
	    p.ask('AUTH PLAIN', r'\+ ')
	    p.ask(good + ' ', NO)
	    p.quit()
	EOT
	assert_log_lines 0
}

@test "the authorization identity is empty or the user's own name" {
	passwd_file 'anna:{PLAIN}secret' 'bert:{PLAIN}secret'
	auth <<-'EOT'
	p = popin()
	for other in 'bert', 'ann', 'annaa', 'ANNA', ' anna', 'root':
	    p.plain('anna', 'secret', NO, authzid=other)
	p.plain('anna', 'secret', OK, authzid='anna')
	p.quit()
	EOT
	refute_log 'failed'
}

@test "PLAIN takes exactly two NULs, a name and a password" {
	auth <<-'EOT'
	bad = ('', '\0', '\0\0', 'anna', 'anna\0secret', '\0anna', '\0anna\0',
	    '\0\0secret', '\0anna\0secret\0', '\0anna\0sec\0ret',
	    '\0\0anna\0secret', 'anna\0anna\0secret\0', '\0anna\0secret\r',
	    '\0anna\0sec\nret', '\0an\nna\0secret', '\0an\x7fna\0secret',
	    '\0an\x1bna\0secret', '\0' + 'n' * 256 + '\0secret',
	    '\0anna\0' + 'p' * 256)
	for text in bad:
	    p = popin()
	    p.ask('AUTH PLAIN', r'\+ ')
	    p.respond(text, NO)
	    p.plain('anna', 'secret', OK)
	    p.quit()
	EOT
	refute_log 'failed'
}

@test "LOGIN refuses NULs and line ends in names and passwords" {
	auth <<-'EOT'
	p = popin()
	for name in '', 'an\0na', 'anna\0', 'anna\r', 'an\nna', 'n' * 256:
	    p.ask('AUTH LOGIN', r'\+ .+')
	    p.respond(name, NO)
	p = popin()
	for password in '', 'sec\0ret', 'secret\0', 'secret\r\n', 'p' * 256:
	    p.ask('AUTH LOGIN', r'\+ .+')
	    p.ask(b64('anna'), r'\+ .+')
	    p.respond(password, NO)
	p.login('anna', 'secret', OK)
	EOT
	refute_log 'failed'
}

@test "a password can have any other bytes, and 255 of them" {
	local password

	password=$(printf 'blank  colon-less =+/\\"%%s \xc3\xa4\xff\x01\x1b ')
	passwd_file "anna:{PLAIN}$password" \
	    "bert:{PLAIN}$(printf '%0255d' 7)"
	auth <<-'EOT'
	p = popin()
	text = b'\0anna\0blank  colon-less =+/\\"%s \xc3\xa4\xff\x01\x1b '
	p.ask('AUTH PLAIN ' + b64(text), OK)
	p.quit()
	p = popin()
	p.ask('AUTH PLAIN', r'\+ ')
	p.respond('\0bert\0' + '7'.rjust(255, '0'), OK)
	p.quit()
	EOT
}

@test "a continuation line has up to 12288 octets" {
	auth <<-'EOT'
	p = popin()
	p.ask('AUTH PLAIN', r'\+ ')
	p.ask('A' * 12288, NO)			# base64, but no login
	p.ask('AUTH PLAIN', r'\+ ')
	p.ask('A' * 12289, NO)
	p.ask('AUTH PLAIN', r'\+ ')
	p.ask('A' * 1000000, NO)
	p.plain('anna', 'secret', OK)
	p.quit()
	EOT
	assert_log_lines 2
}

@test "the longest identity, name and password fit the longest line" {
	local name password

	name=$(printf '%0255d' 1) password=$(printf '%0255d' 2)
	passwd_file "$name:{PLAIN}$password"
	auth <<-'EOT'
	name, password = '1'.rjust(255, '0'), '2'.rjust(255, '0')
	p = popin()
	p.ask('AUTH PLAIN', r'\+ ')
	p.respond('%s\0%s\0%s' % (name, name, password), OK)
	p.quit()
	p = popin()
	p.login(name, password, OK)
	p.quit()
	EOT
}

@test "commands that are pipelined behind a response reach the session" {
	auth <<-'EOT'
	response = b64('\0anna\0secret').encode()
	for behind in 1, 50, 169:
	    for padding in 0, 700, 12288 - len(response):
	        p = popin()
	        p.ask('AUTH PLAIN', r'\+ ')
	        if padding:
	            # a wrong one first, as long as the buffer
	            p.ask('A' * padding, NO)
	            p.ask('AUTH PLAIN', r'\+ ')
	        p.send(response + b'\r\n' + b'NOOP\r\n' * behind + b'QUIT\r\n')
	        for i in range(behind + 2):
	            p.hear(OK)
	        assert p.end() == 0
	EOT
}

# Login has read 1023 octets more than the line that logs in, nearly a buffer.
@test "commands behind a response that arrives in pieces are not lost" {
	auth <<-'EOT'
	import time
	response = b64('\0anna\0secret').encode()
	for first in 1, len(response) - 1, len(response), len(response) + 1:
	    p = popin()
	    p.ask('AUTH PLAIN', r'\+ ')
	    p.send(response[:first] if first <= len(response)
	        else response + b'\r')
	    time.sleep(0.1)
	    rest = (response + b'\r\n')[first:] + b'NOOP\r\n' * 170
	    p.send(rest + b'QUIT\r\n')
	    for i in range(172):
	        p.hear(OK)
	    assert p.end() == 0
	EOT
}

@test "the name of USER is forgotten after a failed AUTH" {
	auth <<-'EOT'
	p = popin()
	p.ask('USER anna', OK)
	p.plain('anna', 'wrong', AUTH)
	p.ask('PASS secret', NO)
	p.ask('USER anna', OK)
	p.ask('PASS secret', OK)
	p.quit()
	EOT
}

@test "AUTH after the login gets -ERR" {
	auth <<-'EOT'
	p = popin()
	p.plain('anna', 'secret', OK)
	p.ask('AUTH', NO)
	p.plain('anna', 'secret', NO)
	p.quit()
	EOT
}

@test "all ways to log in share the three attempts" {
	auth --cram-md5 --apop <<-'EOT'
	def by_pass(p, pattern):
	    p.ask('USER anna', OK)
	    p.ask('PASS wrong1', pattern)
	ways = (by_pass,
	    lambda p, pattern: p.plain('anna', 'wrong2', pattern),
	    lambda p, pattern: p.login('anna', 'wrong3', pattern),
	    lambda p, pattern: p.cram('anna', 'wrong', pattern),
	    lambda p, pattern: p.ask('APOP anna ' + '0' * 32, pattern),
	    lambda p, pattern: p.scram('anna', 'wrong', pattern))
	for i in range(len(ways)):
	    p = popin(greeting=r'\+OK .*')
	    for j in range(3):
	        ways[(i + j) % len(ways)](p, AUTH)
	    assert p.end() == 0
	EOT
	assert_log_lines 18
	assert_equal "$(grep -c 'login failed: .*reason=credentials$' "$LOG")" 18
	for method in PASS PLAIN LOGIN CRAM-MD5 APOP SCRAM-SHA-256; do
		assert_equal "$(grep -c " method=$method " "$LOG")" 3
	done
}

# Thunderbird tries one password with every method, other clients twice.
@test "one wrong password is one failure, however often and by which method" {
	auth <<-'EOT'
	p = popin()
	for i in range(3):
	    p.plain('anna', 'wrong', AUTH)
	    p.login('anna', 'wrong', AUTH)
	    p.ask('USER anna', OK)
	    p.ask('PASS wrong', AUTH)
	p.plain('anna', 'secret', OK)
	p.quit()
	EOT
	assert_equal "$(grep -c 'login failed' "$LOG")" 1
	assert_log 'login failed: .* method=PLAIN .*reason=credentials$'
}

@test "a user who mistypes twice gets in at the third try" {
	auth <<-'EOT'
	p = popin()
	for password in 'wrnog', 'worng':
	    p.plain('anna', password, AUTH)
	    p.ask('USER anna', OK)
	    p.ask('PASS ' + password, AUTH)
	p.plain('anna', 'wrnog', AUTH)
	p.plain('anna', 'secret', OK)
	p.quit()
	EOT
	assert_equal "$(grep -c 'login failed' "$LOG")" 2
}

@test "other names and other passwords are other failures" {
	passwd_file 'anna:{PLAIN}secret' 'bert:{PLAIN}wrong'
	auth <<-'EOT'
	p = popin()
	p.plain('anna', 'wrong', AUTH)
	p.plain('annaw', 'rong', AUTH)
	p.plain('anna', 'wrong ', AUTH)
	assert p.end() == 0
	p = popin()
	p.plain('anna', 'wrong', AUTH)
	p.plain('bert', 'wrong', OK)
	p.quit()
	EOT
	assert_equal "$(grep -c 'login failed' "$LOG")" 4
}

@test "a repeated wrong password is refused at once, and ten times at most" {
	auth --delay 5 <<-'EOT'
	import time
	p = popin()
	start = time.monotonic()
	p.plain('anna', 'wrong', AUTH)
	assert time.monotonic() - start >= 4.9
	start = time.monotonic()
	for i in range(10):
	    p.plain('anna', 'wrong', AUTH)
	assert time.monotonic() - start < 5
	assert p.end() == 0
	EOT
	assert_equal "$(grep -c 'login failed' "$LOG")" 1
}

@test "a password that could not be checked is not taken for a wrong one" {
	local checker=$BATS_TEST_TMPDIR/checker

	printf '#!/bin/sh\nexit 111\n' >"$checker"
	chmod 755 "$checker"
	talk_to "${AS[@]}" "$BIN/popin" -m "maildir:$MAILDIR" --delay 0 \
	    --checker "$checker" <<-'EOT'
	p = popin()
	for i in range(2):
	    p.plain('anna', 'secret', r'-ERR \[SYS/TEMP\].*')
	p.quit()
	EOT
	assert_equal "$(grep -c 'login error' "$LOG")" 2
}

@test "all methods share the growing delay after wrong passwords" {
	auth --cram-md5 --delay 1 <<-'EOT'
	import time
	p = popin()
	for i, way in enumerate((p.plain, p.cram, p.scram)):
	    start = time.monotonic()
	    way('anna', 'wrong', AUTH)
	    assert time.monotonic() - start >= i + 0.9
	assert p.end() == 0
	EOT
}

@test "a client that leaves in the middle of AUTH leaves nothing in the log" {
	auth --cram-md5 <<-'EOT'
	for command in 'PLAIN', 'LOGIN', 'CRAM-MD5', 'SCRAM-SHA-256':
	    p = popin()
	    p.ask('AUTH ' + command, r'\+ .*')
	    assert p.hang_up() == 0
	    p = popin()
	    p.ask('AUTH ' + command, r'\+ .*')
	    p.send(b'QUFB')
	    assert p.hang_up() == 0
	EOT
	assert_log_lines 0
}

@test "NULs and line ends in the middle of an exchange end the exchange" {
	auth <<-'EOT'
	p = popin()
	p.ask('AUTH PLAIN', r'\+ ')
	p.ask('AHRl\0c3Q=', NO)
	p.ask('AUTH PLAIN', r'\+ ')
	p.ask('', NO)
	p.ask('AUTH PLAIN\0', NO)
	p.plain('anna', 'secret', OK)
	p.quit()
	EOT
}

@test "ten invalid responses end the connection" {
	auth <<-'EOT'
	p = popin()
	for i in range(10):
	    p.ask('AUTH PLAIN', r'\+ ')
	    p.ask('!', NO)
	assert p.end() == 0
	EOT
}

@test "another checker serves PASS, PLAIN and LOGIN" {
	CHAIN=("${AS[@]}" "$BIN/popin" -m "maildir:$MAILDIR" --delay 0)
	talk_to "${CHAIN[@]}" --checker "$BIN/popin-checkpassword" \
	    -f "$PASSWD" <<-'EOT'
	p = popin()
	assert p.sasl() is None and p.mechanisms() == []
	p.ask('AUTH SCRAM-SHA-256', NO)
	p.ask('AUTH CRAM-MD5', NO)
	p.plain('anna', 'wrong', AUTH)
	p.plain('anna', 'secret', OK)
	assert p.sasl() is None
	p.quit()
	p = popin()
	p.login('anna', 'secret', OK)
	p.quit()
	EOT
}

@test "--cram-md5 and --apop are refused without --passwd-file" {
	local option

	for option in --cram-md5 --apop; do
		: >"$IN"
		limited "$BIN/popin" "$option"
		assert_equal "$status" 64
		assert_log "$option needs --passwd-file"
		assert_equal "$(cut -c 1-15 "$OUT")" '-ERR [SYS/PERM]'
	done
	limited "$BIN/popin" --cram-md5 --checker /bin/true
	assert_equal "$status" 64
}

@test "no password and no response gets into the log" {
	auth --cram-md5 <<-'EOT'
	p = popin()
	p.plain('anna', 'S3CR3T', AUTH)
	p.ask('AUTH PLAIN UzNDUjNUS', NO)
	p.ask('AUTH PLAIN', r'\+ ')
	p.ask('UzNDUjNUUzNDUjNU', NO)
	p.login('anna', 'S3CR3T', AUTH)
	p.cram('anna', 'S3CR3T', AUTH)
	EOT
	refute_log 'S3CR3T|UzNDU|[0-9a-f]{32}'
}
