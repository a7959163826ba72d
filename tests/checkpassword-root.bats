#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
#
# popin-checkpassword as root: it checks accounts of the system, which each test
# makes and removes, and becomes other users.
load lib

# bats file_tags=root

setup()
{
	[ "$(id -u)" = 0 ] || skip 'needs root'
	need useradd passwd
	lib_setup
	CHECKER=("$BIN/popin-checkpassword")
	USERS=() GROUPS_MADE=()
	HASH=$(crypt secret '$6$rounds=1000$saltsalt')
	UNIQUE=popint$((BASHPID % 100000))
}

teardown()
{
	local name

	for name in "${USERS[@]}"; do
		userdel -f "$name" >/dev/null 2>&1 || :
	done
	for name in "${GROUPS_MADE[@]}"; do
		groupdel "$name" >/dev/null 2>&1 || :
	done
	lib_teardown
}

crypt()
{
	perl -e 'print crypt($ARGV[0], $ARGV[1])' "$1" "$2"
}

# account [OPTION...]: makes an account with the password "secret"; sets NAME.
account()
{
	NAME=$UNIQUE${#USERS[@]}
	USERS+=("$NAME")
	useradd -M -d / -s /bin/sh -p "$HASH" -K PASS_MAX_DAYS=-1 "$@" "$NAME" \
	    2>/dev/null
}

# run_checker NAME PASSWORD ARG...: runs CHECKER with ARGs, and with these
# credentials on descriptor 3; sets status, OUT and LOG.
run_checker()
{
	printf '%s\0%s\0\0' "$1" "$2" >"$BATS_TEST_TMPDIR/credentials"
	shift 2
	status=0
	timeout "$LIMIT" "${CHECKER[@]}" "$@" \
	    </dev/null >"$OUT" 2>"$LOG" 3<"$BATS_TEST_TMPDIR/credentials" ||
	    status=$?
}

login()
{
	run_checker "$1" "$2" /bin/echo in
}

file_login()
{
	run_checker "$1" "$2" -f "$PASSWD" /bin/echo in
}

assert_in()
{
	assert_equal "$status:$(cat "$OUT" "$LOG")" 0:in
}

assert_refused()
{
	assert_equal "$status:$(cat "$OUT" "$LOG")" 1:
}

assert_fault()
{
	assert_equal "$status:$(cat "$OUT")" "$1:"
	assert_log_lines 1
	assert_log "^popin-checkpassword: .*$2"
}

# day N: that many days from today, as shadow(5) counts them.
day()
{
	echo $(($(date +%s) / 86400 + $1))
}

# root_passwd_file LINE...
root_passwd_file()
{
	passwd_file "$@"
	chown 0:0 "$PASSWD"
}

# --- accounts of the system

@test "a system account logs in with its password" {
	account
	login "$NAME" secret
	assert_in
	login "$NAME" wrong
	assert_refused
	login "$NAME" ''
	assert_refused
}

@test "a system account is found in any case with --lower-case only" {
	account
	run_checker "${NAME^}" secret --lower-case /bin/sh -c 'echo "$USER"'
	assert_equal "$status:$(cat "$OUT" "$LOG")" "0:$NAME"
	run_checker "${NAME^^}" wrong --lower-case /bin/echo in
	assert_refused
	run_checker "${UNIQUE^^}-NOBODY" secret --lower-case /bin/echo in
	assert_refused
	login "${NAME^}" secret
	assert_refused
}

@test "an unknown user is refused, and nothing is logged" {
	login "$UNIQUE-nobody" secret
	assert_refused
}

@test "all uids and gids of the next program are the user's" {
	account
	run_checker "$NAME" secret /bin/grep -E '^(Uid|Gid):' /proc/self/status
	assert_equal "$(tr -s '\t ' '  ' <"$OUT")" "$(
		u=$(id -u "$NAME") g=$(id -g "$NAME")
		echo "Uid: $u $u $u $u"
		echo "Gid: $g $g $g $g"
	)"
}

