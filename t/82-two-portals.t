# Several virtual hosts in one httpd: two portals with databases and keys of their own know nothing of
# each other; two hosts with the same settings are one portal.
use strict;
use warnings FATAL => 'all';
use Test::More;
use PDPortal::Test;
use PDPortal::Setup qw(make_portal);

# Browsers send cookies to every port of a host, so that all four hosts see the same cookies.
my $base = $ENV{PD_PORT} + 92;
my ($beside, $same, $none, $small) = ($base + 100, $base + 200, $base + 201, $base + 202);
my %mail = map { $_ => "$ENV{PD_WORK}/$_/mail" } qw(two-a two-b);
my $b = make_portal(name => 'two-b', port => $beside, set => { PDPortalMailRelay => "maildir:$mail{'two-b'}", PDPortalSiteName => 'Beside' });
my $host = sub {
    my ($port, $include) = @_;
    return <<"END";
Listen 127.0.0.1:$port
<VirtualHost 127.0.0.1:$port>
    ServerName 127.0.0.1
    $include
    <Location "/cabinet">
        AuthType PDPortal
        Require valid-user
    </Location>
</VirtualHost>
END
};
my $server = server(name => 'two-a', set => { PDPortalMailRelay => "maildir:$mail{'two-a'}", PDPortalSiteName => 'First' },
    extra => $host->($beside, "Include \"$b->{conf}\"") . $host->($same, "Include \"$ENV{PD_WORK}/two-a/portal.conf\"") . $host->($none, '')
    . $host->($small, "Include \"$ENV{PD_WORK}/two-a/portal.conf\"\n    PDPortalSessionCache 512K"));
$server->start;

my ($anna, $login) = member(browser => $server->browser, folder => $mail{'two-a'});
my $at = sub { my ($port) = @_; return $anna->clone(port => $port, cookies => { %{ $anna->{cookies} } }) };
is($anna->get('/cabinet/')->status, 200, 'signed in at the first');

# Beside: another database, another key.
is($at->($beside)->get('/cabinet/')->status, 303, 'its session is nothing at the other');
is($at->($beside)->get('/portal/account/')->status, 303, 'nor is its account');
like($at->($beside)->get('/portal/login')->text, qr/Beside/, 'which has its own name');
my $guest = $server->browser;
my $form = $guest->get('/portal/login');
my $answer = $guest->clone(port => $beside)->submit({ login => $login, password => password() }, page => $form);
is($answer->status, 403, "a form of the first is refused by the other");
is(sign_in($at->($beside), $login)->status, 422, 'the person is not known there');
my $new = $server->browser;
my (undef, $given) = register($new);
my $letter = letter_for($given->{email}, 1, $mail{'two-a'});
my $stranger = $new->clone(port => $beside);
my $page = $stranger->follow($stranger->get($letter->{link}));
ok(!$page->form(qr/confirm/) || exists $page->form(qr/confirm/)->{types}{code}, 'a letter of the first confirms nothing there');
is(sign_in($server->browser, $given->{login})->status, 422, 'and the registration still waits');
is(confirm($new, $letter)->status, 303, 'until it is confirmed at home');

# The same login and e-mail at both, each with its own session.
my $second = $server->browser(port => $beside);
my $mine = registration_form(login => $login, email => "$login\@mail.test");
($answer) = register($second, %$mine);
is($answer->status, 303, 'the same login and mailbox can register there');
is(confirm($second, letter_for($mine->{email}, 1, $mail{'two-b'}))->status, 303, 'confirmed by a letter of that portal');
is(sign_in($second, $login)->status, 303, 'signed in there');
is($second->get('/cabinet/')->status, 200, 'and in');
is($second->clone(port => $server->{port})->get('/cabinet/')->status, 303, 'which is nothing at the first');
is($anna->get('/cabinet/')->status, 200, 'where the first is still signed in');

# The same settings twice, and inherited ones: one portal.
for my $case ([$same, 'a host with the same settings'], [$none, 'a host without any of its own'],
    [$small, 'a host with a table of its own size']) {
    my ($port, $name) = @$case;
    is($at->($port)->get('/cabinet/')->status, 200, "$name: the session holds");
    my $there = $server->browser(port => $port);
    is(sign_in($there, $login)->status, 303, "$name: signing in");
    is($there->clone(port => $server->{port})->get('/cabinet/')->status, 200, "$name: holds at the first too");
    $there->get('/portal/account/');
    is($there->submit({}, form => qr/logout/)->status, 303, "$name: signing out");
    my $old = $there->clone(port => $server->{port});
    is($old->get('/cabinet/')->status, 303, "$name: ends it everywhere");
    is($old->clone(port => $port)->get('/cabinet/')->status, 303, "$name: here too");
    is($at->($port)->clone(port => $server->{port})->get('/cabinet/')->status, 200, "$name: and no other session");
}
is((run_ctl('verify-journal', '--config', $_))[0], 0, 'the journals are whole') for $server->{conf}, $b->{conf};
unlike($server->log, qr/:(?:crit|alert|emerg)\]|Segmentation|exit signal/, 'nothing crashed');
done_testing;
