#!/usr/bin/perl
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
#
# Delivers to an mbox with real delivery agents as fast as they can, while
# sessions fetch and delete.  In the end every message was either fetched and
# deleted by a session that was told +OK, or is in the mbox: exactly once.
#
#	delivery.pl DIR MESSAGES POPIN-COMMAND...
#
# DIR/home/mbox is the mbox, MESSAGES how many each agent delivers.  Agents
# that are not installed are left out; standard output names the others.
use strict;
use warnings;

use Cwd qw(abs_path);
use Fcntl qw(:flock :seek F_SETLKW F_WRLCK F_UNLCK);
use File::Basename qw(dirname);
use IPC::Open2;

my $here = dirname(abs_path($0));
require "$here/mbox.pl";

my ($dir, $messages, @popin) = @ARGV;
my $home = "$dir/home";
my $box = "$home/mbox";
my $user = getpwuid($<);
$SIG{PIPE} = 'IGNORE';

sub installed {
	my ($name) = @_;
	return grep { -x "$_/$name" } split(/:/, $ENV{PATH}), '/usr/sbin';
}

sub put {
	my ($path, $text) = @_;
	open(my $fh, '>', $path) or die "$path: $!";
	print $fh $text;
	close($fh) or die;
	chmod 0600, $path;
}

sub message {
	my ($id) = @_;
	my $lines = 1 + length($id) * 7 % 40;
	return "From: x\@y\nTo: a\@b\nSubject: $id\n\n" .
	    "From here on, line of $id\n.\n\n" x $lines;
}

# Gives TEXT to a command; true if that says it was delivered.
sub pipe_to {
	my ($text, @command) = @_;
	my $pid = open(my $fh, '|-');
	defined $pid or die;
	if ($pid == 0) {
		open(STDOUT, '>', '/dev/null');
		open(STDERR, '>>', "$dir/agents.log");
		exec(@command) or exit 127;
	}
	print $fh $text;
	close($fh);
	return $? == 0;
}

# Delivers as a script of an administrator's may: with an fcntl lock alone.
sub by_hand {
	my ($text) = @_;
	my $lock = pack('s s x4 q q l x4', F_WRLCK, 0, 0, 0, 0);
	open(my $fh, '>>', $box) or die;
	fcntl($fh, F_SETLKW, $lock) or die "fcntl: $!";
	print $fh 'From hand@here ' . localtime() . "\n$text\n";
	close($fh) or die;
	return 1;
}

my %agents = (hand => \&by_hand);
if (installed('procmail')) {
	put("$home/procmailrc", "MAILDIR=$home\nLOCKSLEEP=1\n:0:\nmbox\n");
	$agents{procmail} = sub {
		return pipe_to($_[0], 'procmail', '-f', 'p@here',
		    "$home/procmailrc");
	};
}
if (installed('maildrop') && defined $user) {
	put("$home/filter", "LOCKSLEEP=1\nto \"$box\"\n");
	$agents{maildrop} = sub {
		return pipe_to($_[0], 'maildrop', '-f', 'm@here',
		    "$home/filter");
	};
}
if (installed('exim4') && defined $user && $user eq 'Debian-exim') {
	my $exim = (map { "$_/exim4" } installed('exim4'))[0];
	my $spool = "$dir/spool";
	mkdir $spool;
	put("$dir/exim.conf", <<"EOT");
keep_environment =
spool_directory = $spool
log_file_path = $spool/%slog
primary_hostname = here.example
deliver_drop_privilege = true
begin routers
all:
  driver = accept
  transport = box
begin transports
box:
  driver = appendfile
  file = $box
  user = $user
  group = $user
  mode = 0600
  lock_retries = 100
  lock_interval = 1s
begin retry
* * F,1h,1s
EOT
	chmod 0644, "$dir/exim.conf";
	# exim delivers what it accepts, now or later; -oi: a dot ends no mail
	$agents{exim} = sub {
		return pipe_to($_[0], $exim, '-C', "$dir/exim.conf", '-oi', '-odf',
		    'x@here.example');
	};
	$agents{later} = sub {
		for (1 .. 20) {
			pipe_to('', $exim, '-C', "$dir/exim.conf", '-qff');
			my @left = glob "$spool/input/*-H";
			return unless @left;
			sleep 1;
		}
	};
}
my $later = delete $agents{later};

