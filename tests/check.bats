#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
#
# popin --check tells an administrator what would happen.
load lib

setup()
{
	lib_setup
	three_messages
	if [ "$(id -u)" = 0 ]; then
		ids=$TEST_UID:$TEST_UID
	else
		ids=$(id -u):$(id -g)
	fi
	JAIL=$BATS_TEST_TMPDIR/jail
	mkdir "$JAIL"
	chmod 755 "$JAIL"
	PASSWD=$BATS_TEST_TMPDIR/accounts
	echo "anna:{PLAIN}secret:$ids::$BATS_TEST_TMPDIR::" >"$PASSWD"
	chmod 600 "$PASSWD"
	own "$BATS_TEST_TMPDIR"
	CHECK=("$BIN/popin" -P "$PASSWD" --user 54320:54320 --jail "$JAIL"
	    -m "maildir:~/Maildir")
}

# check STATUS OPTION...: runs CHECK with OPTIONs; it must exit with STATUS.
check()
{
	local wanted=$1

	shift
	run "${CHECK[@]}" "$@"
	assert_equal "$status" "$wanted"
}

@test "--check finds no fault in a service that is set up right, status 0" {
	check 0 --check
	refute_output --partial FAIL
	assert_line --partial "checker: program=\"$BIN/popin-checkpassword\""
	assert_line --partial "file=\"$PASSWD\""
	assert_line --regexp '^(ok  |WARN)  sandbox: .* kernel-landlock=[0-9]+$'
	assert_line --regexp '^(ok  |WARN)  log: to="standard error'
	# nothing was served
	refute_output --partial '+OK'
}

# For cron jobs and the like: status 0 must mean that the check was made.
@test "--check works without standard input and output, too" {
	status=0
	"${CHECK[@]}" --check <&- >"$OUT" 2>"$LOG" 3>&- || status=$?
	assert_equal "$status" 0
	grep -q '^ok    checker: ' "$OUT" || fail "$(cat "$OUT" "$LOG")"
	chmod 644 "$PASSWD"
	"${CHECK[@]}" --check <&- >&- 2>"$LOG" 3>&- || status=$?
	assert_equal "$status" 78
	status=0
	"${CHECK[@]}" --check <&- >&- 2>&- 3>&- || status=$?
	assert_equal "$status" 78
}

# bats test_tags=root
@test "--check names all that is missing and what to do, status 78" {
	[ "$(id -u)" = 0 ] || skip 'needs root'
	chmod 644 "$PASSWD"
	CHECK=("$BIN/popin" -P "$PASSWD" --user _no_such --jail /no/such)
	check 78 --check
	assert_line --regexp '^FAIL  no unprivileged account user="_no_such" make-it-with="useradd .* _no_such"$'
	assert_line --regexp '^FAIL  no jail .* "/no/such": No such file'
	assert_line "FAIL  passwd-file is open to others, run chmod 640 \"$PASSWD\""
	CHECK=("$BIN/popin" --check --checker /no/such/checker)
	check 78
	assert_line --regexp '^FAIL  cannot execute the checker "/no/such/checker": No such file'
}

