#!/usr/bin/perl
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
#
# What is left of the mail when an UPDATE goes wrong.
#
#	faults.pl POPIN UNCAGED [--full] [--seconds N] [--only FAULT,FAULT]
#	    [SCENARIO...]
#
# strace(1) cannot make a system call fail under a seccomp filter.  For that
# UNCAGED is used, the same program built without its sandbox.
#
# A session deletes messages while mail is delivered.  At each of its system
# calls in turn it is killed, or the call fails (ENOSPC, EDQUOT, EIO, EINTR),
# or writes only half, or there is no memory; then a new session logs in.
# Whatever happened, every message that was not deleted is there then exactly
# once, byte for byte and with its unique-id, also with one that another server
# gave.  Each deleted one is gone (with a trash: is in it) or back; nothing else
# is there, and the journal is empty.  After +OK to QUIT the deleted ones are
# gone.
#
# Loss of power is modelled: from the recorded writes, at each point, those
# that were not synced yet are dropped, kept, torn and mixed at random.  Before
# the next login other things have changed as well, in every combination: the
# mbox was put back as it was, or as it was earlier, cut short, or mail was
# delivered; what was delivered last was never synced; the device has another
# number; the mbox is not there at first; the clock was set back or forward.
# Where others changed the mbox popin leaves it alone and keeps the journal.
#
# With POPIN_FAULTS_SPARE_MEMORY in the environment requests for memory do not
# fail, nor calls for signal handlers: a sanitizer needs them.
#
# Without --full, or when the seconds are over, points are left out evenly.
# Interrupted, it tells what it has tried so far.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use IPC::Open2;
use Time::HiRes qw(time);

my $here = dirname(abs_path($0));
require "$here/../mbox.pl";

my $UID = 54321;
my $stamp = 'Sat Jan  3 01:05:34 1996';
my ($popin, $uncaged, @wanted, %only);
my ($full, $seconds) = (0, 0);
my $spare_memory = defined $ENV{POPIN_FAULTS_SPARE_MEMORY};
while (@ARGV) {
	my $word = shift @ARGV;
	if ($word eq '--full') {
		$full = 1;
	} elsif ($word eq '--seconds') {
		$seconds = shift @ARGV;
	} elsif ($word eq '--only') {
		%only = map { $_ => 1 } split /,/, shift @ARGV;
	} elsif (!defined $popin) {
		$popin = abs_path($word);
	} elsif (!defined $uncaged) {
		$uncaged = abs_path($word);
	} else {
		push @wanted, $word;
	}
}
defined $uncaged or
    die "usage: faults.pl POPIN UNCAGED [--full] [--seconds N] " .
    "[--only FAULT,FAULT] [SCENARIO...]\n";

my $root = $> == 0;
my @as = $root ? ('setpriv', '--reuid', $UID, '--regid', $UID,
    '--clear-groups', '--') : ();
$SIG{TERM} = $SIG{INT} = sub { exit 1 }; # and clean up
my $dir = tempdir(CLEANUP => 1);
chmod 0755, $dir;
# the maildrop is where syncing costs nothing: loss of power is only a model
my $place = -d '/dev/shm' && -w _ ?
    tempdir(DIR => '/dev/shm', CLEANUP => 1) : $dir;
chmod 0755, $place;
my $home = "$place/home";
my $bin = "$dir/popin";
for ([ $popin, $bin ], [ dirname($popin) . '/popin-import', "$bin-import" ]) {
	system('cp', @$_) == 0 and chmod(0755, $_->[1]) or die;
}
system('cp', $uncaged, "$bin-uncaged") == 0 and
    chmod(0755, "$bin-uncaged") or die;
my $shim = "$dir/shim.so";
my $has_shim = system('cc', '-shared', '-fPIC', '-O2', '-w', '-o', $shim,
    $spare_memory ? '-DSPARE_MEMORY' : (), "$here/shim.c") == 0 && `ldd $bin 2>/dev/null` =~ /libc/;
my %table; # scenario, fault -> points, violations
my $violations = 0;
my $random = 12345;

sub slurp {
	my ($path) = @_;
	open(my $fh, '<:raw', $path) or return '';
	local $/;
	my $bytes = <$fh>;
	return defined $bytes ? $bytes : '';
}

# Writes in place: the file keeps its inode.
sub put {
	my ($path, $bytes) = @_;
	my $is_new = !-e $path;
	open(my $fh, $is_new ? '>:raw' : '+<:raw', $path) or die "$path: $!";
	truncate($fh, 0) or die;
	print $fh $bytes;
	close($fh) or die "$path: $!";
	chown $UID, $UID, $path if $is_new && $root;
}

