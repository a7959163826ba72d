# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
"""A client that goes away while popin reads its maildrop.

    interrupt.py tcp|unix reset|close|half STARTED COMMAND...

STARTED is a file that is there when reading has begun.  `half' closes our side
for writing only, and waits for the answer.
"""
import os
import socket
import subprocess
import sys
import time

LIMIT = 60
kind, how, started = sys.argv[1:4]

if kind == 'unix':
    client, server = socket.socketpair()
else:
    listener = socket.socket()
    listener.bind(('127.0.0.1', 0))
    listener.listen()
    client = socket.socket()
    client.connect(listener.getsockname())
    server = listener.accept()[0]
process = subprocess.Popen(sys.argv[4:], stdin=server, stdout=server)
server.close()
while not os.path.exists(started):
    assert process.poll() is None, 'ended early'
    time.sleep(0.01)
if how == 'half':
    client.shutdown(socket.SHUT_WR)
    client.settimeout(LIMIT)
    answer = client.recv(1000)
    assert answer.startswith(b'-ERR [SYS/TEMP]'), answer
elif how == 'reset':
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                      b'\1\0\0\0\0\0\0\0')
client.close()
status = process.wait(LIMIT)
# A client that goes away is no failure of the service.
assert status == (75 if how == 'half' else 0), status
