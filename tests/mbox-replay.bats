#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
load lib
load mbox

# An UPDATE that was interrupted, and what may have changed by the next login.

setup()
{
	lib_setup
	mbox_setup
	need strace strace
}

teardown()
{
	lib_teardown
	if [ -n "${MOUNTED:-}" ]; then
		umount "$BOX_HOME"
	fi
}

# finished SUBJECT...: the next login finishes the UPDATE, and these are left.
finished()
{
	session <<-EOT
	=> +OK $#
	QUIT	=> +OK
	EOT
	assert_log 'finishing an UPDATE'
	assert_equal "$(subjects)" "$*"
	assert_equal "$(stat -c %s "$(journal)")" 0
	[ ! -e "$(journal).1" ]
}

# set_aside: the next login leaves the mbox alone, and the journal is kept.
set_aside()
{
	local name

	name=$(journal)
	cp "$BOX" "$BATS_TEST_TMPDIR/box"
	cp "$name" "$BATS_TEST_TMPDIR/journal"
	session <<-'EOT'
	=> +OK
	QUIT	=> +OK
	EOT
	assert_log 'the mbox was changed since; it may need a backup: mbox="mbox" journal="[^"]*.journal.1" user="[^"]*"$'
	cmp "$BOX" "$BATS_TEST_TMPDIR/box"
	cmp "$name.1" "$BATS_TEST_TMPDIR/journal"
	[ ! -e "$name" ]
	rm "$name.1"
}

# A step writes more than once to the mbox.
@test "an UPDATE that was killed at any write to the mbox is finished" {
	local n torn=0

	for ((n = 1;; n++)); do
		rm -f "$BOX_HOME"/.popin*
		plain_box 6 100003
		cp "$BOX" "$BATS_TEST_TMPDIR/before"
		break_off "$n" pwrite64
		! cmp -s "$BOX" "$BATS_TEST_TMPDIR/before" || continue
		# the last write of a session is to the state file
		[ -s "$(journal)" ] || break
		torn=$((torn + 1))
		finished 1 4 5 6
	done
	[ "$torn" -ge 2 ]
}

# bats test_tags=root
@test "an UPDATE is finished when the file system has another device number" {
	[ "$(id -u)" = 0 ] || skip 'needs root'
	local before

	interrupted 6
	before=$(stat -c '%d' "$BOX")
	cp -a "$BOX_HOME" "$BATS_TEST_TMPDIR/disk"
	mount -t tmpfs -o "mode=700,uid=$TEST_UID,gid=$TEST_UID" tmpfs \
	    "$BOX_HOME" 2>/dev/null || cannot 'a tmpfs cannot be mounted'
	MOUNTED=y
	cp -a "$BATS_TEST_TMPDIR/disk/." "$BOX_HOME"
	[ "$(stat -c '%d' "$BOX")" != "$before" ]
	finished 1 4 5 6
}

@test "an UPDATE is finished in a copy of the mbox, as a backup has it" {
	interrupted 6
	cp "$BOX" "$BOX.2"
	own "$BOX.2"
	mv "$BOX.2" "$BOX"
	finished 1 4 5 6
}

@test "while the mbox is missing its journal waits, and logins fail for now" {
	local n

	interrupted 6
	mv "$BOX" "$BATS_TEST_TMPDIR/elsewhere"
	for n in 1 2; do
		session <<-'EOT'
		=> -ERR [SYS/TEMP]
		EOT
		assert_log 'now there is no mbox; is it mounted[?].*journal="[^"]*.journal" user="[^"]*"$'
	done
	[ -s "$(journal)" ]
	mv "$BATS_TEST_TMPDIR/elsewhere" "$BOX"
	finished 1 4 5 6
}

@test "a user gets in again after the journal of a lost mbox is removed" {
	interrupted 6
	rm "$BOX"
	session <<-'EOT'
	=> -ERR [SYS/TEMP]
	EOT
	# as the log says
	rm "$(journal)"
	session <<-'EOT'
	=> +OK 0
	QUIT	=> +OK
	EOT
	interrupted 6
	rm "$BOX"
	append new
	own "$BOX"
	set_aside
	assert_equal "$(subjects)" new
}

