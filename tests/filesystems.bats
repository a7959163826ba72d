#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
#
# Maildrops on other file systems.  With many of those that are programs, the
# change time of a directory does not tell what happens in it: a list that is
# trusted until that time changes would hide mail for good.  They may report old
# sizes, and give files other inode numbers.  The tests mount them in a mount
# namespace of their own.
load lib

# bats file_tags=root

setup()
{
	[ "$(id -u)" = 0 ] || skip 'needs root to mount'
	lib_setup
	need strace strace
	MOUNT=$BATS_TEST_TMPDIR/mnt MAILDIR=$BATS_TEST_TMPDIR/mnt/Maildir
	mkdir "$MOUNT" "$BATS_TEST_TMPDIR"/{a,b}
	chmod 755 "$BATS_TEST_TMPDIR"/{a,b} "$MOUNT"
	mkfifo "$BATS_TEST_TMPDIR/there"
	unshare -m sh -c 'echo >"$0"; exec sleep infinity' \
	    "$BATS_TEST_TMPDIR/there" 3>&- &
	HOLDER=$!
	read -r <"$BATS_TEST_TMPDIR/there" || cannot 'no mount namespaces here'
	INSIDE=(nsenter "--mount=/proc/$HOLDER/ns/mnt")
	as_session
	SESSION=("${INSIDE[@]}" "${SESSION[@]}")
}

# A program that is a file system ends when it is unmounted.
teardown()
{
	[ -n "${HOLDER:-}" ] || return 0
	"${INSIDE[@]}" sh -c 'while umount "$0"; do :; done' "$MOUNT" \
	    2>/dev/null || :
	kill "$HOLDER"
	lib_teardown
}

# fuse PROGRAM PACKAGE WORDS...: mounts a file system that is a program.
fuse()
{
	need "$1" "$2"
	[ -c /dev/fuse ] || cannot 'there is no /dev/fuse here'
	"${INSIDE[@]}" "$1" "${@:3}" >"$BATS_TEST_TMPDIR/fuse" 2>&1 3>&- ||
	    fail "$1: $(cat "$BATS_TEST_TMPDIR/fuse")"
	"${INSIDE[@]}" mountpoint -q "$MOUNT" || fail "$1 has mounted nothing"
}

# puts NAME: delivers stdin to the Maildir inside, through the mount; or behind
# it, if BEHIND has the path of the same Maildir there.
puts()
{
	"${INSIDE[@]}" sh -c 'cd "$0" && cat >tmp/x &&
	    { chown "$2" tmp/x 2>/dev/null || :; } && mv tmp/x "$1"' \
	    "${BEHIND:-$MAILDIR}" "$1" "$TEST_UID"
}

# poll: asks popin for UIDL; OUT has the answer.  Sets listed to how often popin
# read a folder.
poll()
{
	local trace=$BATS_TEST_TMPDIR/trace

	printf '%s\r\n' UIDL QUIT >"$IN"
	limited strace -f -qq -e trace=getdents64 -o "$trace" "${SESSION[@]}"
	assert_equal "$status" 0
	listed=$(grep -c 'getdents64(' "$trace" || :)
}

# sees NAME...: a poll has just these messages, in this order.
sees()
{
	poll
	assert_equal "$(tr -d '\r' <"$OUT" | sed -n 's/^[1-9][0-9]* //p')" \
	    "$(printf '%s\n' "$@")"
}

# changed: prints when one of the folders was changed last.
changed()
{
	"${INSIDE[@]}" stat -c %Z "$MAILDIR/new" "$MAILDIR/cur" |
	    sort -n | tail -n 1
}