@test "the next program cannot become root again" {
	account
	run_checker "$NAME" secret /usr/bin/perl -e '
		$> = 0; $< = 0; $) = 0; print "$< $>"'
	assert_equal "$(cat "$OUT")" "$(id -u "$NAME") $(id -u "$NAME")"
}

# strace(1) makes each of these calls do nothing and report success.
@test "popin-checkpassword fails if a step of giving up root did nothing" {
	local call

	need strace strace
	account
	for call in setgroups setresgid setresuid; do
		call=$(called "$call")
		CHECKER=(setpriv '--groups=4,24' -- strace -f -o /dev/null
		    -e "trace=$call" -e "inject=$call:retval=0"
		    "$BIN/popin-checkpassword")
		login "$NAME" secret
		assert_fault 111 "cannot become the user \"$NAME\""
	done
}

@test "the next program has no group but the user's own" {
	GROUPS_MADE+=("${UNIQUE}g")
	groupadd "${UNIQUE}g"
	account -G "${UNIQUE}g,root"
	CHECKER=(setpriv '--groups=4,24' -- "${CHECKER[@]}")
	run_checker "$NAME" secret /usr/bin/id -G
	assert_equal "$(cat "$OUT")" "$(id -g "$NAME")"
}

@test "with --groups the next program has the user's groups, never group 0" {
	GROUPS_MADE+=("${UNIQUE}g")
	groupadd "${UNIQUE}g"
	account -G "${UNIQUE}g,root"
	CHECKER+=(--groups)
	run_checker "$NAME" secret /usr/bin/id -G
	assert_equal "$(tr ' ' '\n' <"$OUT" | sort)" \
	    "$(printf '%s\n' "$(id -g "$NAME")" \
	    "$(getent group "${UNIQUE}g" | cut -d: -f3)" | sort)"
}

@test "the next program has USER, HOME, SHELL, umask 077, and is at home" {
	mkdir "$BATS_TEST_TMPDIR/home"
	account -d "$BATS_TEST_TMPDIR/home" -s /bin/dash
	chown "$NAME" "$BATS_TEST_TMPDIR/home"
	chmod 700 "$BATS_TEST_TMPDIR/home"
	run_checker "$NAME" secret \
	    /bin/sh -c 'echo "$USER $HOME $SHELL"; /bin/pwd; umask'
	assert_equal "$(cat "$OUT")" "$NAME $BATS_TEST_TMPDIR/home /bin/dash
$BATS_TEST_TMPDIR/home
0077"
}

@test "a home that is missing, or that its user cannot enter, is an error" {
	account -d /nonexistent/home
	login "$NAME" secret
	assert_fault 111 '"/nonexistent/home": No such file'
	mkdir -m 700 "$BATS_TEST_TMPDIR/home"
	account -d "$BATS_TEST_TMPDIR/home"
	login "$NAME" secret
	assert_fault 111 'home": Permission denied'
}

@test "a hash that chpasswd(8) made is understood" {
	account
	echo "$NAME:other" | chpasswd
	login "$NAME" other
	assert_in
	login "$NAME" secret
	assert_refused
}

@test "a locked account is refused" {
	account
	usermod -L "$NAME"
	login "$NAME" secret
	assert_refused
	usermod -U "$NAME"
	login "$NAME" secret
	assert_in
	for hash in '*' '!' x '!!' '!*' '*0' '$6$' '$nosuch$saltsalt$hashhash'; do
		usermod -p "$hash" "$NAME"
		for password in secret "$hash" '*0' ''; do
			login "$NAME" "$password"
			assert_refused
		done
	done
}

