#!/usr/bin/perl
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
#
# Makes the states in which a power cut may leave the disk of a machine, for the
# time between each two flushes, and looks at what popin makes of them.
#
#	cut.pl DIRECTORY KIND RECORDS POPIN FILES
#
# DIRECTORY has the disk as it was before all writes, and the log of qemu's
# blklogwrites.  The disk is brought forward from flush to flush.  RECORDS is
# the sector that tells what was acknowledged, see cut-loop.  There are three
# states for each flush:
#	all writes until then;
#	all writes until the flush before, and the first of those after it, as
#	if the machine had stopped then;
#	all writes until the flush before, and some sectors of those after it,
#	as if the disk had lost the others from its cache.
#
# Mail comes to every second state before popin looks at it.  Prints a line of
# counts.  FILES.log tells which states are bad, and why.  The first such disks
# are FILES.1, .2 and .3.
# Runs as: root, in a mount namespace of its own.
use strict;
use warnings;
no warnings 'portable';	# numbers of 64 bits
use IPC::Open2;

my ($dir, $kind, $records, $popin, $files) = @ARGV;
my $name = $files =~ s,.*/,,r;
# the same path as on the machine, to which the journal belongs
my ($disk, $state, $mnt) = ("$dir/disk", "$dir/state", '/mnt');
my $maildrop = "$mnt/anna/" . ($kind eq 'mbox' ? 'mbox' : 'Maildir');
my ($FLUSH, $DISCARD) = (1, 4);	# flags of an entry
my ($SECTOR, $PAGE, $SUPERBLOCKS) = (512, 4096, 128 * 1024);

my $STAMP = 'From x@y Sat Jan  3 01:05:34 1996';
my ($BIG, $LATE) = (9, 99999);	# messages
my ($flushes, $states, $bad, $finished) = (0, 0, 0, 0);
open my $judgement, '>', "$files.log" or die "$files.log: $!";
$judgement->autoflush(1);
$SIG{ALRM} = sub { die "no answer\n" };
$SIG{PIPE} = 'IGNORE';
srand 1;

sub run {
	system(@_) == 0 or die "cut.pl: failed: @_\n";
}

# The same text as cut-loop's message().
sub message {
	my ($i) = @_;
	my $head = "Subject: $i\n\n";
	return $head . ("a line of message $i" . ' ' x 900 . "\n") x 10000
	    if $i == $BIG;
	return join '', $head,
	    map { "line $_ of message $i, which is this and no other\n" }
	    1 .. 20 + $i * 37 % 150;
}

my %made;
sub as_sent {
	my ($i) = @_;
	$made{$i} //= message($i) =~ s/\n/\r\n/gr;
	return $made{$i};
}

# ---- what popin says ----

