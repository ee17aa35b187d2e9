# Wrong configuration stops "apache2 -t" with file, line and what to write instead.
use strict;
use warnings FATAL => 'all';
use Test::More;
use PDPortal::Test;
use PDPortal::Setup qw(make_portal);

my $server = server(name => 'conf');
my ($code, $said) = $server->configtest;
is($code, 0, 'a good configuration passes') or diag $said;
like($said, qr/Syntax OK/, 'and says so');

my $conf = $server->{conf};
my $good = read_file($conf);

# One line in place of the good one (or one more): what the complaint must hold.
my @lines = (
    ['PDPortalDatabase oracle "x"', qr/oracle/, 'unknown database driver'],
    ['PDPortalDatabase sqlite3', qr/PDPortalDatabase takes two arguments/, 'database without parameters'],
    ['PDPortalBaseURL "www.example.org"', qr/PDPortalBaseURL.*https:\/\/www\.example\.org/, 'base URL without scheme'],
    ['PDPortalBaseURL "https://www.example.org/portal"', qr/PDPortalBaseURL.*without a path/, 'base URL with a path'],
    ['PDPortalPath portal', qr/PDPortalPath.*\/portal/, 'path without a slash'],
    ['PDPortalPath /portal/', qr/PDPortalPath.*\/portal/, 'path with a slash at the end'],
    ['PDPortalPath /a/../b', qr/PDPortalPath.*\.\./, 'path with dots'],
    ['PDPortalMailFrom nobody', qr/PDPortalMailFrom.*portal\@example\.org/, 'no address'],
    ['PDPortalMailRelay 127.0.0.1', qr/PDPortalMailRelay.*smtp:\/\//, 'relay without scheme'],
    ['PDPortalMailRelay ftp://127.0.0.1', qr/PDPortalMailRelay.*smtp:\/\//, 'relay of a wrong kind'],
    ['PDPortalMailTLS maybe', qr/PDPortalMailTLS.*auto, require or off/, 'unknown word of a choice'],
    ['PDPortalInsecureCookies Perhaps', qr/PDPortalInsecureCookies.*On or Off/, 'flag'],
    ['PDPortalSessionIdle soon', qr/PDPortalSessionIdle.*30min/, 'time in words'],
    ['PDPortalSessionIdle 1s', qr/PDPortalSessionIdle.*between/, 'time too short'],
    ['PDPortalSessionIdle 99999d', qr/PDPortalSessionIdle.*between/, 'time too long'],
    ['PDPortalPasswordMin 4', qr/PDPortalPasswordMin.*between 8 and 64/, 'number out of bounds'],
    ['PDPortalPasswordMin eight', qr/PDPortalPasswordMin.*between 8 and 64/, 'number in words'],
    ['PDPortalPasswordMemory 64', qr/PDPortalPasswordMemory.*19456/, 'memory far too small'],
    ['PDPortalTimeZone Europe/Atlantis', qr/PDPortalTimeZone.*Atlantis/, 'unknown time zone'],
    ['PDPortalLanguage tlh', qr/PDPortalLanguage.*ru or en/, 'unknown language'],
    ['PDPortalMaterialSections "section three"', qr/PDPortalMaterialSections.*names no clauses.*"3 4 5\.2"/, 'sections in words'],
    ['PDPortalMaterialSections "3..1"', qr/PDPortalMaterialSections/, 'a number that is none'],
    ['PDPortalHostName "two words"', qr/PDPortalHostName.*letters, digits/, 'a host name of two words'],
    ['PDPortalHashingWait 0', qr/PDPortalHashingWait/, 'no wait at all'],
    ['PDPortalMetricsFrom "127.0.0.1 localhost"', qr/PDPortalMetricsFrom.*"localhost" is no address.*127\.0\.0\.1 ::1/, 'a name for an address'],
    ['PDPortalMetricsFrom 10.0.0.0/99', qr/PDPortalMetricsFrom.*"10\.0\.0\.0\/99" is no address/, 'a network that is none'],
    ['PDPortalSessionCache 100K', qr/PDPortalSessionCache.*write 0 for none.*between 256K and 16G/, 'a cache too small'],
    ['PDPortalSessionCache 17G', qr/PDPortalSessionCache.*between 256K and 16G/, 'a cache too large'],
    ['PDPortalSessionCache much', qr/PDPortalSessionCache.*between 256K and 16G/, 'a cache in words'],
    ['PDPortalPasword 8', qr/Invalid command 'PDPortalPasword'/, 'misspelt directive'],
);
for my $case (@lines) {
    my ($line, $wanted, $name) = @$case;
    my ($directive) = $line =~ /^(\S+)/;
    my $text = $good =~ s/^\Q$directive\E .*\n//mr;
    my ($first, $others) = $text =~ /^([^\n]*\n)(.*)/s; # which is no fault of its
    write_file($conf, "# first line\n$first$line\n$others");
    ($code, $said) = $server->configtest;
    isnt($code, 0, "$name: stops");
    like($said, qr/line 3 of \Q$conf\E|\Q$conf\E:3/, "$name: names file and line");
    like($said =~ s/\s+/ /gr, $wanted, "$name: says what to write");
}

# What the whole must obey.
my %without = (
    PDPortalDatabase => qr/PDPortalDatabase/, PDPortalKeyFile => qr/PDPortalKeyFile/,
    PDPortalMailFrom => qr/PDPortalMailFrom/, PDPortalMailRelay => qr/PDPortalMailRelay/,
    PDPortalBaseURL => qr/PDPortalBaseURL is missing/, PDPortalInsecureCookies => qr/PDPortalInsecureCookies/,
);
for my $directive (sort keys %without) {
    write_file($conf, $good =~ s/^$directive .*\n//mr);
    ($code, $said) = $server->configtest;
    isnt($code, 0, "without $directive: stops");
    like($said, $without{$directive}, "without $directive: names it");
    like($said, qr/\Q$conf\E/, "without $directive: names the file");
}

# The key file.
write_file($conf, $good);
my $key = "$server->{dir}/master.key";
my $secret = read_file($key);
my @keys = (
    [sub { chmod 0644, $key }, qr/\Q$key\E/, 'readable by others'],
    [sub { rename $key, "$key.away" }, qr/\Q$key\E/, 'missing'],
    [sub { symlink "$key.away", $key }, qr/\Q$key\E/, 'a link'],
    [sub { write_file($key, "pdportal-key 1 short\n"); chmod 0600, $key }, qr/\Q$key\E/, 'malformed'],
);
for my $case (@keys) {
    my ($break, $wanted, $name) = @$case;
    $break->();
    ($code, $said) = $server->configtest;
    isnt($code, 0, "key file $name: stops");
    like($said, $wanted, "key file $name: named");
    is(scalar(grep { !/AH00014/ } split /\n/, $said), 1, "key file $name: one line") or diag $said;
    unlink $key if -l $key || -e "$key.away";
}
rename "$key.away", $key;
chmod 0600, $key;
($code, $said) = $server->configtest;
is($code, 0, 'and with everything back it passes again') or diag $said;
unlike($said, qr/\Q$secret\E/, 'the key itself is never shown');

# A wrong name in a template of the site's own folder.
mkdir "$server->{dir}/templates";
write_file("$server->{dir}/templates/login.html", "{{<layout}}\n{{\$content}}\n<p>{{no_such_name}}</p>\n{{/content}}\n{{/layout}}\n");
write_file($conf, $good . "PDPortalTemplates \"$server->{dir}/templates\"\n");
($code, $said) = $server->configtest;
isnt($code, 0, 'unknown name in a template: stops');
like($said, qr/login\.html:3|login\.html.*line 3/s, 'unknown name in a template: file and line');
like($said, qr/no_such_name/, 'unknown name in a template: the name');

# The module alone, without a directive, is inert.
write_file($conf, '');
$server->{extra} = '';
write_file($server->{conf_file}, read_file($server->{conf_file}) =~ s/<Location "\/cabinet">.*?<\/Location>\n//sr);
($code, $said) = $server->configtest;
is($code, 0, 'loaded without a directive it stops nobody') or diag $said;

done_testing;
