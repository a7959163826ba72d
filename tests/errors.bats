#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
load lib

# run_popin ARGUMENT...: popin with nothing to read; sets status, OUT and LOG.
run_popin()
{
	: >"$IN"
	limited "${AS[@]}" "$BIN/popin" "$@"
}

# assert_refused STATUS PATTERN: popin has told an administrator of a mistake.
# It ended with STATUS, the log has one line, with PATTERN, and the client got
# -ERR [SYS/PERM] at most.
assert_refused()
{
	assert_equal "$status" "$1"
	assert_log_lines 1
	assert_log "^popin: .*$2"
	if [ -s "$OUT" ]; then
		grep -q '^-ERR \[SYS/PERM\]' "$OUT" || fail "$(cat "$OUT")"
		assert_equal "$(wc -l <"$OUT")" 1
	fi
}

@test "unknown options and impossible values are refused with status 64" {
	while IFS= read -r options; do
		# shellcheck disable=SC2086
		run_popin $options
		echo "$options"
		assert_refused 64 ''
	done <<-'EOT'
	--foo
	-x
	-
	--
	word
	--idle
	--idle x
	--idle -1
	--idle 1x
	--idle=
	--idle 700s
	--idle 18446744073709551617
	--login-timeout 0
	--login-timeout soon
	--checker-timeout -5
	--delay x
	--delay=-1
	--max-messages 0
	--max-messages 1e6
	--max-messages 4294967297
	--log nowhere
	--testing=1
	-m
	--maildrop=
	-m tape:/var/mail/%u
	-m maildir:Maildir
	-m mbox:%u
	-m Maildir
	-m %u
	-P
	--checker
	-R monitor
	-R
	--jail relative
	--passwd-file /x --checker /bin/false
	--mbox-locks flock
	--cleartext perhaps
	--cleartext 192.0.2.0/24,
	--cleartext 192.0.2.0/33
	--cleartext 2001:db8::/-1
	--cleartext 192.0.2.0/24/24
	--cleartext 127.0.0.1,1234567890123456789012345678901234567890123456/8
	--check-from 2001:db8::g
	--stls tls
	--uidl pop
	--log-as nowhere
	--offers many
	--trash=x y
	EOT
}

@test "the log names a wrong option and a wrong value" {
	run_popin --idel=700
	assert_refused 64 'idel'
	run_popin --idle 700s
	assert_refused 64 '700s'
}

@test "an autologout under 600 seconds needs --testing" {
	three_messages
	session --idle 599 <<-'EOT'
	STAT	=> (end)
	EOT
	assert_refused 64 '600'
	session --idle 600 <<-'EOT'
	STAT	=> +OK 3 84
	EOT
	assert_equal "$status" 0
	session --idle 599 --testing <<-'EOT'
	STAT	=> +OK 3 84
	EOT
	assert_equal "$status" 0
}

@test "options take their values after = or as the next word" {
	three_messages
	: >"$IN"
	limited "${AS[@]}" "$BIN/popin" --role=session \
	    --maildrop="maildir:$MAILDIR" --idle=600 --max-messages=5
	assert_equal "$status" 0
	limited "${AS[@]}" "$BIN/popin" --role session \
	    --maildrop "maildir:$MAILDIR" --idle 600 --max-messages 5
	assert_equal "$status" 0
	limited "${AS[@]}" "$BIN/popin" -R session -m "maildir:$MAILDIR"
	assert_equal "$status" 0
	limited "${AS[@]}" "$BIN/popin" -Rsession "-mmaildir:$MAILDIR" \
	    --log auto --mbox-locks fcntl,dotlock
	assert_equal "$status" 0
}

@test "--help and --version print on stdout and exit with 0" {
	run_popin --help
	assert_equal "$status" 0
	grep -q '^usage: popin' "$OUT"
	for option in maildrop passwd-file lower-case checker role idle \
	    login-timeout checker-timeout delay max-messages user jail log testing version \
	    help; do
		grep -q -e "--$option" "$OUT" || fail "--$option"
	done
	[ ! -s "$LOG" ]
	run_popin --version
	assert_equal "$status" 0
	assert_equal "$(head -n 1 "$OUT" | cut -d ' ' -f 1)" popin
	[ ! -s "$LOG" ]
}

