#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
#
# STLS (RFC 2595, section 4), with wrapper.pl as the program that does TLS.  The
# real ones are in tls-fronts.bats.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
load lib
CLEARTEXT=local

setup()
{
	lib_setup
	three_messages
}

# wrapped DIALECT [OPTION...]: runs the script on stdin, see wrapper.pl, with
# the option that this dialect needs.
wrapped()
{
	local dialect=$1

	shift
	[ "$dialect" = ucspi ] || set -- --stls "$dialect" "$@"
	TEST_UID=${AS:+$TEST_UID} perl "$TESTS_SRC/wrapper.pl" "$dialect" "${CHAIN[@]}" "$@" \
	    >"$OUT" 2>"$LOG" 3>&- || fail "$(cat "$LOG")"
}

DIALECTS='ucspi tlswrapper tlswrapper-new'

# each [OPTION...] <SCRIPT: runs it in every dialect
each()
{
	local dialect

	cat >"$SCRIPT"
	for dialect in $DIALECTS; do
		wrapped "$dialect" "$@" <"$SCRIPT"
		assert_equal "$dialect $(cat "$OUT")" "$dialect status: 0"
	done
}

@test "STLS leads to a login under TLS in each of the three dialects" {
	local dialect

	for dialect in $DIALECTS; do
		wrapped "$dialect" <<-'EOT'
				=> +OK
		STLS		=> +OK
		@switch
		USER anna	=> +OK
		PASS secret	=> +OK
		STAT		=> +OK
		QUIT		=> +OK
		@end
		EOT
		assert_log '^popin: login: .* user="anna" method=PASS tls=1$'
		assert_log '^popin: session: .* end=quit$'
		assert_log_lines 2
	done
}

@test "the greeting is not sent again under TLS" {
	each <<-'EOT'
			=> +OK
	STLS		=> +OK
	@switch
	NOOP		=> -ERR
	QUIT		=> +OK
	@end
	EOT
}

@test "CAPA has STLS before the switch, not after it and not after a login" {
	each <<-'EOT'
			=> +OK
	@capa STLS yes
	@capa USER yes
	STLS		=> +OK
	@switch
	@capa STLS no
	@capa USER yes
	USER anna	=> +OK
	PASS secret	=> +OK
	@capa STLS no
	QUIT		=> +OK
	@end
	EOT
}

@test "a login without STLS goes on in clear text where that is allowed" {
	each <<-'EOT'
			=> +OK
	USER anna	=> +OK
	PASS secret	=> +OK
	@capa STLS no
	STLS		=> -ERR
	STAT		=> +OK
	QUIT		=> +OK
	@end
	EOT
	assert_log 'tls=0$'
}

@test "passwords are taken only under TLS where clear text is not allowed" {
	each --cleartext never <<-'EOT'
			=> +OK
	@capa USER no
	@capa STLS yes
	USER anna	=> -ERR [AUTH]
	PASS secret	=> -ERR [AUTH]
	STLS		=> +OK
	@switch
	@capa USER yes
	USER anna	=> +OK
	PASS secret	=> +OK
	QUIT		=> +OK
	@end
	EOT
}

@test "a second STLS is refused, and the session goes on" {
	each <<-'EOT'
			=> +OK
	STLS		=> +OK
	@switch
	STLS		=> -ERR
	STLS		=> -ERR
	USER anna	=> +OK
	PASS secret	=> +OK
	QUIT		=> +OK
	@end
	EOT
}

@test "STLS with an argument is refused" {
	each <<-'EOT'
			=> +OK
	STLS now	=> -ERR
	STLS		=> +OK
	@switch
	QUIT		=> +OK
	@end
	EOT
}

@test "a name given before STLS is forgotten" {
	each <<-'EOT'
			=> +OK
	USER anna	=> +OK
	STLS		=> +OK
	@switch
	PASS secret	=> -ERR
	QUIT		=> +OK
	@end
	EOT
}

@test "failed logins before STLS count after it" {
	each <<-'EOT'
			=> +OK
	USER anna	=> +OK
	PASS wrong	=> -ERR [AUTH]
	USER anna	=> +OK
	PASS wrong too	=> -ERR [AUTH]
	STLS		=> +OK
	@switch
	USER anna	=> +OK
	PASS wrong	=> -ERR [AUTH]
	@end
	EOT
	assert_equal "$(grep -c 'login failed: .* tls=1 ' "$LOG")" 1
	assert_equal "$(grep -c 'login failed: .* tls=0 ' "$LOG")" 2
}