@test "an mbox that was restored from a backup is left alone" {
	local how

	plain_box 6
	cp "$BOX" "$BATS_TEST_TMPDIR/new"
	head -c "$(grep -abo '^From ' "$BOX" | sed -n '6s/:.*//p')" "$BOX" \
	    >"$BATS_TEST_TMPDIR/old"
	for how in 'cat "$BATS_TEST_TMPDIR/old" >"$BOX"' \
	    'cat "$BATS_TEST_TMPDIR/old" >"$BOX"; append 6; append 7' \
	    'dd if="$BATS_TEST_TMPDIR/old" of="$BOX" conv=notrunc 2>/dev/null;
		truncate -s -1 "$BOX"' \
	    'plain_box 8 333' 'truncate -s 400 "$BOX"' ': >"$BOX"' \
	    "edit 's/Subject: 6\n/Subject: 6\nStatus: RO\n/'"; do
		interrupted 6
		eval "$how"
		set_aside
	done
}

@test "one byte that was changed anywhere in the mbox sets the journal aside" {
	local n

	interrupted 6 2000
	cp "$BOX" "$BATS_TEST_TMPDIR/half"
	cp -p "$(journal)" "$BATS_TEST_TMPDIR/half.journal"
	for n in 700 1500 {2100..12500..700}; do
		cp -p "$BATS_TEST_TMPDIR/half.journal" "$(journal)"
		perl -e 'open F, "+<:raw", $ARGV[0] or die;
		    seek F, $ARGV[1], 0; print F "\x01"' "$BOX" "$n"
		set_aside
		cat "$BATS_TEST_TMPDIR/half" >"$BOX"
	done
	cp -p "$BATS_TEST_TMPDIR/half.journal" "$(journal)"
	finished 1 4 5 6
}

# box_at N REST: N messages; sets first to the offset of the second message,
# which is REST modulo 512.
box_at()
{
	local pad

	plain_box "$1" 2000
	first=$(grep -abo '^From ' "$BOX" | sed -n '2s/:.*//p')
	pad=$((($2 - first) % 512 + 1024))
	edit "s/Subject: 1\n/\$& . 'X: ' . 'x' x ($pad - 4) . qq(\n)/e"
	first=$((first + pad))
}

@test "a changed byte at the end of a partial unit sets the journal aside" {
	local first

	box_at 6 8
	break_off 4
	perl -e 'open F, "+<:raw", $ARGV[0] or die;
	    seek F, $ARGV[1], 0; print F "\x01"' "$BOX" \
	    $(((first / 512 + 1) * 512 - 1))
	set_aside
}

# A step is 8 MiB.  At the eighth sync the third is under way.
@test "an mbox restored from before the first of several steps is left alone" {
	plain_box 40 1000000
	cp "$BOX" "$BATS_TEST_TMPDIR/backup"
	break_off 8
	cat "$BATS_TEST_TMPDIR/backup" >"$BOX"
	set_aside
	cmp "$BOX" "$BATS_TEST_TMPDIR/backup"
}

@test "an mbox from a snapshot one step behind its journal is left alone" {
	plain_box 40 1000000
	cp "$BOX" "$BATS_TEST_TMPDIR/backup"
	break_off 4
	cp "$BOX" "$BATS_TEST_TMPDIR/snapshot"
	rm "$(journal)"
	cat "$BATS_TEST_TMPDIR/backup" >"$BOX"
	break_off 8
	cp -p "$(journal)" "$BATS_TEST_TMPDIR/journal.8"
	cp "$BOX" "$BATS_TEST_TMPDIR/box.8"
	cat "$BATS_TEST_TMPDIR/snapshot" >"$BOX"
	set_aside
	cp -p "$BATS_TEST_TMPDIR/journal.8" "$(journal)"
	cat "$BATS_TEST_TMPDIR/box.8" >"$BOX"
	finished 1 {4..40}
}

@test "an UPDATE of which only the end was not recorded is not repeated" {
	plain_box 6
	# the sync after the stale tail was cut off
	break_off 5
	[ -s "$(journal)" ]
	assert_equal "$(subjects)" '1 4 5 6'
	append late
	cp "$BOX" "$BATS_TEST_TMPDIR/box"
	session <<-'EOT'
	=> +OK 5
	QUIT	=> +OK
	EOT
	cmp "$BOX" "$BATS_TEST_TMPDIR/box"
	assert_equal "$(stat -c %s "$(journal)")" 0
	[ ! -e "$(journal).1" ]
}

