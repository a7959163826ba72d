#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
load lib
load serve
load privsep

# bats file_tags=root
# Which process runs as whom, and has what, when a super-server starts popin as
# root.  The kernel tells, not popin.

setup()
{
	privsep_setup
}

teardown()
{
	privsep_teardown
}

crypt()
{
	perl -e 'print crypt($ARGV[0], $ARGV[1])' "$1" "$2"
}

start_popin()
{
	start tcpserver -RHl0 127.0.0.1 "$PORT" "${ROOT[@]}"
}

assert_login_is_caged()
{
	assert_ids "$LOGIN" "$1" "$2"
	assert_caged "$LOGIN"
	assert_equal "$(limit_of "$LOGIN" 'Max processes')" '0 0'
	assert_equal "$(readlink "/proc/$LOGIN/root")" "$JAIL"
	assert_equal "$(readlink "/proc/$LOGIN/cwd")" "$JAIL"
	assert_equal "$(find "$JAIL" -mindepth 1)" ''
	assert_equal "$(descriptors "$LOGIN")" '0 1 2 3'
	assert_equal "$(wc -c <"/proc/$LOGIN/environ")" 0
}

# assert_only_maildrop PID DIR: besides 0, 1 and 2 it has only descriptors of
# the Maildir DIR.
assert_only_maildrop()
{
	local fd

	[[ $(descriptors "$1") == '0 1 2 '* ]]
	for fd in $(descriptors "$1"); do
		[ "$fd" -gt 2 ] || continue
		case $(readlink "/proc/$1/fd/$fd") in
		"$2"|"$2/new"|"$2/cur"|"$2/popin.state") ;;
		*) fail "$fd is $(readlink "/proc/$1/fd/$fd")" ;;
		esac
	done
}

# assert_session_is_caged UID GID MAILDIR
assert_session_is_caged()
{
	assert_ids "$SESSION_PID" "$1" "$2"
	assert_caged "$SESSION_PID"
	assert_only_maildrop "$SESSION_PID" "$3"
	assert_equal "$(limit_of "$SESSION_PID" 'Max processes')" '0 0'
}

assert_wait_is_caged()
{
	assert_ids "$MONITOR" "$1" "$2"
	assert_caged "$MONITOR"
	assert_equal "$(descriptors "$MONITOR")" 2
}

# serves_nobody STATUS: popin ends with STATUS.  The client gets a [SYS/PERM]
# without details, the log has one line.
serves_nobody()
{
	printf 'USER anna\r\nPASS secret\r\nSTAT\r\n' >"$IN"
	limited "${ROOT[@]}"
	assert_equal "$status" "$1"
	assert_log_lines 1
	assert_equal "$(wc -l <"$OUT")" 1
	grep -q '^-ERR \[SYS/PERM\] ' "$OUT" || fail "$(cat "$OUT")"
	! grep -F -e "$JAIL" -e "$UNIQUE" -e "$LOGIN_UID" "$OUT" ||
	    fail 'the client was told too much'
}

# --- before the login

@test "login has its own uid, an empty root, three descriptors and a channel" {
	start_popin
	connect a
	find_login
	assert_login_is_caged "$LOGIN_UID" "$LOGIN_UID"
	assert_equal "$(status_of "$MONITOR" Uid)" '0 0 0 0'
	disconnect a
}

@test "the unprivileged account can be one of /etc/passwd" {
	account '*' -r
	ROOT+=(--user "$NAME")
	start_popin
	connect a
	find_login
	assert_login_is_caged "$(id -u "$NAME")" "$(id -g "$NAME")"
	log_in a anna secret
	find_session
	assert_wait_is_caged "$(id -u "$NAME")" "$(id -g "$NAME")"
	assert_session_is_caged "$TEST_UID" "$TEST_UID" "$MAILDIR"
	disconnect a
}

@test "login stays as it is after a wrong password" {
	start_popin
	connect a
	ask a 'USER anna' '+OK*'
	ask a 'PASS wrong' '-ERR*'
	find_login
	assert_login_is_caged "$LOGIN_UID" "$LOGIN_UID"
	disconnect a
}

# --- after the login

@test "after the login a session and a wait are left, neither root in any way" {
	start_popin
	connect a
	find_login
	log_in a anna secret
	find_session
	assert_session_is_caged "$TEST_UID" "$TEST_UID" "$MAILDIR"
	assert_wait_is_caged "$LOGIN_UID" "$LOGIN_UID"
	[ ! -e "/proc/$LOGIN" ] || fail 'login is still there'
	disconnect a
}