@test "the time for a login does not start again at STLS" {
	local start=$SECONDS

	# the second login may take a machine a second to start
	each --login-timeout 5 <<-'EOT'
			=> +OK
	STLS		=> +OK
	@switch
	@end
	EOT
	[ $((SECONDS - start)) -lt 30 ]
}

# As in CVE-2011-0411 and many others.
@test "STLS with commands behind it ends the connection, and executes none" {
	each <<-'EOT'
			=> +OK
	@send STLS\r\nUSER anna\r\nPASS secret\r\nDELE 1\r\nQUIT\r\n
			=> -ERR
	@end
	EOT
	assert_log '^popin: STLS failed: ip=- port=0 reason=pipelined$'
	assert_log_lines 1
	assert_files new/1.one cur/2.two:2,S new/3.three
}

@test "one octet behind STLS is too many, and ends the connection" {
	each <<-'EOT'
			=> +OK
	@send STLS\r\nU
			=> -ERR
	@end
	EOT
}

@test "commands before STLS in one packet are answered first" {
	wrapped ucspi <<-'EOT'
			=> +OK
	@send CAPB\r\nUSER anna\r\nSTLS\r\n
			=> -ERR
			=> +OK
			=> +OK
	@switch
	PASS secret	=> -ERR
	QUIT		=> +OK
	@end
	EOT
}

@test "clear text that tlswrapper passes on after the +OK is never executed" {
	local dialect

	for dialect in tlswrapper tlswrapper-new; do
		wrapped "$dialect" <<-'EOT'
				=> +OK
		STLS		=> +OK
		@switch USER anna\r\nPASS secret\r\n
		@end
		EOT
		assert_log '^popin: STLS failed: .* reason=pipelined$'
		assert_log_lines 1
	done
}

@test "clear text that comes late does not get into the TLS of UCSPI" {
	wrapped ucspi <<-'EOT'
			=> +OK
	STLS		=> +OK
	@switch USER anna\r\nPASS secret\r\n
	PASS secret	=> -ERR
	QUIT		=> +OK
	@end
	EOT
}

@test "commands under TLS that arrive before popin is ready are answered" {
	wrapped ucspi <<-'EOT'
			=> +OK
	STLS		=> +OK
	@switch
	@send USER anna\r\nPASS secret\r\nSTAT\r\nQUIT\r\n
			=> +OK
			=> +OK
			=> +OK
			=> +OK
	@end
	EOT
}

@test "a wrong acknowledgement of tlswrapper ends the connection" {
	wrapped tlswrapper-new <<-'EOT'
			=> +OK
	STLS		=> +OK
	@answer x
	@end
	EOT
	assert_log '^popin: STLS failed: ip=- port=0 reason=wrapper$'
	assert_log_lines 1
}

@test "a wrapper that goes away at STLS ends the connection" {
	local dialect

	for dialect in $DIALECTS; do
		wrapped "$dialect" <<-'EOT'
				=> +OK
		@send STLS\r\n
		@hang up
		EOT
	done
}

@test "a client that closes instead of a handshake is no error" {
	each <<-'EOT'
			=> +OK
	STLS		=> +OK
	@switch
	@close
	@end
	EOT
	assert_log_lines 0
}

@test "a client that closes right behind STLS is not logged as a login" {
	wrapped ucspi <<-'EOT'
			=> +OK
	@send STLS\r\n
	EOT
	refute_log 'popin: login'
}

@test "STLS is not offered with --tls, whatever descriptors there are" {
	each --tls <<-'EOT'
			=> +OK
	@capa STLS no
	STLS		=> -ERR
	USER anna	=> +OK
	PASS secret	=> +OK
	QUIT		=> +OK
	@end
	EOT
	assert_log 'tls=1$'
	assert_log_lines 2
}

@test "STLS is not offered without a wrapper, and the log says why" {
	local dialect

	for dialect in ucspi tlswrapper tlswrapper-new; do
		pop3 --stls "$dialect" <<-'EOT'
		=> +OK
		STLS		=> -ERR
		CAPA		=> +OK
		QUIT		=> +OK
		EOT
		! grep -q '^STLS' "$OUT" || fail 'STLS is offered'
		assert_log '^popin: STLS is not offered'
		assert_log_lines 1
	done
}

