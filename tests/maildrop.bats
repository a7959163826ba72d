#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
load lib

# Where the mail is: -m and its default.

setup()
{
	lib_setup
	WHERE=$BATS_TEST_TMPDIR
}

# at USER [OPTION...]: a session of USER.
at()
{
	local user=$1

	shift
	SESSION=(env USER="$user" HOME="$WHERE/home" "${AS[@]}" "$BIN/popin"
	    -R session "$@")
	printf 'QUIT\t=> +OK\n' | dialogue "${SESSION[@]}"
}

refused()
{
	local user=$1

	shift
	SESSION=(env USER="$user" HOME="$WHERE/home" "${AS[@]}" "$BIN/popin"
	    -R session "$@")
	printf '=> -ERR [SYS/PERM]\n' | dialogue "${SESSION[@]}"
	assert_equal "$status" 78
}

@test "%u is the user, %n and %d are the parts of the address" {
	maildir "$WHERE/anna@example.org"
	at anna@example.org -m "maildir:$WHERE/%u"
	maildir "$WHERE/example.org/anna/Mail"
	at anna@example.org -m "maildir:$WHERE/%d/%n/Mail"
	maildir "$WHERE/bert"
	at bert -m "maildir:$WHERE/%n"
}

@test "%h and ~/ are the home" {
	maildir "$WHERE/home/Mail"
	at anna -m 'maildir:%h/Mail'
	at anna -m 'maildir:~/Mail'
}

# Where time_t has 32 bits fstat(2) fails for a file with such a time.
@test "mail from after 2038 is served" {
	maildir "$WHERE/home/Maildir"
	printf 'Subject: x\n\n' >"$WHERE/home/Maildir/new/1.x"
	printf 'From a@b Sun Jan  1 00:00:00 2040\nSubject: x\n\n' \
	    >"$WHERE/home/mbox"
	own -R "$WHERE/home"
	touch -d 2040-01-01 "$WHERE/home"/{Maildir/new{/1.x,},mbox}
	[ "$(stat -c %Y "$WHERE/home/mbox")" -gt 2147483647 ] ||
	    skip 'this file system has no such times'
	for where in maildir:%h/Maildir mbox:%h/mbox; do
		for login in first second; do
			at anna -m "$where"
			assert_log 'left=1/14 .*end=quit'
		done
	done
}

@test "%% is a percent sign" {
	maildir "$WHERE/100%"
	at anna -m "maildir:$WHERE/100%%"
}

@test "without -m the mail is in ~/Maildir where that exists" {
	maildir "$WHERE/home/Maildir"
	at anna
}

@test "without -m and without ~/Maildir it is the mbox of that name in /var/mail" {
	run env USER=popin-test HOME="$WHERE/home" "${AS[@]}" "$BIN/popin" \
	    -R session --check
	assert_line --regexp '^ok    maildrop: is="mbox:/var/mail/popin-test"'
	run env USER=../popin-test HOME="$WHERE/home" "${AS[@]}" "$BIN/popin" \
	    -R session --check
	assert_failure 78
}

@test "a path that is too long or is no mbox is refused, and the log says so" {
	refused anna -m "maildir:/$(printf 'x/%.0s' {1..2100})"
	assert_log 'the path of the maildrop is too long'
	refused anna -m "/$(printf 'x/%.0s' {1..2100})"
	assert_log 'the path of the maildrop is too long'
	refused anna -m "mbox:$WHERE/"
	assert_log "not the path of an mbox: \"$WHERE/\""
	refused anna -m "mbox:$WHERE/$(printf 'x%.0s' {1..256})"
	assert_log 'not the path of an mbox'
}

