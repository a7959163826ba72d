# shellcheck shell=bash
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
#
# Replaces tests/machine.bash where the tests run inside a whole machine (see
# debian), and not beside one in namespaces.  Units and programs are those of
# the Debian package.
load namespaces

setup_file()
{
	lib_setup_file
	export ROOT='' INIT=1
	id anna >/dev/null 2>&1 || make_accounts
	rm -rf /home/anna/Maildir /var/vmail/example.net
	make_mail
	! command -v openssl >/dev/null ||
	    make_tls >"$BATS_FILE_TMPDIR/openssl.log" 2>&1
}

teardown_file()
{
	systemctl stop popin.socket popins.socket popin-virtual.socket
}

make_accounts()
{
	local hash

	# shellcheck disable=SC2016
	hash=$(perl -e 'print crypt("secret", q($6$rounds=1000$saltsalt))')
	useradd --uid 1000 --create-home --password "$hash" anna
	useradd --uid 2000 --home-dir /var/vmail --shell /usr/sbin/nologin vmail
	mkdir -p /var/vmail /etc/popin
	echo 'bert@example.net:{PLAIN}secret:2000:2000::/var/vmail::' \
	    >/etc/popin/passwd
	chown 0:2000 /etc/popin/passwd
	chmod 640 /etc/popin/passwd
}

inside()
{
	"$@" 3>&-
}
