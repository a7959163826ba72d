# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
"""Clients that fight for one maildrop while mail is delivered to it.

    fight.py SECONDS CLIENTS [tail] maildir|mbox PATH COMMAND...

They read, delete, pause, fall silent, vanish and QUIT at random.  In the end
every message that was delivered is in the maildrop, or was deleted by one
session whose QUIT was answered with +OK: none is lost, none deleted twice.
When a client is let in, the session before must have ended.  With "tail" they
delete the last messages only, and there is little new mail: without a journal
popin refuses the rest.
"""
import fcntl
import os
import random
import re
import socket
import subprocess
import sys
import threading
import time

LIMIT = 60
HAS_TO_BE = ('taken', 'quit', 'in_use')


def has_exited(pid):
    """Or has begun to: the kernel sets PF_EXITING before it frees a lock."""
    try:
        with open('/proc/%d/stat' % pid) as f:
            fields = f.read().rpartition(')')[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return True
    return fields[0] in 'ZX' or int(fields[6]) & 4 != 0


class Fight:
    def __init__(self, kind, path, command, tail):
        self.kind, self.path, self.tail = kind, path, tail
        self.command = command
        self.lock = threading.Lock()
        self.starting = threading.Lock()
        self.holder = None    # process of the last one let in
        self.delivered = set()
        self.deleted = {}     # message -> the session that deleted it
        self.count = dict.fromkeys(
            ('sessions', 'in_use', 'taken', 'quit', 'refused'), 0)
        self.faults = []

    def fault(self, text):
        with self.lock:
            self.faults.append(text)

    def add(self, what):
        with self.lock:
            self.count[what] += 1
            return self.count[what]

    def goes_on(self, until):
        """A busy machine gets more time, until all of HAS_TO_BE happened."""
        now = time.monotonic()
        return now < until or now < until + LIMIT and not all(
            self.count[what] for what in HAS_TO_BE)

    # --- the mail

    def deliver(self):
        n = len(self.delivered) + 1
        token = 'm%d' % n
        text = 'Subject: %s\n\n%s\n' % (token, 'x' * random.randrange(3000))
        if self.kind == 'maildir':
            name = '%d.%d.here' % (1000000000 + n, n)
            with open(self.path + '/tmp/' + name, 'w') as f:
                f.write(text)
            self.delivered.add(token)
            os.rename(self.path + '/tmp/' + name, self.path + '/new/' + name)
            return
        with open(self.path, 'r+') as f:
            fcntl.lockf(f, fcntl.LOCK_EX)
            f.seek(0, 2)
            self.delivered.add(token)
            f.write('From x@y Sat Jan  3 01:05:34 1996\n' + text + '\n')

    def stored(self):
        if self.kind == 'maildir':
            texts = []
            for folder in ('new', 'cur'):
                for name in os.listdir(self.path + '/' + folder):
                    with open('%s/%s/%s' % (self.path, folder, name)) as f:
                        texts.append(f.read())
        else:
            with open(self.path) as f:
                texts = re.split(r'(?m)^From x@y .*\n', f.read())[1:]
        return sorted(re.match(r'Subject: (\S+)\n', t)[1] for t in texts)

    # --- one session

    def start(self):
        with self.starting:
            ours, theirs = socket.socketpair()
            ours.settimeout(LIMIT)
            patience = random.choice('0111')
            process = subprocess.Popen(
                self.command + ['--takeover', patience],
                stdin=theirs, stdout=theirs)
            theirs.close()
        return Session(self, process, ours)

    def let_in(self, pid):
        """The session before must have ended.  PID was let in before this is
        called; if it has ended since, another may have come after it, and may
        be the holder already."""
        with self.lock:
            before = self.holder
            overlap = before is not None and not has_exited(before)
            if has_exited(pid):
                return
            self.holder = pid
        if overlap:
            self.fault('two sessions at once')

    def client(self, until):
        try:
            while self.goes_on(until):
                self.start().run()
        except Exception as e:  # pylint: disable=broad-except
            self.fault(repr(e))


class Ended(Exception):
    pass


class Session:
    def __init__(self, fight, process, sock):
        self.fight, self.process, self.socket = fight, process, sock
        self.buffer = b''

    def line(self):
        while b'\r\n' not in self.buffer:
            try:
                got = self.socket.recv(65536)
            except ConnectionResetError:
                got = b''
            if not got:
                raise Ended
            self.buffer += got
        line, self.buffer = self.buffer.split(b'\r\n', 1)
        return line.decode()

    def ask(self, command):
        try:
            self.socket.sendall(command.encode() + b'\r\n')
        except (BrokenPipeError, ConnectionResetError):
            pass
        return self.line()

    def subject(self, number):
        assert self.ask('RETR %d' % number).startswith('+OK')
        subject = None
        while (line := self.line()) != '.':
            if line.startswith('Subject: '):
                subject = line[9:]
        return subject

    def numbers(self, count):
        if count == 0:
            return []
        some = random.randrange(min(count, 6) + 1)
        if self.fight.tail:
            return range(count - some + 1, count + 1)
        return sorted(random.sample(range(1, count + 1), some))

    def run(self):
        try:
            self.serve()
        except Ended:
            self.fight.add('taken')
            time.sleep(random.random() * 0.2)
        finally:
            self.socket.shutdown(socket.SHUT_RDWR)
            if self.process.wait(LIMIT) not in (0, 75):
                self.fault('status %d' % self.process.returncode)

    def serve(self):
        fight = self.fight
        greeting = self.line()
        if greeting.startswith('-ERR [IN-USE]'):
            fight.add('in_use')
            time.sleep(random.random() * 0.05)
            return
        assert greeting.startswith('+OK'), greeting
        fight.let_in(self.process.pid)
        me = fight.add('sessions')
        marked = []
        for n in self.numbers(int(greeting.split()[1])):
            subject = self.subject(n)
            time.sleep(random.choice((0, 0, 0.001, 0.05)))
            assert self.ask('DELE %d' % n).startswith('+OK')
            marked.append(subject)
        what = random.random()
        if what < 0.3:      # silent until somebody else comes, or gives up
            self.socket.settimeout(3)
            try:
                self.line()
            except socket.timeout:
                pass
            self.socket.settimeout(LIMIT)
        elif what < 0.4:    # vanishes
            return
        else:
            time.sleep(random.random() * 0.2)
        answer = self.ask('QUIT')
        if not answer.startswith('+OK'):
            fight.add('refused')
            return
        fight.add('quit')
        with fight.lock:
            for subject in marked:
                if subject in fight.deleted:
                    fight.faults.append('%s deleted by %d and by %d' %
                                        (subject, fight.deleted[subject], me))
                fight.deleted[subject] = me

    def fault(self, text):
        self.fight.fault(text)


def main():
    seconds, clients = float(sys.argv[1]), int(sys.argv[2])
    rest = sys.argv[3:]
    tail = rest[0] == 'tail'
    if tail:
        rest = rest[1:]
    fight = Fight(rest[0], rest[1], rest[2:], tail)
    for _ in range(50):
        fight.deliver()
    until = time.monotonic() + seconds
    threads = [threading.Thread(target=fight.client, args=(until,))
               for _ in range(clients)]
    for t in threads:
        t.start()
    while fight.goes_on(until):
        fight.deliver()
        time.sleep(0.5 if tail else 0.02)
    for t in threads:
        t.join()
    there = fight.stored()
    if len(set(there)) != len(there):
        fight.faults.append('there twice')
    for token in fight.delivered:
        if token in there and token in fight.deleted:
            fight.faults.append('%s is back' % token)
        if token not in there and token not in fight.deleted:
            fight.faults.append('%s is lost' % token)
    print('delivered=%d deleted=%d' %
          (len(fight.delivered), len(fight.deleted)),
          ' '.join('%s=%d' % item for item in fight.count.items()))
    for text in fight.faults[:20]:
        print(text)
    if fight.faults:
        sys.exit(1)
    for what in HAS_TO_BE:
        if fight.count[what] == 0:
            print('too little happened: no', what)
            sys.exit(1)


main()
