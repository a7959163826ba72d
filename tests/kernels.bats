#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
#
# Kernels that lack something: what popin does without, and what it refuses.
# without.pl makes calls fail as they do there; all else is this kernel's.
load lib

setup()
{
	[ "$(uname -m)" = x86_64 ] &&
	    [ "$(od -An -tu1 -j4 -N1 "$POPIN" | tr -d ' ')" = 2 ] ||
	    skip 'without.pl knows the calls of x86-64 only'
	need perl perl
	lib_setup
	three_messages
}

# lacking CALL=ERROR...: makes these calls fail in CHAIN and SESSION.
lacking()
{
	local what="$*"

	WITHOUT=(perl "$BIN/without.pl" "${what// /,}")
	CHAIN=("${WITHOUT[@]}" "${CHAIN[@]}")
	SESSION=("${WITHOUT[@]}" "${SESSION[@]}")
}

# assert_served: a whole session works.
assert_served()
{
	pop3 <<-'EOT'
	USER anna	=> +OK
	PASS secret	=> +OK 3 84
	RETR 1		=> +OK
	QUIT		=> +OK
	EOT
	assert_equal "$status" 0
}

# assert_refused: the client gets one line with -ERR, and nothing is done.
assert_refused()
{
	printf '%s\r\n' 'USER anna' 'PASS secret' 'DELE 1' QUIT >"$IN"
	limited "${CHAIN[@]}"
	assert_equal "$(wc -l <"$OUT")" 1
	grep -q '^-ERR \[SYS/' "$OUT" || fail "$(cat "$OUT")"
	assert_files new/1.one cur/2.two:2,S new/3.three
}

@test "without Landlock mail is served, the log is silent, and --check warns" {
	local error

	for error in ENOSYS EOPNOTSUPP; do
		as_chain
		lacking "landlock_create_ruleset=$error"
		assert_served
		assert_log_lines 2
		run "${CHAIN[@]}" --check
		assert_success
		assert_line --regexp '^WARN  sandbox: .* kernel-landlock=0$'
	done
}

# E2BIG is what a service gets that is in too many layers of Landlock already.
@test "if Landlock fails each process logs that, and mail is served" {
	lacking landlock_restrict_self=E2BIG
	assert_served
	assert_equal "$(grep -c '^popin: Landlock failed, going on without: ' "$LOG")" 1
	# the session and the wait process know the user
	assert_equal "$(grep -c '^popin: Landlock failed, going on without user="anna": ' "$LOG")" 2
	assert_log '^popin-import: Landlock failed, going on without maildrop="maildir:[^"]*": '
	assert_log_lines 6
}

@test "without seccomp nobody is served, and --check says so, too" {
	lacking prctl_seccomp=EINVAL seccomp=ENOSYS
	assert_refused
	assert_log '^popin: cannot install the seccomp filter: '
	run "${CHAIN[@]}" --check
	assert_failure 78
	assert_line --regexp '^FAIL  this kernel has no seccomp filters, so nobody can log in: '
}

@test "a session behind another server's checker is refused without seccomp, too" {
	local program=popin-import

	lacking prctl_seccomp=EINVAL seccomp=ENOSYS
	printf '%s\r\n' 'DELE 1' QUIT >"$IN"
	# the first login asks popin-import, which is confined, too
	for uidl in auto own; do
		limited "${SESSION[@]}" --uidl "$uidl"
		refute [ "$status" = 0 ]
		! grep -q '^+OK' "$OUT" || fail "$(cat "$OUT")"
		assert_log "^$program: cannot install the seccomp filter [a-z]+=\"[^\"]*\": "
		assert_files new/1.one cur/2.two:2,S new/3.three
		program=popin
	done
}

@test "without no_new_privs nobody is served" {
	lacking prctl_no_new_privs=EINVAL
	assert_refused
	assert_log '^popin: cannot set no_new_privs: '
}

