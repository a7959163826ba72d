#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
#
# What works where no password may cross the network in the clear.
load lib
load auth
CLEARTEXT=local

setup()
{
	lib_setup
	passwd_file 'anna:{PLAIN}secret' "user:$PENCIL"
}

@test "without TLS USER is refused, so that no password is sent" {
	auth --cleartext never <<-'EOT'
	p = popin()
	p.ask('USER anna', TLS)
	p.ask('PASS secret', TLS)
	p.ask('USER anna', TLS)
	p.quit()
	EOT
	assert_log_lines 0
}

@test "without TLS PASS, PLAIN and LOGIN are refused without a check" {
	auth --cleartext never <<-'EOT'
	p = popin()
	p.ask('PASS secret', TLS)
	p.ask('AUTH PLAIN', TLS)
	p.plain('anna', 'secret', TLS)
	p.ask('AUTH LOGIN', TLS)
	p.ask('AUTH LOGIN ' + b64('anna'), TLS)
	for i in range(10):		# neither attempts nor errors
	    p.plain('anna', 'secret', TLS)
	p.quit()
	EOT
	assert_log_lines 0
}

@test "without TLS CAPA has no USER and no PLAIN, before and after the login" {
	auth --cleartext never <<-'EOT'
	p = popin()
	before = p.capa()
	assert 'USER' not in before
	assert 'SASL SCRAM-SHA-256' in before
	assert p.mechanisms() == ['SCRAM-SHA-256']
	p.scram('user', 'pencil')
	assert p.capa() == before
	p.quit()
	EOT
}

@test "SCRAM, CRAM-MD5 and APOP work without TLS" {
	auth --cleartext never --cram-md5 --apop <<-'EOT'
	p = popin(greeting=r'\+OK .*')
	assert p.sasl() == ['SCRAM-SHA-256', 'CRAM-MD5']
	p.scram('anna', 'secret')
	p.quit()
	p = popin(greeting=r'\+OK .*')
	p.cram('anna', 'secret', OK)
	assert p.sasl() == ['SCRAM-SHA-256', 'CRAM-MD5']
	p.quit()
	p = popin(greeting=None)
	timestamp = p.hear(OK).split(' ')[-1]
	p.ask('APOP anna ' + apop_digest(timestamp, 'secret'), OK)
	p.quit()
	EOT
}

@test "without a usable mechanism CAPA has no SASL line" {
	passwd_file "anna:$("$BIN/popin-checkpassword" --hash <<<secret)"
	auth --cleartext never <<-'EOT'
	p = popin()
	assert p.sasl() is None
	assert p.mechanisms() == []
	p.quit()
	EOT
}

@test "with --tls passwords are accepted, whatever --cleartext says" {
	auth --cleartext never --tls <<-'EOT'
	p = popin()
	assert p.sasl() == ['SCRAM-SHA-256', 'PLAIN']
	assert 'USER' in p.capa()
	p.plain('anna', 'secret', OK)
	p.quit()
	EOT
	assert_log 'method=PLAIN tls=1$'
}

@test "the client's address decides if passwords are accepted without TLS" {
	auth <<-'EOT'
	def connect(address, *options):
	    p = Popin(COMMAND + list(options),
	        env=dict(os.environ, TCPREMOTEIP=address))
	    p.greeting()
	    return p
	for address, options, allowed in (
	    ('127.0.0.1', [], True), ('::1', [], True),
	    ('::ffff:127.0.0.1', [], True), ('192.0.2.7', [], False),
	    ('2001:db8::7', [], False), ('::ffff:192.0.2.7', [], False),
	    ('192.0.2.7', ['--cleartext=192.0.2.0/24'], True),
	    ('::ffff:192.0.2.7', ['--cleartext=192.0.2.0/24'], True),
	    ('192.0.3.7', ['--cleartext=192.0.2.0/24'], False),
	    ('192.0.2.7', ['--cleartext=::ffff:192.0.2.0/120'], True),
	    ('::ffff:192.0.2.7', ['--cleartext=::ffff:192.0.2.7'], True),
	    ('192.0.3.7', ['--cleartext=::ffff:192.0.2.0/120'], False),
	    ('192.0.2.7', ['--cleartext=local,192.0.2.7'], True),
	    ('192.0.2.7', ['--cleartext=::/0'], False),
	    ('2001:db8::7', ['--cleartext=0.0.0.0/0'], False),
	    ('127.0.0.1', ['--cleartext=192.0.2.7'], True),
	    ('192.0.2.7', ['--cleartext=always'], True),
	    ('127.0.0.1', ['--cleartext=never'], False),
	    ('192.0.2.7', ['--tls'], True)):
	    p = connect(address, *options)
	    assert ('USER' in p.capa()) == allowed, (address, options)
	    assert ('PLAIN' in p.sasl()) == ('--tls' in options)
	    p.plain('anna', 'secret', OK if allowed else TLS)
	    p.quit()
	EOT
}