@test "a session has only its account's main group, and wait has none" {
	GROUPS_MADE+=("${UNIQUE}g")
	with_accounts groupadd "${UNIQUE}g"
	account "$(crypt secret '$6$rounds=1000$saltsalt')" -U -u "$TEST_UID" \
	    -G "${UNIQUE}g,root"
	ROOT=("$BIN/popin" --user "$LOGIN_UID:$LOGIN_UID" --jail "$JAIL")
	start_popin
	connect a
	log_in a "$NAME" secret
	find_session
	assert_equal "$(status_of "$SESSION_PID" Uid)" \
	    "$TEST_UID $TEST_UID $TEST_UID $TEST_UID"
	assert_equal "$(status_of "$SESSION_PID" Groups)" ''
	assert_wait_is_caged "$LOGIN_UID" "$LOGIN_UID"
	disconnect a
}

@test "each of two accounts of the system gets its own ~/Maildir" {
	local user hash names=()

	for hash in "$(crypt first '$y$j9T$saltsaltsaltsaltsalt.1')" \
	    "$(crypt second '$6$rounds=1000$saltsalt')"; do
		[[ $hash == '$'[y6]'$'* ]] || fail "crypt(3): $hash"
		account "$hash"
		names+=("$NAME")
	done
	ROOT=("$BIN/popin" --user "$LOGIN_UID:$LOGIN_UID" --jail "$JAIL"
	    --delay 0)
	start_popin
	connect a
	ask a "USER ${names[0]}"
	ask a 'PASS second' '-ERR \[AUTH\]*'
	log_in a "${names[0]}" first
	find_session
	assert_session_is_caged "$(id -u "${names[0]}")" \
	    "$(id -g "${names[0]}")" "$BATS_TEST_TMPDIR/home.${names[0]}/Maildir"
	connect b
	log_in b "${names[1]}" second
	for user in a b; do
		ask "$user" 'RETR 1' '+OK*'
		hear_body "$user"
		NAME=${names[0]}
		[ "$user" = a ] || NAME=${names[1]}
		assert_equal "$body" "Subject: $NAME"$'\n\n'"$NAME"$'\n'
		ask "$user" 'DELE 1' '+OK*'
		ask "$user" QUIT '+OK*'
		[ ! -e "$BATS_TEST_TMPDIR/home.$NAME/Maildir/new/1.x" ]
	done
	assert_gone
}

# --- nothing leaks

@test "no descriptor of the super-server reaches any process" {
	local holder fd

	# shellcheck disable=SC2016
	start bash -c 'exec 7</etc/passwd 9<>/dev/null 200</etc/passwd
	    exec "$@"' - tcpserver -RHl0 127.0.0.1 "$PORT" "${ROOT[@]}"
	holder=$(descriptors "$SERVER")
	for fd in 7 9 200; do
		[[ " $holder " == *" $fd "* ]] || fail "tcpserver: $holder"
	done
	connect a
	find_login
	assert_equal "$(descriptors "$LOGIN")" '0 1 2 3'
	assert_equal "$(descriptors "$MONITOR")" '0 1 2 3'
	[[ $(readlink "/proc/$MONITOR/fd/3") == socket:* ]]
	log_in a anna secret
	find_session
	assert_only_maildrop "$SESSION_PID" "$MAILDIR"
	assert_equal "$(descriptors "$MONITOR")" 2
	disconnect a
}

@test "the checker gets log, credentials and handoff, and not the client" {
	cat >"$BATS_TEST_TMPDIR/checker" <<-EOT
	#!/bin/sh
	ls /proc/\$\$/fd >"$BATS_TEST_TMPDIR/fds"
	readlink /proc/\$\$/fd/[012] >"$BATS_TEST_TMPDIR/what"
	exit 1
	EOT
	chmod 755 "$BATS_TEST_TMPDIR/checker"
	ROOT=("$BIN/popin" --user "$LOGIN_UID:$LOGIN_UID" --jail "$JAIL"
	    --delay 0 --checker /bin/bash "$BATS_TEST_TMPDIR/checker")
	# shellcheck disable=SC2016
	start bash -c 'exec 7</etc/passwd 9<>/dev/null 200</etc/passwd
	    exec "$@"' - tcpserver -RHl0 127.0.0.1 "$PORT" "${ROOT[@]}"
	connect a
	ask a 'USER anna' '+OK*'
	ask a 'PASS wrong' '-ERR \[AUTH\]*'
	# bash reads the script from descriptor 255
	assert_equal "$(grep -v 255 "$BATS_TEST_TMPDIR/fds" | sort -n |
	    tr '\n' ' ')" '0 1 2 3 4 '
	assert_equal "$(<"$BATS_TEST_TMPDIR/what")" \
	    "$(printf '%s\n' /dev/null "$LOG" "$LOG")"
	disconnect a
}

