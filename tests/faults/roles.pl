#!/usr/bin/perl
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
#
# What happens when any system call of any role goes wrong.
#
#	roles.pl POPIN UNCAGED CHECKPASSWORD [--seconds N] [ROLE...]
#
# The whole of popin, started by root, serves a login that deletes a message.
# At each system call of each role in turn the process is killed or told to
# end, the call fails (ENOMEM, EMFILE, EAGAIN, EINTR, EIO, ENOSPC, EPERM), or
# moves half of its bytes.  UNCAGED is popin without a sandbox: a seccomp
# filter would see the system call that was taken away.
#
# Whatever happened: popin ends, and leaves no process; nothing of root's ever
# reads the client; what was not deleted is there, byte for byte; what was
# confirmed to be deleted is gone, and what was not confirmed to be marked is
# there; no message is sent cut off and yet with its end; the next login works.
#
# With --seconds points are left out evenly.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use Time::HiRes qw(time);

my $here = dirname(abs_path($0));
my $LIMIT = 60;
my ($UID, $LOGIN_UID) = (54321, 54320);
my @roles = qw(monitor login checker session);
my @actions = qw(kill term ENOMEM EMFILE EAGAIN EINTR EIO ENOSPC EPERM short);

my (@programs, @wanted, $seconds);
while (@ARGV) {
	my $word = shift @ARGV;
	if ($word eq '--seconds') {
		$seconds = shift @ARGV;
	} elsif (@programs < 3) {
		push @programs, abs_path($word);
	} else {
		push @wanted, $word;
	}
}
@programs == 3 or die "usage: roles.pl POPIN UNCAGED CHECKPASSWORD " .
    "[--seconds N] [ROLE...]\n";
$> == 0 or die "roles.pl: only root has all the roles\n";
@wanted = @roles unless @wanted;

$SIG{TERM} = $SIG{INT} = sub { exit 1 }; # and clean up
my $dir = tempdir(CLEANUP => 1);
chmod 0755, $dir;
mkdir "$dir/$_" or die for qw(bin uncaged jail home);
chmod 0755, map { "$dir/$_" } qw(bin uncaged jail home);
for ([ $programs[0], 'bin/popin' ], [ $programs[1], 'uncaged/popin' ],
    [ $programs[2], 'bin/popin-checkpassword' ],
    [ $programs[2], 'uncaged/popin-checkpassword' ]) {
	system('cp', $_->[0], "$dir/$_->[1]") == 0 or die;
	chmod 0755, "$dir/$_->[1]";
}
system('cc', '-O1', '-w', '-o', "$dir/inject", "$here/inject.c") == 0
    or die "roles.pl: cannot build inject.c\n";
my $maildir = "$dir/home/Maildir";
put("$dir/passwd", "anna:{PLAIN}secret:$UID:$UID\::$dir/home::\n");
chmod 0600, "$dir/passwd";
put("$dir/in", join '', map { "$_\r\n" } 'USER anna', 'PASS secret', 'DELE 1',
    'RETR 2', 'QUIT');
put("$dir/next", join '', map { "$_\r\n" } 'USER anna', 'PASS secret', 'QUIT');
mkdir $_ or die for $maildir, map { "$maildir/$_" } qw(new cur tmp);
my %messages = map { ("$_.m.here" => "Subject: $_\n\n" . "text of $_\n" x 99) }
    1 .. 3;
my $wire = $messages{'2.m.here'} =~ s/\n/\r\n/gr;
my ($log, %table) = ('');
my $violations = 0;

sub put {
	my ($path, $bytes) = @_;
	open(my $fh, '>:raw', $path) or die "$path: $!";
	print $fh $bytes;
	close($fh) or die;
}

sub slurp {
	my ($path) = @_;
	open(my $fh, '<:raw', $path) or return '';
	local $/;
	return <$fh> // '';
}

sub restore {
	unlink glob "$maildir/*/*";
	put("$maildir/new/$_", $messages{$_}) for keys %messages;
	system('chown', '-R', "$UID:$UID", $maildir);
}

