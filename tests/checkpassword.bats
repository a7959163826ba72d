#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
#
# popin-checkpassword with a passwd-file, without root.
load lib

setup()
{
	lib_setup
	CHECKER=("${AS[@]}" "$BIN/popin-checkpassword")
	MY_UID=$(id -u) MY_GID=$(id -g)
	if [ "$MY_UID" = 0 ]; then
		MY_UID=$TEST_UID MY_GID=$TEST_UID
	fi
	own "$BATS_TEST_TMPDIR"
}

# run_checker TEXT ARG...: runs CHECKER with ARGs, and with what printf makes of
# TEXT on descriptor 3; sets status, OUT and LOG.
run_checker()
{
	local credentials=$BATS_TEST_TMPDIR/credentials

	# shellcheck disable=SC2059
	printf "$1" >"$credentials"
	shift
	status=0
	timeout "$LIMIT" "${CHECKER[@]}" "$@" \
	    <"${IN_FILE:-/dev/null}" >"$OUT" 2>"$LOG" 3<"$credentials" ||
	    status=$?
}

# login NAME PASSWORD: logs in with these bytes; the next program prints "in".
login()
{
	printf '%s\0%s\0\0' "$1" "$2" >"$BATS_TEST_TMPDIR/credentials"
	status=0
	timeout "$LIMIT" "${CHECKER[@]}" -f "$PASSWD" /bin/echo in \
	    </dev/null >"$OUT" 2>"$LOG" 3<"$BATS_TEST_TMPDIR/credentials" ||
	    status=$?
}

assert_in()
{
	assert_equal "$status:$(cat "$OUT" "$LOG")" 0:in
}

# The next program was not run and nothing was logged.
assert_refused()
{
	assert_equal "$status:$(cat "$OUT" "$LOG")" 1:
}

# assert_refused_for REASON: it was refused, and the log has one line with the
# reason, because the password was right.
assert_refused_for()
{
	assert_equal "$status:$(cat "$OUT")" 1:
	assert_log_lines 1
	assert_log "^popin-checkpassword: correct password, but login refused: .*user=\"[a-z]*\" reason=$1\$"
}

# assert_fault STATUS PATTERN: it ended with STATUS, without a next program, and
# logged one line, with PATTERN.
assert_fault()
{
	assert_equal "$status:$(cat "$OUT")" "$1:"
	assert_log_lines 1
	assert_log "^popin-checkpassword: .*$2"
}

# crypt PASSWORD SETTING: prints the hash; fails if crypt(3) cannot make it.
crypt()
{
	perl -e '$h = crypt($ARGV[0], $ARGV[1]);
	    exit 1 if !defined $h || $h =~ /^\*/; print $h' "$1" "$2"
}

hash_it()
{
	status=0
	timeout "$LIMIT" "${CHECKER[@]}" --hash "$@" >"$OUT" 2>"$LOG" ||
	    status=$?
}

@test "the right password runs the next program with its arguments" {
	run_checker 'anna\0secret\0\0' -f "$PASSWD" /bin/echo one 'two  words' -f
	assert_equal "$(cat "$OUT")" 'one two  words -f'
	assert_equal "$status" 0
}

@test "the exit status is the next program's" {
	run_checker 'anna\0secret\0\0' -f "$PASSWD" /bin/sh -c 'exit 42'
	assert_equal "$status" 42
}

@test "a wrong password is refused with 1, and nothing is logged" {
	login anna wrong
	assert_refused
	login anna secre
	assert_refused
	login anna secrets
	assert_refused
}

@test "an unknown user is refused with 1, and nothing is logged" {
	login bert secret
	assert_refused
}

@test "the next program gets USER, HOME, SHELL, the home directory and umask 077" {
	mkdir "$BATS_TEST_TMPDIR/home"
	own "$BATS_TEST_TMPDIR/home"
	passwd_file "anna:{PLAIN}secret::::$BATS_TEST_TMPDIR/home:/bin/ksh"
	run_checker 'anna\0secret\0\0' -f "$PASSWD" \
	    /bin/sh -c 'echo "$USER $HOME $SHELL"; /bin/pwd; umask'
	assert_equal "$(cat "$OUT")" "anna $BATS_TEST_TMPDIR/home /bin/ksh
$BATS_TEST_TMPDIR/home
0077"
}

@test "a line may have no home and no shell: then they are / and /bin/sh" {
	run_checker 'anna\0secret\0\0' -f "$PASSWD" \
	    /bin/sh -c 'echo "$HOME $SHELL"; /bin/pwd'
	assert_equal "$(cat "$OUT")" '/ /bin/sh
/'
}

@test "a missing home is an error: status 111 and one log line" {
	passwd_file 'anna:{PLAIN}secret::::/nonexistent/home::'
	login anna secret
	assert_fault 111 '"/nonexistent/home": No such file'
}

@test "a home that is not a full path is an error" {
	passwd_file 'anna:{PLAIN}secret::::home::'
	login anna secret
	assert_fault 111 'home that is not a full path.*user="anna".*line=1$'
}