@test "a maildrop that does not exist is named in the log, status 78" {
	rm -r "$MAILDIR"
	session -m "maildir:$MAILDIR/anna" <<-'EOT'
	=> -ERR [SYS/PERM]
	STAT	=> (end)
	EOT
	assert_equal "$status" 78
	assert_log "^popin: .*$MAILDIR"
	! grep -e Maildir -e uch "$OUT" || fail 'told the client'
}

@test "in the whole chain a missing maildrop is [SYS/PERM], status 78" {
	rm -r "$MAILDIR"
	pop3 -m "maildir:$MAILDIR/anna" <<-'EOT'
	USER anna	=> +OK
	PASS secret	=> -ERR [SYS/PERM]
	STAT		=> (end)
	EOT
	assert_equal "$status" 78
	assert_log "$MAILDIR"
}

@test "a maildrop that is no Maildir is refused" {
	rm -r "$MAILDIR"
	mkdir "$MAILDIR"
	own "$MAILDIR"
	session <<-'EOT'
	=> -ERR [SYS/PERM]
	EOT
	assert_equal "$status" 78
	rmdir "$MAILDIR"
	echo text >"$MAILDIR"
	own "$MAILDIR"
	session <<-'EOT'
	=> -ERR [SYS/PERM]
	EOT
	assert_equal "$status" 78
}

# It is like an mbox that does not exist yet: the first delivery makes it.
@test "a Maildir that does not exist yet is served as empty, and not made" {
	rm -r "$MAILDIR"
	for path in "$MAILDIR" "$MAILDIR///"; do
		session -m "maildir:$path" --trash <<-'EOT'
		=> +OK 0 0
		LIST	=> +OK
		UIDL	=> +OK
		QUIT	=> +OK
		EOT
		assert_equal "$status" 0
		assert_log_lines 2
		assert_log 'no Maildir yet, serving an empty maildrop: path="/'
		[ ! -e "$MAILDIR" ]
	done
	maildir "$MAILDIR"
	three_messages
	session <<-'EOT'
	=> +OK 3 84
	EOT
}

# A user whose file system is not mounted has mail, and must not hear that he
# has none.
@test "a Maildir whose directory is missing, or a broken link, is an error" {
	rm -r "$MAILDIR"
	session -m "maildir:$MAILDIR/anna" <<-'EOT'
	=> -ERR [SYS/PERM]
	EOT
	ln -s "$BATS_TEST_TMPDIR/not-mounted" "$MAILDIR"
	for path in "$MAILDIR" "$MAILDIR/"; do
		session -m "maildir:$path" <<-'EOT'
		=> -ERR [SYS/PERM]
		EOT
	done
}

@test "a maildrop that its user may not open is refused" {
	three_messages
	chmod 0 "$MAILDIR"
	session <<-'EOT'
	=> -ERR [SYS/PERM]
	EOT
	assert_equal "$status" 78
	chmod 755 "$MAILDIR"
	chmod 0 "$MAILDIR/cur"
	session <<-'EOT'
	=> -ERR [SYS/PERM]
	EOT
	chmod 755 "$MAILDIR/cur"
	assert_equal "$status" 78
}

@test "an unknown kind of maildrop is refused" {
	: >"$IN"
	limited "${AS[@]}" "$BIN/popin" -R session -m "tape:$MAILDIR"
	assert_equal "$status" 64
	grep -q '^-ERR \[SYS/PERM\]' "$OUT"
	assert_log tape
	# What a checker sets comes later, and is no mistake in an option.
	limited env "POPIN_MAILDROP=tape:$MAILDIR" "${SESSION[@]}"
	assert_equal "$status" 78
	grep -q '^-ERR \[SYS/PERM\]' "$OUT"
	assert_log tape
}

@test "a passwd-file that others can read is refused and named in the log" {
	chmod 644 "$PASSWD"
	printf 'QUIT\r\n' | raw_pop3
	assert_refused 78 "chmod 640 \"$PASSWD"
}

@test "a passwd-file that does not exist is named in the log" {
	rm "$PASSWD"
	printf 'QUIT\r\n' | raw_pop3
	assert_refused 78 "$PASSWD"
}

# bats test_tags=root
@test "a session refuses to run as root" {
	[ "$(id -u)" = 0 ] || skip 'needs root'
	three_messages
	AS=()
	as_session
	session <<-'EOT'
	=> -ERR [SYS/PERM]
	STAT	=> (end)
	EOT
	assert_equal "$status" 78
	assert_log 'uid 0'
}

