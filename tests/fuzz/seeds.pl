#!/usr/bin/perl
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
#
# seeds.pl DIRECTORY: makes what fuzzing begins with, a directory of inputs for
# each target.  The first bytes of an input choose how the target uses the rest;
# comments below name them.

use strict;
use warnings;

my $top = shift or die "usage: seeds.pl DIRECTORY\n";
my %number;

sub seed
{
	my ($target, @parts) = @_;
	my $dir = "$top/$target";

	mkdir $dir unless -d $dir;
	my $name = sprintf '%s/seed-%02d', $dir, ++$number{$target};
	open my $file, '>:raw', $name or die "$name: $!\n";
	print $file @parts or die "$name: $!\n";
	close $file or die "$name: $!\n";
}

sub byte { return pack 'C*', @_ }
sub two { return pack 'v', $_[0] }
sub lines { return join '', map { "$_\r\n" } @_ }

mkdir $top unless -d $top;

# how the client reads and writes, pieces, lines of TOP
seed 'body', byte(0, 0, 0, 255), "A: b\n\nbody\n.\n..x\n";
seed 'body', byte(1, 2, 3, 2), "A: b\r\n\r\n.\r\nx\ry\n\nlast";
seed 'body', byte(2, 1, 1, 255), "only: header\r\n\0\xff";

seed 'sasl', "\0anna\0secret";
seed 'sasl', "anna\0anna\0secret";
seed 'sasl', 'AGFubmEAc2VjcmV0';
seed 'sasl', 'tim b913a602c7eda7a495b4e6e7334d3890';
seed 'sasl', 'n,,n=user,r=rOprNGfwEbeRWgbNEkqO';
seed 'sasl', 'y,a=user,n=us=2Cer=3D,r=rOprNGfwEbeRWgbNEkqO,x=y';
seed 'sasl', 'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,'
    . 'p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=';

my @proxies = (
	"PROXY TCP4 192.0.2.7 198.51.100.1 40112 110\r\n",
	"PROXY TCP6 2001:db8::7 2001:db8::1 40112 110\r\n",
	"PROXY UNKNOWN\r\n",
	"PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n",
	proxy2(0x21, 0x11, byte(192, 0, 2, 7, 198, 51, 100, 1, 156, 176, 0,
	    110)),
	proxy2(0x21, 0x21, byte((0x20) x 32, 156, 176, 0, 110)
	    . byte(0x20, 0, 5, 1, 0, 0, 0, 0) . byte(4, 0, 1, 0)),
	proxy2(0x21, 0x31, "x" x 216),
	proxy2(0x20, 0x00, ''),
);

sub proxy2
{
	my ($command, $family, $rest) = @_;

	return "\r\n\r\n\0\r\nQUIT\n" . byte($command, $family)
	    . pack('n', length $rest) . $rest;
}

for my $proxy (@proxies) {
	seed 'proxy', byte(0, 0), $proxy;
	seed 'proxy', byte(0x11, 0), $proxy, "CAPA\r\n";
}

# how, flags, offers, 8 answers of the monitor
my @logins = (
	[ 'CAPA', 'USER anna', 'PASS secret word', 'QUIT' ],
	[ 'AUTH', 'AUTH PLAIN AGFubmEAc2VjcmV0', 'QUIT' ],
	[ 'AUTH PLAIN', 'AGFubmEAc2VjcmV0' ],
	[ 'AUTH PLAIN =', 'AUTH PLAIN', '*' ],
	[ 'AUTH LOGIN', 'YW5uYQ==', 'c2VjcmV0' ],
	[ 'AUTH LOGIN YW5uYQ==', 'c2VjcmV0' ],
	[ 'AUTH CRAM-MD5',
	    'dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw' ],
	[ 'APOP anna c4c9334bac560ecc979e58001b3e22fb' ],
	[ 'AUTH SCRAM-SHA-256 bixhPXVzZXIsbj11c2VyLHI9cm9wck5HZndFYmVS' ],
	[ 'AUTH SCRAM-SHA-256', 'biwsbj11c2VyLHI9clVwck5HZndFYmVSV2diTg==',
	    '*' ],
	[ 'STLS' ],
	[ 'STLS', 'CAPA' ],
	[ 'PROXY TCP4 192.0.2.7 198.51.100.1 40112 110' ],
	[ map { "FOO$_" } 1 .. 11 ],
);
for my $login (@logins) {
	for my $answers (0, 64, 65, 68) {
		seed 'login', byte(4, 0, 0, 127, ($answers) x 8),
		    lines(@$login);
	}
}
seed 'login', byte(1, 0, 1, 127, (0) x 8), $proxies[0], lines('CAPA', 'QUIT');
seed 'login', byte(1, 0, 1, 127, (0) x 8), $proxies[5], lines('CAPA', 'QUIT');
seed 'login', byte(0, 0, 0, 127, (0) x 8), 'x' x 300, "\r\nCAPA\nUS\0R x\r\n";

