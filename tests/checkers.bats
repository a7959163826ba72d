#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
#
# The checkpassword interface to the letter, with checkers that keep to it and
# checkers that do not; and popin as the program that a checker starts for
# another server.
load lib
load serve

# checker [ARGUMENT...]: makes the shell script on stdin the checker.
checker()
{
	SEEN=$BATS_TEST_TMPDIR/seen
	mkdir -p "$SEEN"
	own "$SEEN"
	cat >"$BATS_TEST_TMPDIR/checker"
	chmod 755 "$BATS_TEST_TMPDIR/checker"
	CHAIN=(env "SEEN=$SEEN" "${AS[@]}" "$BIN/popin"
	    -m "maildir:$MAILDIR" --delay 0 --cleartext always --checker-timeout "${SECONDS_LEFT:-20}"
	    --checker /bin/bash "$BATS_TEST_TMPDIR/checker" "$@")
}

# try REPLY: a dialogue that logs in as anna, with the password secret.  popin
# must answer that with REPLY, and exit with 0.
try()
{
	pop3 <<-EOT
	USER anna	=> +OK
	PASS secret	=> $1
	EOT
	assert_equal "$status" 0
}

is_gone()
{
	! kill -0 "$1" 2>/dev/null
}

# assert_ended FILE: the process whose pid the checker wrote into FILE ends.
assert_ended()
{
	local pid

	pid=$(cat "$SEEN/$1")
	[ "$pid" -gt 1 ]
	wait_until 10 is_gone "$pid" || fail "$1 is still there"
}

# --- the interface

@test "descriptor 3 has name, password and an empty timestamp, and then ends" {
	checker <<-'EOT'
	cat <&3 >"$SEEN/got"
	exit 1
	EOT
	try '-ERR [AUTH]'
	printf 'anna\0secret\0\0' | cmp - "$SEEN/got"
}

@test "the longest name and password make no more than 512 octets" {
	checker <<-'EOT'
	cat <&3 >"$SEEN/got"
	exit 1
	EOT
	LINE_END=LF pop3 <<-'EOT'
	USER \{n*249}	=> +OK
	PASS \{p*249}	=> -ERR [AUTH]
	EOT
	perl -e 'print "n" x 249, "\0", "p" x 249, "\0\0"' | cmp - "$SEEN/got"
	# RFC 4616 allows 255 octets for each; then there is no timestamp
	LINE_END=LF pop3 <<-EOT
	AUTH PLAIN	=> + 
	$(perl -MMIME::Base64 -e 'print encode_base64("\0" . "n" x 255 .
	    "\0" . "p" x 255, "")')	=> -ERR [AUTH]
	EOT
	perl -e 'print "n" x 255, "\0", "p" x 255, "\0"' | cmp - "$SEEN/got"
	[ "$(wc -c <"$SEEN/got")" -le 512 ]
}

@test "a checker gets its own arguments, then the command of the session" {
	checker one 'two words' <<-'EOT'
	printf '%s\n' "$@" >"$SEEN/arguments"
	exit 1
	EOT
	try '-ERR [AUTH]'
	assert_equal "$(sed -n 1,3p "$SEEN/arguments")" "one
two words
$BIN/popin"
	grep -qx session "$SEEN/arguments"
}

@test "a checker has the super-server's environment and the client's address" {
	checker <<-'EOT'
	echo "$SETTING $TCPREMOTEIP $TCPREMOTEPORT" >"$SEEN/environment"
	exit 1
	EOT
	CHAIN=(env SETTING=some REMOTE_ADDR=::ffff:192.0.2.7 REMOTE_PORT=40112
	    "${CHAIN[@]}")
	try '-ERR [AUTH]'
	assert_equal "$(cat "$SEEN/environment")" 'some 192.0.2.7 40112'
}

@test "exit 1 of a checker is a wrong password, all others a login error" {
	local code

	checker <<<'exit 1'
	try '-ERR [AUTH]'
	assert_log_lines 1
	assert_log 'login failed: .*reason=credentials'
	checker <<<'exit 111'
	try '-ERR [SYS/TEMP]'
	assert_log_lines 1
	assert_log 'login error: .*reason=temporary'
	for code in 0 2 3 100 110 112 255; do
		checker <<<"exit $code"
		try '-ERR [SYS/TEMP]'
		assert_log_lines 2
		assert_log "^popin: the checker did not become the session: status=$code\$"
		assert_log 'login error: .*reason=checker'
		refute_log 'login failed:|login: '
	done
}

