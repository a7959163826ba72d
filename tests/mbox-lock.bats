#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
load lib
load mbox
load preload
load serve

setup()
{
	lib_setup
	mbox_setup
	plain_box 3
}

# hold SECONDS: another program holds the fcntl lock for so long.
hold()
{
	perl -e 'use Fcntl; open F, "+<", $ARGV[0] or die;
	    $lock = pack("s s x4 q q l x4", F_WRLCK, 0, 0, 0, 0);
	    fcntl(F, F_SETLKW, $lock) or die $!;
	    $| = 1; print "locked\n"; sleep $ARGV[1]' "$BOX" "$1" \
	    >"$BATS_TEST_TMPDIR/locked" 3>&- &
	HOLDER=$!
	until [ -s "$BATS_TEST_TMPDIR/locked" ]; do
		kill -0 "$HOLDER"
	done
}

@test "a session waits for a delivery that has the fcntl lock" {
	hold 1
	session <<-'EOT'
	=> +OK 3
	EOT
	! kill -0 "$HOLDER" 2>/dev/null || fail 'did not wait'
}

@test "no delivery lock is held between commands" {
	talk a "${SESSION[@]}"
	hear a
	ask a 'DELE 1' '+OK*'
	timeout 10 perl -e 'use Fcntl; open F, "+<", $ARGV[0] or die;
	    $lock = pack("s s x4 q q l x4", F_WRLCK, 0, 0, 0, 0);
	    fcntl(F, F_SETLK, $lock) or die $!' "$BOX" || fail 'fcntl lock held'
	[ ! -e "$BOX.lock" ]
	append late
	ask a QUIT '+OK*'
	gone a
	assert_equal "$(subjects)" '2 3 late'
}

@test "a second session for the same mbox is told that it is in use" {
	talk a "${SESSION[@]}"
	hear a
	session <<-'EOT'
	=> -ERR [IN-USE]
	EOT
	leave a
	session <<-'EOT'
	=> +OK 3
	EOT
}

@test "another path to the same mbox has the same lock" {
	talk a "${SESSION[@]}"
	hear a
	ln -s "$BOX_HOME" "$BATS_TEST_TMPDIR/alias"
	SESSION=(env USER=anna HOME="$BOX_HOME" "${AS[@]}" "$BIN/popin"
	    -R session -m "mbox:$BATS_TEST_TMPDIR/alias/mbox")
	session <<-'EOT'
	=> -ERR [IN-USE]
	EOT
	leave a
}

@test "a user whose home cannot be written has one session at a time" {
	chmod 500 "$BOX_HOME"
	talk a "${SESSION[@]}"
	hear a
	session <<-'EOT'
	=> -ERR [IN-USE]
	EOT
	leave a
	chmod 700 "$BOX_HOME"
}

# shared_home HOME: two users with one uid and this home, anna and bert, each
# with an mbox.  box_of USER: makes SESSION that user's.
shared_home()
{
	SHARED=$1
	mkdir "$BATS_TEST_TMPDIR/mail"
	own "$BATS_TEST_TMPDIR/mail"
	cp "$BOX" "$BATS_TEST_TMPDIR/mail/anna"
	cp "$BOX" "$BATS_TEST_TMPDIR/mail/bert"
	own "$BATS_TEST_TMPDIR/mail/anna" "$BATS_TEST_TMPDIR/mail/bert"
}

box_of()
{
	SESSION=(env USER="$1" HOME="$SHARED" "${AS[@]}" "$BIN/popin"
	    -R session -m "mbox:$BATS_TEST_TMPDIR/mail/%u")
}

@test "users whose home is / do not lock each other out" {
	shared_home /
	box_of anna
	talk a "${SESSION[@]}"
	hear a
	box_of bert
	session <<-'EOT'
	=> +OK 3
	EOT
	assert_log 'no lock, two sessions may be served at once: "bert" user="[a-z]*": '
	leave a
}

@test "users with one uid and one home do not lock each other out" {
	shared_home "$BOX_HOME"
	chmod 500 "$BOX_HOME"
	box_of anna
	talk a "${SESSION[@]}"
	hear a
	session <<-'EOT'
	=> -ERR [IN-USE]
	EOT
	box_of bert
	session <<-'EOT'
	=> +OK 3
	EOT
	leave a
	chmod 700 "$BOX_HOME"
}

# bats test_tags=root
@test "users whose home is the spool do not lock each other out" {
	[ "$(id -u)" = 0 ] || skip 'needs root for a spool of its own'
	mkdir -m 2775 "$BATS_TEST_TMPDIR/spool"
	shared_home "$BATS_TEST_TMPDIR/spool"
	box_of anna
	talk a "${SESSION[@]}"
	hear a
	box_of bert
	session <<-'EOT'
	=> +OK 3
	EOT
	leave a
}

