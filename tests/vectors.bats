#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
#
# The primitives.  tests/vectors.c has what is asked; it is linked with the
# objects of the programs themselves.
load lib

@test "base64, MD5, SHA-256, HMAC and PBKDF2 give what the standards say" {
	run "${abs_top_builddir:-$TESTS_SRC/..}/tests/vectors"
	assert_success
	assert_output ''
}