@test "a missing next program is an error" {
	run_checker 'anna\0secret\0\0' -f "$PASSWD" /nonexistent/popin
	assert_fault 111 'cannot execute "/nonexistent/popin"'
}

@test "descriptor 3 is closed for the next program, 0, 1, 2 and 4 stay" {
	IN_FILE=$PASSWD
	run_checker 'anna\0secret\0\0' -f "$PASSWD" /bin/sh -c '
		for fd in 0 1 2 3 4; do
			if [ -e /proc/self/fd/$fd ]; then echo $fd; fi
		done' 4</dev/null
	assert_equal "$(cat "$OUT" "$LOG")" '0
1
2
4'
}

@test "the environment is handed on, but not POPIN_MAILDROP" {
	export POPIN_MAILDROP=mbox:/etc/passwd LANG=C
	run_checker 'anna\0secret\0\0' -f "$PASSWD" /bin/sh -c \
	    'echo "$LANG ${POPIN_MAILDROP-none}"'
	assert_equal "$(cat "$OUT")" 'C none'
}

@test "mail= and userdb_mail= are handed on in POPIN_MAILDROP" {
	passwd_file \
	    'anna:{PLAIN}secret::::::userdb_mail=maildir:~/Mail quota=1' \
	    'bert:{PLAIN}secret::::::mail=mbox:/var/mail/b' \
	    'carl:{PLAIN}secret::::::xmail=mbox:/var/mail/c'
	run_checker 'anna\0secret\0\0' -f "$PASSWD" /usr/bin/printenv POPIN_MAILDROP
	assert_equal "$(cat "$OUT")" 'maildir:~/Mail'
	run_checker 'bert\0secret\0\0' -f "$PASSWD" /usr/bin/printenv POPIN_MAILDROP
	assert_equal "$(cat "$OUT")" 'mbox:/var/mail/b'
	run_checker 'carl\0secret\0\0' -f "$PASSWD" /usr/bin/printenv POPIN_MAILDROP
	assert_equal "$(cat "$OUT")" ''
}

# --- descriptor 3

@test "the timestamp on descriptor 3 may have a value, be empty or be missing" {
	run_checker 'anna\0secret\0<1.2@example.org>\0' -f "$PASSWD" /bin/echo in
	assert_in
	run_checker 'anna\0secret\0\0' -f "$PASSWD" /bin/echo in
	assert_in
	run_checker 'anna\0secret\0' -f "$PASSWD" /bin/echo in
	assert_in
}

@test "descriptor 3 with other than two or three fields is misuse: status 2" {
	for text in '' 'anna' 'anna\0' 'anna\0secret' 'anna\0secret\0time' \
	    'anna\0secret\0\0more' 'anna\0secret\0\0\0' 'anna\nsecret\n'; do
		run_checker "$text" -f "$PASSWD" /bin/echo in
		assert_fault 2 'descriptor 3 does not have a name'
	done
}

@test "512 bytes on descriptor 3 are taken, 513 are misuse: status 2" {
	local pad

	pad=$(printf '%0499d' 0 | tr 0 x)
	run_checker "anna\\0secret\\0$pad\\0" -f "$PASSWD" /bin/echo in
	assert_in
	assert_equal "$(wc -c <"$BATS_TEST_TMPDIR/credentials")" 512
	run_checker "anna\\0secret\\0$pad-\\0" -f "$PASSWD" /bin/echo in
	assert_fault 2 'more than 512 bytes'
}

@test "credentials that come in pieces are waited for" {
	status=0
	{ printf 'an'; sleep 0.2; printf 'na\0sec'; sleep 0.2; printf 'ret\0\0'; } |
	    timeout "$LIMIT" "${CHECKER[@]}" -f "$PASSWD" /bin/echo in \
	    3<&0 >"$OUT" 2>"$LOG" </dev/null || status=$?
	assert_in
}

@test "a closed descriptor 3 is misuse: status 2 and a log line that says so" {
	status=0
	"${CHECKER[@]}" -f "$PASSWD" /bin/echo in 3<&- >"$OUT" 2>"$LOG" ||
	    status=$?
	assert_fault 2 'descriptor 3 is not open'
}

# --- options

@test "wrong options are misuse: status 2 and one log line" {
	run_checker 'anna\0secret\0\0' -f "$PASSWD"
	assert_fault 2 'usage:'
	run_checker 'anna\0secret\0\0' -f
	assert_fault 2 'unknown option or missing value.*"-f"'
	run_checker 'anna\0secret\0\0' --frob /bin/echo in
	assert_fault 2 'unknown option or missing value.*"--frob"'
	run_checker 'anna\0secret\0\0' --log paper -f "$PASSWD" /bin/echo in
	assert_fault 2 'unknown log style "paper"'
	run_checker 'anna\0secret\0\0' --valid-shells -f "$PASSWD" /bin/echo in
	assert_fault 2 'valid-shells cannot be combined with'
	run_checker 'anna\0secret\0\0' --groups -f "$PASSWD" /bin/echo in
	assert_fault 2 'groups cannot be combined with'
	run_checker 'anna\0secret\0\0' --hash -f "$PASSWD"
	assert_fault 2 'hash cannot be combined'
	run_checker 'anna\0secret\0\0' --hash --lower-case
	assert_fault 2 'hash cannot be combined'
}

