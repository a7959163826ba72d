#!/usr/bin/perl
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
#
# coverage.pl SRC EXPLAINED JSON <LCOV: prints a table of what was reached of
# the files below SRC, and each line that was not, with its reason from
# EXPLAINED; on descriptor 3 every line and every branch that was not reached.
#
# Lines and functions are in LCOV.  Branches are taken from JSON, which tells
# where they are: one that is compiled into several programs is one branch.
#
# Exits with 1 if less was reached than %asked, or if a line that was not
# reached is not explained.

use strict;
use warnings;

use JSON::PP qw(decode_json);

my %asked = (lines => 95, branches => 90);
my ($src, $explained, $json) = @ARGV;
defined $json or
    die "usage: coverage.pl SRC EXPLAINED JSON <LCOV 3>UNCOVERED\n";
my (%lines, %branches, %functions, $file);

while (my $line = <STDIN>) {
	if ($line =~ /^SF:(.*)/) {
		$file = $1 =~ m{^\Q$src\E/(.*\.c)$} ? $1 : undef;
	} elsif (!defined $file) {
		next;
	} elsif ($line =~ /^FN:(\d+),(?:.*:)?(\w+)/) {
		$functions{$file}{$1} = $2;
	} elsif ($line =~ /^DA:(\d+),(\d+)/) {
		$lines{$file}{$1} += $2;
	}
}

open my $exported, '<', $json or die "$json: $!\n";
for my $f (@{ decode_json(join '', <$exported>)->{data}[0]{files} }) {
	next unless $f->{filename} =~ m{^\Q$src\E/(.*\.c)$};
	for my $branch (@{ $f->{branches} }) {
		my ($line, $column, undef, undef, $true, $false) = @$branch;

		$branches{$1}{$line}{"$column true"} += $true;
		$branches{$1}{$line}{"$column false"} += $false;
	}
}

# FILE FUNCTION: WHY, continued after a tab and "- "; below it, after a tab,
# lines of that function.  They are found by their text, as numbers change.
my (%why, %used, @order, $place);
open my $known, '<', $explained or die "$explained: $!\n";
while (my $line = <$known>) {
	next if $line =~ /^(?:#|$)/;
	chomp $line;
	if ($line =~ /^(\S+) (\w+): (.*)/) {
		$place = { file => $1, function => $2, text => $3 };
		push @order, $place;
	} elsif ($line =~ /^\t- (.*)/) {
		$place->{text} .= " $1";
	} elsif ($line =~ /^\t(.*)/) {
		$why{"$place->{file} $place->{function} $1"} = $place;
	} else {
		die "$explained: not understood: $line\n";
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

# The function that line N of FILE is in.
sub function
{
	my ($file, $n) = @_;
	my ($at) = sort { $b <=> $a } grep { $_ <= $n }
	    keys %{ $functions{$file} };

	return defined $at ? $functions{$file}{$at} : '-';
}

# llvm-cov takes the line after an assert(3) for unreached.
my $asserts = 0;
sub behind_asserts
{
	my ($file, @text) = @_;
	my $count;

	for my $n (1 .. $#text) {
		if ($text[$n] =~ /^assert\(/) {
			$asserts++;
			$count = $lines{$file}{$n} // 0;
		}
		next unless defined $count && $text[$n] =~ /;(?: \/\*.*)?$/;
		$lines{$file}{$n + 1} ||= $count
		    if defined $lines{$file}{$n + 1};
		undef $count;
	}
}

my @unexplained;
sub uncovered
{
	my ($file, $n, $text) = @_;
	my $key = "$file " . function($file, $n) . " $text";

	# a brace alone says nothing: it goes with the line above
	return if $text =~ /^[{}]+$/;
	if ($why{$key}) {
		push @{ $why{$key}{lines} }, "$n: $text";
		$used{$key} = 1;
	} else {
		push @unexplained, "$file:$n: " . function($file, $n)
		    . ": $text";
	}
}

open my $missing, '>&=3' or die "descriptor 3: $!\n";
printf "%-28s %6s %6s %6s %8s %6s %6s\n", 'file', 'lines', 'missed', '%',
    'branches', 'missed', '%';
my @total = (0, 0, 0, 0);
for my $file (sort keys %lines) {
	my ($seen, $taken, $all) = (0, 0, 0);

	open my $source, '<', "$src/$file" or die "$src/$file: $!\n";
	my @text = ('', map { s/^\s+|\s+$//gr } <$source>);
	behind_asserts($file, @text);
	for my $n (sort { $a <=> $b } keys %{ $lines{$file} }) {
		my $text = $text[$n];

		if ($lines{$file}{$n}) {
			$seen++;
		} else {
			print $missing "$file:$n: line: $text\n";
			uncovered($file, $n, $text);
		}
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
print "\nNot among the branches: $asserts assert(3), for each other way out "
    . "is a bug.\n";

print "\nNot reached, and why (tests/coverage.known):\n";
for my $p (grep { $_->{lines} } @order) {
	print "$p->{file}, $p->{function}: $p->{text}\n";
	print "\t$_\n" for @{ $p->{lines} };
}
# in this run: some lines are reached only now and then
my @reached = grep { !$used{$_} } sort keys %why;
print "\nExplained, but reached this time, or not there:\n",
    map { "\t$_\n" } @reached if @reached;
print "\nNot reached, and not explained:\n", map { "\t$_\n" } @unexplained
    if @unexplained;

my $enough = 1;
for (['lines', @total[1, 0]], ['branches', @total[3, 2]]) {
	my ($what, $reached, $all) = @$_;

	next if 100 * $reached >= $asked{$what} * $all;
	print "\nLess than $asked{$what} % of $what.\n";
	$enough = 0;
}
exit($enough && !@unexplained ? 0 : 1);
