#!/usr/bin/perl
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
#
# Plays the client where a pipe is not enough.
#
#	wire.pl writes SCRIPT COMMAND...	prints one line per write(2) on
#						the client's descriptor
#	wire.pl socket COMMAND...		a socket on 0 and 1; stdin goes
#						in, what comes goes to stdout
#	wire.pl inetd COMMAND...		the same socket on 0, 1 and 2
#	wire.pl tcp FAMILY COMMAND...		a TCP connection on 0 and 1;
#						FAMILY is 4, 6 or mapped;
#						prints the client's port first
#	wire.pl options FAMILY COMMAND...	the same; prints the options
#						of the server's socket only
use strict;
use warnings;
use Socket qw(:DEFAULT IPPROTO_TCP TCP_NODELAY inet_pton pack_sockaddr_in6
    IPPROTO_IPV6 IPV6_V6ONLY);

$SIG{ALRM} = sub { die "wire.pl: no end\n" };
$SIG{PIPE} = 'IGNORE';
alarm 60;

sub start {
	my ($fds, $close, @command) = @_;
	my $pid = fork;
	defined $pid or die "fork: $!\n";
	return $pid if $pid;
	require POSIX;
	for my $fd (sort keys %$fds) {
		POSIX::dup2($fds->{$fd}, $fd) or die "dup2: $!\n";
	}
	POSIX::close($_) for @$close;
	exec @command or die "$command[0]: $!\n";
}

sub finish {
	my ($pid) = @_;
	waitpid $pid, 0;
	exit($? & 127 ? 128 + ($? & 127) : $? >> 8);
}

# Each line of SCRIPT is one write to popin, which popin reads at once.  In it
# \n is a line end and \{x*N} is N times x.  The line "wait N" reads replies
# until N lines have come, and prints a line for each write of popin, with | for
# a line end, and then "--".
sub writes {
	my ($script, @command) = @_;
	socketpair(my $ours, my $theirs, AF_UNIX, SOCK_SEQPACKET, PF_UNSPEC)
	    or die "socketpair: $!\n";
	my $pid = start({ 0 => fileno $theirs, 1 => fileno $theirs },
	    [ fileno $ours ], @command);
	close $theirs;
	my $receive = sub {
		my $n = sysread($ours, my $record, 1 << 20);
		return 0 unless $n;
		my $lines = $record =~ tr/\n//;
		(my $shown = $record) =~ s/\r\n/|/g;
		$shown =~ tr/\r\n/?/;
		$shown = substr($shown, 0, 200) . '...' .
		    substr($shown, -200) if length $shown > 500;
		print "$shown\n";
		return $lines;
	};
	open(my $in, '<', $script) or die "$script: $!\n";
	while (my $line = <$in>) {
		chomp $line;
		if ($line =~ /^wait (\d+)$/) {
			my $left = $1;
			while ($left > 0) {
				my $lines = $receive->() or die "ended\n";
				$left -= $lines;
			}
			print "--\n";
			next;
		}
		$line =~ s/\\\{(.)\*(\d+)\}/$1 x $2/ge;
		$line =~ s/\\n/\r\n/g;
		syswrite($ours, $line) == length $line or die "write: $!\n";
	}
	shutdown($ours, 1);
	1 while $receive->();
	finish($pid);
}

sub copy_in {
	my ($to) = @_;
	local $/;
	my $input = <STDIN>;
	my $at = 0;
	while (defined $input and $at < length $input) {
		my $n = syswrite($to, $input, length($input) - $at, $at);
		last unless defined $n;
		$at += $n;
	}
	shutdown($to, 1);
}

sub copy_out {
	my ($from) = @_;
	while (sysread($from, my $bytes, 65536)) {
		print $bytes;
	}
}

sub stream {
	my ($fds, @command) = @_;
	socketpair(my $ours, my $theirs, AF_UNIX, SOCK_STREAM, PF_UNSPEC)
	    or die "socketpair: $!\n";
	my $pid = start({ map { $_ => fileno $theirs } @$fds },
	    [ fileno $ours ], @command);
	close $theirs;
	copy_in($ours);
	copy_out($ours);
	finish($pid);
}

sub tcp {
	my ($show, $family, @command) = @_;
	my $af = $family eq '4' ? AF_INET : AF_INET6;
	my $caf = $family eq '6' ? AF_INET6 : AF_INET;
	socket(my $listener, $af, SOCK_STREAM, 0) or exit 77;
	setsockopt($listener, IPPROTO_IPV6, IPV6_V6ONLY, 0) if $af != AF_INET;
	bind($listener, $af == AF_INET ?
	    pack_sockaddr_in(0, INADDR_LOOPBACK) :
	    pack_sockaddr_in6(0, inet_pton(AF_INET6,
	    $family eq '6' ? '::1' : '::'))) or exit 77;
	listen($listener, 1) or die "listen: $!\n";
	my $port = $af == AF_INET ?
	    (unpack_sockaddr_in(getsockname $listener))[0] :
	    (Socket::unpack_sockaddr_in6(getsockname $listener))[0];
	socket(my $client, $caf, SOCK_STREAM, 0) or exit 77;
	connect($client, $caf == AF_INET ?
	    pack_sockaddr_in($port, INADDR_LOOPBACK) :
	    pack_sockaddr_in6($port, inet_pton(AF_INET6, '::1'))) or exit 77;
	accept(my $server, $listener) or die "accept: $!\n";
	my $name = getsockname $client;
	my $from = $caf == AF_INET ? (unpack_sockaddr_in($name))[0] :
	    (Socket::unpack_sockaddr_in6($name))[0];
	my $pid = start({ 0 => fileno $server, 1 => fileno $server },
	    [ map { fileno $_ } $client, $listener ], @command);
	print "port=$from\n";
	if ($show) {
		# The connection stays open, and is asked when popin has ended.
		copy_in($client);
		waitpid $pid, 0;
		print map { "$_\n" }
		    'nodelay=' . get($server, IPPROTO_TCP, TCP_NODELAY),
		    'keepalive=' . get($server, SOL_SOCKET, SO_KEEPALIVE);
		exit;
	}
	close $server;
	copy_in($client);
	copy_out($client);
	finish($pid);
}

sub get {
	my $value = getsockopt($_[0], $_[1], $_[2]);
	return unpack('i', $value) ? 1 : 0;
}

binmode STDIN;
binmode STDOUT;
$| = 1;
my $mode = shift @ARGV;
if ($mode eq 'writes') {
	writes(@ARGV);
} elsif ($mode eq 'socket') {
	stream([ 0, 1 ], @ARGV);
} elsif ($mode eq 'inetd') {
	stream([ 0, 1, 2 ], @ARGV);
} elsif ($mode eq 'tcp') {
	tcp(0, @ARGV);
} elsif ($mode eq 'options') {
	tcp(1, @ARGV);
} else {
	die "wire.pl: unknown mode\n";
}
