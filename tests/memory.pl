#!/usr/bin/perl
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
#
# memory.pl PID TEXT: true if the memory of a process has TEXT anywhere.
use strict;
use warnings;
no warnings 'portable';	# addresses have 64 bits

my ($pid, $text) = @ARGV;
open(my $maps, '<', "/proc/$pid/maps") or die "maps of $pid: $!\n";
open(my $mem, '<:raw', "/proc/$pid/mem") or die "mem of $pid: $!\n";
while (my $line = <$maps>) {
	my ($from, $to, $read, $name) =
	    $line =~ /^([0-9a-f]+)-([0-9a-f]+) (.)\S+ \S+ \S+ \S+ *(.*)/;
	# the kernel's own pages cannot be read that way
	next if $read ne 'r' or $name =~ /^\[v(?:var|syscall)/;
	my ($at, $end, $tail) = (hex $from, hex $to, '');
	while ($at < $end) {
		my $want = $end - $at < 1 << 20 ? $end - $at : 1 << 20;
		sysseek($mem, $at, 0) or last;
		my $got = sysread($mem, my $bytes, $want) or last;
		exit 0 if index("$tail$bytes", $text) >= 0;
		$tail = substr($bytes, -length $text);
		$at += $got;
	}
}
exit 1;
