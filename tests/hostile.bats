#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
#
# A login process that was taken over, with the real monitor and the real
# checker: tests/hostile.c.  It hears every message of honest clients and may
# say anything to the monitor.  It must get no further than a client.
load lib
load auth

setup_file()
{
	lib_setup_file
	HOSTILE=${abs_top_builddir:-$TESTS_SRC/..}/tests/hostile
	cp "$HOSTILE" "$BATS_FILE_TMPDIR/bin/hostile"
	chmod a+rx "$BATS_FILE_TMPDIR/bin/hostile"
}

setup()
{
	lib_setup
	passwd_file "user:$PENCIL" 'anna:{PLAIN}secret' 'bert:{PLAIN}secret'
}

# hostile [OPTION...]: runs the Python on stdin; Login() is a connection whose
# login takes orders.
hostile()
{
	{
		cat <<-'EOT'
		# the numbers of monmsg.h, as the program prints them
		NUMBERS = {key: int(value) for key, value in re.findall(
		    r'(\w+)=(\d+)', subprocess.run(COMMAND + ['-R', 'login'],
		        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
		        check=True).stdout.decode())}
		globals().update(NUMBERS)

		class Login(Popin):
		    def __init__(self, hello=True):
		        super().__init__(COMMAND)
		        self.hear('user=.*')
		        if hello:
		            assert self.op(HELLO)['verdict'] == WELCOME

		    def order(self, *words):
		        self.send(' '.join(str(w) for w in words).encode() +
		            b'\n')

		    def fire(self, op, user='-', password='-', text='-', unread=0):
		        self.order('op', op, user, password, text, unread)

		    def op(self, op, user='-', password='-', text='-', unread=0):
		        """The monitor's answer, or None: the connection is over."""
		        self.fire(op, user, password, text, unread)
		        line = self.line()
		        if line is None or line == 'end':
		            return None
		        answer = dict(w.split('=', 1) for w in line.split(' '))
		        for key in 'verdict', 'offers', 'iterations':
		            answer[key] = int(answer[key])
		        return answer

		    def refused(self, *request):
		        """The monitor ends the connection."""
		        assert self.op(*request) is None, request
		        assert self.end() == 0

		def server_first(s, answer):
		    return 'r=%s%s,s=%s,i=%d' % (s.client_nonce,
		        answer['challenge'], b64(bytes.fromhex(answer['salt'])),
		        answer['iterations'])

		def honest_proof(login, user, password):
		    """An honest client before this login: its last message."""
		    s = Scram(user, password)
		    answer = login.op(SCRAM_FIRST, user, '-', s.bare)
		    assert answer['verdict'] == SALT
		    s.take(server_first(s, answer))
		    return s, s.without_proof(), s.sign()
		EOT
		cat
	} >"$BATS_TEST_TMPDIR/python"
	REAL_POPIN=$BIN/popin talk_to env "${AS[@]}" "$BIN/hostile" \
	    "${CHAIN[@]:$((${#AS[@]} + 1))}" "$@" <"$BATS_TEST_TMPDIR/python"
}

@test "an honest login logs in by the orders of these tests" {
	three_messages
	hostile --cram-md5 --apop <<-'EOT'
	p = Login()
	s, text, proof = honest_proof(p, 'user', 'pencil')
	answer = p.op(SCRAM_FINAL, '-', proof, text)
	assert answer['verdict'] == SIGNED
	assert b64(bytes.fromhex(answer['signature'])) == s.expected()[2:]
	p.fire(SCRAM_DONE)
	p.hear(r'\+OK 3 messages.*')
	p.quit()

	p = Login()
	p.fire(PASS, 'anna', 'secret')
	p.hear(r'\+OK 3 messages.*')
	p.quit()

	p = Login()
	challenge = p.op(CHALLENGE)['challenge']
	p.fire(CRAM_MD5, 'anna', cram_digest(challenge, 'secret'))
	p.hear(r'\+OK 3 messages.*')
	p.quit()
	EOT
}