sub deliver_all {
	my ($name, $how) = @_;
	my $tries = 0;
	for my $i (1 .. $messages) {
		until ($how->(message("$name-$i"))) {
			++$tries < 300 or die "$name does not deliver\n";
			select(undef, undef, undef, 0.1);
		}
	}
}

# --- sessions

my (%fetched, $sessions, $updates);

sub line {
	my ($fh) = @_;
	my $line = <$fh>;
	return defined $line ? $line : '';
}

# Returns the Subject of message N, which tells what message it is, or ''.
sub subject_of {
	my ($in, $out, $n) = @_;
	my $subject = '';
	print $in "TOP $n 0\r\n";
	line($out) =~ /^\+OK/ or return '';
	while ((my $line = line($out)) ne ".\r\n") {
		return '' if $line eq '';
		$subject = $1 if $line =~ /^Subject: (\S+)\r$/;
	}
	return $subject;
}

sub one_session {
	my $pid = open2(my $out, my $in, @popin);
	$in->autoflush(1);
	my ($n) = line($out) =~ /^\+OK (\d+)/;
	$sessions++;
	my @deleted;
	if (defined $n) {
		for my $i (1 .. ($n > 200 ? 200 : $n)) {
			next if rand() < 0.4;
			my $subject = subject_of($in, $out, $i) or next;
			print $in "DELE $i\r\n";
			push @deleted, $subject if line($out) =~ /^\+OK/;
		}
	}
	if (rand() < 0.9) {
		print $in "QUIT\r\n";
		if (line($out) =~ /^\+OK/ && @deleted) {
			$fetched{$_}++ for @deleted;
			$updates++;
		}
	} elsif (rand() < 0.3) {
		kill 'KILL', $pid;
	}
	close $in;
	close $out;
	waitpid $pid, 0;
}

my %pids;
for my $name (sort keys %agents) {
	my $pid = fork();
	defined $pid or die;
	if ($pid == 0) {
		deliver_all($name, $agents{$name});
		exit 0;
	}
	$pids{$pid} = $name;
}
my $failed = 0;
$sessions = $updates = 0;
while (%pids) {
	one_session();
	# agents that find a lock sleep for seconds; give them a chance
	select(undef, undef, undef, 0.03);
	for my $pid (keys %pids) {
		next unless waitpid($pid, 1) == $pid;
		$failed = 1 if $? != 0;
		delete $pids{$pid};
	}
}
$later->() if defined $later;

# --- the count

open(my $fh, '<:raw', $box) or die;
local $/;
for my $m (messages(scalar <$fh>)) {
	my ($subject) = $m->[1] =~ /^Subject: (\S+)$/m;
	$fetched{defined $subject ? $subject : "no subject"}++;
	(my $text = $m->[1]) =~ s/^.*?(?=^From: x)//ms;
	$text =~ s/^(?:Message-Id|Date|Sender|Return-Path)[^\n]*\n//img;
	$text =~ s/^>From/From/mg;
	$text =~ s/\n+\z//;
	(my $wanted = message($subject)) =~ s/\n+\z//;
	if ($text ne $wanted) {
		print "$subject is not what was sent\n";
		$failed = 1;
	}
}
for my $name (sort keys %agents) {
	for my $i (1 .. $messages) {
		my $n = delete $fetched{"$name-$i"} || 0;
		next if $n == 1;
		print "$name-$i is there $n times\n";
		$failed = 1;
	}
}
for my $rest (sort keys %fetched) {
	print "$rest was never sent\n";
	$failed = 1;
}
print "agents: @{[sort keys %agents]}; $messages messages each, ",
    "$sessions sessions, $updates deleted\n";
exit $failed;
