package PDBench::People;

# Does it matter how many people there are? Sign-in, a session asked of the database, and a look-up by login as staff do
# it today, with 1,000 and 1,000,000; and the look-up alone, which is but the reading of the database's trees.
use strict;
use warnings FATAL => 'all';
use Time::HiRes qw(time);
use PDPortal::Setup qw(write_file);
use PDPortal::Test qw(password);
use PDBench::Hit qw(compare crowd_page);
use PDBench::Load qw(load_until);
use PDBench::Place qw(progress run_good median);
use PDBench::Portals qw(portal variant server_of login_of);

my ($FEW, $MANY) = (1000, 1_000_000);
# As many on either side, spread evenly over all people: only the number of people differs. With twenty times the
# sessions on one side the row compared how many pages are touched in turn, not how many people there are.
my $SESSIONS = 1000;
my $SIGN_INS = 60;
my ($LOOKUP_ROUNDS, $LOOKUPS) = (7, 20_000);
my $STAFF_LOOKUPS = 100;

# Once from beginning to end, as a server that has been up for a while has read it: a file kept from another day is not in
# the system's cache, and one just made is; the disk would be measured on one side only.
sub read_through {
    my ($file) = @_;
    open my $in, '<:raw', $file or die "$file: $!";
    1 while read $in, my $piece, 1 << 20;
    close $in;
    return;
}

# A million are made once and stay for the next run; those of PostgreSQL live with its server, for this run.
sub many {
    return portal('many', people => $MANY, sessions => $SESSIONS) if $ENV{PD_DB} eq 'pgsql';
    my $folder = "$ENV{PD_BENCH_KEEP}/people";
    my $old = -e "$folder/complete";
    my %place = (PDPortalDatabase => ['sqlite3', "$folder/portal.db"], PDPortalKeyFile => "$folder/master.key");
    my $portal = $old && eval { portal('many', people => $MANY, sessions => $SESSIONS, bare => 1, set => \%place) };
    if ($portal) {
        read_through("$folder/portal.db");
        return $portal;
    }
    progress("the people kept are of another schema: $@") if $old;
    unlink glob "$folder/*";
    mkdir $folder;
    $portal = portal('many', people => $MANY, sessions => $SESSIONS, set => \%place);
    write_file("$folder/complete", '');
    return $portal;
}

# Seconds of one sign-in, of anybody, with a browser that was never seen.
sub sign_in_time {
    my ($server, $people) = @_;
    my $visitor = $server->browser;
    my $token = $visitor->get('/portal/login')->field('csrf');
    my $begin = time;
    my $answer = $visitor->post('/portal/login', { csrf => $token, login => login_of(int rand $people), password => password() });
    die 'sign-in: ' . $answer->status . "\n" unless $answer->status == 303;
    return time - $begin;
}

sub measure_sign_in {
    my ($portals) = @_;
    my @servers = map { server_of("people-$_->{people}", $_, free => 1)->start } @$portals;
    my @times;
    for my $n (1 .. $SIGN_INS) {
        push @{ $times[$_] }, sign_in_time($servers[$_], $portals->[$_]{people}) for 0, 1;
    }
    $_->stop for @servers;
    return map { median(@$_) * 1e3 } @times;
}

sub measure_miss {
    my ($portals) = @_;
    my @pages = map {
        my $portal = variant($_, "miss-$_->{people}", PDPortalSessionCache => 0, PDPortalSessionRecheck => 0);
        crowd_page(server_of("miss-$_->{people}", $portal), $portal);
    } @$portals;
    # A session's use is noted in the database now and then: all are, just before, or the side with more sessions would
    # write where the other one reads.
    my $note_all = sub { load_until($pages[$_[0]], $_[1], 2) };
    return compare(@pages, rounds => 15, before => sub { $note_all->(0, $SESSIONS); $note_all->(1, $SESSIONS) });
}

sub measure_lookup {
    my ($portals) = @_;
    my @times;
    for my $round (1 .. $LOOKUP_ROUNDS) {
        for my $which (0, 1) {
            my $portal = $portals->[$which];
            push @{ $times[$which] }, run_good("$ENV{PD_WORK}/bin/lookup", $portal->{conf}, $portal->{people}, $LOOKUPS) + 0;
        }
    }
    return map { median(@$_) } @times;
}

# Seconds of one look-up by staff: pdportalctl, from beginning to end.
sub staff_time {
    my ($portal) = @_;
    my $begin = time;
    run_good($ENV{PD_CTL}, '--config', $portal->{conf}, 'sessions', 'list', login_of(int rand $portal->{people}));
    return time - $begin;
}

sub measure_staff {
    my ($portals) = @_;
    my (@times, @ratios);
    for my $n (1 .. $STAFF_LOOKUPS) {
        my ($few, $many) = map { staff_time($_) } @$portals;
        push @{ $times[0] }, $few;
        push @{ $times[1] }, $many;
        push @ratios, $many / $few;
    }
    return (median(@ratios), map { median(@$_) * 1e3 } @times);
}

sub gate {
    my ($table, $what, $ratio) = @_;
    $table->gate("1,000,000 people: $what", '≤ 1.2 × of 1,000', sprintf('%.2f ×', $ratio), $ratio <= 1.2);
    return;
}

sub measure {
    my ($table) = @_;
    progress('1,000,000 people');
    my @portals = (portal('few', people => $FEW, sessions => $SESSIONS), many());
    $table->group('1,000,000 people');
    progress('sign-in');
    my ($few, $many) = measure_sign_in(\@portals);
    $table->row('sign-in, one visitor', time => sprintf('%.1f ms (%.2f ×)', $many, $many / $few),
        beside => sprintf '1,000 people: %.1f ms', $few);
    gate($table, 'sign-in', $many / $few);
    progress('session asked of the database');
    my $pair = measure_miss(\@portals);
    $table->row('authorised page, session asked of the database', pair => $pair, beside => '1,000 people');
    gate($table, 'session asked of the database (time a request)', 1 / $pair->{ratio}{rate});
    progress('look-up by login');
    (my $ratio, $few, $many) = measure_staff(\@portals);
    $table->row('look-up by staff: pdportalctl sessions list LOGIN', time => sprintf('%.1f ms (%.2f ×)', $many, $ratio),
        beside => sprintf '1,000 people: %.1f ms', $few);
    gate($table, 'look-up by staff', $ratio);
    ($few, $many) = measure_lookup(\@portals);
    $table->row('of it the search by login alone', time => sprintf('%.0f µs (%.2f ×)', $many, $many / $few),
        beside => sprintf '1,000 people: %.0f µs', $few);
    return;
}

1;