@test "no process of a session keeps the super-server's environment" {
	local secret=s3cr3t-of-the-super-server

	start env SECRET="$secret" tcpserver -RHl0 127.0.0.1 "$PORT" \
	    "${ROOT[@]}"
	grep -aq "$secret" "/proc/$SERVER/environ"
	connect a
	find_login
	! in_memory "$LOGIN" "$secret" || fail "login has $secret"
	log_in a anna secret
	find_session
	assert_equal "$(tr -d '\0' <"/proc/$SESSION_PID/environ")" ''
	! in_memory "$SESSION_PID" "$secret" || fail "the session has $secret"
	! grep -aq "$secret" "/proc/$MONITOR/environ" || fail "wait has $secret"
	! in_memory "$MONITOR" "$secret" || fail "wait has $secret"
	disconnect a
}

@test "the password is in no memory once the session runs" {
	root_passwd_file "anna:{PLAIN}right-horse-battery:$TEST_UID:$TEST_UID::$BATS_TEST_TMPDIR::"
	start_popin
	connect a
	ask a 'USER anna' '+OK*'
	ask a 'PASS wrong-horse-battery' '-ERR \[AUTH\]*'
	log_in a anna right-horse-battery
	find_session
	assert_forgotten horse-battery
	ask a NOOP '+OK*'
	assert_forgotten horse-battery
	disconnect a
}

@test "a pipelined password is in no memory once the session runs" {
	root_passwd_file "anna:{PLAIN}right-horse-battery:$TEST_UID:$TEST_UID::$BATS_TEST_TMPDIR::"
	start_popin
	connect a
	printf '%s\r\n' 'USER anna' 'PASS wrong-horse-battery' 'USER anna' \
	    'PASS right-horse-battery' STAT NOOP >&"${TALK_TO[a]}"
	for i in 1 2 3 4; do
		hear a
	done
	hear a
	[[ $reply == '+OK 3 84' ]] || fail "$reply"
	hear a
	find_session
	assert_forgotten horse-battery
	disconnect a
}

@test "the hashes of a passwd-file are in no memory once the session runs" {
	local hash

	hash=$(crypt secret '$6$rounds=1000$saltsalt')
	root_passwd_file "anna:$hash:$TEST_UID:$TEST_UID::$BATS_TEST_TMPDIR::"
	start_popin
	connect a
	log_in a anna secret
	find_session
	assert_forgotten "${hash#*saltsalt}"
	disconnect a
}

# --- never as root

@test "uid 0 and gid 0 in a passwd-file never get a session" {
	local name

	root_passwd_file "a:{PLAIN}secret:0:0::/::" \
	    "b:{PLAIN}secret:0:$TEST_UID::/::" \
	    "c:{PLAIN}secret:$TEST_UID:0::/::"
	start_popin
	for name in a b c; do
		connect "$name"
		ask "$name" "USER $name" '+OK*'
		ask "$name" 'PASS secret' '-ERR \[AUTH\]*'
		disconnect "$name"
	done
	refute_log 'session:|login: '
}

@test "uid 0 and gid 0 in /etc/passwd never get a session" {
	local hash options

	hash=$(crypt secret '$6$rounds=1000$saltsalt')
	ROOT=("$BIN/popin" --user "$LOGIN_UID:$LOGIN_UID" --jail "$JAIL"
	    --delay 0)
	start_popin
	for options in '-o -u 0' '-g 0'; do
		# shellcheck disable=SC2086
		account "$hash" $options
		connect a
		ask a "USER $NAME" '+OK*'
		ask a 'PASS secret' '-ERR \[AUTH\]*'
		disconnect a
	done
	refute_log 'session:|login: '
}

# sloppy COMMAND...: a checker that does not give up all of root's rights gets
# no session.
sloppy()
{
	[ -z "${SERVER:-}" ] || stop
	ROOT=("$BIN/popin" --user "$LOGIN_UID:$LOGIN_UID" --jail "$JAIL"
	    --delay 0 -m "maildir:$MAILDIR" --checker env USER=anna
	    "HOME=$BATS_TEST_TMPDIR" "$@")
	start_popin
	connect a
	ask a 'USER anna' '+OK*'
	ask a 'PASS secret'
	[[ $reply == '-ERR [SYS/'* ]] || fail "$*: $reply"
	disconnect a
}

