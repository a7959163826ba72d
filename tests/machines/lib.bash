# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
#
# Machines of other kinds: Debian's kernels, booted in qemu without hardware
# virtualization, with programs that were built for them here.  Inside runs
# init, which runs a script.
#
# The caller sets top (the sources) and cache (a directory to work in, which may
# be kept: its packages, kernels and programs are used again).

# machine_of ARCH: sets triplet, its name for compilers, image, Debian's package
# with its newest kernel, kernel_name, qemu, the command, and console.
machine_of()
{
	kernel_name=vmlinuz
	case $1 in
	amd64)
		triplet=x86_64-linux-gnu image=linux-image-amd64
		qemu=(qemu-system-x86_64 -M pc) console=ttyS0
		;;
	arm64)
		triplet=aarch64-linux-gnu image=linux-image-arm64
		qemu=(qemu-system-aarch64 -M virt -cpu cortex-a57)
		console=ttyAMA0
		;;
	armhf)
		triplet=arm-linux-gnueabihf image=linux-image-armmp
		qemu=(qemu-system-arm -M virt -cpu cortex-a15) console=ttyAMA0
		;;
	i386)
		triplet=i686-linux-gnu image=linux-image-686
		qemu=(qemu-system-i386 -M pc) console=ttyS0
		;;
	mips64el)
		triplet=mips64el-linux-gnuabi64 image=linux-image-5kc-malta
		qemu=(qemu-system-mips64el -M malta -cpu 5KEf) console=ttyS0
		;;
	ppc64el)
		triplet=powerpc64le-linux-gnu image=linux-image-powerpc64le
		qemu=(qemu-system-ppc64 -M pseries -cpu power9) console=hvc0
		kernel_name=vmlinux
		;;
	s390x)
		triplet=s390x-linux-gnu image=linux-image-s390x
		qemu=(qemu-system-s390x -M s390-ccw-virtio) console=ttysclp0
		;;
	riscv64)
		die "riscv64: Debian 12 has neither a kernel nor a libc for it
in its release; ppc64el is there instead"
		;;
	*)
		die "$1: not a machine that is known here"
		;;
	esac
}

say()
{
	printf -- '-- %s\n' "$*" >&2
}

die()
{
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

# logged COMMAND...: its output is in $dir/log, and shown if it fails.
logged()
{
	"$@" >"$dir/log" 2>&1 || {
		tail -n 30 "$dir/log" >&2
		die "this failed: $*"
	}
}

# need_programs PROGRAM:PACKAGE...: installs missing packages as root, dies for
# others.
need_programs()
{
	local missing=() pair

	for pair; do
		command -v "${pair%%:*}" >/dev/null ||
		    missing+=("${pair#*:}")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	[ "$(id -u)" = 0 ] || die "missing packages: ${missing[*]}"
	say "installing ${missing[*]}"
	dir=$cache
	DEBIAN_FRONTEND=noninteractive logged apt-get install -y \
	    -o DPkg::Lock::Timeout=600 --no-install-recommends --no-remove \
	    "${missing[@]}"
}

# need_for ARCH: needs its qemu, and what makes an initramfs.
need_for()
{
	machine_of "$1"
	case $1 in
	amd64 | i386) need_programs "${qemu[0]}:qemu-system-x86" ;;
	arm*) need_programs "${qemu[0]}:qemu-system-arm" ;;
	mips*) need_programs "${qemu[0]}:qemu-system-mips" ;;
	ppc64el) need_programs "${qemu[0]}:qemu-system-ppc" ;;
	*) need_programs "${qemu[0]}:qemu-system-misc" ;;
	esac
	need_programs cpio:cpio depmod:kmod
}

# apt_for ARCH apt-get|apt-cache ARGUMENT...: runs it as if this machine had
# that architecture.  Nothing on this machine is changed.
apt_for()
{
	local arch=$1 tool=$2 state=$cache/apt/$1

	shift 2
	mkdir -p "$state/lists/partial" "$state/archives/partial"
	[ -e "$state/status" ] || : >"$state/status"
	"$tool" -q -o APT::Architecture="$arch" -o APT::Architectures="$arch" \
	    -o Dir::State="$state" -o Dir::State::status="$state/status" \
	    -o Dir::Cache="$state" -o APT::Sandbox::User=root "$@"
}

# package ARCH NAME: unpacks a package into $cache/ARCH/root, if it is not there
# yet.  If some lists cannot be fetched the others may have it.
package()
{
	local arch=$1 name=$2

	dir=$cache/$arch
	[ ! -e "$dir/have/$name" ] || return 0
	mkdir -p "$dir/root" "$dir/have" "$dir/debs"
	[ -n "${apt_is_new[$arch]:-}" ] ||
	    apt_for "$arch" apt-get update >"$dir/log" 2>&1 || :
	apt_is_new[$arch]=yes
	(cd "$dir/debs" && logged apt_for "$arch" apt-get download "$name")
	logged dpkg -x "$(echo "$dir/debs/$name"_*.deb)" "$dir/root"
	: >"$dir/have/$name"
}
declare -A apt_is_new=()