@test "a checker that a signal ends is a login error, no failed login" {
	local name

	for name in KILL SEGV TERM PIPE ABRT; do
		checker <<<"kill -$name \$\$; sleep 60"
		try '-ERR [SYS/TEMP]'
		assert_log "^popin: the checker was ended by a signal: signal=$(kill -l "$name")\$"
		refute_log 'login failed:|login: '
	done
}

@test "a checker starts with the default action of every signal, none blocked" {
	checker <<-'EOT'
	grep -E '^Sig(Blk|Ign)' /proc/self/status >"$SEEN/signals"
	exit 1
	EOT
	try '-ERR [AUTH]'
	while IFS=$': \t' read -r name mask; do
		# 32 and 33 are the C library's own
		assert_equal "$name $((16#$mask & 16#7fffffff))" "$name 0"
	done <"$SEEN/signals"
	assert_equal "$(wc -l <"$SEEN/signals")" 2
}

@test "a checker that reads nothing of descriptor 3 may accept or refuse" {
	checker <<<'exit 1'
	try '-ERR [AUTH]'
	three_messages
	checker <<<'exec 3<&-; USER=anna HOME=/ exec "$@"'
	try '+OK 3 84'
}

@test "each try asks the checker anew, whatever happened before" {
	three_messages
	checker <<-'EOT'
	IFS= read -r -d '' -u 3 name
	IFS= read -r -d '' -u 3 password
	exec 3<&-
	case $password in
	later) exit 111 ;;
	crash) kill -SEGV $$ ;;
	good) USER=anna HOME=/ exec "$@" ;;
	esac
	exit 1
	EOT
	pop3 <<-'EOT'
	USER anna	=> +OK
	PASS later	=> -ERR [SYS/TEMP]
	USER anna	=> +OK
	PASS bad	=> -ERR [AUTH]
	USER anna	=> +OK
	PASS crash	=> -ERR [SYS/TEMP]
	USER anna	=> +OK
	PASS good	=> +OK 3 84
	QUIT		=> +OK
	EOT
}

# --- what a checker leaves behind

@test "a checker that hangs is ended together with what it started" {
	SECONDS_LEFT=1 checker <<-'EOT'
	trap '' TERM HUP INT
	echo $$ >"$SEEN/self"
	bash -c 'trap "" TERM HUP; echo $$ >"$SEEN/child"; exec sleep 600' &
	wait
	EOT
	try '-ERR [SYS/TEMP]'
	assert_log '^popin: the checker took too long: seconds=1$'
	assert_log 'login error: .*reason=timeout'
	assert_ended self
	assert_ended child
}

@test "a checker that hangs before it reads the password is ended, too" {
	SECONDS_LEFT=1 checker <<<'echo $$ >"$SEEN/self"; exec sleep 600'
	try '-ERR [SYS/TEMP]'
	assert_ended self
}

@test "a process that a refusing checker leaves is ended, and delays nothing" {
	checker <<-'EOT'
	sleep 600 &
	echo $! >"$SEEN/child"
	exit 1
	EOT
	try '-ERR [AUTH]'
	assert_ended child
}

@test "a process that a crashed checker leaves is ended" {
	checker <<-'EOT'
	sleep 600 &
	echo $! >"$SEEN/child"
	kill -SEGV $$
	EOT
	try '-ERR [SYS/TEMP]'
	assert_ended child
}

@test "the monitor keeps no zombies and no descriptors of checkers" {
	local fds

	need pgrep procps
	checker <<-'EOT'
	(exit 3) &
	exit 111
	EOT
	talk a "${CHAIN[@]}"
	hear a
	[ "$(id -u)" != 0 ] || fds=$(find "/proc/${TALK_PID[a]}/fd" | wc -l)
	for i in 1 2 3; do
		ask a 'USER anna' '+OK*'
		ask a 'PASS secret' '-ERR*'
		# only login
		assert_equal "$(pgrep -c -P "${TALK_PID[a]}")" 1
		[ "$(id -u)" != 0 ] ||
		    assert_equal "$(find "/proc/${TALK_PID[a]}/fd" | wc -l)" \
			"$fds"
	done
	leave a
}

# --- descriptor 4

@test "only the session's own word on descriptor 4 counts as a login" {
	checker <<-'EOT'
	printf 'rubbish' >&4
	exit 1
	EOT
	pop3 <<-'EOT'
	USER anna	=> +OK
	PASS secret
	EOT
	grep -q '^-ERR' "$OUT" || fail "no answer: $(cat "$OUT")"
	refute_log 'login: |session:'
}

