#!/usr/bin/perl
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
#
# What happens when any system call of any role goes wrong.
#
#	roles.pl POPIN UNCAGED CHECKPASSWORD [--seconds N] [--actions A,B]
#	    [SCENARIO[/ROLE]...]
#
# The whole of popin, started by root, serves a login that deletes a message.
# A scenario is one way to log in, or one kind of maildrop; in each of them
# those roles have their turn to which it makes a difference.
# At each system call of each role in turn the process is killed or told to
# end, the call fails (ENOMEM, EMFILE, EAGAIN, EINTR, EIO, ENOSPC, EPERM,
# ENOSYS), or moves half of its bytes.  UNCAGED is popin without a sandbox: a
# seccomp filter would see the number that replaces the system call.  POPIN
# itself is used for the system calls that make the sandbox: scenario cage.
#
# Whatever happened: popin ends, and leaves no process; no process of root's
# reads the client; messages that were not deleted are there, byte for byte; one
# is gone if QUIT has confirmed it, and is there if DELE was not confirmed; no
# message that is cut off is sent with a final dot; the next login works.  With
# STLS besides: nothing is said in clear after the go-ahead, and nobody logs in
# without TLS.  Where Courier has served the mail before (import) clients hear its
# ids, or none.  A command that serves nobody (check, hash) exits with 0 only if
# it has said all that it should.
#
# With --seconds points are left out evenly; --actions tries a few of them.
# Of many equal system calls in a row, such as a libc makes for each signal
# when it starts a program, only scenario pass has all, and without --actions.
# Interrupted, it tells what it has tried so far.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use IO::Handle;
use MIME::Base64 qw(encode_base64);
use POSIX qw(WNOHANG);
use Socket;
use Time::HiRes qw(time);

my $here = dirname(abs_path($0));
require "$here/../mbox.pl";
my $LIMIT = 120; # without close_range(2) 65536 calls are followed
my ($UID, $LOGIN_UID) = (54321, 54320);
my @actions = qw(kill term ENOMEM EMFILE EAGAIN EINTR EIO ENOSPC EPERM ENOSYS
    short);
# x86-64's numbers, as inject.c reports them
my %moves = map { $_ => 1 } 0, 1, 17, 18; # read, write, pread64, pwrite64
my $PRCTL = 157;

# After the login all ways to log in are the same: few of them need a session.
my %scenarios = (
	pass => { roles => [ qw(monitor login checker session) ] },
	sasl => { roles => [ qw(monitor login checker) ],
	    options => [ '--apop' ], # a challenge in the greeting
	    login => [ 'AUTH PLAIN', encode_base64("\0anna\0secret", '') ] },
	mbox => { roles => [ qw(session) ], mbox => 1 },
	import => { roles => [ qw(session import) ], courier => 1,
	    in => lines('USER anna', 'PASS secret', 'UIDL', 'DELE 1', 'RETR 2',
		'QUIT') },
	cage => { roles => [ qw(monitor login session) ], where => 'bin' },
	proxy => { roles => [ qw(monitor login) ], options => [ '--proxy' ],
	    first => [ 'PROXY TCP4 192.0.2.1 192.0.2.2 1110 110' ] },
	ucspi => { roles => [ qw(monitor login) ], stls => 'ucspi' },
	check => { roles => [ qw(monitor checker session) ], in => '',
	    options => [ '--check', '--check-user', 'anna' ],
	    says => qr/^ok +unique-ids:/m },
	hash => { roles => [ qw(checker) ], in => "secret\n",
	    command => [ 'popin-checkpassword', '--hash' ],
	    says => qr/\A\{[^}]+\}\S{40,}\n\z/ },
	tlswrapper => { roles => [ qw(monitor) ], stls => 'tlswrapper' },
	'tlswrapper-new' => { roles => [ qw(monitor) ],
	    stls => 'tlswrapper-new' },
);
my @order = qw(pass sasl mbox import cage check hash proxy ucspi tlswrapper
    tlswrapper-new);

