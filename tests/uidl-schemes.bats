#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
#
# Ids of other servers: the rules by which they make them, and the files in
# which they keep them, right, wrong and hostile.  migration.bats has the real
# servers.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
load lib
load mbox

setup()
{
	lib_setup
	mbox_setup
	as_session
}

# ids [OPTION...]: sets IDS to all ids of the Maildir, in order, in one line.
ids()
{
	as_session "$@"
	read_ids
}

# box_ids [OPTION...]: the same for the mbox.
box_ids()
{
	as_box "$@"
	read_ids
}

read_ids()
{
	session <<-'EOT'
	UIDL	=> +OK
	QUIT	=> +OK
	EOT
	assert_equal "$status" 0
	IDS=$(body_of 1 | tr -d '\r' | cut -d ' ' -f 2 | paste -sd ' ')
}

# index NAME: stdin becomes the file of another server in the Maildir.
index()
{
	cat >"$MAILDIR/$1"
	own "$MAILDIR/$1"
}

courier_index()
{
	index courierpop3dsizelist
}

dovecot_index()
{
	index dovecot-uidlist
}

# mail NAME...: delivers messages with these names.
mail()
{
	local name

	for name; do
		printf 'Subject: %s\n\nx\n' "$name" | deliver "$name"
	done
}

# --- the rules

@test "--uidl qmail keeps base names with all fields" {
	mail 1000.M1P1.h:2,S 1001.x,S=12,W=14
	ids --uidl qmail
	assert_equal "$IDS" '1000.M1P1.h 1001.x,S=12,W=14'
}

@test "--uidl solid and tpop3d give the MD5 of the base name" {
	mail 1035478339.27041_118.foo.org,S=1000:2,S
	ids --uidl solid
	assert_equal "$IDS" 112427678f89cfc97ca543b60cd5400b
	ids --uidl tpop3d
	assert_equal "$IDS" 112427678f89cfc97ca543b60cd5400b
}

@test "Courier's ids are number and validity of courierpop3dsizelist" {
	mail 1000.M1P1.h
	courier_index <<-'EOT'
	/3 3 1795303151
	1000.M1P1.h:2, 53 1:1795303151:0
	EOT
	ids
	assert_equal "$IDS" UID1-1795303151
}

@test "ids of older Couriers, without validity or from names, are kept" {
	mail 1.a 2.b "3.it's+\"ä" 4.d
	courier_index <<-'EOT'
	/2 9 77
	1.a:2,S 53 7:77
	2.b 53 8:0
	3.it's+"ä:2, 1 0:77
	4.d 1 0:0
	EOT
	ids
	assert_equal "$IDS" 'UID7-77 UID8 3.it+27s+2B+22+C3+A4 4.d'
}

@test "Dovecot's ids are uid and validity in small or capital hexadecimal" {
	mail 1276528487.a
	dovecot_index <<-'EOT'
	3 V1276528487 N25022 G3085f01b7f11094c501100008c4a11c1
	25006 :1276528487.a:2,S
	EOT
	ids
	assert_equal "$IDS" 000061ae4c164767
	ids --uidl dovecot-upper
	assert_equal "$IDS" 000061AE4C164767
}

@test "Dovecot's P field is the id, and its O field changes no order" {
	mail 1.a 2.b 3.c 4.d 5.e
	dovecot_index <<-'EOT'
	3 V16 N9 Gabc
	1 W5 :1.a
	2 P O2 G00ff :2.b:2,
	3 S1 W2 Pold-3 O1 :3.c
	5 :5.e
	6 P6 :4.d
	EOT
	ids
	assert_equal "$IDS" '0000000100000010 2.b old-3 6 0000000500000010'
}

@test "the first version of dovecot-uidlist is read" {
	mail 1.a 2.b
	printf '1 4096 9\n7 1.a:2,S\n8 2.b\n' | dovecot_index
	ids
	assert_equal "$IDS" '0000000700001000 0000000800001000'
}