my $from = "From a\@example.org Mon Jan  1 00:00:00 2024\n";
my @mboxes = (
	"${from}Subject: one\n\nfirst\n\n${from}Subject: two\n\nsecond\n\n"
	    . "${from}Subject: three\n\nthird\n",
	"${from}Subject: one\n\nfirst\n\n" x 5,
	"${from}Subject: DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA\n"
	    . "X-IMAP: 1 2\n\nx\n\n${from}A: b\n\nmail\n\n"
	    . "${from}A: b\n\nmail\n\n",
	"${from}\n${from}\n${from}",
	"From x Mon Jan 1 00:00 GMT 2024\r\nA: b\r\n\r\n.\r\n\r\n"
	    . "From y Mon Jan  1 00:00:00 2024 +0100\r\n\r\nFrom z\r\nx",
	"${from}only: header\n",
	"\n\n${from}A: b\n\n\0\0${from}C: d\nx\n${from}E: f\n\n",
	"${from}Content-Length: 83\n\nx\n\nFrom a Mon Jan  1 00:00:00 2023\n"
	    . "A: b\n\nFrom here Mon Jan  1 00:00:00 2024 on\nC: d\n\ny\n\n"
	    . "${from}A: b\n\n",
	"From " . 'a' x 1010 . " Mon Jan  1 00:00:00 2024\n\n\n${from}\n",
	'',
);
for my $mbox (@mboxes) {
	# flags, back, cut
	seed 'mbox', byte(0, 0), two(0), $mbox;
	seed 'mbox', byte(1 | 16 | 32 | 64, 0), two(40), $mbox;
	seed 'mbox', byte(142, 60), two(0), "\n\n$mbox";
}

my @commands = (
	[ 'STAT', 'LIST', 'UIDL', 'RETR 1', 'TOP 2 0', 'LAST', 'QUIT' ],
	[ 'UIDL', 'DELE 1', 'QUIT' ],
	[ 'DELE 2', 'DELE 1', 'RSET', 'DELE 2', 'LIST', 'QUIT' ],
	[ 'DELE 3', 'UIDL 1', 'NOOP', 'CAPA', 'QUIT' ],
	[ 'DELE 1', 'DELE 2', 'DELE 3', 'QUIT' ],
	[ 'DELE 1', 'RETR 3', 'LIST 2', 'TOP 3 1' ],
	[ map { 'FOO' } 1 .. 21 ],
);
for my $commands (@commands) {
	for my $mbox (@mboxes) {
		# how, flags, fault, length
		seed 'session', byte(0, 0, 0, 0, 0), two(length $mbox), $mbox,
		    lines(@$commands);
	}
	my $mbox = $mboxes[1];
	seed 'session', byte(1, 0, 3, 0, 0), two(length $mbox), $mbox,
	    lines(@$commands);
	seed 'session', byte(0, 0, 2, 0x13, 30), two(length $mbox), $mbox,
	    lines(@$commands);
	seed 'session', byte(0, 0, 0, 0x05, 25), two(length $mbox), $mbox,
	    lines(@$commands);
}

# how, fault, length of the state file, flags, an index, files: folder and
# length of the name, name, length of the content, content
sub maildir
{
	my @files = @_;
	my $out = byte(scalar @files);

	for my $file (@files) {
		my ($folder, $name, $content) = @$file;
		$out .= byte(length($name) << 2 | ($folder eq 'new')) . $name
		    . byte(length $content) . $content;
	}
	return $out;
}
my $list = "popin-uidl 1 courier\n1700000000.M1P1.host UID7-1700000000\n"
    . "1700000001.x 1700000000.M1P1.host\nend\n";
for my $step (0, 6) {
	seed 'uidl', byte($step), $_ for ($list, "popin-uidl 1 own\nend\n",
	    $list . "more\n", "popin-uidl 1 x\na b\na c\nd b\nend");
}
my $names = byte(4, 0, 1, 2, 3);
seed 'import', byte(0), $names, "/3 9 17\n1.a 9 7:17:0\n1.b:2,S 3 0:0:0\n";
seed 'import', byte(64 + $_), $names, "3 V17 N9 G01\n7 :1.a\n8 Pown O1 :1.b\n"
    for (0, 3, 4);