@test "if nobody knows where a client is, it is not local" {
	passwd_file 'anna:{PLAIN}secret' 'here:{PLAIN}secret::::::allow_nets=local'
	for address in fe80::1%eth0 mail.example.org unknown; do
		TCPREMOTEIP=$address pop3 --cleartext local <<-'EOT'
		USER anna	=> -ERR [AUTH]
		QUIT		=> +OK
		EOT
		TCPREMOTEIP=$address pop3 --cleartext always <<-'EOT'
		USER here	=> +OK
		PASS secret	=> -ERR [AUTH]
		QUIT		=> +OK
		EOT
		assert_log 'from="unknown" user="here" reason=allow_nets$'
	done
	TCPREMOTEIP='' pop3 --cleartext local <<-'EOT'
	USER here	=> +OK
	PASS secret	=> +OK
	QUIT		=> +OK
	EOT
}

# getpeername(2) may fail, and there are other addresses than IPv4 and IPv6.
@test "a client whose address the kernel does not tell is not local" {
	need strace strace
	sees_socket_calls
	printf 'USER anna\r\nQUIT\r\n' >"$IN"
	for error in ENOTCONN ENOBUFS; do
		limited strace -qq -o /dev/null -e trace=getpeername \
		    -e inject="getpeername:error=$error" "${CHAIN[@]}"
		grep -q '^-ERR' "$OUT" || fail "$error: $(cat "$OUT")"
	done
	limited "${CHAIN[@]}"
	! grep '^-ERR' "$OUT"
}

@test "a password that was refused without TLS stays in no buffer" {
	not_under asan 'terabytes are mapped, too many to look through'
	auth --cleartext never <<-'EOT'
	p = popin()
	p.ask('PASS Sw0rdfishSw0rdfish', TLS)
	p.ask('AUTH PLAIN ' + b64('\0anna\0Sw0rdfishSw0rdfish'), TLS)
	# as it comes in two parts, popin moves it in the buffer
	p.send(b'NOOP ' + b'x' * 60 + b'\r\nPASS Sw0rdfishSw0rdfish')
	p.hear(NO)
	p.send(b'\r\n')
	p.hear(TLS)

	def children(pid):
	    with open('/proc/%d/task/%d/children' % (pid, pid)) as f:
	        return [int(word) for word in f.read().split()]
	found = children(p.process.pid)
	assert len(found) == 1
	try:
	    ranges = open('/proc/%d/maps' % found[0]).read().splitlines()
	    memory = open('/proc/%d/mem' % found[0], 'rb')
	except PermissionError:
	    print('cannot look')
	    sys.exit(0)
	seen = b''
	for line in ranges:
	    start, end = (int(x, 16) for x in line.split()[0].split('-'))
	    if ' rw' in line:
	        memory.seek(start)
	        seen += memory.read(end - start)
	assert b'AUTH-RESP-CODE' in seen or len(seen) > 4096
	for trace in b'Sw0rdfish', b64('Sw0rdfish').encode()[2:-2], \
	    b'dzByZGZpc2':
	    assert trace not in seen, trace
	EOT
	! grep -q 'cannot look' "$OUT" || skip "only root may look into login"
}
