#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
#
# popin-import itself: what it prints, what it may do; and what a session does
# with a broken answer.  The ids are in uidl-schemes.bats.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
load lib
load mbox
load serve

setup()
{
	lib_setup
	mbox_setup
	as_session
	IMPORTER=("${AS[@]}" "$BIN/popin-import")
	KEPT=$MAILDIR/popin.uidl
}

# of_maildir [OPTION...]: runs popin-import on MAILDIR; sets status and output.
of_maildir()
{
	run timeout "$LIMIT" "${IMPORTER[@]}" "$@" -m "maildir:$MAILDIR"
}

mail()
{
	local name

	for name; do
		printf 'Subject: %s\n\nx\n' "$name" | deliver "$name"
	done
}

courier_list()
{
	printf '%s\n' '/3 9 5' '1.a 1 1:5:0' '3.c 1 3:5:0' '2.b 1 2:5:0' \
	    >"$MAILDIR/courierpop3dsizelist"
	own "$MAILDIR/courierpop3dsizelist"
}

# kept LINE...: makes a popin.uidl of these lines.
kept()
{
	printf '%s\n' "$@" >"$KEPT"
	own "$KEPT"
}

# ids: sets IDS to all ids that UIDL lists, in one line.
ids()
{
	session <<-'EOT'
	UIDL	=> +OK
	QUIT	=> +OK
	EOT
	assert_equal "$status" 0
	IDS=$(body_of 1 | tr -d '\r' | cut -d ' ' -f 2 | paste -sd ' ')
}

# fake SCRIPT [OPTION...]: sets SESSION to one whose popin-import is that shell
# script.
fake()
{
	local bin=$BATS_TEST_TMPDIR/fake

	mkdir -p "$bin"
	chmod 755 "$bin"
	cp "$BIN/popin" "$bin/popin"
	printf '#!/bin/sh\n%s\n' "$1" >"$bin/popin-import"
	chmod 755 "$bin/popin" "$bin/popin-import"
	SESSION=(env USER=anna HOME="$BATS_TEST_TMPDIR" "${AS[@]}"
	    "$bin/popin" -R session -m "maildir:$MAILDIR" "${@:2}")
}

# --- what it prints

@test "popin-import prints our ids and the other server's, in our order" {
	mail 1.a 2.b 3.c 4.d
	courier_list
	of_maildir
	assert_success
	assert_line 'popin-uidl 1 courier'
	[ "$(printf '%s\n' "${lines[@]}" | grep -v '^popin-import: ')" = \
	    "$(printf '%s\n' 'popin-uidl 1 courier' '1.a UID1-5' '2.b UID2-5' \
	    '3.c UID3-5' end)" ]
	assert_line --partial 'messages=3/4 wrong=0'
}

@test "the session keeps what popin-import prints, byte for byte" {
	mail 1.a 2.b 3.c
	courier_list
	"${IMPORTER[@]}" -m "maildir:$MAILDIR" >"$OUT" 2>/dev/null
	cp "$OUT" "$BATS_TEST_TMPDIR/printed"
	ids
	assert_equal "$IDS" 'UID1-5 UID2-5 UID3-5'
	cmp "$BATS_TEST_TMPDIR/printed" "$KEPT"
	assert_equal "$(stat -c %a "$KEPT")" 600
	[ ! -e "$KEPT.new" ]
}

@test "popin-import prints no ids if no other server has served the maildrop" {
	mail 1.a
	of_maildir
	assert_success
	assert_output "popin-uidl 1 own
end"
	plain_box 2
	run timeout "$LIMIT" "${IMPORTER[@]}" -m "mbox:$BOX"
	assert_success
	assert_output "popin-uidl 1 own
end"
}

@test "a name that is not a valid id is printed as its hash" {
	local name sum

	name=1.$(printf '%090d' 0)
	mail "$name" 2.b
	printf '3 V1 N9\n1 Pone :%s\n' "$name" >"$MAILDIR/dovecot-uidlist"
	own "$MAILDIR/dovecot-uidlist"
	sum=$(printf %s "$name" | sha256sum | cut -d ' ' -f 1)
	of_maildir
	assert_line "$sum one"
	ids
	assert_equal "$IDS" 'one 2.b'
}