@test "--passwd-file is another name for -f" {
	run_checker 'anna\0secret\0\0' --passwd-file="$PASSWD" /bin/echo in
	assert_in
}

@test "--log chooses the form of log lines" {
	run_checker '' --log stderr -f "$PASSWD" /bin/echo in
	assert_log '^popin-checkpassword: descriptor'
	run_checker '' --log=journal -f "$PASSWD" /bin/echo in
	assert_log '^<3>descriptor'
	run_checker '' --log syslog -f "$PASSWD" /bin/echo in
	# no line end: it is a datagram
	grep -Eq '^<19>popin-checkpassword\[[0-9]+\]: descriptor' "$LOG"
	assert_equal "$(wc -l <"$LOG")" 0
}

# --- memory

@test "neither popin-checkpassword nor the next program may dump core" {
	run_checker 'anna\0secret\0\0' -f "$PASSWD" /bin/sh -c 'ulimit -c; ulimit -Hc'
	assert_equal "$(cat "$OUT")" '0
0'
}

@test "no debugger can attach while it has the password" {
	local pid i

	mkfifo "$BATS_TEST_TMPDIR/fifo"
	own "$BATS_TEST_TMPDIR/fifo"
	"${CHECKER[@]}" -f "$PASSWD" /bin/echo in 3<>"$BATS_TEST_TMPDIR/fifo" &
	pid=$!
	# it waits for the end of descriptor 3, which never comes; the kernel
	# gives the files of a process that nobody may trace to root
	for ((i = 0; i < 500; i++)); do
		run stat -c %u "/proc/$pid/environ"
		[ "$output" != 0 ] || break
		sleep 0.01
	done
	kill "$pid"
	assert_output 0
}

# --- secrets

@test "hashes of crypt(3) are understood, with and without a scheme" {
	local hash n=0

	for pair in '{SHA512-CRYPT}|$6$salt' '{SHA256-CRYPT}|$5$salt' \
	    '{MD5-CRYPT}|$1$salt' '{CRYPT}|$6$salt' '|$6$rounds=1000$salt' \
	    '{BLF-CRYPT}|$2y$04$abcdefghijklmnopqrstuu' \
	    '{YESCRYPT}|$y$j75$saltsaltsalt' '{CRYPT}|ab' '|ab'; do
		hash=$(crypt 's3cret' "${pair#*|}") || continue
		n=$((n + 1))
		passwd_file "anna:${pair%%|*}$hash"
		login anna s3cret
		assert_in
		login anna s3creT
		assert_refused
	done
	[ "$n" -ge 5 ]
}

@test "the name of a scheme may be in any case" {
	passwd_file 'anna:{plain}secret' "bert:{crypt}$(crypt secret '$5$salt')"
	login anna secret
	assert_in
	login bert secret
	assert_in
}

@test "{PLAIN} and {CLEARTEXT} are taken literally" {
	passwd_file 'anna:{PLAIN}two  words "%n" ' 'bert:{CLEARTEXT}{PLAIN}x' \
	    $'carl:{PLAIN}p\xc3\xa4ss\x01\x7f\t\\' 'dora:{PLAIN}$6$salt$hash'
	login anna 'two  words "%n" '
	assert_in
	login anna 'two  words "%n"'
	assert_refused
	login bert '{PLAIN}x'
	assert_in
	login bert x
	assert_refused
	login carl $'p\xc3\xa4ss\x01\x7f\t\\'
	assert_in
	login dora '$6$salt$hash'
	assert_in
}

@test "the hash itself is not accepted as the password" {
	local hash

	hash=$(crypt secret '$6$salt')
	passwd_file "anna:$hash" "bert:{CRYPT}$hash"
	login anna "$hash"
	assert_refused
	login bert "$hash"
	assert_refused
}

@test "an unknown scheme is an error, and the log names file and line" {
	passwd_file '# comment' 'bert:{PLAIN}b' 'anna:{FROB}secret'
	login anna secret
	assert_fault 111 "unknown password scheme user=\"anna\" file=\"$PASSWD\" line=3"
	login bert b
	assert_in
	login bert wrong
	assert_refused
	passwd_file 'anna:{PLAINsecret' 'bert:{}b' 'carl:{'
	for name in anna bert carl; do
		login "$name" secret
		assert_fault 111 "unknown password scheme"
	done
}

