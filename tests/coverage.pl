#!/usr/bin/perl
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
#
# coverage.pl SRC <LCOV: a table of what was reached of the files below SRC;
# on descriptor 3 what was not, one line each.

use strict;
use warnings;

my $src = shift or die "usage: coverage.pl SRC <LCOV 3>UNCOVERED\n";
my (%lines, %branches, $file);

while (my $line = <STDIN>) {
	if ($line =~ /^SF:(.*)/) {
		$file = $1 =~ m{^\Q$src\E/(.*\.c)$} ? $1 : undef;
	} elsif (!defined $file) {
		next;
	} elsif ($line =~ /^DA:(\d+),(\d+)/) {
		$lines{$file}{$1} += $2;
	} elsif ($line =~ /^BRDA:(\d+),(\d+),(\d+),(\d+|-)/) {
		$branches{$file}{$1}{"$2,$3"} += $4 eq '-' ? 0 : $4;
	}
}

sub percent
{
	my ($reached, $all) = @_;

	return $all ? sprintf('%.1f', 100 * $reached / $all) : '-';
}

sub row
{
	my ($name, $lines, $seen, $branches, $taken) = @_;

	printf "%-28s %6d %6d %6s %8d %6d %6s\n", $name, $lines, $lines - $seen,
	    percent($seen, $lines), $branches, $branches - $taken,
	    percent($taken, $branches);
}

open my $missing, '>&=3' or die "descriptor 3: $!\n";
printf "%-28s %6s %6s %6s %8s %6s %6s\n", 'file', 'lines', 'missed', '%',
    'branches', 'missed', '%';
my @total = (0, 0, 0, 0);
for my $file (sort keys %lines) {
	my ($seen, $taken, $all) = (0, 0, 0);

	open my $source, '<', "$src/$file" or die "$src/$file: $!\n";
	my @text = ('', <$source>);
	for my $n (sort { $a <=> $b } keys %{ $lines{$file} }) {
		my $text = $text[$n] =~ s/^\s+|\s+$//gr;

		if ($lines{$file}{$n}) {
			$seen++;
		} else {
			print $missing "$file:$n: line: $text\n";
		}
		# assert(3) has no other way out, and is there to have none
		next if $text =~ /^assert\(/;
		my $ways = $branches{$file}{$n} or next;
		my $never = grep { !$_ } values %$ways;
		$all += keys %$ways;
		$taken += keys(%$ways) - $never;
		print $missing "$file:$n: $never of " . keys(%$ways)
		    . " ways: $text\n" if $never && $lines{$file}{$n};
	}
	row($file, scalar keys %{ $lines{$file} }, $seen, $all, $taken);
	$total[0] += keys %{ $lines{$file} };
	$total[1] += $seen;
	$total[2] += $all;
	$total[3] += $taken;
}
row('all', @total);
