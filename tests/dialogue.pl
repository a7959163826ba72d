#!/usr/bin/perl
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
#
# Reads the dialogues of the test suite and judges what popin answered.  It
# shares no code with popin: what a message looks like on the wire is written
# down a second time here.
#
# A dialogue has one command per line, with the reply it must get:
#
#	STAT		=> +OK 2 30	status and the first numbers in it
#	LIST 3		=> -ERR		no response code
#	PASS wrong	=> -ERR [AUTH]	this response code
#	UIDL 1		=> =+OK 1 abc	the whole line, byte for byte
#	LIST		=> +OK
#	| 1 10				the lines of a reply that has several
#	NOOP				any reply will do
#	NOOP		=> (end)	popin has closed, there is no reply
#
# The first line may have no command: it judges the greeting.  In commands
# \xNN is a byte and \{x*N} is N times x.
#
#	dialogue.pl commands SCRIPT [LINE-END]	what the client sends
#	dialogue.pl check SCRIPT OUT		judges the replies
#	dialogue.pl body N SCRIPT OUT		body of the Nth command's reply
#	dialogue.pl messages SCRIPT OUT FILE...	STAT, LIST, RETR and TOP of the
#						messages stored in FILE...
#	dialogue.pl wire FILE			a message as the client gets it
use strict;
use warnings;

my $failed = 0;

sub complain {
	my ($text) = @_;
	$text =~ s/([^\x20-\x7e\n])/sprintf("\\x%02x", ord($1))/ge;
	print STDERR substr($text, 0, 300), "\n";
	$failed = 1;
}

sub slurp {
	my ($path) = @_;
	open(my $fh, '<:raw', $path) or die "$path: $!\n";
	local $/;
	my $bytes = <$fh>;
	return defined $bytes ? $bytes : '';
}

# Returns the steps: { command, expected, body }; the first is the greeting.
sub read_script {
	my ($path) = @_;
	my @steps = ({});
	my $first = 1;
	for my $line (split /\n/, slurp($path), -1) {
		next if $line =~ /^#/ or ($line eq '' and not $first);
		if ($line =~ s/^\| ?//) {
			push @{$steps[-1]{body}}, $line;
			next;
		}
		my ($command, $expected) =
		    $line =~ /^(.*?)\t*=> (.*)$/ ? ($1, $2) : ($line, undef);
		if ($first and $command eq '') {
			$steps[0]{expected} = $expected;
		} else {
			$command =~ s/\\x([0-9a-f]{2})/chr hex $1/gei;
			$command =~ s/\\\{(.)\*(\d+)\}/$1 x $2/ges;
			push @steps,
			    { command => $command, expected => $expected };
		}
		$first = 0;
	}
	return @steps;
}

sub has_body {
	my ($step, $status) = @_;
	return 0 unless defined $step->{command} and $status =~ /^\+OK/;
	return $step->{command} =~ /^(?:(?:LIST|UIDL|CAPA)\s*$|(?:RETR|TOP) )/i;
}

# Cuts OUT into the replies of the steps.
sub read_replies {
	my ($out, @steps) = @_;
	my $at = 0;
	for my $step (@steps) {
		last if $at >= length $$out;
		my $end = index($$out, "\n", $at);
		if ($end < 0) {
			complain('unfinished line: ' . substr($$out, $at));
			return;
		}
		my $status = substr($$out, $at, $end + 1 - $at);
		$at = $end + 1;
		$status =~ s/\r\n\z// or
		    complain("line end is not CRLF: $status");
		length $status <= 510 or complain('reply over 512 octets');
		$status =~ /[^\x20-\x7e]/ and
		    complain("bytes out of place: $status");
		$step->{status} = $status;
		next unless has_body($step, $status);
		$end = substr($$out, $at, 3) eq ".\r\n" ? $at :
		    index($$out, "\r\n.\r\n", $at) + 2;
		if ($end < $at) {
			complain("no final dot after: $status");
			return;
		}
		my $body = substr($$out, $at, $end - $at);
		$at = $end + 3;
		$body =~ /(?<!\r)\n/ and complain("bare LF after: $status");
		$body =~ /^\.(?!\.)/m and complain("bare dot after: $status");
		$body =~ s/^\.//mg;
		$step->{reply} = $body;
	}
	$at < length $$out and
	    complain('left over: ' . substr($$out, $at, 200));
}