# hides_nothing: fills a Maildir and polls it until a list of it could be
# trusted.  Sets at_rest to 1 if popin trusts it, else to 0.  Then other
# programs deliver and remove, and popin must see that.
hides_nothing()
{
	"${INSIDE[@]}" sh -c 'mkdir -p "$0" "$0/new" "$0/cur" "$0/tmp" &&
	    { chown "$1" "$0" "$0"/* 2>/dev/null || :; }' \
	    "$MAILDIR" "$TEST_UID"
	printf 'Subject: one\n\nfirst\n' | puts new/1.one
	printf 'Subject: two\n\nsecond\n' | puts 'cur/2.two:2,S'
	sees 1.one 2.two
	until [ "$(date +%s)" -gt $(($(changed) + 4)) ]; do
		poll
	done
	poll
	sees 1.one 2.two
	at_rest=$((listed == 0))
	printf 'Subject: three\n\nthird\n' | puts new/3.three
	sees 1.one 2.two 3.three
	poll
	"${INSIDE[@]}" rm "${BEHIND:-$MAILDIR}/new/1.one"
	sees 2.two 3.three
	printf '%s\r\n' 'RETR 2' 'DELE 1' QUIT >"$IN"
	limited "${SESSION[@]}"
	grep -q '^third' "$OUT"
	assert_equal "$(grep -c '^+OK' "$OUT")" 4
	sees 3.three
}

@test "mergerfs: mail that goes to another branch is seen" {
	# the branch with most space gets the mail; the first has the times
	"${INSIDE[@]}" mount -t tmpfs -o size=2m branch "$BATS_TEST_TMPDIR/a"
	"${INSIDE[@]}" mount -t tmpfs -o size=9m branch "$BATS_TEST_TMPDIR/b"
	"${INSIDE[@]}" mkdir -p "$BATS_TEST_TMPDIR/a/Maildir/"{new,cur,tmp}
	"${INSIDE[@]}" chown -R "$TEST_UID" "$BATS_TEST_TMPDIR/a/Maildir"
	fuse mergerfs mergerfs -o allow_other,category.create=mfs,minfreespace=0 \
	    "$BATS_TEST_TMPDIR/a:$BATS_TEST_TMPDIR/b" "$MOUNT"
	hides_nothing
	[ "$at_rest" = 0 ]
}

@test "rclone mount: mail that arrives through it is seen" {
	fuse rclone rclone --config /dev/null mount --daemon --allow-other \
	    --vfs-cache-mode writes --uid "$TEST_UID" --gid "$TEST_UID" \
	    --cache-dir "$BATS_TEST_TMPDIR/cache" "$BATS_TEST_TMPDIR/a" \
	    "$MOUNT"
	hides_nothing
	[ "$at_rest" = 0 ]
}

@test "bindfs: mail that arrives is seen" {
	fuse bindfs bindfs "$BATS_TEST_TMPDIR/a" "$MOUNT"
	hides_nothing
	[ "$at_rest" = 0 ]
}

@test "bindfs: mail that arrives behind it is seen" {
	fuse bindfs bindfs "$BATS_TEST_TMPDIR/a" "$MOUNT"
	BEHIND=$BATS_TEST_TMPDIR/a/Maildir
	hides_nothing
	[ "$at_rest" = 0 ]
}

# a_box HOME: makes a home with an mbox of three messages.  Sets SESSION to a
# session over that mbox through the mount.
a_box()
{
	"${INSIDE[@]}" sh -c 'cat >"$0/mbox" && chown -R "$1" "$0" &&
	    chmod 700 "$0"' "$1" "$TEST_UID" \
	    < <(perl "$TESTS_SRC/mbox.pl" plain 3)
	SESSION=("${INSIDE[@]}" env USER=anna HOME="$MOUNT/home" "${AS[@]}"
	    "$BIN/popin" -R session -m "mbox:$MOUNT/home/mbox")
}

# delivers MBOX: delivers to it, not through the mount.
delivers()
{
	"${INSIDE[@]}" sh -c 'cat >>"$0"' "$1" <<-'EOT'
	From x@y Sat Jan  3 01:05:34 1996
	Subject: late

	late

	EOT
}

# late_mail_stays NUMBER...: deletes these while mail arrives behind the mount.
# That mail must stay, and the next login must see what comes later.
late_mail_stays()
{
	local behind=$BATS_TEST_TMPDIR/a/home/mbox number log=$LOG

	a_box "${behind%/mbox}"
	# popin does not read an old mbox again; reading makes FUSE ask for the
	# size
	touch -d '1 hour ago' "$behind"
	session <<-'EOT'
	QUIT
	EOT
	talk "$*" "${SESSION[@]}"
	hear "$*"
	for number; do
		ask "$*" "DELE $number" '+OK*'
	done
	delivers "$behind"
	ask "$*" QUIT '+OK*'
	gone "$*"
	LOG=$log
	assert_equal "$(grep -c '^From ' "$behind")" $((4 - $#))
	grep -qx late "$behind"
	delivers "$behind"
	session <<-EOT
	=> +OK $((5 - $#))
	QUIT
	EOT
}

@test "bindfs: mail that is delivered behind it into an mbox is there after an UPDATE" {
	mkdir "$BATS_TEST_TMPDIR/a/home"
	# attributes of a file are believed for so many seconds
	fuse bindfs bindfs -o attr_timeout=9999,entry_timeout=9999 \
	    "$BATS_TEST_TMPDIR/a" "$MOUNT"
	late_mail_stays 2
	late_mail_stays 3
	late_mail_stays 1 2 3
}

@test "bindfs: a journal, a trash or an mbox with a hard link is not used" {
	local home=$BATS_TEST_TMPDIR/a/home name

	mkdir "$home"
	fuse bindfs bindfs -o attr_timeout=9999,entry_timeout=9999 \
	    "$BATS_TEST_TMPDIR/a" "$MOUNT"
	a_box "$home"
	session --trash=Trash <<-'EOT'
	=> +OK 3
	EOT
	name=$(cd "$home" && echo .popin.mbox.*.journal)
	ln "$home/$name" "$home/other"
	session <<-'EOT'
	=> +OK 3
	QUIT
	EOT
	assert_log "not a file of this user alone.*$name.1\""
	rm "$home/other"

	ln "$home/mbox.Trash" "$home/other"
	session --trash=Trash <<-'EOT'
	=> +OK 3
	DELE 1
	QUIT	=> -ERR [SYS/TEMP]
	EOT
	assert_log 'no trash, nothing is deleted'
	[ ! -s "$home/other" ]
	rm "$home/other"

	ln "$home/mbox" "$home/other"
	session <<-'EOT'
	=> -ERR [SYS/PERM]
	EOT
	assert_log 'not a regular file of this user'
}

@test "bindfs: nothing is deleted from an mbox that gets a hard link" {
	local home=$BATS_TEST_TMPDIR/a/home

	mkdir "$home"
	fuse bindfs bindfs -o attr_timeout=9999,entry_timeout=9999 \
	    "$BATS_TEST_TMPDIR/a" "$MOUNT"
	a_box "$home"
	cp "$home/mbox" "$BATS_TEST_TMPDIR/before"
	talk one "${SESSION[@]}"
	hear one
	ask one 'DELE 1' '+OK*'
	ln "$home/mbox" "$home/other"
	ask one QUIT '-ERR*'
	gone one
	cmp "$home/mbox" "$BATS_TEST_TMPDIR/before"
}

@test "mergerfs: an mbox is unlocked again, though files change their numbers" {
	mkdir "$BATS_TEST_TMPDIR/a/home"
	fuse mergerfs mergerfs -o allow_other,minfreespace=0 \
	    "$BATS_TEST_TMPDIR/a:$BATS_TEST_TMPDIR/b" "$MOUNT"
	a_box "$BATS_TEST_TMPDIR/a/home"
	session --mbox-locks fcntl,dotlock <<-'EOT'
	=> +OK 3
	DELE 1
	QUIT
	EOT
	[ ! -e "$BATS_TEST_TMPDIR/a/home/mbox.lock" ]
	assert_equal "$(grep -c '^From ' "$BATS_TEST_TMPDIR/a/home/mbox")" 2
}

@test "sshfs: mail that arrives is seen" {
	printf '#!/bin/sh\nexec /usr/lib/openssh/sftp-server\n' \
	    >"$BATS_TEST_TMPDIR/ssh"
	chmod 755 "$BATS_TEST_TMPDIR/ssh"
	[ -x /usr/lib/openssh/sftp-server ] ||
	    cannot 'Debian has sftp-server in openssh-sftp-server'
	fuse sshfs sshfs -o allow_other \
	    -o "ssh_command=$BATS_TEST_TMPDIR/ssh" \
	    "there:$BATS_TEST_TMPDIR/a" "$MOUNT"
	hides_nothing
	[ "$at_rest" = 0 ]
}

@test "gocryptfs: mail that arrives is seen" {
	need gocryptfs gocryptfs
	gocryptfs -q -init -scryptn 10 -extpass 'echo secret' \
	    "$BATS_TEST_TMPDIR/a" >/dev/null
	fuse gocryptfs gocryptfs -q -allow_other -extpass 'echo secret' \
	    "$BATS_TEST_TMPDIR/a" "$MOUNT"
	hides_nothing
	[ "$at_rest" = 0 ]
}

@test "unionfs: mail that arrives is seen" {
	fuse unionfs unionfs-fuse -o cow,allow_other \
	    "$BATS_TEST_TMPDIR/a=RW" "$MOUNT"
	hides_nothing
	[ "$at_rest" = 0 ]
}

@test "tmpfs: mail that arrives is seen, and a list is trusted" {
	"${INSIDE[@]}" mount -t tmpfs mail "$MOUNT"
	hides_nothing
	[ "$at_rest" = 1 ]
}

@test "overlayfs: mail that arrives is seen, and a list is trusted" {
	"${INSIDE[@]}" mount -t tmpfs layers "$BATS_TEST_TMPDIR/a"
	"${INSIDE[@]}" mkdir "$BATS_TEST_TMPDIR/a/"{lower,upper,work}
	"${INSIDE[@]}" mount -t overlay overlay -o "lowerdir=$BATS_TEST_TMPDIR/a/lower,upperdir=$BATS_TEST_TMPDIR/a/upper,workdir=$BATS_TEST_TMPDIR/a/work" \
	    "$MOUNT" || cannot 'no overlayfs here'
	hides_nothing
	[ "$at_rest" = 1 ]
}