sub message {
	my ($name, $size) = @_;
	my $text = "Received: by here id $name\nSubject: $name\n\n";
	my $line = "text of $name, .with: dots\n.\n\nFrom here on\n";
	$text .= $line while length($text) < $size && length($text) < 32768;
	# long lines are quicker to judge, and no two are the same
	my $n = 0;
	$text .= sprintf("%s %d %s\n", $name, ++$n, 'x' x 400)
	    while length($text) < $size;
	return $text;
}

# --- what happens in each scenario

my %scenarios = (
	# a small gap: one step with a copy in the journal
	small => { sizes => [ map { 100 + 37 * $_ } 1 .. 12 ],
	    delete => [ 2, 5, 6 ] },
	# a large gap: the step needs no copy
	gap => { sizes => [ 20000, 300, 200, 4000, 700, 500 ],
	    delete => [ 1, 4 ] },
	# only what was delivered meanwhile is moved
	all => { sizes => [ 900, 100, 4000 ], delete => [ 1, 2, 3 ] },
	# nothing is moved
	end => { sizes => [ 900, 100, 4000, 200 ], delete => [ 3, 4 ],
	    quiet => 1 },
	# several steps of both kinds
	steps => { sizes => [ 3000, 9000000, 8000000, 400, 7000000, 5000000,
	    300 ], delete => [ 1, 3, 6 ], bulky => 1 },
	maildir => { sizes => [ 300, 400, 500, 600, 700 ],
	    delete => [ 1, 3, 4 ], maildir => 1 },
	# each session takes the unique-ids over from another server
	adopt => { sizes => [ 300, 400, 500, 600, 700 ],
	    delete => [ 1, 3, 4 ], maildir => 1, adopt => 1 },
	# what is deleted goes into the trash
	trash => { sizes => [ map { 100 + 37 * $_ } 1 .. 6 ],
	    delete => [ 2, 5, 6 ], trash => 1 },
	folder => { sizes => [ 300, 400, 500, 600, 700 ],
	    delete => [ 1, 3, 4 ], maildir => 1, trash => 1 },
);
my @order = qw(small gap all end maildir adopt trash folder steps);

sub as_mbox {
	return join '', map { "From a\@b $stamp\n$_\n" } @_;
}

sub deliver {
	my ($s, $name, $message) = @_;
	if ($s->{maildir}) {
		put("$home/Maildir/new/$name", $message);
		return;
	}
	open(my $fh, '>>:raw', "$home/mbox") or die;
	print $fh as_mbox($message);
	close($fh) or die;
}

# Makes the first state, and runs a session, so that popin's files are there.
sub prepare {
	my ($s) = @_;
	system('rm', '-rf', $home);
	mkdir $home or die;
	my $i = 0;
	$s->{messages} = [ map { message('m' . ++$i, $_) } @{$s->{sizes}} ];
	if ($s->{maildir}) {
		mkdir "$home/Maildir" or die;
		mkdir "$home/Maildir/$_" or die for qw(new cur tmp);
	} else {
		put("$home/mbox", as_mbox(@{$s->{messages}}));
	}
	system('chown', '-R', "$UID:$UID", $home) if $root;
	restore($s);
	session($s, "UIDL\r\n", '') or die "no session\n";
	$s->{out} =~ /^\+OK/ or die "cannot log in: $s->{out}$s->{log}";
	$s->{ids} = { uidls($s) };
	keep_state($s) if $s->{maildir} && !$s->{adopt};
	$s->{first} = { map { $_ => slurp("$home/$_") } own_files() };
}

# Makes a state file that does not know all of the messages, so that each
# session has something to write.
sub keep_state {
	my ($s) = @_;
	unlink "$home/Maildir/popin.state", "$home/Maildir/new/2.m.here";
	session($s, '', '') or die "no session\n";
	$s->{state} = slurp("$home/Maildir/popin.state");
	length $s->{state} or die "no state file: $s->{log}";
}

sub own_files {
	opendir(my $d, $home) or die;
	return grep { /^\.popin/ && !/\.\d+$/ } readdir $d;
}

# Returns the journals that were set aside.
sub aside {
	my @found = glob "$home/.popin*.journal.*";
	return @found;
}

