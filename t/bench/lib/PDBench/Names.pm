package PDBench::Names;

# Does time tell who has an account? The same act under a name that somebody has and under one that nobody has, by
# turns, each from an address of its own: the difference of the two medians, beside how much single answers vary.
# Not part of a full run: ROWS=names.
use strict;
use warnings FATAL => 'all';
use Time::HiRes qw(time);
use PDBench::Place qw(progress median);
use PDBench::Portals qw(portal server_of login_of);

my $PAIRS = 400;
my $PEOPLE = 1000; # each is asked for at most once an act
my $ACTS = 0;

# What a browser is to send; it has the form already, so that only the sending is timed.
my %ACTS = (
    'sign-in, wrong password' => [422, sub {
        my ($browser, $login) = @_;
        my $page = $browser->get('/portal/login');
        return sub { $browser->submit({ login => $login, password => 'wrong lantern 17' }, page => $page, form => qr{/login$}) };
    }],
    'asking for a new password' => [303, sub {
        my ($browser, $login) = @_;
        my $page = $browser->get('/portal/recover');
        return sub { $browser->submit({ login => $login, act => 'ask' }, page => $page, form => qr/recover/) };
    }],
    'registration of an address' => [303, sub {
        my ($browser, $login) = @_;
        my $page = $browser->get('/portal/register');
        my %form = (login => 'names' . ++$ACTS, email => "$login\@mail.test", password => 'quiet-harbour lantern 42');
        $form{$_} = $page->form->{values}{$_} for qw(policy consent_processing);
        return sub { $browser->submit(\%form, page => $page) };
    }],
);

my $address = 0;

sub milliseconds {
    my ($server, $wanted, $prepare, $login) = @_;
    $address++;
    my $browser = $server->browser(local => sprintf '127.%d.%d.1', 60 + $address / 250, $address % 250);
    my $send = $prepare->($browser, $login);
    my $begun = time;
    my $status = $send->()->status;
    my $took = 1000 * (time - $begun);
    die "answered $status in place of $wanted\n" unless $status == $wanted;
    return $took;
}

sub spread { my @sorted = sort { $a <=> $b } @_; return $sorted[ 0.75 * @sorted ] - $sorted[ 0.25 * @sorted ] }

sub measure {
    my ($table) = @_;
    # The cheapest hashing that may be had: with the usual one less would be seen.
    my $portal = portal('names', people => $PEOPLE, sessions => 0, set => { PDPortalPasswordMemory => 19456, PDPortalPasswordPasses => 1 });
    my $server = server_of('names', $portal, free => 1)->start;
    $table->group('Who has an account? Somebody\'s name against nobody\'s, cheapest hashing');
    for my $act (sort keys %ACTS) {
        progress($act);
        my ($wanted, $prepare) = @{ $ACTS{$act} };
        my (@somebody, @nobody);
        for my $n (1 .. $PAIRS) {
            my @turn = ([\@somebody, login_of($n)], [\@nobody, "nobody$n"]);
            for my $one ($n % 2 ? @turn : reverse @turn) {
                push @{ $one->[0] }, milliseconds($server, $wanted, $prepare, $one->[1]);
            }
        }
        my @difference = map { $somebody[$_] - $nobody[$_] } 0 .. $#somebody;
        $table->row("$act: somebody, then nobody", time => sprintf('%.2f and %.2f ms', median(@somebody), median(@nobody)),
            beside => sprintf('median of the differences %+.3f ms; half of the answers lie within %.2f ms', median(@difference), spread(@nobody)));
    }
    $server->stop;
    return;
}

1;