# Runs a command with IN; returns what it wrote and what inject reports, or
# nothing if it did not end.
sub run {
	my ($in, @command) = @_;
	my $pid = fork() // die;
	if ($pid == 0) {
		setpgrp;
		open(STDIN, '<', $in) or die;
		open(STDOUT, '>', "$dir/out") or die;
		open(STDERR, '>', "$dir/log") or die;
		exec 'sh', '-c', 'exec 9>"$0"; exec "$@"', "$dir/report",
		    @command or die;
	}
	local $SIG{ALRM} = sub { die "hangs\n" };
	my $ended = eval { alarm $LIMIT; waitpid $pid, 0; alarm 0; 1 };
	alarm 0;
	kill 'KILL', -$pid unless $ended;
	waitpid $pid, 0 unless $ended;
	$log = slurp("$dir/log");
	return unless $ended;
	return (slurp("$dir/out"), slurp("$dir/report"));
}

sub popin {
	my ($where) = @_;
	return ("$dir/$where/popin", '-P', "$dir/passwd", '--user',
	    "$LOGIN_UID:$LOGIN_UID", '--jail', "$dir/jail", '--delay', '0',
	    '--testing', '--idle', '20', '--login-timeout', '10',
	    '--checker-timeout', '5');
}

# What is wrong with the outcome, or ''.
sub wrong {
	my ($out, $report) = @_;
	return 'it did not end' unless defined $out;
	return $1 if $report =~ /^(privileged .*|left \d+)$/m;
	for my $name (sort keys %messages) {
		my $there = -e "$maildir/new/$name";
		my $marked = $out =~ /^\+OK marked/m;
		if ($name !~ /^1/) {
			return "$name is gone" unless $there;
		} elsif ($marked && $out =~ /^\+OK bye/m) {
			return "$name is there after +OK" if $there;
		} elsif (!$marked) {
			return "$name is gone, unmarked" unless $there;
		}
		return "$name was changed"
		    if $there && slurp("$maildir/new/$name") ne
			$messages{$name};
	}
	return 'a message was sent cut off'
	    if $out =~ /^\+OK message follows\r\n(.*?)^\.\r\n/ms && $1 ne $wire;
	my $left = () = glob "$maildir/new/*.here";
	my ($next) = run("$dir/next", popin('bin'));
	return "the next login got " . ($next // 'nothing')
	    unless ($next // '') =~ /^\+OK $left messages/m;
	return '';
}

sub try {
	my ($role, $action, $n) = @_;
	restore();
	my ($out, $report) = run("$dir/in", "$dir/inject", $role, $action, $n,
	    popin('uncaged'));
	my $first_log = $log;
	my $wrong = wrong($out, $report);
	return ($report // '') =~ /^calls (\d+)/m ? $1 : 0, $wrong, $first_log
	    if $n == 0;
	return unless !defined $report || $report =~ /^hit/m;
	$table{$role}{$action}++;
	return if $wrong eq '';
	$violations++;
	print STDERR "# $role, call $n, $action: $wrong\n";
	print STDERR map { "#   $_\n" } split /\n/, "$first_log$log";
}

sub gcd {
	my ($a, $b) = @_;
	($a, $b) = ($b, $a % $b) while $b;
	return $a;
}

my @points;
for my $role (@wanted) {
	my ($calls, $wrong, $first_log) = try($role, 'kill', 0);
	$calls && $wrong eq '' or die "$role: $wrong\n$first_log";
	for my $action (@actions) {
		push @points, map { [ $role, $action, $_ ] } 1 .. $calls;
	}
}
# Evenly, however many there is time for: by the golden section.
my $stride = defined $seconds ? int(@points * 0.618) || 1 : 1;
$stride++ while gcd($stride, scalar @points) != 1;
my ($started, $shown, $done) = (time, time, 0);
for my $i (0 .. $#points) {
	last if defined $seconds && time - $started > $seconds;
	try(@{$points[$i * $stride % @points]});
	$done++;
	if (-t STDERR && time - $shown > 1) {
		printf STDERR "\r%d of %d, %d violations ", $done,
		    scalar @points, $violations;
		$shown = time;
	}
}
print STDERR "\r" if -t STDERR;

printf "%-8s" . " %6s" x @actions . "\n", 'role', @actions;
my $total = 0;
for my $role (@wanted) {
	my @row = map { $table{$role}{$_} // 0 } @actions;
	printf "%-8s" . " %6d" x @row . "\n", $role, @row;
	$total += $_ for @row;
}
print "$total fault points, $violations violations\n";
exit($violations ? 1 : 0);
