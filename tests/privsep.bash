# shellcheck shell=bash
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
#
# The whole chain as root behind tcpserver, and what the kernel tells about its
# processes; for tests that load lib and serve first.
#
#	MONITOR, LOGIN, SESSION_PID	process ids, by find_login, find_session
#	TEST_UID, LOGIN_UID		numbers that no other process uses, not
#					even another test

# privsep_setup: begins a test; skips it for ordinary users.
privsep_setup()
{
	[ "$(id -u)" = 0 ] || skip 'needs root'
	need tcpserver ucspi-tcp
	need pgrep procps
	need perl perl
	TEST_UID=$((600000 + BASHPID % 1000000))
	LOGIN_UID=$((TEST_UID + 1000000))
	ACCOUNTS=() GROUPS_MADE=()
	UNIQUE=popinp$((BASHPID % 100000))
	lib_setup
	three_messages
	own "$BATS_TEST_TMPDIR"
	JAIL=$BATS_TEST_TMPDIR/jail
	mkdir "$JAIL"
	chmod 755 "$JAIL"
	root_passwd_file \
	    "anna:{PLAIN}secret:$TEST_UID:$TEST_UID::$BATS_TEST_TMPDIR::"
	ROOT=("$BIN/popin" --user "$LOGIN_UID:$LOGIN_UID" --jail "$JAIL"
	    -P "$PASSWD" -m "maildir:$MAILDIR" --delay 0)
	PORT=$(free_port)
}

privsep_teardown()
{
	local name

	stop
	for name in "${ACCOUNTS[@]}"; do
		userdel -f "$name" >/dev/null 2>&1 || :
	done
	for name in "${GROUPS_MADE[@]}"; do
		groupdel "$name" >/dev/null 2>&1 || :
	done
	lib_teardown
}

# root_passwd_file LINE...: sets PASSWD, with an owner and mode that popin
# accepts as root.
root_passwd_file()
{
	PASSWD=$BATS_TEST_TMPDIR/accounts
	printf '%s\n' "$@" >"$PASSWD"
	chmod 600 "$PASSWD"
}

# with_accounts COMMAND...: repeats COMMAND while another test has locked the
# files of accounts.
with_accounts()
{
	wait_until 30 "$@" >"$BATS_TEST_TMPDIR/accounts.log" 2>&1 ||
	    fail "$1: $(cat "$BATS_TEST_TMPDIR/accounts.log")"
}

# account HASH [OPTION...]: makes an account; sets NAME and HOME_OF to its
# home, which has a Maildir with one message that names the account.
account()
{
	local hash=$1

	shift
	NAME=$UNIQUE${#ACCOUNTS[@]}
	HOME_OF=$BATS_TEST_TMPDIR/home.$NAME
	ACCOUNTS+=("$NAME")
	with_accounts useradd -M -d "$HOME_OF" -s /bin/sh -p "$hash" \
	    -K PASS_MAX_DAYS=-1 "$@" "$NAME"
	mkdir -p "$HOME_OF/Maildir"/{new,cur,tmp}
	printf 'Subject: %s\n\n%s\n' "$NAME" "$NAME" >"$HOME_OF/Maildir/new/1.x"
	chown -R "$NAME:" "$HOME_OF"
	chmod -R go= "$HOME_OF"
}

# connect NAME: connects to PORT, and reads the greeting.
connect()
{
	local fd

	exec {fd}<>"/dev/tcp/127.0.0.1/$PORT"
	TALK_TO[$1]=$fd
	TALK_FROM[$1]=$fd
	hear "$1"
	[[ $reply == +OK* ]] || fail "greeting: $reply"
}

# disconnect NAME: hangs up, and waits for the end of popin.
disconnect()
{
	hang_up "$1"
	unset "TALK_FROM[$1]"
	assert_gone
}

# log_in NAME USER PASSWORD
log_in()
{
	ask "$1" "USER $2" '+OK*'
	ask "$1" "PASS $3" '+OK*'
}

one_child()
{
	children=$(pgrep -P "$1") && [ "$(wc -l <<<"$children")" = 1 ]
}

# find_login: sets MONITOR and LOGIN for the only connection.
find_login()
{
	wait_until 10 one_child "$SERVER" || fail "monitor: $children"
	MONITOR=$children
	wait_until 10 one_child "$MONITOR" || fail "login: $children"
	LOGIN=$children
}

# find_session: sets MONITOR, which is wait now, and SESSION_PID.  Its seccomp
# filter is the last step of wait.  That may be a moment after the client has
# its reply.
find_session()
{
	wait_until 10 one_child "$SERVER" || fail "wait: $children"
	MONITOR=$children
	wait_until 10 one_child "$MONITOR" || fail "session: $children"
	SESSION_PID=$children
	wait_until 10 is_caged "$MONITOR" || fail 'wait: no seccomp filter'
}

# status_of PID KEY: its value in /proc/PID/status, with single blanks.
status_of()
{
	sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status" | tr -s '\t ' ' ' |
	    sed 's/ *$//'
}

is_caged()
{
	[ "$(status_of "$1" Seccomp)" = 2 ]
}

# assert_ids PID UID GID [GROUP...]
assert_ids()
{
	local pid=$1 uid=$2 gid=$3

	shift 3
	assert_equal "Uid $(status_of "$pid" Uid)" "Uid $uid $uid $uid $uid"
	assert_equal "Gid $(status_of "$pid" Gid)" "Gid $gid $gid $gid $gid"
	assert_equal "Groups $(status_of "$pid" Groups)" "Groups $*"
	assert_equal "CapPrm $(status_of "$pid" CapPrm)" \
	    'CapPrm 0000000000000000'
	assert_equal "CapEff $(status_of "$pid" CapEff)" \
	    'CapEff 0000000000000000'
}

# assert_caged PID: a seccomp filter is on, an exec gains no privilege, memory
# is neither dumped nor traced, and no new process can be made.
assert_caged()
{
	assert_equal "Seccomp $(status_of "$1" Seccomp)" 'Seccomp 2'
	assert_equal "NoNewPrivs $(status_of "$1" NoNewPrivs)" 'NoNewPrivs 1'
	assert_equal "core $(limit_of "$1" 'Max core file size')" 'core 0 0'
	# the files of a process that is not dumpable belong to root
	assert_equal "/proc $(stat -c %u:%g "/proc/$1/mem")" '/proc 0:0'
}

# limit_of PID NAME: its soft and hard limit.
limit_of()
{
	sed -n "s/^$2 *\([^ ]*\) *\([^ ]*\) .*/\1 \2/p" "/proc/$1/limits"
}

# descriptors PID: their numbers.
descriptors()
{
	local fds

	fds=$(find "/proc/$1/fd" -mindepth 1 -printf '%f\n' | sort -n)
	echo "${fds//$'\n'/ }"
}

# in_memory PID TEXT: is it anywhere in memory that the process can read?
in_memory()
{
	perl "$TESTS_SRC/memory.pl" "$1" "$2"
}

# assert_forgotten TEXT: neither wait nor the session has it.
assert_forgotten()
{
	# the search does find what is there
	in_memory "$SESSION_PID" "$MAILDIR" || fail 'memory.pl is blind'
	! in_memory "$SESSION_PID" "$1" || fail "the session has $1"
	! in_memory "$MONITOR" "$1" || fail "wait has $1"
}
