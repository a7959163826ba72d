#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
#
# The manuals say what the programs do: every option and every message is
# there, and nothing that the programs do not have.
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

# options_in_table SOURCE: the long ones, of getopt_long(3)'s table.
options_in_table()
{
	sed -n 's/^.*{ "\(.*\)", .*_argument, .*/--\1/p' "$1" | sort
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

@test "popin(8) has every option of popin --help, and no other" {
	run "$POPIN" --help
	assert_success
	assert_equal "$(options_in_manual "$SRC/popin.8")" \
	    "$(options_in_help <<<"$output")"
}

@test "popin-checkpassword(8) has every option of the program, and no other" {
	# --method and --cleartext are popin's own: text, but no items
	assert_equal "$(options_in_manual "$SRC/popin-checkpassword.8" |
	    grep -- --)" "$(options_in_table \
	    "$SRC/checkpassword/checkpassword.c" |
	    grep -v -e --method -e --cleartext)"
	for option in method cleartext; do
		grep -q "^\.Fl -$option" "$SRC/popin-checkpassword.8"
	done
	[ ! -x "$CHECKPASSWORD" ] || {
		run "$CHECKPASSWORD"
		for option in $(grep -oE '\[--?[a-z-]+' <<<"$output"); do
			options_in_manual "$SRC/popin-checkpassword.8" |
			    grep -qxe "${option#[}"
		done
	}
}

@test "popin-import(8) has every option of the program, and no other" {
	assert_equal "$(options_in_manual "$SRC/popin-import.8" |
	    grep -- --)" "$(options_in_table "$SRC/import/import.c")"
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
