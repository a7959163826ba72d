#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
load lib

@test "popin needs no library but libc" {
	need readelf binutils
	needed=$(readelf -d "$BIN/popin" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
	[[ $needed != *san.so* ]] || skip 'built with a sanitizer'
	! grep -vE '^(libc\.|ld-|$)' <<<"$needed" || fail "$needed"
}

@test "popin works under any name and in any directory" {
	three_messages
	mkdir "$BATS_TEST_TMPDIR/a b"
	cp "$BIN/popin" "$BATS_TEST_TMPDIR/a b/pop 3d"
	cp "$BIN/popin-checkpassword" "$BIN/popin-import" "$BATS_TEST_TMPDIR/a b"
	for i in "${!CHAIN[@]}"; do
		[ "${CHAIN[i]}" != "$BIN/popin" ] ||
		    CHAIN[i]="$BATS_TEST_TMPDIR/a b/pop 3d"
	done
	pop3 <<-'EOT'
	USER anna	=> +OK
	PASS secret	=> +OK 3 84
	EOT
}

@test "popin works in a current directory that the user cannot enter" {
	three_messages
	mkdir -m 700 "$BATS_TEST_TMPDIR/here"
	cd "$BATS_TEST_TMPDIR/here"
	session <<-'EOT'
	STAT	=> +OK 3 84
	EOT
	pop3 <<-'EOT'
	USER anna	=> +OK
	PASS secret	=> +OK 3 84
	EOT
}

@test "an empty environment is enough" {
	three_messages
	CHAIN=(env -i "${CHAIN[@]}")
	pop3 <<-'EOT'
	USER anna	=> +OK
	PASS secret	=> +OK 3 84
	EOT
}

@test "few descriptors and little memory are enough" {
	three_messages
	CHAIN=(bash -c 'ulimit -n 16 -v $1; shift; exec "$@"' - \
	    "${POPIN_TEST_VIRTUAL:-100000}" "${CHAIN[@]}")
	pop3 <<-'EOT'
	USER anna	=> +OK
	PASS secret	=> +OK 3 84
	RETR 1		=> +OK
	DELE 2		=> +OK
	QUIT		=> +OK
	EOT
	assert_files new/1.one new/3.three
}

# What configure found out about the compiler is in the Makefile.
@test "all programs are built with all of the compiler's hardening" {
	local program flags
	local makefile=${abs_top_builddir:-$TESTS_SRC/..}/Makefile

	need readelf binutils
	[ -e "$makefile" ] || skip 'not the build of the tests'
	flags=$(sed -n 's/^HARD_CFLAGS = *//p' "$makefile")
	[ -n "$flags" ] || skip 'built with --disable-hardening'
	[[ $flags == *-D_FORTIFY_SOURCE=3* ]] ||
	    cannot "this compiler has no _FORTIFY_SOURCE=3: $flags"
	for program in "$BIN/popin" "$BIN/popin-checkpassword" "$BIN/popin-import"; do
		readelf -lW "$program" | grep -q 'GNU_STACK.* RW ' ||
		    fail "$program: its stack can be executed"
		readelf -lW "$program" | grep -q GNU_RELRO ||
		    fail "$program: no RELRO"
		# static programs bind nothing, and their checks have other names
		readelf -lW "$program" | grep -q INTERP || continue
		readelf -dW "$program" | grep -q 'NOW.* PIE' ||
		    fail "$program: no PIE, or bound late"
		# musl has no such functions
		! readelf -dW "$program" | grep -q 'NEEDED.*libc\.so\.6' ||
		    readelf -W --dyn-syms "$program" |
			grep -qE '__(mem|explicit_)[a-z]+_chk' ||
		    fail "$program: not fortified"
	done
}