my (@programs, @wanted, $seconds, $few);
while (@ARGV) {
	my $word = shift @ARGV;
	if ($word eq '--seconds') {
		$seconds = shift @ARGV;
	} elsif ($word eq '--actions') {
		@actions = split /,/, shift @ARGV;
		$few = 1;
	} elsif (@programs < 3) {
		push @programs, abs_path($word);
	} else {
		push @wanted, $word;
	}
}
@programs == 3 or die "usage: roles.pl POPIN UNCAGED CHECKPASSWORD " .
    "[--seconds N] [--actions A,B] [SCENARIO[/ROLE]...]\n";
$> == 0 or die "roles.pl: only root has all the roles\n";

# [ SCENARIO, ROLE ] of what is wanted
my @turns;
for my $name (@order) {
	for my $role (@{$scenarios{$name}{roles}}) {
		push @turns, [ $name, $role ] if !@wanted ||
		    grep { $_ eq $name || $_ eq "$name/$role" } @wanted;
	}
}
@turns or die "roles.pl: no such scenario: @wanted\n";

$SIG{TERM} = $SIG{INT} = sub { exit 1 }; # and clean up
my $dir = tempdir(CLEANUP => 1);
chmod 0755, $dir;
mkdir "$dir/$_" or die for qw(bin uncaged jail home);
chmod 0755, map { "$dir/$_" } qw(bin uncaged jail home);
for ([ $programs[0], 'bin/popin' ], [ $programs[1], 'uncaged/popin' ],
    [ $programs[2], 'bin/popin-checkpassword' ],
    [ $programs[2], 'uncaged/popin-checkpassword' ],
    map { [ dirname($programs[0]) . '/popin-import', "$_/popin-import" ] }
    qw(bin uncaged)) {
	system('cp', $_->[0], "$dir/$_->[1]") == 0 or die;
	chmod 0755, "$dir/$_->[1]";
}
system('cc', '-O1', '-w', '-o', "$dir/inject", "$here/inject.c") == 0
    or die "roles.pl: cannot build inject.c\n";
my ($maildir, $mbox) = ("$dir/home/Maildir", "$dir/home/mbox");
put("$dir/passwd", "anna:{PLAIN}secret:$UID:$UID\::$dir/home::\n");
chmod 0600, "$dir/passwd";
chown $UID, $UID, "$dir/home";
my @pass = ('USER anna', 'PASS secret');
for my $s (values %scenarios) {
	$s->{in} //= lines(@{$s->{first} // []}, @{$s->{login} // \@pass},
	    'DELE 1', 'RETR 2', 'QUIT');
}
mkdir $_ or die for $maildir, map { "$maildir/$_" } qw(new cur tmp);
my %messages = map { ("$_.m.here" => "Subject: $_\n\n" . "text of $_\n" x 99) }
    1 .. 3;
my $wire = $messages{'2.m.here'} =~ s/\n/\r\n/gr;
my ($log, %table) = ('');
my $violations = 0;

sub lines {
	return join '', map { "$_\r\n" } @_;
}

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
	my ($s) = @_;
	if ($s->{mbox}) {
		unlink glob "$dir/home/.[a-z]* $dir/home/mbox*";
		put($mbox, join '', map {
		    "From a\@b Sat Jan  3 01:05:34 1996\n$messages{$_}\n" }
		    sort keys %messages);
		chown $UID, $UID, $mbox;
		return;
	}
	unlink glob "$maildir/*/*";
	put("$maildir/new/$_", $messages{$_}) for keys %messages;
	if ($s->{courier}) {
		unlink glob "$maildir/popin.*";
		put("$maildir/courierpop3dsizelist", join '', "/3 9 5\n",
		    map { "$_ 1 " . substr($_, 0, 1) . ":5:0\n" }
		    sort keys %messages);
	}
	system('chown', '-R', "$UID:$UID", $maildir);
}

