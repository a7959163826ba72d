#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
#
# What the programs and their parts may refer to.  Who reads the files that
# run as root has read everything that runs as root.
load lib
load serve

OBJECTS=$(dirname "${POPIN:-$BATS_TEST_DIRNAME/../popin}")/src

setup()
{
	need nm binutils
	[ -e "$OBJECTS/monitor/monitor.o" ] || skip "no object files in $OBJECTS"
}

# objects PATTERN...: the files of popin with such a name, in whatever folder.
objects()
{
	local pattern

	# shellcheck disable=SC2048
	for pattern in $*; do
		find "$OBJECTS" -name checkpassword -prune -o \
		    -name "$pattern" ! -name 'popin_*' -print
	done
}

# symbols NM-OPTION PATTERN...: the names in these object files.
symbols()
{
	local option=$1

	shift
	objects "$@" | xargs nm -P "$option" -- |
	    awk 'NF > 1 { print $1 }' | LC_ALL=C sort -u
}

# nosy_about FILE PATTERN...: what the first refers to that the others define.
nosy_about()
{
	local file=$1

	shift
	LC_ALL=C comm -12 <(symbols --undefined-only "$file") \
	    <(symbols --defined-only "$@")
}

# assert_not_nosy FILE PATTERN...: FILE refers to nothing in these files.
assert_not_nosy()
{
	local nosy

	refute_missing "$@"
	nosy=$(nosy_about "$@")
	[ -z "$nosy" ] || fail "$1 refers to $nosy"
}

refute_missing()
{
	local pattern

	# shellcheck disable=SC2048
	for pattern in $*; do
		[ -n "$(objects "$pattern")" ] || fail "not there: $pattern"
	done
}

# assert_none PATTERN OBJECT-PATTERN...: no reference to such a name.
assert_none()
{
	local pattern=$1 nosy

	shift
	refute_missing "$@"
	nosy=$(symbols --undefined-only "$@" | grep -xE "$pattern") || :
	assert_equal "$nosy" ''
}

@test "what is asked here can be answered" {
	assert_equal "$(nosy_about login.o monmsg.o netio.o command.o |
	    grep -c -e netio_line -e reply_ok)" 2
	nosy_about session.o maildrop*.o transaction.o | grep -qx transaction_run
	nosy_about attempts.o checker.o | grep -qx checker_run
}

@test "monitor, checker and wait know nothing of the protocol and of the mail" {
	local file protocol='command.o netio.o login.o session.o proxy.o auth.o sasl.o base64.o'
	local mail='maildrop*.o maildir*.o state.o body.o transaction.o sha256.o'

	for file in monitor.o attempts.o checker.o wait.o login_process.o \
	    starttls.o front.o cleartext.o nonce.o preflight.o spawn.o self.o uidgid.o peer.o \
	    monmsg.o privdrop.o stdfds.o; do
		assert_not_nosy "$file" "$protocol" "$mail"
	done
}

@test "login knows nothing of the mail and of the checker" {
	assert_not_nosy login.o \
	    'maildrop*.o maildir*.o state.o body.o transaction.o sha256.o' \
	    'checker.o monitor.o wait.o spawn.o session.o'
	assert_not_nosy netio.o \
	    'maildrop*.o maildir*.o state.o body.o transaction.o' \
	    'checker.o monitor.o wait.o spawn.o login.o session.o'
	assert_not_nosy command.o \
	    'maildrop*.o maildir*.o state.o body.o transaction.o' \
	    'checker.o monitor.o wait.o spawn.o login.o session.o'
}

@test "the session knows nothing of the monitor, the checker and login" {
	local file

	for file in session.o transaction.o maildrop.o maildir.o body.o state.o \
	    handoff.o; do
		assert_not_nosy "$file" \
		    'checker.o monitor.o wait.o spawn.o login.o uidgid.o' \
		    'monmsg.o self.o'
	done
}

@test "nothing of popin asks NSS, a shell or crypt(3)" {
	assert_none 'get(pw|sp|hostby|hostent|serv|user).*|getgr(nam|gid|ent|ouplist).*|get(addr|name)info|initgroups|crypt(_r)?|system|popen|dlopen|wordexp' \
	    '*.o'
	symbols --undefined-only '*.o' | grep -qx memcpy
}

@test "login allocates no memory" {
	assert_none 'malloc|calloc|realloc|strdup' \
	    'login.o proxy.o auth.o sasl.o scram.o base64.o netio.o command.o' \
	    'uidgid.o privdrop.o rlimits.o sandbox*.o' \
	    'monmsg.o fdio.o log.o number.o'
	symbols --undefined-only '*.o' | grep -qx strdup
}

@test "popin links libc and the loader, nothing else" {
	local libraries

	need ldd libc-bin
	need readelf binutils
	# ldd runs the loader, which may not be that of this machine's libc
	libraries=$(ldd "$POPIN" 2>&1) ||
	    libraries=$(readelf -d "$POPIN" |
		sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
	[[ $libraries != *san.so* ]] || skip 'this popin has a sanitizer'
	libraries=$(awk '!/statically linked/ { print $1 }' <<<"$libraries" |
	    grep -vE '^linux-(vdso|gate)\.so\.1$|^libc\.so(\.6)?$|^(/.*/)?ld-[^/]*$') || :
	assert_equal "$libraries" ''
}
