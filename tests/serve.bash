# shellcheck shell=bash
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
#
# The demo mail of contrib, served by a real super-server on a free port of
# 127.0.0.1; for tests that load lib first.  If the suite runs as root, popin
# is started as root.

DEMO=("${TESTS_SRC:?}"/../contrib/demo/*.eml)
LOGIN_UID=54320

# demo: delivers the demo mail and sets SERVE, the command of popin.
demo()
{
	local message n=0 ids jail=$BATS_TEST_TMPDIR/jail

	need perl perl
	for message in "${DEMO[@]}"; do
		n=$((n + 1))
		deliver "170962400$n.M1P$n.mail" <"$message"
	done
	own "$BATS_TEST_TMPDIR"
	PASSWD=$BATS_TEST_TMPDIR/demo.passwd
	SERVE=("$BIN/popin" --passwd-file "$PASSWD" --delay 0)
	if [ "$(id -u)" = 0 ]; then
		ids=$TEST_UID:$TEST_UID
		mkdir "$jail"
		SERVE+=(--user "$LOGIN_UID:$LOGIN_UID" --jail "$jail")
	else
		ids=$(id -u):$(id -g)
	fi
	echo "anna:{PLAIN}secret:$ids::$BATS_TEST_TMPDIR::" >"$PASSWD"
	chmod 600 "$PASSWD"
}

# free_port: a port that the kernel picks.
free_port()
{
	perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(
	    Listen => 1, LocalAddr => "127.0.0.1")->sockport'
}

# listening PORT: does something listen there?  Makes no connection.
listening()
{
	grep -q ":$(printf %04X "$1") 00000000:0000 0A" /proc/net/tcp
}

# wait_until SECONDS COMMAND...: runs COMMAND ten times a second until it
# succeeds; false if it does not.
wait_until()
{
	local tries=$(($1 * 10))

	shift
	until "$@"; do
		if [ $((tries -= 1)) -le 0 ]; then
			return 1
		fi
		sleep 0.1
	done
}

# up_or_dead: the server listens, or has ended.
up_or_dead()
{
	listening "$PORT" || ! kill -0 "$SERVER" 2>/dev/null
}

# start COMMAND...: runs a super-server that listens on PORT.  It gets a
# process group of its own, so that stop reaches its sessions, too.
start()
{
	LOG=$BATS_TEST_TMPDIR/server.log
	setsid "$@" </dev/null >"$LOG" 2>&1 3>&- &
	SERVER=$!
	wait_until 20 up_or_dead
	listening "$PORT" || fail "$1 does not listen: $(cat "$LOG")"
}

stop()
{
	local exe

	[ -n "${SERVER:-}" ] || return 0
	kill -TERM -- "-$SERVER" 2>/dev/null || :
	# the wait of each session has left that group
	for exe in $(popins); do
		exe=${exe#/proc/}
		kill -TERM "${exe%/exe}" 2>/dev/null || :
	done
	wait "$SERVER" 2>/dev/null || :
	SERVER=
}

# popins: the processes that run our copy of popin.  An ordinary user may look
# at all of them, because popin does not change its user then.
popins()
{
	find /proc/[0-9]*/exe -maxdepth 0 -lname "$BIN/popin" 2>/dev/null || :
}

all_gone()
{
	[ -z "$(popins)" ]
}

assert_gone()
{
	wait_until 20 all_gone || fail "still running: $(popins)"
}

# getmail_files true|false: makes the files in HOME with which getmail fetches
# from PORT to GOT, and deletes or not.  Its Maildir destination refuses to
# deliver as root, so mail goes to a program.  getmail 6.18 hangs if that
# program ends before getmail waits for it.  So ours ends when getmail sleeps.
getmail_files()
{
	need getmail getmail6
	rm -rf "$HOME/getmail"
	mkdir "$HOME/getmail"
	cat >"$HOME/deliver" <<-EOT
	#!/bin/sh
	cat >"\$(mktemp "$GOT/new/XXXXXX")"
	until grep -q '^State:.S' "/proc/\$PPID/status"; do :; done
	EOT
	chmod 700 "$HOME/deliver"
	cat >"$HOME/getmail/getmailrc" <<-EOT
	[retriever]
	type = SimplePOP3Retriever
	server = 127.0.0.1
	port = $PORT
	username = anna
	password = secret
	[destination]
	type = MDA_external
	path = $HOME/deliver
	allow_root_commands = true
	[options]
	verbose = 0
	delete = $1
	received = false
	delivered_to = false
	EOT
}

teardown()
{
	stop
	lib_teardown
}