@test "a user name cannot lead out of the directory of the maildrops" {
	maildir "$WHERE/mail/anna"
	maildir "$WHERE/secret"
	for name in ../secret .. . ../../secret /etc '' .anna \
	    'anna/../../secret' anna/ 'anna%h' '%h' $'an\nna' $'an\x01na' \
	    $'an\x7fna' $'ann\xc3\xa9' 'an na' 'anna"' 'anna:'; do
		refused "$name" -m "maildir:$WHERE/mail/%u"
		refused "$name" -m "maildir:$WHERE/mail/%n"
	done
	for name in anna@.. anna@../secret @.. anna@ anna; do
		refused "$name" -m "maildir:$WHERE/mail/%d"
	done
}

@test "an unknown letter behind % is refused" {
	refused anna -m "maildir:$WHERE/%x"
	refused anna -m "maildir:$WHERE/%"
}

@test "a session needs USER and HOME only where -m refers to them" {
	maildir "$WHERE/Maildir"
	printf 'QUIT\t=> +OK\n' | dialogue env -u USER -u HOME "${AS[@]}" \
	    "$BIN/popin" -R session -m "maildir:$WHERE/Maildir"
	printf '=> -ERR [SYS/PERM]\n' | dialogue env -u USER -u HOME \
	    "${AS[@]}" "$BIN/popin" -R session -m "maildir:$WHERE/%u"
	printf '=> -ERR [SYS/PERM]\n' | dialogue env -u USER -u HOME \
	    "${AS[@]}" "$BIN/popin" -R session -m "maildir:~/Maildir"
}

@test "the whole chain serves each user's own maildrop" {
	passwd_file "anna:{PLAIN}secret::::$WHERE/home-a::" \
	    "bert:{PLAIN}secret::::$WHERE/home-b::"
	CHAIN=("${AS[@]}" "$BIN/popin" -P "$PASSWD" -m 'maildir:~/Mail'
	    --delay 0)
	mkdir -p "$WHERE/home-a" "$WHERE/home-b"
	own "$WHERE/home-a" "$WHERE/home-b"
	MAILDIR=$WHERE/home-a/Mail
	maildir "$MAILDIR"
	three_messages
	maildir "$WHERE/home-b/Mail"
	pop3 <<-'EOT'
	USER anna	=> +OK
	PASS secret	=> +OK 3 84
	EOT
	pop3 <<-'EOT'
	USER bert	=> +OK
	PASS secret	=> +OK 0 0
	EOT
}

# in_case OPTION...: two accounts; -m makes their maildrops' paths from the
# names as the passwd-file spells them.
in_case()
{
	passwd_file 'anna@example.org:{PLAIN}secret' \
	    'Bert@Example.Org:{PLAIN}secret'
	MAILDIR=$WHERE/example.org/anna
	maildir "$MAILDIR"
	three_messages
	maildir "$WHERE/Example.Org/Bert"
	own "$WHERE/example.org" "$WHERE/Example.Org"
	CHAIN=("${AS[@]}" "$BIN/popin" -P "$PASSWD" -m "maildir:$WHERE/%d/%n"
	    --delay 0 "$@")
}

@test "--lower-case serves the account's maildrop for a name in any case" {
	in_case --lower-case
	for name in anna@example.org Anna@Example.Org ANNA@EXAMPLE.ORG; do
		pop3 <<-EOT
		USER $name	=> +OK
		PASS secret	=> +OK 3 84
		EOT
	done
	assert_log ' login: .* user="ANNA@EXAMPLE.ORG" '
	assert_log ' session: .* user="anna@example.org" '
	pop3 <<-'EOT'
	USER bert@example.org	=> +OK
	PASS secret	=> +OK 0 0
	EOT
	assert_log ' session: .* user="Bert@Example.Org" '
}

@test "a name in another case is unknown without --lower-case" {
	in_case
	pop3 <<-'EOT'
	USER Anna@Example.Org	=> +OK
	PASS secret	=> -ERR [AUTH]
	QUIT	=> +OK
	EOT
	refute_log ' session: '
}

@test "--lower-case is refused together with --checker" {
	: >"$IN"
	limited "$BIN/popin" --lower-case --checker /bin/true
	assert_equal "$status" 64
	assert_log 'give --lower-case to popin-checkpassword, behind --checker'
}
