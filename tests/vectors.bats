#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
#
# The primitives.  tests/vectors.c computes the examples of the standards with
# the objects that the programs are linked from.
load lib

@test "base64, MD5, SHA-256, HMAC and PBKDF2 give the standards' results" {
	run "${abs_top_builddir:-$TESTS_SRC/..}/tests/vectors"
	assert_success
	assert_output ''
}
