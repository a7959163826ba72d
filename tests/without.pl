#!/usr/bin/perl
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
#
# Runs a command as on a kernel that lacks some system calls: they fail.
#
#	without.pl CALL=ERROR[,CALL=ERROR...] COMMAND...
#
# CALL is a name below.  ERROR is a name of errno.h, with which kernels without
# the call answer.  A seccomp filter does it.  Only root may set one without
# no_new_privs.
use strict;
use warnings;
use Errno;

# The number for x86-64, then which argument must have which value.
my %calls = (
	clone3 => [435],
	close_range => [436],
	getrandom => [318],
	landlock_create_ruleset => [444],
	landlock_restrict_self => [446],
	ofd_locks => [72, 1, 37],
	pidfd_open => [434],
	ppoll => [271],
	prctl_ambient => [157, 0, 47],
	prctl_dumpable => [157, 0, 4],
	prctl_name => [157, 0, 15],
	prctl_no_new_privs => [157, 0, 38],
	prctl_pdeathsig => [157, 0, 1],
	prctl_seccomp => [157, 0, 22],
	rseq => [334],
	seccomp => [317],
	statx => [332],
	tiocoutq => [16, 1, 0x5411],
);

sub jump_unless { my ($value, $past) = @_;
	return pack('S C C L', 0x15, 0, $past, $value); }	# BPF_JEQ
sub load { return pack('S C C L', 0x20, 0, 0, $_[0]); }		# of seccomp_data
sub answer { return pack('S C C L', 0x06, 0, 0, $_[0]); }

my $allow = answer(0x7fff0000);
my $filter = load(4) . pack('S C C L', 0x15, 1, 0, 0xc000003e) . $allow .
    load(0);
for (split /,/, shift) {
	my ($name, $error) = /^(\w+)=(\w+)$/ or die "$_: not CALL=ERROR\n";
	my ($number, $argument, $value) = @{$calls{$name} or die "$name?\n"};
	my $fail = answer(0x50000 | Errno->can($error)->());
	$filter .= defined $argument
	    ? jump_unless($number, 4) . load(16 + 8 * $argument) .
	      jump_unless($value, 1) . $fail . load(0)
	    : jump_unless($number, 1) . $fail;
}
$filter .= $allow;
my $program = pack('S x6 P', length($filter) / 8, $filter);
if ($> != 0) {
	syscall(157, 38, 1, 0, 0, 0) == 0 or die "no_new_privs: $!\n";
}
syscall(317, 1, 0, $program) == 0 or die "seccomp: $!\n";
exec @ARGV or die "$ARGV[0]: $!\n";