@test "--check reports a missing popin-import, status 78" {
	local bin=$BATS_TEST_TMPDIR/without

	mkdir "$bin"
	cp "$BIN/popin" "$BIN/popin-checkpassword" "$bin"
	chmod 755 "$bin"
	chmod 711 "$bin"/*
	CHECK[0]=$bin/popin
	check 78 --check
	assert_line --regexp "^FAIL  cannot execute \"$bin/popin-import\": No such"
	check 0 --check --uidl own
}

@test "--check-user tells the maildrop, its owner and what is in it" {
	check 0 --check-user anna
	assert_line "ok    user: user=\"anna\" uid=${ids%:*} gid=${ids#*:} home=\"$BATS_TEST_TMPDIR\""
	assert_line "ok    maildrop: is=\"maildir:$MAILDIR\" owner=${ids%:*} group=${ids#*:}"
	assert_line 'ok    messages: shown=3/84 hidden=0 sizes-not-remembered=3 cannot-be-sent=0'
	assert_line 'ok    unique-ids: duplicates=0 made-from-unfit-names=0'
	assert_files new/1.one cur/2.two:2,S new/3.three
}

@test "--check-user counts sizes not remembered and names that are no UIDL" {
	check 0 --check-user anna
	printf 'Subject: long\n\n' | deliver "$(printf 'x%.0s' {1..71})"
	check 0 --check-user anna
	assert_line --partial 'sizes-not-remembered=1'
	assert_line --partial 'made-from-unfit-names=1'
	check 0 --check-user anna
	assert_line --partial 'sizes-not-remembered=0'
}

@test "--check-user names the session that has the maildrop, status 75" {
	# as if the client had been silent for long: a login would take over
	as_session --testing --takeover 1
	talk a "${SESSION[@]}"
	hear a
	check 75 --check-user anna
	assert_line "WARN  in use by another session: pid=${TALK_PID[a]}"
	ask a NOOP '+OK*'
	ask a QUIT '+OK*'
	leave a
}

@test "--check-user reports a user who is unknown or refused, status 78" {
	check 78 --check-user bert
	assert_line 'FAIL  no such user "bert"'
	echo "carl:!:$ids::$BATS_TEST_TMPDIR::" >>"$PASSWD"
	check 78 --check-user carl
	assert_line 'FAIL  this user may not log in: user="carl" reason=locked'
	check 78 --check-user Anna
	assert_line 'FAIL  no such user "Anna"'
	check 78 --check-user ../anna
	assert_line 'FAIL  no such user "../anna"'
}

@test "with --lower-case --check-user finds a user in any case" {
	check 0 --lower-case --check-user Anna
	assert_line --partial 'ok    user: user="anna" '
}

@test "if any line of --check-user says FAIL, the status is 78" {
	mkdir "$MAILDIR/popin.state"
	own "$MAILDIR/popin.state"
	chmod 700 "$MAILDIR"
	check 78 --check-user anna
	assert_line --regexp '^FAIL  no state file, logins will be slow, in '
	assert_line --regexp '^ok    messages: shown=3/84 '
	rmdir "$MAILDIR/popin.state"
	check 0 --check-user anna
	refute_output --partial FAIL
}

@test "--check-user warns of a Maildir that does not exist yet, status 0" {
	rm -r "$MAILDIR"
	check 0 --check-user anna
	assert_line "WARN  no Maildir yet, serving an empty maildrop: path=\"$MAILDIR\""
	assert_line --partial 'messages: shown=0/0 '
}

@test "--check-user reports a missing maildrop in the words of the log" {
	CHECK+=(-m maildir:/no/such/%n)
	check 78 --check-user anna
	assert_line 'FAIL  cannot open the Maildir "/no/such/anna": No such file or directory'
}

@test "--check-from tells if an address may log in without TLS" {
	CHECK+=(--cleartext 192.0.2.0/24)
	check 0 --check-from 192.0.2.7
	assert_line --partial 'passwords without TLS: allowed="192.0.2.0/24" from=192.0.2.7 may=yes tls=no'
	check 0 --check-from 2001:db8::7
	assert_line --partial 'from=2001:db8::7 may=no'
	check 0 --check-from 2001:db8::7 --tls
	assert_line --partial 'may=yes tls=always'
	check 64 --check-from example.net
}

@test "--check-from with --check-user fails if allow_nets forbids the address" {
	echo "dora:{PLAIN}secret:$ids::$BATS_TEST_TMPDIR::allow_nets=192.0.2.0/24" \
	    >>"$PASSWD"
	check 0 --check-user dora --check-from 192.0.2.7
	check 78 --check-user dora --check-from 198.51.100.7
	assert_line 'FAIL  this user may not log in: user="dora" reason=allow_nets'
}

@test "a user can check his own maildrop" {
	run env USER=anna HOME="$BATS_TEST_TMPDIR" "${AS[@]}" \
	    "$BIN/popin" -R session -m "maildir:$MAILDIR" --check
	assert_success
	assert_line --partial 'messages: shown=3/84'
}

@test "an mbox is checked like a Maildir" {
	local i

	for i in {1..300}; do
		printf 'From a@b Sat Jan  3 01:05:34 1996\nSubject: %03d\n\ntext\n\n' \
		    "$i"
	done >"$BATS_TEST_TMPDIR/mbox"
	own "$BATS_TEST_TMPDIR/mbox"
	CHECK+=(-m "mbox:$BATS_TEST_TMPDIR/mbox")
	check 0 --check-user anna
	assert_line --partial "is=\"mbox:$BATS_TEST_TMPDIR/mbox\""
	assert_line --partial 'messages: shown=300/6600'
	assert_line --partial 'duplicates=0'
}

@test "--check looks for a checker without a path in PATH" {
	mkdir "$BATS_TEST_TMPDIR/bin"
	cp "$(type -P true)" "$BATS_TEST_TMPDIR/bin/popin-test-checker"
	CHECK=("$BIN/popin" --user 54320:54320 --jail "$JAIL" --check)
	PATH=$BATS_TEST_TMPDIR:$BATS_TEST_TMPDIR/bin:$PATH \
	    check 0 --checker popin-test-checker
	assert_line 'ok    checker: program="popin-test-checker"'
	check 78 --checker popin-test-checker
	assert_line 'FAIL  cannot execute the checker "popin-test-checker": No such file or directory'
	CHECK=(env -u PATH "${CHECK[@]}")
	check 78 --checker popin-test-checker
}

@test "--check-user says that it needs popin-checkpassword, if another is set" {
	CHECK=("$BIN/popin" --user 54320:54320 --jail "$JAIL"
	    --check-user anna --checker /bin/true)
	check 78
	assert_line --partial 'FAIL  --check-user needs popin-checkpassword'
	refute_output --partial 'maildrop:'
}

@test "without root --check tells whose mail can be served" {
	[ ${#AS[@]} -gt 0 ] || AS=(env)
	[ "$(id -u)" != 0 ] || chown "$TEST_UID" "$PASSWD"
	CHECK=("${AS[@]}" "${CHECK[@]}")
	check 0 --check
	assert_line "ok    not started by root, all mail must belong to this user: uid=${ids%:*}"
	refute_output --partial 'directory that login is locked into'
}

@test "--check of a session tells the limits that a checker has set" {
	run env USER=anna HOME="$BATS_TEST_TMPDIR" POPIN_MAXSIZE=30 \
	    POPIN_NEWEST=2 "${AS[@]}" \
	    "$BIN/popin" -R session -m "maildir:$MAILDIR" --check
	assert_success
	assert_line --regexp '^ok    user: .* maxsize=30 newest=2$'
	assert_line --partial 'hidden='
}

@test "--check of a session refuses what a session would refuse, status 78" {
	run env USER=anna HOME="$BATS_TEST_TMPDIR" POPIN_MAXSIZE=much "${AS[@]}" \
	    "$BIN/popin" -R session -m "maildir:$MAILDIR" --check
	assert_failure 78
	run env USER=an/na HOME="$BATS_TEST_TMPDIR" "${AS[@]}" \
	    "$BIN/popin" -R session -m "maildir:/mail/%u" --check
	assert_failure 78
	assert_line --regexp '^FAIL  .*an/na'
}

# with_dev: sets LOOK to CHECK with a /dev of its own, which has null and what
# the test puts there.
with_dev()
{
	[ "$(id -u)" = 0 ] || skip 'needs root'
	unshare -m true 2>/dev/null || skip 'needs mount namespaces'
	mkdir "$BATS_TEST_TMPDIR/dev"
	# the real one is mounted here: this file system may be nodev
	: >"$BATS_TEST_TMPDIR/dev/null"
	LOOK=(unshare -m sh -c 'mount --bind /dev/null "$0/null" &&
	    mount --rbind "$0" /dev && exec "$@"'
	    "$BATS_TEST_TMPDIR/dev" "${CHECK[@]}")
}

# bats test_tags=root
@test "--check tells where the log goes, and fails if that place is missing" {
	with_dev
	CHECK=("${LOOK[@]}" --log syslog)
	check 78 --check
	assert_line 'FAIL  no log: --log syslog was given, but there is no "/dev/log": No such file or directory'
	CHECK=("${LOOK[@]}")
	check 0 --check
	assert_line 'WARN  log: to="standard error" under-inetd=nowhere missing="/dev/log"'
	: >"$BATS_TEST_TMPDIR/dev/log"
	check 0 --check
	assert_line 'ok    log: to="standard error; /dev/log if that is the client (inetd)"'
	check 0 --check --log syslog
	assert_line 'ok    log: to="/dev/log"'
	check 0 --check --log stderr
	assert_line 'ok    log: to="standard error, nowhere if the client is"'
	check 0 --check --log auto
}
