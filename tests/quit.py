# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
"""A client that may or may not have received its messages when it says QUIT.

    quit.py tcp|unix COMMAND...     starts popin and runs the Python on stdin

The kernel holds all of a message of 100 kB on popin's side, and little of it
on the client's.  The Python uses what is defined below.
"""
import array
import fcntl
import os
import signal
import socket
import subprocess
import sys
import termios
import time

LIMIT = 60
KIND = sys.argv[1]
COMMAND = sys.argv[2:]
ALL = 'RETR 1\r\nDELE 1\r\nQUIT\r\n'


def tcp():
    listener = socket.socket()
    listener.bind(('127.0.0.1', 0))
    listener.listen()
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect(listener.getsockname())
    server = listener.accept()[0]
    server.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    return client, server


class Client:
    def __init__(self):
        pair = tcp() if KIND == 'tcp' else socket.socketpair()
        self.socket, self.server = pair
        self.socket.settimeout(LIMIT)
        self.buffer = b''
        self.process = subprocess.Popen(
            COMMAND, stdin=self.server, stdout=self.server)
        assert self.line().startswith('+OK')

    def line(self):
        while b'\r\n' not in self.buffer:
            part = self.socket.recv(65536)
            assert part, self.buffer
            self.buffer += part
        line, self.buffer = self.buffer.split(b'\r\n', 1)
        return line.decode()

    def send(self, text):
        self.socket.sendall(text.encode())

    def message(self):
        while self.line() != '.':
            pass

    def until_it_waits(self):
        """Waits until popin has read all input and sleeps, or has ended."""
        unread = array.array('i', [1])
        while self.process.poll() is None:
            fcntl.ioctl(self.server, termios.FIONREAD, unread)
            with open('/proc/%d/stat' % self.process.pid) as f:
                state = f.read().rsplit(')', 1)[1].split()[0]
            if unread[0] == 0 and state == 'S':
                break
            time.sleep(0.01)

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                               b'\1\0\0\0\0\0\0\0')
        self.socket.close()

    def over(self):
        assert self.process.wait(LIMIT) == 0, self.process.returncode


client = Client()
exec(compile(sys.stdin.read(), 'stdin', 'exec'))