@test "a home that is read-only and that others can open is not locked" {
	chmod 555 "$BOX_HOME"
	talk stranger flock "$BOX_HOME" cat
	ask stranger locked locked
	session <<-'EOT'
	=> +OK 3
	EOT
	leave stranger
	chmod 700 "$BOX_HOME"
}

@test "two sessions at once lose no mail where no home can be locked" {
	SESSION=(env USER=anna HOME=/nonexistent "${AS[@]}" "$BIN/popin"
	    -R session -m "mbox:$BOX")
	talk a "${SESSION[@]}"
	hear a
	session <<-'EOT'
	=> +OK 3
	DELE 2	=> +OK
	DELE 3	=> +OK
	QUIT	=> +OK
	EOT
	ask a 'DELE 3' '+OK*'
	ask a QUIT '-ERR*'
	gone a
	assert_equal "$(subjects)" 1
}

@test "a session waits until a dotlock is gone" {
	echo $$ >"$BOX.lock"
	(sleep 1; rm "$BOX.lock") 3>&- &
	session <<-'EOT'
	=> +OK 3
	EOT
	[ ! -e "$BOX.lock" ]
}

# traced: starts a session that deletes, in the background.  TRACE tells of its
# locks.  It does not ask popin-import, which takes the lock once more.
traced()
{
	need strace strace
	TRACE=$BOX_HOME/trace
	rm -f "$TRACE"
	printf 'DELE 1\r\nQUIT\r\n' >"$IN"
	timeout "$LIMIT" env USER=anna HOME="$BOX_HOME" "${AS[@]}" strace \
	    -o "$TRACE" -e trace="$(called fcntl linkat unlinkat)" "$BIN/popin" \
	    -R session -m "mbox:$BOX" --uidl own \
	    <"$IN" >"$OUT" 2>"$LOG" 3>&- &
	TRACED=$!
}

locks()
{
	grep -oE 'F_OFD_SETLK|unlinkat|linkat' "$TRACE" | tr '\n' ' '
}

@test "the fcntl lock is taken before the dotlock and released after it" {
	local once

	traced
	wait "$TRACED"
	# the dotlock is a link to a file with another name: two are removed
	once='F_OFD_SETLK linkat unlinkat unlinkat F_OFD_SETLK '
	assert_equal "$(locks)" "$once$once"
}

has_tried()
{
	[ -e "$TRACE" ] && [ "$(grep -c F_OFD_SETLK "$TRACE")" -ge 6 ]
}

@test "a session that waits for one lock does not hold the other" {
	echo $$ >"$BOX.lock"
	traced
	wait_until 20 has_tried
	# another program gets the fcntl lock if it waits for it
	timeout 10 perl -e 'use Fcntl; open F, "+<", $ARGV[0] or die;
	    $lock = pack("s s x4 q q l x4", F_WRLCK, 0, 0, 0, 0);
	    fcntl(F, F_SETLKW, $lock) or die $!' "$BOX" || fail 'fcntl lock held'
	kill -0 "$TRACED"
	rm "$BOX.lock"
	wait "$TRACED"
	# Each try makes and removes a file, so that NFS looks at the directory
	# again.  A try that meets the fcntl lock of the perl above ends before
	# that.  So does the last one if it finds no dotlock from the start.
	[[ "$(locks)" =~ ^(F_OFD_SETLK (unlinkat F_OFD_SETLK )?){3,}F_OFD_SETLK\ (unlinkat\ )?linkat ]]
	[[ "$(locks)" == *'F_OFD_SETLK unlinkat F_OFD_SETLK '* ]]
	assert_equal "$(subjects)" '2 3'
	# and the other way round
	hold 100
	traced
	wait_until 20 has_tried
	[ ! -e "$BOX.lock" ]
	kill "$HOLDER"
	wait "$TRACED"
	assert_equal "$(subjects)" 3
}

# gone_process: sets pid to that of a process that has ended.
gone_process()
{
	true &
	pid=$!
	wait "$pid"
}

# place: what popin writes into a dotlock behind the process number and a colon.
place()
{
	printf '%s,%s\n' "$(hostname)" "$(stat -L -c %i /proc/self/ns/pid)"
}

# session_waits: a session respects the dotlock until it is removed.
session_waits()
{
	local inode

	# the second name keeps the inode number in use, so that a dotlock that
	# replaces this one has another
	ln "$BOX.lock" "$BOX_HOME/same"
	inode=$(stat -c %i "$BOX.lock")
	traced
	wait_until 20 has_tried
	assert_equal "$(stat -c %i "$BOX.lock")" "$inode"
	rm "$BOX.lock" "$BOX_HOME/same"
	wait "$TRACED"
}

