#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
load lib
load mbox

# QUIT removes no message that the client has not received.  Sockets tell that,
# pipes do not.  The client is quit.py.

setup()
{
	lib_setup
	perl -e 'print "A: b\n\n", ("x" x 63, "\n") x 1600' | deliver 1.big
	printf 'Subject: two\n\nthe second\n' | deliver 2.two
	BOX=
}

# client KIND [OPTION...]: runs the Python on stdin, see quit.py.
client()
{
	/usr/bin/python3 -B "$TESTS_SRC/quit.py" "$1" "${SESSION[@]}" "${@:2}" \
	    >"$OUT" 2>"$LOG" 3>&- || fail "$1: $(cat "$OUT" "$LOG")"
}

# stays WHY: nothing was removed, and the log has end=WHY.
stays()
{
	assert_files new/1.big new/2.two
	assert_log " dele=0 left=2/.* end=$1\$"
}

removed()
{
	assert_files new/2.two
	assert_log ' dele=1 left=1/.* end=quit$'
}

@test "a message stays if the connection is reset before it was received" {
	client tcp <<-'EOT'
	client.send(ALL)
	client.until_it_waits()
	client.reset()
	client.over()
	EOT
	stays io
}

@test "a message stays if a Unix socket is closed before it was read" {
	client unix <<-'EOT'
	client.send(ALL)
	client.until_it_waits()
	client.socket.close()
	client.over()
	EOT
	stays io
}

@test "a message in an mbox stays if the connection is reset too early" {
	mbox_setup
	perl -e 'print "From x\@y Sat Jan  3 01:05:34 1996\nA: b\n\n",
	    ("x" x 63, "\n") x 1600, "\n"' | box
	cp "$BOX" "$BOX.before"
	client tcp <<-'EOT'
	client.send(ALL)
	client.until_it_waits()
	client.reset()
	client.over()
	EOT
	assert_log ' dele=0 left=1/.* end=io$'
	cmp "$BOX" "$BOX.before"
}

@test "QUIT waits for a client that reads slowly, then removes the message" {
	local kind

	for kind in tcp unix; do
		client "$kind" <<-EOT
		client.send(ALL)
		client.until_it_waits()
		assert os.path.exists('$MAILDIR/new/1.big'), 'removed too early'
		client.line()
		client.message()
		assert client.line() == '+OK marked for deletion'
		assert client.line() == '+OK bye'
		client.over()
		EOT
		removed
		perl -e 'print "A: b\n\n", ("x" x 63, "\n") x 1600' |
		    deliver 1.big
	done
}

@test "a message stays if the client never reads it, and the session ends" {
	client tcp --testing --idle 2 <<-'EOT'
	client.send(ALL)
	client.over()
	EOT
	stays stalled
}

@test "a message stays if SIGTERM ends the wait for the client" {
	client tcp <<-'EOT'
	client.send(ALL)
	client.until_it_waits()
	client.process.send_signal(signal.SIGTERM)
	client.over()
	EOT
	stays signal
}

@test "a message stays if another login ends the wait for a silent client" {
	client tcp --testing --takeover 0 <<-'EOT'
	client.send(ALL)
	client.until_it_waits()
	answer = '-ERR [IN-USE]'
	while answer.startswith('-ERR [IN-USE]'):
	    other = subprocess.run(COMMAND, stdin=subprocess.DEVNULL,
	        stdout=subprocess.PIPE, timeout=LIMIT)
	    answer = other.stdout.decode()
	assert answer.startswith('+OK 2 '), answer
	client.over()
	EOT
	stays taken-over
}

# The client has the message.  It need not wait for the other replies.
@test "a message that was received is removed if the client closes after QUIT" {
	local kind

	for kind in tcp unix; do
		client "$kind" <<-'EOT'
		client.send('RETR 1\r\n')
		client.line()
		client.message()
		client.send('DELE 1\r\nQUIT\r\n')
		if KIND == 'unix':
		    client.socket.shutdown(socket.SHUT_WR)
		else:
		    client.socket.close()
		client.over()
		EOT
		removed
		printf 'A: b\n\nc\n' | deliver 1.big
	done
}

@test "a message that was written to a pipe counts as received" {
	printf 'RETR 1\r\nDELE 1\r\nQUIT\r\n' | raw_session
	removed
}
