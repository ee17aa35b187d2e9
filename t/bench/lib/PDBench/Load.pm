package PDBench::Load;

# Processor time, rate and latency of one kind of request under wrk, and of two kinds in alternating turns.
use strict;
use warnings FATAL => 'all';
use Carp qw(croak);
use Exporter qw(import);
use PDBench::Place qw(run_good on_processor median CLIENT_CPU);
our @EXPORT_OK = qw(load_on load_until pair);

my $CONNECTIONS = 32;

# load_on({ server, path, headers => [...], cookies => file, least => bytes of a good answer }, $seconds):
# { requests, rate, cpu (microseconds a request), p50, p99 (milliseconds) }
sub load_on {
    my ($subject, $seconds) = @_;
    my $server = $subject->{server};
    local $ENV{PD_COOKIES} = $subject->{cookies} // '';
    # Each run goes on where the last one stopped, so that all cookies get their turn.
    local $ENV{PD_COOKIES_FROM} = $subject->{from} // 0;
    my @words = ('/usr/bin/wrk', '-t1', "-c$CONNECTIONS", "-d${seconds}s", '--timeout', '30s', '--latency',
        '-s', "$ENV{PD_SOURCE_DIR}/t/bench/load.lua", (map { ('-H', $_) } @{ $subject->{headers} || [] }),
        "http://127.0.0.1:$server->{port}$subject->{path}");
    my $before = $server->cpu_seconds;
    my $said = on_processor(CLIENT_CPU, sub { run_good(@words) });
    my $cpu = $server->cpu_seconds - $before;
    my ($line) = $said =~ /^figures ([\d ]+)$/m or croak "wrk said:\n$said";
    my ($requests, $micros, $bytes, $refused, $cut, $p50, $p99) = split ' ', $line;
    # httpd may close a connection that waits for its next request when it is short of threads; wrk opens another.
    croak "$server->{name} $subject->{path}: of $requests requests $refused refused, $cut cut" if $refused || $cut * 100 >= $requests;
    # A redirection to sign-in would be quick, too.
    croak "$server->{name} $subject->{path}: answers too short" if $bytes / $requests < $subject->{least};
    $subject->{from} += $requests;
    return {
        requests => $requests, rate => $requests * 1e6 / $micros, cpu => $cpu * 1e6 / $requests, p50 => $p50 / 1e3, p99 => $p99 / 1e3,
    };
}

# Runs until there were so many requests, and gives how many there were.
sub load_until {
    my ($subject, $wanted, $seconds, $step) = @_;
    my $sum = 0;
    while ($sum < $wanted) {
        $sum += load_on($subject, $seconds)->{requests};
        $step->($sum) if $step;
    }
    return $sum;
}

# A B A B ...: { a => medians, b => medians, ratio => medians of b by a, each of two turns side by side }
sub pair {
    my ($first, $second, %given) = @_;
    my ($rounds, $seconds) = ($given{rounds} // 5, $given{seconds} // 2);
    my (%all, %result);
    load_on($_, 1) for $first, $second;
    for my $round (1 .. $rounds) {
        my ($one, $other) = (load_on($first, $seconds), load_on($second, $seconds));
        for my $figure (qw(cpu rate p50 p99)) {
            push @{ $all{a}{$figure} }, $one->{$figure};
            push @{ $all{b}{$figure} }, $other->{$figure};
            push @{ $all{ratio}{$figure} }, $other->{$figure} / ($one->{$figure} || 1e-9);
        }
    }
    for my $side (keys %all) {
        $result{$side} = { map { $_ => median(@{ $all{$side}{$_} }) } keys %{ $all{$side} } };
    }
    return \%result;
}

1;
