#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
#
# From another server to popin, and back, with Debian's packages of the other
# servers: a client does not fetch from the one what it has fetched from the
# other.  Courier, Solid and popa3d are not installed but unpacked, see
# contrib/quickstart.  Servers that know only the accounts of the system get
# passwd, shadow, /var/mail and /var/lib of their own.
# shellcheck disable=SC2016
load lib
load serve
load fetch

UNPACKED=${POPIN_UNPACKED:-${abs_top_builddir:-$TESTS_SRC/../_build}/unpacked}

setup()
{
	lib_setup
	demo
	rm "$MAILDIR"/new/*
	need tcpserver ucspi-tcp
	need fetchmail fetchmail
	need getmail getmail6
	need unshare util-linux
	PORT=$(free_port)
	client_setup
	OPTIONS=()
	FETCHED=0
}

# unpacked PACKAGE FILE [PACKAGE...]: sets PROGRAM to the file of the first
# package.  The program runs as the mail user, who may not be able to enter the
# build.  So all packages are copied to where he can read them.
unpacked()
{
	local package file=$2

	set -- "$1" "${@:3}"
	PACKAGES=$BATS_TEST_TMPDIR/packages
	PROGRAM=$PACKAGES/$1/$file
	need "$UNPACKED/$1/$file" "$1"
	mkdir "$PACKAGES"
	for package; do
		cp -R "$UNPACKED/$package" "$PACKAGES"
	done
	chmod -R a+rX "$PACKAGES"
}

# --- maildrops

MAIL_OF_MAILDIR=(1000.M9P1.host 1000.M10P1.host 999.x '1200.V1.host,S=225'
    2000.odd+name 1500.M5P5.host)

# letter N: a message with the fields that servers make their ids of.
letter()
{
	cat <<-LETTER
	Received: from x by y; Sat, 3 Jan 1996 01:05:3$1 +0000
	$(printf '\t')for <anna@localhost>
	Received: from z by x; Sat, 3 Jan 1996 01:05:3$1 +0000
	Date: Sat, 3 Jan 1996 01:05:3$1 +0000
	Message-Id: <$1@x>
	Subject: number
	 $1
	From: a@b

	Letter $1.
	LETTER
}

# short_letter N: without Received, other rules apply.
short_letter()
{
	printf 'date: Sat, 3 Jan 1996 01:05:3%d +0000\nMessage-ID: <%d@y>\n' \
	    "$1" "$1"
	printf 'Delivered-To: anna-%d@localhost\nsubject: %d\n' "$1" "$1"
	printf 'Date: Sat, 3 Jan 1996 02:05:3%d +0000\n\nShort.\n' "$1"
}

fill_maildir()
{
	local name n=0

	for name in "${MAIL_OF_MAILDIR[@]}"; do
		n=$((n + 1))
		letter "$n" | deliver "$name"
	done
	mv "$MAILDIR/new/1000.M9P1.host" "$MAILDIR/cur/1000.M9P1.host:2,S"
	COUNT=$n
	NEW_MAIL=into_maildir
}

into_maildir()
{
	letter 9 | deliver 3000.late
}

fill_mbox()
{
	local n

	BOX=$BATS_TEST_TMPDIR/mail/anna
	for n in 1 2 3; do
		into_mbox "$n" letter
	done
	for n in 4 5 6; do
		into_mbox "$n" short_letter
	done
	own "$BOX"
	chmod 600 "$BOX"
	COUNT=6
	NEW_MAIL=into_mbox
}

# into_mbox [N [LETTER]]
into_mbox()
{
	{
		echo "From a@b Sat Jan  3 01:05:3${1:-9} 1996"
		"${2:-letter}" "${1:-9}"
		echo
	} >>"$BOX"
}

# --- servers

# own_system: sets SYSTEM, a command that runs another one with accounts and a
# spool of its own.
own_system()
{
	local t=$BATS_TEST_TMPDIR hash

	[ "$(id -u)" = 0 ] || skip 'needs root'
	hash=$(perl -e 'print crypt("secret", q($6$rounds=1000$saltsalt))')
	mkdir -p "$t/mail" "$t/lib/popa3d" "$t/lib/solid-pop3d/bulletins"
	chmod 755 "$t/lib" "$t/lib/popa3d"
	own "$t/mail"
	cat >"$t/passwd" <<-SYSTEM
	root:x:0:0::/root:/bin/sh
	popa3d:x:990:990::/nonexistent:/usr/sbin/nologin
	spop3d:x:991:991::/nonexistent:/usr/sbin/nologin
	anna:x:$TEST_UID:$TEST_UID::$t:/bin/sh
	SYSTEM
	printf '%s\n' root:x:0: mail:x:8: popa3d:x:990: spop3d:x:991: \
	    "anna:x:$TEST_UID:" >"$t/group"
	cat >"$t/shadow" <<-SYSTEM
	root:*:19000:0:99999:7:::
	popa3d:*:19000:0:99999:7:::
	spop3d:*:19000:0:99999:7:::
	anna:$hash:19000:0:99999:7:::
	SYSTEM
	chmod 640 "$t/shadow"
	SYSTEM=(unshare --mount bash -c "$OWN_ETC"' &&
	    cp "$0/passwd" "$0/group" "$0/shadow" /etc/ &&
	    mount --bind "$0/mail" /var/mail &&
	    mount --bind "$0/lib" /var/lib && exec "$@"' "$t")
	SERVE=("$BIN/popin" --delay 0 --user "$LOGIN_UID:$LOGIN_UID"
	    --jail "$t/jail" -m "mbox:/var/mail/%u")
}

# front COMMAND...: sets OLD, a server that checks no passwords, behind a front
# like qmail-popup.
front()
{
	OLD=(perl "$BIN/popup.pl" "$BIN/popin-checkpassword" -f "$PASSWD" "$@")
}

courier()
{
	local libraries

	unpacked courier-pop usr/lib/courier/courier/courierpop3d \
	    courier-authlib libcourier-unicode4 libidn12
	libraries=$(find "$PACKAGES" -name '*.so.*' -printf '%h\n' | sort -u |
	    paste -sd :)
	front env LD_LIBRARY_PATH="$libraries" "$PROGRAM" "$MAILDIR"
}

# Dovecot's pop3 that was started for a user does not answer to PASS.
dovecot()
{
	local conf=$BATS_TEST_TMPDIR/dovecot.conf

	need /usr/lib/dovecot/pop3 dovecot-pop3d
	printf '%s\n' "mail_location = $1" 'mbox_write_locks = fcntl' \
	    "log_path = $BATS_TEST_TMPDIR/dovecot.log" >"$conf"
	chmod 644 "$conf"
	front sh -c 'printf "+OK\r\n"; exec /usr/lib/dovecot/pop3 -c "$0"' \
	    "$conf"
}

solid()
{
	own_system
	unpacked solid-pop3d usr/sbin/solid-pop3d
	OLD=("$PROGRAM" -f "$PACKAGES/solid-pop3d/etc/spop3d.conf" -n "$1"
	    -t "$2")
}

# serve COMMAND...: serves on PORT until stop.
serve()
{
	start "${SYSTEM[@]}" tcpserver -RHl0 127.0.0.1 "$PORT" "$@"
}

# --- clients

# listing: the number and the unique-id of each message.
listing()
{
	perl -MNet::POP3 -e '
	my $p = Net::POP3->new("127.0.0.1", Port => $ARGV[0], Timeout => 20)
	    or die "connect: $@\n";
	defined $p->login("anna", "secret") or die $p->message;
	my $ids = $p->uidl or die $p->message;
	print "$_ $$ids{$_}\n" for sort { $a <=> $b } keys %$ids;
	$p->quit or die $p->message;' "$PORT" || fail "$(cat "$LOG")"
}

by_fetchmail()
{
	# Status 1 means that there is no new mail.
	WANTED=$((FETCHED == $1 ? 1 : 0)) fetchmail_fetch keep --uidl
}

by_getmail()
{
	if [ ! -e "$HOME/getmail" ]; then
		getmail_files false
		echo 'read_all = false' >>"$HOME/getmail/getmailrc"
	fi
	client getmail --getmaildir "$HOME/getmail"
}

# fetches N: the client gets N messages that it did not have.
fetches()
{
	local n

	"$CLIENT" $((FETCHED + $1))
	n=$(find "$GOT/new" -type f | wc -l)
	assert_equal "$((n - FETCHED)) new" "$1 new"
	FETCHED=$n
}

# unnumbered: ids of a listing, sorted.  The messages of a Maildir have another
# order in each server.
unnumbered()
{
	cut -d ' ' -f 2 | LC_ALL=C sort
}

# --- moving

# moves_to_popin: a client fetches from the old server, from popin, and from the
# old server again, and sees the same ids.
moves_to_popin()
{
	local before after

	serve "${OLD[@]}"
	fetches "$COUNT"
	before=$(listing)
	stop
	assert_equal "$(wc -l <<<"$before")" "$COUNT"

	serve "${SERVE[@]}" "${OPTIONS[@]}"
	after=$(listing)
	if [ -n "${UNNUMBERED:-}" ]; then
		assert_equal "$(unnumbered <<<"$after")" \
		    "$(unnumbered <<<"$before")"
	else
		assert_equal "$after" "$before"
	fi
	fetches 0
	"$NEW_MAIL"
	fetches 1
	assert_equal "$(listing | head -n "$COUNT")" "$after"
	stop

	# and back
	serve "${OLD[@]}"
	after=$(listing)
	if [ -n "${UNNUMBERED:-}" ]; then
		assert_equal "$(unnumbered <<<"$before" |
		    LC_ALL=C comm -23 - <(unnumbered <<<"$after"))" ''
	else
		assert_equal "$(head -n "$COUNT" <<<"$after")" "$before"
	fi
	stop
}

@test "from courier-pop to popin and back nothing is fetched twice" {
	CLIENT=by_getmail
	fill_maildir
	courier
	UNNUMBERED=yes
	moves_to_popin
}

@test "from dovecot-pop3d to popin and back no Maildir is fetched twice" {
	CLIENT=by_fetchmail
	fill_maildir
	dovecot "maildir:$MAILDIR"
	UNNUMBERED=yes
	moves_to_popin
}

@test "from dovecot-pop3d to popin and back no mbox is fetched twice" {
	CLIENT=by_getmail
	mkdir "$BATS_TEST_TMPDIR/mail"
	own "$BATS_TEST_TMPDIR/mail"
	fill_mbox
	dovecot "mbox:$BATS_TEST_TMPDIR/folders:INBOX=$BOX"
	OPTIONS=(-m "mbox:$BOX" --uidl dovecot)
	moves_to_popin
}

# bats test_tags=root
@test "from solid-pop3d to popin and back no Maildir is fetched twice" {
	CLIENT=by_fetchmail
	solid Maildir maildir
	fill_maildir
	OPTIONS=(-m maildir:~/Maildir --uidl solid)
	UNNUMBERED=yes
	moves_to_popin
}

# bats test_tags=root
@test "from solid-pop3d to popin and back no mbox is fetched twice" {
	CLIENT=by_getmail
	solid /var/mail/%s mailbox
	fill_mbox
	OPTIONS=(--uidl solid)
	moves_to_popin
}

# bats test_tags=root
@test "from popa3d to popin and back nothing is fetched twice" {
	CLIENT=by_fetchmail
	own_system
	unpacked popa3d usr/sbin/popa3d
	OLD=("$PROGRAM")
	fill_mbox
	OPTIONS=(--uidl popa3d)
	moves_to_popin
}

# bats test_tags=root
@test "from mailutils-pop3d to popin and back nothing is fetched twice" {
	CLIENT=by_getmail
	own_system
	need /usr/sbin/pop3d mailutils-pop3d
	echo 'mailbox { mail-spool /var/mail; };' >"$BATS_TEST_TMPDIR/mu.conf"
	OLD=(/usr/sbin/pop3d --inetd
	    --config-file="$BATS_TEST_TMPDIR/mu.conf")
	fill_mbox
	moves_to_popin
}

# qmail's id is the name of the file; Debian has no package of qmail.
@test "--uidl courier brings Courier's ids back after another scheme" {
	local before

	fill_maildir
	courier
	serve "${OLD[@]}"
	before=$(listing)
	stop
	serve "${SERVE[@]}" --uidl qmail
	assert_equal "$(listing | unnumbered)" \
	    "$(printf '%s\n' "${MAIL_OF_MAILDIR[@]}" | LC_ALL=C sort)"
	stop
	# popin has served since, but the scheme is asked for by name
	serve "${SERVE[@]}" --uidl courier
	assert_equal "$(listing | unnumbered)" "$(unnumbered <<<"$before")"
	stop
}
