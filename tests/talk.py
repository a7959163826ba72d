# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
"""A client for the tests of authentication.

    talk.py COMMAND...      starts popin and runs the Python on stdin

The Python uses what is defined below.  The mechanisms are implemented with
Python's own hashlib and hmac, and share nothing with popin.
"""
import base64
import hashlib
import hmac
import os
import re
import secrets
import socket
import subprocess
import sys

LIMIT = 60


class Popin:
    """One connection."""

    def __init__(self, command, env=None):
        ours, theirs = socket.socketpair()
        ours.settimeout(LIMIT)
        self.process = subprocess.Popen(
            command, stdin=theirs, stdout=theirs, env=env)
        theirs.close()
        self.socket = ours
        self.buffer = b''
        self.nonce = ''

    def send(self, data):
        self.socket.sendall(data)

    def line(self):
        while b'\n' not in self.buffer:
            got = self.socket.recv(65536)
            if not got:
                assert not self.buffer, self.buffer
                return None
            self.buffer += got
        line, self.buffer = self.buffer.split(b'\n', 1)
        assert line.endswith(b'\r'), line
        return line[:-1].decode('latin-1')

    def hear(self, pattern):
        """The next line, which has to match from its beginning to its end."""
        line = self.line()
        assert line is not None and re.fullmatch(pattern, line), \
            'expected: %s\nanswered: %s' % (pattern, line)
        return line

    def ask(self, command, pattern):
        if isinstance(command, str):
            command = command.encode('latin-1')
        self.send(command + b'\r\n')
        return self.hear(pattern)

    def lines(self):
        """The rest of a reply of several lines."""
        lines = []
        while True:
            line = self.line()
            assert line is not None, 'no final dot'
            if line == '.':
                return lines
            lines.append(line)

    def capa(self):
        self.ask('CAPA', r'\+OK.*')
        return self.lines()

    def sasl(self):
        """The mechanisms in CAPA, or None."""
        for line in self.capa():
            if line.startswith('SASL'):
                return line.split(' ')[1:]
        return None

    def mechanisms(self):
        self.ask('AUTH', r'\+OK.*')
        return self.lines()

    def respond(self, data, pattern):
        return self.ask(b64(data), pattern)

    def challenge(self, command):
        line = self.ask(command, r'\+ .*')
        return base64.b64decode(line[2:], validate=True).decode()

    def end(self):
        assert self.line() is None
        self.socket.close()
        return self.process.wait(LIMIT)

    def quit(self):
        self.ask('QUIT', r'\+OK.*')
        return self.end()

    def hang_up(self):
        self.socket.close()
        return self.process.wait(LIMIT)

    # --- whole mechanisms

    def greeting(self, pattern=r'\+OK popin ready'):
        return self.hear(pattern)

    def plain(self, user, password, pattern, authzid=''):
        return self.ask('AUTH PLAIN ' + b64(
            '%s\0%s\0%s' % (authzid, user, password)), pattern)

    def login(self, user, password, pattern):
        assert self.challenge('AUTH LOGIN') == 'Username:'
        assert self.challenge(b64(user)) == 'Password:'
        return self.respond(password, pattern)

    def cram(self, user, password, pattern):
        challenge = self.challenge('AUTH CRAM-MD5')
        assert re.fullmatch(TIMESTAMP, challenge), challenge
        self.nonce = challenge
        return self.respond(user + ' ' + cram_digest(challenge, password),
                            pattern)

    def scram(self, user, password, pattern=r'\+OK.*',
              initial=True, gs2='n,,', tail=b''):
        s = Scram(user, password, gs2)
        if initial:
            server_first = self.challenge('AUTH SCRAM-SHA-256 ' +
                                          b64(s.first()))
        else:
            assert self.challenge('AUTH SCRAM-SHA-256') == ''
            server_first = self.challenge(b64(s.first()))
        self.salt = s.take(server_first)
        self.nonce = s.nonce
        final = b64(s.final())
        if pattern.startswith(r'\+'):
            server_final = self.challenge(final)
            assert server_final == s.expected(), server_final
            self.send(b'\r\n' + tail)
            return self.hear(pattern)
        return self.ask(final, pattern)