sub matches {
	my ($status, $expected) = @_;
	return $status eq substr($expected, 1) if $expected =~ /^=/;
	my ($word, @rest) = split / /, $expected;
	return 0 unless $status =~ /^\Q$word\E(?: |$)/;
	my $code = $status =~ /^-ERR (\[[^]]*\])/ ? $1 : '';
	my $wanted = @rest && $rest[0] =~ /^\[/ ? shift @rest : '';
	return 0 if $code ne $wanted;
	return 1 unless @rest;
	my @numbers = $status =~ /\b(\d+)\b/g;
	return @numbers >= @rest && "@numbers[0 .. $#rest]" eq "@rest";
}

sub check {
	for my $step (@_) {
		my $expected = $step->{expected};
		my $what = defined $step->{command} ?
		    $step->{command} : '(connected)';
		next unless defined $expected;
		my $status = $step->{status};
		$status = '(end)' unless defined $status;
		if ($expected eq '(end)' ? $status ne '(end)' :
		    not matches($status, $expected)) {
			complain("$what\n   expected: $expected\n" .
			    "   answered: $status");
			next;
		}
		next unless $step->{body};
		my $body = join '', map { "$_\r\n" } @{$step->{body}};
		my $got = defined $step->{reply} ? $step->{reply} : '(none)';
		$body eq $got or
		    complain("$what\n   expected:\n$body   answered:\n$got");
	}
}

sub wire {
	my ($bytes) = @_;
	return '' if $bytes eq '';
	my $open = $bytes !~ /\n\z/;
	$bytes =~ s/(?<!\r)\n/\r\n/g;
	$bytes .= "\r\n" if $open;
	# without a body it gets the blank line that old clients wait for
	$bytes .= "\r\n" unless $bytes =~ /(?:\A|\n)\r\n/;
	return $bytes;
}

sub top {
	my ($wire, $count) = @_;
	return '' if $wire eq '';
	$wire =~ /\A(?:|.*?\n)\r\n/sg or die;
	my $at = pos $wire;
	while ($count-- > 0) {
		my $end = index($wire, "\n", $at);
		last if $end < 0;
		$at = $end + 1;
	}
	return substr($wire, 0, $at);
}

sub compare {
	my ($what, $got, $wanted) = @_;
	return if $got eq $wanted;
	my $at = 0;
	my $n = length $got < length $wanted ? length $got : length $wanted;
	my $xor = substr($got, 0, $n) ^ substr($wanted, 0, $n);
	$at = $xor =~ /[^\0]/ ? $-[0] : $n;
	my $from = $at > 20 ? $at - 20 : 0;
	complain("$what: differs at $at of " . length($wanted) . ", got " .
	    length($got) . ": ..." . substr($got, $from, 40) . "... not ..." .
	    substr($wanted, $from, 40) . '...');
}

sub messages {
	my ($files, @steps) = @_;
	my @wires = map { wire(slurp($_)) } @$files;
	my $total = 0;
	$total += length for @wires;
	my $seen = 0;
	for my $step (@steps) {
		my $command = $step->{command};
		next unless defined $command and defined $step->{status};
		my $reply = $step->{reply};
		if ($command =~ /^STAT$/i) {
			my $n = @wires;
			compare($command, $step->{status}, "+OK $n $total");
		} elsif ($command =~ /^LIST$/i) {
			my $n = 0;
			compare($command, $reply, join '',
			    map { ++$n . ' ' . length($_) . "\r\n" } @wires);
		} elsif ($command =~ /^RETR (\d+)$/i and defined $reply) {
			compare("$command ($files->[$1 - 1])", $reply,
			    $wires[$1 - 1]);
		} elsif ($command =~ /^TOP (\d+) (\d+)$/i and defined $reply) {
			compare("$command ($files->[$1 - 1])", $reply,
			    top($wires[$1 - 1], $2));
		} else {
			next;
		}
		$seen++;
	}
	complain('nothing was compared') unless $seen;
}

binmode STDOUT;
my $mode = shift @ARGV;
if ($mode eq 'wire') {
	print wire(slurp($ARGV[0]));
	exit 0;
}
my $number = $mode eq 'body' ? shift @ARGV : 0;
my ($script, $second, @files) = @ARGV;
my @steps = read_script($script);
if ($mode eq 'commands') {
	my $end = defined $second && $second eq 'LF' ? "\n" : "\r\n";
	print map { "$_->{command}$end" } @steps[1 .. $#steps];
	exit 0;
}
my $out = slurp($second);
read_replies(\$out, @steps);
if ($mode eq 'check') {
	check(@steps);
} elsif ($mode eq 'body') {
	my $reply = $steps[$number]{reply};
	defined $reply or die "no body in reply $number\n";
	print $reply;
} elsif ($mode eq 'messages') {
	messages(\@files, @steps);
} else {
	die "dialogue.pl: unknown mode $mode\n";
}
exit $failed;
