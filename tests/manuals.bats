#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
#
# The manuals say what the programs do: every option and every message is
# there, and nothing that the programs do not have.
# shellcheck disable=SC2030,SC2031
load lib

SRC=$TESTS_SRC/../src

# options_in_manual MANUAL: those that have an item of their own.
options_in_manual()
{
	perl -ne 'print "-$1\n" while /^\.It / && /\bFl (-?\w[\w-]*)/g' "$1" |
	    sort -u
}

# options_in_help TEXT: the first column.
options_in_help()
{
	perl -ne 'next unless /^  (-.*?)(?:   *|$)/; my $column = $1;
	    print "$1\n" while $column =~ /(?<!\S)(-{1,2}\w[\w-]*)/g' |
	    sort -u
}

# messages_in_manual MANUAL: what stands behind .It Sy, where mdoc wants a blank
# before the last colon.
messages_in_manual()
{
	perl -ne 'chomp;
	    if ($more) { s/^\s*//; $text .= " $_" }
	    elsif (/^\.It Sy (.*)/) { $text = $1 }
	    else { next }
	    $more = $text =~ s/\s*\\$//;
	    next if $more;
	    $text =~ s/ ([:?,])$/$1/;
	    print "$text\n"' "$1" | sort
}

# helps PROGRAM MANUAL: --help is the answer that the manual is.
helps()
{
	run sh -c '"$1" --help 2>/dev/null' sh "$1"
	assert_success
	assert_equal "$(options_in_manual "$SRC/$2")" \
	    "$(options_in_help <<<"$output")"
	! grep -E '.{81}' <<<"$output" || fail 'too wide'
	assert_line --index -1 "See ${2%.8}(8)."
}

@test "popin(8) has every option of popin --help, and no other" {
	helps "$POPIN" popin.8
}

@test "popin-checkpassword(8) has every option of its --help, and no other" {
	[ -x "$CHECKPASSWORD" ] || skip 'built without popin-checkpassword'
	helps "$CHECKPASSWORD" popin-checkpassword.8
}

@test "popin-import(8) has every option of its --help, and no other" {
	helps "$IMPORT" popin-import.8
}

# options_in_table SOURCE: the long ones, of getopt_long(3)'s table.
options_in_table()
{
	sed -n 's/^.*{ "\(.*\)", .*_argument, .*/--\1/p' "$1" | sort
}

# takes PROGRAM SOURCE
takes()
{
	run "$1" --help
	assert_equal "$(options_in_help <<<"$output" | grep -- --)" \
	    "$(options_in_table "$SRC/$2")"
}

@test "--help names every option that popin-import and popin-checkpassword take" {
	takes "$IMPORT" import/import.c
	[ ! -x "$CHECKPASSWORD" ] ||
	    takes "$CHECKPASSWORD" checkpassword/checkpassword.c
}

@test "popin-messages(7) has every message of the sources, and no other" {
	find "$SRC" -name '*.[ch]' -exec perl "$TESTS_SRC/messages" {} + \
	    >"$BATS_TEST_TMPDIR/said"
	LC_ALL=C sort -u "$BATS_TEST_TMPDIR/said" >"$BATS_TEST_TMPDIR/sources"
	messages_in_manual "$SRC/popin-messages.7" | LC_ALL=C sort \
	    >"$BATS_TEST_TMPDIR/manual"
	run diff -u --label manual "$BATS_TEST_TMPDIR/manual" \
	    --label sources "$BATS_TEST_TMPDIR/sources"
	assert_output ''
}

@test "popin(8) has no more than 2800 words" {
	need mandoc mandoc
	[ "$(mandoc -Tascii "$SRC/popin.8" | perl -pe "s/.\x08//g" | wc -w)" -le 2800 ]
}
