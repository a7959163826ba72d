#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
load lib
load mbox

# --trash keeps what is deleted.  UPDATEs with a trash that go wrong are in
# tests/faults.

setup()
{
	lib_setup
	three_messages
}

# in_trash [FOLDER]: names of the messages in the trash folder.
in_trash()
{
	(cd "$MAILDIR/.${1:-Trash}" && find cur new tmp -type f | LC_ALL=C sort)
}

deletes()
{
	local n

	{
		for n; do
			printf 'DELE %d\t=> +OK\n' "$n"
		done
		printf 'QUIT\t=> +OK\n'
	} | session "${OPTION:---trash}"
}

box_deletes()
{
	box </dev/null
	append one
	append two
	append three
	deletes "$@"
}

@test "deleted messages move into a Maildir++ folder, byte for byte" {
	cp "$MAILDIR/new/1.one" "$MAILDIR/cur/2.two:2,S" "$BATS_TEST_TMPDIR"
	deletes 1 2
	assert_files new/3.three
	assert_equal "$(in_trash)" $'cur/1.one:2,\ncur/2.two:2,S'
	cmp "$BATS_TEST_TMPDIR/1.one" "$MAILDIR/.Trash/cur/1.one:2,"
	cmp "$BATS_TEST_TMPDIR/2.two:2,S" "$MAILDIR/.Trash/cur/2.two:2,S"
	[ -f "$MAILDIR/.Trash/maildirfolder" ]
	[ -d "$MAILDIR/.Trash/new" ] && [ -d "$MAILDIR/.Trash/tmp" ]
	assert_log ' dele=2 left=1/25 .*end=quit$'
}

@test "messages are moved into the trash, not copied" {
	local inode

	inode=$(stat -c %i "$MAILDIR/new/1.one")
	deletes 1
	assert_equal "$(stat -c %i "$MAILDIR/.Trash/cur/1.one:2,")" "$inode"
}

@test "messages are moved into the trash only by QUIT" {
	printf 'DELE 1\r\nDELE 2\r\n' | raw_session --trash
	assert_files new/1.one cur/2.two:2,S new/3.three
	assert_equal "$(in_trash)" ''
}

@test "--trash=NAME gives the trash folder another name" {
	OPTION=--trash=Printed.Today deletes 3
	assert_equal "$(in_trash Printed.Today)" 'cur/3.three:2,'
}

@test "messages in the trash are never replaced" {
	deletes 1
	printf 'Subject: another\n\none\n' | deliver 1.one
	deletes 1
	printf 'Subject: a third\n\none\n' | deliver 1.one cur
	deletes 1
	assert_equal "$(in_trash)" \
	    $'cur/1.one-1:2,\ncur/1.one-2:2,\ncur/1.one:2,'
	grep -q first "$MAILDIR/.Trash/cur/1.one:2,"
	grep -q another "$MAILDIR/.Trash/cur/1.one-1:2,"
	grep -q third "$MAILDIR/.Trash/cur/1.one-2:2,"
}

@test "a message that was flagged meanwhile keeps its flags in the trash" {
	talk a "${SESSION[@]}" --trash
	hear a
	ask a 'DELE 1' '+OK*'
	mv "$MAILDIR/new/1.one" "$MAILDIR/cur/1.one:2,FS"
	ask a QUIT '+OK*'
	gone a
	assert_equal "$(in_trash)" 'cur/1.one:2,FS'
}

@test "nothing is deleted if the trash cannot be made, and QUIT says so" {
	local trash=$MAILDIR/.Trash

	printf x >"$trash"
	session --trash <<-'EOT'
	=> +OK 3 84
	DELE 1	=> +OK
	QUIT	=> -ERR [SYS/TEMP]
	EOT
	assert_files new/1.one cur/2.two:2,S new/3.three
	assert_log 'no trash folder, nothing is deleted'
	rm "$trash"
	# a link to somewhere else is no folder
	mkdir "$BATS_TEST_TMPDIR/elsewhere"
	ln -s "$BATS_TEST_TMPDIR/elsewhere" "$trash"
	session --trash <<-'EOT'
	DELE 1	=> +OK
	QUIT	=> -ERR [SYS/TEMP]
	EOT
	assert_files new/1.one cur/2.two:2,S new/3.three
	[ -z "$(ls "$BATS_TEST_TMPDIR/elsewhere")" ]
}

