package PDBench::SignIn;

# Signing in: how many a second beside bare hashing, and what a flood of wrong passwords does to those who are
# signed in, and to memory.
use strict;
use warnings FATAL => 'all';
use List::Util qw(max min sum);
use POSIX ();
use Time::HiRes qw(time sleep);
use PDPortal::Setup qw(until_true);
use PDPortal::Test qw(password);
use PDBench::Flood ();
use PDBench::Hit qw(hit_page);
use PDBench::Load qw(load_on);
use PDBench::Place qw(progress run_good median cores);
use PDBench::Portals qw(portal server_of login_of);

my $VISITORS = 2;
my $ROUNDS = 3;
my $SECONDS = 6;
my $FLOOD_SECONDS = 5; # of each round
my $FLOOD_VISITORS = 200;
my $MEMORY_KIB = 65536; # the portal's default cost
my $PASSES = 2;

# Runs the code in processes of its own and gives the numbers they end with.
sub beside {
    my (@codes) = @_;
    my @pipes;
    for my $code (@codes) {
        pipe my $read, my $write or die "pipe: $!";
        my $pid = fork // die "fork: $!";
        if ($pid == 0) {
            close $read;
            my $result = eval { $code->() };
            print STDERR $@ if $@;
            syswrite $write, ($result // '') . "\n";
            POSIX::_exit(0);
        }
        close $write;
        push @pipes, [$read, $pid];
    }
    return sub {
        return map { my ($pipe, $pid) = @$_; chomp(my $line = readline($pipe) // ''); waitpid $pid, 0; $line } @pipes;
    };
}

# One visitor's sign-ins a second.
sub sign_ins {
    my ($server) = @_;
    my $visitor = $server->browser;
    my $token = $visitor->get('/portal/login')->field('csrf');
    my ($n, $begin) = (0, time);
    while (time < $begin + $SECONDS) {
        my $answer = $visitor->post('/portal/login', { csrf => $token, login => login_of(int rand 1000), password => password() });
        die 'sign-in: ' . $answer->status . "\n" unless $answer->status == 303;
        $n++;
    }
    return $n / (time - $begin);
}

sub measure_rate {
    my ($table, $portal) = @_;
    my $server = server_of('signin', $portal, free => 1)->start;
    my (@bare, @rate, @ratio);
    for my $round (1 .. $ROUNDS) {
        progress("sign-ins, $round of $ROUNDS");
        push @bare, run_good("$ENV{PD_WORK}/bin/argon2", $portal->{set}{PDPortalKeyFile}, $VISITORS, $SECONDS, $MEMORY_KIB,
            $PASSES) + 0;
        my $wait = beside((sub { srand; sign_ins($server) }) x $VISITORS);
        my @rates = $wait->();
        die "sign-ins failed\n" if grep { !$_ } @rates;
        push @rate, sum(@rates);
        push @ratio, $rate[-1] / $bare[-1];
    }
    $server->stop;
    my $ratio = median(@ratio);
    $table->row("Argon2id alone, 64 MiB, $PASSES passes, $VISITORS threads", rate => sprintf('%.1f', median(@bare)), beside => 'the limit');
    $table->row("sign-ins, $VISITORS visitors at once", rate => sprintf('%.1f (%.2f ×)', median(@rate), $ratio), beside => 'Argon2id alone');
    $table->gate('sign-ins a second', '≥ 0.9 of Argon2id alone', sprintf('%.2f', $ratio), $ratio >= 0.9);
    return;
}

# The most memory of all processes within some seconds. Processes are looked at one after the other: a hash that ends
# in one and begins in another would count twice, so it is the lesser of two looks.
sub peak {
    my ($server, $seconds) = @_;
    my ($most, $end) = (0, time + $seconds);
    while (time < $end) {
        $most = max($most, min($server->memory_mib, $server->memory_mib));
        sleep 0.1;
    }
    return $most;
}

# A flood leaves a queue behind that is still hashed when its visitors are gone: what is measured then is not quiet.
sub await_quiet {
    my ($server) = @_;
    my $quiet = until_true(sub { my $before = $server->cpu_seconds; sleep 0.5; $server->cpu_seconds - $before <= 0.02 }, 60);
    die "the server does not come to rest\n" unless $quiet;
    return;
}

sub quiet_turn {
    my ($server, $page) = @_;
    await_quiet($server);
    my $wait = beside(sub { peak($server, $FLOOD_SECONDS) });
    my $load = load_on($page, $FLOOD_SECONDS);
    return ($load->{p99}, $wait->());
}

sub flooded_turn {
    my ($server, $page, $flood) = @_;
    my $wait = beside(sub { peak($server, $FLOOD_SECONDS) }, sub { $flood->run($FLOOD_SECONDS + 1) });
    sleep 0.5;
    my $load = load_on($page, $FLOOD_SECONDS);
    return ($load->{p99}, $wait->());
}

sub flood_rounds {
    my ($server, $page) = @_;
    my $flood = PDBench::Flood->new($server, $FLOOD_VISITORS);
    my (@turns, %answers);
    # Every child has its connections to the database before the quiet state is looked at.
    load_on($page, 2);
    $flood->run($FLOOD_SECONDS);
    for my $round (1 .. $ROUNDS) {
        progress("flood, $round of $ROUNDS");
        my %turn;
        @turn{qw(quiet base)} = quiet_turn($server, $page);
        (@turn{qw(flooded peak)}, my $answered) = flooded_turn($server, $page, $flood);
        my %count = split /[ =]/, $answered;
        $answers{$_} += $count{$_} for keys %count;
        push @turns, \%turn;
        progress(sprintf '  p99 %.1f ms and %.0f MiB quiet, %.1f ms and %.0f MiB flooded', @turn{qw(quiet base flooded peak)});
    }
    return (\@turns, \%answers);
}

sub measure_flood {
    my ($table, $portal) = @_;
    my $server = server_of('flood', $portal, free => 1, children => 8)->start;
    my ($turns, $answers) = flood_rounds($server, hit_page($server, $portal));
    $server->stop;
    my $slots = cores(); # of the hashing gate, by default
    # Before the first flood, against the worst of all.
    my ($base, $peak) = ($turns->[0]{base}, max(map { $_->{peak} } @$turns));
    my ($quiet, $flooded) = map { my $name = $_; median(map { $_->{$name} } @$turns) } qw(quiet flooded);
    my $ratio = median(map { $_->{flooded} / $_->{quiet} } @$turns);
    my $limit = ($base + $slots * $MEMORY_KIB / 1024) * 1.1;
    my $said = join ', ', map {"$answers->{$_} with $_"} sort keys %$answers;
    $table->row('authorised page, quiet', time => sprintf('p99 %.1f ms; %.0f MiB', $quiet, $base), beside => '32 connections');
    $table->row("the same, $FLOOD_VISITORS wrong sign-ins at once (answered: $said)",
        time => sprintf('p99 %.1f ms (%.1f ×); %.0f MiB', $flooded, $ratio, $peak), beside => 'quiet');
    $table->gate('flood of sign-ins: memory of all httpd', sprintf('≤ base + %d × 64 MiB, + 10 %%: %.0f MiB', $slots, $limit),
        sprintf('%.0f MiB', $peak), $peak <= $limit);
    $table->gate('flood of sign-ins: p99 of authorised pages', '≤ 3 × quiet', sprintf('%.1f ×', $ratio), $ratio <= 3);
    return;
}

sub measure {
    my ($table) = @_;
    my $portal = portal('base');
    $table->group('Signing in');
    measure_rate($table, $portal);
    measure_flood($table, $portal);
    return;
}

1;
