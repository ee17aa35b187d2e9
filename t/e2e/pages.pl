#!/usr/bin/perl
# make e2e, inside the surroundings of t/run-suite: brings a portal into the state in which each page has something to
# show, and has t/e2e/pages.js look at every page.
use strict;
use warnings FATAL => 'all';
use utf8;
use JSON::PP ();
use Test::More;
use PDPortal::Test;
use PDPortal::Setup qw(read_file write_file);

my $server = server(name => 'e2e', set => { PDPortalMailRelay => "maildir:$ENV{PD_WORK}/e2e/mail" });
$server->start;
my $folder = "$server->{dir}/mail";
my ($member) = member(browser => $server->browser, folder => $folder);
my ($behind) = member(browser => $server->browser, folder => $folder);

# A second version of the policy that is in force, and a third that is announced: what the demo's policy says, with a
# slip of the pen mended and a purpose more.
sub publish_demo {
    my ($change, @more) = @_;
    my @files = map {
        my $text = read_file("$ENV{PD_SOURCE_DIR}/conf/demo/policy.$_.md");
        (write_file("$server->{dir}/new.$_.md", $change->($text)), '--lang', $_);
    } qw(ru en);
    PDPortal::Setup::ctl_ok($server->{conf}, 'policy', 'publish', @files, '--kind', 'policy', @more);
    return;
}
publish_demo(sub { $_[0] });
acknowledge($member);
publish_demo(sub { $_[0] =~ s/^(4\.1\.7\.)/4.1.7. wish you a happy holiday;\n\n4.1.9./mr }, '--effective', '2099-01-01');
# An editor with a draft that waits, and an administrator.
my %staff = map {
    my ($browser, $login, $email) = member(browser => $server->browser, folder => $folder);
    PDPortal::Setup::ctl_ok($server->{conf}, 'staff', 'add', $login, $email, '--role', $_);
    ($_ => $browser);
} qw(editor administrator);
my $form = $staff{editor}->get('/portal/staff/documents/new');
my $answer = $staff{editor}->upload('/portal/staff/documents/new', { csrf => $form->field('csrf'), kind => 'research', change => 'material', markup => 'markdown',
    effective => '2099-06-01T09:30', text_ru => "# Согласие на исследование\n\n1. Я разрешаю.\n", text_en => "# Research\n\n1. I let it.\n" }, {});
my $draft = $answer->header('location') // die $answer->text;
# Somebody who has asked for a new password.
my $forgetful = $server->browser;
$forgetful->get('/portal/recover');
$forgetful->submit({ login => 'whoever', act => 'ask' }, form => qr/recover/);
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
page('login-mistakes', '/portal/login', press => 'form.card button', status => 422);
page('reset', '/portal/reset');
page('recover', '/portal/recover');
page('recover-mistake', '/portal/recover', press => 'form.card button', status => 422);
page('recover-sent', '/portal/recover', as => $forgetful);
page('cookies', '/portal/cookies');
page('policy', '/portal/policy');
page('policy-past', '/portal/policy/1');
page('policy-announced', '/portal/policy/3');
page('difference', '/portal/policy/3/diff');
page('difference-great', '/portal/policy/2/diff');
page('consent-text', '/portal/documents/processing/1');
page('processing', '/portal/processing');
page('leave', '/portal/leave?to=https%3A%2F%2Fpartner.example%2Fshop');
page('leave-refused', '/portal/leave?to=javascript%3Aalert(1)', status => 400);
page('not-found', '/portal/nowhere', status => 404);
page('account', '/portal/account/', as => $member);
page('sessions', '/portal/account/sessions', as => $member);
page('history', '/portal/account/history', as => $member);
page('not-me', '/portal/not-me');
page('consents', '/portal/account/consents', as => $member);
page('consent', '/portal/account/consents/processing', as => $member);
page('consent-withdraw', '/portal/account/consents/processing/withdraw', as => $member);
page('home-signed-in', '/portal/', as => $member);
page('acknowledge', '/portal/acknowledge', as => $behind);
page('acknowledge-mistake', '/portal/acknowledge', as => $behind, press => 'form.card button', status => 422);
page('coming', '/portal/coming', as => $member);
page('staff-documents', '/portal/staff/documents', as => $staff{editor});
page('staff-draft-new', '/portal/staff/documents/new', as => $staff{editor});
page('staff-draft-mistake', '/portal/staff/documents/new', as => $staff{editor}, press => 'form.card button', status => 422);
page('staff-draft-own', $draft, as => $staff{editor});
page('staff-draft', $draft, as => $staff{administrator});
page('staff-version', '/portal/staff/documents/policy/2', as => $staff{administrator});
page('staff-names', '/portal/staff/documents/policy/2', as => $staff{administrator}, press => '.aside button');
page('staff-closed', '/portal/staff/documents', as => $member, status => 403);

my $plan = write_file("$ENV{PD_WORK}/plan.json", JSON::PP::encode_json({ origin => "http://127.0.0.1:$server->{port}", shots => $ENV{PD_SHOTS}, more => $ENV{VIEWS} ? JSON::PP::true : JSON::PP::false, pages => \@pages }));
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
is($seen, ($ENV{VIEWS} ? 5 : 3) * @pages, 'every view was looked at');
unlike($server->log, qr/:(?:crit|alert|emerg)\]|PD0532|exit signal/, 'nothing crashed');
done_testing;
