# shellcheck shell=bash
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
#
# A machine with systemd as process 1 (see machine-init), popin installed by
# `make install', and accounts of its own; for tests that load lib first.  All
# tests of a file share it.
#
#	ROOT	its root directory	INIT	its process 1, as seen from here
#
# anna is an account with the password secret and three messages in ~/Maildir.
# bert@example.net is a virtual user with the same in /var/vmail.

setup_file()
{
	[ "$(id -u)" = 0 ] || return 0
	lib_setup_file
	need unshare util-linux
	need ip iproute2
	need systemd-analyze systemd
	need openssl openssl
	need socat socat
	need curl curl
	need tlswrapper tlswrapper
	export ROOT=$BATS_FILE_TMPDIR/root
	mkdir -p "$ROOT"/{etc/systemd/system,etc/popin,home,var/vmail,local}
	make_accounts
	make_mail
	make_tls >"$BATS_FILE_TMPDIR/openssl.log" 2>&1
	install_popin
	boot
}

teardown_file()
{
	local group

	[ -n "${MACHINE:-}" ] || return 0
	kill -KILL "$MACHINE" 2>/dev/null || :
	for group in /sys/fs/cgroup/popin-machine."$MACHINE" \
	    /sys/fs/cgroup/*/popin-machine."$MACHINE"; do
		[ -d "$group" ] || continue
		# the kernel needs a moment to see that they are empty
		timeout 20 bash -c 'until find "$1" -depth -type d \
		    -exec rmdir {} + 2>/dev/null; do sleep 0.1; done' - "$group"
	done
}

make_accounts()
{
	local hash

	# shellcheck disable=SC2016
	hash=$(perl -e 'print crypt("secret", q($6$rounds=1000$saltsalt))')
	cat >"$ROOT/etc/passwd" <<-'EOT'
	root:x:0:0::/root:/bin/sh
	nobody:x:65534:65534::/:/usr/sbin/nologin
	anna:x:1000:1000::/home/anna:/bin/sh
	vmail:x:2000:2000::/var/vmail:/usr/sbin/nologin
	EOT
	cat >"$ROOT/etc/group" <<-'EOT'
	root:x:0:
	shadow:x:42:
	nogroup:x:65534:
	anna:x:1000:
	vmail:x:2000:
	EOT
	printf 'root:*:1::::::\nanna:%s:1::::::\n' "$hash" >"$ROOT/etc/shadow"
	chown 0:42 "$ROOT/etc/shadow"
	chmod 640 "$ROOT/etc/shadow"
	echo 'bert@example.net:{PLAIN}secret:2000:2000::/var/vmail::' \
	    >"$ROOT/etc/popin/passwd"
	chown 0:2000 "$ROOT/etc/popin/passwd"
	chmod 640 "$ROOT/etc/popin/passwd"
	echo 0123456789abcdef0123456789abcdef >"$ROOT/etc/machine-id"
	cp -a /etc/{ld.so.cache,services,alternatives} "$ROOT/etc"
	mkdir "$ROOT/etc/pam.d"
	printf '%s required pam_permit.so\n' auth account session \
	    >"$ROOT/etc/pam.d/runuser"
}

make_mail()
{
	MAILDIR=$ROOT/home/anna/Maildir
	maildir "$MAILDIR"
	three_messages
	chown -R 1000:1000 "$ROOT/home/anna"
	chmod -R go= "$ROOT/home/anna"
	MAILDIR=$ROOT/var/vmail/example.net/bert
	maildir "$MAILDIR"
	three_messages
	chown -R 2000:2000 "$ROOT/var/vmail"
	chmod -R go= "$ROOT/var/vmail"
}

make_tls()
{
	(
		umask 077
		cd "$ROOT/etc/popin" || exit
		openssl req -x509 -newkey ec -pkeyopt \
		    ec_paramgen_curve:P-256 -nodes -days 2 \
		    -subj '/CN=localhost' -addext subjectAltName=DNS:localhost \
		    -keyout key -out "$BATS_FILE_TMPDIR/ca.pem"
		cat key "$BATS_FILE_TMPDIR/ca.pem" >tls.pem
	)
	# Debian's tlswrapper uses this directory as its jail
	mkdir -p "$ROOT/var/lib/tlswrapper/empty"
}

install_popin()
{
	make -s -C "${abs_top_builddir:-$TESTS_SRC/../_build}" install \
	    DESTDIR="$BATS_FILE_TMPDIR/install" prefix=/usr/local \
	    jail=/var/empty account=_popin \
	    systemdsystemunitdir=/usr/local/lib/systemd/system \
	    sysusersdir=/usr/local/lib/sysusers.d \
	    tmpfilesdir=/usr/local/lib/tmpfiles.d \
	    >"$BATS_FILE_TMPDIR/install.log" 2>&1 ||
	    fail "make install: $(cat "$BATS_FILE_TMPDIR/install.log")"
	cp -a "$BATS_FILE_TMPDIR/install/usr/local/." "$ROOT/local"
	# the programs to test may not be those of the build
	cp "$BATS_FILE_TMPDIR"/bin/popin{,-checkpassword,-import} \
	    "$(dirname "$POPIN")/popin-escape" "$ROOT/local/sbin"
	[ -e "$ROOT/local/lib/systemd/system/popin.socket" ] || fail 'no units'
	# native is what systemd itself was built for
	! is_i386 || sed -i 's/^\(SystemCallArchitectures=\)native/\1x86/' \
	    "$ROOT"/local/lib/systemd/system/popin*.service
}

boot()
{
	cat >"$ROOT/etc/systemd/system/test.target" <<-'EOT'
	[Unit]
	DefaultDependencies=no
	Requires=systemd-journald.service
	After=systemd-journald.service
	EOT
	setsid bash "$TESTS_SRC/machine-init" "$ROOT" </dev/null \
	    >"$BATS_FILE_TMPDIR/machine.log" 2>&1 3>&- &
	export MACHINE=$!
	timeout 60 bash -c 'until pid=$(pgrep -P "$1") &&
	    nsenter -t "$pid" -a systemctl -q is-active test.target
	    do sleep 0.1; kill -0 "$1" || exit; done' - "$MACHINE" \
	    >/dev/null 2>&1 ||
	    fail "no systemd: $(cat "$BATS_FILE_TMPDIR/machine.log")"
	INIT=$(pgrep -P "$MACHINE")
	export INIT
	# what the installed files do at the next boot
	inside systemd-sysusers popin.conf
	inside systemd-tmpfiles --create popin.conf
}

# inside COMMAND...: runs it on the machine.
inside()
{
	nsenter -t "$INIT" -a -- "$@" 3>&-
}

# instances PATTERN: the instances of a unit that systemd still knows.
instances()
{
	inside systemctl --no-legend --no-pager --plain list-units --all "$1"
}

assert_no_instances()
{
	# a systemd that does not answer has not said that there are none
	timeout "$LIMIT" bash -c 'until left=$(nsenter -t "$1" -a systemctl \
	    --no-legend --plain --no-pager list-units --all "$2" 2>/dev/null) &&
	    [ -z "$left" ]; do sleep 0.1; done' - "$INIT" "$1" ||
	    fail "still there: $(instances "$1")"
}