@test "--uidl popa3d gives half of the MD5 of some header fields" {
	{
		printf 'From a@b %s\n' "$STAMP"
		printf 'Received: from x by y; Sat, 3 Jan 1996\n\twith SMTP\n'
		printf 'Received: x\nDate: y\nMessage-Id: z\nSubject: a\n\nx\n\n'
		printf 'From a@b %s\n' "$STAMP"
		printf 'Date: Sat, 3 Jan 1996 01:05:34 +0000\n'
		printf 'Message-ID: <1@x>\nDelivered-To: u@h\n\nReceived: x\n'
	} | box
	box_ids --uidl popa3d
	assert_equal "$IDS" 'b00ffad71dad73bd 83d724e875319aee'
}

@test "--uidl x-uidl takes valid X-UIDL fields, else popin's own ids" {
	local long own

	long=$(printf '%071d' 0)
	{
		printf 'From a@b %s\nSubject: 1\nX-UIDL: $8h!!\\1-"!~[n"!K+,!!\n\nx\n\n' "$STAMP"
		printf 'From a@b %s\nSubject: 2\nX-UIDL: two words\n\nx\n\n' "$STAMP"
		printf 'From a@b %s\nSubject: 3\nX-UIDL: %s\n\nx\n\n' "$STAMP" "$long"
		printf 'From a@b %s\nSubject: 4\nX-UIDL:\n\nx\n\n' "$STAMP"
		printf 'From a@b %s\nSubject: 5\nx-uidl:\t%s \n\nx\n\n' "$STAMP" "${long#0}"
	} | box
	box_ids --uidl own
	read -ra own <<<"$IDS"
	box_ids --uidl x-uidl
	assert_equal "$IDS" \
	    "\$8h!!\\1-\"!~[n\"!K+,!! ${own[1]} ${own[2]} ${own[3]} ${long#0}"
}

@test "--uidl uw and dovecot join X-UID with the validity in X-IMAP" {
	{
		printf 'From a@b %s\nX-IMAP: 1139753550 0000000007\n' "$STAMP"
		printf "Subject: DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA\n\nx\n\n"
		printf 'From a@b %s\nX-UID: 1   \nSubject: 1\n\nx\n\n' "$STAMP"
		printf 'From a@b %s\nX-UID: 7\nSubject: 2\n\nx\n\n' "$STAMP"
	} | box
	box_ids --uidl uw
	assert_equal "$IDS" '43ef424e00000001 43ef424e00000007'
	box_ids --uidl dovecot
	assert_equal "$IDS" '0000000143ef424e 0000000743ef424e'
}

@test "X-UIDL is found in the first 64 kilobytes of a header" {
	local own

	{
		printf 'From a@b %s\n' "$STAMP"
		perl -e 'print "X-Filler: ", "x" x 70, "\n" for 1 .. 700'
		printf 'X-UIDL: behind\n\nx\n\n'
		printf 'From a@b %s\n' "$STAMP"
		perl -e 'print "X-Filler: ", "x" x 70, "\n" for 1 .. 1000'
		printf 'X-UIDL: too far behind\n\nx\n\n'
	} | box
	box_ids --uidl own
	read -ra own <<<"$IDS"
	box_ids --uidl x-uidl
	assert_equal "$IDS" "behind ${own[1]}"
}

# --- ids that stay

three_of_courier()
{
	mail 1.a 2.b 3.c
	printf '%s\n' '/3 4 5' '1.a 1 1:5:0' '2.b 1 2:5:0' '3.c 1 3:5:0' |
	    courier_index
}

@test "new mail gets popin's ids, and the place that its name gives it" {
	three_of_courier
	mail 2.new
	ids
	assert_equal "$IDS" 'UID1-5 UID2-5 2.new UID3-5'
	mail 1.later
	ids
	assert_equal "$IDS" 'UID1-5 1.later UID2-5 2.new UID3-5'
}

