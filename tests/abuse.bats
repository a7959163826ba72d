#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
#
# The short form of tests/abuse; `make abuse' is the long one.
load lib

@test "hostile clients leave no lock and no process, and cost nobody mail" {
	[ "$(id -u)" = 0 ] || skip 'needs root'
	need tcpserver ucspi-tcp
	need /usr/bin/python3 python3
	if ! grep -q '^CFLAGS = -g$' "${abs_top_builddir:-.}/Makefile"; then
		export ABUSE_BOUNDS=100
	fi
	export POPIN CHECKPASSWORD ABUSE_SECONDS=15 ABUSE_SESSIONS=40
	"$TESTS_SRC/abuse" >"$LOG" 2>&1 3>&- || fail "$(cat "$LOG")"
	cat "$LOG"
	assert_log '^violations: +0$'
}