@test "the last line of popin-import is missing if anything else is" {
	mail 1.a
	of_maildir
	assert_line --index 1 end
	run timeout "$LIMIT" "${IMPORTER[@]}" -m maildir:/nonexistent
	assert_failure 78
	refute_line end
	assert_output --partial 'cannot open the Maildir "/nonexistent"'
	printf 'no mbox\n' | box
	run timeout "$LIMIT" "${IMPORTER[@]}" -m "mbox:$BOX"
	assert_failure 78
	refute_line end
}

@test "an impossible command line is refused with status 64" {
	local words

	for words in '' '-m' '-m /tmp' '--from exchange -m maildir:/tmp' \
	    '-m maildir:/tmp more' '--log no -m maildir:/tmp' '-x'; do
		# shellcheck disable=SC2086 # words
		run timeout "$LIMIT" "${IMPORTER[@]}" $words
		assert_failure 64
		assert_output --partial 'popin-import: '
	done
}

# bats test_tags=root
@test "popin-import refuses to run as root" {
	[ "$(id -u)" = 0 ] || skip 'needs root'
	run "$BIN/popin-import" -m "maildir:$MAILDIR"
	assert_failure 64
	assert_output --partial 'not as root'
}

# --- what it may do

@test "popin-import changes nothing in a maildrop" {
	mail 1.a 2.b
	courier_list
	plain_box 3
	find "$MAILDIR" "$BOX_HOME" -printf '%p %s %T@ %C@ %m\n' | sort \
	    >"$BATS_TEST_TMPDIR/before"
	of_maildir
	of_maildir --from solid
	run timeout "$LIMIT" "${IMPORTER[@]}" --from popa3d -m "mbox:$BOX"
	assert_success
	find "$MAILDIR" "$BOX_HOME" -printf '%p %s %T@ %C@ %m\n' | sort |
	    cmp - "$BATS_TEST_TMPDIR/before"
}

@test "popin-import is in its sandbox before it reads what others wrote" {
	local spec trace=$BATS_TEST_TMPDIR/trace

	need strace strace
	not_under asan 'there is no sandbox'
	[[ $("$BIN/popin" --version) != *'sandbox: none'* ]] ||
	    skip 'built without a sandbox'
	mail 1.a
	courier_list
	plain_box 2
	for spec in "maildir:$MAILDIR" "mbox:$BOX"; do
		: >"$trace"
		chmod 666 "$trace"
		timeout "$LIMIT" "${AS[@]}" strace -o "$trace" "$BIN/popin-import" \
		    --from solid -m "$spec" >"$OUT" 2>"$LOG"
		tail -n 1 "$OUT" | grep -qx end
		# after that nothing is opened but in the two folders
		sed '1,/PR_SET_SECCOMP, SECCOMP_MODE_FILTER/d' "$trace" >"$IN"
		[ -s "$IN" ]
		run grep -E 'open(at)?\((AT_FDCWD|.*O_(WRONLY|RDWR|CREAT))' "$IN"
		assert_failure 1
		run grep -cE 'getdents64|pread64' "$IN"
		[ "$output" -gt 0 ]
		sed '/PR_SET_SECCOMP, SECCOMP_MODE_FILTER/q' "$trace" >"$IN"
		run grep -E 'getdents64|pread64\([0-9]+, "[^\\]' "$IN"
		assert_failure 1
	done
}

# stuck: starts a popin-import that waits because nobody reads; sets PID.
stuck()
{
	perl -e 'for (1 .. 3000) { open F, ">", "$ARGV[0]/new/$_.a.b.c" or die }' \
	    "$MAILDIR"
	[ "$(id -u)" != 0 ] || chown -R "$TEST_UID" "$MAILDIR"
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	exec 9<>"$BATS_TEST_TMPDIR/fifo"
	"${IMPORTER[@]}" --from solid -m "maildir:$MAILDIR" 9>&- \
	    >"$BATS_TEST_TMPDIR/fifo" 2>"$LOG" &
	PID=$!
	wait_until 20 is_stuck
}