@test "wrong numbers in SSLCTLFD, SSLREADFD and SSLWRITEFD are not believed" {
	local fds

	for fds in '0 1 2' '3 4 x' '17 17 17' '9999 9998 9997' '-1 -1 -1' \
	    '4294967299 5 6' ' 5 6 7'; do
		read -r -a fds <<<"$fds"
		export SSLCTLFD=${fds[0]} SSLREADFD=${fds[1]} \
		    SSLWRITEFD=${fds[2]}
		pop3 <<-'EOT'
		=> +OK
		STLS		=> -ERR
		QUIT		=> +OK
		EOT
		assert_log '^popin: STLS is not offered'
	done
}

@test "an unknown dialect of --stls is refused" {
	pop3 --stls openssl <<-'EOT'
	=> -ERR [SYS/PERM]
	EOT
	assert_equal "$status" 64
}

# spy: makes a checker that writes down what it was given.
spy()
{
	# shellcheck disable=SC2016
	printf '%s\n' '#!/usr/bin/perl' 'open(my $to, ">", $ENV{SPY});' \
	    'print $to join(" ", grep { $_ ne fileno($to) &&' \
	    '    defined readlink("/proc/self/fd/$_") } 0 .. 99), "\n";' \
	    'print $to map { "$_\n" } grep { /^SSL.*FD/ } keys %ENV; exit 1;' \
	    >"$BATS_TEST_TMPDIR/spy"
	chmod 755 "$BATS_TEST_TMPDIR/spy"
	export SPY=$BATS_TEST_TMPDIR/spied
	: >"$SPY"
	own "$SPY"
	CHAIN=("${AS[@]}" "$BIN/popin" --delay 0)
}

@test "the checker gets no descriptor or variable of the wrapper" {
	local dialect

	spy
	for dialect in $DIALECTS; do
		wrapped "$dialect" --checker "$BATS_TEST_TMPDIR/spy" <<-'EOT'
				=> +OK
		USER anna	=> +OK
		PASS secret	=> -ERR [AUTH]
		@run cp "$SPY" "$SPY.1"
		STLS		=> +OK
		@switch
		USER anna	=> +OK
		PASS secret	=> -ERR [AUTH]
		QUIT		=> +OK
		@end
		EOT
		assert_equal "$dialect: $(cat "$SPY.1")" "$dialect: 0 1 2 3 4"
		assert_equal "$dialect: $(cat "$SPY")" "$dialect: 0 1 2 3 4"
	done
}

# bats test_tags=root
@test "login has four descriptors, the monitor also those of the dialect" {
	local dialect

	[ "$(id -u)" = 0 ] || skip 'needs root'
	export SPY=$BATS_TEST_TMPDIR/spied
	cat >"$BATS_TEST_TMPDIR/look" <<-'EOT'
	login=$(pgrep -P "$POPIN")
	{
		ls "/proc/$login/fd"
		echo -
		ls "/proc/$POPIN/fd" | sort -n
		tr '\0' '\n' <"/proc/$login/environ"
	} | tr '\n' ' ' >>"$SPY"
	EOT
	export LOOK=$BATS_TEST_TMPDIR/look
	for dialect in $DIALECTS; do
		: >"$SPY"
		wrapped "$dialect" <<-'EOT'
				=> +OK
		@run sh "$LOOK"
		STLS		=> +OK
		@switch
		NOOP		=> -ERR
		@run sh "$LOOK"
		QUIT		=> +OK
		@end
		EOT
		case $dialect in
		ucspi) wanted='0 1 2 3 - 0 1 2 3 4 9 17 ' ;;
		tlswrapper) wanted='0 1 2 3 - 0 1 2 3 4 5 ' ;;
		tlswrapper-new) wanted='0 1 2 3 - 0 1 2 3 5 6 ' ;;
		esac
		assert_equal "$dialect: $(cat "$SPY")" \
		    "$dialect: $wanted""0 1 2 3 - 0 1 2 3 "
	done
}

# bats test_tags=root
@test "login after STLS is another process, with the same unprivileged uid" {
	[ "$(id -u)" = 0 ] || skip 'needs root'
	mkdir "$BATS_TEST_TMPDIR/jail"
	CHAIN=("$BIN/popin" --user 54322:54322 --jail "$BATS_TEST_TMPDIR/jail")
	export SPY=$BATS_TEST_TMPDIR/spied
	: >"$SPY"
	wrapped ucspi <<-'EOT'
			=> +OK
	@run pgrep -P $POPIN -U 54322 >>"$SPY"
	STLS		=> +OK
	@switch
	NOOP		=> -ERR
	@run pgrep -P $POPIN -U 54322 >>"$SPY"
	QUIT		=> +OK
	@end
	EOT
	assert_equal "$(sort -u "$SPY" | wc -l)" 2
}