@test "a checker that closes descriptor 4 before the session is an error" {
	three_messages
	checker <<<'cat <&3 >/dev/null; exec 3<&- 4<&-; USER=anna HOME=/ exec "$@"'
	try '-ERR [SYS/TEMP]'
	assert_log 'closed descriptor 4'
	refute_log 'login: |session: '
}

@test "popin waits for a checker that closes descriptor 4 and goes on" {
	checker <<<'exec 4<&-; sleep 0.3; exit 1'
	try '-ERR [AUTH]'
}

# --- somebody else's checker, somebody else's chain

# foreign_checker: sets CHECKER to a program in Perl that does what D. J.
# Bernstein's description of the interface says, and knows nothing of popin.
foreign_checker()
{
	CHECKER=$BATS_TEST_TMPDIR/checkpassword
	cat >"$CHECKER" <<-'EOT'
	#!/usr/bin/perl
	use strict;
	open(my $in, '<&=', 3) or exit 2;
	local $/;
	my ($user, $pass, $stamp) = split /\0/, <$in>, -1;
	close $in;
	defined $stamp or exit 2;
	@ARGV or exit 2;
	$user eq 'anna' and $pass eq 'foreign secret' or exit 1;
	@ENV{qw(USER HOME SHELL)} = ('anna', '/', '/bin/sh');
	chdir '/' or exit 111;
	exec { $ARGV[0] } @ARGV or exit 111;
	EOT
	chmod 755 "$CHECKER"
}

@test "a checker that knows nothing of popin can start a whole session" {
	three_messages
	foreign_checker
	CHAIN=("${AS[@]}" "$BIN/popin" -m "maildir:$MAILDIR" --delay 0
	    --checker "$CHECKER")
	pop3 <<-'EOT'
	USER anna		=> +OK
	PASS wrong		=> -ERR [AUTH]
	USER anna		=> +OK
	PASS foreign secret	=> +OK 3 84
	DELE 2			=> +OK
	QUIT			=> +OK
	EOT
	assert_equal "$status" 0
	assert_files new/1.one new/3.three
}

@test "popin in another server's chain answers PASS and serves the session" {
	three_messages
	foreign_checker
	CHAIN=("${AS[@]}" perl "$BIN/popup.pl" "$CHECKER"
	    "$BIN/popin" -R session -m "maildir:$MAILDIR")
	pop3 <<-'EOT'
	USER anna		=> +OK
	PASS foreign secret	=> +OK 3 84
	STAT			=> =+OK 3 84
	DELE 2			=> +OK
	QUIT			=> +OK
	EOT
	assert_equal "$status" 0
	assert_files new/1.one new/3.three
	assert_log '^popin: session: ip=- user="anna" .* end=quit$'
}

@test "popin-checkpassword and popin work in another server's chain" {
	three_messages
	CHAIN=("${AS[@]}" perl "$BIN/popup.pl" "$BIN/popin-checkpassword"
	    -f "$PASSWD" "$BIN/popin" -R session -m "maildir:$MAILDIR")
	pop3 <<-'EOT'
	USER anna		=> +OK
	PASS secret		=> +OK 3 84
	QUIT			=> +OK
	EOT
	assert_equal "$status" 0
	pop3 <<-'EOT'
	USER anna		=> +OK
	PASS wrong		=> -ERR
	STAT			=> (end)
	EOT
}

# bats test_tags=root
@test "in another server's chain popin never serves root" {
	[ "$(id -u)" = 0 ] || skip 'needs root'
	three_messages
	foreign_checker
	CHAIN=(perl "$BIN/popup.pl" "$CHECKER"
	    "$BIN/popin" -R session -m "maildir:$MAILDIR")
	printf '%s\r\n' 'USER anna' 'PASS foreign secret' STAT | raw_pop3
	grep -q '^-ERR \[SYS/PERM\]' "$OUT" || fail "$(cat "$OUT")"
	! grep -q '^+OK 3' "$OUT" || fail 'root has mail'
}

@test "a checker that always exits with 111 is asked ten times at most" {
	checker <<<'exit 111'
	for ((i = 0; i < 15; i++)); do
		printf 'USER anna\r\nPASS secret\r\n'
	done >"$IN"
	limited "${CHAIN[@]}"
	assert_equal "$status" 0
	assert_equal "$(grep -c '^-ERR \[SYS/TEMP\]' "$OUT")" 10
	assert_equal "$(grep -c 'login error:' "$LOG")" 10
}
