package PDBench::Instructions;

# User instructions of one request, by callgrind: one httpd process, one connection that stays, and the median of
# several windows of equally many requests. Not the difference of N and 2N requests: what the server does besides,
# now and then (a job, a connection to the database: two millions at once), would be added when it falls into the
# longer part and taken away when it falls into the shorter one.
use strict;
use warnings FATAL => 'all';
use Carp qw(croak);
use Exporter qw(import);
use POSIX ();
use PDPortal::Setup qw(read_file until_true);
use PDBench::Client ();
use PDBench::Place qw(run_good median);
our @EXPORT_OK = qw(instructions);

my $WARM_UP = 40;
my $WINDOWS = 9;

sub begin {
    my ($server) = @_;
    my $pid = fork // croak "fork: $!";
    if ($pid == 0) {
        open STDIN, '<', '/dev/null';
        open STDOUT, '>', "$server->{dir}/logs/callgrind";
        open STDERR, '>&', \*STDOUT;
        exec 'valgrind', '--tool=callgrind', '--instr-atstart=no', "--callgrind-out-file=$server->{dir}/callgrind.out",
            $ENV{PD_HTTPD_PLAIN}, '-f', $server->{conf_file}, '-X' or POSIX::_exit(127);
    }
    my $ready = until_true(sub { waitpid($pid, 1) ? 'gone' : eval { PDBench::Client->new($server->{port}) } ? 'yes' : '' }, 60) // 'silent';
    croak "httpd does not come up under callgrind ($ready):\n" . read_file("$server->{dir}/logs/callgrind") . $server->log
        unless $ready eq 'yes';
    return $pid;
}

# What was counted since the last time.
sub counted {
    my ($server, $pid, $part) = @_;
    run_good('/usr/bin/callgrind_control', '--dump', $pid);
    my $text = until_true(sub { my $got = read_file("$server->{dir}/callgrind.out.$part"); $got && $got =~ /^totals:/m ? $got : '' }, 60)
        // croak "no figures of callgrind, part $part";
    return ($text =~ /^totals: (\d+)/m)[0];
}

sub ask_times {
    my ($client, $n, $given) = @_;
    for my $i (1 .. $n) {
        my $answer = $client->ask($given->{bytes}->());
        croak "$given->{what}: answered with $answer->{status}" unless $answer->{status} == $given->{status};
    }
    return;
}

sub count {
    my ($server, $pid, %given) = @_;
    my $client = PDBench::Client->new($server->{port});
    my $n = $given{requests};
    $given{before}->($client) if $given{before};
    run_good('/usr/bin/callgrind_control', '--instr=on', $pid);
    ask_times($client, $n < $WARM_UP ? $n : $WARM_UP, \%given);
    counted($server, $pid, 1);
    my @windows;
    for my $part (2 .. $WINDOWS + 1) {
        ask_times($client, $n, \%given);
        push @windows, counted($server, $pid, $part) / $n;
    }
    return median(@windows);
}

# instructions({ server, path, headers => [...], next => sub of more headers for the next request, status => 200,
# requests => 100 of each window, before => sub ($client), not counted })
sub instructions {
    my ($subject) = @_;
    my $server = $subject->{server};
    my @headers = @{ $subject->{headers} || [] };
    my $bytes = PDBench::Client::get_bytes($subject->{path}, @headers);
    my $next = $subject->{next};
    unlink glob "$server->{dir}/callgrind.out*";
    my $pid = begin($server);
    my $result = eval {
        count($server, $pid, status => 200, requests => 100, what => "$server->{name} $subject->{path}", %$subject,
            bytes => $next ? sub { PDBench::Client::get_bytes($subject->{path}, @headers, $next->()) } : sub {$bytes});
    };
    my $why = $@;
    kill TERM => $pid;
    waitpid $pid, 0;
    croak $why . $server->log unless defined $result;
    return $result;
}

1;
