#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
#
# What the README tells newcomers to type, in a copy of the tree that has never
# been built.  `quickstart check` is left out: it runs these tests.
load lib

setup_file()
{
	local tree=$BATS_FILE_TMPDIR/tree top=$TESTS_SRC/..

	lib_setup_file
	mkdir "$tree"
	(cd "$top" && cp -R .clang-format configure.ac Makefile.am README NEWS \
	    COPYING src tests contrib "$tree")
	# the source tree may have been built in place
	find "$tree" -name '*.o' -exec rm {} +
	find "$tree" -type d -exec chmod u+w {} +
	quickstart >"$BATS_FILE_TMPDIR/first" 2>&1 3>&- ||
	    echo "status $?" >>"$BATS_FILE_TMPDIR/first"
}

# quickstart [ARGUMENT...]: without the environment of the make that runs the
# tests.
# shellcheck disable=SC2120
quickstart()
{
	env -i PATH="$PATH" HOME="$BATS_FILE_TMPDIR" \
	    TMPDIR="$BATS_FILE_TMPDIR" timeout -k 5 300 \
	    sh "$BATS_FILE_TMPDIR/tree/contrib/quickstart" "$@"
}

# reply_to PATTERN: the reply to that command in the transcript.
reply_to()
{
	sed -n "/^C: $1/,/^C: /p" "$BATS_FILE_TMPDIR/first" |
	    sed '1d;$d;s/^S: //'
}

@test "quickstart builds, serves the demo, and ends by itself" {
	run cat "$BATS_FILE_TMPDIR/first"
	assert_line '== making configure'
	assert_line '== configuring'
	assert_line '== building'
	assert_line --regexp '^== .* serves the demo on 127.0.0.1 port [0-9]+$'
	assert_line --regexp '^    curl --user .* pop3://127.0.0.1:[0-9]+/1$'
	assert_line --regexp '^== fetched message 3 with (curl|perl): the same'
	assert_line --index -1 --regexp '^== done'
}

@test "quickstart shows the commands of a session and the replies to them" {
	run cat "$BATS_FILE_TMPDIR/first"
	assert_line --index 3 --regexp '^== a session'
	assert_line --index 4 'S: +OK popin ready'
	assert_line 'C: USER anna'
	assert_line 'S: +OK 4 messages (4280 octets)'
	assert_line 'S: +OK 4 4280'
	refute_line --regexp '^S: -ERR'
	run reply_to LIST
	assert_output "$(printf '%s\n' '+OK 4 messages (4280 octets)' \
	    '1 605' '2 950' '3 1930' '4 795' .)"
	assert_equal "$(reply_to 'RETR 1' | sed '1d;$d;s/^\.//')" \
	    "$(cat "$TESTS_SRC"/../contrib/demo/1-*.eml)"
	run reply_to 'TOP 2 3'
	assert_line 'Subject: Lunch on Thursday?'
	assert_line --index -1 .
}

@test "quickstart shows what popin logged" {
	run grep '^popin: session: .* end=quit$' "$BATS_FILE_TMPDIR/first"
	assert_success
	assert_equal "${#lines[@]}" 2
}

packages()
{
	cksum /var/lib/dpkg/status 2>/dev/null || :
}

# again: runs quickstart until no package was installed meanwhile, since it
# configures again after that.
again()
{
	local before=none now

	now=$(packages)
	run quickstart
	until [ "$before" = "$now" ]; do
		before=$now
		now=$(packages)
		run quickstart
	done
}

@test "quickstart runs again without building again" {
	again
	assert_success
	refute_line '== making configure'
	refute_line '== configuring'
	assert_line --regexp '^== fetched message 3 '
	assert_line --regexp '^== done'
}

@test "quickstart leaves nothing behind but the build" {
	run quickstart
	assert_success
	run find "$BATS_FILE_TMPDIR" -maxdepth 1 -name 'popin-demo.*'
	assert_output ''
	run pgrep -f "$BATS_FILE_TMPDIR/popin-demo"
	assert_output ''
}

@test "quickstart --listen serves until Ctrl-C" {
	local port=

	# A shell would let its background processes ignore SIGINT.
	# shellcheck disable=SC2016
	talk listen perl -e '$SIG{INT} = "DEFAULT"; exec @ARGV' \
	    env -i PATH="$PATH" TMPDIR="$BATS_FILE_TMPDIR" \
	    sh "$BATS_FILE_TMPDIR/tree/contrib/quickstart" --listen
	# shellcheck disable=SC2154
	while hear listen && [ "$reply" != '== serving until Ctrl-C' ]; do
		case $reply in
		*' serves the demo on '*)	port=${reply##* } ;;
		esac
	done
	run perl -MIO::Socket::INET -e '
		print IO::Socket::INET->new("127.0.0.1:$ARGV[0]")->getline
	' "$port"
	assert_output $'+OK popin ready\r'
	kill -INT "${TALK_PID[listen]}"
	gone listen
	assert_equal "$status" 0
	run perl -MIO::Socket::INET -e '
		exit defined(IO::Socket::INET->new("127.0.0.1:$ARGV[0]"))
	' "$port"
	assert_success
}

@test "quickstart refuses an unknown argument and shows the known ones" {
	run quickstart chekc
	assert_equal "$status" 64
	assert_line --partial 'contrib/quickstart check'
	run quickstart --help
	assert_success
	assert_line --partial 'contrib/quickstart --listen'
}

