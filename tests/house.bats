#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
#
# The walls between the folders of src, and what the programs may refer to.
# Because of them, the folders that run as root are all that runs as root.
load lib

SRC=$TESTS_SRC/../src
OBJECTS=$(dirname "${POPIN:-$BATS_TEST_DIRNAME/../popin}")/src

# Each folder, and what it may use.
HOUSE='
lib
options        lib
ipc            lib
process        ipc options lib
pop3           process ipc options lib
maildrop       pop3 process ipc options lib
maildir        maildrop pop3 process ipc options lib
mbox           maildrop pop3 process ipc options lib
monitor        process ipc options lib
login          pop3 process ipc options lib
session        maildir mbox maildrop pop3 process ipc options lib
checkpassword  process lib
import         maildir mbox maildrop pop3 process ipc options lib
'

setup()
{
	need nm binutils
	[ -e "$OBJECTS/libmonitor.a" ] || skip "no libraries in $OBJECTS"
}

# may_use FOLDER: prints what the table says.
may_use()
{
	awk -v folder="$1" '$1 == folder { $1 = ""; print }' <<<"$HOUSE"
}

# links FOLDER USED...: links all of FOLDER with nothing but these and libc;
# sets status and output.
links()
{
	local folder=$1 used=()

	shift
	used=("${@/#/$OBJECTS/lib}")
	echo 'int main(void) { return 0; }' >"$BATS_TEST_TMPDIR/main.c"
	# shellcheck disable=SC2086 # words
	run ${HOUSE_LINK:-cc} -o "$BATS_TEST_TMPDIR/house" \
	    "$BATS_TEST_TMPDIR/main.c" -Wl,--no-gc-sections \
	    -Wl,--whole-archive "$OBJECTS/lib$folder.a" \
	    -Wl,--no-whole-archive "${used[@]/%/.a}"
}

@test "each file includes nothing but its own folder and those below" {
	local file folder included

	cd "$SRC"
	for file in */*.[ch] options.[ch]; do
		folder=${file%%[/.]*}
		for included in $(sed -n 's/^#include "\([^"/.]*\).*/\1/p' "$file"); do
			[[ " config $folder $(may_use "$folder") " == *" $included "* ]] ||
			    fail "$file includes something of $included"
		done
	done
}

@test "every folder of src is in the table of this test" {
	local folder

	for folder in "$SRC"/*/; do
		grep -q "^$(basename "$folder")\b" <<<"$HOUSE" ||
		    fail "$folder is not in the table"
	done
}

@test "no two files of src have the same name" {
	assert_equal "$(cd "$SRC" && ls -- *.[ch] */*.[ch] |
	    sed 's|.*/||' | sort | uniq -d)" ''
}

@test "each folder links with nothing but what it may use" {
	local folder

	for folder in $(awk '{ print $1 }' <<<"$HOUSE"); do
		[ -e "$OBJECTS/lib$folder.a" ] || continue
		# shellcheck disable=SC2046 # words
		links "$folder" $(may_use "$folder")
		assert_success
	done
}

@test "a folder that calls what it may not use does not link" {
	links login process ipc options lib
	assert_failure
	assert_output --partial netio_line
	links session pop3 process ipc options lib
	assert_failure
	assert_output --partial maildir_ops
}

# refers_to PATTERN ARCHIVE...: prints the undefined names of these archives
# that match; fails if none does.
refers_to()
{
	local pattern=$1

	shift
	(cd "$OBJECTS" && nm -P --undefined-only -- "$@") |
	    awk 'NF > 1 { print $1 }' | sort -u | grep -xE "$pattern"
}

@test "the monitor refers to no parser of what clients send" {
	run refers_to '(sasl|base64|scram|md5|sha256|hmac)_.*' \
	    libmonitor.a libprocess.a libipc.a
	assert_failure 1
	assert_output ''
	refers_to 'number_parse' libmonitor.a
}

@test "popin refers to no NSS, no shell and no crypt(3)" {
	run refers_to 'get(pw|sp|hostby|hostent|serv|user).*|getgr(nam|gid|ent|ouplist).*|get(addr|name)info|initgroups|crypt(_r)?|system|popen|dlopen|wordexp' \
	    libmonitor.a liblogin.a libsession.a libmaildir.a libmbox.a \
	    libmaildrop.a libpop3.a libprocess.a libipc.a liboptions.a liblib.a
	assert_failure 1
	assert_output ''
}

@test "login refers to no function that allocates memory" {
	run refers_to 'malloc|calloc|realloc|reallocarray|strdup' \
	    liblogin.a libpop3.a libprocess.a libipc.a liboptions.a liblib.a
	assert_failure 1
	assert_output ''
	refers_to strdup libsession.a
}

# glibc 2.41 asks the vDSO of Linux 6.11 for random numbers, and for that makes
# calls that no filter allows.
@test "nothing that is confined calls getrandom(3)" {
	run refers_to 'getrandom|getentropy|arc4random.*' liblogin.a libsession.a \
	    libmaildir.a libmbox.a libmaildrop.a libpop3.a
	assert_failure 1
	assert_output ''
	refers_to getrandom libmonitor.a
}

@test "popin links with libc and the loader, nothing else" {
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

# The tables there cite tests: a file, then words of names in quotation marks.
@test "every test that src/README cites is there" {
	local file words cited=0

	while IFS=$'\t' read -r file words; do
		grep '^@test' "$TESTS_SRC/$file" | grep -qF -- "$words" ||
		    fail "src/README cites $file \"$words\""
		cited=$((cited + 1))
	done < <(perl -0777 -ne 's/\s+/ /g;
	    while (/([\w-]+\.bats)((?:(?:,| |and)*"[^"]+")+)/g) {
		    my ($file, $list) = ($1, $2);
		    print "$file\t$1\n" while $list =~ /"([^"]+)"/g;
	    }' "$SRC/README")
	[ "$cited" -gt 50 ] || fail "only $cited names were found"
}