@test "an overheard SCRAM proof logs nobody in a second time" {
	hostile <<-'EOT'
	for user, password in ('user', 'pencil'), ('anna', 'secret'):
	    p = Login()
	    s, text, proof = honest_proof(p, user, password)
	    assert p.op(SCRAM_FINAL, '-', proof, text)['verdict'] == SIGNED
	    p.hang_up()

	    p = Login()			# as it was
	    p.op(SCRAM_FIRST, user, '-', s.bare)
	    assert p.op(SCRAM_FINAL, '-', proof, text)['verdict'] == WRONG

	    p = Login()			# with the nonce it should have
	    new = p.op(SCRAM_FIRST, user, '-', s.bare)['challenge']
	    fresh = text.replace(s.nonce, s.client_nonce + new)
	    assert p.op(SCRAM_FINAL, '-', proof, fresh)['verdict'] == WRONG

	    # The old messages hidden in the new ones: what was signed then ends
	    # as what is signed now.
	    p = Login()
	    old = ','.join([s.bare, s.server_first, text])
	    for first, final in (
	        (s.bare + ',x=' + s.server_first.replace(',', ';'), text),
	        (s.bare, 'c=biws,r=%s,x=%s' % (s.nonce, 'y')),
	        (s.bare, old)):
	        p.op(SCRAM_FIRST, user, '-', first)
	        assert p.op(SCRAM_FINAL, '-', proof, final)['verdict'] in \
	            (WRONG, LAST)
	EOT
	refute_log ' session: '
}

@test "a SCRAM nonce is good for one proof, right or wrong" {
	hostile <<-'EOT'
	p = Login()
	s, text, proof = honest_proof(p, 'user', 'pencil')
	assert p.op(SCRAM_FINAL, '-', b64(b'x' * 32), text)['verdict'] == WRONG
	p.refused(SCRAM_FINAL, '-', proof, text)
	EOT
	assert_log 'login sent an invalid request'
}

@test "a SCRAM proof of one user is not good for another" {
	hostile <<-'EOT'
	# They have the same password; still the client meant one of them.
	p = Login()
	s = Scram('anna', 'secret')
	answer = p.op(SCRAM_FIRST, 'bert', '-', s.bare)
	s.take(server_first(s, answer))
	assert p.op(SCRAM_FINAL, '-', s.sign(), s.without_proof())['verdict'] \
	    == WRONG
	EOT
}

@test "an overheard CRAM-MD5 digest logs nobody in a second time" {
	hostile --cram-md5 <<-'EOT'
	p = Login()
	digest = cram_digest(p.op(CHALLENGE)['challenge'], 'secret')
	q = Login()
	assert q.op(CHALLENGE)['verdict'] == CHALLENGED
	assert q.op(CRAM_MD5, 'anna', digest)['verdict'] == WRONG
	# and each challenge is good for one answer
	q.refused(CRAM_MD5, 'anna', digest)
	p.op(CHALLENGE)
	assert p.op(CRAM_MD5, 'anna', digest)['verdict'] == WRONG
	EOT
}

@test "an overheard APOP digest logs nobody in a second time" {
	hostile --apop <<-'EOT'
	p, q = Login(False), Login(False)
	digest = apop_digest(p.op(HELLO)['challenge'], 'secret')
	q.op(HELLO)
	assert q.op(APOP, 'anna', digest)['verdict'] == WRONG
	p.fire(APOP, 'anna', digest)
	p.hear(OK)
	p.quit()
	EOT
}

@test "the monitor allows three attempts, whatever login says" {
	hostile --cram-md5 --apop <<-'EOT'
	def cram(p):
	    p.op(CHALLENGE)
	    return p.op(CRAM_MD5, 'anna', '0' * 32)
	def scram(p):
	    p.op(SCRAM_FIRST, 'anna', '-', 'n=anna,r=abc')
	    return p.op(SCRAM_FINAL, '-', 'x', 'x')
	import itertools
	count = itertools.count()
	for way in (lambda p: p.op(PASS, 'anna', 'x%d' % next(count)),
	    lambda p: p.op(PLAIN, 'anna', 'x%d' % next(count)),
	    lambda p: p.op(APOP, 'anna', 'x'), cram, scram):
	    p = Login()
	    for verdict in WRONG, WRONG, LAST:
	        assert way(p)['verdict'] == verdict
		    p.refused(PASS, 'anna', 'secret')
	p = Login()
	for verdict in SALT, SALT, SALT, LAST:	# begun, never ended
	    assert p.op(SCRAM_FIRST, 'a', '-', 'n=a,r=b')['verdict'] == verdict
	p.refused(SCRAM_FIRST, 'a', '-', 'n=a,r=b')
	EOT
}

@test "the same wrong password may come ten times, whatever login says" {
	hostile <<-'EOT'
	p = Login()
	for verdict in [WRONG] * 10 + [LAST]:
	    assert p.op(PASS, 'anna', 'x')['verdict'] == verdict
	p.refused(PASS, 'anna', 'secret')
	EOT
	assert_equal "$(grep -c 'login failed' "$LOG")" 1
}

@test "login cannot claim that passwords are allowed without TLS" {
	hostile --cleartext never <<-'EOT'
	p = Login()
	for op in PASS, PLAIN, LOGIN:
	    assert p.op(op, 'anna', 'secret')['verdict'] == NEEDS_TLS
	EOT
	assert_equal "$(grep -c 'login refused: .* reason=cleartext$' "$LOG")" 3
	refute_log ' session: '
}

