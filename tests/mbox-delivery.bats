#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
load lib
load mbox

# With POPIN_LONG=1000 each agent delivers a thousand messages to hundreds of
# sessions.  That takes a quarter of an hour.

# bats test_tags=delivery
@test "mail delivered by real agents while sessions delete is there exactly once" {
	local n=60 account LIMIT=300 # agents wait for each other's locks
	local -a as=("${AS[@]}")

	need procmail procmail
	need maildrop maildrop
	need exim4 exim4-daemon-light
	if [ -n "${POPIN_LONG:-}" ]; then
		n=$POPIN_LONG LIMIT=3000
	fi
	# agents need an account for their uid, and exim trusts only its own
	if [ "$(id -u)" = 0 ]; then
		for account in Debian-exim nobody; do
			if id "$account" >/dev/null 2>&1; then
				as=(setpriv --reuid "$account" --regid
				    "$(id -g "$account")" --clear-groups --)
				break
			fi
		done
		mbox_setup
		chown -R "$account" "$BATS_TEST_TMPDIR"
	else
		mbox_setup
	fi
	: >"$BATS_TEST_TMPDIR/agents.log"
	chmod 666 "$BATS_TEST_TMPDIR/agents.log"
	run timeout "$LIMIT" "${as[@]}" env USER=anna HOME="$BOX_HOME" \
	    LOGNAME="${account:-$(id -un)}" perl "$BIN/delivery.pl" \
	    "$BATS_TEST_TMPDIR" "$n" "$BIN/popin" -R session -m "mbox:$BOX"
	[ "$status" = 0 ] || cat "$BATS_TEST_TMPDIR/agents.log"
	assert_success
	echo "# ${lines[-1]}" >&3
}