@test "quickstart shows the end of the log when the build fails" {
	local main=$BATS_FILE_TMPDIR/tree/src/main.c

	cp -p "$main" "$BATS_TEST_TMPDIR/main.c"
	echo '#error on purpose' >>"$main"
	run quickstart
	mv "$BATS_TEST_TMPDIR/main.c" "$main"
	assert_equal "$status" 1
	assert_line --partial 'on purpose'
	assert_line --partial 'quickstart: this failed: make'
}

# Ordinary users get no packages installed, and are told which are missing.
@test "quickstart says what is missing to somebody who is not root" {
	local bin=$BATS_TEST_TMPDIR/bin program

	mkdir "$bin"
	for program in sh id dirname sed cat tail mkdir touch rm; do
		ln -s "$(command -v "$program")" "$bin"
	done
	printf '#!/bin/sh\necho 1000\n' >"$BATS_TEST_TMPDIR/id"
	chmod 755 "$BATS_TEST_TMPDIR/id"
	ln -sf "$BATS_TEST_TMPDIR/id" "$bin/id"
	PATH=$bin run "$bin/sh" "$BATS_FILE_TMPDIR/tree/contrib/quickstart"
	assert_equal "$status" 1
	assert_output --partial 'quickstart: missing: autoconf automake gcc make'
	assert_output --partial 'apt-get install autoconf automake gcc make'
}

@test "quickstart finds servers in /usr/sbin for ordinary users" {
	local bin=$BATS_TEST_TMPDIR/bin

	need haproxy haproxy
	mkdir "$bin"
	printf '#!/bin/sh\necho 1000\n' >"$bin/id"
	printf '#!/bin/sh\nexit 1\n' >"$bin/make"
	chmod 755 "$bin/id" "$bin/make"
	PATH=$bin:/usr/bin:/bin run quickstart check
	assert_equal "$status" 1
	refute_output --partial haproxy
}

# makefile_says VARIABLE: its value in the Makefile of the build
makefile_says()
{
	sed -n "s/^$1 = //p" "$BATS_FILE_TMPDIR/tree/_build/Makefile"
}

# without PROGRAM COMMAND...: runs COMMAND as if PROGRAM was not installed.
without()
{
	local bin=$BATS_TEST_TMPDIR/without

	mkdir "$bin"
	cp -rs /usr/bin/. "$bin"
	rm -f "$bin/$1"
	shift
	PATH=$bin run "$@"
}

@test "quickstart configures again when a tool was installed in between" {
	need pkg-config pkgconf
	without pkg-config quickstart
	assert_success
	assert_line '== configuring'
	assert_equal "$(makefile_says PKG_CONFIG)" ''
	run cat "$BATS_FILE_TMPDIR/tree/_build/quickstart.log"
	assert_line '  units         not installed: there is no pkg-config (Debian: pkgconf)'
	assert_line '  programs      /usr/local/sbin'
	assert_line '  manual        /usr/local/share/man'
	run quickstart
	assert_success
	assert_line '== configuring'
	assert_equal "$(makefile_says PKG_CONFIG)" "$(command -v pkg-config)"
	assert_equal "$(makefile_says systemdsystemunitdir)" \
	    "$(pkg-config --variable=systemdsystemunitdir systemd)"
	again
	assert_success
	refute_line '== configuring'
}

@test "quickstart builds all again after configure was run by hand" {
	local build=$BATS_FILE_TMPDIR/tree/_build

	(cd "$build" && ../configure -q --enable-static) \
	    >"$BATS_TEST_TMPDIR/log" 2>&1
	run readelf -l "$build/popin"
	assert_line --partial INTERP
	run quickstart
	assert_success
	run readelf -l "$build/popin"
	assert_success
	refute_line --partial INTERP
}

# in_build MAKE-ARGUMENT...: without the environment of the make that runs the
# tests.
in_build()
{
	env -i PATH="$PATH" make -C "$BATS_FILE_TMPDIR/tree/_build" "$@"
}

@test "configure refuses a machine whose system calls are not known" {
	local tree=$BATS_FILE_TMPDIR/tree build=$BATS_TEST_TMPDIR/build

	# none of the machines that are known is this one
	cp "$tree/src/process/sandbox_arch.h" "$BATS_TEST_TMPDIR/known"
	sed -i 's/defined(__/defined(__unknown_/g' "$tree/src/process/sandbox_arch.h"
	mkdir "$build"
	cd "$build"
	run "$tree/configure" -q
	assert_failure
	assert_output --partial 'nobody has said which system calls popin needs'
	assert_output --partial '--disable-sandbox does without'
	run "$tree/configure" -q --disable-sandbox
	assert_success
	cp -p "$BATS_TEST_TMPDIR/known" "$tree/src/process/sandbox_arch.h"
}

@test "make check says at once that bats is missing" {
	run in_build check BATS=/nonexistent
	assert_failure
	assert_output --partial 'make check: missing: bats ("sh contrib/quickstart check"'
	refute_output --partial 'FAIL: tests/'
}

@test "make dist says that xz is missing, and makes no archive" {
	without xz in_build dist
	assert_failure
	assert_output --partial 'make dist: xz is missing (Debian: xz-utils)'
	run find "$BATS_FILE_TMPDIR/tree/_build" -name 'popin-*.tar*'
	assert_output ''
}
