#!/usr/bin/perl
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
#
# popup.pl CHECKER ARGUMENT...: a front like qmail-popup, with no more than a
# test needs.  It asks for name and password, and starts a checkpassword
# program: http://cr.yp.to/checkpwd/interface.html
use strict;
use warnings;
use POSIX ();

$| = 1;
$SIG{PIPE} = 'IGNORE';

# Reads octet by octet, because what follows is for the next program.
sub command {
	my $line = '';
	while (sysread(STDIN, my $octet, 1)) {
		last if $octet eq "\n";
		$line .= $octet;
	}
	$line =~ s/\r\z//;
	return split / /, $line, 2;
}

my ($user, $pass);
syswrite(STDOUT, "+OK popup\r\n");
until (defined $pass) {
	my ($verb, $word) = command();
	exit 0 if not defined $verb or uc $verb eq 'QUIT';
	($verb, $word) = (uc $verb, defined $word ? $word : '');
	$user = $word if $verb eq 'USER';
	$pass = $word if $verb eq 'PASS' and defined $user;
	syswrite(STDOUT, $verb eq 'USER' ? "+OK\r\n" : "-ERR\r\n")
	    unless defined $pass;
}
pipe(my $read, my $write) or die "pipe: $!\n";
my $pid = fork;
defined $pid or die "fork: $!\n";
if ($pid == 0) {
	POSIX::dup2(fileno $read, 3) == 3 or die "dup2: $!\n";
	POSIX::close($_) for grep { $_ != 3 } fileno $read, fileno $write;
	# perl made 3 close-on-exec if the pipe had that number
	require Fcntl;
	open(my $three, '<&=', 3) or die "fd 3: $!\n";
	fcntl($three, Fcntl::F_SETFD(), 0) or die "fcntl: $!\n";
	exec { $ARGV[0] } @ARGV or POSIX::_exit(111);
}
close $read;
syswrite($write, "$user\0$pass\0<1.2\@popup>\0");
close $write;
waitpid $pid, 0;
exit 0 if $? == 0;
syswrite(STDOUT, $? & 127 ? "-ERR aack, child crashed\r\n" :
    "-ERR authorization failed\r\n");
exit 1;
