#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
load lib

setup()
{
	lib_setup
	three_messages
	ALL=(new/1.one 'cur/2.two:2,S' new/3.three)
}

@test "QUIT deletes what was marked, and nothing else" {
	session <<-'EOT'
	DELE 1	=> +OK
	DELE 2	=> +OK
	QUIT	=> +OK
	NOOP	=> (end)
	EOT
	assert_equal "$status" 0
	assert_files new/3.three
	assert_log 'end=quit$'
}

@test "QUIT with the whole chain deletes what was marked" {
	pop3 <<-'EOT'
	USER anna	=> +OK
	PASS secret	=> +OK
	DELE 3		=> +OK
	QUIT		=> +OK
	EOT
	assert_equal "$status" 0
	assert_files new/1.one cur/2.two:2,S
}

@test "nothing is deleted before QUIT" {
	talk a "${SESSION[@]}"
	hear a
	ask a 'DELE 1' '+OK*'
	ask a 'DELE 2' '+OK*'
	ask a NOOP '+OK*'
	assert_files "${ALL[@]}"
	ask a QUIT '+OK*'
	gone a
	assert_files new/3.three
}

@test "the reply to QUIT is sent after the messages are removed" {
	talk a "${SESSION[@]}"
	hear a
	ask a 'DELE 1' '+OK*'
	ask a QUIT '+OK*'
	assert_files cur/2.two:2,S new/3.three
	gone a
}

@test "a client that closes without QUIT deletes nothing" {
	session <<-'EOT'
	DELE 1	=> +OK
	DELE 2	=> +OK
	EOT
	assert_equal "$status" 0
	assert_files "${ALL[@]}"
	assert_log 'end=eof$'
}

@test "a client that closes without QUIT gets no reply" {
	session <<-'EOT'
	=> +OK
	DELE 1	=> +OK
	EOT
	assert_equal "$(wc -l <"$OUT")" 2
}

@test "SIGTERM ends a session, deletes nothing and sends nothing" {
	talk a "${SESSION[@]}"
	hear a
	ask a 'DELE 1' '+OK*'
	kill -TERM "${TALK_PID[a]}"
	gone a
	assert_equal "$(cat "$rest")" ''
	assert_equal "$status" 0
	assert_log 'end=signal$'
	assert_files "${ALL[@]}"
}

@test "SIGHUP and SIGINT delete nothing" {
	local signal

	for signal in HUP INT; do
		talk "$signal" "${SESSION[@]}"
		hear "$signal"
		ask "$signal" 'DELE 1' '+OK*'
		kill -"$signal" "${TALK_PID[$signal]}"
		hang_up "$signal"
		gone "$signal"
		assert_equal "$(cat "$rest")" ''
		assert_files "${ALL[@]}"
	done
}

@test "SIGTERM to all processes of a whole session deletes nothing" {
	local pid

	talk a "${CHAIN[@]}"
	hear a
	ask a 'USER anna' '+OK*'
	ask a 'PASS secret' '+OK*'
	ask a 'DELE 1' '+OK*'
	pid=${TALK_PID[a]}
	# shellcheck disable=SC2046
	kill -TERM "$pid" $(pgrep -P "$pid")
	gone a
	assert_equal "$(cat "$rest")" ''
	assert_files "${ALL[@]}"
}

@test "SIGKILL deletes nothing and leaves no lock behind" {
	talk a "${SESSION[@]}"
	hear a
	ask a 'DELE 1' '+OK*'
	kill -KILL "${TALK_PID[a]}"
	gone a
	assert_files "${ALL[@]}"
	session <<-'EOT'
	=> +OK 3 84
	EOT
}

@test "the autologout deletes nothing and sends nothing" {
	talk a "${SESSION[@]}" --testing --idle 2
	hear a
	ask a 'DELE 1' '+OK*'
	gone a
	assert_equal "$(cat "$rest")" ''
	assert_equal "$status" 0
	assert_log 'end=idle$'
	assert_files "${ALL[@]}"
}

# big_message: delivers more than any buffer or pipe holds.
big_message()
{
	perl -e 'print "A: b\n\n"; print "x" x 70, "\n" for 1 .. 50000' |
	    deliver 4.big
	ALL+=(new/4.big)
}

@test "SIGTERM ends a session that is stuck in the middle of a message" {
	big_message
	talk a "${SESSION[@]}"
	hear a
	ask a 'DELE 1' '+OK*'
	ask a 'RETR 4' '+OK*'
	kill -TERM "${TALK_PID[a]}"
	timeout "$LIMIT" tail --pid="${TALK_PID[a]}" -s 0.1 -f /dev/null 3>&-
	gone a
	assert_equal "$status" 0
	[ "$(wc -c <"$rest")" -lt 3000000 ]
	assert_log 'end=signal$'
	assert_files "${ALL[@]}"
}

