#!/usr/bin/perl
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
#
# What the disk of a machine may be after a cut of its power, for each moment
# between two flushes; and what popin makes of it.
#
#	cut.pl BEFORE LOG DIRECTORY KIND RECORDS POPIN
#
# BEFORE is the disk before it all, LOG what qemu's blklogwrites wrote.  For
# each flush there are two states: all that was written until then, and, of
# what was written afterwards until the next one, some on top of it.  RECORDS
# is the sector with what was acknowledged, see cut-loop.  Prints a line of
# counts.  Runs as: root, in a mount namespace of its own.
use strict;
use warnings;
no warnings 'portable';	# numbers of 64 bits
use IPC::Open2;

my ($before, $log, $dir, $kind, $records, $popin) = @ARGV;
# where the machine had it: the journal belongs to the path of the mbox
my ($disk, $state, $mnt) = ("$dir/disk", "$dir/state", '/mnt');
my ($FLUSH, $DISCARD) = (1, 4);	# flags of an entry

my $STAMP = 'From x@y Sat Jan  3 01:05:34 1996';
my ($states, $bad) = (0, 0);
$SIG{ALRM} = sub { die "no answer\n" };
$SIG{PIPE} = 'IGNORE';
srand 1;

sub run {
	system(@_) == 0 or die "cut.pl: failed: @_\n";
}

# What cut-loop's message() makes.
sub message {
	my ($i) = @_;
	return join '', "Subject: $i\r\n\r\n",
	    map { "line $_ of message $i, which is this and no other\r\n" }
	    1 .. 20 + $i * 37 % 150;
}

sub ask {
	my ($in, $out, $line) = @_;
	print $in "$line\r\n" if defined $line;
	my $reply = <$out> // '(end)';
	$reply =~ s/\r\n\z//;
	$reply =~ /^\+OK/ or die(($line // 'login') . ": $reply\n");
	return $reply;
}

# All messages that a login sees: texts.
sub fetch {
	my $path = "$mnt/anna/" . ($kind eq 'mbox' ? 'mbox' : 'Maildir');
	alarm 60;
	my $pid = open2(my $out, my $in, 'sh', '-c',
	    'exec "$@" 2>"$0"', "$dir/session.log", 'env', 'USER=anna',
	    "HOME=$mnt/anna", 'setpriv', '--reuid', 1000, '--regid', 1000,
	    '--clear-groups', $popin, '-R', 'session', '-m', "$kind:$path",
	    '--mbox-locks', 'fcntl');
	$in->autoflush(1);
	my @texts = eval {
		my @t;
		my ($n) = ask($in, $out) =~ /^\+OK (\d+)/;
		for my $i (1 .. $n) {
			ask($in, $out, "RETR $i");
			my ($text, $line) = ('', '');
			while (($line = <$out> // ".\r\n") ne ".\r\n") {
				$text .= $line;
			}
			push @t, $text;
		}
		ask($in, $out, 'QUIT');
		@t;
	};
	my $error = $@;
	close $in;
	close $out;
	waitpid $pid, 0;
	alarm 0;
	die $error if $error;
	return @texts;
}

# Every third message stays, and the first of three for five cycles.
sub judge {
	my ($delivered, $cycles, @texts) = @_;
	my %seen;

	for my $at (0 .. $#texts) {
		my $text = $texts[$at];
		my ($i) = $text =~ /^Subject: (\d+)\r\n/;

		# a delivery that was cut off is the delivery agent's
		next if $at == $#texts && (!$i || $i > $delivered) &&
		    (!$i || $text ne message($i));
		$i or die "a message without a number\n";
		$text eq message($i) or die "message $i is torn\n";
		$seen{$i}++ == 0 or die "message $i is there twice\n";
	}
	for my $i (1 .. $delivered) {
		my $cycle = int(($i + 2) / 3);
		my $deleted = $i % 3 == 0 ? 1e9 :
		    $i % 3 == 1 ? $cycle + 5 : $cycle;
		# the session that is under way may have done it
		$seen{$i} or $deleted <= $cycles + 1 or
		    die "message $i of $delivered is gone\n";
		die "message $i was deleted and is back\n"
		    if $seen{$i} && $deleted <= $cycles;
	}
}

sub look {
	my ($image, $what) = @_;
	open my $f, '<', $image or die;
	seek $f, $records * 512, 0;
	read $f, (my $record), 18;
	close $f;
	# before that nothing was promised, not even a file system
	return unless $record =~ /^(\d{8}) (\d{8})\n/;
	my ($delivered, $cycles) = ($1 + 0, $2 + 0);
	$states++;
	run('cp', '--sparse=always', $image, $state);
	my $mounted = 0;
	eval {
		run('mount', '-o', 'loop,nosuid,nodev', $state, $mnt);
		$mounted = 1;
		judge($delivered, $cycles, fetch());
		# and once more: what was finished is finished
		judge($delivered, $cycles, fetch());
	};
	if ($@) {
		$bad++;
		print STDERR "# $what ($delivered delivered, $cycles cycles): $@";
	}
	run('umount', $mnt) if $mounted;
}

sub apply {
	my ($image, @writes) = @_;
	open my $f, '+<', $image or die;
	for my $w (@writes) {
		seek $f, $w->[0], 0;
		print $f $w->[1];
	}
	close $f or die;
}

run('cp', '--sparse=always', $before, $disk);
open my $l, '<', $log or die;
read $l, (my $super), 512;
my ($magic, $version, $entries, $size) = unpack 'Q<Q<Q<L<', $super;
$magic == 0x6a736677736872 or die "cut.pl: not a log of writes\n";
seek $l, $size, 0;
my @writes;
my $flushes = 0;
while ($entries-- > 0) {
	read $l, (my $header), $size;
	my ($sector, $count, $flags, $len) = unpack 'Q<Q<Q<Q<', $header;
	if ($flags & $DISCARD) {
		push @writes, [$sector * $size, "\0" x ($count * $size)];
		next;
	}
	if ($count) {
		read $l, (my $data), $count * $size;
		push @writes, [$sector * $size, $data];
	}
	next unless $flags & $FLUSH;
	# the disk is that of the flush before this one
	my @some = grep { rand() < 0.5 } @writes;
	run('cp', '--sparse=always', $disk, "$dir/some");
	apply("$dir/some", @some);
	look("$dir/some", "after flush $flushes, some");
	apply($disk, @writes);
	@writes = ();
	look($disk, 'at flush ' . ++$flushes);
	print STDERR "-- $states states\n" if $flushes % 100 == 0;
}
print "$flushes $states $bad\n";