@test "a checker that does not give up root gets no session" {
	sloppy env
	sloppy setpriv --reuid "$TEST_UID" --regid 0 --clear-groups --
	sloppy setpriv --reuid 0 --regid "$TEST_UID" --clear-groups --
}

@test "a checker that gives up only the effective ids gets no session" {
	# shellcheck disable=SC2016
	sloppy perl -e '$) = "$ARGV[0] $ARGV[0]"; $> = shift; exec @ARGV' \
	    "$TEST_UID"
	# shellcheck disable=SC2016
	sloppy perl -e '$) = "$ARGV[0] $ARGV[0]"; $< = $> = shift; exec @ARGV' \
	    "$TEST_UID"
}

@test "a checker that leaves root among the groups gets no session" {
	sloppy setpriv --reuid "$TEST_UID" --regid "$TEST_UID" --groups 0 --
}

# Not every checkpassword program sets groups: 0.90 does not on Linux.
@test "groups that popin was started with reach no other process" {
	ROOT=(setpriv '--groups=0,4,24' -- "$BIN/popin" --jail "$JAIL"
	    --user "$LOGIN_UID:$LOGIN_UID" -m "maildir:$MAILDIR"
	    --checker env USER=anna HOME=/ setpriv --reuid "$TEST_UID"
	    --regid "$TEST_UID" --keep-groups --)
	start_popin
	connect a
	find_login
	assert_login_is_caged "$LOGIN_UID" "$LOGIN_UID"
	log_in a anna whatever
	find_session
	assert_session_is_caged "$TEST_UID" "$TEST_UID" "$MAILDIR"
	assert_wait_is_caged "$LOGIN_UID" "$LOGIN_UID"
	disconnect a
}

@test "a checker that gives up root wholly gets a session" {
	ROOT=("$BIN/popin" --user "$LOGIN_UID:$LOGIN_UID" --jail "$JAIL"
	    -m "maildir:$MAILDIR" --checker env USER=anna "HOME=/"
	    setpriv --reuid "$TEST_UID" --regid "$TEST_UID" --clear-groups --)
	start_popin
	connect a
	log_in a anna whatever
	find_session
	assert_session_is_caged "$TEST_UID" "$TEST_UID" "$MAILDIR"
	disconnect a
}

# keep_busy UID: runs three processes until the test ends.
keep_busy()
{
	local i

	for i in 1 2 3; do
		setpriv --reuid "$1" --regid "$1" --clear-groups -- \
		    sleep 600 3>&- &
		TALK_PID[busy$i]=$!
	done
	# setpriv counts as the user's process once it has become sleep; a
	# session and popin-import count, too
	for i in 1 2 3; do
		wait_until 10 grep -q sleep "/proc/${TALK_PID[busy$i]}/comm"
	done
}

# In many programs setuid(2) to a user with too many processes failed, or the
# exec after it did, and nobody looked.
@test "a user with too many processes gets no session, and none as root" {
	local i

	keep_busy "$TEST_UID"
	start prlimit --nproc=2 tcpserver -RHl0 127.0.0.1 "$PORT" "${ROOT[@]}"
	connect a
	ask a 'USER anna' '+OK*'
	ask a 'PASS secret' '-ERR \[SYS/TEMP\]*'
	find_login
	assert_login_is_caged "$LOGIN_UID" "$LOGIN_UID"
	assert_log 'login error: .*user="anna"'
	refute_log 'session:|login: '
	for i in 1 2 3; do
		kill "${TALK_PID[busy$i]}"
		reap "${TALK_PID[busy$i]}"
	done
	log_in a anna secret
	find_session
	assert_session_is_caged "$TEST_UID" "$TEST_UID" "$MAILDIR"
	disconnect a
}

@test "login runs although its account has too many processes" {
	keep_busy "$LOGIN_UID"
	start prlimit --nproc=2 tcpserver -RHl0 127.0.0.1 "$PORT" "${ROOT[@]}"
	connect a
	log_in a anna secret
	find_session
	assert_wait_is_caged "$LOGIN_UID" "$LOGIN_UID"
	disconnect a
}