@test "locked, empty and broken hashes match no password" {
	local hash secret

	hash=$(crypt secret '$6$salt')
	for secret in '' '*' '!' 'x' '!!' '*0' '*1' '*LK*' "!$hash" "*$hash" \
	    '{CRYPT}' '{CRYPT}*' '{CRYPT}!' '{CRYPT}x' '{PLAIN}' '$' '$6$' \
	    '$6$salt' '$6$salt$' '{CRYPT}$6$' '$nosuch$salt$hash' 'ab' \
	    '$y$' '$2y$' '_' '_J9..' "${hash%?}" 'zz!*zz!*zz!*z'; do
		passwd_file "anna:$secret" "bert:$hash"
		for password in secret "$secret" '' '*0' '!' x; do
			login anna "$password"
			assert_refused
		done
		login bert secret
		assert_in
	done
}

# crypt(3) of glibc returns NULL when it fails, as here; libxcrypt's returns
# "*0".
@test "if crypt(3) fails that is an error, and no password is called wrong" {
	local shim=$BATS_TEST_TMPDIR/null.so

	need readelf binutils
	readelf -lW "$CHECKPASSWORD" | grep -q INTERP ||
	    skip 'a static popin-checkpassword'
	need cc gcc
	cc -shared -fPIC -x c -o "$shim" - <<-'EOT'
	char *crypt_r(const char *p, const char *s, void *d);
	char *crypt(const char *p, const char *s);
	char *crypt_r(const char *p, const char *s, void *d) { return 0; }
	char *crypt(const char *p, const char *s) { return 0; }
	EOT
	passwd_file "anna:$(crypt secret '$6$salt')" 'bert:*' 'carl:{PLAIN}secret'
	CHECKER=("${AS[@]}" env "LD_PRELOAD=$shim" "$BIN/popin-checkpassword")
	for name in anna bert nobody; do
		login "$name" secret
		assert_fault 111 'crypt\(3\) failed'
	done
	login carl wrong
	assert_fault 111 'crypt\(3\) failed'
	login carl secret
	assert_in
	hash_it <<<secret
	assert_fault 111 'crypt\(3\) failed'
}

# short_of_memory: makes accounts.  anna's has a hash of yescrypt, which takes
# 16 MiB, more than the tests below allow.
short_of_memory()
{
	not_under asan 'address space is never short'
	HASH=$(crypt secret '$y$j9T$saltsaltsalt') ||
	    skip 'this crypt(3) has no yescrypt'
	passwd_file 'bert:*' 'carl:{PLAIN}secret' "anna:$HASH"
}

@test "too little memory for crypt(3) is an error, not a wrong password" {
	local name

	short_of_memory
	CHECKER=("${AS[@]}" prlimit --as=16000000 "$BIN/popin-checkpassword")
	for name in anna bert nobody ..; do
		login "$name" secret
		assert_fault 111 'crypt\(3\) failed'
		login "$name" wrong
		assert_fault 111 'crypt\(3\) failed'
	done
	login carl wrong
	assert_fault 111 'crypt\(3\) failed'
	login carl secret
	assert_in
}

@test "too little memory for crypt(3) is [SYS/TEMP], and no failed login" {
	short_of_memory
	CHAIN=("${AS[@]}" "$BIN/popin" -m "maildir:$MAILDIR" --delay 0
	    --cleartext always --checker prlimit --as=16000000
	    "$BIN/popin-checkpassword" -f "$PASSWD")
	pop3 <<-'EOT'
	USER anna	=> +OK
	PASS secret	=> -ERR [SYS/TEMP]
	USER nobody	=> +OK
	PASS secret	=> -ERR [SYS/TEMP]
	QUIT		=> +OK
	EOT
	assert_log 'login error: .*user="anna" .*reason=temporary'
	refute_log 'login failed'
}

@test "an empty password is never accepted, even if the file has it" {
	passwd_file "anna:$(crypt '' '$6$salt')" 'bert:{PLAIN}' 'carl:' 'dora'
	for name in anna bert carl dora; do
		login "$name" ''
		assert_refused
	done
}

@test "a password with a line end in it is never accepted" {
	passwd_file "anna:$(crypt $'a\nb' '$6$salt')" \
	    "bert:$(crypt $'a\rb' '$6$salt')"
	login anna $'a\nb'
	assert_refused
	login bert $'a\rb'
	assert_refused
}

# --- the file

@test "a passwd-file may have comments, blank lines, CRLF, no last line end" {
	printf '# anna:{PLAIN}comment\n\n   \r\n\r\nanna:{PLAIN}secret\r\n#\nbert:{PLAIN}b' \
	    >"$PASSWD"
	login anna secret
	assert_in
	login anna comment
	assert_refused
	passwd_file '#dora:{PLAIN}secret' 'anna:{PLAIN}secret' 'bert:{PLAIN}b'
	login '#dora' secret
	assert_refused
	login bert b
	assert_in
}

@test "of two lines with the same name the first counts" {
	passwd_file 'anna:{PLAIN}first' 'bert:{PLAIN}b' 'anna:{PLAIN}second'
	login anna first
	assert_in
	login anna second
	assert_refused
}