seed 'import', byte(64), $names, "1 17 9\n7 1.a\n";
seed 'import', byte(5), $names;
for my $scheme (0, 3 .. 9) {
	seed 'import', byte(128 + $scheme), $_ for ($mboxes[0],
	    "${from}Received: a\n b\nDate: x\nMessage-ID: y\nDelivered-To: z\n"
	    . "X-UID: 7\nX-UIDL: abc\nX-IMAPbase: 1 2\nSubject: s\n\nx\n\n"
	    . "${from}X-UIDL: abc\n\nx\n");
}
for my $flags (0, 0xc1, 32 | 1, 32 | 16 | 2) {
	my $index = $list;
	my @index = $flags & 32 ? (byte(length $index), $index) : ();

	for my $commands (@commands) {
		seed 'maildir', byte(0, 0, 0, 0, 0, $flags), @index, maildir(
		    [ 'new', '1700000000.M1P1.host', "A: b\n\nx\n" ],
		    [ 'cur', '1700000000.M2P1.host,S=9,W=10:2,S', "A: b\n\ny\n" ],
		    [ 'cur', '1700000001.x:2,', ".\n" ]), lines(@$commands);
		seed 'maildir', byte(0, 0, 1, 20, 0, $flags), @index, maildir(
		    [ 'new', 'same', 'x' ], [ 'cur', 'same:2,S', 'y' ],
		    [ 'new', "\xe4 b", '' ], [ 'new', '.hidden', '' ],
		    [ 'new', '0' x 60, "\n" ]), lines(@$commands);
	}
}

# flags, marks, length of the mail
for my $mbox (@mboxes) {
	for my $flags (0, 1, 2 | 16 | 32, 4, 1 | 128) {
		seed 'state', byte($flags), two(2), two(length $mbox), $mbox,
		    byte(3, 0, 40, 7, 1, 8, 9, 2, 30, 1);
	}
}
# a longer mbox, and a From_ line in the state that is longer than any in it
my $long = "${from}A: b\n\n" . "line\n" x 400 . "\n";
seed 'state', byte(2 | 16 | 32), two(1), two(length $long), $long,
    byte(1, 1, 37, 5);
seed 'state', byte(4 | 8), two(0), two(0), byte(0), 'x' x 60;

# flags, length of the mail; how many steps; plan: flags, first, count, ranges
for my $mbox (@mboxes) {
	my $first = index($mbox, "\nFrom ") + 1;
	seed 'journal', byte(0), two(length $mbox), $mbox, byte(1, 0),
	    two($first), byte(0, 20, 30), byte(0);
	seed 'journal', byte(4), two(length $mbox), $mbox, byte(128, 0),
	    two($first), byte(1, 20, 10, 5, 20), byte(1), two(0x5555);
	seed 'journal', byte(0), two(length $mbox), $mbox, byte(2, 0),
	    two($first), byte(0, 9, 30), byte(24), two(31), 'x' x 31, byte(8),
	    two(8), '12345678';
	seed 'journal', byte(1), two(length $mbox), $mbox, 'x' x 200;
}

my @passwds = (
	'anna:{PLAIN}secret:1000:1000::/home/anna::',
	'anna:{SHA512-CRYPT}$6$saltsalt$' . 'x' x 86 . ':1000:1000::/h::',
	'anna:{SCRAM-SHA-256}4096,W22ZaJ0SNY7soEsUEjb6gQ==,'
	    . 'WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=,'
	    . 'wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=::::',
	'anna:{PLAIN}x:1:1::/h:: allow_nets=192.0.2.0/24,local,2001:db8::/32',
	'anna:{MD5}x:0:0::h:: nologin mail=mbox:/x userdb_mail=y',
	"#c\n\nbob:*:1:1\nanna:xJIy4dkTB34GA:5:6::/h:\r\nanna:second",
	'anna:' . 'x' x 1100,
);
for my $passwd (@passwds) {
	seed 'passwd', byte(1, 4), 'anna', "$passwd\n";
	seed 'passwd', byte(0, 3), 'bob', "$passwd\nbob:{PLAIN}y:7:7::/b::";
}

# flags, more, 16 verdicts of checkers; requests: op, flags, fields
my $hello = byte(1, 0);
my $password = byte(1 | 2 | 8, 4) . 'anna' . byte(6) . 'secret' . two(0);
my $first = byte(1 | 4, 4) . 'anna' . two(12) . 'n=anna,r=abc';
my $final = byte(2 | 4, 5) . 'proof' . two(9) . 'c=biws,r=';
for my $verdicts ([ (0) x 16 ], [ (255) x 16 ], [ (128) x 16 ], [ 64, 0 ]) {
	my $checks = byte(@$verdicts, (0) x (16 - @$verdicts));

	for my $flags (0, 1, 0xe0, 0xe1) {
		my @begin = (byte($flags, 2), $checks, $hello);

		seed 'monitor', @begin, map { byte($_) . $password }
		    (3, 4, 5, 6);
		seed 'monitor', @begin, byte(2, 0), byte(7, 0),
		    byte(8) . $password, byte(7, 0), byte(8) . $password;
		seed 'monitor', @begin, byte(9) . $first, byte(10) . $final,
		    byte(11, 0);
		seed 'monitor', @begin, byte(12, 0), $hello,
		    byte(3) . $password;
		seed 'monitor', @begin, byte(13, 0);
	}
	seed 'monitor', byte(24, 0), $checks,
	    byte(1, 16, 2, 1, 4, 5, 192, 0, 2, 7, (0) x 12),
	    byte(3) . $password;
}
