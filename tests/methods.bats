#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
#
# popin-checkpassword's --method, which only popin's monitor uses, with the
# examples of the standards and their nonces.
load lib
load auth

# shellcheck disable=SC2016
NONCE='%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0'
FIRST='n=user,r=rOprNGfwEbeRWgbNEkqO'
FINAL="c=biws,r=rOprNGfwEbeRWgbNEkqO$NONCE"
PROOF='dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ='

setup()
{
	lib_setup
	own "$BATS_TEST_TMPDIR"
	passwd_file "user:$PENCIL" 'mrose:{PLAIN}tanstaaf' \
	    'tim:{PLAIN}tanstaaftanstaaf'
	ANSWER=$BATS_TEST_TMPDIR/answer
}

# method METHOD TEXT...: runs the checker with TEXT... on descriptor 3; sets
# status; descriptor 4 goes to ANSWER.
method()
{
	local credentials=$BATS_TEST_TMPDIR/credentials

	: >"$ANSWER"
	own "$ANSWER"
	if [ $# -gt 1 ]; then
		printf '%s\0' "${@:2}" >"$credentials"
	else
		: >"$credentials"
	fi
	status=0
	timeout "$LIMIT" "${AS[@]}" "$BIN/popin-checkpassword" -f "$PASSWD" \
	    --method "$1" /bin/echo in </dev/null >"$OUT" 2>"$LOG" \
	    3<"$credentials" 4>"$ANSWER" || status=$?
}

assert_in()
{
	assert_equal "$status:$(cat "$OUT" "$LOG")" 0:in
}

assert_refused()
{
	assert_equal "$status:$(cat "$OUT" "$LOG")" 1:
	[ ! -s "$ANSWER" ]
}

@test "APOP: the example of RFC 1939 is accepted, altered ones are refused" {
	method apop mrose c4c9334bac560ecc979e58001b3e22fb \
	    '<1896.697170952@dbc.mtview.ca.us>'
	assert_in
	method apop mrose c4c9334bac560ecc979e58001b3e22fc \
	    '<1896.697170952@dbc.mtview.ca.us>'
	assert_refused
	method apop mrose c4c9334bac560ecc979e58001b3e22fb \
	    '<1896.697170953@dbc.mtview.ca.us>'
	assert_refused
	method apop mrose c4c9334bac560ecc979e58001b3e22f \
	    '<1896.697170952@dbc.mtview.ca.us>'
	assert_refused
}

@test "APOP and CRAM-MD5 without a challenge let nobody in" {
	method apop mrose "$(printf tanstaaf | md5sum | cut -c 1-32)" ''
	assert_refused
	method cram-md5 mrose "$(printf '' | openssl dgst -md5 -hmac tanstaaf \
	    2>/dev/null | tail -c 33 | head -c 32)" ''
	assert_refused
}

@test "CRAM-MD5: the example of RFC 2195 is accepted for its user only" {
	method cram-md5 tim b913a602c7eda7a495b4e6e7334d3890 \
	    '<1896.697170952@postoffice.reston.mci.net>'
	assert_in
	method cram-md5 mrose b913a602c7eda7a495b4e6e7334d3890 \
	    '<1896.697170952@postoffice.reston.mci.net>'
	assert_refused
}

@test "SCRAM-SHA-256: the example of RFC 7677 is accepted and signed" {
	method scram-verify user "$PROOF" "$NONCE" "$FIRST" "$FINAL"
	assert_in
	assert_equal "$(base64 <"$ANSWER")" \
	    '6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4='
}

@test "SCRAM-SHA-256: the example of RFC 7677 is refused if a part is altered" {
	method scram-verify user "e${PROOF#d}" "$NONCE" "$FIRST" "$FINAL"
	assert_refused
	method scram-verify user "$PROOF" "${NONCE%0}1" "$FIRST" "$FINAL"
	assert_refused
	method scram-verify user "$PROOF" "${NONCE%0}1" "$FIRST" "${FINAL%0}1"
	assert_refused
	method scram-verify user "$PROOF" "$NONCE" "$FIRST,x=y" "$FINAL"
	assert_refused
	method scram-verify user "$PROOF" "$NONCE" "$FIRST" "$FINAL,x=y"
	assert_refused
	method scram-verify user "$PROOF" "$NONCE" "$FIRST" "${FINAL/biws/eSws}"
	assert_refused
	method scram-verify tim "$PROOF" "$NONCE" "$FIRST" "$FINAL"
	assert_refused
	method scram-verify nobody "$PROOF" "$NONCE" "${FIRST/user/nobody}" \
	    "$FINAL"
	assert_refused
	method scram-verify user '' "$NONCE" "$FIRST" "$FINAL"
	assert_refused
	method scram-verify user "$PROOF" '' "$FIRST" "$FINAL"
	assert_refused
}

@test "SCRAM-SHA-256: a lookup answers salt and iterations, and runs nothing" {
	method scram-lookup user '' ''
	assert_equal "$status:$(cat "$OUT" "$LOG")" 0:
	assert_equal "$(od -An -tu4 -w8 -N8 "$ANSWER" | tr -s ' ')" ' 4096 16'
	assert_equal "$(tail -c +9 "$ANSWER" | head -c 16 | base64)" \
	    'W22ZaJ0SNY7soEsUEjb6gQ=='
}

@test "a wrong method, number of fields or length ends with status 2" {
	method scram
	assert_equal "$status" 2
	method apop
	assert_equal "$status" 2
	method apop mrose c4c9334bac560ecc979e58001b3e22fb
	assert_equal "$status" 2
	method scram-lookup user
	assert_equal "$status" 2
	method scram-verify user "$PROOF" "$NONCE" "$FIRST"
	assert_equal "$status" 2
	method scram-verify user "$PROOF" "$NONCE" "$FIRST" "$FINAL" x
	assert_equal "$status" 2
	method scram-verify user "$PROOF" "$NONCE" "$FIRST" "$(printf %04000d 1)"
	assert_equal "$status" 2
	assert_log 'more than 4096 bytes'
}