TIMESTAMP = r'<[A-Za-z0-9._-]+@[A-Za-z0-9._-]+>'


def b64(data):
    if isinstance(data, str):
        data = data.encode('latin-1')
    return base64.b64encode(data).decode()


def apop_digest(timestamp, password):
    return hashlib.md5((timestamp + password).encode()).hexdigest()


def cram_digest(challenge, password):
    return hmac.new(password.encode(), challenge.encode(),
                    'md5').hexdigest()


def sha256_hmac(key, text):
    return hmac.new(key, text, 'sha256').digest()


class Scram:
    """A client of RFC 5802 and RFC 7677, message by message."""

    def __init__(self, user, password, gs2='n,,', nonce=None, extra=''):
        self.gs2 = gs2
        self.password = password
        self.client_nonce = nonce or secrets.token_urlsafe(18)
        name = user.replace('=', '=3D').replace(',', '=2C')
        self.bare = 'n=%s,r=%s%s' % (name, self.client_nonce, extra)

    def first(self):
        return self.gs2 + self.bare

    def take(self, server_first):
        m = re.fullmatch(r'r=([!-+\--~]+),s=([A-Za-z0-9+/=]+),i=([0-9]+)',
                         server_first)
        assert m, server_first
        self.server_first = server_first
        self.nonce = m[1]
        assert self.nonce.startswith(self.client_nonce)
        assert len(self.nonce) >= len(self.client_nonce) + 18
        self.iterations = int(m[3])
        assert self.iterations >= 4096
        return m[2]

    def without_proof(self):
        return 'c=%s,r=%s' % (b64(self.gs2), self.nonce)

    def sign(self, without_proof=None):
        without_proof = without_proof or self.without_proof()
        salt = base64.b64decode(
            re.search(r',s=([^,]*)', self.server_first)[1])
        salted = hashlib.pbkdf2_hmac('sha256', self.password.encode(), salt,
                                     self.iterations)
        message = ','.join([self.bare, self.server_first,
                            without_proof]).encode()
        client_key = sha256_hmac(salted, b'Client Key')
        stored_key = hashlib.sha256(client_key).digest()
        signature = sha256_hmac(stored_key, message)
        self.server_signature = sha256_hmac(
            sha256_hmac(salted, b'Server Key'), message)
        return b64(bytes(a ^ b for a, b in zip(client_key, signature)))

    def final(self, without_proof=None):
        without_proof = without_proof or self.without_proof()
        return '%s,p=%s' % (without_proof, self.sign(without_proof))

    def expected(self):
        return 'v=' + b64(self.server_signature)


def scram_secret(password, salt=None, iterations=4096):
    """A secret for the passwd-file."""
    salt = salt or os.urandom(16)
    salted = hashlib.pbkdf2_hmac('sha256', password.encode(), salt,
                                 iterations)
    stored = hashlib.sha256(sha256_hmac(salted, b'Client Key')).digest()
    return '%d,%s,%s,%s' % (iterations, b64(salt), b64(stored),
                            b64(sha256_hmac(salted, b'Server Key')))


if __name__ == '__main__':
    OK, NO, AUTH = r'\+OK.*', r'-ERR.*', r'-ERR \[AUTH\].*'
    TLS = r'-ERR \[AUTH\] TLS required'
    COMMAND = sys.argv[1:]

    def popin(*options, greeting=r'\+OK popin ready'):
        """A connection that has been greeted."""
        p = Popin(COMMAND + list(options))
        if greeting:
            p.greeting(greeting)
        return p

    exec(compile(sys.stdin.read(), 'stdin', 'exec'))
