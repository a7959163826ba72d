#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
load lib

# A session with a silent or slow client ends.  The limits are seconds here.
# The tests ask only that it ends, not when.

setup()
{
	lib_setup
	three_messages
	as_session --testing --idle 2
}

# ended NAME: waits until popin has ended, without reading from it.
ended()
{
	local pid=${TALK_PID[$1]}

	timeout "$LIMIT" tail --pid="$pid" -s 0.1 -f /dev/null 3>&- ||
	    fail 'did not end'
	reap "$pid"
	unset "TALK_PID[$1]"
}

# drip TEXT: writes TEXT now and then, as long as somebody reads it.
drip()
{
	perl -e '$| = 1; $SIG{PIPE} = sub { exit };
	    while (print $ARGV[0]) { select undef, undef, undef, 0.05 }' "$1"
}

@test "a silent client is logged out, and nothing is sent or deleted" {
	talk a "${SESSION[@]}"
	hear a
	ask a 'DELE 1' '+OK*'
	gone a
	assert_equal "$status" 0
	assert_equal "$(cat "$rest")" ''
	assert_log 'end=idle$'
	assert_files new/1.one cur/2.two:2,S new/3.three
}

@test "a silent client is logged out when the whole chain serves it" {
	talk a "${CHAIN[@]}" --testing --idle 2
	hear a
	ask a 'USER anna' '+OK*'
	ask a 'PASS secret' '+OK*'
	gone a
	assert_equal "$status" 0
	assert_equal "$(cat "$rest")" ''
	assert_log 'end=idle$'
}

@test "octets without a line end do not keep a session" {
	status=0
	drip X | timeout "$LIMIT" "${SESSION[@]}" >"$OUT" 2>"$LOG" 3>&- ||
	    status=$?
	assert_equal "$status" 0
	assert_log 'end=idle$'
}

@test "a session whose client reads nothing ends, and deletes nothing" {
	perl -e 'print "A: b\n\n", "x" x 1000000' | deliver 4.big
	talk a "${SESSION[@]}"
	hear a
	tell a 'DELE 1'
	tell a 'RETR 4'
	tell a 'RETR 4'
	tell a 'QUIT'
	ended a
	assert_equal "$status" 0
	assert_log 'end=stalled$'
	assert_files new/1.one cur/2.two:2,S new/3.three new/4.big
}

@test "a session whose client on a socket reads nothing ends" {
	perl -e 'print "A: b\n\n", "x" x 10000000' | deliver 4.big
	# the socket stays open in the parent, which does not read
	perl -MSocket -e 'socketpair(my $a, my $b, AF_UNIX, SOCK_STREAM, 0);
	    my $pid = fork;
	    if (!$pid) {
		open STDIN, "<&", $b; open STDOUT, ">&", $b;
		close $a; exec @ARGV;
	    }
	    close $b;
	    syswrite $a, "RETR 4\r\nQUIT\r\n";
	    $SIG{ALRM} = sub { die "no end\n" };
	    alarm 60;
	    waitpid $pid, 0;
	    exit $? >> 8' "${SESSION[@]}" 2>"$LOG" 3>&-
	assert_log 'end=stalled$'
}

@test "a client that does not log in is disconnected" {
	talk a "${CHAIN[@]}" --login-timeout 1
	hear a
	gone a
	assert_equal "$status" 0
}

@test "octets without a line end do not keep a connection before the login" {
	status=0
	drip X | timeout "$LIMIT" "${CHAIN[@]}" --login-timeout 1 >"$OUT" \
	    2>"$LOG" 3>&- || status=$?
	assert_equal "$status" 0
}

@test "commands do not prolong the time for the login" {
	status=0
	drip $'CAPA\r\n' | timeout "$LIMIT" "${CHAIN[@]}" --login-timeout 1 \
	    >"$OUT" 2>"$LOG" 3>&- || status=$?
	assert_equal "$status" 0
	grep -q '^TOP' "$OUT"
}

@test "the time for the login ends with the login" {
	talk a "${CHAIN[@]}" --login-timeout 3 --testing --idle 4
	hear a
	ask a 'USER anna' '+OK*'
	ask a 'PASS secret' '+OK*'
	gone a
	assert_log 'end=idle$'
}

@test "a flood of commands whose replies are not read ends" {
	status=0
	talk a "${SESSION[@]}"
	yes $'LIST\r' >&"${TALK_TO[a]}" 3>&- &
	hang_up a
	ended a
	assert_equal "$status" 0
	assert_log 'end=stalled$'
}