is_stuck()
{
	grep -q pipe_write "/proc/$PID/wchan" ||
	    [ "$(awk '{ print $1 }' "/proc/$PID/syscall" 2>/dev/null)" = 1 ]
}

@test "popin-import may start nothing, leaves no core, and has its limits" {
	local limits

	not_under asan 'memory is not limited'
	stuck
	limits=$(cat "/proc/$PID/limits")
	kill "$PID"
	wait "$PID" || :
	exec 9>&-
	grep -Eq 'Max processes +0 +0 ' <<<"$limits"
	grep -Eq 'Max core file size +0 +0 ' <<<"$limits"
	grep -Eq "Max data size +$((1 << 30)) +$((1 << 30)) " <<<"$limits"
	grep -Eq 'Max cpu time +600 +600 ' <<<"$limits"
	grep -Eq 'Max open files +16 +16 ' <<<"$limits"
}

@test "popin-import has /dev/null, the pipe, the log, and no environment" {
	mail 1.a
	fake 'exec 8>&1; ls -l /proc/$$/fd >"$0.fd"
	    tr "\0" "\n" </proc/$$/environ >"$0.env"
	    echo "popin-uidl 1 own"; echo end'
	chmod 777 "$BATS_TEST_TMPDIR/fake"
	ids
	assert_equal "$IDS" 1.a
	run awk '/->/ { print $9, $11 }' "$BATS_TEST_TMPDIR/fake/popin-import.fd"
	assert_line '0 /dev/null'
	assert_line --regexp '^8 pipe:'
	assert_line "2 $LOG"
	# the shell has its script open, on a number above these
	refute_line --regexp '^[3-79] '
	[ ! -s "$BATS_TEST_TMPDIR/fake/popin-import.env" ]
}

# --- what is not an answer

# not_served: the client gets [SYS/TEMP], and nothing is kept.
not_served()
{
	session <<-'EOT'
	=> -ERR [SYS/TEMP]
	EOT
	[ ! -e "$KEPT" ]
}

@test "an answer that is broken is [SYS/TEMP], and nothing of it is kept" {
	local script

	mail 1.a 2.b 3.c
	courier_list
	for script in 'exit 1' ':' 'echo "popin-uidl 1 own"' \
	    'echo end' 'echo "popin-uidl 2 own"; echo end' \
	    'echo "popin-uidl 1 own"; echo end; exit 75' \
	    'echo "popin-uidl 1 own"; echo end; kill -SEGV $$' \
	    'echo "popin-uidl 1 own"; echo end; echo more' \
	    'echo "popin-uidl 1 own"; printf end' \
	    'echo "popin-uidl 1 own"; echo "1.a"; echo end' \
	    'echo "popin-uidl 1 own"; echo "1.a b c"; echo end' \
	    'echo "popin-uidl 1 OWN"; echo end' \
	    'printf "popin-uidl 1 own\n1.a %071d\nend\n" 0' \
	    'head -c 300000 /dev/zero'; do
		fake "$script"
		not_served
		assert_log 'popin-import failed, trying again at the next login: s'
	done
	as_session
	ids
	assert_equal "$IDS" 'UID1-5 UID2-5 UID3-5'
}

@test "without popin-import only those who were served before are served" {
	mail 1.a 2.b 3.c
	courier_list
	fake :
	rm "$BATS_TEST_TMPDIR/fake/popin-import"
	not_served
	assert_log 'cannot start'
	as_session
	ids
	fake :
	rm "$BATS_TEST_TMPDIR/fake/popin-import"
	ids
	assert_equal "$IDS" 'UID1-5 UID2-5 UID3-5'
}

@test "a popin-import that does not end is ended by --idle" {
	mail 1.a
	fake 'echo $$ >"$0.pid"; exec sleep 1000' --testing --idle 1
	chmod 777 "$BATS_TEST_TMPDIR/fake"
	not_served
	assert_log 'takes longer than --idle'
	run kill -0 "$(cat "$BATS_TEST_TMPDIR/fake/popin-import.pid")"
	assert_failure
}

