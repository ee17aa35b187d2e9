package PDBench::Place;

# Where and how it is measured: time elapsed, progress, programs, processors, the machine's description.
use strict;
use warnings FATAL => 'all';
use Carp qw(croak);
use Exporter qw(import);
use POSIX ();
use Time::HiRes ();
use PDPortal::Setup qw(read_file);
our @EXPORT_OK = qw(progress run_good on_processor median grouped next_port cores machine disturbed HTTPD_CPU CLIENT_CPU);

# The server on one processor, who asks on the other: else they would take turns in one place and not in another.
use constant { HTTPD_CPU => 0, CLIENT_CPU => 1 };

my $began = time;
# Who else was at work when it began: with more than a little, only instructions can be trusted.
my ($load) = (read_file('/proc/loadavg') // '0') =~ /^(\S+)/;
my $BUSY = 0.5; # for each processor
my $port = 0;

sub progress {
    my ($text) = @_;
    my $elapsed = time - $began;
    printf STDERR "  %2d:%02d  %s\n", $elapsed / 60, $elapsed % 60, $text;
    return;
}

# Runs a program to its good end and gives what it said.
sub run_good {
    my (@words) = @_;
    my ($code, $out, $error) = PDPortal::Setup::run_program(@words);
    croak "@words: exit $code\n$out$error" if $code;
    return $out;
}

# What the code starts stays on that processor.
sub on_processor {
    my ($cpu, $code) = @_;
    my ($before) = run_good('/usr/bin/taskset', '-cp', $$) =~ /: (\S+)\s*\z/;
    run_good('/usr/bin/taskset', '-cp', $cpu, $$);
    my @result = eval { $code->() };
    my $why = $@;
    run_good('/usr/bin/taskset', '-cp', $before, $$);
    croak $why if $why;
    return wantarray ? @result : $result[0];
}

sub median {
    my @sorted = sort { $a <=> $b } @_;
    croak 'a median of nothing' unless @sorted;
    return @sorted % 2 ? $sorted[@sorted / 2] : ($sorted[@sorted / 2 - 1] + $sorted[@sorted / 2]) / 2;
}

# 1234567 as 1,234,567.
sub grouped {
    my ($number) = @_;
    my $text = sprintf '%.0f', $number;
    1 while $text =~ s/^(-?\d+)(\d{3})/$1,$2/;
    return $text;
}

sub next_port { return $ENV{PD_PORT} + 20 + $port++ }

sub cores { return scalar(() = (read_file('/proc/cpuinfo') // '') =~ /^processor\s*:/mg) }

# For the head of the table.
sub machine {
    my ($debian) = (read_file('/etc/os-release') // '') =~ /^PRETTY_NAME="([^"(]*?)\s*(?:\([^"]*)?"/m;
    my ($model) = (read_file('/proc/cpuinfo') // '') =~ /^model name\s*:\s*(.*?)\s*$/m;
    my ($httpd) = run_good($ENV{PD_HTTPD_PLAIN}, '-v') =~ m{Apache/(\S+)};
    my @parts = ($debian // 'unknown system', cores() . ' cores' . ($model ? " ($model)" : ''), "httpd $httpd $ENV{PD_MPM}",
        $ENV{PD_DB} eq 'pgsql' ? 'PostgreSQL' : 'SQLite', POSIX::strftime('%e %B %Y', localtime));
    push @parts, "load average $load when it began";
    return join ', ', map { s/^\s+//r } @parts;
}

# A sentence when the machine had other work, else nothing.
sub disturbed {
    return '' if $load <= $BUSY * cores();
    return 'The machine was busy with other work: only the instructions of this run can be trusted, neither CPU nor rates nor'
        . ' times, nor the gates on them.';
}

1;