@test "a name matches as a whole and in its case only" {
	passwd_file 'anna.b:{PLAIN}secret'
	for name in anna ANNA.B anna.bb nna.b 'anna.b:{PLAIN}secret' anna_b; do
		login "$name" secret
		assert_refused
	done
}

# user NAME PASSWORD: logs in with --lower-case; OUT has the name handed on.
user()
{
	run_checker "$1\\0$2\\0\\0" --lower-case -f "$PASSWD" \
	    /bin/sh -c 'echo "$USER"'
}

@test "--lower-case finds a name in any case, and hands on the file's spelling" {
	passwd_file 'anna@example.org:{PLAIN}secret' \
	    'Bert@Example.ORG:{PLAIN}secret'
	for name in anna@example.org Anna@Example.Org ANNA@EXAMPLE.ORG; do
		user "$name" secret
		assert_equal "$status:$(cat "$OUT" "$LOG")" 0:anna@example.org
	done
	for name in bert@example.org Bert@Example.ORG BERT@example.org; do
		user "$name" secret
		assert_equal "$status:$(cat "$OUT" "$LOG")" 0:Bert@Example.ORG
	done
	login Anna@Example.Org secret
	assert_refused
	login bert@example.org secret
	assert_refused
}

@test "with --lower-case whole names match, and passwords keep their case" {
	passwd_file 'anna.b@x:{PLAIN}secret' 'zoé:{PLAIN}secret'
	for name in ANNA.B ANNA.B@XX NNA.B@X 'ANNA.B[X' 'anna.b`x' ZOÉ ZOé; do
		user "$name" secret
		assert_refused
	done
	user ANNA.B@X Secret
	assert_refused
	user ANNA.B@X secret
	assert_equal "$(cat "$OUT")" anna.b@x
}

@test "with --lower-case the first of two names that differ in case counts" {
	passwd_file 'Anna:{PLAIN}first' 'anna:{PLAIN}second'
	user anna second
	assert_refused
	user anna first
	assert_equal "$(cat "$OUT")" Anna
}

@test "a passwd-file line may have 1024 bytes, a longer one is an error" {
	local gecos

	gecos=$(printf '%01000d' 0)
	passwd_file 'bert:{PLAIN}b' "anna:{PLAIN}secret:::$gecos:" 'carl:{PLAIN}c'
	assert_equal "$(sed -n 2p "$PASSWD" | wc -c)" 1023
	login anna secret
	assert_in
	passwd_file 'bert:{PLAIN}b' "anna:{PLAIN}secret:::$gecos::/" 'carl:{PLAIN}c'
	printf '%s\r\n' "$(sed -n 2p "$PASSWD")" >>"$PASSWD"
	sed -i 2d "$PASSWD"
	own "$PASSWD"
	login anna secret
	assert_in
	passwd_file 'bert:{PLAIN}b' "anna:{PLAIN}secret:::$gecos:://" 'carl:{PLAIN}c'
	login anna secret
	assert_fault 111 'too long.*user="anna".*line=2'
	login bert b
	assert_in
	login carl c
	assert_in
}

@test "the rest of a line that is too long is not read as another account" {
	{
		printf 'bert:{PLAIN}b:::%01100d' 0
		printf 'anna:{PLAIN}secret\n'
		printf '%04096d:{PLAIN}secret\n' 0
		printf '%070000d\n' 0
		printf 'carl:{PLAIN}c\n'
	} >"$PASSWD"
	login anna secret
	assert_refused
	login carl c
	assert_in
}

@test "a line with a NUL in it is an error for its own user only" {
	printf 'anna:{PLAIN}sec\0ret\nbert:{PLAIN}b\n' >"$PASSWD"
	login anna sec
	assert_fault 111 'contains a NUL.*line=1'
	login bert b
	assert_in
}

@test "a passwd-file of 20000 accounts is read to its last line" {
	{
		seq 20000 | sed 's/.*/user&:{PLAIN}p&/'
		echo 'anna:{PLAIN}secret'
	} >"$PASSWD"
	login anna secret
	assert_in
}

@test "a missing passwd-file is an error" {
	PASSWD=$BATS_TEST_TMPDIR/nonexistent
	login anna secret
	assert_fault 111 'cannot open the passwd-file ".*nonexistent": No such'
}

@test "a passwd-file that others may read, or the group write, is refused" {
	for mode in 644 604 601 660 620 602 650 666; do
		chmod "$mode" "$PASSWD"
		login anna secret
		assert_fault 111 "run chmod 640 \"$PASSWD\""
	done
	for mode in 640 600 440 400; do
		chmod "$mode" "$PASSWD"
		login anna secret
		assert_in
	done
}

@test "a directory, device or FIFO as the passwd-file is refused at once" {
	PASSWD=$BATS_TEST_TMPDIR/fifo
	mkfifo -m 600 "$PASSWD"
	own "$PASSWD"
	login anna secret
	assert_fault 111 'not a regular file'
	PASSWD=/
	login anna secret
	assert_fault 111 'not a regular file'
	PASSWD=/dev/null
	login anna secret
	assert_fault 111 'not a regular file'
}