# A file name has at most 255 bytes, with its flags.
@test "messages with the longest names get a place in the trash" {
	local long flagged

	rm "$MAILDIR"/new/* "$MAILDIR"/cur/*
	long=4.$(printf '%0253d' 0)
	flagged=5.$(printf '%0243d' 0):2,FRSTacd
	for n in 1 2 3; do
		printf 'Subject: long\n\n%s\n' $n | deliver "$long"
		deletes 1
	done
	for n in 1 2; do
		printf 'Subject: flags\n\n%s\n' $n | deliver "$flagged" cur
		deletes 1
	done
	assert_files
	assert_equal "$(in_trash | sed 's/00*/0/')" "cur/4.0-1:2,
cur/4.0-2:2,
cur/4.0:2,
cur/5.0-1:2,FRSTacd
cur/5.0:2,FRSTacd"
	cat "$MAILDIR"/.Trash/cur/* | grep -c '^[123]$' | grep -qx 5
}

@test "the trash is no part of the maildrop" {
	deletes 1
	session --trash <<-'EOT'
	=> +OK 2 53
	EOT
}

@test "messages deleted from an mbox are added to one in the home" {
	mbox_setup
	box_deletes 1 3
	assert_equal "$(subjects)" two
	{
		printf 'From x@y %s\nSubject: one\n\nbody of one\n\n' "$STAMP"
		printf 'From x@y %s\nSubject: three\n\nbody of three\n\n' \
		    "$STAMP"
	} | cmp - "$BOX_HOME/mbox.Trash"
	assert_equal "$(stat -c '%a %u' "$BOX_HOME/mbox.Trash")" \
	    "600 $(stat -c %u "$BOX_HOME")"
	box_deletes 2
	BOX=$BOX_HOME/mbox.Trash
	assert_equal "$(subjects)" 'one three two'
}

@test "messages in an mbox trash stay apart whatever they end with" {
	mbox_setup
	printf 'From x@y %s\nSubject: cut\n\nno line end' "$STAMP" | box
	deletes 1
	printf 'rubbish' >>"$BOX_HOME/mbox.Trash"
	box_deletes 1
	BOX=$BOX_HOME/mbox.Trash
	assert_equal "$(subjects)" 'cut one'
}

@test "nothing is deleted from an mbox if the trash cannot be written" {
	mbox_setup
	mkdir "$BOX_HOME/mbox.Trash"
	box </dev/null
	append one
	cp "$BOX" "$BATS_TEST_TMPDIR/before"
	session --trash <<-'EOT'
	DELE 1	=> +OK
	QUIT	=> -ERR [SYS/TEMP]
	EOT
	cmp "$BOX" "$BATS_TEST_TMPDIR/before"
	assert_log 'no trash, so nothing is deleted from'
}

@test "QUIT waits for a trash that a mail reader has locked" {
	mbox_setup
	box </dev/null
	append one
	talk a "${SESSION[@]}" --trash
	hear a
	ask a 'DELE 1' '+OK*'
	need python3 python3
	mkfifo "$BATS_TEST_TMPDIR/locked"
	/usr/bin/python3 -c 'import fcntl, sys, time
f = open(sys.argv[1], "r+")
fcntl.lockf(f, fcntl.LOCK_EX)
print(flush=True)
time.sleep(1)' "$BOX_HOME/mbox.Trash" >"$BATS_TEST_TMPDIR/locked" 3>&- &
	read -r <"$BATS_TEST_TMPDIR/locked"
	ask a QUIT '+OK*'
	gone a
	grep -q '^Subject: one' "$BOX_HOME/mbox.Trash"
}

@test "a name that cannot be a folder's is refused" {
	local name

	for name in '' . .. .hidden a/b ../x ' ' $'a\nb' \
	    "$(printf '%065d' 0)"; do
		run "${SESSION[@]}" --trash="$name"
		assert_equal "$status" 64
	done
}

@test "--trash does not take the next argument for its folder" {
	raw_session --trash Folder </dev/null
	assert_equal "$status" 64
	assert_log Folder
}

@test "--trash reaches the session through the whole chain" {
	pop3 --trash=Bin <<-'EOT'
	USER anna	=> +OK
	PASS secret	=> +OK 3
	DELE 1		=> +OK
	QUIT		=> +OK
	EOT
	assert_equal "$(in_trash Bin)" 'cur/1.one:2,'
}