@test "ids stay when popin.uidl is read-only" {
	mail 1.a 2.b 3.c
	printf '%s\n' '3 V1 N9' '1 :3.c' '2 :1.a' '3 :2.b' | dovecot_index
	ids
	chmod 444 "$MAILDIR/popin.uidl"
	rm "$MAILDIR/dovecot-uidlist"
	ids
	assert_equal "$IDS" \
	    '0000000200000001 0000000300000001 0000000100000001'
}

@test "ids stay when the other server's file or popin.state is removed" {
	mail 1.a 2.b 3.c
	printf '%s\n' '3 V1 N9' '1 :3.c' '2 :1.a' '3 :2.b' | dovecot_index
	ids
	rm "$MAILDIR/dovecot-uidlist"
	ids
	assert_equal "$IDS" \
	    '0000000200000001 0000000300000001 0000000100000001'
	rm "$MAILDIR/popin.state"
	ids
	assert_equal "$IDS" \
	    '0000000200000001 0000000300000001 0000000100000001'
	messages=("$MAILDIR"/new/{1.a,2.b,3.c})
	printf 'LIST\nRETR 1\nRETR 2\nRETR 3\nQUIT\n' | session
	messages_match "${messages[@]}"
}

@test "ids stay when mail is read, moved to cur, and other mail deleted" {
	three_of_courier
	ids
	mv "$MAILDIR/new/2.b" "$MAILDIR/cur/2.b:2,S"
	session <<-'EOT'
	RETR 2	=> +OK
	DELE 1	=> +OK
	QUIT	=> +OK
	EOT
	ids
	assert_equal "$IDS" 'UID2-5 UID3-5'
}

@test "an IMAP server that goes on writing its file changes no id" {
	mail 1.a
	printf '%s\n' '3 V1 N2' '1 :1.a' | dovecot_index
	ids
	mail 2.b
	ids
	assert_equal "$IDS" '0000000100000001 2.b'
	printf '%s\n' '3 V1 N3' '1 :1.a' '2 :2.b' | dovecot_index
	ids
	assert_equal "$IDS" '0000000100000001 2.b'
	rm "$MAILDIR/popin.state"
	ids
	assert_equal "$IDS" '0000000100000001 2.b'
}

@test "an IMAP server that is added later changes no id" {
	mail 1.a 2.b
	ids
	printf '%s\n' '3 V1 N3' '1 :1.a' '2 :2.b' | dovecot_index
	ids
	assert_equal "$IDS" '1.a 2.b'
	# nor does it without popin.state
	rm "$MAILDIR/popin.state"
	ids
	assert_equal "$IDS" '1.a 2.b'
	# but its ids can be asked for by name
	ids --uidl dovecot
	assert_equal "$IDS" '0000000100000001 0000000200000001'
	ids
	assert_equal "$IDS" '0000000100000001 0000000200000001'
	ids --uidl own
	assert_equal "$IDS" '1.a 2.b'
}

@test "the file that was written last counts if two servers have left one" {
	three_of_courier
	printf '%s\n' '3 V1 N2' '1 :1.a' '2 :2.b' '3 :3.c' | dovecot_index
	touch -d '2001-01-01' "$MAILDIR/dovecot-uidlist"
	ids
	assert_equal "$IDS" 'UID1-5 UID2-5 UID3-5'
	rm "$MAILDIR"/popin.*
	touch -d '2000-01-01' "$MAILDIR/courierpop3dsizelist"
	ids
	assert_equal "$IDS" \
	    '0000000100000001 0000000200000001 0000000300000001'
}

@test "an empty or torn popin.uidl is written again" {
	three_of_courier
	: | index popin.uidl
	ids
	assert_equal "$IDS" 'UID1-5 UID2-5 UID3-5'
	head -c 40 "$MAILDIR/popin.uidl" >"$BATS_TEST_TMPDIR/torn"
	cat "$BATS_TEST_TMPDIR/torn" >"$MAILDIR/popin.uidl"
	ids
	assert_equal "$IDS" 'UID1-5 UID2-5 UID3-5'
	assert_log 'some unique-ids are damaged in "popin.uidl"'
	ids
	refute_log damaged
}