@test "an account locked in /etc/passwd is refused, whatever /etc/shadow says" {
	account
	unshare -m true 2>/dev/null || skip 'needs mount namespaces'
	sed "s/^$NAME:x:/$NAME:*:/" /etc/passwd >"$BATS_TEST_TMPDIR/etc-passwd"
	CHECKER=(unshare -m sh -c
	    "$OWN_ETC"' && cat "$0" >/etc/passwd && exec "$@"'
	    "$BATS_TEST_TMPDIR/etc-passwd" "$BIN/popin-checkpassword")
	login "$NAME" secret
	assert_refused
	sed "s/^$NAME:x:/$NAME:x:/" /etc/passwd >"$BATS_TEST_TMPDIR/etc-passwd"
	login "$NAME" secret
	assert_in
}

@test "an unusable home is an error, but a wrong password is still refused" {
	local home why

	account
	unshare -m true 2>/dev/null || skip 'needs mount namespaces'
	CHECKER=(unshare -m sh -c
	    "$OWN_ETC"' && cat "$0" >/etc/passwd && exec "$@"'
	    "$BATS_TEST_TMPDIR/etc-passwd" "$BIN/popin-checkpassword")
	for home in home/anna '' "/$(printf 'x/%.0s' {1..600})"; do
		sed "s|^\($NAME:x:.*\):/:/bin/sh\$|\1:$home:/bin/sh|" \
		    /etc/passwd >"$BATS_TEST_TMPDIR/etc-passwd"
		why='home that is not a full path'
		[ ${#home} -lt 1000 ] || why='field that is too long'
		login "$NAME" secret
		assert_fault 111 "account has a $why"
		login "$NAME" wrong
		assert_refused
	done
}

@test "an account without a password is refused with any password" {
	account
	usermod -p '' "$NAME"
	for password in '' secret x; do
		login "$NAME" "$password"
		assert_refused
	done
}

@test "uid 0 is refused with the right password, whatever its name" {
	account -o -u 0
	login "$NAME" secret
	assert_refused
}

@test "gid 0 is refused with the right password" {
	account -g 0
	login "$NAME" secret
	assert_refused
}

@test "an expired account is refused from its day on" {
	account
	chage -E "$(day 1)" "$NAME"
	login "$NAME" secret
	assert_in
	for days in "$(day 0)" "$(day -1)" 1 0; do
		chage -E "$days" "$NAME"
		login "$NAME" secret
		assert_refused
	done
	chage -E -1 "$NAME"
	login "$NAME" secret
	assert_in
}

@test "a password that has to be changed is refused" {
	account
	chage -d 0 "$NAME"
	login "$NAME" secret
	assert_refused
}

@test "an expired password is refused after its days of grace" {
	account
	chage -d "$(day -30)" -M 30 "$NAME"
	login "$NAME" secret
	assert_in
	chage -d "$(day -31)" -M 30 "$NAME"
	login "$NAME" secret
	assert_refused
	chage -d "$(day -31)" -M 30 -I 5 "$NAME"
	login "$NAME" secret
	assert_in
	chage -d "$(day -35)" -M 30 -I 5 "$NAME"
	login "$NAME" secret
	assert_in
	chage -d "$(day -36)" -M 30 -I 5 "$NAME"
	login "$NAME" secret
	assert_refused
	chage -d "$(day -1000)" -M -1 -I -1 "$NAME"
	login "$NAME" secret
	assert_in
	chage -d "$(day 3)" -M 30 "$NAME"
	login "$NAME" secret
	assert_in
}

@test "--valid-shells refuses an account whose shell is not in /etc/shells" {
	account -s /nonexistent/shell
	login "$NAME" secret
	assert_in
	run_checker "$NAME" secret --valid-shells /bin/echo in
	assert_refused
	for shell in /usr/sbin/nologin /bin/false /sbin/nologin; do
		usermod -s "$shell" "$NAME" 2>/dev/null
		login "$NAME" secret
		assert_in
		run_checker "$NAME" secret --valid-shells /bin/echo in
		assert_refused
	done
	usermod -s /bin/sh "$NAME"
	run_checker "$NAME" secret --valid-shells /bin/echo in
	assert_in
	# an empty shell is /bin/sh
	usermod -s '' "$NAME"
	run_checker "$NAME" secret --valid-shells /bin/echo in
	assert_in
}

@test "--valid-shells refuses nologin and false even if /etc/shells has them" {
	account -s /usr/sbin/nologin
	printf '/bin/sh\n/usr/sbin/nologin\n/bin/false\n' >"$BATS_TEST_TMPDIR/shells"
	unshare -m true 2>/dev/null || skip 'needs mount namespaces'
	CHECKER=(unshare -m sh -c
	    'mount --bind "$0" /etc/shells && exec "$@"'
	    "$BATS_TEST_TMPDIR/shells" "$BIN/popin-checkpassword" --valid-shells)
	login "$NAME" secret
	assert_refused
	usermod -s /bin/false "$NAME"
	login "$NAME" secret
	assert_refused
	usermod -s /bin/sh "$NAME"
	login "$NAME" secret
	assert_in
}

# faulty FILE ERROR [WHEN]: sets CHECKER to a popin-checkpassword that cannot
# open FILE because of ERROR.  WHEN is as in strace(1), each time by default.
faulty()
{
	need strace strace
	CHECKER=(strace -qq -o /dev/null -P "$1" -e trace=openat
	    -e "inject=openat:error=$2:when=${3:-1+}" "$BIN/popin-checkpassword")
}

@test "an account that cannot be looked up now is an error, not a refusal" {
	local fault name
	# NSS says for which account it failed if it has one source only, such
	# as files; otherwise popin-checkpassword finds out by reading the file
	local cannot='cannot look up (the account|accounts in) "'

	account
	for fault in EMFILE EIO ENOMEM EPERM EACCES; do
		for name in "$NAME" "$UNIQUE-nobody"; do
			faulty /etc/passwd "$fault"
			login "$name" secret
			assert_fault 111 "$cannot"
			# it is opened for the decoy first
			faulty /etc/shadow "$fault" 2+
			login "$name" secret
			assert_fault 111 "$cannot"
			run_checker "$name" secret --as "$name" /bin/echo in
			assert_fault 111 "$cannot"
			faulty /etc/shadow "$fault"
			login "$name" secret
			assert_fault 111 "cannot read the system's passwords"
		done
	done
}

# With one source only NSS says why a lookup failed.
@test "an account database that cannot be read is not taken for an empty one" {
	account
	need strace strace
	for fault in EMFILE EPERM EACCES; do
		CHECKER=(unshare -m sh -c "$OWN_ETC"'
		    printf "passwd: files\nshadow: files\n" >/etc/nsswitch.conf
		    exec "$@"' sh strace -qq -o /dev/null -P /etc/passwd
		    -e trace=openat -e "inject=openat:error=$fault"
		    "$BIN/popin-checkpassword")
		login "$NAME" secret
		assert_fault 111 "cannot look up the account \"$NAME\""
	done
}

# The salt that SCRAM shows for a name that does not exist is made from that
# file.  Another salt would tell that the name does not exist.
@test "an unreadable machine-id is an error, and makes no other salt" {
	local name

	[ -s /etc/machine-id ] || skip 'this system has no machine-id'
	root_passwd_file 'anna:{PLAIN}secret:1:1' 'bert:*:1:1'
	faulty /etc/machine-id EMFILE
	for name in anna bert nobody; do
		run_checker "$name" '' -f "$PASSWD" --method scram-lookup \
		    /bin/echo in 4>/dev/null
		assert_fault 111 'cannot read "/etc/machine-id"'
	done
}

@test "an unreadable /etc/shells is an error, without it /bin/sh is valid" {
	account -s /bin/bash
	faulty /etc/shells EIO
	run_checker "$NAME" secret --valid-shells /bin/echo in
	assert_fault 111 'cannot read "/etc/shells"'
	run_checker "$NAME" secret /bin/echo in
	assert_in
	faulty /etc/shells ENOENT
	run_checker "$NAME" secret --valid-shells /bin/echo in
	assert_refused
	usermod -s /bin/sh "$NAME"
	run_checker "$NAME" secret --valid-shells /bin/echo in
	assert_in
}

@test "--valid-shells takes whole names from /etc/shells, without comments" {
	account -s /bin/ba
	printf '# /bin/ba\n/bin/bash\n/bin/ba\t# comment\n' \
	    >"$BATS_TEST_TMPDIR/shells"
	CHECKER=(unshare -m sh -c
	    "$OWN_ETC"' && cp "$0" /etc/shells && exec "$@"'
	    "$BATS_TEST_TMPDIR/shells" "$BIN/popin-checkpassword" --valid-shells)
	login "$NAME" secret
	assert_in
	usermod -s /bin/bas "$NAME"
	login "$NAME" secret
	assert_refused
}

@test "too little memory for crypt(3) is an error, not a wrong password" {
	not_under asan 'address space is never short'
	HASH=$(crypt secret '$y$j9T$saltsaltsalt')
	[[ $HASH == '$y$'* ]] || skip 'this crypt(3) has no yescrypt'
	account
	CHECKER=(prlimit --as=16000000 "$BIN/popin-checkpassword")
	login "$NAME" secret
	assert_fault 111 'crypt\(3\) failed'
}

@test "names that could be paths, formats or fields, and root, are refused" {
	for name in . .. /etc/passwd 'a b' 'a%n' 'a"b' 'a:b' '' $'a\nb' root \
	    + - "$(printf '%0256d' 0)"; do
		login "$name" secret
		assert_refused
	done
}

# private_shadow: sets CHECKER to one for which NAME is the last line of
# /etc/shadow, whatever accounts other tests make meanwhile.
private_shadow()
{
	unshare -m true 2>/dev/null || skip 'needs mount namespaces'
	grep -v "^$NAME:" /etc/shadow >"$BATS_TEST_TMPDIR/shadow"
	grep "^$NAME:" /etc/shadow >>"$BATS_TEST_TMPDIR/shadow"
	CHECKER=(unshare -m sh -c
	    "$OWN_ETC"' && cat "$0" >/etc/shadow && exec "$@"'
	    "$BATS_TEST_TMPDIR/shadow" "$BIN/popin-checkpassword")
}

# cost NAME ARG...: processor time of a refused login, in milliseconds.
cost()
{
	local TIMEFORMAT=%3U name=$1

	shift
	{ time run_checker "$name" wrong "$@" /bin/echo in; } \
	    2>"$BATS_TEST_TMPDIR/time"
	assert_refused
	cost=$((10#$(tr -d . <"$BATS_TEST_TMPDIR/time")))
}

@test "unknown, locked and expired users take as long as a wrong password" {
	local known names=("$UNIQUE-nobody" a/b '')

	HASH=$(crypt secret '$6$rounds=300000$saltsalt')
	account -e 1
	names+=("$NAME")
	account -s /bin/false
	names+=("$NAME")
	account
	usermod -p '*' "$NAME"
	names+=("$NAME")
	account
	usermod -L "$NAME"
	names+=("$NAME")
	account
	usermod -p '' "$NAME"
	names+=("$NAME")
	account -o -u 0
	names+=("$NAME")
	account
	private_shadow
	cost "$NAME"
	known=$cost
	[ "$known" -ge 10 ]
	for name in "${names[@]}"; do
		cost "$name" --valid-shells
		[ "$cost" -ge $((known / 2)) ] && [ "$cost" -le $((known * 2)) ] ||
		    fail "$name: $cost ms, known user: $known ms"
	done
}

@test "without root, but with /etc/shadow, it can become its own user only" {
	local group

	account
	group=$(stat -c %g /etc/shadow)
	[ "$group" != 0 ] || skip '/etc/shadow belongs to group 0'
	[ "$(stat -c %A /etc/shadow | cut -c5)" = r ] || skip 'group may not read'
	CHECKER=(setpriv --reuid "$TEST_UID" --regid "$TEST_UID"
	    --groups "$group" -- "$BIN/popin-checkpassword")
	login "$NAME" wrong
	assert_refused
	login "$NAME" secret
	assert_fault 111 'cannot become the user'
	CHECKER=(setpriv --reuid "$(id -u "$NAME")" --regid "$(id -g "$NAME")"
	    --groups "$group" -- "$BIN/popin-checkpassword")
	login "$NAME" secret
	assert_in
}

# --- the passwd-file

@test "a passwd-file user gets uid and gid of its line, and no groups" {
	root_passwd_file 'anna:{PLAIN}secret:12345:12346::::'
	run_checker anna secret -f "$PASSWD" /bin/sh -c 'id -u; id -g; id -G'
	assert_equal "$(cat "$OUT")" '12345
12346
12346'
}

@test "a passwd-file user gets nothing from a system account of that name" {
	GROUPS_MADE+=("${UNIQUE}g")
	groupadd "${UNIQUE}g"
	account -G "${UNIQUE}g"
	root_passwd_file "$NAME:{PLAIN}other:12345:12346::::"
	run_checker "$NAME" other -f "$PASSWD" /bin/sh -c 'id -u; id -G; echo $HOME'
	assert_equal "$(cat "$OUT")" '12345
12346
/'
	file_login "$NAME" secret
	assert_refused
}

@test "as root a passwd-file line without uid or gid is an error" {
	root_passwd_file '#' 'anna:{PLAIN}secret' 'bert:{PLAIN}secret:12345' \
	    'carl:{PLAIN}secret::12345::::'
	file_login anna secret
	assert_fault 111 'no uid or gid.*user="anna".*line=2'
	file_login bert secret
	assert_fault 111 'no uid or gid.*line=3'
	file_login carl secret
	assert_fault 111 'no uid or gid.*line=4'
	file_login carl wrong
	assert_refused
}

@test "as root a passwd-file line with uid 0 or gid 0 is refused" {
	root_passwd_file 'anna:{PLAIN}secret:0:12345::::' \
	    'bert:{PLAIN}secret:12345:0::::' 'carl:{PLAIN}secret:0:0::::'
	for name in anna bert carl; do
		file_login "$name" secret
		assert_refused
	done
}

@test "as root a passwd-file that belongs to somebody else is an error" {
	root_passwd_file 'anna:{PLAIN}secret:12345:12345::::'
	file_login anna secret
	assert_in
	chown 12345 "$PASSWD"
	file_login anna secret
	assert_fault 111 "belongs to someone else, run chown root \"$PASSWD\""
}

@test "without root a passwd-file of root's works if the group may read it" {
	root_passwd_file 'anna:{PLAIN}secret'
	chown 0:"$TEST_UID" "$PASSWD"
	chmod 640 "$PASSWD"
	CHECKER=("${AS[@]}" "$BIN/popin-checkpassword")
	file_login anna secret
	assert_in
	chmod 600 "$PASSWD"
	file_login anna secret
	assert_fault 111 'cannot open the passwd-file .*Permission denied'
	chmod 640 "$PASSWD"
	chown 12345:"$TEST_UID" "$PASSWD"
	file_login anna secret
	assert_fault 111 'belongs to someone else'
}

@test "a home that only its user may enter is entered" {
	mkdir -m 700 "$BATS_TEST_TMPDIR/home"
	chown 12345:12345 "$BATS_TEST_TMPDIR/home"
	root_passwd_file \
	    "anna:{PLAIN}secret:12345:12345::$BATS_TEST_TMPDIR/home::" \
	    "bert:{PLAIN}secret:12346:12346::$BATS_TEST_TMPDIR/home::"
	file_login anna secret
	assert_in
	file_login bert secret
	assert_fault 111 'home": Permission denied'
}
