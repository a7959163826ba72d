#!/usr/bin/perl
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
#
# Reads and makes mboxes for the test suite.  It shares no code with popin:
# what a message of an mbox is is written down a second time here.
#
#	mbox.pl split MBOX DIR	each message to a file DIR/0001...
#	mbox.pl random SEED	an mbox full of traps
#	mbox.pl plain N [SIZE]	N messages of about SIZE bytes, for counting
use strict;
use warnings;

sub read_file {
	my ($path) = @_;
	open(my $fh, '<:raw', $path) or die "$path: $!\n";
	local $/;
	my $bytes = <$fh>;
	return defined $bytes ? $bytes : '';
}

my $day = qr/(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)/;
my $month = qr/(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)/;
my $date = qr/ $day $month [ 0123]\d \d\d:\d\d(?::\d\d)?/;
my $from = qr/From [^\n]*$date(?: [^ \r\n]+){0,2} \d{4}(?=[ \r\n])[^\n]*\n/;

# Returns [ where the From_ line begins, message ] of each.
sub messages {
	my ($bytes) = @_;
	my (@starts, @found);
	push @starts, 0 if $bytes =~ /\A$from/;
	while ($bytes =~ /\n\r?\n(?=($from))/g) {
		push @starts, pos $bytes;
		# the blank line may be the end of another
		pos($bytes) -= 1;
	}
	for my $i (0 .. $#starts) {
		my $end = $i < $#starts ? $starts[$i + 1] : length $bytes;
		my $all = substr($bytes, $starts[$i], $end - $starts[$i]);
		my ($line, $message) = $all =~ /\A([^\n]*\n)(.*)\z/s;
		# the separator: the last line, if it is blank
		$message =~ s/(\A|\n)\r?\n\z/$1/;
		push @found, [ $starts[$i], $message ];
	}
	return @found;
}

# c-client's own data is no mail.
sub is_internal {
	my ($message) = @_;
	my ($header) = $message =~ /\A(.*?\n)(?:\r?\n|\z)/s;
	return defined $header && $header =~ /^X-IMAP(?:BASE)?:/mi &&
	    $header =~ /^Subject: DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA/mi;
}

sub split_mbox {
	my ($path, $dir) = @_;
	my @messages = messages(read_file($path));
	shift @messages if @messages && is_internal($messages[0][1]);
	for my $i (0 .. $#messages) {
		open(my $fh, '>:raw', sprintf('%s/%06d', $dir, $i + 1)) or die;
		print $fh $messages[$i][1];
		close($fh) or die;
	}
}

sub pick {
	return $_[int rand @_];
}

# A line that is nearly what ends a message.
sub trap {
	my ($end) = @_;
	my $stamp = 'Sat Jan  3 01:05:34 1996';
	return pick("From nobody$end", "From  $end", "from a\@b $stamp$end",
	    ">From a\@b $stamp$end", " From a\@b $stamp$end", "F$end",
	    "From a\@b Sat Jan  3 1996$end", "From a\@b $stamp$end",
	    "From: a\@b $stamp$end", "From a\@b Sat Jan  3 1:05:34 1996$end",
	    "From a\@b Xxx Jan  3 01:05:34 1996$end", "From$end",
	    ".$end", "..$end", "\0\0$end", "\r$end", "a\rb$end",
	    "Content-Length: 5$end", "\xff\xfe$end", "x" x int(rand 3000) . $end);
}

sub from_line {
	my ($end) = @_;
	return 'From ' . pick('', 'a@b', '"x y"@z', 'MAILER-DAEMON', 'a:b@c') .
	    ' ' . pick('Sat', 'Mon') . ' Jan ' . pick(' 3', '03', '23') . ' ' .
	    pick('01:05', '01:05:34') . ' ' .
	    pick('1996', 'EST 1996', 'MET DST 1996', '1996 remote from x',
	    '1996 +0100') . $end;
}

sub random_mbox {
	srand shift;
	my $end = pick("\n", "\n", "\r\n");
	my $n = int rand 12;
	my $out = '';
	for my $i (0 .. $n) {
		$out .= from_line($end);
		for (1 .. rand 5) {
			$out .= pick("Subject: $i$end", "Status: RO$end",
			    "Content-Length: 99999$end", "X: y$end\tz$end",
			    "Received: by x$end");
		}
		last if $i == $n && rand() < 0.1;
		$out .= $end if rand() < 0.9;
		for (1 .. rand 8) {
			$out .= pick(trap($end), "text $_$end", $end, $end,
			    trap(pick("\n", "\r\n")));
		}
		if ($i == $n) {
			$out .= pick('', $end, 'open', "open\r", "\r", "$end$end");
		} else {
			$out .= $end;
		}
	}
	print $out;
}

sub plain_mbox {
	my ($n, $size) = @_;
	for my $i (1 .. $n) {
		print "From a\@b Sat Jan  3 01:05:34 1996\nSubject: $i\n" .
		    "Message-ID: <$i\@plain>\n\n";
		my $line = "line of message $i\n";
		print $line x ($size / length($line) + 1), "\n";
	}
}

sub main {
	my ($mode, @rest) = @_;
	binmode STDOUT;
	if ($mode eq 'split') {
		split_mbox(@rest);
	} elsif ($mode eq 'random') {
		random_mbox(@rest);
	} elsif ($mode eq 'plain') {
		plain_mbox($rest[0], $rest[1] || 200);
	} else {
		die "mbox.pl: unknown mode $mode\n";
	}
}

main(@ARGV) unless caller;
1;
