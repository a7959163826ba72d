#!/usr/bin/perl
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
#
# Reads and makes mboxes for the test suite.  It shares no code with popin, and
# decides by itself where a message of an mbox begins and ends.
#
#	mbox.pl split MBOX DIR	each message to a file DIR/000001...
#	mbox.pl random SEED	an mbox full of lines like From_ lines
#	mbox.pl plain N [SIZE]	N messages of about SIZE bytes, for counting
use strict;
use warnings;

use Time::Local qw(timegm);

sub read_file {
	my ($path) = @_;
	open(my $fh, '<:raw', $path) or die "$path: $!\n";
	local $/;
	my $bytes = <$fh>;
	return defined $bytes ? $bytes : '';
}

my $letter = qr/[A-Za-z\x80-\xff]/;
my $day = qr/(?i:Mon|Tue|Wed|Thu|Fri|Sat|Sun)(?!$letter)/;
my $month = qr/(?i:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)(?!$letter)/;
my $mday = qr/\d\d?(?!\d)/;
my $time = qr/\d\d?:\d\d(?!\d)(?::\d\d(?!\d))?/;
my $year = qr/(?:\d{4}|\d\d)(?![\d:])(?!$letter)/;
my $zone = qr/[A-Z+:()-][A-Z0-9+:()-]*(?=\s|\z)/;
my $sender = qr/(?:(?:"(?:[^"\\]|\\.)*"|[^"\s])*|[^"\s]+ +at +[^"\s]+)/;
my $end = qr/(?:\s+$zone){0,3}(?:\s+remote from .+)?/;
my $date = qr/$day,?\s+(?:$month\s+$mday\s+$time(?:\s+$zone){0,2}\s+$year|$mday\s+$month\s+$year\s+$time)/;

# kind LINE, which begins with "From ": returns 2 if it is complete, 1 if it is
# odd, 0 if it is no From_ line, and its time.  Lines in other languages, and
# lines that lack something, are in tests/from-lines.
sub kind {
	my ($line) = @_;
	$line =~ s/\s+\z//;
	return 1 if $line eq 'From';
	$line =~ s/\AFrom//;
	return 0 if $line =~ /\A (?:[0-9a-f]{64}|[0-9a-f]{40}) Mon Sep 17 00:00:00 2001\z/i;
	return (2, time_of($1)) if $line =~ /\A $sender\s+($date)$end\z/ ||
	    $line =~ /\A\s+($date)$end\z/;
	return (1, time_of($1)) if $line =~ /\A $sender\s+($date)/ ||
	    $line =~ /\A\s+($date)/ || $line =~ /\s($date)$end\z/;
	return 0;
}

sub time_of {
	my ($date) = @_;
	my ($name) = $date =~ /($month)/;
	my ($hour, $minute, $second) = $date =~ /(\d+):(\d\d)(?::(\d\d))?/;
	my ($n, $y) = $date =~ s/\d+:[\d:]+//r =~ /(\d+).*?(\d+)\s*\z/;
	$y += $y < 70 ? 2000 : 1900 if $y < 100;
	my $m = index('JanFebMarAprMayJunJulAugSepOctNovDec',
	    ucfirst lc $name) / 3;
	return timegm(0, 0, 0, 1, $m, $y) + ($n - 1) * 86400 + $hour * 3600 +
	    $minute * 60 + ($second || 0);
}

# header BYTES AT: returns where the body begins behind the header at AT, and
# where it ends by its Content-Length; -1 for what is missing.
sub header {
	my ($bytes, $at) = @_;
	my $length = -1;
	for (my $eol; ($eol = index($$bytes, "\n", $at)) >= 0; $at = $eol + 1) {
		my $line = substr($$bytes, $at, $eol - $at);
		if ($line eq '' || $line eq "\r") {
			my $body = $eol + 1;
			return ($body, $length < 0 ? -1 : $body + $length);
		}
		$length = $1 eq '' ? -1 : $1
		    if $line =~ /\AContent-Length:[ \t]*(\d*)/i;
	}
	return (-1, -1);
}

# Is NEXT a whole header without a trace field, so not of mail that was sent?
my $trace = qr/Received|Return-Path|Delivered-To|Envelope-To|X-Original-To/i;
sub is_untraced {
	my ($next) = @_;
	my ($header) = substr($next, 0, 4096) =~ /\A((?:(?!\r?\n)[^\n]*\n)*)\r?\n/;
	return defined $header && $header !~ /^$trace:/m;
}

# Does the file end at AT, or a message begin there?
sub is_exact {
	my ($bytes, $at) = @_;
	return 0 if $at > length $$bytes;
	my $rest = substr($$bytes, $at, 4096);
	$rest =~ s/\A\r?\n//;
	return 1 if $rest eq '' && $at + 4096 > length $$bytes;
	return 0 unless $rest =~ /\A(From [^\n\0]*\n)/;
	my ($kind) = kind($1);
	return $kind == 2;
}

# Does the line at $at, which begins with "From ", begin the next message?
sub begins {
	my ($bytes, $at, $m) = @_;
	my $line = substr($$bytes, $at, 128 * 1024);
	return 0 unless $line =~ s/\A([^\n\0]*\n).*\z/$1/s;
	my ($kind, $time) = kind($line);
	return 0 if $kind == 0;
	my $before = substr($$bytes, $at - 3, 3);
	my $next = substr($$bytes, $at + length $line, 4096);
	my $header = $next =~ /\A(?:>From |[!-9;-~]{1,255}:)/;
	if (($at < $m->{body} || $m->{body} < 0) && $before !~ /\0\z/) {
		return 0;
	} elsif ($before =~ /\n\r?\n\z/) {
		return 0 unless $kind == 2 || $header;
	} else {
		return 0 unless $kind == 2 && $header;
	}
	return 1 if $at < $m->{body} || $at >= $m->{until};
	# is it a part of the message by its Content-Length?
	if ($header || $next =~ /\A\r?\n/) {
		return 1 if !$time || !$m->{time} || $time > $m->{time};
		return 1 if $time + 2 * 86400 > $m->{time} &&
		    !is_untraced($next);
	}
	return !is_exact($bytes, $m->{until});
}