@test "the passwd-file may be a symbolic link" {
	ln -s "$PASSWD" "$BATS_TEST_TMPDIR/link"
	PASSWD=$BATS_TEST_TMPDIR/link
	login anna secret
	assert_in
}

# --- names

@test "names that could be paths, formats or fields are never looked up" {
	local long

	long=$(printf '%0256d' 0)
	for name in . .. .anna a/ a//b a/../b a/.b ../anna /etc/passwd 'a b' 'an%na' '%n%n%s' \
	    'an"na' $'an\tna' $'an\x01na' $'an\x7fna' $'\xc3\xa4nna' \
	    $'an\nna' '' ' anna' "$long"; do
		passwd_file "$name:{PLAIN}secret" ":{PLAIN}secret" \
		    'na:{PLAIN}secret'
		login "$name" secret
		assert_refused
	done
}

@test "names of 255 bytes and of the usual kinds are looked up" {
	local long

	long=$(printf '%0255d' 0)
	for name in anna@example.org a+b a_b a-b-c anna.b "$long" 'a\b' a/b 0; do
		passwd_file "$name:{PLAIN}secret"
		login "$name" secret
		assert_in
	done
}

# --- uid and gid

@test "without root a line can have only our own uid and gid" {
	passwd_file "anna:{PLAIN}secret:$MY_UID:$MY_GID::::" \
	    "bert:{PLAIN}secret:$((MY_UID + 1)):$MY_GID::::" \
	    "carl:{PLAIN}secret:$MY_UID:$((MY_GID + 1))::::"
	login anna secret
	assert_in
	login bert secret
	assert_fault 111 'uid or gid other than our own.*user="bert".*line=2'
	login carl secret
	assert_fault 111 'uid or gid other than our own.*user="carl".*line=3'
}

@test "uid 0 and gid 0 are refused like a wrong password" {
	passwd_file "anna:{PLAIN}secret:0:$MY_GID::::" \
	    "bert:{PLAIN}secret:$MY_UID:0::::" \
	    "carl:{PLAIN}secret:00:00::::"
	for name in anna bert carl; do
		login "$name" secret
		assert_refused
	done
}

@test "a uid that is not a number, or is too large, is an error" {
	for uid in vmail -1 +1 ' 1' 1x 4294967295 4294967296 \
	    18446744073709551616 99999999999999999999999; do
		passwd_file "anna:{PLAIN}secret:$uid:$MY_GID::::"
		login anna secret
		assert_fault 111 'uid or gid that is not a number.*line=1'
	done
}

@test "errors of a line are reported only if the password is right" {
	passwd_file 'anna:{PLAIN}secret:vmail:::home::allow_nets=rubbish'
	login anna wrong
	assert_refused
	login anna secret
	assert_fault 111 'uid or gid that is not a number'
}

# --- extra fields

@test "a user with nologin is refused, even with the right password" {
	passwd_file 'anna:{PLAIN}secret::::::nologin' \
	    'bert:{PLAIN}secret::::::mail=x nologin=y' \
	    'carl:{PLAIN}secret::::::nologins=y'
	login anna secret
	assert_refused_for nologin
	login bert secret
	assert_refused_for nologin
	login carl secret
	assert_in
}

# from ADDRESS NETS: logs in from ADDRESS where allow_nets is NETS.
from()
{
	passwd_file "anna:{PLAIN}secret::::::mail=x allow_nets=$2"
	TCPREMOTEIP=$1 login anna secret
}

@test "allow_nets lets in only from these networks" {
	from 192.0.2.7 192.0.2.0/24
	assert_in
	from 192.0.3.7 192.0.2.0/24
	assert_refused_for allow_nets
	from 192.0.3.7 192.0.2.0/23
	assert_in
	from 192.0.3.7 10.0.0.0/8,192.0.3.7
	assert_in
	from 192.0.3.8 10.0.0.0/8,192.0.3.7
	assert_refused_for allow_nets
	from 192.0.2.129 192.0.2.128/25
	assert_in
	from 192.0.2.127 192.0.2.128/25
	assert_refused_for allow_nets
	from 198.51.100.1 0.0.0.0/0
	assert_in
	from 192.0.2.7 192.0.2.7/32
	assert_in
}

@test "allow_nets understands IPv6, and IPv4 addresses mapped to IPv6" {
	from 2001:db8::7 2001:db8::/32
	assert_in
	from 2001:db9::7 2001:db8::/32
	assert_refused_for allow_nets
	from 2001:db8::7 2001:0db8:0::7
	assert_in
	from 2001:db8::8 2001:db8::7/128,::1
	assert_refused_for allow_nets
	from ::ffff:192.0.2.7 192.0.2.0/24
	assert_in
	from 192.0.2.7 ::ffff:192.0.2.0/120
	assert_in
	from 192.0.3.7 ::ffff:192.0.2.0/120
	assert_refused_for allow_nets
	from 2001:db8::7 ::/0
	assert_in
	from 192.0.2.7 ::/0
	assert_refused_for allow_nets
	from 2001:db8::7 0.0.0.0/0
	assert_refused_for allow_nets
}