# kernel ARCH: sets kernel to its file and release to its version.
kernel()
{
	local name

	machine_of "$1"
	package "$1" "$image"
	name=$(dpkg-deb -f "$(echo "$cache/$1/debs/$image"_*.deb)" Depends |
	    grep -o 'linux-image-[^ ,]*' | head -n 1)
	package "$1" "$name"
	release=${name#linux-image-}
	kernel=$cache/$1/root/boot/$kernel_name-$release
	[ -e "$kernel" ] || die "$name has no $kernel"
}

# compiler ARCH: sets cc to a prefix for commands that call its compiler.  One
# that is not installed is unpacked into $cache/ARCH/tools, since its package
# conflicts with gcc-multilib.
compiler()
{
	local tools=$cache/$1/tools name

	dir=$cache/$1
	cc=(env)
	[ "$1" != amd64 ] || return 0
	! command -v "$triplet-gcc" >/dev/null ||
	    [ ! -d "/usr/$triplet/include" ] || return 0
	if [ ! -e "$tools/complete" ]; then
		mkdir -p "$tools/debs"
		for name in {gcc-12,cpp-12,binutils}-"$triplet" \
		    {libgcc-{s1,12-dev},libc6{,-dev},linux-libc-dev}-"$1"-cross; do
			(cd "$tools/debs" && logged apt-get -q \
			    -o APT::Sandbox::User=root download "$name")
			logged dpkg -x "$(echo "$tools/debs/$name"_*.deb)" \
			    "$tools"
		done
		# libc.so is a linker script with paths of an installed one
		grep -lrI 'GNU ld script' "$tools/usr/$triplet"/lib* |
		    xargs sed -i "s|/usr/$triplet/lib|$tools&|g"
		: >"$tools/complete"
	fi
	cc=(env CC="$triplet-gcc-12" PATH="$tools/usr/bin:$PATH"
	    LD_LIBRARY_PATH="$tools/usr/lib/$(gcc -print-multiarch)")
}

# build ARCH PROGRAM...: builds static programs in $cache/ARCH/build.
build()
{
	local arch=$1 root=$cache/$1/root crypt flags=() cc

	shift
	machine_of "$arch"
	compiler "$arch"
	package "$arch" libcrypt-dev
	crypt=$(dirname "$(find "$root" -name libcrypt.a)")
	dir=$cache/$arch
	[ "$arch" = amd64 ] || flags=(--host="$triplet")
	mkdir -p "$dir/build"
	(
		cd "$dir/build" || exit
		[ config.status -nt "$top/configure" ] ||
		    logged "${cc[@]}" "$top/configure" -q "${flags[@]}" \
			--enable-static=all --with-systemd=/usr/lib/systemd \
			CPPFLAGS="-isystem $root/usr/include" \
			LDFLAGS="-L$crypt"
		logged "${cc[@]}" make "-j$(nproc)" "$@"
	) || exit
}

# put_modules ARCH DIRECTORY NAME...: copies modules of the kernel and those
# that they need.  The names sort in the order of loading.
put_modules()
{
	local root=$cache/$1/root to=$2 n=100 name file

	dir=$cache/$1
	shift 2
	mkdir -p "$to"
	logged depmod -b "$root" "$release"
	for name; do
		modprobe -d "$root" -S "$release" --show-depends "$name"
	done >"$dir/modules"
	while read -r _ file _; do
		[ ! -e "$(echo "$to"/*-"${file##*/}")" ] || continue
		n=$((n + 1))
		cp "$file" "$to/$n-${file##*/}"
	done < <(grep '^insmod' "$dir/modules")
}

# initramfs ARCH FILE...: makes $cache/ARCH/initramfs with busybox, the modules
# that the array modules names, $init from this directory, which is process 1,
# and the files, which get names without directories.
modules=()
init=init
initramfs()
{
	local arch=$1 tree=$cache/$1/tree

	shift
	package "$arch" busybox-static
	rm -rf "$tree"
	mkdir -p "$tree/bin"
	cp "$cache/$arch/root/bin/busybox" "$tree/bin"
	cp "$top/tests/machines/$init" "$@" "$tree"
	put_modules "$arch" "$tree/modules" "${modules[@]}"
	chmod -R a+rX "$tree"
	(cd "$tree" && find . | LC_ALL=C sort |
	    cpio --quiet -o -H newc -R 0:0 | gzip -1) >"$tree/../initramfs"
}

# boot ARCH SECONDS ARGUMENT...: boots it with ARGUMENT... for qemu and
# $command_line for the kernel.  Its console goes to $says, or to
# $cache/ARCH/console.  Fails if it has not ended by itself in time.
# Without no_timer_check kernels for PCs give up on a busy host, where a timer
# of qemu is late.
command_line=
boot()
{
	local arch=$1 seconds=$2 said log

	shift 2
	said=${says:-$cache/$arch/console} log=${says:-$cache/$arch/qemu}.log
	machine_of "$arch"
	nice -n 10 timeout -k 5 "$seconds" "${qemu[@]}" -accel tcg -m 512 \
	    -kernel "$kernel" -initrd "$cache/$arch/initramfs" \
	    -append "console=$console quiet panic=-1 no_timer_check rdinit=/$init $command_line" \
	    -display none -monitor none -serial "file:$said" \
	    -nodefaults -no-reboot "$@" </dev/null >"$log" 2>&1
}
