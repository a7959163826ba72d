#!/usr/bin/perl
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
#
# Plays a program that wraps popin and starts TLS on demand, and its client,
# without real TLS.  What is under TLS goes over other descriptors (ucspi), or
# over the same ones after the switch (tlswrapper).
#
#	wrapper.pl ucspi|tlswrapper|tlswrapper-new COMMAND... <SCRIPT
#
# The script, judged as it goes:
#
#	USER anna	=> +OK		a command; status, and code, of the reply
#			=> +OK		a reply without a command
#	APOP anna {secret}		{} is the digest of the password in it
#	@capa TAG yes|no		is the line TAG among the capabilities?
#	@send TEXT			raw octets (\r, \n)
#	@switch				the wrapper switches to TLS
#	@switch TEXT			the same, but first it passes TEXT on
#	@answer BYTE			tlswrapper-new: acknowledge with BYTE
#	@hang up			the wrapper ends instead
#	@run COMMAND			a shell command; $POPIN is the pid
#	@close				the client closes
#	@end				popin has closed, and sent nothing more
use strict;
use warnings;
use Digest::MD5 qw(md5_hex);
use IO::Handle;
use POSIX ();
use Socket;

$^F = 1000;	# nothing is close-on-exec
$SIG{PIPE} = 'IGNORE';
$SIG{ALRM} = sub { die "wrapper.pl: no answer\n" };
alarm 60;

my ($dialect, @command) = @ARGV;
my (%theirs, %ours);

sub channel {
	my ($name, $to, $from) = @_;
	pipe(my $r, my $w) or die;
	($theirs{$name}, $ours{$name}) = $to ? ($r, $w) : ($w, $r);
	# as if popin's user had started the wrapper
	chown $ENV{TEST_UID}, $ENV{TEST_UID}, $r if $> == 0 && $ENV{TEST_UID};
}

if ($dialect eq 'ucspi') {
	socketpair(my $a, my $b, AF_UNIX, SOCK_STREAM, 0) or die;
	@theirs{'in', 'out'} = ($a, $a);
	@ours{'in', 'out'} = ($b, $b);
	channel('tls_in', 1);
	channel('tls_out', 0);
} else {
	channel('in', 1);
	channel('out', 0);
}
channel('control', 0);
channel('ack', 1) if $dialect eq 'tlswrapper-new';

my %number = $dialect eq 'ucspi' ?
    (in => 0, out => 1, control => 17, tls_in => 9, tls_out => 4) :
    (in => 0, out => 1, control => 5);
$number{ack} = 6 if $theirs{ack};
my $pid = fork;
if ($pid == 0) {
	# first to high numbers, since the low ones may be in use
	POSIX::dup2(fileno $theirs{$_}, 100 + $number{$_}) for keys %number;
	POSIX::close($_) for 3 .. 99;
	POSIX::dup2(100 + $_, $_) for values %number;
	# two descriptors that are not for popin
	POSIX::dup2(2, 18);
	POSIX::dup2(2, 7);
	POSIX::close($_) for 101 .. 200;
	POSIX::close(100);
	@ENV{qw(SSLCTLFD SSLREADFD SSLWRITEFD)} = (17, 9, 4)
	    if $dialect eq 'ucspi';
	exec @command or POSIX::_exit(127);
}
close $theirs{$_} for keys %theirs;
$ours{$_}->autoflush(1) for keys %ours;
my ($to, $from) = @ours{'in', 'out'};
my $line_number = 0;
my $greeter = 0;
my $timestamp = ''; # of the greeting, for APOP

sub fail {
	print STDERR "wrapper.pl: line $line_number: @_\n";
	kill 'KILL', $pid;
	exit 1;
}

sub hear {
	my $line = <$from>;
	return '(end)' unless defined $line;
	$line =~ s/\r\n\z// or fail("bad line end: $line");
	return $line;
}

