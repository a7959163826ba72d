#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
load lib

# What a super-server or a checker leaves to what it executes.  popin clears
# what can be there by accident, and keeps what somebody has set on purpose.
# The table is in src/README, "What is inherited".

setup()
{
	lib_setup
	three_messages
	need perl perl
}

# before SERVER CHECKER: starts popin as talk does, under the name a, and logs
# in.  Its super-server and its checker do this, in Perl, before they execute
# what comes next.  Sets LOGIN_CAPS, while there is a login, and SESSION_PID.
before()
{
	talk a "${AS[@]}" perl -e "$PRELUDE $1; exec @ARGV" \
	    "$BIN/popin" -m "maildir:$MAILDIR" --delay 0 --checker \
	    env USER=anna HOME="$BATS_TEST_TMPDIR" \
	    perl -e "$PRELUDE $2; exec @ARGV"
	hear a
	ask a 'USER anna' '+OK*'
	LOGIN_CAPS=$(capabilities_of "$(pgrep -P "${TALK_PID[a]}")")
	ask a 'PASS secret' '+OK 3 *'
	SESSION_PID=$(pgrep -P "${TALK_PID[a]}")
}

capabilities_of()
{
	grep 'Cap[PE]' "/proc/$1/status" | tr -d '\t\n'
}

# after N: the session still works after N seconds or more, and ends well.  A
# longer wait changes nothing.
after()
{
	sleep "$1"
	ask a STAT '+OK 3 84'
	ask a QUIT '+OK*'
	leave a
	assert_equal "$status" 0
	assert_log 'session: .* end=quit'
}

PRELUDE='use Time::HiRes; use POSIX ":signal_h";
	sub hold { sigprocmask(SIG_BLOCK, POSIX::SigSet->new(@_)) }'

# assert_same WHAT COMMAND...: COMMAND prints the same for the monitor and the
# session, and something else for this shell, where nothing was set.
assert_same()
{
	local pid what=$1 here

	shift
	here=$("$@" $$)
	for pid in "${TALK_PID[a]}" "$SESSION_PID"; do
		assert_equal "$what $("$@" "$pid")" \
		    "$what $("$@" "${TALK_PID[a]}")"
	done
	[ "$here" != "$("$@" "$pid")" ] || fail "$what is as usual: $here"
}

# --- cleared

@test "an alarm that a super-server or a checker has set ends no session" {
	before 'alarm 1' 'alarm 1'
	after 2
}

@test "an interval timer of a super-server or a checker ends no session" {
	before 'Time::HiRes::setitimer(0, 0.2, 0.2)' \
	    'Time::HiRes::setitimer(0, 0.2, 0.2)'
	after 1
}

# Sending this message takes more processor time than the timers allow.
@test "a timer of processor time ends no session" {
	local timer

	{
		printf 'Subject: large\n\n'
		yes 'a line of a large message' | head -n 2000000
	} | deliver 9.large
	for timer in 1 2; do
		CHAIN=("${AS[@]}" perl -e "$PRELUDE"'
			Time::HiRes::setitimer('"$timer"', 0.004, 0.004);
			exec @ARGV' "$BIN/popin" -R session
			-m "maildir:$MAILDIR")
		printf 'RETR 4\r\nQUIT\r\n' >"$IN"
		limited env USER=anna HOME="$BATS_TEST_TMPDIR" "${CHAIN[@]}"
		assert_equal "$timer $status" "$timer 0"
		assert_log 'session: .* retr=1/.* end=quit'
	done
}

@test "signals of timers that are blocked and pending end no session" {
	local each='for (SIGALRM, SIGVTALRM, SIGPROF) { hold($_); kill $_, $$ }'

	before "$each" "$each"
	after 0
}

@test "SIGTERM ends monitor and session even if it was blocked or ignored" {
	local how

	for how in 'hold(SIGTERM)' '$SIG{TERM} = "IGNORE"'; do
		# the monitor
		talk "m$how" "${AS[@]}" perl -e "$PRELUDE $how; exec @ARGV" \
		    "${CHAIN[@]:${#AS[@]}}"
		hear "m$how"
		kill -TERM "${TALK_PID["m$how"]}"
		gone "m$how"
		assert_equal "$status" 143
		# the session
		before "$how" "$how"
		kill -TERM "$SESSION_PID"
		gone a
		assert_log 'session: .* end=signal'
		rm -r "$BATS_TEST_TMPDIR/talk.a"
	done
}

