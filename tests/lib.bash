# shellcheck shell=bash disable=SC2119,SC2120
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
#
# What the test files share.  Tests drive the real programs through stdin and
# stdout; nothing of popin is replaced.
#
#	POPIN, CHECKPASSWORD, IMPORT	the programs to test (default: the build's)
#
# popin serves nobody as uid 0.  Where the suite runs as root (CI), popin runs
# as an ordinary number without an account; the programs are copied to a place
# which that uid can reach.  Tests that need root have the tag `root`.

# `... | session` must set variables here
shopt -s lastpipe

# The load.bash of these libraries starts a dirname(1) for each of these files,
# for each test.
for part in /usr/lib/bats/bats-{support,assert}/src/*.bash; do
	# shellcheck disable=SC1090
	. "$part"
done
unset part

TESTS_SRC=${BATS_TEST_DIRNAME:-.}
POPIN=${POPIN:-${abs_top_builddir:-$TESTS_SRC/..}/popin}
CHECKPASSWORD=${CHECKPASSWORD:-$(dirname "$POPIN")/popin-checkpassword}
IMPORT=${IMPORT:-$(dirname "$POPIN")/popin-import}
TEST_UID=54321

AS=()
if [ "$EUID" = 0 ]; then
	AS=(setpriv --reuid "$TEST_UID" --regid "$TEST_UID" --clear-groups --)
fi

# The limit for anything that hangs; no test waits for it to pass.  A sanitizer
# takes longer and has memory of its own (kB): see tests/sanitized.
LIMIT=${POPIN_TEST_LIMIT:-60}
EXTRA_KB=${POPIN_TEST_EXTRA_KB:-0}

# For sh -c, behind unshare -m: an /etc to change.  A file mounted on one of the
# real /etc would be gone when another test's useradd(8) replaces that one.
# shellcheck disable=SC2034
OWN_ETC='mount -t tmpfs etc /mnt && { cp -a /etc /mnt/ 2>/dev/null || :; } &&
    mount --bind /mnt/etc /etc'

# servers are there; the PATH of ordinary users may not have these
PATH=$PATH:/usr/sbin:/sbin

declare -gA TALK_TO=() TALK_FROM=() TALK_PID=()

# cannot WHY: fails in CI, where no test may be left out; skips elsewhere.
cannot()
{
	[ -z "${CI:-}" ] || fail "$1"
	skip "$1"
}

# need PROGRAM PACKAGE: cannot, if PROGRAM is missing.  PACKAGE is Debian's.
need()
{
	command -v "$1" >/dev/null && return
	cannot "$1 is missing; Debian has it in the package $2"
}

# not_under TOOL WHY: skips a test of something that TOOL, asan or valgrind,
# changes.  tests/sanitized says when it is there.
not_under()
{
	[ "${POPIN_TEST_TOOL:-}" != "$1" ] || skip "under $1 $2"
}

# is_i386: true if the programs to test are for i386, whatever this machine is.
is_i386()
{
	need readelf binutils
	LC_ALL=C readelf -h "$POPIN" | grep -q 'Machine:.*80386'
}

# sees_socket_calls: skips a test if strace(1) cannot tell send(2) from recv(2)
# and the like.  glibc for i386 and s390x makes them all by one system call,
# socketcall(2).  Which it is strace reads in popin's memory, as only root may.
sees_socket_calls()
{
	need readelf binutils
	[ "$EUID" != 0 ] &&
	    LC_ALL=C readelf -h "$POPIN" | grep -Eq 'Machine:.*(80386|S/390)' ||
	    return 0
	skip 'only root sees which socketcall(2) is which'
}

# called NAME...: prints these system calls for strace(1), with the names that
# they have on 32 bits as well.
called()
{
	local IFS='|'

	printf '/^(%s)(32|64)?$' "$*"
}

lib_setup_file()
{
	# bats makes its directories 0700
	chmod a+x "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/test" \
	    "$BATS_RUN_TMPDIR/file" "$BATS_FILE_TMPDIR" 2>/dev/null || :
	# mergerfs must be able to read a program that it runs; these are 0711
	if [ -n "${POPIN_TEST_PROGRAMS:-}" ]; then
		ln -s "$(mktemp -d "$POPIN_TEST_PROGRAMS/XXXXXX")" \
		    "$BATS_FILE_TMPDIR/bin"
	else
		mkdir "$BATS_FILE_TMPDIR/bin"
	fi
	cp "$POPIN" "$BATS_FILE_TMPDIR/bin/popin"
	cp "$IMPORT" "$BATS_FILE_TMPDIR/bin/popin-import"
	# some of them run as that uid, and the tree may be closed to it
	cp "$TESTS_SRC"/*.pl "$TESTS_SRC"/*.py "$BATS_FILE_TMPDIR/bin"
	if [ -e "$CHECKPASSWORD" ]; then
		cp "$CHECKPASSWORD" "$BATS_FILE_TMPDIR/bin/popin-checkpassword"
	fi
	chmod -R a+rX "$BATS_FILE_TMPDIR/bin"
	chmod a+x "$BATS_FILE_TMPDIR/bin" "$BATS_FILE_TMPDIR/bin"/*
	# the mode of installed programs; under valgrind popin is a script,
	# which must be readable
	[ "${POPIN_TEST_TOOL:-}" = valgrind ] ||
	    chmod 711 "$BATS_FILE_TMPDIR/bin"/popin*
}

lib_setup()
{
	local t=$BATS_TEST_TMPDIR

	chmod a+x "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/test" "$t"
	BIN=$BATS_FILE_TMPDIR/bin
	[ ! -L "$BIN" ] || BIN=$(readlink "$BIN")
	SCRIPT=$t/script IN=$t/in OUT=$t/out LOG=$t/log
	MAILDIR=$t/Maildir
	maildir "$MAILDIR"
	passwd_file 'anna:{PLAIN}secret'
	as_session
	as_chain
}

lib_teardown()
{
	local name

	for name in "${!TALK_PID[@]}"; do
		kill -KILL "${TALK_PID[$name]}" 2>/dev/null || :
		reap "${TALK_PID[$name]}"
	done
}

setup_file()
{
	lib_setup_file
}

setup()
{
	lib_setup
}

teardown()
{
	lib_teardown
}

# own PATH...: gives files to the uid that popin runs as.
own()
{
	if [ "$EUID" = 0 ]; then
		chown -h "$TEST_UID:$TEST_UID" "$@"
	fi
}

# maildir PATH: makes an empty Maildir.
maildir()
{
	mkdir -p "$1/new" "$1/cur" "$1/tmp"
	own "$1" "$1/new" "$1/cur" "$1/tmp"
}

# deliver NAME [new|cur]: puts stdin into the Maildir, as a delivery does.
deliver()
{
	cat >"$MAILDIR/tmp/delivery"
	own "$MAILDIR/tmp/delivery"
	mv "$MAILDIR/tmp/delivery" "$MAILDIR/${2:-new}/$1"
}

# three_messages: delivers messages of 31, 28 and 25 octets on the wire.
three_messages()
{
	printf 'Subject: one\n\nfirst message\n' | deliver 1.one
	printf 'Subject: two\n\nthe second\n' | deliver 2.two:2,S cur
	printf 'Subject: three\n\nthird\n' | deliver 3.three
}

# passwd_file LINE...: makes PASSWD, the accounts of the whole chain.
passwd_file()
{
	PASSWD=$BATS_TEST_TMPDIR/passwd
	printf '%s\n' "$@" >"$PASSWD"
	chmod 600 "$PASSWD"
	own "$PASSWD"
}

# as_session [OPTION...]: sets SESSION, the command of a session that is
# logged in already.
as_session()
{
	SESSION=(env USER=anna HOME="$BATS_TEST_TMPDIR" "${AS[@]}"
	    "$BIN/popin" -R session -m "maildir:$MAILDIR" "$@")
}

# as_chain [OPTION...]: sets CHAIN, the command of the whole of popin.
as_chain()
{
	CHAIN=("${AS[@]}" "$BIN/popin" -P "$PASSWD" -m "maildir:$MAILDIR"
	    --delay 0 --cleartext "${CLEARTEXT:-always}" "$@")
}

# limited COMMAND...: runs it with IN as its input, OUT as its output and LOG as
# its log, and fails if it does not end within LIMIT seconds; sets status.
limited()
{
	status=0
	timeout -k 5 "$LIMIT" "$@" <"$IN" >"$OUT" 2>"$LOG" 3>&- || status=$?
	if [ "$status" = 124 ] || [ "$status" = 137 ]; then
		fail "popin did not end"
	fi
}

# judge ARGUMENT...: runs dialogue.pl; fails with what that says, and the log.
judge()
{
	perl "$TESTS_SRC/dialogue.pl" "$@" 2>"$BATS_TEST_TMPDIR/judgement" ||
	    fail "$(cat "$BATS_TEST_TMPDIR/judgement"; echo 'log:'; cat "$LOG")"
}

# dialogue COMMAND...: has the dialogue on stdin (see dialogue.pl) with COMMAND,
# and fails if a reply is not as it says; sets status.
dialogue()
{
	cat >"$SCRIPT"
	perl "$TESTS_SRC/dialogue.pl" commands "$SCRIPT" "${LINE_END:-CRLF}" \
	    >"$IN"
	limited "$@"
	judge check "$SCRIPT" "$OUT"
}

# session [OPTION...], pop3 [OPTION...]: a dialogue from the login on, and one
# with the whole chain.
session()
{
	dialogue "${SESSION[@]}" "$@"
}

pop3()
{
	dialogue "${CHAIN[@]}" "$@"
}

# raw_session [OPTION...], raw_pop3 [OPTION...]: stdin goes to popin as it is.
raw_session()
{
	cat >"$IN"
	limited "${SESSION[@]}" "$@"
}

raw_pop3()
{
	cat >"$IN"
	limited "${CHAIN[@]}" "$@"
}

# writes COMMAND...: plays the script on stdin (see wire.pl) with COMMAND; sets
# records to one line for each write(2) to the client.
# shellcheck disable=SC2034
writes()
{
	cat >"$SCRIPT"
	perl "$TESTS_SRC/wire.pl" writes "$SCRIPT" "$@" >"$OUT" 2>"$LOG" 3>&- ||
	    fail "$(cat "$LOG"; tail -c 500 "$OUT")"
	mapfile -t records <"$OUT"
}

# body_of N: prints the body of the reply to the Nth command of the last
# dialogue.
body_of()
{
	judge body "$1" "$SCRIPT" "$OUT"
}

# messages_match FILE...: STAT, LIST, RETR and TOP of the last dialogue told
# the truth about the messages in FILE..., in this order.
messages_match()
{
	judge messages "$SCRIPT" "$OUT" "$@"
}

# files_in: prints what is in new and cur, one name per line.
files_in()
{
	(cd "$MAILDIR" && find new cur -mindepth 1 | LC_ALL=C sort)
}

# assert_files [NAME...]: new and cur have these files and no others.
assert_files()
{
	assert_equal "$(files_in)" "$(printf '%s\n' "$@" | LC_ALL=C sort)"
}

# assert_log PATTERN, refute_log PATTERN: a line of LOG matches; none does.
assert_log()
{
	grep -Eq -e "$1" "$LOG" || fail "not in the log: $1
$(cat "$LOG")"
}

refute_log()
{
	! grep -E -e "$1" "$LOG" || fail "in the log: $1"
}

# assert_log_lines N: LOG has so many lines.
assert_log_lines()
{
	assert_equal "$(wc -l <"$LOG")" "$1"
}

# --- sessions in which something happens between two commands

# talk NAME COMMAND...: starts COMMAND with stdin and stdout on two FIFOs.  The
# functions below know it by NAME.  Sets LOG to its log.
talk()
{
	local name=$1 dir=$BATS_TEST_TMPDIR/talk.$1 fd

	shift
	mkdir "$dir"
	mkfifo "$dir/to" "$dir/from"
	(
		exec 3>&-
		for fd in "${TALK_TO[@]}" "${TALK_FROM[@]}"; do
			exec {fd}>&-
		done
		exec "$@" <"$dir/to" >"$dir/from" 2>"$dir/log"
	) &
	TALK_PID[$name]=$!
	exec {fd}>"$dir/to"
	TALK_TO[$name]=$fd
	exec {fd}<"$dir/from"
	TALK_FROM[$name]=$fd
	LOG=$dir/log
}

# tell NAME LINE: sends a line.
tell()
{
	printf '%s\r\n' "$2" >&"${TALK_TO[$1]}"
}

# hear NAME: sets reply to the next line.
hear()
{
	reply=
	IFS= read -r -t "$LIMIT" -u "${TALK_FROM[$1]}" reply ||
	    fail "$1: no answer, only '$reply'"
	reply=${reply%$'\r'}
}

# ask NAME LINE [PATTERN]: tell and hear; the reply must match PATTERN (a glob).
ask()
{
	tell "$1" "$2"
	hear "$1"
	# shellcheck disable=SC2053
	if [ $# -gt 2 ] && [[ $reply != $3 ]]; then
		fail "$2: $reply, not $3"
	fi
}

# hear_body NAME: sets body to the lines up to the final dot.
hear_body()
{
	body=
	while hear "$1" && [ "$reply" != . ]; do
		body+=$reply$'\n'
	done
}

# reap PID: waits for it and sets status, without bash's message about children
# that were killed.
reap()
{
	status=0
	{ wait "$1" || status=$?; } 2>/dev/null
}

# gone NAME: waits for popin to end by itself; sets status, and rest to a file
# with what it still sent.
gone()
{
	rest=$BATS_TEST_TMPDIR/talk.$1/rest
	timeout "$LIMIT" cat <&"${TALK_FROM[$1]}" >"$rest" 3>&- ||
	    fail "$1: did not end"
	reap "${TALK_PID[$1]}"
	unset "TALK_PID[$1]"
	hang_up "$1"
}

# hang_up NAME: closes our side of the line to popin.
hang_up()
{
	local fd=${TALK_TO[$1]:-}

	if [ -n "$fd" ]; then
		exec {fd}>&-
		unset "TALK_TO[$1]"
	fi
}

# leave NAME: hangs up, and popin must end.
leave()
{
	hang_up "$1"
	gone "$1"
}
