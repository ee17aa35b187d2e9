package PDBench::Hit;

# What it costs to be let in: the same 4 KB file at the same place, in a plain httpd where all may see it, and behind
# the portal with the session in memory, in the database, among 100,000 others, and with many children.
use strict;
use warnings FATAL => 'all';
use Exporter qw(import);
use PDPortal::Setup qw(read_file write_file);
use PDBench::Client ();
use PDBench::Httpd ();
use PDBench::Instructions qw(instructions);
use PDBench::Load qw(pair load_until);
use PDBench::Place qw(progress grouped);
use PDBench::Portals qw(portal variant cookies cookie server_of);
our @EXPORT_OK = qw(limit bare compare hit_page crowd_page);

my $CROWD = 100_000;
my $COUNTED = 5_000; # of them are in memory where instructions are counted: valgrind is slow
my $ROOM = '128M'; # for all their sessions
my $LEAST = PDBench::Httpd::page_bytes();

# Any protection needs a section, and a section costs something without any: httpd walks and merges it.
sub unprotected { return (conf => "<Location \"/cabinet\">\nRequire all granted\n</Location>\n") }

# Counted once in a run.
my %counted;
sub counted {
    my ($name, $path, @conf) = @_;
    return $counted{$name} if $counted{$name};
    progress("static page, $name: instructions");
    my $page = page(PDBench::Httpd->new(name => $name, @conf), $path);
    $page->{count} = instructions($page);
    return $counted{$name} = $page;
}

# The limit of all rows: the page at the same place in a server without the portal, where all may see it.
sub limit { return counted('plain', '/cabinet/page.html', unprotected()) }

# A page of a server that has no section at all.
sub bare { return counted('bare', '/page.html') }

sub page { my ($server, $path, @headers) = @_; return { server => $server, path => $path, headers => \@headers, least => $LEAST } }

sub hit_page { my ($server, $portal) = @_; return page($server, '/cabinet/page.html', cookie($portal)) }

# Every one of a portal's sessions in turn.
sub crowd_page {
    my ($server, $portal) = @_;
    return { server => $server, path => '/cabinet/page.html', cookies => cookies($portal), least => $LEAST };
}

# Both servers up (or the one that has both), compared, and down again.
sub compare {
    my ($first, $second, %given) = @_;
    my %servers = map { $_->{server}{port} => $_->{server} } $first, $second;
    my $pair = eval {
        $_->start for values %servers;
        $given{before}->() if $given{before};
        pair($first, $second, %given);
    };
    my $why = $@;
    $_->stop for values %servers;
    return $pair // die $why;
}

sub crowd_instructions {
    my ($server, $portal) = @_;
    my @cookies = (split /\n/, read_file(cookies($portal)))[0 .. $COUNTED - 1];
    my $at = 0;
    my $next = sub { $at = ($at + 7919) % @cookies; return "Cookie: $cookies[$at]" };
    my $fill = sub {
        my ($client) = @_;
        for my $cookie (@cookies) {
            my $answer = $client->ask(PDBench::Client::get_bytes('/cabinet/page.html', $next->()));
            die "a session of the crowd: $answer->{status}\n" unless $answer->{status} == 200;
        }
    };
    return instructions({ server => $server, path => '/cabinet/page.html', before => $fill, next => $next });
}

sub gate_unchanged {
    my ($table, $with, $ratio) = @_;
    $table->gate("the same with $with", '≤ 1.05 ×', sprintf('%.2f ×', $ratio), $ratio <= 1.05);
    return;
}

# A file's lines over and over, until there are so many; each with a number, since Lua keeps equal texts once: the client
# of few sessions would have less to read than that of many.
sub numbered {
    my ($from, $to, $wanted) = @_;
    my @lines = split /\n/, read_file($from);
    return write_file($to, join '', map { sprintf "%s; n=%06d\n", $lines[$_ % @lines], $_ } 0 .. $wanted - 1);
}