@test "a popin-import that prints all and does not end is ended, too" {
	mail 1.a
	fake 'echo $$ >"$0.pid"; echo "popin-uidl 1 own"; echo end
	    exec sleep 1000 >&-' --testing --idle 1
	chmod 777 "$BATS_TEST_TMPDIR/fake"
	not_served
	run kill -0 "$(cat "$BATS_TEST_TMPDIR/fake/popin-import.pid")"
	assert_failure
}

has_begun()
{
	[ -s "$BATS_TEST_TMPDIR/fake/popin-import.pid" ]
}

has_ended()
{
	! kill -0 "$(cat "$BATS_TEST_TMPDIR/fake/popin-import.pid")" 2>/dev/null
}

@test "SIGTERM ends the session and the popin-import it waits for" {
	mail 1.a
	fake 'echo $$ >"$0.pid"; exec sleep 1000'
	chmod 777 "$BATS_TEST_TMPDIR/fake"
	talk a "${SESSION[@]}"
	wait_until 20 has_begun
	kill -TERM "${TALK_PID[a]}"
	wait_until 20 has_ended
	[ ! -e "$KEPT" ]
}

@test "a file that is not an mbox is refused with [SYS/PERM]" {
	printf 'no mbox at all\n' | box
	as_box
	session <<-'EOT'
	=> -ERR [SYS/PERM]
	EOT
	assert_log 'this is not an mbox: "mbox"'
}

# --- an mbox that others write to

# x_uidl_box: three messages with ids that another server wrote.
x_uidl_box()
{
	local n

	for n in 1 2 3; do
		printf 'From a@b %s\nSubject: %d\nX-UIDL: id%d\n\nx\n\n' \
		    "$STAMP" "$n" "$n"
	done | box
}