sub ask {
	my ($in, $out, $line) = @_;
	print $in "$line\r\n" if defined $line;
	my $reply = <$out> // '(end)';
	$reply =~ s/\r\n\z//;
	$reply =~ /^\+OK/ or die(($line // 'login') . ": $reply\n");
	return $reply;
}

sub body {
	my ($out) = @_;
	my ($text, $line) = ('', '');
	while (($line = <$out> // ".\r\n") ne ".\r\n") {
		$text .= $line;
	}
	return $text;
}

sub session_log {
	open my $f, '<', "$dir/session.log" or die;
	local $/;
	return <$f>;
}

# fetch: returns the texts of all messages that a login sees.
sub fetch {
	alarm 120;
	my $pid = open2(my $out, my $in, 'sh', '-c',
	    'exec "$@" 2>"$0"', "$dir/session.log", 'env', 'USER=anna',
	    "HOME=$mnt/anna", 'setpriv', '--reuid', 1000, '--regid', 1000,
	    '--clear-groups', $popin, '-R', 'session', '-m',
	    "$kind:$maildrop", '--mbox-locks', 'fcntl');
	$in->autoflush(1);
	my @texts = eval {
		my ($n) = ask($in, $out) =~ /^\+OK (\d+)/;
		my @t;
		for my $i (1 .. $n) {
			ask($in, $out, "RETR $i");
			push @t, body($out);
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
	my $said = session_log();
	# nobody else has changed the mbox, so the journal must fit
	die $said if $said =~ /backup/;
	$finished++ if $said =~ /finishing an UPDATE/;
	return @texts;
}

# ---- what must be there ----

# deleted_in I: the cycle that deletes message I, see cut-loop.
sub deleted_in {
	my ($i) = @_;
	my $cycle = int(($i + 3) / 4);
	my $nth = $i - 4 * ($cycle - 1);
	my $at_end = $cycle % 3 == 0;
	return 1e9 if $nth == 4;
	return $cycle if $nth == ($at_end ? 3 : 2);
	return $cycle + (($cycle + 5) % 3 == 0 ? 6 : 5);
}

# numbers DELIVERED TEXT...: the numbers of the messages.  A delivery to an mbox
# that was cut off has none.  Only mail that came after the cut may follow it.
sub numbers {
	my ($delivered, @texts) = @_;
	my @numbers;
	my $torn = 0;

	for my $text (@texts) {
		my ($i) = $text =~ /^Subject: (\d+)\r\n/;
		if ($i && $text eq as_sent($i)) {
			die "message $i comes after one that is torn\n"
			    if $torn && $i <= $delivered;
			push @numbers, $i;
			next;
		}
		die "message $i is torn\n" if $i && $i <= $delivered;
		die "a message that was never sent\n" if $kind ne 'mbox';
		$torn++;
	}
	return @numbers;
}

sub judge {
	my ($delivered, $cycles, $late, @texts) = @_;
	my %seen;

	for my $i (numbers($delivered, @texts)) {
		$seen{$i}++ == 0 or die "message $i is there twice\n";
	}
	die "mail that came after the cut is gone\n" if $late && !$seen{$LATE};
	for my $i (1 .. $delivered) {
		# the session that was interrupted may have deleted it
		$seen{$i} or deleted_in($i) <= $cycles + 1 or
		    die "message $i of $delivered is gone\n";
		die "message $i was deleted and is back\n"
		    if $seen{$i} && deleted_in($i) <= $cycles;
	}
}

# ---- states ----

# deliver_late: brings mail after the cut and before a login.
sub deliver_late {
	my $to = $kind eq 'mbox' ? $maildrop : "$maildrop/new/$LATE.x";
	open my $f, '>>', $to or die "$to: $!\n";
	print $f $kind eq 'mbox' ? ("$STAMP\n", message($LATE), "\n")
	    : message($LATE);
	close $f or die;
	chown 1000, 1000, $to;
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

# look WHAT WRITE...: looks at the state of the disk after these writes.
sub look {
	my ($what, @writes) = @_;
	run('cp', $disk, $state);
	apply($state, @writes);
	open my $image, '<', $state or die;
	seek $image, $records * $SECTOR, 0;
	read $image, (my $record), 18;
	close $image;
	# without a record there may be no file system yet
	return unless $record =~ /^(\d{8}) (\d{8})\n/;
	my ($delivered, $cycles) = ($1 + 0, $2 + 0);
	my $late = $states++ % 2;
	my $mounted = 0;
	eval {
		run('mount', '-o', 'loop,nosuid,nodev', $state, $mnt);
		$mounted = 1;
		deliver_late() if $late;
		judge($delivered, $cycles, $late, fetch());
		# the next login must find the same
		judge($delivered, $cycles, $late, fetch());
	};
	my $error = $@;
	run('umount', $mnt) if $mounted;
	print STDERR "-- $name: $states states, $bad bad\n"
	    if $states % 100 == 0;
	return unless $error;
	$bad++;
	print $judgement "# $what ($delivered delivered, $cycles cycles" .
	    ($late ? ', and mail that came later' : '') . "): $error";
	return if $bad > 3;
	run('cp', $disk, "$files.$bad");
	apply("$files.$bad", @writes);
}

# parts WRITE...: the parts that a disk writes whole, which are sectors.  In the
# first pages they are larger, because ext4 (1 KiB) and btrfs (4 KiB) rely on
# superblocks that are written whole.
sub parts {
	my @parts;
	for my $w (@_) {
		my $unit = $w->[0] < $SUPERBLOCKS ? $PAGE : $SECTOR;
		for (my $at = 0; $at < length $w->[1]; $at += $unit) {
			push @parts, [$w->[0] + $at, substr $w->[1], $at, $unit];
		}
	}
	return @parts;
}

# look_at_flush WRITE...: those since the flush before, when the disk was $disk.
sub look_at_flush {
	my @writes = @_;

	# a record alone makes no states in between
	if (grep { $_->[0] < $records * $SECTOR } @writes) {
		my @parts = parts(@writes);
		my $first = int rand @parts + 1;
		my $most = (0.1, 0.5, 0.9)[rand 3];
		look("after flush $flushes, stopped", @parts[0 .. $first - 1]);
		look("after flush $flushes, some",
		    grep { rand() < $most } @parts);
	}
	apply($disk, @writes);
	look('at flush ' . ++$flushes);
}

open my $l, '<', "$dir/log" or die;
read $l, (my $super), 512;
my ($magic, $version, $entries, $size) = unpack 'Q<Q<Q<L<', $super;
$magic == 0x6a736677736872 or die "cut.pl: not a log of writes\n";
seek $l, $size, 0;
my @writes;
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
	look_at_flush(@writes);
	@writes = ();
}
print "$flushes $states $finished $bad\n";
