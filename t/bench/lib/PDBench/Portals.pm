package PDBench::Portals;

# Portals with people and sessions in them, made once in a run.
use strict;
use warnings FATAL => 'all';
use Exporter qw(import);
use PDPortal::Setup qw(make_portal read_file);
use PDBench::Httpd ();
use PDBench::Place qw(run_good progress);
our @EXPORT_OK = qw(portal variant cookies cookie login_of server_of);

my %portals;

# As an administrator would have it: costs and limits by default; letters nobody waits for.
my %SETTINGS = (PDPortalPasswordMemory => undef, PDPortalPasswordPasses => undef, PDPortalLettersPerHour => undef,
    PDPortalMailTimeout => undef, PDPortalMailInterval => '1h');

# portal('crowd', people => 1000, sessions => 1000, set => {...}, bare => 1: it is there already): the folder gets "cookies", a header value a line.
sub portal {
    my ($name, %given) = @_;
    return $portals{$name} if $portals{$name};
    my ($people, $sessions) = ($given{people} // 1000, $given{sessions} // 1000);
    my $portal = make_portal(name => "portal-$name", port => 1, bare => $given{bare}, set => { %SETTINGS, %{ $given{set} || {} } });
    publish_policy($portal) unless $given{bare};
    fill($portal, $people, $sessions);
    return $portals{$name} = $portal;
}

# A policy as long as a real one: the demo site's.
sub publish_policy {
    my ($portal) = @_;
    my @texts = map { ("$ENV{PD_SOURCE_DIR}/conf/demo/policy.$_.md", '--lang', $_) } qw(ru en);
    PDPortal::Setup::ctl_ok($portal->{conf}, 'policy', 'publish', @texts, '--kind', 'policy');
    return;
}

sub fill {
    my ($portal, $people, $sessions) = @_;
    my $pid = fork // die "fork: $!";
    if ($pid == 0) {
        exec "$ENV{PD_WORK}/bin/people", $portal->{conf}, $people, $sessions, 'pd', "$portal->{dir}/cookies" or exit 127;
    }
    waitpid $pid, 0;
    die "no people in $portal->{conf}\n" if $?;
    $portal->{people} = $people;
    return;
}

# The same database and key with other settings.
sub variant {
    my ($portal, $name, %set) = @_;
    my $made = make_portal(name => "portal-$name", port => 1, bare => 1, set => {
        %SETTINGS, map({ $_ => $portal->{set}{$_} } qw(PDPortalDatabase PDPortalKeyFile)), %set });
    return { %$made, people => $portal->{people}, cookies => cookies($portal) };
}

sub cookies { my ($portal) = @_; return $portal->{cookies} // "$portal->{dir}/cookies" }

# The first of them, as a header.
sub cookie { my ($portal) = @_; return 'Cookie: ' . (split /\n/, read_file(cookies($portal)))[0] }

sub login_of { my ($number) = @_; return sprintf 'person%07d', $number }

# A server with the portal in it. The portal belongs to the origin its server has.
sub server_of {
    my ($name, $portal, %given) = @_;
    my $server = PDBench::Httpd->new(name => $name, portal => $portal, %given);
    $server->{conf} = "PDPortalBaseURL http://127.0.0.1:$server->{port}\n" . $server->{conf};
    $server->write_conf;
    return $server;
}

1;