# ask_with LOCKS: sets SESSION to one whose popin-import tells which locks of
# the mbox are held while it runs.
ask_with()
{
	fake "[ ! -e '$BOX.lock' ] || echo dotlock >\"\$0.held\"
	    perl -e 'use Fcntl; open F, \"+<\", \"$BOX\" or die;
	    \$lock = pack(\"s s x4 q q l x4\", F_WRLCK, 0, 0, 0, 0);
	    fcntl(F, F_SETLK, \$lock) or print \"fcntl\\n\"' >>\"\$0.held\"
	    echo 'popin-uidl 1 own'; echo end"
	chmod 777 "$BATS_TEST_TMPDIR/fake"
	rm -f "$BATS_TEST_TMPDIR/fake/popin-import.held" "$BOX_HOME"/.popin.*
	SESSION=(env USER=anna HOME="$BOX_HOME" "${AS[@]}"
	    "$BATS_TEST_TMPDIR/fake/popin" -R session -m "mbox:$BOX"
	    --mbox-locks "$1")
}

@test "the session locks the mbox while popin-import reads it" {
	local locks

	need perl perl
	x_uidl_box
	for locks in fcntl dotlock fcntl,dotlock; do
		ask_with "$locks"
		ids
		run sort "$BATS_TEST_TMPDIR/fake/popin-import.held"
		assert_output "$(tr , '\n' <<<"$locks" | sort)"
		[ ! -e "$BOX.lock" ]
	done
}

@test "with --mbox-locks dotlock an fcntl lock of others does not keep ids away" {
	local holder

	need perl perl
	x_uidl_box
	perl -e 'use Fcntl; open F, "+<", $ARGV[0] or die;
	    $lock = pack("s s x4 q q l x4", F_WRLCK, 0, 0, 0, 0);
	    fcntl(F, F_SETLKW, $lock) or die $!;
	    $| = 1; print "locked\n"; sleep 100' "$BOX" \
	    >"$BATS_TEST_TMPDIR/locked" 3>&- &
	holder=$!
	until [ -s "$BATS_TEST_TMPDIR/locked" ]; do
		kill -0 "$holder"
	done
	as_box --mbox-locks dotlock
	ids
	kill "$holder"
	assert_equal "$IDS" 'id1 id2 id3'
}

importer_is_stopped()
{
	grep -q SIGSTOP "$BATS_TEST_TMPDIR/trace" 2>/dev/null
}

@test "ids are not taken from an mbox that changes while it is read" {
	need strace strace
	x_uidl_box
	strace -f -qq -o "$BATS_TEST_TMPDIR/trace" -P "$BOX" \
	    -e trace=pread64 -e inject=pread64:signal=STOP:when=1 \
	    "${IMPORTER[@]}" -m "mbox:$BOX" >"$OUT" 2>"$LOG" 3>&- &
	PID=$!
	wait_until 20 importer_is_stopped
	append late
	pkill -CONT -P "$PID"
	status=0
	wait "$PID" || status=$?
	assert_equal "$status" 75
	assert_log 'the mbox was changed by another program: "mbox"'
	[ ! -s "$OUT" ]
}

@test "no id of ours is told between an interrupted UPDATE and the first ids" {
	x_uidl_box
	printf 'From a@b %s\nSubject: 4\nX-UIDL: id4\n\n%0500d\n\n' "$STAMP" 0 \
	    >>"$BOX"
	break_off 4
	[ -s "$(journal)" ]
	# as after a session that could not keep them
	rm "$BOX_HOME"/.popin.mbox.*.uidl "$BOX.lock"
	as_box
	session <<-'EOT'
	=> -ERR [SYS/TEMP]
	EOT
	assert_log 'finishing an UPDATE'
	assert_log 'unique-ids are taken over at the next login: "mbox"'
	ids
	assert_equal "$IDS" 'id1 id4'
}

@test "a loss of power during an UPDATE of an mbox does not cost its popin.uidl" {
	local trace=$BATS_TEST_TMPDIR/trace synced kept

	need strace strace
	plain_box 1
	as_box
	SESSION=(strace -f -y -o "$trace" -e "trace=fsync,renameat,renameat2"
	    "${SESSION[@]}")
	ids
	# as long as it has no id of another server, too
	synced=$(grep -n 'fsync(.*\.uidl\.new>) *= 0' "$trace" | cut -d: -f1)
	kept=$(grep -n 'rename.*\.uidl\.new".*= 0' "$trace" | cut -d: -f1)
	[ "$synced" -lt "$kept" ] || fail "$(cat "$trace")"
}

# --- what is kept

@test "--check tells about the ids, and leaves the choice to the first login" {
	mail 1.a
	printf '%s\n' '/3 9 5' '1.a 1 1:5:0' >"$MAILDIR/courierpop3dsizelist"
	own "$MAILDIR/courierpop3dsizelist"
	run timeout "$LIMIT" "${SESSION[@]}" --check
	assert_success
	assert_output --partial 'from="courierpop3dsizelist" messages=1/1'
	[ ! -e "$KEPT" ]
	# the other server goes on until the day of the change
	mail 2.b 3.c
	courier_list
	ids
	assert_equal "$IDS" 'UID1-5 UID2-5 UID3-5'
}

@test "popin-import is asked once, or each time if nothing can be kept" {
	mail 1.a
	fake 'echo x >>"$0.asked"; echo "popin-uidl 1 own"; echo end'
	chmod 777 "$BATS_TEST_TMPDIR/fake"
	ids
	ids
	session <<-'EOT'
	STAT	=> +OK
	QUIT	=> +OK
	EOT
	assert_equal "$(wc -l <"$BATS_TEST_TMPDIR/fake/popin-import.asked")" 1
	rm "$KEPT"
	chmod 555 "$MAILDIR"
	ids
	ids
	chmod 755 "$MAILDIR"
	assert_equal "$(wc -l <"$BATS_TEST_TMPDIR/fake/popin-import.asked")" 3
	assert_log 'cannot keep unique-ids in "popin.uidl"'
}

@test "--uidl own and qmail use neither popin-import nor popin.uidl" {
	mail 1.a
	fake 'exit 1' --uidl own
	kept 'popin-uidl 1 courier' '1.a UID1-5' end
	ids
	assert_equal "$IDS" 1.a
	fake 'exit 1' --uidl qmail
	ids
	assert_equal "$IDS" 1.a
}

@test "ids of an mbox stay without the state file and without X-UIDL fields" {
	local -a own

	{
		printf 'From a@b %s\nSubject: 1\nX-UIDL: one\n\nx\n\n' "$STAMP"
		printf 'From a@b %s\nSubject: 2\nX-UIDL: two\n\nx\n\n' "$STAMP"
	} | box
	as_box
	ids
	assert_equal "$IDS" 'one two'
	find "$BOX_HOME" -name '.popin.mbox.*' ! -name '*.uidl' -delete
	edit 's/^X-UIDL: .*\n//mg'
	ids
	assert_equal "$IDS" 'one two'
}

@test "an answer without ids leaves the ids that are kept" {
	mail 1.a
	kept 'popin-uidl 1 courier' '1.a UID1-5' end
	as_session --uidl dovecot
	ids
	assert_equal "$IDS" UID1-5
	assert_equal "$(head -n 1 "$KEPT")" 'popin-uidl 1 dovecot'
	as_session
	ids
	assert_equal "$IDS" UID1-5
}

@test "the good lines of a damaged popin.uidl are kept" {
	mail 1.a 2.b 3.c
	courier_list
	kept 'popin-uidl 1 dovecot' '1.a one' garbage '2.b two'
	ids
	assert_log 'some unique-ids are damaged in "popin.uidl"'
	assert_equal "$IDS" 'one two UID3-5'
	ids
	refute_log damaged
	assert_equal "$IDS" 'one two UID3-5'
	rm "$MAILDIR/courierpop3dsizelist"
	: >"$KEPT"
	ids
	assert_equal "$IDS" '1.a 2.b 3.c'
}

# --- what a user writes there himself

@test "no popin.uidl makes two messages have one id, or an id that is invalid" {
	local hash long n

	hash=$(printf 2.b | sha256sum | cut -d ' ' -f 1)
	long=$(printf '%071d' 0)
	mail 1.a 2.b 3.c 4.d 5.e 6.f
	kept 'popin-uidl 1 courier' '1.a x' '2.b x' '1.a y' "3.c $hash" \
	    "4.d $long" "$long z" '5.e 2.b' '6.f ' ' q' '' '6.f a b' \
	    $'6.f \x01' $'6.f \xff' 'end' '6.f late' end
	ids
	assert_equal "$IDS" "x $hash 3.c 4.d 2.b 6.f"
	kept 'popin-uidl 1 courier' '1.a 2.b' '2.b 1.a' '3.c 4.d' end
	ids
	n=$(printf 4.d | sha256sum | cut -d ' ' -f 1)
	assert_equal "$IDS" "2.b 1.a 4.d $n 5.e 6.f"
}

@test "no kept id makes two messages of an mbox have one id" {
	local kept own

	append one
	append two
	own "$BOX"
	as_box --uidl own
	ids
	read -ra own <<<"$IDS"
	as_box
	ids
	kept=$(find "$BOX_HOME" -name '.popin.mbox.*.uidl')
	printf '%s\n' 'popin-uidl 1 x-uidl' "${own[0]} ${own[1]}" \
	    "x ${own[1]}.2" end >"$kept"
	ids
	assert_equal "$IDS" "${own[1]} ${own[1]}.3"
	ids
	assert_equal "$IDS" "${own[1]} ${own[1]}.3"
}

@test "a popin.uidl that is a trap, such as a FIFO, only locks its user out" {
	local kind

	mail 1.a
	for kind in fifo directory link huge; do
		rm -rf "$KEPT"
		case $kind in
		fifo)	mkfifo "$KEPT" ;;
		directory) mkdir "$KEPT" ;;
		link)	ln -s /dev/zero "$KEPT" ;;
		huge)	truncate -s 1T "$KEPT" || continue ;;
		esac
		own "$KEPT"
		session <<-'EOT'
		=> -ERR [SYS/PERM]
		EOT
		assert_log 'cannot read unique-ids from "popin.uidl"'
	done
}

@test "a popin.uidl of half a million lines is read to its end" {
	mail 1.a 2.b
	perl -e 'print "popin-uidl 1 courier\n";
	    print "$_.gone UID$_-5\n" for 1 .. 500000;
	    print "2.b UID0-5\nend\n"' >"$KEPT"
	own "$KEPT"
	ids
	assert_equal "$IDS" '1.a UID0-5'
}