@test "an UPDATE is not repeated over mail that begins as what was cut off" {
	local first

	box_at 3 509
	break_off 5
	[ -s "$(journal)" ]
	append late
	session <<-'EOT'
	=> +OK 2
	QUIT	=> +OK
	EOT
	assert_equal "$(subjects)" '1 late'
	assert_equal "$(stat -c %s "$(journal)")" 0
	[ ! -e "$(journal).1" ]
}

# kill_replay WHEN: kills the next login at its sync number WHEN; false if it
# ended before that.
kill_replay()
{
	status=0
	printf 'QUIT\r\n' | timeout "$LIMIT" env USER=anna HOME="$BOX_HOME" \
	    "${AS[@]}" strace -f -o /dev/null -e trace=fsync \
	    -e inject="fsync:signal=KILL:when=$1" "$BIN/popin" -R session \
	    -m "mbox:$BOX" >"$OUT" 2>"$LOG" 3>&- || status=$?
	[ "$status" = 137 ]
}

@test "the finishing of an UPDATE can be interrupted again and again" {
	local n text i

	for text in 1 10 30000; do
		for n in {1..12}; do
			interrupted 6 700
			append "$(printf 'late %0*d' "$text" 1)"
			kill_replay "$n" || break
			append after
			for i in 1 3 2; do
				kill_replay "$i" || :
			done
			session <<-'EOT'
			=> +OK 6
			QUIT	=> +OK
			EOT
			assert_equal "$(subjects | tr -d 0)" '1 4 5 6 late 1 after'
			[ ! -e "$(journal).1" ]
			assert_equal "$(stat -c %s "$(journal)")" 0
		done
		[ "$n" -gt 3 ]
	done
}

# syncs: the writes and syncs of an UPDATE in order, one letter each: m for
# the mbox, j for the journal, h for the home; a capital letter is a sync, "!"
# a truncation.  strace(1) cannot read names in a process that is not dumpable,
# so files are told by how they are opened.
syncs()
{
	printf 'DELE 2\r\nDELE 3\r\nQUIT\r\n' >"$IN"
	env USER=anna HOME="$BOX_HOME" "${AS[@]}" strace -f \
	    -o "$BOX_HOME/trace" -e trace="$(called open openat fsync pwrite ftruncate)" \
	    "$BIN/popin" -R session -m "mbox:$BOX" --uidl own \
	    <"$IN" >"$OUT" 2>"$LOG" 3>&-
	perl -ne 'if (/ open(?:at)?\(.*= (\d+)$/) {
		my $fd = $1;
		if (/O_CREAT/) {
			$is{$fd} = $made++ ? "j" : "";
		} else {
			$is{$fd} = /O_DIRECTORY/ ? "h" : /O_RDWR/ ? "m" : "";
		}
	    } elsif (/ (\w+)\((\d+)/ && $is{$2}) {
		print $1 eq "fsync" ? uc $is{$2} :
		    index($1, "ftruncate") ? $is{$2} : "$is{$2}!";
	    }' "$BOX_HOME/trace" | tr -s jm
}

@test "the mbox is synced before the journal, and that before mail is moved" {
	plain_box 6
	assert_equal "$(syncs)" 'jMjJHmMm!Mj!'
	plain_box 20 1000000
	assert_equal "$(syncs)" 'jMjJHmMjJmMjJmMm!Mj!'
}

@test "a journal that is set aside overwrites none that was set aside before" {
	local n name

	interrupted 6
	name=$(journal)
	echo first >"$name.1"
	ln -s nowhere "$name.2"
	plain_box 6 333
	session <<-'EOT'
	=> +OK 6
	QUIT	=> +OK
	EOT
	assert_equal "$(cat "$name.1")" first
	assert_equal "$(readlink "$name.2")" nowhere
	[ -s "$name.3" ]
	# the next UPDATE can have a journal again
	printf 'DELE 2\t=> +OK\nQUIT\t=> +OK\n' | session
	assert_equal "$(subjects)" '1 3 4 5 6'
}