@test "a dotlock of a process that is gone is removed when it is old" {
	local pid

	gone_process
	printf '%d\n' "$pid" >"$BOX.lock"
	touch -d '2 minutes ago' "$BOX.lock"
	session <<-'EOT'
	=> +OK 3
	DELE 1	=> +OK
	QUIT	=> +OK
	EOT
	assert_equal "$(subjects)" '2 3'
	[ ! -e "$BOX.lock" ]
}

# The process may be one of another host.
@test "a fresh dotlock of a process that is not here is respected" {
	local pid

	gone_process
	printf '%d\n' "$pid" >"$BOX.lock"
	session_waits
	assert_equal "$(subjects)" '2 3'
}

@test "a dotlock of a process of this host that is gone is removed at once" {
	local pid

	gone_process
	printf '%d:%s\n' "$pid" "$(place)" >"$BOX.lock"
	session <<-'EOT'
	=> +OK 3
	EOT
	[ ! -e "$BOX.lock" ]
}

@test "a dotlock that names another host is respected for five minutes" {
	local pid other

	gone_process
	for other in "other" "$(hostname),1" "$(place)x" "$(printf '%0200d' 0)"; do
		plain_box 3
		printf '%d:%s\n' "$pid" "$other" >"$BOX.lock"
		touch -d '4 minutes ago' "$BOX.lock"
		session_waits
		assert_equal "$(subjects)" '2 3'
	done
	printf '%d:other\n' "$$" >"$BOX.lock"
	touch -d '6 minutes ago' "$BOX.lock"
	session <<-'EOT'
	=> +OK 2
	EOT
	[ ! -e "$BOX.lock" ]
}

# host NAME PIDS: starts a session on another host, with a home of its own and
# the same mbox.  PIDS process numbers were used there before.  Dotlocks are its
# only locks.  It is stopped as soon as it has one.
host()
{
	mkdir "$BATS_TEST_TMPDIR/home.$1"
	own "$BATS_TEST_TMPDIR/home.$1"
	talk "$1" unshare --uts --pid --fork --kill-child sh -c '
	    hostname "$0"; for i in $(seq "$1"); do "$(command -v true)"; done
	    shift; exec "$@"' "$1" "$2" env USER=anna \
	    HOME="$BATS_TEST_TMPDIR/home.$1" "${AS[@]}" strace -qq \
	    -o "$BATS_TEST_TMPDIR/home.$1/trace" \
	    -e trace=openat,linkat -e inject=linkat:signal=STOP:when=1 \
	    "$BIN/popin" -R session -m "mbox:$BOX" --uidl own --mbox-locks dotlock
}

has_lock()
{
	grep -q 'SIGSTOP' "$BATS_TEST_TMPDIR/home.$1/trace" 2>/dev/null
}

# resume NAME: continues all processes of that host.
resume()
{
	local init

	init=$(pgrep -P "${TALK_PID[$1]}")
	# shellcheck disable=SC2046
	kill -CONT $(pgrep --ns "$init" --nslist pid .)
}

# has_seen_lock NAME: its session has looked at the dotlock three times.
# strace(1) shows an address where it cannot read the name.
has_seen_lock()
{
	local trace=$BATS_TEST_TMPDIR/home.$1/trace

	[ -e "$trace" ] && [ "$(grep -cE \
	    'openat\([0-9]+, (0x|"mbox\.lock")' "$trace")" -ge 3 ]
}

# bats test_tags=root
@test "sessions of two hosts do not steal each other's dotlock" {
	local lock

	[ "$(id -u)" = 0 ] || skip 'needs root for another host'
	need strace strace
	host one 50
	wait_until 20 has_lock one
	lock=$(stat -c '%i %Y' "$BOX.lock")
	host two 0
	wait_until 20 has_seen_lock two
	assert_equal "$(stat -c '%i %Y' "$BOX.lock")" "$lock"
	resume one
	hear one
	assert_equal "${reply:0:5}" '+OK 3'
	wait_until 20 has_lock two
	resume two
	hear two
	assert_equal "${reply:0:5}" '+OK 3'
	leave one
	leave two
}

@test "a dotlock without a process number is removed after five minutes" {
	printf '0' >"$BOX.lock"
	touch -d '6 minutes ago' "$BOX.lock"
	session <<-'EOT'
	=> +OK 3
	EOT
	[ ! -e "$BOX.lock" ]
	: >"$BOX.lock"
	touch -d '4 minutes ago' "$BOX.lock"
	(sleep 1; rm "$BOX.lock") 3>&- &
	session <<-'EOT'
	=> +OK 3
	EOT
}