@test "login cannot use a mechanism that is not turned on" {
	hostile <<-'EOT'
	Login().refused(APOP, 'anna', '0' * 32)
	Login().refused(CHALLENGE)
	Login().refused(CRAM_MD5, 'anna', '0' * 32)
	EOT
	CHAIN=("${AS[@]}" "$BIN/popin" -m "maildir:$MAILDIR" --delay 0)
	hostile <<-'EOT'
	Login().refused(SCRAM_FIRST, 'anna', '-', 'n=anna,r=x')
	Login().refused(OFFERS)
	EOT
}

@test "requests out of order end the connection" {
	hostile --cram-md5 --apop <<-'EOT'
	Login(False).refused(PASS, 'anna', 'secret')
	Login(False).refused(OFFERS)
	Login().refused(HELLO)
	Login().refused(CRAM_MD5, 'anna', '0' * 32)
	Login().refused(SCRAM_FINAL, '-', 'x', 'x')
	Login().refused(SCRAM_DONE)
	Login().refused(STLS)
	Login().refused(PIPELINED)
	EOT
	refute_log ' session: '
}

@test "while a session waits any request but SCRAM_DONE ends the connection" {
	three_messages
	hostile --cram-md5 --apop <<-'EOT'
	for request in ((PASS, 'anna', 'secret'), (SCRAM_FINAL, '-', 'x', 'x'),
	    (SCRAM_FIRST, 'anna', '-', 'n=anna,r=x'), (OFFERS,), (HELLO,), (STLS,),
	    (CHALLENGE,), (APOP, 'anna', '0' * 32)):
	    p = Login()
	    s, text, proof = honest_proof(p, 'user', 'pencil')
	    assert p.op(SCRAM_FINAL, '-', proof, text)['verdict'] == SIGNED
	    p.refused(*request)
	EOT
	assert_equal "$(grep -c 'reason=cancelled$' "$LOG")" 8
	refute_log ' session: '
}

@test "malformed requests end the connection" {
	hostile --cram-md5 --apop <<-'EOT'
	def poked(at, byte, *request):
	    p = Login(request[0] != HELLO)
	    p.order('poke', at if isinstance(at, int) else
	        NUMBERS[at[0]] + at[1], byte)
	    p.refused(*request)
	def sized(size, *request):
	    p = Login()
	    p.order('size', size if size > 0 else NUMBERS['size'] + size)
	    p.refused(*request)
	password = PASS, 'anna', 'x'
	for op in 0, PIPELINED + 1, 99, 2 ** 31, 2 ** 32 - 1:
	    Login().refused(op, 'anna', 'x')
	for size in 1, 4, 100, -1:
	    sized(size, *password)
	p = Login()
	p.order('size', NUMBERS['size'] + 1)
	p.refused(*password)
	Login().refused(PASS, '-', 'x')
	Login().refused(PASS, 'anna', '-')
	Login().refused(PASS, 'a' * 256, 'x')		# no NUL
	Login().refused(PASS, 'anna', 'x' * 256)
	Login().refused(PASS, 'anna', 'x', 'text')
	Login().refused(PASS, 'anna', 'x', '-', 1025)
	Login().refused(PASS, 'anna', 'x', '-', 2 ** 32 - 1)
	Login().refused(SCRAM_FIRST, 'anna', 'x', 'n=anna,r=x')
	Login().refused(SCRAM_FIRST, 'anna', '-', 'x' * 1024)
	Login().refused(SCRAM_FIRST, 'anna', '-', '-')
	Login().refused(SCRAM_FIRST, 'anna', '-', 'n=anna,r=x', 1)
	Login().refused(CHALLENGE, 'anna')
	Login().refused(OFFERS, '-', '-', '-', 1)
	poked(('user', 10), 1, *password)		# behind the NUL
	poked(('user', 255), 1, *password)
	poked(('password', 255), 1, *password)
	poked(('text', 0), 1, *password)
	poked(('text', 1023), 1, SCRAM_FIRST, 'anna', '-', 'n=anna,r=x')
	poked(('user', 0), 1, HELLO)
	poked(('password', 9), 1, CHALLENGE)
	EOT
	assert_equal "$(grep -vc 'login sent an invalid request' "$LOG")" 0
}

# greet() is a login whose next request says that a PROXY header told this.
FRONT='
NONE, LOCAL, IPV4, IPV6, MISSING, SHORT, SLOW, WRONG_HEADER = range(8)
def greet(header, tls=0, port=b"\0\0", address=b""):
    p = Login(False)
    at = proxy
    for n, byte in enumerate(bytes([header, tls]) + port + address):
        if byte:
            p.order("poke", at + n, byte)
    return p
