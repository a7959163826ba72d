#!/usr/bin/env bats
# shellcheck disable=SC2034
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
#
# AUTH SCRAM-SHA-256 (RFC 5802, RFC 7677).  The client is tests/talk.py, which
# computes everything by itself.  The secret of `user' is the one of RFC 7677,
# section 3.
load lib
load auth

setup()
{
	lib_setup
	passwd_file "user:$PENCIL" 'anna:{PLAIN}secret'
}

@test "the secret of RFC 7677 logs in with its password" {
	auth <<-'EOT'
	p = popin()
	p.scram('user', 'pencil')
	assert p.salt == 'W22ZaJ0SNY7soEsUEjb6gQ=='
	p.quit()
	EOT
	assert_log '^popin: login: ip=- port=0 user="user" method=SCRAM-SHA-256 tls=0$'
	assert_log ' user="user" .* end=quit$'
}

@test "a wrong password is refused, and the next try can be right" {
	auth <<-'EOT'
	p = popin()
	p.scram('user', 'pencik', AUTH)
	p.scram('user', 'pencil')
	p.quit()
	EOT
	assert_log 'login failed: .* user="user" method=SCRAM-SHA-256 tls=0 reason=credentials$'
}

@test "SCRAM works without an initial response" {
	auth <<-'EOT'
	p = popin()
	p.scram('user', 'pencil', initial=False)
	p.quit()
	EOT
}

@test "SCRAM works with a clear password in the file" {
	auth <<-'EOT'
	p = popin()
	p.scram('anna', 'wrong', AUTH)
	p.scram('anna', 'secret')
	p.quit()
	EOT
}

@test "a SCRAM secret lets in by PASS, PLAIN and LOGIN, too" {
	auth <<-'EOT'
	for password, pattern in ('pencil', OK), ('pencik', AUTH):
	    p = popin()
	    p.ask('USER user', OK)
	    p.ask('PASS ' + password, pattern)
	    p.quit()
	    p = popin()
	    p.plain('user', password, pattern)
	    p.quit()
	    p = popin()
	    p.login('user', password, pattern)
	    p.quit()
	EOT
}

@test "--hash SCRAM-SHA-256 makes a new secret each time, which lets in" {
	local one two

	one=$("$BIN/popin-checkpassword" --hash SCRAM-SHA-256 <<<'s p:ä')
	two=$("$BIN/popin-checkpassword" --hash=scram-sha-256 <<<'s p:ä')
	[ "$one" != "$two" ]
	[[ $one =~ ^\{SCRAM-SHA-256\}4096,[A-Za-z0-9+/]{22}==(,[A-Za-z0-9+/]{43}=){2}$ ]]
	passwd_file "anna:$one" "bert:$two"
	auth <<-'EOT'
	for user in 'anna', 'bert':
	    p = popin()
	    p.scram(user, 's p:ä')
	    p.quit()
	    p = popin()
	    p.ask('AUTH PLAIN ' + b64(('\0%s\0s p:ä' % user).encode()), OK)
	    p.quit()
	EOT
}

@test "secrets with other lengths and iterations work" {
	local lines

	lines=$("$PYTHON" -B - "$TESTS_SRC" <<-'EOT'
	import sys
	sys.path.insert(0, sys.argv[1])
	from talk import scram_secret
	for i, (salt, n) in enumerate(((1, 4096), (7, 4097), (33, 10000),
	    (64, 50000))):
	    print('u%d:{SCRAM-SHA-256}%s' % (i, scram_secret('pw', b's' * salt,
	        n)))
	EOT
	)
	passwd_file "$lines"
	auth <<-'EOT'
	for i in range(4):
	    p = popin()
	    p.scram('u%d' % i, 'pw')
	    p.quit()
	    p = popin()
	    p.plain('u%d' % i, 'pw', OK)
	    p.quit()
	EOT
}

