#!/usr/bin/perl
# make e2e, inside the surroundings of t/run-suite: brings a portal into the state in which each page has something to
# show, and has t/e2e/pages.js look at every page.
use strict;
use warnings FATAL => 'all';
use JSON::PP ();
use Test::More;
use PDPortal::Test;
use PDPortal::Setup qw(write_file);

my $server = server(name => 'e2e', set => { PDPortalMailRelay => "maildir:$ENV{PD_WORK}/e2e/mail" });
$server->start;
my $folder = "$server->{dir}/mail";
my ($member) = member(browser => $server->browser, folder => $folder);
my @pages;

# page(name, path, status => 200, as => browser, fill => {}, press => selector): in both languages.
sub page {
    my ($name, $path, %given) = @_;
    return if $ENV{PAGES} && index($name, $ENV{PAGES}) < 0;
    my $as = delete $given{as};
    for my $language (qw(ru en)) {
        my %cookies = $as ? %{ $as->{cookies} } : ();
        push @pages, { name => $name, path => $path . ($path =~ /[?]/ ? '&' : '?') . "lang=$language", language => $language,
            status => 200, cookies => \%cookies, %given };
    }
    return;
}

page('home', '/portal/');
page('register', '/portal/register');
page('register-mistakes', '/portal/register', press => 'main button', status => 422);
page('confirm', '/portal/confirm');
page('login', '/portal/login');
page('login-mistake', '/portal/login', fill => { '#login' => 'nobody', '#password' => 'wrong' }, press => 'form.card button', status => 422);
page('reset', '/portal/reset');
page('cookies', '/portal/cookies');
page('policy', '/portal/policy');
page('policy-version', '/portal/policy/1');
page('consent-text', '/portal/documents/processing/1');
page('not-found', '/portal/nowhere', status => 404);
page('account', '/portal/account/', as => $member);
page('home-signed-in', '/portal/', as => $member);

my $plan = write_file("$ENV{PD_WORK}/plan.json", JSON::PP::encode_json({ origin => "http://127.0.0.1:$server->{port}", shots => $ENV{PD_SHOTS}, pages => \@pages }));
cmp_ok(scalar @pages, '>', 0, 'there are pages to look at');
local $ENV{HOME} = $ENV{PD_WORK};
open my $look, '-|', 'node', 't/e2e/pages.js', $plan or die "node: $!";
my $seen = 0;
while (my $line = <$look>) {
    my $view = eval { JSON::PP::decode_json($line) } or do { diag $line; next };
    $seen++;
    is(join("\n", @{ $view->{faults} }), '', $view->{name});
}
ok(close $look, 'the browser ran to its end');
is($seen, 5 * @pages, 'every view was looked at');
unlike($server->log, qr/:(?:crit|alert|emerg)\]|PD0532|exit signal/, 'nothing crashed');
done_testing;