# bats test_tags=root
@test "as root nobody is served if processes cannot be made undumpable" {
	[ "$(id -u)" = 0 ] || skip 'needs root'
	mkdir -m 755 "$BATS_TEST_TMPDIR/jail"
	PASSWD=$BATS_TEST_TMPDIR/accounts
	echo "anna:{PLAIN}secret:$TEST_UID:$TEST_UID::/::" >"$PASSWD"
	chmod 600 "$PASSWD"
	CHAIN=("$BIN/popin" --user 54320:54320 --jail "$BATS_TEST_TMPDIR/jail"
	    -P "$PASSWD" -m "maildir:$MAILDIR" --cleartext always --delay 0)
	assert_served
	lacking prctl_dumpable=EINVAL
	assert_refused
	assert_log '^popin: cannot give up privilege: '
}

# close_range is in Linux since 5.9, clone3 and pidfd_open since 5.3, rseq since
# 4.18, statx since 4.11, ambient capabilities since 4.3.  The others may fail
# on any kernel.
@test "mail is served without the calls that only newer kernels have" {
	lacking close_range=ENOSYS clone3=ENOSYS rseq=ENOSYS statx=ENOSYS \
	    prctl_ambient=EINVAL prctl_pdeathsig=EINVAL prctl_name=EINVAL \
	    tiocoutq=ENOTTY pidfd_open=ENOSYS
	assert_served
	assert_log_lines 2
}

@test "without close_range(2) login has no more descriptors than with it" {
	local monitor login

	need pgrep procps
	lacking close_range=ENOSYS
	# shellcheck disable=SC2016
	talk a bash -c 'exec 7</etc/passwd 9<>/dev/null 200</etc/passwd
	    exec "$@"' - "${CHAIN[@]}"
	hear a
	login=$(pgrep -P "${TALK_PID[a]}")
	assert_equal "$(ls "/proc/$login/fd" | sort -n | paste -sd ' ')" '0 1 2 3'
	ask a QUIT '+OK*'
	leave a
}

@test "without random numbers SCRAM fails, and each wrong password counts" {
	lacking getrandom=ENOSYS
	pop3 <<-'EOT'
	AUTH SCRAM-SHA-256 biwsbj1hbm5hLHI9Zm9v	=> -ERR [SYS/TEMP]
	USER anna	=> +OK
	PASS wrong	=> -ERR [AUTH]
	USER anna	=> +OK
	PASS wrong	=> -ERR [AUTH]
	USER anna	=> +OK
	PASS secret	=> +OK 3 84
	QUIT		=> +OK
	EOT
	assert_log '^popin: no random numbers: '
	assert_log '^popin: login error: .* method=SCRAM-SHA-256 .* reason=system$'
	assert_equal "$(grep -c '^popin: login failed: ' "$LOG")" 2
	assert_served
}

@test "an mbox whose locks the kernel does not have is not served" {
	local mbox=$BATS_TEST_TMPDIR/mbox

	printf '%s\n' 'From x@y Sat Jan  3 01:05:34 1996' 'A: b' '' text >"$mbox"
	own "$mbox" "$BATS_TEST_TMPDIR"
	as_chain -m "mbox:$mbox"
	lacking ofd_locks=EINVAL
	printf '%s\r\n' 'USER anna' 'PASS secret' 'DELE 1' QUIT >"$IN"
	limited "${CHAIN[@]}"
	grep -q '^-ERR \[SYS/' "$OUT" || fail "$(cat "$OUT" "$LOG")"
	assert_log 'lock'
	assert_equal "$(tail -n 1 "$mbox")" text
}

# bats test_tags=root
@test "without /proc the installed popin is run, or the log names it" {
	[ "$(id -u)" = 0 ] || skip 'needs root'
	unshare -m true 2>/dev/null || skip 'needs mount namespaces'
	# shellcheck disable=SC2016
	CHAIN=(unshare -m sh -c 'mount -t tmpfs none /proc && exec "$@"' -
	    "${CHAIN[@]}")
	printf '%s\r\n' 'USER anna' 'PASS secret' QUIT >"$IN"
	limited "${CHAIN[@]}"
	if [ -e /usr/local/sbin/popin ]; then
		grep -q '^+OK' "$OUT" || fail "$(cat "$OUT" "$LOG")"
	else
		grep -q '^-ERR \[SYS/' "$OUT" || fail "$(cat "$OUT" "$LOG")"
		assert_log '^popin: cannot start login "/.*/sbin/popin": No such file'
	fi
}
