# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
"""A client on a slow line, and others that log in meanwhile.

    slow.py COMMAND...

The whole message is soon in the kernel's buffers.  So the session waits for
the next command, for much longer than --takeover, while the client reads.
"""
import socket
import subprocess
import sys
import time

LIMIT = 60
COMMAND = sys.argv[1:]


def tcp_session():
    listener = socket.socket()
    listener.bind(('127.0.0.1', 0))
    listener.listen()
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.settimeout(LIMIT)
    client.connect(listener.getsockname())
    server = listener.accept()[0]
    server.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    process = subprocess.Popen(COMMAND, stdin=server, stdout=server)
    server.close()
    return client, process


def other():
    result = subprocess.run(COMMAND, stdin=subprocess.DEVNULL, check=True,
                            stdout=subprocess.PIPE, timeout=LIMIT)
    return result.stdout.decode()


client, process = tcp_session()
client.sendall(b'RETR 1\r\n')
got = b''
tries = 0
started = time.monotonic()
asked = started
while not got.endswith(b'\r\n.\r\n'):
    part = client.recv(1500)
    assert part, 'ended after %d octets' % len(got)
    got += part
    time.sleep(0.04)
    if time.monotonic() - asked > 0.5:
        asked = time.monotonic()
        answer = other()
        assert answer.startswith('-ERR [IN-USE]'), answer
        tries += 1
print('%d octets in %d s, %d tries' %
      (len(got), time.monotonic() - started, tries))
assert tries > 5
client.sendall(b'QUIT\r\n')
assert client.recv(100).startswith(b'+OK')
assert process.wait(LIMIT) == 0
