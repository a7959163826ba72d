#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
load lib

sha()
{
	printf '%s' "$1" | sha256sum | cut -d ' ' -f 1
}

@test "UIDL tells the base name of every message" {
	three_messages
	session <<-'EOT'
	UIDL	=> +OK
	| 1 1.one
	| 2 2.two
	| 3 3.three
	UIDL 2	=> =+OK 2 2.two
	UIDL 4	=> -ERR
	UIDL 0	=> -ERR
	EOT
}

@test "UIDL leaves deleted messages out" {
	three_messages
	session <<-'EOT'
	DELE 2	=> +OK
	UIDL	=> +OK
	| 1 1.one
	| 3 3.three
	UIDL 2	=> -ERR
	RSET	=> +OK
	UIDL 2	=> =+OK 2 2.two
	EOT
}

@test "an id stays when the message is read, flagged or moved" {
	three_messages
	session <<-'EOT'
	UIDL	=> +OK
	EOT
	body_of 1 >"$BATS_TEST_TMPDIR/before"
	mv "$MAILDIR/new/1.one" "$MAILDIR/cur/1.one:2,RS"
	mv "$MAILDIR/cur/2.two:2,S" "$MAILDIR/cur/2.two"
	session <<-'EOT'
	UIDL	=> +OK
	EOT
	cmp <(body_of 1) "$BATS_TEST_TMPDIR/before"
}

@test "ids do not change when other messages are deleted" {
	three_messages
	session <<-'EOT'
	DELE 1	=> +OK
	QUIT	=> +OK
	EOT
	session <<-'EOT'
	UIDL	=> +OK
	| 1 2.two
	| 2 3.three
	EOT
}

@test "size fields in a name belong to the id, flags do not" {
	echo x | deliver '1.M2P3.host,S=2,W=3:2,FS' cur
	session <<-'EOT'
	UIDL 1	=> =+OK 1 1.M2P3.host,S=2,W=3
	EOT
}

@test "a name of 70 bytes is an id, one of 71 is hashed" {
	local seventy more

	seventy=$(printf '1.%068d' 0)
	more=$(printf '2.%069d' 0)
	echo x | deliver "$seventy"
	echo x | deliver "$more"
	echo x | deliver "3.$(printf '%0200d' 0):2,S" cur
	session <<-EOT
	UIDL	=> +OK
	| 1 $seventy
	| 2 $(sha "$more")
	| 3 $(sha "3.$(printf '%0200d' 0)")
	EOT
}

@test "a name with bytes that an id must not have is hashed" {
	local name

	for name in '1.a b' $'2.tab\t' $'3.\xc3\xa4' $'4.\xff' $'5.\x7f' \
	    $'6.new\nline' '7.fine!~'; do
		echo x | deliver "$name"
	done
	session <<-EOT
	UIDL	=> +OK
	| 1 $(sha '1.a b')
	| 2 $(sha $'2.tab\t')
	| 3 $(sha $'3.\xc3\xa4')
	| 4 $(sha $'4.\xff')
	| 5 $(sha $'5.\x7f')
	| 6 $(sha $'6.new\nline')
	| 7 7.fine!~
	QUIT	=> +OK
	EOT
}

@test "messages with any bytes in the name can be read and deleted" {
	printf 'A: b\n\none\n' | deliver $'1.\xffn\ney'
	printf 'A: b\n\ntwo\n' | deliver $'2.\xc3\xa4 b:2,S' cur
	session <<-'EOT'
	RETR 1	=> +OK
	RETR 2	=> +OK
	DELE 1	=> +OK
	DELE 2	=> +OK
	QUIT	=> +OK
	EOT
	messages_match <(printf 'A: b\n\none\n') <(printf 'A: b\n\ntwo\n')
	assert_equal "$(files_in)" ''
}

@test "a message whose name looks like a hash does not get another's id" {
	local victim='1.a b' hash

	hash=$(sha "$victim")
	echo x | deliver "$victim"
	echo x | deliver "$hash"
	session <<-'EOT'
	UIDL	=> +OK
	EOT
	body_of 1 | cut -d ' ' -f 2 | tr -d '\r' | sort >"$IN"
	printf '%s\n' "$hash" "$(sha "$hash")" | sort | cmp - "$IN"
}

@test "a name of 64 hexadecimal digits in capitals is an id" {
	local name

	name=$(printf '%064X' 1 | tr 0 A)
	echo x | deliver "$name"
	session <<-EOT
	UIDL 1	=> =+OK 1 $name
	EOT
}

@test "all ids are unique, printable and of at most 70 characters" {
	local i

	for i in 1 2 3 4 5 6 7 8 9; do
		printf 'same\n' | deliver "7.same$i"
		printf 'same\n' | deliver "7.same$i$(printf '%080d' 0)"
		printf 'same\n' | deliver "7.same $i:2,$i" cur
	done
	session <<-'EOT'
	UIDL	=> +OK
	EOT
	body_of 1 | tr -d '\r' | cut -d ' ' -f 2 >"$IN"
	assert_equal "$(grep -cE '^[!-~]{1,70}$' "$IN")" 27
	assert_equal "$(sort -u "$IN" | wc -l)" 27
}