@test "a journal that cannot be set aside stays, and the mbox is not changed" {
	local n name

	interrupted 6
	name=$(journal)
	cp "$name" "$BATS_TEST_TMPDIR/journal"
	for n in {1..99}; do
		: >"$name.$n"
	done
	plain_box 6 333
	cp "$BOX" "$BATS_TEST_TMPDIR/box"
	session <<-'EOT'
	=> +OK 6
	DELE 2	=> +OK
	QUIT	=> -ERR [SYS/TEMP]
	EOT
	assert_log 'cannot rename "[^"]*.journal" user="[^"]*": File exists'
	cmp "$BOX" "$BATS_TEST_TMPDIR/box"
	cmp "$name" "$BATS_TEST_TMPDIR/journal"
}

# zero FROM TO: makes zeros of that part of the mbox.
zero()
{
	dd if=/dev/zero of="$BOX" bs=1 seek="$1" count=$(($2 - $1)) \
	    conv=notrunc 2>/dev/null
}

# ext4 does so before it makes a file shorter.  The power may fail in between.
@test "an UPDATE is finished if the file system has zeroed what it cuts off" {
	local final

	plain_box 6 5003
	session <<<$'DELE 2\nDELE 3\nQUIT\t=> +OK'
	final=$(stat -c %s "$BOX")
	((final % 4096 > 0))
	interrupted 6 5003
	(($(stat -c %s "$BOX") > final + 4096))
	zero "$final" $(((final / 4096 + 1) * 4096))
	finished 1 4 5 6
	# but not if anything else was changed as well
	interrupted 6 5003
	zero $((final - 600)) $(((final / 4096 + 1) * 4096))
	set_aside
}

@test "an UPDATE that only cuts off the end is finished if that is zeroed" {
	local final

	plain_box 3 5003
	session <<<$'DELE 2\nDELE 3\nQUIT\t=> +OK'
	final=$(stat -c %s "$BOX")
	interrupted 3 5003
	[ -s "$(journal)" ]
	(($(stat -c %s "$BOX") > final + 4096))
	zero "$final" $(((final / 4096 + 1) * 4096))
	finished 1
}

@test "a journal of an earlier popin is set aside" {
	plain_box 6
	session <<-'EOT'
	QUIT	=> +OK
	EOT
	printf '1oJnipop%200s' x >"$(journal)"
	session <<-'EOT'
	=> +OK 6
	QUIT	=> +OK
	EOT
	assert_log 'the journal cannot be read.*journal.1'
	assert_equal "$(stat -c %s "$(journal).1")" 208
}

# Written on amd64, by the format of mbox_journal.c.
@test "an UPDATE that was begun on another kind of machine is finished" {
	local name

	plain_box 5 120
	session <<-'EOT'
	QUIT	=> +OK
	EOT
	name=$(journal)
	perl - "$BOX" "$name" <<-'EOT'
	use strict;
	use warnings;
	my %at = (4096 => '336f4a6e69706f70f64244da954cec180100000000000000' .
	    '00120000000000000040000000000000cf03000000000000' .
	    'c30000000000000049020000000000004cb58be7fb1b6ac2' .
	    '0100000000000000229baed92f4a2dea156e8af80d90c6c9' .
	    '6b6eef2a45c7ddd39df2420db2518997',
	    4608 => '4902000000000000cf0300000000000069dfbdbd13e68d5d' .
	    '200272a0f3b1a4d148cbe085',
	    12288 => 'f64244da954cec1801000000000000000100000000000000' .
	    'c30000000000000086010000000000000000000000000000' .
	    '0000000000000000ab6e84c4a170c53b');
	open(my $fh, '+<:raw', $ARGV[1]) or die;
	truncate($fh, 16384) or die;
	for my $at (keys %at) {
		seek($fh, $at, 0);
		print $fh pack('H*', $at{$at});
	}
	close($fh) or die;
	# the step has two units, of which the second is done
	open($fh, '+<:raw', $ARGV[0]) or die;
	seek($fh, 975 - (195 + 390 - 512), 0);
	read($fh, my $bytes, 195 + 390 - 512) or die;
	seek($fh, 512, 0);
	print $fh $bytes;
	close($fh) or die;
	EOT
	finished 1 4 5
}