'

@test "without --proxy login can claim neither an address nor TLS" {
	{
		echo "$FRONT"
		cat <<-'EOT'
		for header in range(1, 9):
		    greet(header).refused(HELLO)
		greet(NONE, tls=1).refused(HELLO)
		greet(NONE, port=b'\0\1').refused(HELLO)
		greet(NONE, address=bytes([127, 0, 0, 1])).refused(HELLO)
		EOT
	} | hostile --cleartext never
	assert_equal "$(grep -vc 'login sent an invalid request' "$LOG")" 0
}

@test "with --proxy login may report one header, and nothing impossible" {
	{
		echo "$FRONT"
		cat <<-'EOT'
		local = bytes([127, 0, 0, 1])
		for bad in (greet(NONE), greet(8), greet(255), greet(IPV4, tls=2),
		    greet(IPV6, tls=255), greet(LOCAL, port=b'\0\1'),
		    greet(LOCAL, address=local), greet(IPV4, address=local + b'\1'),
		    greet(IPV4, address=local + b'\0' * 11 + b'\1'),
		    greet(WRONG_HEADER, tls=1), greet(SLOW, address=local)):
		    bad.refused(HELLO)
		p = greet(IPV4, port=b'\1\1', address=bytes([192, 0, 2, 7]))
		assert p.op(HELLO)['verdict'] == WELCOME
		assert p.op(PASS, 'anna', 'secret')['verdict'] == NEEDS_TLS
		p.order('poke', proxy, IPV4)
		p.refused(PASS, 'anna', 'secret')
		# login may not claim TLS: that takes --proxy=tls
		p = greet(IPV4, tls=1, address=bytes([192, 0, 2, 7]))
		assert p.op(HELLO)['verdict'] == WELCOME
		assert p.op(PASS, 'anna', 'secret')['verdict'] == NEEDS_TLS
		EOT
	} | hostile --proxy --cleartext local
	assert_equal "$(grep -c 'login sent an invalid request' "$LOG")" 12
	assert_equal "$(grep -c 'login refused: ip=192\.0\.2\.7 port=[0-9]* user="anna" method=PASS tls=0 reason=cleartext$' "$LOG")" 2
	refute_log ' session: '
}

@test "login cannot start TLS if no program in front can do it" {
	hostile --stls ucspi <<-'EOT'
	Login().refused(STLS)
	Login().refused(PIPELINED)
	Login(False).refused(STLS)
	EOT
	assert_equal "$(grep -c 'login sent an invalid request' "$LOG")" 3
	refute_log 'STLS failed'
}

@test "login that stays when its time is over is ended" {
	hostile --login-timeout 1 <<-'EOT'
	p = Login()
	assert p.end() == 0
	EOT
	cmp "$LOG" /dev/null
}

@test "odd texts in SCRAM messages log nobody in and are no error" {
	hostile <<-'EOT'
	for text in ('x', ',', ',' * 1023, '=' * 1023, 'n=', 'n=user', 'n=user,r=',
	    'n=user,r=,,,', 'n=user,r=' + 'x' * 1014, 'n=user,r=\xff\x01',
	    'n=user,x=1,r=abc', '%s%n%s%n'):
	    for proof in 'x', 'A' * 43 + '=', 'A' * 255:
	        p = Login()
	        answer = p.op(SCRAM_FIRST, 'user', '-', text)
	        assert answer['verdict'] == SALT
	        final = 'c=biws,r=' + (text[9:] + answer['challenge'])[-1000:]
	        assert p.op(SCRAM_FINAL, '-', proof, final)['verdict'] == WRONG
	        assert p.op(SCRAM_FIRST, 'user', '-', text)['verdict'] == SALT
	        assert p.op(SCRAM_FINAL, '-', proof, text)['verdict'] == WRONG
	        p.hang_up()
	EOT
	assert_equal "$(grep -vc 'login failed: .* reason=credentials$' "$LOG")" 0
}

@test "answers to login have nothing but salt, nonce and iterations" {
	hostile <<-'EOT'
	p = Login()
	answer = p.op(SCRAM_FIRST, 'user', '-', 'n=user,r=x')
	assert answer['signature'] == '00' * 32
	assert answer['salt'] == '5b6d99689d12358eeca04b141236fa81'
	answer = p.op(SCRAM_FINAL, '-', 'x', 'x')
	assert answer['verdict'] == WRONG
	assert answer['signature'] == '00' * 32 and answer['salt'] == ''
	EOT
}
