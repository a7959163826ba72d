#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
load lib
load serve
load privsep

# bats file_tags=root
# Root starts popin, or a server with popin behind it, from a terminal.  A
# process that becomes another user never has that terminal, and that user never
# gets hold of the process.

setup()
{
	privsep_setup
	need script bsdutils
	need strace strace
}

teardown()
{
	privsep_teardown
}

# at_terminal COMMAND...: runs it as typed at a terminal of root; the screen is
# in OUT.
at_terminal()
{
	LC_ALL=C timeout -k 5 "$LIMIT" script -qec "$(printf '%q ' "$@")" \
	    /dev/null </dev/null >"$OUT" 2>&1 3>&-
}

# serve_at_terminal COMMAND...: runs tcpserver with COMMAND as typed at a
# terminal of root; sets SERVER to it.
serve_at_terminal()
{
	start script -qefc "exec $(printf '%q ' tcpserver -RHl0 127.0.0.1 \
	    "$PORT" "$@")" /dev/null
	SERVER=$(pgrep -P "$SERVER")
	SESSION_OF_STARTER=$(field 6 "$SERVER")
	[ "$(field 7 "$SERVER")" != 0 ] || fail 'the server has no terminal'
}

# field N PID: of /proc/PID/stat; 6 is the session, 7 the terminal.
field()
{
	sed 's/.*) /1 2 /' "/proc/$2/stat" | cut -d ' ' -f "$1"
}

