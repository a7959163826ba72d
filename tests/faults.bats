#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
load lib

# A part of `make check-faults', which tries all faults.

setup()
{
	lib_setup
	FAULTS=(timeout 300 perl "$TESTS_SRC/faults/faults.pl" "$POPIN"
	    "$(dirname "$POPIN")/popin-uncaged")
	need strace strace
	[ -x "$(dirname "$POPIN")/popin-uncaged" ] ||
	    fail 'no popin-uncaged: make popin-uncaged'
	# less is enough for i386: it is tried for this machine as well
	PART=1
	! is_i386 || PART=4
}

# faults SECONDS SCENARIO...: runs faults.pl, which must see no violation.
faults()
{
	run "${FAULTS[@]}" --seconds $(($1 / PART)) "${@:2}"
	assert_success
	assert_output --partial ' 0 violations'
	sed 's/^/# /' <<<"$output" >&3
}

@test "an mbox survives every fault in a session that deletes" {
	faults 40 small gap all end
}

@test "an mbox survives a loss of power, whatever has changed by the next login" {
	readelf -l "$POPIN" | grep -q INTERP ||
	    skip 'it is a model of a preloaded library, and this popin is static'
	faults 30 --only power,grown,unsynced,restored,older,cut small gap all \
	    end trash
}

@test "a Maildir survives every fault in a session that deletes" {
	faults 12 maildir
}

@test "the unique-ids of another server survive every fault while they are taken over" {
	faults 12 adopt
}

# bats test_tags=root
@test "a fault at any system call of any role costs no mail and leaves nothing behind" {
	[ "$(id -u)" = 0 ] || skip 'needs root'
	not_under asan 'calls of its own would fail'
	need pgrep procps
	run timeout 300 perl "$TESTS_SRC/faults/roles.pl" "$POPIN" \
	    "$(dirname "$POPIN")/popin-uncaged" "$CHECKPASSWORD" \
	    --seconds $((40 / PART))
	assert_success
	assert_output --partial ' 0 violations'
	sed 's/^/# /' <<<"$output" >&3
}

@test "a deleted message is in the trash or the maildrop after every fault" {
	faults 20 trash folder
}