@test "a popin.uidl that cannot be used is logged, and nobody is served" {
	three_of_courier
	ids
	rm "$MAILDIR/popin.uidl"
	ln -s /etc/passwd "$MAILDIR/popin.uidl"
	session <<-'EOT'
	=> -ERR [SYS/PERM]
	EOT
	assert_log 'cannot read unique-ids from "popin.uidl"'
}

@test "ids stay in a Maildir that cannot be written" {
	three_of_courier
	chmod 555 "$MAILDIR"
	ids
	assert_equal "$IDS" 'UID1-5 UID2-5 UID3-5'
	ids
	assert_equal "$IDS" 'UID1-5 UID2-5 UID3-5'
	chmod 755 "$MAILDIR"
}

@test "a corrected size is remembered with another server's ids" {
	mail 1.a 3.c
	printf 'Subject: x\n\nx\n' | deliver 2.b,W=5
	printf '%s\n' '3 V1 N9' '1 :3.c' '2 :2.b,W=5' '3 :1.a' | dovecot_index
	session <<-'EOT'
	LIST 2	=> =+OK 2 5
	RETR 2	=> +OK
	LIST 2	=> =+OK 2 17
	QUIT	=> +OK
	EOT
	session <<-'EOT'
	LIST 2	=> =+OK 2 17
	QUIT	=> +OK
	EOT
	refute_log corrected
}

