#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
load lib

# The lists of system calls on 32 bits, where a libc has other calls than on 64
# for the same: a popin for i386, with the checker of this machine.

setup_file()
{
	local dir=$BATS_FILE_TMPDIR build=${abs_top_builddir:-${POPIN%/*}}
	local src=$TESTS_SRC/..

	lib_setup_file
	[ "$(uname -m)" = x86_64 ] || skip 'not on this machine'
	[[ $("$POPIN" --version) != *'sandbox: none' ]] ||
	    skip 'configured without a sandbox'
	# static: the loader and the libraries of i386 need not be there
	need i686-linux-gnu-gcc 'gcc-i686-linux-gnu and libc6-dev-i386-cross'
	rm "$dir/bin/popin"
	mkdir "$dir/o"
	(cd "$dir/o" && i686-linux-gnu-gcc -std=c11 -O1 -w -D_FILE_OFFSET_BITS=64 \
	    -DPOPIN_SBINDIR='"/nowhere"' -I "$build" -iquote "$src/src" \
	    -c "$src"/src/*.c "$src/tests/escape.c")
	i686-linux-gnu-gcc -static -o "$dir/bin/escape" "$dir/o"/*.o \
	    -Wl,--wrap=command_run
	rm "$dir/o/escape.o"
	i686-linux-gnu-gcc -static -o "$dir/bin/popin" "$dir/o"/*.o
	chmod 711 "$dir/bin/popin" "$dir/bin/escape"
}

setup()
{
	lib_setup
	three_messages
}

@test "each failed login is answered, the last of a connection too" {
	local n

	# the class in the ELF header
	assert_equal "$(od -An -tu1 -j4 -N1 "$BIN/popin" | tr -d ' ')" 1
	for n in 1 2 3; do
		raw_pop3 <<-'EOT'
		USER anna
		PASS wrong
		USER anna
		PASS wrong
		USER anna
		PASS wrong
		EOT
		assert_equal "$status $(grep -c '^-ERR' "$OUT")" '0 3'
		refute_log 'ended badly'
	done
}

@test "SIGTERM ends login and session as everywhere" {
	talk a "${CHAIN[@]}"
	hear a
	ask a 'USER anna' '+OK*'
	kill -TERM "$(pgrep -P "${TALK_PID[a]}")"
	gone a
	refute_log 'ended badly'
	rm -r "$BATS_TEST_TMPDIR/talk.a"
	talk a "${CHAIN[@]}"
	hear a
	ask a 'USER anna' '+OK*'
	ask a 'PASS secret' '+OK 3 *'
	ask a 'DELE 1' '+OK*'
	kill -TERM "$(pgrep -P "${TALK_PID[a]}")"
	gone a
	assert_log 'session: .* end=signal'
	refute_log 'ended by a signal'
	assert_files new/1.one cur/2.two:2,S new/3.three
}

@test "a Maildir, an mbox and the trash are served" {
	local mbox=$BATS_TEST_TMPDIR/mbox how n

	for n in 1 2 3; do
		printf 'From a@b Sat Jan  3 01:05:34 1996\nSubject: %s\n\ntext\n\n' "$n"
	done >"$mbox"
	own "$mbox" "$BATS_TEST_TMPDIR"
	for how in "maildir:$MAILDIR --trash" "maildir:$MAILDIR" "mbox:$mbox"; do
		# shellcheck disable=SC2086
		as_session -m $how
		raw_session <<-'EOT'
		UIDL
		RETR 2
		DELE 1
		QUIT
		EOT
		grep -q '^+OK bye' "$OUT" || fail "$how: $(cat "$OUT" "$LOG")"
		assert_log 'session: .* dele=1 .* end=quit'
	done
	assert_equal "$(grep -c '^From ' "$mbox")" 2
}

@test "a process that was taken over has no more calls there" {
	local call

	mv "$BIN/popin" "$BIN/popin.real"
	mv "$BIN/escape" "$BIN/popin"
	for call in socket execve fork kill ptrace mmap mprotect owner; do
		talk "$call" "${CHAIN[@]}"
		hear "$call"
		ask "$call" 'USER anna' '+OK*'
		ask "$call" 'PASS secret' '+OK 3 *'
		tell "$call" "TRY $call"
		gone "$call"
		assert_equal "$call: $(cat "$rest")" "$call: "
		assert_log "signal=$(kill -l SYS)"
	done
	mv "$BIN/popin" "$BIN/escape"
	mv "$BIN/popin.real" "$BIN/popin"
}
