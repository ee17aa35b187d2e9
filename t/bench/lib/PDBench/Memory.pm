package PDBench::Memory;

# Does a child grow? Its own memory after it has served some requests, and a million later.
use strict;
use warnings FATAL => 'all';
use PDBench::Hit qw(crowd_page);
use PDBench::Load qw(load_until);
use PDBench::Place qw(progress grouped);
use PDBench::Portals qw(portal server_of);

my ($WARM_UP, $REQUESTS) = (20_000, 1_000_000);
my $STEP = 20; # seconds

sub measure {
    my ($table) = @_;
    my $portal = portal('base');
    my $server = server_of('memory', $portal, children => 1)->start;
    my $page = crowd_page($server, $portal);
    load_until($page, $WARM_UP, 2);
    my ($before, $half) = ($server->child_mib);
    my $sum = load_until($page, $REQUESTS, $STEP, sub {
        my ($so_far) = @_;
        my $now = $server->child_mib;
        $half //= $now if $so_far >= $REQUESTS / 2;
        progress(sprintf '%s requests, %.2f MiB', grouped($so_far), $now);
    });
    my $after = $server->child_mib;
    my $grown = $after - $before;
    $server->stop;
    $table->group('Memory');
    # A leak grows in the second half as in the first; pools that find their size don't.
    $table->row('a child after ' . grouped($sum) . ' authorised requests',
        time => sprintf('%.2f MiB (%+.2f, in the second half %+.2f)', $after, $grown, $after - $half),
        beside => 'itself after the first 20,000');
    $table->gate('memory of a child over 1,000,000 authorised requests', '≤ 1 MiB more', sprintf('%+.2f MiB', $grown), $grown <= 1);
    return;
}

1;