@test "X-UIDL fields are taken at the first login, and never later" {
	local own

	{
		printf 'From a@b %s\nSubject: 1\nX-UIDL: one\n\nx\n\n' "$STAMP"
		printf 'From a@b %s\nSubject: 2\nX-UIDL: two\n\nx\n\n' "$STAMP"
	} | box
	as_box
	session <<-'EOT'
	STAT	=> +OK
	QUIT	=> +OK
	EOT
	box_ids
	assert_equal "$IDS" 'one two'
	printf 'From a@b %s\nSubject: 3\nX-UIDL: sent\n\nx\n\n' "$STAMP" >>"$BOX"
	box_ids
	[[ $IDS =~ ^'one two '[0-9a-f]{32}$ ]]
	own=${IDS##* }
	# a mail reader rewrites all messages
	edit 's/^(Subject: \d\n)/Status: RO\n$1/mg'
	box_ids
	assert_equal "$IDS" "one two $own"
	session <<-'EOT'
	DELE 1	=> +OK
	QUIT	=> +OK
	EOT
	box_ids
	assert_equal "$IDS" "two $own"
}

@test "an X-UIDL field behind a message without one is not taken" {
	append one
	printf 'From a@b %s\nSubject: 2\nX-UIDL: sent\n\nx\n\n' "$STAMP" >>"$BOX"
	own "$BOX"
	box_ids
	[[ $IDS =~ ^[0-9a-f]{32}' '[0-9a-f]{32}$ ]]
}

@test "--uidl SCHEME decides anew, and without it the decision stays" {
	local own

	plain_box 2
	box_ids
	own=$IDS
	box_ids --uidl popa3d
	assert_not_equal "$IDS" "$own"
	popa3d=$IDS
	edit 's/^(Subject: \d\n)/Status: RO\n$1/mg'
	box_ids
	assert_equal "$IDS" "$popa3d"
	box_ids --uidl own
	assert_equal "$IDS" "$own"
}

# --- ids are unique, printable, of at most 70 characters, never used again

@test "an id that a file gives to several messages stays with one of them" {
	mail 1.a 2.b 3.c
	printf '%s\n' '/3 4 5' '2.b 1 1:5:0' '1.a 1 1:5:0' '3.c 1 1:5:0' |
	    courier_index
	ids
	assert_equal "$IDS" '2.b UID1-5 3.c' || assert_equal "$IDS" \
	    'UID1-5 2.b 3.c'
}

@test "of two messages with one X-UIDL the second has and keeps popin's id" {
	local first

	{
		printf 'From a@b %s\nX-UIDL: q\nSubject: 1\n\nx\n\n' "$STAMP"
		printf 'From a@b %s\nX-UIDL: q\nSubject: 2\n\nx\n\n' "$STAMP"
	} | box
	box_ids
	[[ $IDS =~ ^'q '[0-9a-f]{32}$ ]]
	first=$IDS
	session <<-'EOT'
	DELE 1	=> +OK
	QUIT	=> +OK
	EOT
	box_ids
	assert_equal "$IDS" "${first#q }"
}

@test "a name that was another server's id is not the id of new mail" {
	local sum

	mail 1.a 2.b
	printf '%s\n' '3 V1 N9' '1 P5.new :1.a' '2 P2.b :2.b' | dovecot_index
	ids
	assert_equal "$IDS" '5.new 2.b'
	session <<-'EOT'
	DELE 1	=> +OK
	QUIT	=> +OK
	EOT
	mail 5.new
	ids
	sum=$(printf 5.new | sha256sum | cut -d ' ' -f 1)
	assert_equal "$IDS" "2.b $sum"
}

@test "X-UIDL cannot give mail the id that another message has" {
	local own

	append one
	own "$BOX"
	box_ids
	own=$IDS
	printf 'From a@b %s\nX-UIDL: %s\nSubject: 2\n\nx\n\n' "$STAMP" "$own" \
	    >>"$BOX"
	printf 'From a@b %s\nX-UIDL: %s.2\nSubject: 3\n\nx\n\n' "$STAMP" "$own" \
	    >>"$BOX"
	box_ids --uidl x-uidl
	[[ $IDS =~ ^"$own "[0-9a-f]{32}' '[0-9a-f]{32}$ ]]
	[[ $IDS != *"$own"*"$own"* ]]
}

@test "invalid ids, and those that look like popin's hashes, are not taken" {
	local hash

	hash=$(printf '%064d' 0)
	mail 1.a 2.b 3.c 4.d 5.e
	{
		printf '3 V1 N9\n1 P%s :1.a\n' "$hash"
		printf '2 P%071d :2.b\n3 P%070d :3.c\n' 0 0
		printf '4 Pb\x7f :4.d\n5 P\xc3\xa4 :5.e\n'
	} | dovecot_index
	ids
	assert_equal "$IDS" "1.a 2.b $(printf '%070d' 0) 4.d 5.e"
}

# --- files that are wrong

@test "a file with a wrong first line is logged, and never taken" {
	local first

	for first in '' '3' '3 N1 V' '3 V99999999999' '4 V1 N1' '3 V-1' x \
	    $'3\tV1' '3 Vx'; do
		rm -f "$MAILDIR"/popin.*
		mail 1.a
		printf '%s\n1 :1.a\n' "$first" | dovecot_index
		ids
		assert_equal "$IDS" 1.a
		assert_log 'wrong format, no unique-ids are taken over from "dovecot-uidlist"'
		refute_log 'unique-ids taken over'
	done
	printf '3 V1 N2\n1 :1.a\n' | dovecot_index
	ids
	assert_equal "$IDS" 1.a
	rm -f "$MAILDIR"/popin.* "$MAILDIR/dovecot-uidlist"
	for first in /1 '/3' '/3 1' '/4 1 1' '3 1 1' '/3 1 99999999999999999999' \
	    '/3  1 1' '/3 1 1 1'; do
		rm -f "$MAILDIR"/popin.*
		printf '%s\n1.a 1 1:1:0\n' "$first" | courier_index
		ids
		assert_equal "$IDS" 1.a
		assert_log 'wrong format, no unique-ids are taken over from "courierpop3dsizelist"'
		refute_log 'unique-ids taken over'
	done
}

@test "lines that are wrong in dovecot-uidlist are ignored, others are taken" {
	mail 1.a 2.b 3.c 4.d 5.e
	{
		printf '3 V1 N9\n'
		printf '%s\n' '' x '0 :1.a' '4294967295 :1.a' '-1 :1.a' \
		    '1:1.a' '1 ' '1 :' '1 p :1.a' '1 Ox :1.a' \
		    '18446744073709551617 :1.a' '7 :unknown' '2 :2.b'
		perl -e 'print "3 P", "x" x 5000, " :3.c\n", "y" x 100000, "\n"'
		printf '4 P\0 :4.d\n5 :5.e'
	} | dovecot_index
	ids
	assert_equal "$IDS" '1.a 0000000200000001 3.c 4.d 5.e'
	assert_log 'taken over: from="dovecot-uidlist" messages=2/5 wrong=14 maildrop="maildir:.*Maildir"$'
}

@test "lines that are wrong in Courier's file are ignored, others are taken" {
	mail 1.a 2.b
	{
		printf '/3 9 5\n'
		printf '%s\n' '' ' ' '1.a' '1.a 1' '1.a 1:5:0' '1.a x 1:5:0' \
		    '1.a 1 1:5:2' '1.a 1 1:5' '1.a 1 1' '1.a 1 :5:0' \
		    '1.a 1 1:5:0:' '1.a 1 1:5:0:0' ' 1 1:5:0' '2.b 1 2:5:0'
		printf '1.a 1 1:5:0'
	} | courier_index
	ids
	assert_equal "$IDS" '1.a UID2-5'
}

@test "a FIFO, link or directory in place of the file is no trap" {
	local kind

	for kind in fifo link directory; do
		rm -rf "$MAILDIR"/popin.* "$MAILDIR/dovecot-uidlist"
		mail 1.a
		case $kind in
		fifo)	mkfifo "$MAILDIR/dovecot-uidlist" ;;
		link)	ln -s /etc/passwd "$MAILDIR/dovecot-uidlist" ;;
		*)	mkdir "$MAILDIR/dovecot-uidlist" ;;
		esac
		own "$MAILDIR/dovecot-uidlist"
		ids
		assert_equal "$IDS" 1.a
		assert_log 'not taken over from "dovecot-uidlist"'
	done
}