# What is in the maildrop: its messages by name.
sub stored {
	my ($s) = @_;
	my %there;
	if ($s->{mbox}) {
		for (map { $_->[1] } messages(slurp($mbox))) {
			$there{/^Subject: (\d)$/m ? "$1.m.here" : $_} = $_;
		}
	} else {
		for (glob "$maildir/new/*.here") {
			$there{s{.*/}{}r} = slurp($_);
		}
	}
	return %there;
}

# --- programs that start TLS, without TLS: see wrapper.pl

# Returns the ends of each pipe: ours by name, and those of popin by number.
sub channels {
	my ($dialect) = @_;
	my (%ours, %theirs);
	my $pipe = sub {
		my ($name, $fd, $to) = @_;
		pipe(my $r, my $w) or die;
		($theirs{$fd}, $ours{$name}) = $to ? ($r, $w) : ($w, $r);
	};
	if ($dialect eq 'ucspi') {
		socketpair($theirs{0}, $ours{in}, AF_UNIX, SOCK_STREAM, 0)
		    or die;
		$theirs{1} = $theirs{0};
		$ours{out} = $ours{in};
		$pipe->('control', 17, 0);
		$pipe->('tls_in', 20, 1);
		$pipe->('tls_out', 4, 0);
	} else {
		$pipe->('in', 0, 1);
		$pipe->('out', 1, 0);
		$pipe->('control', 5, 0);
		$pipe->('ack', 6, 1) if $dialect eq 'tlswrapper-new';
	}
	return (\%ours, \%theirs);
}

# In the child: moves each up first, so that none is in the way of another.
sub arrange {
	my (%theirs) = @_;
	POSIX::dup2(fileno $theirs{$_}, 100 + $_) for keys %theirs;
	for my $fd (keys %theirs) {
		POSIX::dup2(100 + $fd, $fd);
		POSIX::close(100 + $fd);
	}
}

# Does the program's part of the switch; false if popin did not ask for it.
sub switch {
	my ($dialect, $pid, $ours) = @_;
	if ($dialect ne 'tlswrapper') {
		my $n = sysread $ours->{control}, my $byte, 1;
		return 0 unless $n && $byte eq
		    ($dialect eq 'ucspi' ? 'y' : "\0");
	}
	close $ours->{control};
	return 1 if $dialect eq 'ucspi';
	syswrite $ours->{ack}, "\0" if $ours->{ack};
	# A handshake takes its time: this waits until there is a fresh login.
	until (`pgrep -f -- "$dir/passwd.*--after-st[l]s"`) {
		last if waitpid($pid, WNOHANG) != 0;
		select undef, undef, undef, 0.01;
	}
	return 1;
}