# messages BYTES: returns [ where its From_ line begins, message ] for each.
sub messages {
	my ($bytes) = @_;
	my (@starts, @lines, @found, $m);
	while ($bytes =~ /(?:\A[\r\n\0]*|[\n\0])\KFrom (?=([^\n]*\n?))/g) {
		my $at = $-[0];
		next if @starts && !begins(\$bytes, $at, $m);
		my $content = $at + 5 + length $1;
		my $line = "From $1";
		if (@starts == 0 && $line =~ /\0(?=From )/) {
			my ($kind) = $line =~ /.*\0(From [^\0]*\n)/s ? kind($1) : 0;
			my $next = substr($bytes, $at + length $line, 300);
			$content = $at + rindex($line, "\0") + 1 if $kind == 2 &&
			    $next =~ /\A(?:>From |[!-9;-~]{1,255}:)/;
		}
		my ($body, $until) = header(\$bytes, $content);
		$m = { body => $body, until => $until,
		    time => (kind($line))[1] };
		push @starts, $at;
		push @lines, $content - $at;
	}
	return () unless @starts && $bytes =~ /\A[\r\n\0]*From /;
	for my $i (0 .. $#starts) {
		my $end = $i < $#starts ? $starts[$i + 1] : length $bytes;
		my $message = substr($bytes, $starts[$i] + $lines[$i],
		    $end - $starts[$i] - $lines[$i]);
		# the last line is the separator, if it is blank
		$message =~ s/(\A|\n)\r?\n\z/$1/;
		push @found, [ $starts[$i], $message ];
	}
	return @found;
}

# c-client's own data is no mail.
sub is_internal {
	my ($message) = @_;
	my ($header) = $message =~ /\A(.*?\n)(?:\r?\n|\z)/s;
	return defined $header && $header !~ /^$trace:/m &&
	    $header =~ /^X-IMAP(?:BASE)?:/mi &&
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

# A line that is nearly a From_ line, or is odd in another way.
sub trap {
	my ($end) = @_;
	my $stamp = 'Sat Jan  3 01:05:34 1996';
	return pick("From nobody$end", "From  $end", "from a\@b $stamp$end",
	    ">From a\@b $stamp$end", " From a\@b $stamp$end", "F$end",
	    "From a\@b Sat Jan  3 1996$end", "From a\@b $stamp$end",
	    "From: a\@b $stamp$end", "From a\@b Sat Jan  3 1:05:34 1996$end",
	    "From a\@b Xxx Jan x 01:05:34 1996$end", "From$end",
	    "From " . '0123456789' x 4 . " Mon Sep 17 00:00:00 2001$end",
	    "From here on, $stamp it was$end", "\0\0From a\@b $stamp$end",
	    "From a\@b $stamp$end" . "A: b$end", "From what $stamp$end",
	    "From a\@b Sat Jan  3 01:05:34 1996 on$end",
	    "From c\@d Sat Jan 23 01:05:34 1996${end}Received: x$end",
	    ".$end", "..$end", "\0\0$end", "\r$end", "a\rb$end",
	    "Content-Length: 5$end", "\xff\xfe$end", "x" x int(rand 3000) . $end);
}

sub from_line {
	my ($end) = @_;
	return 'From ' . pick('a@b Sat, 3 Jan 1996 01:05:34 +0000',
	    'a@b  ' . 'x' x 2000 . ' Sat Jan  3 01:05:34 1996') . $end
	    if rand() < 0.1;
	return 'From ' . pick('', 'a@b', '"x y"@z', 'MAILER-DAEMON', 'a:b@c') .
	    ' ' . pick('Sat', 'mon') . ' Jan ' .
	    pick(' 3', '03', '23', '3') . ' ' .
	    pick('01:05', '01:05:34', '1:05:34') . ' ' .
	    pick('1996', 'EST 1996', 'MET DST 1996', '1996 remote from x',
	    '1996 +0100', '96', '+0100 1996') . $end;
}

# Changes a Content-Length so that it ends where a From_ line or the file does.
sub right_length {
	my ($bytes) = @_;
	my @ends = (length $bytes);
	push @ends, $-[0] while $bytes =~ /^From /mg;
	if ($bytes =~ /Content-Length: (\d+)(?=\r?\n.*?\n\r?\n)/sg) {
		my ($at, $length) = ($-[1], length $1);
		my ($body) = header(\$bytes, $at);
		my $n = $ends[rand @ends] - $body;
		$n -= pick(0, 1);
		substr($bytes, $at, $length) = sprintf "%0${length}d", $n
		    if $body >= 0 && $n >= 0 && length $n <= $length;
	}
	return $bytes;
}

sub random_mbox {
	srand shift;
	my $end = pick("\n", "\n", "\r\n");
	my $n = int rand 12;
	my $out = '';
	for my $i (0 .. $n) {
		$out .= pick($end, "\0") if $i == 0 && rand() < 0.2;
		$out .= from_line($end);
		for (1 .. rand 5) {
			$out .= pick("Subject: $i$end", "Status: RO$end",
			    "Content-Length: 99999$end", "X: y$end\tz$end",
			    "Content-Length: " . int(rand 400) . $end,
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
			$out .= pick($end, $end, $end, "\0" x 9, '');
		}
	}
	print right_length($out);
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
