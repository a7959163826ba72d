# shellcheck shell=bash
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
#
# Mail clients that fetch from PORT of 127.0.0.1; for tests that load lib and
# serve first.  They log in as anna with the password secret.

# client_setup: sets HOME to the home of the clients, GOT to where they put
# the mail, SAID to what they said.
client_setup()
{
	export HOME=$BATS_TEST_TMPDIR/client
	GOT=$HOME/Mail
	mkdir -p "$GOT/new" "$GOT/cur" "$GOT/tmp"
	SAID=$HOME/said
}

# client COMMAND...: runs a client, which must end with status WANTED within
# the limit.
WANTED=0
client()
{
	local status=0

	timeout -k 5 "$LIMIT" "$@" >>"$SAID" 2>&1 </dev/null 3>&- || status=$?
	[ "$status" = "$WANTED" ] ||
	    fail "$1: status $status: $(cat "$SAID" "$LOG")"
}

# fetchmail_fetch keep|nokeep [OPTION]: fetches with fetchmail into GOT.
fetchmail_fetch()
{
	need fetchmail fetchmail
	cat >"$HOME/deliver" <<-EOT
	#!/bin/sh
	cat >"\$(mktemp "$GOT/new/XXXXXX")"
	EOT
	chmod 700 "$HOME/deliver"
	cat >"$HOME/fetchmailrc" <<-EOT
	set no bouncemail
	set invisible
	poll 127.0.0.1 protocol pop3 port $PORT
	    user anna password secret
	    sslproto '' no rewrite no dropstatus pass8bits $1
	    mda "$HOME/deliver"
	EOT
	chmod 600 "$HOME/fetchmailrc"
	FETCHMAILHOME=$HOME client fetchmail -f "$HOME/fetchmailrc" \
	    --idfile "$HOME/fetchids" --pidfile "$HOME/fetchmail.pid" \
	    -v --nosyslog "${@:2}"
}
