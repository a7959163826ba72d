# shellcheck shell=bash disable=SC2034,SC2154
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
#
# For the tests of authentication, which load lib first.  They need a client
# that answers challenges: tests/talk.py.

PYTHON=${PYTHON:-/usr/bin/python3}
# PENCIL: the secret for the password "pencil" of RFC 7677, section 3.
PENCIL='{SCRAM-SHA-256}4096,W22ZaJ0SNY7soEsUEjb6gQ==,'\
'WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=,'\
'wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU='

# talk_to COMMAND...: runs the Python on stdin, see talk.py.
talk_to()
{
	status=0
	timeout -k 5 "$LIMIT" "$PYTHON" -B "$TESTS_SRC/talk.py" "$@" \
	    >"$OUT" 2>"$LOG" 3>&- || status=$?
	[ "$status" = 0 ] || fail "status $status: $(cat "$OUT" "$LOG")"
}

# auth [OPTION...]: the same with the whole chain of popin.
auth()
{
	talk_to "${CHAIN[@]}" "$@"
}
