#!/bin/bash
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
#
# A small machine in namespaces of its own, with systemd as process 1: the
# programs are this machine's, accounts, units, log and network are not.
#
#	machine.bash ROOT	ROOT: a directory with etc, home, local (/usr/local)
#
# Runs as: root.  Whoever ends this process ends the machine; its control group
# is then left behind, empty, as popin-machine.PID.
set -eu
shopt -s lastpipe

if [ "$1" != --inside ]; then
	grep -m 1 ' cgroup2 ' /proc/mounts | read -r _ group _ || {
		echo 'no cgroup2 hierarchy is mounted' >&2
		exit 1
	}
	group=$group/popin-machine.$$
	mkdir "$group"
	echo $$ >"$group/cgroup.procs"
	exec unshare --mount --pid --net --uts --ipc --cgroup --fork \
	    --kill-child "$BASH" "$0" --inside "$1"
fi

cd "$2"
mount --make-rprivate /
mount --bind . .
cd "$PWD"
mkdir -p usr proc sys dev run var tmp mnt
for link in bin sbin lib lib64; do
	ln -sf "usr/$link" "$link"
done
mount --bind /usr usr
mount -o remount,ro,bind usr
mount --bind local usr/local
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
mount -t tmpfs -o mode=755 tmpfs dev
for device in null zero full random urandom tty; do
	touch "dev/$device"
	mount --bind "/dev/$device" "dev/$device"
done
ln -s null dev/console
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ip link set lo up
pivot_root . mnt
umount -l /mnt
exec env -i container=popin PATH=/usr/sbin:/usr/bin \
    /usr/lib/systemd/systemd --system --unit=test.target