# assert_no_terminal PID
assert_no_terminal()
{
	local fd

	assert_equal "terminal of $1: $(field 7 "$1")" "terminal of $1: 0"
	[ "$(field 6 "$1")" != "$SESSION_OF_STARTER" ] ||
	    fail "$1 is in the session of who started it"
	for fd in "/proc/$1/fd"/*; do
		[ ! -c "$fd" ] || [[ $(readlink "$fd") == /dev/null ]] ||
		    fail "$fd is $(readlink "$fd")"
	done
}

# as UID COMMAND...
as()
{
	setpriv --reuid "$1" --regid "$1" --clear-groups -- "${@:2}"
}

# refute_attach UID PID: another process of this user cannot trace it.
refute_attach()
{
	run as "$1" strace -o /dev/null -p "$2"
	assert_failure
	assert_output --partial 'Operation not permitted'
}

# stopped_at_exec COMMAND...: prints a command that runs it and stops each of
# its processes before the first instruction of the second program that it
# executes.
stopped_at_exec()
{
	printf '%q ' strace -f -o /dev/null -e trace=execve \
	    -e inject=execve:signal=STOP:when=2 "$@"
}

# has_begun: sets NEW to the process of TEST_UID that popin has just become.
has_begun()
{
	NEW=$(pgrep -u "$TEST_UID" -x popin) &&
	    [[ $(field 3 "$NEW") == [tT] ]]
}

# assert_out_of_reach: NEW has not executed an instruction yet, and its user
# cannot get at it.  strace(1) traces it already, so nobody else could in any
# case.  The kernel decides about these files as about tracing.
assert_out_of_reach()
{
	assert_equal "$(stat -c %u "/proc/$NEW/mem")" 0
	run as "$TEST_UID" cat "/proc/$NEW/environ"
	assert_output --partial 'Permission denied'
	run as "$TEST_UID" ls "/proc/$NEW/fd"
	assert_failure
}

# --- a server at a terminal

@test "login, session and wait have no terminal, and nobody can trace them" {
	serve_at_terminal "${ROOT[@]}"
	connect a
	find_login
	assert_no_terminal "$LOGIN"
	refute_attach "$LOGIN_UID" "$LOGIN"
	log_in a anna secret
	find_session
	assert_no_terminal "$SESSION_PID"
	assert_no_terminal "$MONITOR"
	refute_attach "$TEST_UID" "$SESSION_PID"
	refute_attach "$LOGIN_UID" "$MONITOR"
	ask a STAT '+OK 3 84'
	disconnect a
}

@test "a checker and programs that it starts have no terminal" {
	local busy

	ROOT=("$BIN/popin" --user "$LOGIN_UID:$LOGIN_UID" --jail "$JAIL"
	    -m "maildir:$MAILDIR" --checker setpriv --reuid "$TEST_UID"
	    --regid "$TEST_UID" --clear-groups -- sh -c 'sleep 600 & wait')
	serve_at_terminal "${ROOT[@]}"
	connect a
	ask a 'USER anna' '+OK*'
	tell a 'PASS secret'
	wait_until 10 pgrep -u "$TEST_UID" -x sleep
	for busy in $(pgrep -u "$TEST_UID"); do
		assert_no_terminal "$busy"
	done
	kill "$(pgrep -u "$TEST_UID" -x sleep)"
	hear a
	disconnect a
}

@test "the terminal is told where the log goes, and how to keep it there" {
	serve_at_terminal "${ROOT[@]}"
	connect a
	log_in a anna secret
	disconnect a
	assert_log '^popin: the log does not go to a terminal that users could reach, but to syslog or nowhere; to keep it here use "2>&1 \| cat"'
	refute_log 'login:|session:'
}

@test "the log stays at the terminal if it goes through a pipe" {
	serve_at_terminal sh -c '"$0" "$@" 2>&1 >&0 | cat >&2' "${ROOT[@]}"
	SERVER=$(pgrep -P "$SERVER" || echo "$SERVER")
	connect a
	log_in a anna secret
	hang_up a
	unset 'TALK_FROM[a]'
	assert_gone
	assert_log '^popin: session: '
}

@test "an error at the start is told on the terminal" {
	rmdir "$JAIL"
	at_terminal sh -c '"$@" </dev/null >/dev/null' - "${ROOT[@]}" || :
	assert_equal "$(tr -d '\r' <"$OUT")" \
	    "popin: no jail (make it with mkdir -m 755): \"$JAIL\": No such file or directory"
}

@test "root's terminal is never the client" {
	local status=0

	at_terminal "${ROOT[@]}" || status=$?
	assert_equal "$status" 78
	tr -d '\r' <"$OUT" | grep -qx 'popin: refusing to serve on root.s terminal; use pipes: "cat | popin | cat"' ||
	    fail "$(cat "$OUT")"
	grep -q '^-ERR \[SYS/PERM\] ' "$OUT" || fail "$(cat "$OUT")"
	! grep -q '+OK' "$OUT" || fail "$(cat "$OUT")"
}

@test "a user who types popin at his own terminal is served, and sees the log" {
	PASSWD=$BATS_TEST_TMPDIR/own
	echo "anna:{PLAIN}secret:$TEST_UID:$TEST_UID::$BATS_TEST_TMPDIR::" >"$PASSWD"
	chmod 600 "$PASSWD"
	own "$PASSWD"
	printf '%s\n' 'USER anna' 'PASS secret' STAT QUIT |
	    as "$TEST_UID" env LC_ALL=C timeout "$LIMIT" script -qec \
	    "$BIN/popin -P $PASSWD -m maildir:$MAILDIR" /dev/null >"$OUT" 3>&-
	tr -d '\r' <"$OUT" | grep -qx '+OK 3 84' || fail "$(cat "$OUT")"
	grep -q '^popin: session: .* end=quit' "$OUT" || fail "$(cat "$OUT")"
}

# A session at the end of another server's chain, which root has started.
@test "a session behind another server's checker leaves the terminal, too" {
	printf 'STAT\r\nQUIT\r\n' >"$IN"
	# shellcheck disable=SC2016
	at_terminal sh -c 'in=$1 out=$2; shift 2; "$@" <"$in" >"$out"' - "$IN" \
	    "$BATS_TEST_TMPDIR/replies" env USER=anna HOME="$BATS_TEST_TMPDIR" \
	    setpriv --reuid "$TEST_UID" --regid "$TEST_UID" --clear-groups -- \
	    "$BIN/popin" -R session -m "maildir:$MAILDIR"
	grep -q "^+OK 3 84" "$BATS_TEST_TMPDIR/replies" || fail "$(cat "$OUT" "$BATS_TEST_TMPDIR/replies")"
	grep -q '^popin: the log does not go to a terminal' "$OUT" ||
	    fail "$(cat "$OUT")"
	! grep -q 'session:' "$OUT" || fail "$(cat "$OUT")"
}

# --- before the first instruction

# begin_session: logs in, and waits until the session is stopped.
begin_session()
{
	start sh -c "exec tcpserver -RHl0 127.0.0.1 $PORT \
	    $(stopped_at_exec "${ROOT[@]}")"
	connect a
	ask a 'USER anna' '+OK*'
	tell a 'PASS secret'
	wait_until 10 has_begun
}

# go_on: ends what begin_session began.
go_on()
{
	kill -CONT "$NEW"
	hear a
	[[ $reply == '+OK 3 '* ]] || fail "$reply"
	disconnect a
	stop
}

@test "a session cannot be traced by its user, from the exec on" {
	begin_session
	assert_out_of_reach
	go_on
	# with a program that its user can read the same checks see a process
	# that he can trace
	chmod 755 "$BIN/popin"
	begin_session
	assert_equal "$(stat -c %u "/proc/$NEW/mem")" "$TEST_UID"
	as "$TEST_UID" cat "/proc/$NEW/environ" | tr '\0' '\n' |
	    grep -qx USER=anna
	go_on
	chmod 711 "$BIN/popin"
}

@test "make install makes programs that users can execute and not read" {
	local program

	make -s -C "${abs_top_builddir:-$(dirname "$POPIN")}" install-exec \
	    DESTDIR="$BATS_TEST_TMPDIR/installed" sbindir=/sbin \
	    >"$BATS_TEST_TMPDIR/make" 2>&1 3>&- ||
	    fail "$(cat "$BATS_TEST_TMPDIR/make")"
	[ -e "$BATS_TEST_TMPDIR/installed/sbin/popin" ]
	# popin-checkpassword is not built everywhere
	for program in "$BATS_TEST_TMPDIR/installed/sbin"/*; do
		assert_equal "$program $(stat -c %a "$program")" "$program 711"
	done
}

@test "the user that --check-user is about gets neither terminal nor process" {
	SESSION_OF_STARTER=
	start_script "$(stopped_at_exec "${ROOT[@]}" --check-user anna)"
	wait_until 10 has_begun
	assert_out_of_reach
	assert_no_terminal "$NEW"
	assert_equal "$(readlink "/proc/$NEW/fd/0")" /dev/null
	kill -CONT "$NEW"
	reap "$SCRIPT"
	assert_equal "$status" 0
	grep -q '^ok    messages: shown=3/84' "$OUT" || fail "$(cat "$OUT")"
}

start_script()
{
	LC_ALL=C setsid script -qec "$1" /dev/null </dev/null >"$OUT" 2>&1 3>&- &
	SCRIPT=$!
}

@test "--check says so when users can read the program" {
	run "${ROOT[@]}" --check
	refute_output --partial 'chmod 711'
	chmod 755 "$BIN/popin"
	run "${ROOT[@]}" --check
	assert_line "WARN  users can trace sessions that start; run chmod 711: program=\"$BIN/popin\""
	chmod 711 "$BIN/popin"
}
