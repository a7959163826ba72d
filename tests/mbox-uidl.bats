#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
load lib
load mbox

setup()
{
	lib_setup
	mbox_setup
}

# forget: removes the state files.
forget()
{
	rm -f "$BOX_HOME"/.popin*
}

@test "an id is BLAKE2b-128 of the From_ line and the header" {
	printf 'From a@b %s\nSubject: x\nStatus: RO\nX-Keywords: a\n b\nTo: z\n\nbody\n' \
	    "$STAMP" | box
	uids
	assert_equal "${UIDS[1]}" "$(printf \
	    'From a@b %s\nSubject: x\nTo: z\n' "$STAMP" | b2sum -l 128 |
	    cut -d ' ' -f 1)"
}

@test "ids stay the same while other programs append and delete" {
	local -a before

	plain_box 6
	uids
	before=("${UIDS[@]}")
	append late
	uids
	assert_equal "${#UIDS[@]}" 7
	assert_equal "${UIDS[*]:0:6}" "${before[*]}"
	edit 's/From [^\n]*\nSubject: 3\n.*?\n\n(?=From )//s'
	uids
	assert_equal "${UIDS[*]:0:5}" \
	    "${before[*]:0:2} ${before[*]:3:3}"
	forget
	uids
	assert_equal "${UIDS[*]:0:5}" \
	    "${before[*]:0:2} ${before[*]:3:3}"
}

@test "ids stay the same when mail readers change Status, X-UID and the like" {
	local -a before

	plain_box 4
	uids
	before=("${UIDS[@]}")
	edit 's/^(Subject: [23]\n)/Status: RO\nX-Status: AF\nX-UID: 7\nX-UIDL: q\nX-IMAPbase: 1 2\n\tab\nX-Keywords: k\n$1Content-Length: 9\n/mg'
	uids
	assert_equal "${UIDS[*]}" "${before[*]}"
	edit 's/^Status: RO\n/Status: O\n/mg'
	forget
	uids
	assert_equal "${UIDS[*]}" "${before[*]}"
}

@test "identical messages have different ids" {
	local i

	for i in 1 2 3 4 5; do
		append same
	done
	own "$BOX"
	uids
	assert_equal "$(printf '%s\n' "${UIDS[@]}" | sort -u | wc -l)" 5
}

@test "a message keeps its id when an identical one is deleted" {
	local -a before
	local i

	for i in 1 2 3 4; do
		append same
	done
	own "$BOX"
	uids
	before=("${UIDS[@]}")
	session <<-'EOT'
	DELE 1	=> +OK
	DELE 3	=> +OK
	QUIT	=> +OK
	EOT
	uids
	assert_equal "${UIDS[*]}" "${before[1]} ${before[3]}"
	# the number of a message that is gone is not given to another one
	session <<-'EOT'
	DELE 2	=> +OK
	QUIT	=> +OK
	EOT
	append same
	uids
	assert_equal "${UIDS[1]}" "${before[1]}"
	[[ " ${before[*]} " != *" ${UIDS[2]} "* ]]
}

@test "identical messages keep their ids when another program edits the mbox" {
	local -a before
	local i

	for i in 1 2 3; do
		append same
	done
	own "$BOX"
	uids
	before=("${UIDS[@]}")
	session <<-'EOT'
	DELE 1	=> +OK
	QUIT	=> +OK
	EOT
	edit 's/^(Subject: same\n)/Status: RO\n$1/mg'
	uids
	assert_equal "${UIDS[*]}" "${before[1]} ${before[2]}"
}

@test "identical messages are numbered in order without a state file" {
	local -a before
	local i

	for i in 1 2 3; do
		append same
	done
	own "$BOX"
	uids
	before=("${UIDS[@]}")
	forget
	uids
	assert_equal "${UIDS[*]}" "${before[*]}"
}

@test "ids have 32 characters, and more only for identical messages" {
	plain_box 2
	append same
	append same
	uids
	[[ ${UIDS[1]} =~ ^[0-9a-f]{32}$ ]]
	[[ ${UIDS[3]} =~ ^[0-9a-f]{32}$ ]]
	assert_equal "${UIDS[4]}" "${UIDS[3]}.2"
}

@test "ids stay the same after sessions with DELE and without UIDL" {
	local -a before

	plain_box 6
	uids
	before=("${UIDS[@]}")
	session <<-'EOT'
	DELE 2	=> +OK
	DELE 5	=> +OK
	QUIT	=> +OK
	EOT
	append late
	session <<-'EOT'
	STAT	=> +OK 5
	QUIT	=> +OK
	EOT
	uids
	assert_equal "${UIDS[*]:0:4}" \
	    "${before[0]} ${before[2]} ${before[3]} ${before[5]}"
}

@test "five thousand identical messages have five thousand ids" {
	perl -e 'print "From a\@b $ARGV[0]\nSubject: bomb\n\nx\n\n" x 5000' \
	    "$STAMP" | box
	session <<-'EOT'
	UIDL	=> +OK
	EOT
	assert_equal "$(body_of 1 | cut -d ' ' -f 2 | sort -u | wc -l)" 5000
}

@test "UIDL is refused when another program has rewritten the mbox meanwhile" {
	plain_box 3
	talk a "${SESSION[@]}"
	hear a
	edit 's/Subject: 1\n/Subject: 1\nStatus: RO\n/'
	ask a UIDL '-ERR [[]SYS/TEMP]*'
	leave a
	uids
	assert_equal "${#UIDS[@]}" 3
}