@test "a malformed secret is logged, and the login fails for now" {
	local secret good=${PENCIL#*,}

	for secret in "4095,$good" "1000001,$good" "4096,$good,x" "4096,${good%=}" \
	    "4096" "-4096,$good" "4096,,${good#*,}" "4096,$good=" ' 4096,' ; do
		passwd_file "user:{SCRAM-SHA-256}$secret"
		auth <<-'EOT'
		p = popin()
		p.ask('USER user', OK)
		p.ask('PASS pencil', r'-ERR \[SYS/TEMP\].*')
		p.quit()
		EOT
		assert_log 'ITERATIONS,SALT,STOREDKEY,SERVERKEY user="user" .* line=1$'
	done
}

@test "a name with commas and equals signs logs in" {
	passwd_file 'a,b=c=2C:{PLAIN}secret' "=2C,:$PENCIL"
	auth <<-'EOT'
	p = popin()
	p.scram('a,b=c=2C', 'secret')
	p.quit()
	p = popin()
	p.scram('=2C,', 'pencil')
	p.quit()
	EOT
}

@test "clients without channel binding are taken, others are refused" {
	auth <<-'EOT'
	p = popin()
	p.scram('user', 'pencil', gs2='y,,')
	p.quit()
	for gs2 in ('p=tls-unique,,', 'p=tls-exporter,,', 'p,,', 'n,', ',,', '',
	    'x,,', 'N,,', 'n,a=,', 'n,b=user,', 'n,user,', 'nn,,'):
	    p = popin()
	    p.ask('AUTH SCRAM-SHA-256 ' + b64(Scram('user', 'x', gs2).first()),
	        NO)
	    p.ask('AUTH SCRAM-SHA-256-PLUS ' +
	        b64(Scram('user', 'x', gs2).first()), NO)
	    p.quit()
	EOT
}

@test "the last message must repeat the GS2 header of the first" {
	auth <<-'EOT'
	for gs2, said in (('n,,', 'y,,'), ('y,,', 'n,,'), ('n,,', ''),
	    ('n,,', 'n,a=user,'), ('n,a=user,', 'n,,'), ('n,,', 'p=x,,')):
	    p = popin()
	    s = Scram('user', 'pencil', gs2)
	    s.take(p.challenge('AUTH SCRAM-SHA-256 ' + b64(s.first())))
	    p.respond(s.final('c=%s,r=%s' % (b64(said), s.nonce)), NO)
	    p.quit()
	EOT
}

@test "the authorization identity is empty or the user's own name" {
	auth <<-'EOT'
	p = popin()
	p.scram('user', 'pencil', gs2='n,a=user,')
	p.quit()
	p = popin()
	for gs2 in 'n,a=anna,', 'n,a=use,', 'n,a=userr,', 'n,a=u=73er,':
	    p.ask('AUTH SCRAM-SHA-256 ' +
	        b64(Scram('user', 'pencil', gs2).first()), NO)
	EOT
}

@test "malformed first messages are refused" {
	auth <<-'EOT'
	bad = ('', 'n', 'n,,', 'n,,n=user', 'n,,n=user,', 'n,,n=user,r=',
	    'n,,r=abc,n=user', 'n,,n=,r=abc', 'n,,n=user,r=a\0bc',
	    'n,,m=x,n=user,r=abc', 'n,,n=us=er,r=abc', 'n,,n=us=2cer,r=abc',
	    'n,,n=user=,r=abc', 'n,,n=user=2,r=abc', 'n,,n=us\0er,r=abc',
	    'n,,n=user,r=ab c', 'n,,n=user,r=\x80', 'n,,n=user,x=abc',
	    'n,,n=user,r=' + 'a' * 257, 'n,,n=' + 'u' * 256 + ',r=abc',
	    'n,,n=us\ner,r=abc', 'n,,n=user,r=abc,x=' + 'x' * 1024)
	for text in bad:
	    p = popin()
	    p.ask('AUTH SCRAM-SHA-256', r'\+ ')
	    p.respond(text, NO)
	    p.quit()
	EOT
	refute_log 'failed'
}

@test "malformed last messages are refused" {
	auth <<-'EOT'
	def attempt(make):
	    p = popin()
	    s = Scram('user', 'pencil')
	    s.take(p.challenge('AUTH SCRAM-SHA-256 ' + b64(s.first())))
	    p.respond(make(s), NO)
	    p.quit()
	nonce = lambda s, r: 'c=biws,r=' + r
	for make in (
	    lambda s: '',
	    lambda s: s.without_proof(),
	    lambda s: s.without_proof() + ',p=',
	    lambda s: s.final()[:-1],
	    lambda s: s.final() + ',x=y',
	    lambda s: s.final() + '\0',
	    lambda s: s.final('c=biws'),
	    lambda s: s.final('r=' + s.nonce),
	    lambda s: s.final('r=' + s.nonce + ',c=biws'),
	    lambda s: s.final(nonce(s, s.client_nonce)),
	    lambda s: s.final(nonce(s, s.nonce + 'x')),
	    lambda s: s.final(nonce(s, s.nonce[:-1])),
	    lambda s: s.final(nonce(s, s.nonce.swapcase())),
	    lambda s: s.without_proof() + ',p=' + b64('x' * 31),
	    lambda s: s.without_proof() + ',p=' + b64('x' * 33),
	    lambda s: s.without_proof() + ',p=' + 'x' * 43 + '*',
	):
	    attempt(make)
	EOT
}

@test "optional extensions are ignored, but signed" {
	auth <<-'EOT'
	p = popin()
	s = Scram('user', 'pencil', extra=',x=first')
	s.take(p.challenge('AUTH SCRAM-SHA-256 ' + b64(s.first())))
	text = s.without_proof() + ',y=final'
	assert p.challenge(b64(s.final(text))) == s.expected()
	p.ask('', OK)
	p.quit()
	p = popin()
	s = Scram('user', 'pencil', extra=',x=first')
	s.take(p.challenge('AUTH SCRAM-SHA-256 ' + b64(s.first())))
	s.bare = s.bare[:-1]			# not what was sent
	p.respond(s.final(), AUTH)
	EOT
}

@test "a proof that was overheard is refused on another connection" {
	auth <<-'EOT'
	p = popin()
	s = Scram('user', 'pencil')
	s.take(p.challenge('AUTH SCRAM-SHA-256 ' + b64(s.first())))
	final = b64(s.final())
	assert p.challenge(final) == s.expected()
	assert p.hang_up() == 0			# overheard, not used

	p = popin()
	p.ask(final, NO)
	p.challenge('AUTH SCRAM-SHA-256 ' + b64(s.first()))
	p.ask(final, NO)
	p.quit()
	EOT
}

@test "every server nonce is new and of printable characters" {
	auth <<-'EOT'
	seen = set()
	for i in range(5):
	    p = popin()
	    for j in range(3):
	        s = Scram('user', 'pencik', nonce='always-the-same')
	        s.take(p.challenge('AUTH SCRAM-SHA-256 ' + b64(s.first())))
	        suffix = s.nonce[len('always-the-same'):]
	        assert re.fullmatch(r'[!-+\--~]{18,}', suffix), suffix
	        seen.add(suffix)
	        p.respond(s.final(), AUTH)
	assert len(seen) == 15
	EOT
}

@test "no session starts before the client has accepted the signature" {
	three_messages
	auth <<-'EOT'
	for answer in '*', b64('no'), '!', '=':
	    p = popin()
	    s = Scram('user', 'pencil')
	    s.take(p.challenge('AUTH SCRAM-SHA-256 ' + b64(s.first())))
	    assert p.challenge(b64(s.final())) == s.expected()
	    p.ask(answer, NO)
	    assert p.end() == 0
	p = popin()
	s = Scram('user', 'pencil')
	s.take(p.challenge('AUTH SCRAM-SHA-256 ' + b64(s.first())))
	assert p.challenge(b64(s.final())) == s.expected()
	assert p.hang_up() == 0
	EOT
	assert_equal "$(grep -c 'login error: .* reason=cancelled$' "$LOG")" 5
	refute_log ' session: '
	[ ! -e "$MAILDIR/popin.state" ]
}

@test "commands that are pipelined behind the last line reach the session" {
	three_messages
	auth <<-'EOT'
	p = popin()
	p.scram('user', 'pencil', r'\+OK 3 messages.*',
	    tail=b'STAT\r\nNOOP\r\nQUIT\r\n')
	p.hear(r'\+OK 3 .*')
	p.hear(OK)
	p.hear(OK)
	assert p.end() == 0
	EOT
}

@test "the lines before and after the proof can be pipelined" {
	auth <<-'EOT'
	p = popin()
	s = Scram('user', 'pencil')
	p.send(b'NOOP\r\nAUTH SCRAM-SHA-256\r\n' + b64(s.first()).encode() +
	    b'\r\n')
	p.hear(NO)
	p.hear(r'\+ ')
	line = p.hear(r'\+ .*')
	s.take(base64.b64decode(line[2:]).decode())
	p.send(b64(s.final()).encode() + b'\r\n\r\nQUIT\r\n')
	p.hear(r'\+ .*')
	p.hear(OK)
	p.hear(OK)
	assert p.end() == 0
	EOT
}

# --- names that exist and names that do not

@test "unknown users have lasting salts of the same length as known users" {
	local names='nobody,anna,locked,crypted,n.b.,a/../b,%s,'

	passwd_file "user:$PENCIL" 'anna:{PLAIN}secret' 'locked:*' \
	    "crypted:$("$BIN/popin-checkpassword" --hash <<<x)"
	NAMES=$names auth <<-'EOT'
	salts = {}
	for name in os.environ['NAMES'].split(',')[:-1]:
	    for i in range(2):
	        p = popin()
	        s = Scram(name, 'x')
	        salt = s.take(p.challenge('AUTH SCRAM-SHA-256 ' +
	            b64(s.first())))
	        assert salts.setdefault(name, salt) == salt
	        assert len(base64.b64decode(salt)) == 16
	        assert s.iterations == 4096
	        p.respond(s.final(), AUTH)
	        p.quit()
	assert len(set(salts.values())) == len(salts)
	print(salts['nobody'])
	EOT
	SALT=$(cat "$OUT")

	# A new account changes nothing.
	printf 'zoe:{PLAIN}z\n' >>"$PASSWD"
	auth <<-'EOT'
	s = Scram('nobody', 'x')
	print(s.take(popin().challenge('AUTH SCRAM-SHA-256 ' + b64(s.first()))))
	EOT
	assert_equal "$(cat "$OUT")" "$SALT"

	# Another passwd-file on the same machine has other salts.
	passwd_file 'user:{PLAIN}else' "anna:$PENCIL"
	auth <<-'EOT'
	s = Scram('nobody', 'x')
	print(s.take(popin().challenge('AUTH SCRAM-SHA-256 ' + b64(s.first()))))
	EOT
	[ "$(cat "$OUT")" != "$SALT" ]
}

# The signature is over the name as the client sent it.
@test "a name in any case logs in with --lower-case" {
	passwd_file "User,x@Example.Org:$PENCIL" 'anna:{PLAIN}secret'
	auth --lower-case <<-'EOT'
	for name, password in (('user,x@example.org', 'pencil'),
	    ('User,x@Example.Org', 'pencil'), ('USER,X@EXAMPLE.ORG', 'pencil'),
	    ('anna', 'secret'), ('aNNa', 'secret')):
	    p = popin()
	    p.scram(name, password.upper(), AUTH)
	    p.scram(name, password)
	    p.quit()
	EOT
	assert_log 'login: .* user="USER,X@EXAMPLE.ORG" method=SCRAM-SHA-256 '
	assert_log 'session: .* user="User,x@Example.Org" '
	auth <<-'EOT'
	popin().scram('user,x@example.org', 'pencil', AUTH)
	EOT
}

@test "salts do not tell with --lower-case whether a name exists" {
	passwd_file "user:$PENCIL" 'anna:{PLAIN}secret' 'locked:*' \
	    "crypted:$("$BIN/popin-checkpassword" --hash <<<x)"
	auth --lower-case <<-'EOT'
	salts = set()
	for name in 'user', 'anna', 'locked', 'crypted', 'nobody', 'n@x.org':
	    for spelling in name, name.upper(), name.title():
	        s = Scram(spelling, 'x')
	        salts.add((name, s.take(popin().challenge(
	            'AUTH SCRAM-SHA-256 ' + b64(s.first())))))
	assert len(salts) == 6, salts
	EOT
}

@test "unknown users have iterations and salt length of the last secret" {
	local secret

	secret=$("$PYTHON" -B -c '
import sys
sys.path.insert(0, sys.argv[1])
from talk import scram_secret
print(scram_secret("pw", b"x" * 40, 12345))' "$TESTS_SRC")
	passwd_file "user:$PENCIL" "anna:{SCRAM-SHA-256}$secret" 'bert:{PLAIN}pw'
	auth <<-'EOT'
	for name in 'nobody', 'bert', 'anna':
	    p = popin()
	    s = Scram(name, 'pw')
	    salt = s.take(p.challenge('AUTH SCRAM-SHA-256 ' + b64(s.first())))
	    assert len(base64.b64decode(salt)) == 40
	    assert s.iterations == 12345
	    if name == 'nobody':
	        p.respond(s.final(), AUTH)
	    else:
	        assert p.challenge(b64(s.final())) == s.expected()
	EOT
}

# The limit of ten is far off: without PBKDF2 a proof would cost a hundredth.
# The real times are printed.
@test "a proof costs unknown users the time that it costs known ones" {
	local secret

	secret=$("$PYTHON" -B -c 'import sys; sys.path.insert(0, sys.argv[1])
from talk import scram_secret
print(scram_secret("pw", b"x" * 40, 100000))' "$TESTS_SRC")
	passwd_file "user:{SCRAM-SHA-256}$secret" 'anna:{PLAIN}pw'
	auth <<-'EOT'
	import statistics, time
	def cost(name):
	    p = popin()
	    s = Scram(name, 'wrong')
	    s.take(p.challenge('AUTH SCRAM-SHA-256 ' + b64(s.first())))
	    final = b64(s.final())
	    start = time.perf_counter()
	    p.ask(final, AUTH)
	    proof = time.perf_counter() - start
	    p.quit()
	    return proof
	costs = {'user': [], 'anna': [], 'nobody': []}
	for i in range(6):
	    for j in range(3):		# who is first changes
	        name = list(costs)[(i + j) % 3]
	        costs[name].append(cost(name))
	medians = {name: statistics.median(all) for name, all in costs.items()}
	print({n: '%.1f ms' % (1000 * m) for n, m in medians.items()})
	assert max(medians.values()) < 10 * min(medians.values()), medians
	EOT
	echo "# $(tr '\n' ' ' <"$OUT")" >&3
}

@test "locked accounts and bad names are refused like unknown ones" {
	passwd_file "user:$PENCIL:::::" "locked:{SCRAM-SHA-256}!${PENCIL#*\}}" \
	    "out:$PENCIL::::::nologin" "far:$PENCIL::::::allow_nets=192.0.2.1"
	auth <<-'EOT'
	for name in 'locked', 'out', 'far', '../user', '.user', 'us/er', 'u"ser':
	    p = popin()
	    p.scram(name, 'pencil', AUTH)
	    p.quit()
	p = popin()
	p.scram('user', 'pencil')
	p.quit()
	EOT
}

# --- limits

@test "exchanges that are begun and not finished count as attempts" {
	auth <<-'EOT'
	p = popin()
	s = Scram('user', 'pencil')
	p.challenge('AUTH SCRAM-SHA-256 ' + b64(s.first()))
	p.ask('*', NO)
	p.challenge('AUTH SCRAM-SHA-256 ' + b64(s.first()))
	p.ask('*', NO)
	p.challenge('AUTH SCRAM-SHA-256 ' + b64(s.first()))
	p.ask('*', NO)
	p.ask('AUTH SCRAM-SHA-256 ' + b64(s.first()), AUTH)
	assert p.end() == 0
	EOT
	assert_equal "$(grep -c 'login failed: .* reason=cancelled$' "$LOG")" 3
}

@test "a client that never accepts the signature is disconnected in time" {
	# the time runs before the proof, which may take a machine a second
	auth --login-timeout 8 <<-'EOT'
	p = popin()
	s = Scram('user', 'pencil')
	s.take(p.challenge('AUTH SCRAM-SHA-256 ' + b64(s.first())))
	assert p.challenge(b64(s.final())) == s.expected()
	assert p.end() == 0
	EOT
	assert_log 'login error: .* reason=cancelled$'
	refute_log ' session: '
}

# --- when it is shown

@test "SCRAM is shown where it works for all users in the file" {
	local hash

	hash=$("$BIN/popin-checkpassword" --hash <<<x)
	for lines in "user:$PENCIL" 'anna:{PLAIN}secret' \
	    "user:$PENCIL|anna:{PLAIN}secret|locked:*|empty:|# $hash"; do
		passwd_file "${lines//|/$'\n'}"
		auth <<-'EOT'
		p = popin()
		assert p.sasl() == p.mechanisms() == ['SCRAM-SHA-256'], p.sasl()
		EOT
	done
	# A phone would try it first, and fail.
	for lines in "bert:$hash" "user:$PENCIL|bert:$hash" 'locked:*' ''; do
		passwd_file "${lines//|/$'\n'}"
		auth <<-'EOT'
		p = popin()
		assert p.sasl() is None and p.mechanisms() == [], p.sasl()
		p = popin('--tls')
		assert p.sasl() == p.mechanisms() == ['PLAIN'], p.sasl()
		EOT
	done
}

@test "SCRAM works without being shown for users who have a secret" {
	passwd_file "user:$PENCIL" \
	    "bert:$("$BIN/popin-checkpassword" --hash <<<secret)"
	auth <<-'EOT'
	p = popin()
	p.scram('bert', 'secret', AUTH)
	p.scram('user', 'pencil')
	assert p.sasl() is None
	p.quit()
	EOT
}

@test "system accounts have no SCRAM" {
	CHAIN=("${AS[@]}" "$BIN/popin" -m "maildir:$MAILDIR" --delay 0)
	auth --tls <<-'EOT'
	p = popin()
	assert p.sasl() == ['PLAIN']
	p.ask('AUTH SCRAM-SHA-256', NO)
	p.quit()
	EOT
}