# The kernel reports success for each of these calls and does nothing: for
# setgroups(2) of the monitor, and for the calls of login.
@test "a step of giving up root that did nothing is noticed; nobody is served" {
	local call

	need strace strace
	for call in setgroups setresgid setresuid; do
		call=$(called "$call")
		printf 'USER anna\r\nPASS secret\r\nSTAT\r\n' >"$IN"
		limited setpriv '--groups=4,24' -- strace -f -o /dev/null \
		    -e "trace=$call" -e "inject=$call:retval=0" "${ROOT[@]}"
		assert_equal "$(wc -l <"$OUT")" 1
		grep -q '^-ERR \[SYS/' "$OUT" || fail "$(cat "$OUT")"
		assert_log 'cannot give up'
	done
}

# --- faults of the administrator's

@test "nobody is served without the account, and the log says the remedy" {
	ROOT+=(--user "${UNIQUE}x")
	serves_nobody 78
	assert_log "make-it-with=\"useradd -r -U .* ${UNIQUE}x\"\$"
}

@test "nobody is served without the jail, and the log says the remedy" {
	rmdir "$JAIL"
	serves_nobody 78
	assert_log "mkdir -m 755.*$JAIL"
}

@test "nobody is served without any log, not even /dev/null" {
	unshare -m true 2>/dev/null || cannot 'needs mount namespaces'
	printf 'USER anna\r\nPASS secret\r\nSTAT\r\n' >"$IN"
	# shellcheck disable=SC2016
	limited unshare -m sh -c 'mount -t tmpfs none /dev && exec "$@" 2>&-' \
	    - "${ROOT[@]}"
	assert_equal "$status" 71
	assert_equal "$(cat "$OUT")" $'-ERR [SYS/TEMP] try again later\r'
}

@test "a jail that others than root own or can write to is refused" {
	local mode

	for mode in 775 757 777; do
		chmod "$mode" "$JAIL"
		serves_nobody 78
		assert_log "jail must be a directory of root that nobody else can write to.*$JAIL"
	done
	chmod 755 "$JAIL"
	chown "$TEST_UID" "$JAIL"
	serves_nobody 78
	assert_log "$JAIL"
	chown 0 "$JAIL"
	rmdir "$JAIL"
	echo 'no directory' >"$JAIL"
	serves_nobody 78
	assert_log "$JAIL"
}

@test "the unprivileged account must not have uid or gid 0" {
	local who

	for who in root 0:0 "0:$LOGIN_UID" "$LOGIN_UID:0"; do
		ROOT+=(--user "$who")
		serves_nobody 78
	done
}

# As in a unit whose CapabilityBoundingSet= leaves CAP_KILL out.
@test "nobody is served where root may not end login, and the log says why" {
	local answer

	ROOT=(setpriv --bounding-set -kill --inh-caps -kill -- "${ROOT[@]}")
	start_popin
	connect a
	ask a 'USER anna' '+OK*'
	tell a 'PASS secret'
	answer=$(timeout "$LIMIT" cat <&"${TALK_FROM[a]}")
	assert_equal "$answer" ''
	disconnect a
	assert_log '^popin: cannot end login; is CAP_KILL missing\?'
	assert_files new/1.one cur/2.two:2,S new/3.three
}

@test "an unprivileged account with a bad line in /etc/passwd is not used" {
	local line

	unshare -m true 2>/dev/null || cannot 'needs mount namespaces'
	# shellcheck disable=SC2016
	ROOT=(unshare -m sh -c "$OWN_ETC"' && cat "$0" >/etc/passwd && exec "$@"'
	    "$BATS_TEST_TMPDIR/passwd-of-system" "${ROOT[@]}" --user "$UNIQUE")
	for line in "$UNIQUE" "$UNIQUE:x" "$UNIQUE:x:12" "$UNIQUE:x:12:" \
	    "$UNIQUE:x::12:" "$UNIQUE:x:0:12:" "$UNIQUE:x:12:0:" \
	    "$UNIQUE:x:12:-1:" "$UNIQUE:x:2147483648:12:" \
	    "x$(printf 'y%.0s' {1..5000}):x:1:1::/:/bin/sh"; do
		printf '%s\n' "$line" >"$BATS_TEST_TMPDIR/passwd-of-system"
		serves_nobody 78
		assert_log "no unprivileged account user=\"$UNIQUE\""
	done
	# a line that is too long does not hide the one behind it
	echo "$UNIQUE:x:$LOGIN_UID:$LOGIN_UID::/:/bin/sh" \
	    >>"$BATS_TEST_TMPDIR/passwd-of-system"
	printf 'QUIT\r\n' >"$IN"
	limited "${ROOT[@]}"
	assert_equal "$status" 0
	assert_log_lines 0
}