# Plays the client and the program; returns what popin sent in clear and under
# TLS.
sub converse {
	my ($s, $pid, $ours) = @_;
	my ($in, $out) = @$ours{'in', 'out'};
	my $clear = readline($out) // '';
	syswrite $in, "STLS\r\n";
	my $answer = readline($s->{stls} eq 'tlswrapper' ? $ours->{control} :
	    $out) // '';
	$clear .= $answer;
	my $switched = $answer =~ /^\+OK/ && switch($s->{stls}, $pid, $ours);
	# after the go-ahead, but without the switch, nobody may listen to it
	syswrite $switched && $ours->{tls_in} || $in, $s->{in}
	    if $answer =~ /^\+OK/;
	if ($s->{stls} eq 'ucspi') {
		shutdown $in, 1;
		close $ours->{tls_in};
	} else {
		close $in;
	}
	local $/;
	my $rest = readline($out) // '';
	return ($clear . $rest, readline($ours->{tls_out}) // '')
	    if $s->{stls} eq 'ucspi';
	return $switched ? ($clear, $rest) : ($clear . $rest, '');
}

# Runs a command with what the client says; returns what it heard, in clear
# and under TLS, what inject reports, and the status, or nothing if it did not
# end.
sub run {
	my ($s, @command) = @_;
	my ($ours, $theirs) = $s->{stls} ? channels($s->{stls}) : ();
	put("$dir/in", $s->{in});
	my $pid = fork() // die;
	if ($pid == 0) {
		setpgrp;
		open(STDIN, '<', "$dir/in") or die;
		open(STDOUT, '>', "$dir/out") or die;
		open(STDERR, '>', "$dir/log") or die;
		arrange(%$theirs) if $theirs;
		@ENV{qw(SSLCTLFD SSLREADFD SSLWRITEFD)} = (17, 20, 4)
		    if ($s->{stls} // '') eq 'ucspi';
		exec 'sh', '-c', 'exec 9>"$0"; exec "$@"', "$dir/report",
		    @command or die;
	}
	close $_ for values %{$theirs // {}};
	local $SIG{ALRM} = sub { die "hangs\n" };
	local $SIG{PIPE} = 'IGNORE';
	my ($clear, $tls) = ('', '');
	my $ended = eval {
		alarm $LIMIT;
		($clear, $tls) = converse($s, $pid, $ours) if $ours;
		waitpid $pid, 0;
		alarm 0;
		1;
	};
	my $status = $? >> 8;
	alarm 0;
	kill 'KILL', -$pid unless $ended;
	waitpid $pid, 0 unless $ended;
	$log = slurp("$dir/log");
	return unless $ended;
	$clear = slurp("$dir/out") unless $ours;
	return ($clear, $tls, slurp("$dir/report"), $status);
}

# Returns the command.  A process that waits for something that a fault has
# taken away waits for no more than SECONDS, or twice that for a client.
sub popin {
	my ($where, $seconds, $s) = @_;
	return ("$dir/$where/popin", '-P', "$dir/passwd", '--user',
	    "$LOGIN_UID:$LOGIN_UID", '--jail', "$dir/jail", '--delay', '0',
	    '--testing', '--idle', 2 * $seconds, '--login-timeout', $seconds,
	    '--checker-timeout', $seconds,
	    $s->{mbox} ? ('-m', "mbox:$mbox") : (),
	    ($s->{stls} // 'ucspi') eq 'ucspi' ? () : ('--stls', $s->{stls}),
	    @{$s->{options} // []});
}

# Returns what is wrong with the mail after OUT, or ''.
sub lost {
	my ($s, $out) = @_;
	my %there = stored($s);
	my $marked = $out =~ /^\+OK marked/m;
	for my $name (sort keys %messages) {
		if ($name !~ /^1/) {
			return "$name is gone" unless exists $there{$name};
		} elsif ($marked && $out =~ /^\+OK bye/m) {
			return "$name is there after +OK"
			    if exists $there{$name};
		} elsif (!$marked) {
			return "$name is gone, unmarked"
			    unless exists $there{$name};
		}
		return "$name was changed" if exists $there{$name} &&
		    $there{$name} ne $messages{$name};
		delete $there{$name};
	}
	return %there ? 'there is mail that nobody sent' : '';
}

# Returns an id in OUT that is not Courier's, or ''.
sub other_id {
	my ($out) = @_;
	for my $id ($out =~ /^\d (\S+)\r$/mg) {
		return $id unless $id =~ /^UID[1-3]-5\z/;
	}
	return '';
}

# Returns what is wrong with the outcome, or ''.
sub wrong {
	my ($s, $clear, $tls, $report, $status) = @_;
	return 'it did not end' unless defined $clear;
	return $1 if $report =~ /^(privileged .*|left \d+)$/m;
	my $out = $clear . $tls;
	# if a write(2) failed, what it should have said is lost
	return 'it said that all is well'
	    if $s->{says} && $status == 0 && "$out$log" !~ $s->{says} &&
		$report !~ /^hit 1$/m;
	if ($s->{stls}) {
		return 'said in clear after the go-ahead'
		    if $clear =~ /^\+OK begin TLS\r\n./ms;
		return 'a login without TLS after the go-ahead'
		    if $clear =~ /^\+OK begin/m && $log =~ /login: .* tls=0/;
	}
	return 'a message was sent cut off'
	    if $out =~ /^\+OK message follows\r\n(.*?)^\.\r\n/ms && $1 ne $wire;
	# the next session completes an UPDATE of an mbox that was interrupted
	my ($next) = run({ in => lines(@pass, 'UIDL', 'QUIT') },
	    popin('bin', $LIMIT / 2, { mbox => $s->{mbox} }));
	my $lost = lost($s, $out);
	my $left = keys %{{ stored($s) }};
	$lost ||= "the next login got " . ($next // 'nothing')
	    unless ($next // '') =~ /^\+OK $left messages/m;
	my $other = $s->{courier} ? other_id($out . ($next // '')) : '';
	return $lost || $other && "a client heard another id: $other";
}

sub try {
	my ($name, $role, $action, $n) = @_;
	my $s = $scenarios{$name};
	restore($s);
	my ($program, @words) = @{$s->{command} // []};
	my @command = $program ? ("$dir/uncaged/$program", @words) :
	    popin($s->{where} // 'uncaged', $n == 0 ? $LIMIT / 2 : 2, $s);
	my @outcome = run($s, "$dir/inject", $role, $action, $n, @command);
	my $report = $outcome[2] // 'hit';
	my $first_log = $log;
	my $wrong = wrong($s, @outcome);
	if ($n == 0) {
		my $said = $outcome[0] . $outcome[1];
		$wrong ||= "it does not work: $said"
		    unless $said =~ ($s->{says} // qr/^\+OK bye/m);
		return $wrong, $first_log, $report =~ /^call (\d+)$/mg;
	}
	return unless $report =~ /^hit/m;
	$table{"$name/$role"}{$action}++;
	return if $wrong eq '';
	$violations++;
	print STDERR "# $name, $role, call $n, $action: $wrong\n";
	print STDERR map { "#   $_\n" } split /\n/, "$first_log$log";
}

sub gcd {
	my ($a, $b) = @_;
	($a, $b) = ($b, $a % $b) while $b;
	return $a;
}

# Returns which of these system calls are tried.
sub places {
	my ($name, @calls) = @_;
	my ($run, $before, @places) = (0, -1);
	# no_new_privs, Landlock between the two, the seccomp filter
	if ($name eq 'cage') {
		my ($first, $last) = (grep { $calls[$_] == $PRCTL }
		    0 .. $#calls)[-2, -1];
		return $first + 1 .. $last + 1;
	}
	for my $i (0 .. $#calls) {
		$run = $calls[$i] == $before ? $run + 1 : 0;
		$before = $calls[$i];
		push @places, $i + 1
		    if $run < 5 || $run % 16 == 0 || $name eq 'pass' && !$few;
	}
	return @places;
}

my @points;
for my $turn (@turns) {
	my ($wrong, $first_log, @calls) = try(@$turn, 'kill', 0);
	@calls && $wrong eq '' or die "@$turn: $wrong\n$first_log";
	my @places = places($turn->[0], @calls);
	for my $action (@actions) {
		push @points, map { [ @$turn, $action, $_ ] } grep {
		    $action ne 'short' || $moves{$calls[$_ - 1]} } @places;
	}
}
my $started = time;

# What was tried so far.
sub report {
	my $total = 0;
	print STDERR "\r" if -t STDERR;
	printf "%-22s" . " %6s" x @actions . "\n", 'scenario/role', @actions;
	for my $turn (map { "$_->[0]/$_->[1]" } @turns) {
		my @row = map { $table{$turn}{$_} // 0 } @actions;
		printf "%-22s" . " %6d" x @row . "\n", $turn, @row;
		$total += $_ for @row;
	}
	printf "%d fault points of %d, %d violations, %d s\n", $total,
	    scalar @points, $violations, time - $started;
}

$SIG{TERM} = $SIG{INT} = sub { report(); exit 1 };
# Tries points evenly, however many there is time for: by the golden section.
my $stride = defined $seconds ? int(@points * 0.618) || 1 : 1;
$stride++ while gcd($stride, scalar @points) != 1;
my ($shown, $done) = (time, 0);
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
report();
exit($violations ? 1 : 0);
