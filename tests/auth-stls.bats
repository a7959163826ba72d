#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
#
# AUTH and APOP before and after STLS; wrapper.pl plays the program that starts
# TLS.
load lib

# each [OPTION...]: plays the script on stdin (see wrapper.pl) with popin in
# each dialect of STLS; popin must exit with 0.
each()
{
	local dialect option

	cat >"$SCRIPT"
	for dialect in ucspi tlswrapper tlswrapper-new; do
		option=(--stls "$dialect")
		[ "$dialect" != ucspi ] || option=()
		TEST_UID=${AS:+$TEST_UID} \
		    perl "$TESTS_SRC/wrapper.pl" "$dialect" "${CHAIN[@]}" \
		    "${option[@]}" "$@" <"$SCRIPT" >"$OUT" 2>"$LOG" 3>&- ||
		    fail "$dialect: $(cat "$LOG")"
		assert_equal "$dialect $(cat "$OUT")" "$dialect status: 0"
	done
}

@test "PLAIN is refused before STLS and works after it" {
	each --cleartext never <<-'EOT'
					=> +OK
	AUTH PLAIN AGFubmEAc2VjcmV0	=> -ERR [AUTH]
	USER anna			=> -ERR [AUTH]
	STLS				=> +OK
	@switch
	AUTH PLAIN AGFubmEAd3Jvbmc=	=> -ERR [AUTH]
	AUTH PLAIN AGFubmEAc2VjcmV0	=> +OK
	QUIT				=> +OK
	@end
	EOT
	assert_log 'login: .* method=PLAIN tls=1$'
}

@test "CAPA lists PLAIN after STLS, and not before it" {
	passwd_file "anna:$("$BIN/popin-checkpassword" --hash <<<secret)"
	each <<-'EOT'
			=> +OK
	@capa SASL PLAIN no
	STLS		=> +OK
	@switch
	@capa SASL PLAIN yes
	QUIT		=> +OK
	@end
	EOT
}

@test "failures of AUTH before STLS count after it, and the third is the last" {
	each <<-'EOT'
					=> +OK
	AUTH PLAIN AGFubmEAd3Jvbmc=	=> -ERR [AUTH]
	AUTH PLAIN AGFubmEAb3RoZXI=	=> -ERR [AUTH]
	STLS				=> +OK
	@switch
	AUTH PLAIN AGFubmEAd3Jvbmc=	=> -ERR [AUTH]
	@end
	EOT
}

@test "a password that was wrong before STLS is looked at again after it" {
	each <<-'EOT'
					=> +OK
	AUTH PLAIN AGFubmEAd3Jvbmc=	=> -ERR [AUTH]
	STLS				=> +OK
	@switch
	AUTH PLAIN AGFubmEAd3Jvbmc=	=> -ERR [AUTH]
	QUIT				=> +OK
	@end
	EOT
	assert_equal "$(grep -c 'login failed' "$LOG")" 2
}

@test "after STLS APOP works with the timestamp of the greeting" {
	each --apop <<-'EOT'
						=> +OK
	STLS					=> +OK
	@switch
	APOP anna c4c9334bac560ecc979e58001b3e22fb	=> -ERR [AUTH]
	APOP anna {secret}			=> +OK
	QUIT					=> +OK
	@end
	EOT
	assert_log 'login failed: .* method=APOP tls=1 '
	assert_log 'login: .* method=APOP tls=1$'
}