sub measure_crowd {
    my ($table, $base, $hit, $base_portal) = @_;
    progress('100,000 live sessions');
    my $crowd = portal('crowd', people => $CROWD, sessions => $CROWD, set => { PDPortalSessionCache => $ROOM });
    my $server = server_of('crowd', $crowd);
    my $among = crowd_instructions($server, $crowd);
    # Both clients do the same work: as many lines, of few or many sessions.
    my $subject = { %{ crowd_page($server, $crowd) }, cookies => numbered(cookies($crowd), "$crowd->{dir}/many", $CROWD) };
    my $few = { %$hit, headers => [], cookies => numbered(cookies($base_portal), "$crowd->{dir}/few", $CROWD) };
    # A use that is long due is noted as its session comes into memory; so the job has nothing to note for three minutes.
    # It is its own matter, whatever pages are asked for: docs/performance.md tells what it takes.
    PDPortal::Setup::sql($crowd, 'UPDATE session SET used_at = used_at - 600000000');
    my $pair = compare($few, $subject, rounds => 25, seconds => 1, before => sub { load_until($subject, $CROWD, 5) });
    $table->row('the same, 100,000 live sessions in turn', instructions => [$among, $base], pair => $pair,
        beside => '1,000 sessions in turn; instructions with ' . grouped($COUNTED) . ' in memory');
    return ($among, $pair);
}

sub measure_children {
    my ($table, $portal) = @_;
    progress('2 and 16 children');
    my %pair;
    for my $children (2, 16) {
        my $plain = PDBench::Httpd->new(name => "plain-$children", children => $children, unprotected());
        my $hit = server_of("hit-$children", $portal, children => $children);
        $pair{$children} = compare(page($plain, '/cabinet/page.html'), hit_page($hit, $portal), rounds => 9);
        $table->row("session in memory, $children children", pair => $pair{$children}, beside => "static, $children children");
    }
    return $pair{16}{ratio}{cpu} / $pair{2}{ratio}{cpu};
}

sub measure {
    my ($table) = @_;
    my $portal = portal('base');
    my $plain = limit();
    my $server = server_of('hit', $portal);
    my $uncached = variant($portal, 'miss', PDPortalSessionCache => 0, PDPortalSessionRecheck => 0);
    my $miss_server = server_of('miss', $uncached);
    my %subjects = (open => page($server, '/page.html'), hit => hit_page($server, $portal), miss => crowd_page($miss_server, $uncached));
    my $base = $plain->{count};
    progress('instructions');
    my %count = (open => instructions($subjects{open}), hit => instructions($subjects{hit}),
        miss => instructions({ %{ $subjects{miss} }, headers => [cookie($portal)] }));
    $table->group('The price of being let in');
    $table->row('static 4 KB page in a section of its own, no portal in the server', instructions => [$base], beside => 'the limit');
    $table->row('the same, server without any section', instructions => [bare()->{count}, $base], beside => 'the limit');
    my %row = (open => 'the same outside the section, server with the portal', hit => 'authorised page, session in memory',
        miss => 'authorised page, session asked of the database');
    my %pair;
    for my $name (qw(open hit miss)) {
        progress($row{$name});
        $pair{$name} = compare($plain, $subjects{$name});
        $table->row($row{$name}, instructions => [$count{$name}, $base], pair => $pair{$name}, beside => 'static, no portal');
    }
    my $added = $count{hit} - $base;
    my $cpu = $pair{hit}{ratio}{cpu};
    my $over_open = $count{hit} - $count{open};
    $table->gate('authorised page on a hit: instructions over the same file without auth, in the same server', '≤ 9,000', grouped($over_open), $over_open <= 9000);
    $table->gate('the same over the same place in a server without the portal', '≤ 9,000', grouped($added), $added <= 9000);
    $table->gate('authorised page on a hit: CPU', '≤ 1.12 ×', sprintf('%.2f ×', $cpu), $cpu <= 1.12);
    my ($among, $pair) = measure_crowd($table, $base, $subjects{hit}, $portal);
    gate_unchanged($table, '100,000 sessions: instructions', $among / $count{hit});
    gate_unchanged($table, '100,000 sessions: CPU', $pair->{ratio}{cpu});
    gate_unchanged($table, '16 children instead of 2: CPU', measure_children($table, $portal));
    return;
}

1;
