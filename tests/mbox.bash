# shellcheck shell=bash disable=SC2119,SC2120
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
#
# What the tests of mboxes share; to be loaded after lib.

STAMP='Sat Jan  3 01:05:34 1996'

# mbox_setup: an empty home and sessions over home/mbox.
mbox_setup()
{
	BOX_HOME=$BATS_TEST_TMPDIR/home
	BOX=$BOX_HOME/mbox
	mkdir "$BOX_HOME"
	own "$BOX_HOME"
	as_box
}

# as_box [OPTION...]: sets SESSION.
as_box()
{
	SESSION=(env USER=anna HOME="$BOX_HOME" "${AS[@]}" "$BIN/popin"
	    -R session -m "mbox:$BOX" "$@")
}

# box: stdin becomes the mbox, byte for byte.
box()
{
	cat >"$BOX"
	own "$BOX"
}

# plain_box N [SIZE]: the mbox gets N messages, each with about SIZE bytes.
plain_box()
{
	perl "$TESTS_SRC/mbox.pl" plain "$@" | box
}

# append NAME: as a delivery agent does.
append()
{
	printf 'From x@y %s\nSubject: %s\n\nbody of %s\n\n' "$STAMP" "$1" "$1" \
	    >>"$BOX"
}

# edit SCRIPT: changes the mbox in place by Perl code, as a mail reader does.
edit()
{
	perl -0777 -pe "$1" "$BOX" >"$BATS_TEST_TMPDIR/edited"
	cat "$BATS_TEST_TMPDIR/edited" >"$BOX"
}

# split_box [MBOX]: its messages as files "${MESSAGES[@]}".
split_box()
{
	local dir

	dir=$(mktemp -d "$BATS_TEST_TMPDIR/split.XXXXXX")
	perl "$TESTS_SRC/mbox.pl" split "${1:-$BOX}" "$dir"
	MESSAGES=()
	local f
	for f in "$dir"/*; do
		if [ -e "$f" ]; then
			MESSAGES+=("$f")
		fi
	done
}

# reads_right: LIST, STAT, RETR and TOP of all messages are what an
# independent reader finds in the mbox.
reads_right()
{
	local i n

	split_box
	n=${#MESSAGES[@]}
	{
		printf 'STAT\nLIST\n'
		for ((i = 1; i <= n; i++)); do
			printf 'RETR %d\nTOP %d 1\n' "$i" "$i"
		done
	} | session "$@"
	assert_equal "$status" 0
	messages_match "${MESSAGES[@]}"
}

# subjects: of the messages in the mbox, in order, in one line.
subjects()
{
	split_box
	if [ ${#MESSAGES[@]} -gt 0 ]; then
		grep -h -m 1 '^Subject: ' "${MESSAGES[@]}" | cut -c 10- |
		    tr '\n' ' ' | sed 's/ $//'
	fi
}

# uids: sets UIDS to the unique-ids.
uids()
{
	session <<-'EOT'
	UIDL	=> +OK
	QUIT	=> +OK
	EOT
	UIDS=()
	local n id
	while read -r n id; do
		UIDS[n]=$id
	done < <(body_of 1 | tr -d '\r')
}

# journal: the file that an interrupted UPDATE leaves.
journal()
{
	local state

	for state in "$BOX_HOME"/.popin.mbox.????????????????????????????????; do
		echo "$state.journal"
	done
}

# break_off WHEN [CALL]: a session that deletes messages 2 and 3 is killed at
# its CALL (fsync) number WHEN.  The first fsync is of the mbox, the second of
# the journal, the third of the home.  From then on the mbox and the journal
# take turns.  The one of popin.uidl, at the first service, does not count.
break_off()
{
	local when=$1

	[ "${2:-fsync}" != fsync ] ||
	    compgen -G "$BOX_HOME/.popin.mbox.*.uidl" >/dev/null ||
	    when=$((when + 1))
	printf 'DELE 2\r\nDELE 3\r\nQUIT\r\n' >"$IN"
	status=0
	timeout "$LIMIT" env USER=anna HOME="$BOX_HOME" "${AS[@]}" strace -f \
	    -o /dev/null -e trace="${2:-fsync}" \
	    -e inject="${2:-fsync}:signal=KILL:when=$when" \
	    "$BIN/popin" -R session -m "mbox:$BOX" <"$IN" >"$OUT" 2>"$LOG" \
	    3>&- || status=$?
	assert_equal "$status" 137
}

# interrupted N [SIZE]: makes an mbox as plain_box does, and kills a session in
# the middle of overwriting it.  A journal is left.
interrupted()
{
	plain_box "$@"
	split_box
	break_off 4
	[ -s "$(journal)" ]
}