# A super-server that ignores SIGCHLD lets the kernel reap its children.
@test "ends of processes are noticed even if SIGCHLD was ignored" {
	before '$SIG{CHLD} = "IGNORE"' '$SIG{CHLD} = "IGNORE"'
	after 0
	run "${AS[@]}" perl -e '$SIG{CHLD} = "IGNORE"; exec @ARGV' \
	    "${CHAIN[@]:${#AS[@]}}" --check-user bert
	assert_equal "$status" 78
}

@test "files are for their user alone, whatever the umask was" {
	before 'umask 0' 'umask 0'
	assert_equal "$(stat -c %a "$MAILDIR/popin.state")" 600
	after 0
}

@test "capabilities of a super-server reach neither login nor session" {
	local none='CapPrm:0000000000000000CapEff:0000000000000000'

	[ "$(id -u)" = 0 ] || skip 'needs root'
	AS=(setpriv --reuid "$TEST_UID" --regid "$TEST_UID" --clear-groups
	    '--inh-caps=+dac_override,+net_bind_service'
	    '--ambient-caps=+dac_override,+net_bind_service' --)
	before '' ''
	assert_equal "$LOGIN_CAPS" "$none"
	assert_equal "$(capabilities_of "$SESSION_PID")" "$none"
	after 0
}

# --- refused

# This one of securebits(7) lets a process that becomes a user keep root's
# capabilities.
@test "nobody is served if giving up root does not take its rights away" {
	[ "$(id -u)" = 0 ] || skip 'needs root'
	mkdir -m 755 "$BATS_TEST_TMPDIR/jail"
	printf 'STAT\r\n' >"$IN"
	limited setpriv --securebits +no_setuid_fixup -- "$BIN/popin" \
	    --user 54320:54320 --jail "$BATS_TEST_TMPDIR/jail"
	assert_log 'cannot give up privilege'
	assert_equal "$(cat "$OUT")" \
	    $'-ERR [SYS/PERM] the server is not set up\r'
}

# --- kept

nice_of()
{
	ps -o ni= -p "$1"
}

policy_of()
{
	chrt -p "$1" | sed 's/.*: //'
}

ionice_of()
{
	ionice -p "$1"
}

oom_of()
{
	cat "/proc/$1/oom_score_adj"
}

personality_of()
{
	cat "/proc/$1/personality"
}

no_new_privs_of()
{
	grep NoNewPrivs "/proc/$1/status"
}

# A session makes its soft limits its hard ones.
hard_limit_of()
{
	sed -n "s/^$2  *[^ ]*  *\([^ ]*\) .*/\1/p" "/proc/$1/limits"
}

fsize_of()
{
	hard_limit_of "$1" 'Max file size'
}

cpu_of()
{
	hard_limit_of "$1" 'Max cpu time'
}

stack_of()
{
	hard_limit_of "$1" 'Max stack size'
}

@test "priority, scheduling, OOM score and personality stay as they were set" {
	need chrt util-linux
	AS+=(nice -n 5 ionice -c 2 -n 7 setarch -R)
	before 'open F, ">/proc/self/oom_score_adj"; print F 700; close F' ''
	assert_same nice nice_of
	assert_same ionice ionice_of
	assert_same oom_score_adj oom_of
	assert_same personality personality_of
	after 0
	rm -r "$BATS_TEST_TMPDIR/talk.a"
	AS+=(chrt --idle 0)
	before '' ''
	assert_same policy policy_of
	after 0
}

@test "resource limits stay as they were set" {
	AS+=(prlimit --fsize=10000000 --cpu=100 --stack=8000000 --)
	before '' ''
	assert_same fsize fsize_of
	assert_same cpu cpu_of
	assert_same stack stack_of
	after 0
}

# The state file cannot be written then; everything else works.
@test "a limit of 0 on the size of files costs no message and no session" {
	AS+=(prlimit --fsize=0 --)
	before '' ''
	ask a 'DELE 1' '+OK*'
	ask a QUIT '+OK*'
	leave a
	assert_files cur/2.two:2,S new/3.three
}

@test "popin outlives a hangup if SIGHUP was ignored, as with nohup" {
	talk a "${AS[@]}" perl -e '$SIG{HUP} = "IGNORE"; exec @ARGV' \
	    "${CHAIN[@]:${#AS[@]}}"
	hear a
	kill -HUP "${TALK_PID[a]}"
	ask a 'USER anna' '+OK*'
	ask a 'PASS secret' '+OK 3 *'
	after 0
}