sub judge {
	my ($what, $reply, $expected) = @_;
	my $short = $reply =~ /^(\+OK|-ERR(?: \[[^]]*\])?)/ ? $1 : $reply;
	$short eq $expected or fail("$what: $reply, not $expected");
}

sub control_byte {
	my $n = sysread $ours{control}, my $byte, 2;
	return defined $n ? $byte : '';
}

# popin's child: the login process.
sub login {
	my ($child) = split ' ', `pgrep -P $pid`;
	return $child || 0;
}

# A handshake takes some time.  This one takes until there is a new login.
sub handshake {
	for (1 .. 600) {
		my $now = login();
		return if $now && $now != $greeter;
		select undef, undef, undef, 0.05;
	}
	fail('no fresh login');
}

sub switch {
	if ($dialect eq 'ucspi') {
		control_byte() eq 'y' or fail('no y');
		($to, $from) = @ours{'tls_in', 'tls_out'};
	} elsif ($dialect eq 'tlswrapper-new') {
		control_byte() eq "\0" or fail('no zero byte');
		my $answer = @_ ? $_[0] : "\0";
		syswrite $ours{ack}, $answer;
	} else {
		my $rest = <$from>;
		fail("after the answer: $rest") if defined $rest;
		$from = $ours{out};
		close $ours{control};
	}
}

# With tlswrapper the reply to STLS comes on the control pipe.
sub before {
	$from = $ours{control}
	    if $_[0] =~ /^STLS/ && $_[1] eq '+OK' && $dialect eq 'tlswrapper';
}

while (<STDIN>) {
	$line_number++;
	chomp;
	next if /^(?:#|$)/;
	if (/^(.*?)\t*=> (.*)$/) {
		my ($command, $expected) = ($1, $2);
		before($command, $expected);
		$command =~ s/\{(.+)\}$/md5_hex("$timestamp$1")/e;
		print $to "$command\r\n" if $command ne '';
		my $reply = hear();
		judge($command, $reply, $expected);
		$timestamp ||= $1 if $reply =~ /(<\S+>)$/;
		$greeter ||= login();
	} elsif (/^\@capa (.+) (\S+)$/) {
		my ($tag, $wanted) = ($1, $2);
		my ($line, %tags);
		print $to "CAPA\r\n";
		judge('CAPA', hear(), '+OK');
		$tags{$line} = 1 while ($line = hear()) ne '.';
		($tags{$tag} ? 'yes' : 'no') eq $wanted or
		    fail("CAPA: $tag is not $wanted");
	} elsif (/^\@send (.*)$/) {
		(my $text = $1) =~ s/\\r\\n/\r\n/g;
		print $to $text;
	} elsif (/^\@switch ?(.*)$/) {
		(my $text = $1) =~ s/\\r\\n/\r\n/g;
		print {$ours{in}} $text if $text ne '';
		switch();
		handshake() if $dialect ne 'ucspi' && $text eq '';
	} elsif (/^\@answer (.*)$/) {
		switch($1);
	} elsif (/^\@hang up$/) {
		close $ours{$_} for keys %ours;
		waitpid $pid, 0;
		exit($? >> 8);
	} elsif (/^\@run (.*)$/) {
		local $ENV{POPIN} = $pid;
		system('sh', '-c', $1) == 0 or fail("failed: $1");
	} elsif ($_ eq '@close') {
		close $ours{$_} for grep { /in$/ } keys %ours;
	} elsif ($_ eq '@end') {
		for my $fd (grep { /out$/ } keys %ours) {
			$from = $ours{$fd};
			my $rest = hear();
			$rest eq '(end)' or fail("still there: $rest");
		}
	} else {
		fail("not understood: $_");
	}
}
if ($dialect eq 'ucspi') {
	shutdown $ours{in}, 1;
	close $ours{tls_in};
} else {
	close $ours{in};
}
waitpid $pid, 0;
print "status: ", $? >> 8, "\n";