@test "a list of ids that may not be read is no reason to give out others" {
	three_of_courier
	chmod 000 "$MAILDIR/courierpop3dsizelist"
	session <<-'EOT'
	=> -ERR [SYS/PERM]
	EOT
	assert_log 'cannot use "courierpop3dsizelist".*: Permission denied'
	[ ! -e "$MAILDIR/popin.uidl" ]
	chmod 600 "$MAILDIR/courierpop3dsizelist"
	ids
	assert_equal "$IDS" 'UID1-5 UID2-5 UID3-5'
}

@test "a hundred thousand lines for one message do no harm" {
	mail 1.a 2.b
	perl -e 'print "3 V1 N9\n";
	    print $_, " Pid", $_, " :1.a\n" for 1 .. 100000;
	    print "200000 Plast :2.b\n"' | dovecot_index
	ids
	[[ $IDS =~ ^id[0-9]+' last'$ ]]
}

@test "ten thousand messages keep another server's ids" {
	perl -e '$d = $ARGV[0];
	    for (1 .. 10000) {
		open F, ">", "$d/new/" . ($_ + 5000) . ".message.of.host" or die;
		print F "Subject: $_\n\nx\n"; close F }
	    open I, ">", "$d/dovecot-uidlist" or die;
	    print I "3 V1 N9\n";
	    printf I "%d :%d.message.of.host\n", $_, 15001 - $_ for 1 .. 10000' \
	    "$MAILDIR"
	if [ "$(id -u)" = 0 ]; then
		chown -R "$TEST_UID" "$MAILDIR"
	fi
	for _ in first second; do
		ids
		assert_equal "$(wc -w <<<"$IDS")" 10000
		assert_equal "${IDS%% *}" 0000271000000001
		assert_equal "${IDS##* }" 0000000100000001
	done
}

@test "an unknown scheme is refused" {
	: | raw_session --uidl exchange
	assert_equal "$status" 64
	assert_log 'unknown scheme of unique-ids: "exchange"'
}
