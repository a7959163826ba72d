#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
load lib
load mbox

setup()
{
	lib_setup
	mbox_setup
}

# delete NUMBER...: one session that must succeed.
delete()
{
	{
		printf 'DELE %d\t=> +OK\n' "$@"
		printf 'QUIT\t=> +OK\n'
	} | session
	assert_equal "$status" 0
}

@test "QUIT removes what was marked, and the rest stays byte for byte" {
	plain_box 9 700
	split_box
	delete 1 4 5 9
	cp "$BOX" "$BATS_TEST_TMPDIR/after"
	local -a left=("${MESSAGES[1]}" "${MESSAGES[2]}" "${MESSAGES[5]}"
	    "${MESSAGES[6]}" "${MESSAGES[7]}")
	reads_right
	messages_match "${left[@]}"
	cmp "$BOX" "$BATS_TEST_TMPDIR/after"
	assert_equal "$(stat -c %s "$(journal)")" 0
}

@test "random mboxes keep exactly what was not deleted" {
	local seed i n
	local -a left gone

	for seed in {1..20}; do
		perl "$TESTS_SRC/mbox.pl" random "$seed" | box
		rm -f "$BOX_HOME"/.popin*
		split_box
		n=${#MESSAGES[@]} left=() gone=()
		for ((i = 1; i <= n; i++)); do
			if (((seed * i * 7 + seed) % 3)); then
				gone+=("$i")
			else
				left+=("${MESSAGES[i - 1]}")
			fi
		done
		[ ${#gone[@]} -eq 0 ] || delete "${gone[@]}"
		if [ ${#left[@]} -gt 0 ]; then
			reads_right
			messages_match "${left[@]}"
		fi
	done
}

@test "deleting everything leaves an empty mbox, not none" {
	plain_box 3
	delete 1 2 3
	assert_equal "$(stat -c '%s %a' "$BOX")" '0 644'
}

@test "mail delivered during the session stays" {
	local marked

	for marked in '1' '3' '1 2' '2 3' '1 2 3'; do
		plain_box 3
		talk a "${SESSION[@]}"
		hear a
		append late
		local i
		for i in $marked; do
			ask a "DELE $i" '+OK*'
		done
		ask a STAT "+OK $((3 - $(wc -w <<<"$marked"))) *"
		ask a QUIT '+OK*'
		gone a
		rm -r "$BATS_TEST_TMPDIR/talk.a"
		for i in 1 2 3; do
			if [[ " $marked " != *" $i "* ]]; then
				[[ " $(subjects) " == *" $i "* ]]
			fi
		done
		[[ "$(subjects)" == *late ]]
		assert_equal "$(subjects | wc -w)" \
		    "$((4 - $(wc -w <<<"$marked")))"
	done
}

@test "mail delivered behind a missing line end stays" {
	printf 'From a@b %s\nSubject: 1\n\nopen' "$STAMP" | box
	talk a "${SESSION[@]}"
	hear a
	# a careful agent begins with line ends
	printf '\n\n' >>"$BOX"
	append late
	ask a 'DELE 1' '+OK*'
	ask a QUIT '+OK*'
	gone a
	assert_equal "$(subjects)" late
	assert_equal "$(head -c 5 "$BOX")" 'From '
}

@test "mail delivered without a blank line before it stays" {
	printf 'From a@b %s\nSubject: 1\n\nx\n' "$STAMP" | box
	talk a "${SESSION[@]}"
	hear a
	append late
	ask a 'DELE 1' '+OK*'
	ask a QUIT '+OK*'
	gone a
	assert_equal "$(subjects)" late
}

@test "the last message stays if something was appended to it" {
	plain_box 2
	talk a "${SESSION[@]}"
	hear a
	printf 'more\n' >>"$BOX"
	cp "$BOX" "$BATS_TEST_TMPDIR/before"
	ask a 'DELE 2' '+OK*'
	ask a QUIT '-ERR [[]SYS/TEMP]*'
	gone a
	cmp "$BOX" "$BATS_TEST_TMPDIR/before"
}

@test "an mbox that was rewritten, cut or replaced meanwhile is left alone" {
	local how

	for how in "edit 's/Subject: 1\n/Subject: 1\nStatus: RO\n/'" \
	    "edit 's/Subject: 2\n/Subject: 2\nStatus: RO\n/'" \
	    'truncate -s -10 "$BOX"' 'truncate -s 0 "$BOX"' \
	    'cp "$BOX" "$BOX.2"; own "$BOX.2"; mv "$BOX.2" "$BOX"' \
	    'rm "$BOX"'; do
		rm -rf "$BATS_TEST_TMPDIR/talk.a"
		plain_box 4
		talk a "${SESSION[@]}"
		hear a
		eval "$how"
		cp "$BOX" "$BATS_TEST_TMPDIR/before" 2>/dev/null || :
		ask a 'DELE 1' '+OK*'
		ask a 'DELE 3' '+OK*'
		ask a QUIT '-ERR [[]SYS/TEMP]*'
		gone a
		assert_log 'changed by another program|cannot look at the mbox'
		if [ -e "$BOX" ]; then
			cmp "$BOX" "$BATS_TEST_TMPDIR/before"
		fi
	done
}

@test "an mbox in which only a year in a From_ line was changed is left alone" {
	local more

	for more in x{,x{,x{,x{,x{,x{,x{,x}}}}}}}; do
		rm -rf "$BATS_TEST_TMPDIR/talk.a"
		plain_box 2
		edit "s/a\@b/a\@$more/g"
		talk a "${SESSION[@]}"
		hear a
		edit 's/1996/1997/'
		cp "$BOX" "$BATS_TEST_TMPDIR/before"
		ask a 'DELE 1' '+OK*'
		ask a QUIT '-ERR [[]SYS/TEMP]*'
		gone a
		cmp "$BOX" "$BATS_TEST_TMPDIR/before"
	done
}

@test "a session that ends by EOF or SIGTERM deletes nothing" {
	plain_box 3
	cp "$BOX" "$BATS_TEST_TMPDIR/before"
	session <<-'EOT'
	DELE 1	=> +OK
	EOT
	cmp "$BOX" "$BATS_TEST_TMPDIR/before"
	talk a "${SESSION[@]}"
	hear a
	ask a 'DELE 1' '+OK*'
	kill -TERM "${TALK_PID[a]}"
	gone a
	cmp "$BOX" "$BATS_TEST_TMPDIR/before"
}

@test "an mbox that cannot be written is served, and QUIT says so" {
	plain_box 2
	chmod 400 "$BOX"
	session <<-'EOT'
	=> +OK 2
	DELE 1	=> +OK
	QUIT	=> -ERR [SYS/TEMP]
	EOT
	assert_equal "$(subjects)" '1 2'
}

@test "with a limit on file sizes QUIT deletes what was marked, or nothing" {
	not_under valgrind 'there is a log that has to be written'
	local limit deleted=0 kept=0

	# from less than the mbox to more than the journal
	for limit in 0 100 1000 2000 4096 9000000 100000000; do
		plain_box 6
		cp "$BOX" "$BATS_TEST_TMPDIR/before"
		printf 'DELE 2\r\nQUIT\r\n' >"$IN"
		timeout "$LIMIT" prlimit --fsize="$limit" "${SESSION[@]}" \
		    <"$IN" 2>&1 3>&- | cat >"$OUT"
		if [[ "$(grep '^[-+]' "$OUT" | tail -n 1)" == +OK* ]]; then
			deleted=$((deleted + 1))
			assert_equal "$(subjects)" '1 3 4 5 6'
		else
			kept=$((kept + 1))
			grep -q '^-ERR \[SYS/TEMP\]' "$OUT"
			cmp "$BOX" "$BATS_TEST_TMPDIR/before"
		fi
		assert_equal "$(stat -c %s "$(journal)")" 0
	done
	[ "$deleted" -gt 0 ] && [ "$kept" -gt 0 ]
}

@test "a few messages are deleted from an mbox of 30 MB" {
	plain_box 30 1000000
	split_box
	delete 2 17 30
	unset 'MESSAGES[29]' 'MESSAGES[16]' 'MESSAGES[1]'
	local -a left=("${MESSAGES[@]}")
	reads_right
	messages_match "${left[@]}"
}

@test "messages at the end are deleted without a journal" {
	plain_box 4
	chmod 500 "$BOX_HOME"
	session <<-'EOT'
	DELE 3	=> +OK
	DELE 4	=> +OK
	QUIT	=> +OK
	EOT
	chmod 700 "$BOX_HOME"
	assert_equal "$(subjects)" '1 2'
}

@test "mail stays if no journal can be made, and QUIT says so" {
	plain_box 4
	cp "$BOX" "$BATS_TEST_TMPDIR/before"
	chmod 500 "$BOX_HOME"
	session <<-'EOT'
	=> +OK 4
	DELE 1	=> +OK
	QUIT	=> -ERR [SYS/TEMP]
	EOT
	chmod 700 "$BOX_HOME"
	cmp "$BOX" "$BATS_TEST_TMPDIR/before"
	assert_log 'no place for a journal'
}

# full_disk SIZE: puts home and mbox on a file system of SIZE.
full_disk()
{
	mount -t tmpfs -o "size=$1,mode=700,uid=$TEST_UID,gid=$TEST_UID" \
	    tmpfs "$BOX_HOME" 2>/dev/null || cannot 'a tmpfs cannot be mounted'
	DISK=$BOX_HOME
}

teardown()
{
	lib_teardown
	if [ -n "${DISK:-}" ]; then
		umount "$DISK"
	fi
}

# bats test_tags=root
@test "a user whose disk is full can delete everything, or the last mail" {
	[ "$(id -u)" = 0 ] || skip 'needs root'
	full_disk 256k
	plain_box 20 3000
	head -c 1000000 /dev/zero >"$BOX_HOME/fill" 2>/dev/null || :
	session <<-'EOT'
	=> +OK 20
	DELE 20	=> +OK
	QUIT	=> +OK
	EOT
	session <<-'EOT'
	=> +OK 19
	QUIT	=> +OK
	EOT
	{
		printf 'DELE %d\t=> +OK\n' {1..19}
		printf 'QUIT\t=> +OK\n'
	} | session
	assert_equal "$(stat -c %s "$BOX")" 0
}

# bats test_tags=root
@test "a user whose disk is full deletes some mail, or keeps it all" {
	[ "$(id -u)" = 0 ] || skip 'needs root'
	local room ok=0 refused=0

	full_disk 256k
	for room in 0 4 8 12 16 20 24 32 40; do
		rm -f "$BOX_HOME/fill" "$BOX_HOME"/.popin*
		plain_box 20 3000
		session <<-'EOT'
		=> +OK 20
		QUIT	=> +OK
		EOT
		head -c 1000000 /dev/zero >"$BOX_HOME/fill" 2>/dev/null || :
		truncate -s "-${room}K" "$BOX_HOME/fill"
		printf 'DELE 2\r\nDELE 5\r\nQUIT\r\n' | raw_session
		if [[ "$(tail -n 1 "$OUT")" == +OK* ]]; then
			ok=$((ok + 1))
			assert_equal "$(subjects)" \
			    "1 3 4 $(echo {6..20})"
		else
			refused=$((refused + 1))
			assert_equal "$(subjects)" "$(echo {1..20})"
		fi
		assert_equal "$(stat -c %s "$(journal)" 2>/dev/null || echo 0)" 0
	done
	[ "$ok" -gt 0 ]
}

@test "an interrupted UPDATE is finished at the next login" {
	need strace strace
	interrupted 6
	append late
	session <<-'EOT'
	=> +OK 5
	QUIT	=> +OK
	EOT
	assert_log 'finishing an UPDATE'
	assert_equal "$(subjects)" '1 4 5 6 late'
	assert_equal "$(stat -c %s "$(journal)")" 0
}

@test "an interrupted UPDATE waits until the mbox can be written" {
	need strace strace
	interrupted 6
	chmod 444 "$BOX"
	session <<-'EOT'
	=> -ERR [SYS/PERM]
	EOT
	assert_log 'cannot finish an UPDATE, no permission to write "mbox"'
	chmod 600 "$BOX"
	session <<-'EOT'
	=> +OK 4
	QUIT	=> +OK
	EOT
	assert_equal "$(subjects)" '1 4 5 6'
}

@test "an interrupted UPDATE is finished without a state file" {
	need strace strace
	interrupted 6
	rm "$BOX_HOME"/.popin.mbox.????????????????????????????????
	chmod 500 "$BOX_HOME"
	session <<-'EOT'
	=> +OK 4
	QUIT	=> +OK
	EOT
	chmod 700 "$BOX_HOME"
	assert_equal "$(subjects)" '1 4 5 6'
}

@test "a damaged journal is set aside, or the UPDATE is finished rightly" {
	need strace strace
	local size i finished=0 aside=0

	interrupted 6
	cp "$BOX" "$BATS_TEST_TMPDIR/half"
	cp "$(journal)" "$BATS_TEST_TMPDIR/journal"
	for i in {4096..4207..9} {4608..4680..7} {8192..8255..5} \
	    {12288..12351..5} {12800..12820..3}; do
		rm -f "$(journal)"*
		cat "$BATS_TEST_TMPDIR/half" >"$BOX"
		cp -p "$BATS_TEST_TMPDIR/journal" "$(journal)"
		own "$(journal)"
		perl -e 'open F, "+<:raw", $ARGV[0] or die;
		    seek F, $ARGV[1], 0; read F, $c, 1; seek F, $ARGV[1], 0;
		    print F chr(ord($c) ^ (1 << $ARGV[1] % 8))' \
		    "$(journal)" "$i"
		cp "$(journal)" "$BATS_TEST_TMPDIR/spoilt"
		session <<-'EOT'
		=> +OK
		QUIT	=> +OK
		EOT
		if [ -e "$(journal).1" ]; then
			aside=$((aside + 1))
			cmp "$BOX" "$BATS_TEST_TMPDIR/half"
			cmp "$(journal).1" "$BATS_TEST_TMPDIR/spoilt"
		else
			finished=$((finished + 1))
			assert_equal "$(subjects)" '1 4 5 6'
			assert_equal "$(stat -c %s "$(journal)")" 0
		fi
	done
	[ "$finished" -gt 0 ] && [ "$aside" -gt 0 ]
}

@test "a journal that others can read is used, and made private" {
	need strace strace
	interrupted 6
	chmod 644 "$(journal)"
	session <<-'EOT'
	=> +OK 4
	QUIT	=> +OK
	EOT
	assert_equal "$(subjects)" '1 4 5 6'
	assert_equal "$(stat -c %a "$(journal)")" 600
}

@test "a journal that others can write, or that is a link, is set aside" {
	need strace strace
	local how name

	for how in 'chmod 620 "$name"' 'ln "$name" "$name.old"' \
	    'mv "$name" "$name.old"; ln -s "$name.old" "$name"'; do
		interrupted 6
		name=$(journal)
		cp "$BOX" "$BATS_TEST_TMPDIR/before"
		cp "$name" "$BATS_TEST_TMPDIR/journal"
		eval "$how"
		session <<-'EOT'
		=> +OK
		QUIT	=> +OK
		EOT
		assert_log "not a file of this user alone.*journal.1\""
		cmp "$BOX" "$BATS_TEST_TMPDIR/before"
		cmp "$name.1" "$BATS_TEST_TMPDIR/journal"
		rm -f "$BOX_HOME"/.popin*
	done
}

# bats test_tags=root
@test "a journal of somebody else is set aside" {
	[ "$(id -u)" = 0 ] || skip 'needs root'
	need strace strace
	interrupted 6
	cp "$BOX" "$BATS_TEST_TMPDIR/before"
	chown 12345 "$(journal)"
	session <<-'EOT'
	=> +OK
	QUIT	=> +OK
	EOT
	cmp "$BOX" "$BATS_TEST_TMPDIR/before"
	[ -s "$(journal).1" ]
}

@test "garbage in the place of the journal is set aside" {
	local n

	plain_box 4
	uids_before=$(subjects)
	session <<-'EOT'
	QUIT	=> +OK
	EOT
	name=$(journal)
	for n in 1 88 4096 20000; do
		head -c "$n" /dev/urandom >"$name"
		own "$name"
		chmod 600 "$name"
		cp "$name" "$BATS_TEST_TMPDIR/garbage"
		session <<-'EOT'
		=> +OK 4
		QUIT	=> +OK
		EOT
		assert_log 'the journal cannot be read'
		assert_equal "$(subjects)" "$uids_before"
		cmp "$name.1" "$BATS_TEST_TMPDIR/garbage"
		rm "$name.1"
	done
}

@test "the journal stays under 32 MiB" {
	need strace strace
	interrupted 40 1000000
	[ "$(stat -c %s "$(journal)")" -le $((32 * 1024 * 1024)) ]
	session <<-'EOT'
	=> +OK 38
	QUIT	=> +OK
	EOT
	assert_equal "$(subjects)" "1 $(echo {4..40})"
}