# bats test_tags=root
@test "a session refuses to run with the group of root" {
	[ "$(id -u)" = 0 ] || skip 'needs root'
	three_messages
	AS=(setpriv --reuid "$TEST_UID" --regid 0 --clear-groups --)
	as_session
	session <<-'EOT'
	=> -ERR [SYS/PERM]
	EOT
	assert_equal "$status" 78
}

@test "the client sees a fault as one line with -ERR" {
	rm -r "$MAILDIR"
	session -m "maildir:$MAILDIR/anna" <<-'EOT'
	STAT
	EOT
	assert_equal "$(wc -l <"$OUT")" 1
	grep -q $'^-ERR \\[SYS/PERM\\][ -~]*\r$' "$OUT"
}

@test "popin works without a log, and loses no mail without a client" {
	three_messages
	printf 'USER anna\r\nPASS secret\r\nSTAT\r\nQUIT\r\n' >"$IN"
	timeout "$LIMIT" "${CHAIN[@]}" <"$IN" >"$OUT" 2>&- 3>&-
	grep -q $'^+OK 3 84\r$' "$OUT"
	assert_equal "$(wc -l <"$OUT")" 5
	printf 'STAT\r\nQUIT\r\n' >"$IN"
	timeout "$LIMIT" "${SESSION[@]}" <"$IN" >"$OUT" 2>&- 3>&-
	grep -q $'^+OK 3 84\r$' "$OUT"
	# nobody to talk to
	timeout "$LIMIT" "${CHAIN[@]}" <&- >&- 2>"$LOG" 3>&- || :
	timeout "$LIMIT" "${SESSION[@]}" <&- >&- 2>"$LOG" 3>&- || :
	timeout "$LIMIT" "${SESSION[@]}" <&- >&- 2>&- 3>&- || :
	assert_equal "$(files_in | wc -l)" 3
}

@test "descriptors left open by the super-server do not matter" {
	three_messages
	printf 'USER anna\r\nPASS secret\r\nSTAT\r\nQUIT\r\n' >"$IN"
	timeout "$LIMIT" "${CHAIN[@]}" <"$IN" >"$OUT" 2>"$LOG" 3</dev/null \
	    4</dev/null 5</dev/null 9</dev/null
	grep -q $'^+OK 3 84\r$' "$OUT"
}

@test "a session whose client is gone at once exits with 0" {
	three_messages
	yes NOOP | head -n 1000 >"$IN"
	{
		status=0
		timeout "$LIMIT" "${SESSION[@]}" <"$IN" 2>"$LOG" 3>&- ||
		    status=$?
		echo "$status" >"$BATS_TEST_TMPDIR/status"
	} | head -c 1 >/dev/null
	assert_equal "$(cat "$BATS_TEST_TMPDIR/status")" 0
}

@test "SIGCHLD and SIGPIPE ignored by the super-server do not matter" {
	three_messages
	printf 'USER anna\r\nPASS secret\r\nSTAT\r\nQUIT\r\n' >"$IN"
	(
		trap '' CHLD PIPE TERM HUP
		exec timeout "$LIMIT" "${CHAIN[@]}" <"$IN" >"$OUT" 2>"$LOG" 3>&-
	)
	grep -q $'^+OK 3 84\r$' "$OUT"
}

# popin passes its arguments on to login, checker and session, with some more.
@test "a command line that is too long for a program is logged, [SYS/TEMP]" {
	local n served=0 refused=0

	three_messages
	for n in {90..128}; do
		# shellcheck disable=SC2046
		as_chain $(yes -- --testing | head -n "$n")
		printf 'USER anna\r\nPASS secret\r\nSTAT\r\nQUIT\r\n' >"$IN"
		limited "${CHAIN[@]}"
		if grep -q $'^+OK 3 84\r$' "$OUT"; then
			[ "$refused" = 0 ]
			served=$((served + 1))
			continue
		fi
		refused=$((refused + 1))
		assert_log '^popin: cannot start (login|the checker).*: Argument list too long$'
		grep -q '^-ERR \[SYS/TEMP\]' "$OUT" || fail "$(cat "$OUT")"
	done
	[ "$served" -gt 0 ] && [ "$refused" -gt 0 ]
}