# A client that pipelines sends QUIT long before it has the message.
@test "a message that broke off is not deleted by a pipelined QUIT" {
	big_message
	printf 'RETR 4\r\nDELE 4\r\nQUIT\r\n' >"$IN"
	{
		status=0
		timeout "$LIMIT" "${SESSION[@]}" <"$IN" 2>"$LOG" 3>&- ||
		    status=$?
		echo "$status" >"$BATS_TEST_TMPDIR/status"
	} | head -c 1000 >/dev/null
	assert_equal "$(cat "$BATS_TEST_TMPDIR/status")" 0
	assert_files "${ALL[@]}"
	assert_log 'end=(io|eof)$'
}

@test "a message that could not be sent is not deleted by a QUIT after it" {
	talk a "${SESSION[@]}"
	hear a
	fd=${TALK_FROM[a]}
	exec {fd}<&-
	# in one write, because popin may have ended after the first reply
	printf 'RETR 1\r\nDELE 1\r\nQUIT\r\n' >"$IN"
	cat "$IN" >&"${TALK_TO[a]}"
	hang_up a
	reap "${TALK_PID[a]}"
	unset 'TALK_PID[a]'
	assert_equal "$status" 0
	assert_files "${ALL[@]}"
}

@test "SIGTERM during a message deletes nothing, even with QUIT pipelined" {
	big_message
	talk a "${SESSION[@]}"
	hear a
	printf 'RETR 4\r\nDELE 4\r\nQUIT\r\n' >&"${TALK_TO[a]}"
	hear a
	kill -TERM "${TALK_PID[a]}"
	timeout "$LIMIT" tail --pid="${TALK_PID[a]}" -s 0.1 -f /dev/null 3>&-
	gone a
	assert_files "${ALL[@]}"
	assert_log 'end=signal$'
}

@test "a client that closes right after QUIT deletes what it has marked" {
	# Old Outlook does not wait for the reply.
	talk a "${SESSION[@]}"
	hear a
	ask a 'DELE 1' '+OK*'
	fd=${TALK_FROM[a]}
	exec {fd}<&-
	tell a QUIT
	hang_up a
	reap "${TALK_PID[a]}"
	unset 'TALK_PID[a]'
	assert_equal "$status" 0
	assert_files cur/2.two:2,S new/3.three
}

@test "QUIT says that a message cannot be deleted, and deletes the rest" {
	chmod 555 "$MAILDIR/cur"
	session <<-'EOT'
	DELE 1	=> +OK
	DELE 2	=> +OK
	DELE 3	=> +OK
	QUIT	=> -ERR [SYS/TEMP]
	NOOP	=> (end)
	EOT
	chmod 755 "$MAILDIR/cur"
	assert_equal "$status" 0
	assert_files cur/2.two:2,S
	assert_log 'end=update$'
	! grep -e Maildir -e ermission "$OUT" || fail 'told the client why'
}

@test "QUIT says that nothing can be deleted from a read-only Maildir" {
	chmod 555 "$MAILDIR" "$MAILDIR/cur" "$MAILDIR/new"
	session <<-'EOT'
	DELE 1	=> +OK
	DELE 2	=> +OK
	QUIT	=> -ERR [SYS/TEMP]
	EOT
	chmod 755 "$MAILDIR" "$MAILDIR/cur" "$MAILDIR/new"
	assert_files "${ALL[@]}"
}

@test "QUIT in a read-only Maildir succeeds when nothing was marked" {
	chmod 555 "$MAILDIR" "$MAILDIR/cur" "$MAILDIR/new"
	session <<-'EOT'
	RETR 1	=> +OK
	QUIT	=> +OK
	EOT
	chmod 755 "$MAILDIR" "$MAILDIR/cur" "$MAILDIR/new"
}

@test "an UPDATE that failed can be repeated by the next session" {
	chmod 555 "$MAILDIR/cur"
	session <<-'EOT'
	DELE 2	=> +OK
	QUIT	=> -ERR [SYS/TEMP]
	EOT
	chmod 755 "$MAILDIR/cur"
	session <<-'EOT'
	=> +OK 3 84
	DELE 2	=> +OK
	QUIT	=> +OK
	EOT
	assert_files new/1.one new/3.three
}

@test "mail that arrives during the session stays" {
	talk a "${SESSION[@]}"
	hear a
	printf 'Subject: late\n\nlate\n' | deliver 0.late
	ask a STAT '+OK 3 84'
	ask a 'RETR 1' '+OK*'
	hear_body a
	assert_equal "$body" $'Subject: one\n\nfirst message\n'
	ask a 'DELE 1' '+OK*'
	ask a 'DELE 2' '+OK*'
	ask a 'DELE 3' '+OK*'
	ask a QUIT '+OK*'
	gone a
	assert_files new/0.late
}

@test "a session whose monitor gets SIGTERM deletes nothing" {
	talk a "${CHAIN[@]}"
	hear a
	ask a 'USER anna' '+OK*'
	ask a 'PASS secret' '+OK*'
	ask a 'DELE 1' '+OK*'
	kill -TERM "${TALK_PID[a]}"
	leave a
	assert_files "${ALL[@]}"
}