sub restore {
	my ($s) = @_;
	unlink glob "$home/Maildir/.Trash/cur/*";
	put("$home/mbox.Trash", '') if -e "$home/mbox.Trash";
	if ($s->{maildir}) {
		unlink glob "$home/Maildir/*/*";
		my $i = 0;
		for my $m (@{$s->{messages}}) {
			$i++;
			deliver($s, "$i.m.here", $m);
		}
		put("$home/Maildir/popin.state", $s->{state})
		    if defined $s->{state};
		other_server($s) if $s->{adopt};
		return;
	}
	put("$home/mbox", as_mbox(@{$s->{messages}}));
	unlink "$home/mbox.lock", glob("$home/.lk*"), aside();
	put("$home/$_", $s->{first}{$_}) for keys %{$s->{first} || {}};
}

# Leaves what Dovecot leaves, and nothing of ours.
sub other_server {
	my ($s) = @_;
	my $n = @{$s->{messages}};
	unlink "$home/Maildir/popin.state", "$home/Maildir/popin.uidl";
	put("$home/Maildir/dovecot-uidlist", join '', '3 V1276528487 N' .
	    ($n + 100) . "\n", map { 90 + $_ . " :$_.m.here\n" } 1 .. $n);
}

# --- sessions

# Runs a session, behind the words in BEFORE, such as strace's.  Its input has
# two parts; between them mail is delivered.  Returns false if it hangs.
sub session {
	my ($s, $first, $second, $before, %env) = @_;
	my $spec = $s->{maildir} ? "maildir:$home/Maildir" :
	    "mbox:$home/mbox";
	my @command = (@as, 'env', 'USER=anna', "HOME=$home",
	    map({ "$_=$env{$_}" } sort keys %env), @{$before || []},
	    "@{$before || []}" =~ /error=/ ? "$bin-uncaged" : $bin,
	    '-R', 'session', '-m', $spec, $s->{trash} ? '--trash' : ());
	local $SIG{PIPE} = 'IGNORE';
	my ($out, $in);
	open(my $saved, '>&', \*STDERR) or die;
	open(STDERR, '>', "$dir/log") or die;
	my $pid = open2($out, $in, @command);
	open(STDERR, '>&', $saved) or die;
	my $got = '';
	local $SIG{ALRM} = sub { kill 'KILL', $pid; die "hangs\n" };
	my $good = eval {
		alarm 100;
		syswrite $in, $first;
		my $wait = 1 + ($first =~ tr/\n//);
		while ($second ne '' && ($got =~ tr/\n//) < $wait) {
			sysread($out, $got, 65536, length $got) or last;
		}
		if ($second ne '') {
			deliver($s, '8.late.here', $s->{late})
			    unless $s->{quiet};
			syswrite $in, $second;
		}
		close $in;
		while (sysread($out, $got, 65536, length $got)) {
		}
		alarm 0;
		1;
	};
	alarm 0;
	close $out;
	waitpid $pid, 0;
	$s->{out} = $got;
	$s->{log} = slurp("$dir/log");
	return $good;
}

# Returns the unique-ids that the last session told, by the messages' names.  A
# message that an UPDATE was moving can be there twice: the first has the id.
sub uidls {
	my ($s) = @_;
	my %ids;
	my @names = map { name($_) } stored($s);
	while ($s->{out} =~ /^(\d+) (\S+)\r$/mg) {
		$ids{$names[$1 - 1]} //= $2 if defined $names[$1 - 1];
	}
	return %ids;
}

sub name {
	my ($message) = @_;
	return $message =~ /^Subject: (\S+)/m ? $1 : '?';
}

# Returns the messages that are there, in order.
sub stored {
	my ($s) = @_;
	return map { $_->[1] } messages(slurp("$home/mbox"))
	    unless $s->{maildir};
	my %order = map { m{/([^/]+)$}; $1 => $_ } glob "$home/Maildir/*/*.here";
	return map { slurp($order{$_}) }
	    sort { ($a =~ /^(\d+)/)[0] <=> ($b =~ /^(\d+)/)[0] } keys %order;
}

# Returns those in the trash.  Each may be there twice, or be cut off.
sub in_trash {
	my ($s) = @_;
	return map { slurp($_) } glob "$home/Maildir/.Trash/cur/*"
	    if $s->{maildir};
	return map { $_->[1] } messages(slurp("$home/mbox.Trash"));
}

sub commands {
	my ($s) = @_;
	return (join('', map { "DELE $_\r\n" } @{$s->{delete}}), "QUIT\r\n");
}

# --- judgement

sub complain {
	my ($s, $what, $text) = @_;
	$violations++;
	print STDERR "# $s->{name}: $what: $text\n";
	my $log = $s->{log} . ($s->{last_log} || '');
	$log =~ s/^(?=.)/#   /mg;
	print STDERR $log;
	$table{$s->{name}}{$s->{fault}}{violations}++;
}

sub present {
	my ($s, $promised) = @_;
	my %deleted = map { $_ => 1 } @{$s->{delete}};
	my @there = stored($s);
	my %kept = map { $_ => 1 } $s->{trash} ? in_trash($s) : ();
	my $i = 0;
	for my $m (@{$s->{messages}}) {
		$i++;
		if (@there && $there[0] eq $m) {
			shift @there;
			return "m$i is back after +OK"
			    if $deleted{$i} && $promised;
		} elsif (!$deleted{$i}) {
			return "m$i is not there" .
			    (@there ? ', but ' . name($there[0]) : '');
		} elsif ($s->{trash} && !$kept{$m}) {
			return "m$i is neither there nor in the trash";
		}
	}
	for my $m (@{$s->{delivered}}) {
		@there && $there[0] eq $m or return name($m) . ' is lost';
		shift @there;
	}
	return @there ? name($there[0]) . ' is there, and should not' : '';
}

sub judge {
	my ($s, $what, $promised, %env) = @_;
	my %before = %{$s->{ids}};
	$s->{last_log} = '';
	my $first_log = $s->{log};
	my $mbox = slurp("$home/mbox");
	unless (session($s, "UIDL\r\nSTAT\r\nQUIT\r\n", '', [], %env)) {
		complain($s, $what, 'the next session hangs');
		return;
	}
	$s->{last_log} = $s->{log};
	$s->{log} = $first_log;
	my @there = stored($s);
	my $wrong = $s->{untouched} ? slurp("$home/mbox") ne $mbox &&
	    'the mbox was touched' : present($s, $promised);
	$wrong ||= 'the journal was set aside'
	    if aside() && !$s->{foreign};
	my %after = uidls($s);
	# the header of the message that was cut off may have changed
	delete $after{name($there[-1])} if $s->{fault} eq 'cut' && @there;
	for my $name (sort keys %before) {
		next unless exists $after{$name};
		$wrong ||= "$name has another unique-id"
		    if $after{$name} ne $before{$name};
	}
	my $n = @there;
	my $octets = 0;
	$octets += length($_) + tr/\n// for @there;
	$wrong ||= "the next session: $s->{out}"
	    unless $s->{untouched} ? $s->{out} =~ /^\+OK / :
	    $s->{out} =~ /^\+OK $n messages/ &&
	    $s->{out} =~ /^\+OK $n $octets\r\n\+OK[^\n]*\n\z/m;
	for my $f (own_files()) {
		$wrong ||= "$f is not empty"
		    if $f =~ /journal/ && -s "$home/$f";
	}
	# a process that is killed between making and linking a dotlock leaves
	# an empty file, as liblockfile does; nobody takes it for a lock
	my @left = ("$home/mbox.lock",
	    $s->{fault} eq 'kill' ? () : glob "$home/.lk*");
	$wrong ||= "left behind: $_" for grep { -e } @left;
	complain($s, $what, $wrong) if $wrong;
}

# Runs a session with a fault, and judges by the next one.
sub attempt {
	my ($s, $what, $before, %env) = @_;
	my @commands = commands($s);
	my $n = $table{$s->{name}}{$s->{fault}}{points}++;
	restore($s);
	$s->{late} = message('late', 300);
	$s->{last_log} = '';
	unless (session($s, @commands, $before, %env)) {
		complain($s, $what, 'hangs');
		return;
	}
	$s->{delivered} = $s->{quiet} ? [] : [ $s->{late} ];
	if ($n % 2) {
		my $after = message('after', 25000 * ($n % 4));
		deliver($s, '9.after.here', $after);
		push @{$s->{delivered}}, $after;
	}
	my $replies = () = $s->{out} =~ /^\+OK/mg;
	my $promised = $replies == @{$s->{delete}} + 2;
	judge($s, $what, $promised);
}

# --- faults at system calls

# Returns the system calls of a session: [ name, its number among those of that
# name, whether it matters ].  Before the maildrop is opened they matter little.
sub calls {
	my ($s, @more) = @_;
	my @commands = commands($s);
	my (%seen, @calls);
	restore($s);
	$s->{late} = message('late', 300);
	session($s, @commands, [ 'strace', '-f', '-o', "$home/trace", @more ]);
	my $matters = 0;
	for (split /\n/, slurp("$home/trace")) {
		my ($name) = /^\d+\s+(\w+)\(/ or next;
		next if $name eq 'execve' || $name eq 'exit_group';
		next if $spare_memory && $name =~
		    /^(?:mmap|munmap|mprotect|mremap|madvise|brk|rt_sig.*)$/;
		$matters ||= /O_DIRECTORY/;
		push @calls, [ $name, ++$seen{$name}, $matters ];
	}
	@calls > 50 or die "strace does not work: $s->{log}\n";
	return @calls;
}

# Returns at most MAX of LIST, chosen evenly.  Their order is even, too,
# wherever it is broken off.
sub thin {
	my ($max, @list) = @_;
	@list = map { $list[int($_ * @list / $max)] } 0 .. $max - 1
	    if @list > $max;
	return @list unless $seconds;
	my %key = map { $_ => $_ * 0.6180339887 - int($_ * 0.6180339887) }
	    0 .. $#list;
	return map { $list[$_] } sort { $key{$a} <=> $key{$b} } keys %key;
}

my $started = time;
my $deadline = 0;

# Gives a kind of fault its share of the time, in fourteenths.
sub allow {
	my ($parts) = @_;
	$deadline = time + $seconds * $parts / 14 / (@wanted || 1)
	    if $seconds;
}

# Is this kind of fault wanted?
sub wanted {
	return !%only || $only{$_[0]};
}

# Is the time for this kind of fault over?  The first few are always tried.
sub late {
	my ($done) = @_;
	return $deadline && $done >= 5 && time > $deadline;
}
my $progress = -t STDERR || $full;

sub tick {
	my ($s, $done, $of) = @_;
	return unless $progress && ($done % 50 == 0 || $done == $of);
	printf STDERR "# %4d s  %-8s %-8s %d/%d\n", time - $started,
	    $s->{name}, $s->{fault}, $done, $of;
}

my @injections = (
	[ kill => 'signal=KILL' ], [ ENOSPC => 'error=ENOSPC' ],
	[ EIO => 'error=EIO' ], [ EDQUOT => 'error=EDQUOT' ],
	[ EINTR => 'error=EINTR' ],
);

# Returns those of CALLS that are tried.
sub points {
	my (%n, @few, @bulk);
	for my $c (@_) {
		next unless $full || $c->[2];
		# there are hundreds of these
		push @{$c->[0] =~ /^p?(?:read|write)(?:64)?$/ &&
		    $n{$c->[0]}++ > 25 ? \@bulk : \@few}, $c;
	}
	return (@few, thin($full ? 150 : 10, @bulk));
}

sub faults_of {
	my ($s, $share) = @_;
	my @calls = calls($s);
	my @caged = points(@calls);
	# "error=" makes session() take the program without a sandbox
	my @uncaged = points(grep { $_->[0] !~ /^get(?:e?[ug]id|pid)(?:32)?$/ }
	    calls($s, '-e', 'inject=reboot:error=EIO')); # those cannot fail
	for my $inject (grep { wanted($_->[0]) } @injections) {
		my ($fault, $how) = @$inject;
		my @points = $how =~ /error/ ? @uncaged : @caged;
		$s->{fault} = $fault;
		my @some = thin($full ? 9999 : $fault eq 'kill' ? $share :
		    $share / 4, @points);
		my $done = 0;
		allow($fault eq 'kill' ? 4 : 1);
		for my $c (@some) {
			last if late($done);
			my ($name, $when) = @$c;
			attempt($s, "$fault at $name $when", [ 'strace', '-f',
			    '-o', '/dev/null', '-e', "trace=$name", '-e',
			    "inject=$name:$how:when=$when" ]);
			tick($s, ++$done, scalar @some);
		}
	}
	return unless $has_shim;
	$s->{fault} = 'memory';
	my $asked = $spare_memory || !wanted('memory') ? 0 :
	    grep { $_->{what} eq 'm' } record($s);
	my $done = 0;
	allow(1);
	for my $i (thin($full ? 200 : $share / 4, 1 .. $asked)) {
		last if late($done++);
		attempt($s, "no memory $i", [], LD_PRELOAD => $shim,
		    SHIM_MEMORY => $i);
	}
	$s->{fault} = 'short';
	my $writes = wanted('short') ? grep { $_->[0] =~ /^pwrite/ } @calls : 0;
	$done = 0;
	allow(1);
	for my $i (thin($full ? 200 : $share / 4, 1 .. $writes)) {
		last if late($done++);
		attempt($s, "short write $i", [], LD_PRELOAD => $shim,
		    SHIM_SHORT => $i);
	}
}

# --- loss of power

sub chance {
	$random = ($random * 1103515245 + 12345) % 2147483648;
	return $random / 2147483648;
}

sub record {
	my ($s) = @_;
	my @commands = commands($s);
	my $log = "$home/shim.log";
	restore($s);
	$s->{late} = message('late', 300);
	session($s, @commands, [], LD_PRELOAD => $shim, SHIM_LOG => $log);
	$s->{out} =~ /^\+OK[^\n]*\n\z/m or die "cannot record: $s->{log}";
	my ($bytes, $at, @ops) = (slurp($log), 0);
	unlink $log;
	while ($at + 32 <= length $bytes) {
		my ($what, $inode, $offset, $len) =
		    unpack 'a1 x7 Q< Q< Q<', substr($bytes, $at, 32);
		last if $what eq "\0";
		push @ops, { what => $what, inode => $inode,
		    offset => $offset, data => substr($bytes, $at + 32, $len) };
		$at += 32 + $len;
	}
	return @ops;
}

sub apply {
	my ($content, $op) = @_;
	if ($op->{what} eq 't') {
		my $grow = $op->{offset} - length $$content;
		$$content = substr($$content, 0, $op->{offset});
		$$content .= "\0" x $grow if $grow > 0;
		return;
	}
	my $grow = $op->{offset} + length($op->{data}) - length $$content;
	$$content .= "\0" x $grow if $grow > 0;
	substr($$content, $op->{offset}, length $op->{data}) = $op->{data};
}

# A write that reached the disk in part: some of its sectors.
sub tear {
	my ($content, $op) = @_;
	my ($at, $end) = ($op->{offset}, $op->{offset} + length $op->{data});
	while ($at < $end) {
		my $next = (int($at / 512) + 1) * 512;
		$next = $end if $next > $end;
		apply($content, { what => 'w', offset => $at,
		    data => substr($op->{data}, $at - $op->{offset},
		    $next - $at) }) if chance() < 0.5;
		$at = $next;
	}
}

# Returns what a file may have become after OPS.  HOW tells what became of those
# that were not synced.
sub content_after {
	my ($first, $how, @ops) = @_;
	my $synced = -1;
	for my $i (0 .. $#ops) {
		$synced = $i if $ops[$i]{what} eq 's';
	}
	my $content = $first;
	for my $i (0 .. $#ops) {
		my $op = $ops[$i];
		next if $op->{what} eq 's';
		if ($i < $synced || $how eq 'kept') {
			apply(\$content, $op);
		} elsif ($how eq 'torn' && $op->{what} eq 'w') {
			tear(\$content, $op);
		} elsif ($how ne 'dropped' && chance() < 0.5) {
			apply(\$content, $op);
		}
	}
	return $content;
}

# What may have happened by the next login to the mbox, and to other things.
my @fates = qw(power grown unsynced restored older cut);
my @spools = ('there', 'absent');
my @devices = (0, 1);
my @clocks = (0, -40000000, 40000000);
my %worlds; # how many of each
my @hows = ([ 'dropped', 'dropped' ], [ 'kept', 'kept' ], [ 'torn', 'mixed' ],
    [ 'mixed', 'torn' ], [ 'dropped', 'kept' ], [ 'kept', 'dropped' ]);

# Returns every combination of elements of LISTS.
sub combinations {
	my ($first, @lists) = @_;
	return [] unless $first;
	my @rest = combinations(@lists);
	return map { my $e = $_; map { [ $e, @$_ ] } @rest } @$first;
}

# Does what FATE says to the mbox that is left by the loss of power.
sub befall {
	my ($s, $fate) = @_;
	my $mbox = "$home/mbox";
	my @all = (@{$s->{messages}}, @{$s->{delivered}});
	$s->{foreign} = $fate =~ /^(?:restored|older|cut)$/;
	$s->{untouched} = $fate =~ /^(?:older|cut)$/;
	if ($fate eq 'grown') {
		my $after = message('after', chance() < 0.5 ? 300 : 20000);
		deliver($s, '', $after);
		push @{$s->{delivered}}, $after;
	} elsif ($fate eq 'restored') {
		put($mbox, as_mbox(@all));
	} elsif ($fate eq 'older') {
		put($mbox, as_mbox(@all[0 .. $#all - 1 - int(chance() * 2)]));
	} elsif ($fate eq 'cut') {
		my $all = slurp($mbox);
		put($mbox, substr($all, 0,
		    100 + int(chance() * (length($all) - 100))));
	}
}

# A login while the mbox is not there: it must not cost anything.
sub login_without {
	my ($s, %env) = @_;
	rename("$home/mbox", "$home/away") or die;
	session($s, "QUIT\r\n", '', [], %env);
	rename("$home/away", "$home/mbox") or die;
}

sub note_world {
	my ($s, $fate, $spool, $device, $clock) = @_;
	$table{$s->{name}}{$fate}{points}++;
	$worlds{$_}++ for $device ? 'device' : (),
	    $spool eq 'absent' ? 'absent' : (),
	    $clock < 0 ? 'back' : $clock > 0 ? 'forward' : ();
	$s->{log} = '';
}

# Returns the environment in which a session sees this device and clock.
sub world_of {
	my ($device, $clock) = @_;
	return $device || $clock ? (LD_PRELOAD => $shim,
	    SHIM_DEVICE => $device, SHIM_CLOCK => $clock) : ();
}

# One loss of power after the first AT calls, to files that began as FIRST.
sub lose_power {
	my ($s, $at, $file, $first, $world, @all) = @_;
	my @ops = @all[0 .. $at - 1];
	my ($how, $fate, $spool, $device, $clock) = @$world;
	my %first = %$first;
	$s->{fault} = $fate;
	$s->{delivered} = $s->{quiet} ? [] : [ $s->{late} ];
	my ($mbox) = grep { $file->{$_} eq 'mbox' } keys %$file;
	if ($fate eq 'unsynced' && !$s->{quiet}) {
		my $len = length(my $late = as_mbox($s->{late}));
		my $at = length($first{mbox}) - $len;
		substr($first{mbox}, $at) = '';
		unshift @ops, { what => 'w', inode => $mbox, offset => $at,
		    data => $late };
		# the delivery agent did not sync it: it may be lost
		$s->{delivered} = [] if $how->[0] ne 'kept' &&
		    !grep { $_->{what} eq 's' && $_->{inode} == $mbox } @ops;
		$how = [ $how->[0] eq 'kept' ? 'kept' : 'dropped', $how->[1] ];
	}
	for my $inode (keys %$file) {
		my $name = $file->{$inode};
		put("$home/$name", content_after($first{$name},
		    $how->[$inode == $mbox ? 0 : 1],
		    grep { $_->{inode} == $inode } @ops));
	}
	unlink aside();
	befall($s, $fate);
	note_world($s, $fate, $spool, $device, $clock);
	my %env = world_of($device, $clock);
	login_without($s, %env) if $spool eq 'absent';
	# in the end +OK was said
	judge($s, "loss of power after $at calls, @$how, $fate, mbox $spool, " .
	    "device +$device, clock $clock",
	    $at == @all && !$s->{foreign}, %env);
	$s->{foreign} = $s->{untouched} = 0;
}

sub power_loss {
	my ($s, $share) = @_;
	return unless $has_shim && grep { wanted($_) } @fates;
	my @ops = record($s);
	my %file = map { (stat "$home/$_")[1] => $_ } 'mbox', own_files(),
	    $s->{trash} ? 'mbox.Trash' : ();
	@ops = grep { exists $file{$_->{inode}} } @ops;
	my %first = (%{$s->{first}}, 'mbox.Trash' => '', mbox =>
	    as_mbox(@{$s->{messages}}, $s->{quiet} ? () : $s->{late}));
	my @worlds = combinations(\@hows, [ grep { wanted($_) } @fates ],
	    \@spools, \@devices, \@clocks);
	my @cases = combinations([ thin($full ? 100 : $share,
	    0 .. scalar @ops) ], $s->{bulky} ? [ thin(20, @worlds) ] :
	    \@worlds);
	@cases = map { $cases[int(chance() * @cases)] } 1 .. 8 * $share
	    unless $full;
	@cases = thin(scalar @cases, @cases);
	my $done = 0;
	allow(4);
	$s->{fault} = 'power';
	for (@cases) {
		my ($point, $world) = @$_;
		last if late($done);
		lose_power($s, $point, \%file, \%first, $world, @ops);
		$s->{fault} = 'power';
		tick($s, ++$done, scalar @cases);
	}
}

# Does to names in a Maildir what OPS did.  Each change is on the disk if its
# directory was synced after it; otherwise it may be.
sub names_after {
	my ($s, $how, $path, @ops) = @_;
	my %synced;
	for (my $i = $#ops; $i >= 0; $i--) {
		my $op = $ops[$i];
		$synced{$op->{inode}} = 1 if $op->{what} eq 's';
		next unless $op->{what} =~ /[ur]/;
		next if $how eq 'dropped' && !$synced{$op->{inode}};
		next if $how =~ /torn|mixed/ && !$synced{$op->{inode}} &&
		    chance() < 0.5;
		my ($from, $to) = split /\0/, $op->{data};
		$from = "$path->{$op->{inode}}/$from";
		if ($op->{what} eq 'u') {
			unlink $from;
		} else {
			rename($from, "$path->{$op->{offset}}/$to");
		}
	}
}

# One loss of power over a Maildir.  By FATE popin's files are as they were, or
# cut off, or the folders are as they were.
sub lose_power_maildir {
	my ($s, $at, $file, $path, $first, $world, @all) = @_;
	my @ops = @all[0 .. $at - 1];
	my ($how, $fate, $spool, $device, $clock) = @$world;
	$s->{fault} = $fate;
	restore($s);
	deliver($s, '8.late.here', $s->{late});
	$s->{delivered} = [ $s->{late} ];
	names_after($s, $how->[0], $path, @ops) unless $fate eq 'restored';
	for my $inode (keys %$file) {
		my $name = $file->{$inode};
		my $now = $fate eq 'older' ? $first->{$name} :
		    content_after($first->{$name}, $how->[1],
		    grep { $_->{inode} == $inode } @ops);
		$now = substr($now, 0, int(chance() * length $now))
		    if $fate eq 'cut';
		put("$home/Maildir/$name", $now);
	}
	if ($fate eq 'grown') {
		my $after = message('after', 300);
		deliver($s, '9.after.here', $after);
		push @{$s->{delivered}}, $after;
	}
	note_world($s, $fate, $spool, $device, $clock);
	my %env = world_of($device, $clock);
	if ($spool eq 'absent') {
		rename("$home/Maildir", "$home/away") or die;
		session($s, "QUIT\r\n", '', [], %env);
		rmdir "$home/Maildir";
		rename("$home/away", "$home/Maildir") or die;
	}
	# in the end +OK was said
	judge($s, "loss of power after $at calls, @$how, $fate, Maildir " .
	    "$spool, device +$device, clock $clock",
	    $at == @all && $fate ne 'restored', %env);
}

sub power_loss_maildir {
	my ($s, $share) = @_;
	my @mine = grep { wanted($_) } qw(power grown restored older cut);
	return unless $has_shim && @mine;
	my @ops = record($s);
	my %file = map { (stat "$home/Maildir/$_")[1] => $_ }
	    grep { -e "$home/Maildir/$_" } 'popin.state', 'popin.uidl';
	my %path = map { (stat $_)[1] => $_ } grep { -d }
	    map { "$home/Maildir/$_" } 'new', 'cur', '.Trash/cur';
	@ops = grep { exists $file{$_->{inode}} || exists $path{$_->{inode}} }
	    @ops;
	my %first = ('popin.uidl' => '', 'popin.state' => $s->{state} // '');
	my @cases = combinations([ 0 .. scalar @ops ],
	    [ combinations(\@hows, \@mine, \@spools, \@devices, \@clocks) ]);
	@cases = map { $cases[int(chance() * @cases)] } 1 .. 8 * $share
	    unless $full;
	@cases = thin(scalar @cases, @cases);
	my $done = 0;
	allow(4);
	for (@cases) {
		my ($point, $world) = @$_;
		last if late($done);
		lose_power_maildir($s, $point, \%file, \%path, \%first,
		    $world, @ops);
		$s->{fault} = 'power';
		tick($s, ++$done, scalar @cases);
	}
}

# --- all of it

# What was tried so far.
sub report {
	my @faults = (map({ $_->[0] } @injections), 'memory', 'short', @fates);
	printf "%-9s", 'points';
	printf " %7s", $_ for @faults;
	print "\n";
	my $points = 0;
	for my $name (grep { $table{$_} } @order) {
		printf "%-9s", $name;
		for my $f (@faults) {
			my $t = $table{$name}{$f};
			printf " %7s", $t ? $t->{points} : '-';
			$points += $t->{points} if $t;
		}
		print "\n";
	}
	printf "power was lost: with another device number then %d, without the " .
	    "mbox at first %d, the clock set back %d, forward %d\n",
	    map { $worlds{$_} || 0 } qw(device absent back forward);
	printf "%d points of failure, %d violations, %d s\n", $points, $violations,
	    time - $started;
}

$SIG{TERM} = $SIG{INT} = sub { report(); exit 1 };
for my $name (@wanted ? @wanted : @order) {
	my $s = $scenarios{$name} or die "no scenario $name\n";
	$s->{name} = $name;
	next if $s->{bulky} && !$full && !@wanted;
	my $share = 48;
	prepare($s);
	faults_of($s, $share);
	if ($s->{maildir}) {
		power_loss_maildir($s, $share / 2);
	} else {
		power_loss($s, $share / 2);
	}
}

report();
exit($violations ? 1 : 0);