@test "allow_nets=local lets in loopback addresses and no network's" {
	for address in 127.0.0.1 127.9.9.9 ::1 ::ffff:127.0.0.1; do
		from "$address" local
		assert_in
		from "$address" 192.0.2.0/24,local
		assert_in
	done
	for address in 192.0.2.7 ::2 ::ffff:192.0.2.7 unknown; do
		from "$address" local
		assert_refused_for allow_nets
	done
}

@test "allow_nets refuses a client without an address, unless it has local" {
	passwd_file 'anna:{PLAIN}secret::::::allow_nets=0.0.0.0/0,::/0' \
	    'bert:{PLAIN}secret::::::allow_nets=192.0.2.0/24,local'
	unset TCPREMOTEIP
	login anna secret
	assert_refused_for allow_nets
	login bert secret
	assert_in
	TCPREMOTEIP=192.0.3.1 login bert secret
	assert_refused_for allow_nets
	TCPREMOTEIP='' login anna secret
	assert_refused_for allow_nets
	TCPREMOTEIP=rubbish login anna secret
	assert_refused_for allow_nets
}

@test "an allow_nets that is malformed is an error" {
	for nets in '' rubbish 192.0.2.0/33 192.0.2.0/ 192.0.2/24 2001:db8::/129 \
	    '192.0.2.0/24,' ',192.0.2.0/24' 192.0.2.0/-1 192.0.2.0/24x \
	    "$(printf '%0100d' 0)"; do
		from 192.0.2.7 "$nets"
		assert_fault 111 'allow_nets.*user="anna".*line=1'
	done
}

# --- time