@test "the dotlock and its other name are gone after a session" {
	session <<-'EOT'
	DELE 2	=> +OK
	QUIT	=> +OK
	EOT
	# shellcheck disable=SC2010
	assert_equal "$(ls -A "$BOX_HOME" | grep -v '^\.popin')" mbox
}

@test "fcntl is enough where the directory of the mbox cannot be written" {
	local spool=$BATS_TEST_TMPDIR/spool

	mkdir "$spool"
	chmod 755 "$spool"
	mv "$BOX" "$spool/anna"
	BOX=$spool/anna
	[ "$(id -u)" = 0 ] || chmod 555 "$spool"
	as_box
	session <<-'EOT'
	=> +OK 3
	DELE 2	=> +OK
	QUIT	=> +OK
	EOT
	assert_equal "$(subjects)" '1 3'
	chmod 755 "$spool"
	# a dotlock that others have made is respected all the same
	echo $$ >"$BOX.lock"
	(sleep 1; rm "$BOX.lock") 3>&- &
	session <<-'EOT'
	=> +OK 2
	EOT
	[ ! -e "$BOX.lock" ]
}

@test "--mbox-locks chooses which locks count" {
	echo $$ >"$BOX.lock"
	session --mbox-locks fcntl <<-'EOT'
	=> +OK 3
	DELE 1	=> +OK
	QUIT	=> +OK
	EOT
	rm "$BOX.lock"
	assert_equal "$(subjects)" '2 3'
	hold 100
	session --mbox-locks=dotlock <<-'EOT'
	=> +OK 2
	EOT
	kill "$HOLDER"
	raw_session --mbox-locks flock </dev/null
	assert_equal "$status" 64
}

# over_nfs: sessions get attributes from a cache, as over NFS.
over_nfs()
{
	preload nfs <"$TESTS_SRC/nfs-shim.c"
	for_stat
	as_box --mbox-locks dotlock
	SESSION=(env "LD_PRELOAD=$BATS_TEST_TMPDIR/nfs.so" "${SESSION[@]}")
}

# lock_as_postfix: makes a dotlock with mode 000, which the user cannot open.
lock_as_postfix()
{
	(umask 777 && : >"$BOX.lock")
}

@test "the end of a dotlock is seen at once, whatever NFS remembers" {
	over_nfs
	lock_as_postfix
	talk a "${SESSION[@]}"
	wait_until 20 grep -q 'there is a dotlock' "$LOG"
	rm -f "$BOX.lock"
	hear a
	assert_equal "${reply:0:5}" '+OK 3'
	leave a
}

@test "mail that was delivered under a dotlock stays, whatever NFS remembers" {
	over_nfs
	talk a "${SESSION[@]}"
	hear a
	ask a 'DELE 1' '+OK*'
	lock_as_postfix
	append late
	rm -f "$BOX.lock"
	ask a QUIT '+OK*'
	gone a
	assert_equal "$(subjects)" '2 3 late'
}

@test "a session that was killed does not keep the next one out" {
	talk a "${SESSION[@]}"
	hear a
	kill -KILL "${TALK_PID[a]}"
	gone a
	session <<-'EOT'
	=> +OK 3
	EOT
}

@test "an mbox with a name too long for a dotlock is served with fcntl only" {
	BOX=$BOX_HOME/$(printf 'm%.0s' {1..252})
	plain_box 2
	as_box
	session <<-'EOT'
	=> +OK 2
	DELE 1	=> +OK
	QUIT	=> +OK
	EOT
	assert_equal "$(subjects)" 2
	as_box --mbox-locks dotlock
	session <<-'EOT'
	=> -ERR [SYS/TEMP]
	EOT
	assert_log 'cannot lock the mbox "mmm.*: File ?name too long'
}

@test "a spool that the user cannot list is enough" {
	mkdir "$BATS_TEST_TMPDIR/spool"
	BOX=$BATS_TEST_TMPDIR/spool/anna
	plain_box 3
	own "$BATS_TEST_TMPDIR/spool"
	chmod 311 "$BATS_TEST_TMPDIR/spool"
	as_box
	session <<-'EOT'
	=> +OK 3
	DELE 1	=> +OK
	QUIT	=> +OK
	EOT
	chmod 755 "$BATS_TEST_TMPDIR/spool"
	assert_equal "$(subjects)" '2 3'
	assert_log_lines 1
	assert_equal "$(ls -A "$BATS_TEST_TMPDIR/spool")" anna
}