# cost NAME [LINE]: sets cost to the processor time of a refused login, in
# milliseconds.  The log must have LINE, or nothing.
cost()
{
	local TIMEFORMAT=%3U

	{ time login "$1" wrong; } 2>"$BATS_TEST_TMPDIR/time"
	assert_equal "$status:$(cat "$OUT" "$LOG")" \
	    "1:${2:+popin-checkpassword: $2}"
	cost=$((10#$(tr -d . <"$BATS_TEST_TMPDIR/time")))
}

@test "all who are refused, unknown or not, take as long as a wrong password" {
	local hash known

	hash=$(crypt secret '$6$rounds=300000$saltsalt')
	passwd_file 'plain:{PLAIN}secret' \
	    'broken:$nosuch$saltsaltsalt$hashhashhash' \
	    "anna:{SHA512-CRYPT}$hash" 'locked:*' "locked2:!$hash" 'empty:' \
	    "zero:$hash:0:0" "shut:$hash::::::nologin" \
	    "away:$hash::::::allow_nets=192.0.2.1" 'broken2:$6$saltsaltsaltsalt'
	cost anna
	known=$cost
	[ "$known" -ge 10 ]
	for name in nobody plain locked locked2 empty zero shut away broken broken2 \
	    .hidden a/b ''; do
		cost "$name"
		[ "$cost" -ge $((known / 2)) ] && [ "$cost" -le $((known * 2)) ] ||
		    fail "$name: $cost ms, anna: $known ms"
	done
}

@test "with --cleartext users without cleartext=ok take as long as those with" {
	local hash known

	hash=$(crypt secret '$6$rounds=300000$saltsalt')
	passwd_file "device:$hash::::::cleartext=ok" "anna:$hash" \
	    'plain:{PLAIN}wrong' "no:$hash::::::cleartext=no"
	CHECKER+=(--cleartext)
	cost device
	known=$cost
	[ "$known" -ge 10 ]
	for name in anna nobody plain no; do
		cost "$name" "no cleartext=ok, password ignored: user=\"$name\""
		[ "$cost" -ge $((known / 2)) ] && [ "$cost" -le $((known * 2)) ] ||
		    fail "$name: $cost ms, device: $known ms"
	done
	login device secret
	assert_in
}

@test "a hash of an unknown method does not make unknown users faster" {
	hash_it <<<secret
	grep -q '^{CRYPT}' "$OUT" || skip 'libcrypt cannot tell its methods'
	passwd_file "anna:$(crypt secret '$6$rounds=300000$saltsalt')" \
	    'broken:$nosuch$saltsaltsalt$hashhashhash'
	cost nobody
	[ "$cost" -ge 10 ]
}

# --- accounts of the system

@test "without root the accounts of the system are an error: status 111" {
	run_checker 'root\0secret\0\0' /bin/echo in
	assert_fault 111 'run it as root.*"/etc/shadow": Permission denied'
	run_checker 'nosuchuser\0secret\0\0' /bin/echo in
	assert_fault 111 'run it as root.*"/etc/shadow": Permission denied'
}

# --- --hash

@test "a secret that --hash made logs in" {
	for scheme in '' CRYPT SHA512-CRYPT SHA256-CRYPT PLAIN plain; do
		# shellcheck disable=SC2086
		hash_it $scheme <<<'my  "s3cret" %n'
		assert_equal "$status" 0
		assert_equal "$(wc -l <"$OUT")" 1
		passwd_file "anna:$(cat "$OUT")"
		login anna 'my  "s3cret" %n'
		assert_in
		login anna 'my  "s3cret" %N'
		assert_refused
	done
}

@test "--hash prints the scheme that was asked for" {
	hash_it SHA512-CRYPT <<<secret
	grep -Eq '^\{SHA512-CRYPT\}\$6\$[./0-9A-Za-z]+\$[./0-9A-Za-z]{86}$' "$OUT"
	hash_it sha256-crypt <<<secret
	grep -Eq '^\{SHA256-CRYPT\}\$5\$[./0-9A-Za-z]+\$[./0-9A-Za-z]{43}$' "$OUT"
	status=0
	"${CHECKER[@]}" --hash=SHA256-CRYPT <<<secret | grep -F '{SHA256-CRYPT}$5$'
	hash_it BLF-CRYPT <<<secret
	if [ "$status" = 0 ]; then
		grep -Eq '^\{BLF-CRYPT\}\$2y\$' "$OUT"
	else
		assert_fault 111 'cannot make hashes of "BLF-CRYPT"'
	fi
}

@test "--hash never uses a salt twice" {
	hash_it SHA512-CRYPT <<<secret
	cp "$OUT" "$BATS_TEST_TMPDIR/first"
	hash_it SHA512-CRYPT <<<secret
	run cmp -s "$OUT" "$BATS_TEST_TMPDIR/first"
	assert_failure
}

@test "--hash PLAIN warns" {
	hash_it PLAIN <<<secret
	assert_equal "$(cat "$OUT")" '{PLAIN}secret'
	assert_log_lines 1
	assert_log 'warning'
}

@test "--hash refuses passwords that could never be used" {
	hash_it <<<''
	assert_fault 1 'empty'
	hash_it </dev/null
	assert_fault 1 'empty'
	hash_it < <(printf 'secret\r\n')
	assert_fault 1 'line end'
	hash_it < <(printf 'sec\0ret\n')
	assert_fault 1 'NUL'
	hash_it PLAIN <<<'sec:ret'
	assert_fault 1 'colon'
	hash_it < <(printf '%0256d\n' 0)
	assert_fault 1 '255 bytes'
	hash_it < <(printf '%0255d' 0)
	assert_equal "$status" 0
	hash_it SHA512-CRYPT <<<'sec:ret'
	assert_equal "$status" 0
}

@test "--hash with an unknown scheme is misuse: status 2" {
	hash_it FROB <<<secret
	assert_fault 2 'unknown password scheme "FROB"'
	hash_it CRYPT PLAIN <<<secret
	assert_fault 2 'takes one scheme'
	hash_it --log=stderr --hash= <<<secret
	assert_fault 2 'unknown password scheme'
}

@test "--hash fails, and says so, if it cannot write" {
	[ -e /dev/full ] || skip 'no /dev/full'
	status=0
	"${CHECKER[@]}" --hash <<<secret >/dev/full 2>"$LOG" || status=$?
	assert_equal "$status" 111
	assert_log 'cannot write'
}

# on_terminal FIRST SECOND: runs --hash PLAIN on a terminal and types these.
# The screen is in output.  Its last line is what stty(1) says of the echo
# afterwards: "echo" if it is on, "-echo" if it is off.
on_terminal()
{
	need expect expect
	# without setpriv: the terminal belongs to the user who runs the tests
	export FIRST=$1 SECOND=$2
	export COMMAND="$BIN/popin-checkpassword --hash PLAIN"
	run expect -c '
		set timeout 30
		spawn sh -c "trap : INT; $env(COMMAND); echo status=\$?
		    stty -a | grep -o -- \"-*echo \""
		expect "New password: "
		send "$env(FIRST)"
		expect {
			"same again: " { send "$env(SECOND)"; exp_continue }
			timeout { exit 1 }
			eof
		}'
}

@test "--hash asks twice on a terminal, and nothing is echoed" {
	on_terminal $'s3cret\r' $'s3cret\r'
	assert_line --partial '{PLAIN}s3cret'
	assert_line --partial 'status=0'
	# the echo is on again; the screen has the password only in the result
	assert_line --regexp '^echo '
	assert_equal "$(grep -c s3cret <<<"$output")" 1
}

@test "--hash refuses two passwords that differ" {
	on_terminal $'s3cret\r' $'s3creT\r'
	assert_line --partial 'differ'
	assert_line --partial 'status=1'
	refute_line --partial 's3cre'
}

@test "--hash turns the echo on again when it is interrupted" {
	on_terminal $'\x03' ''
	assert_line --partial 'status=111'
	assert_line --regexp '^echo '
}
