# Notice of a coming policy (F31; seed 9.2): a banner at once, letters to people active within a year, a page of its
# own once for the rest; acknowledged beforehand; and what happens on the day. Editorial versions come silently.
use strict;
use warnings FATAL => 'all';
use utf8;
use POSIX ();
use Test::More;
use PDPortal::Test;
use PDPortal::Setup ();
binmode $_, ':encoding(UTF-8)' for map { Test::More->builder->$_ } qw(output failure_output todo_output);

my $clock = "$ENV{PD_WORK}/coming.clock";
sub clock { my ($seconds) = @_; return write_file($clock, sprintf "%+d\n", $seconds) }
clock(0);
my $server = server(name => 'coming', set => {
    PDPortalMailRelay => "maildir:$ENV{PD_WORK}/coming/mail", PDPortalSessionRecheck => '1h', PDPortalSessionIdle => '2d', PDPortalSessionLifetime => '7d' },
    extra => PDPortal::Server::many_processes(), env => { LD_PRELOAD => $ENV{PD_FALSE_CLOCK}, PD_CLOCK_FILE => $clock });
$server->start;
my $folder = "$server->{dir}/mail";
sub sql { return PDPortal::Setup::sql($server, @_) }
sub person { my %given = @_; my ($browser, $login, $email) = member(browser => $server->browser(%given), folder => $folder); return ($browser, $login, $email) }
sub coming_letters { my ($email) = @_; return grep { $_->{text} =~ m{/policy/\d+/diff} } letters_for($email, $folder) }
my $banner = qr{<section class="note".*?going to change.*?href="/portal/policy/2".*?href="/portal/policy/2/diff".*?</section>}s;

my ($anna, $anna_login, $anna_mail) = person();
my ($boris, $boris_login, $boris_mail) = person();
my ($clara, $clara_login, $clara_mail) = person(language => 'ru');
# Dina takes back what her account stands on before anything is announced, and gives it again afterwards.
my ($dina, $dina_login, $dina_mail) = person();
$dina->get('/portal/account/consents/processing/withdraw');
is($dina->submit({}, form => qr{processing/withdraw$})->status, 303, 'taken back');
# Emil has a second factor. He, Boris and Clara were last here more than a year ago.
my ($emil, $emil_login) = person();
my $secret = turn_factor_on($emil, time);
my ($old) = (time - 366 * 86400) . '000000';
my @people = split /\n/, sql('SELECT id FROM person ORDER BY id');
is(scalar @people, 5, 'five people');
for my $id (@people[1, 2, 4]) {
    sql("UPDATE person SET confirmed_at = $old, signed_in_at = $old WHERE id = '$id'");
}
unlike($anna->get('/portal/account/')->body, $banner, 'nothing is announced');

# --- announced
my $day = time + 86400;
PDPortal::Setup::publish($server->{conf}, 'policy', 'policy2', '--effective', POSIX::strftime('%Y-%m-%dT%H:%M:%SZ', gmtime $day));
for my $turn (1 .. 8) {
    my $page = $anna->get('/portal/account/');
    ok($page->body =~ $banner, "request $turn after it: the banner stands on the account") or last;
}
page_like($anna->get('/portal/'), $banner, 'and on a page for everybody, for who is signed in');
page_like($anna->get('/portal/cookies'), $banner, 'on another');
like($anna->get('/portal/cookies')->text, qr/going to change ?, in force from \d+ \w+ 20\d\d/, 'with its date');
unlike($server->browser->get('/portal/')->body, $banner, 'not for a guest');
my $guest = $server->browser->get('/portal/policy');
page_like($guest, qr{A new version is coming.*href="/portal/policy/2".*href="/portal/policy/2/diff"}s, 'the policy itself tells everybody, with text and difference');
is($anna->get('/cabinet/')->status, 200, 'the present version holds');

# --- letters
my $letter = until_true(sub { (coming_letters($anna_mail))[0] }, 40);
ok($letter, 'who was here within the year gets a letter');
is($letter->{subject}, 'The rules of the site are going to change', 'with a subject that tells nothing of the account');
like($letter->{text}, qr{http://127\.0\.0\.1:$server->{port}/portal/policy/2\n}, 'with the text');
like($letter->{text}, qr{/portal/policy/2/diff\n}, 'and the difference');
my @date = gmtime($day + 3 * 3600); # Moscow
like($letter->{text}, qr/takes force on: $date[3] [A-Z][a-z]+ @{[ $date[5] + 1900 ]}\n/, 'and the date');
ok(until_true(sub { sql('SELECT count(*) FROM announcement WHERE done_at > 0') eq '1' }, 30), 'the job is done');
for my $run (1 .. 2) {
    my ($code, $out) = run_ctl('jobs', 'run', 'coming', '--config', $server->{conf});
    is("$code $out", "0 coming: 0\n", "another run of the job, $run: nothing is left");
}
is(sql("SELECT count(*) FROM letter WHERE kind = 'policy-coming'"), 1, 'one letter in all');
is(sql("SELECT count(*) FROM journal WHERE event = 'change.told'"), 1, 'and a row of the journal');

# --- the page, once
sub in { my ($browser, $login, $path) = @_; $browser->get($path // '/portal/login'); return $browser->submit({ login => $login, password => password() }, form => qr{/login$}) }
is(scalar coming_letters($dina_mail), 0, 'whose data may not be used gets none');
$dina->get('/portal/account/consents/processing');
is($dina->submit({ consent_processing => 1 }, form => qr{consents/processing$})->status, 303, 'given again');
like(in($server->browser, $dina_login)->header('location'), qr{^/portal/coming}, 'told by the page, then');
sql("DELETE FROM told WHERE way = 'page'");
my $fresh = $server->browser;
is(in($fresh, $anna_login)->header('location'), '/portal/account/', 'who got a letter goes straight on');
$fresh = $server->browser;
my $answer = in($fresh, $boris_login, '/portal/login?return=%2Fcabinet%2F%3Fday%3D1');
is($answer->header('location'), '/portal/coming?return=%2Fcabinet%2F%3Fday%3D1', 'who got none is told at the next visit');
my $page = $fresh->follow($answer);
is($page->status, 200, 'the page');
like($page->text, qr/Version 2, in force from/, 'with version and date');
page_like($page, qr{href="/portal/policy/2".*href="/portal/policy/2/diff"}s, 'text and difference');
unlike($page->body, $banner, 'without the banner that says the same');
ok(!exists $page->form(qr/coming/)->{fields}{policy}, 'nothing is ticked');
$answer = $fresh->submit({}, form => qr/coming/);
is($answer->header('location'), '/cabinet/?day=1', 'going on without a tick leads to the page asked for');
is($fresh->follow($answer)->status, 200, 'which opens');
is(in($server->browser, $boris_login)->header('location'), '/portal/account/', 'the next time: straight on');
is($fresh->get('/portal/coming?return=%2F%2Fevil.example')->status, 200, 'the page can be looked at again');
is($fresh->submit({}, form => qr/coming/)->header('location'), '/portal/account/', 'and leads to no other site');
is(sql("SELECT count(*) FROM told WHERE way = 'page'"), 1, 'told once');

# --- the page is for a whole session: a stranger who has the password alone uses nothing up
my $stranger = $server->browser;
is(in($stranger, $emil_login)->header('location'), '/portal/account/', 'the password alone is told nothing');
is($stranger->get('/portal/account/')->header('location'), '/portal/second-factor?return=%2Fportal%2Faccount%2F', 'but asked for the code');
is(sql("SELECT count(*) FROM told WHERE way = 'page'"), 1, 'and nothing is used up');
$fresh = $server->browser;
clock(90); # a code is taken once
in($fresh, $emil_login, '/portal/login?return=%2Fcabinet%2F');
$fresh->get('/portal/second-factor?return=%2Fcabinet%2F');
$answer = $fresh->submit({ code => factor_code($secret, time + 90) }, form => qr/second-factor/);
is($answer->header('location'), '/portal/coming?return=%2Fcabinet%2F', 'the code leads to the page');
is($fresh->follow($answer)->status, 200, 'which opens');
is($fresh->submit({}, form => qr/coming/)->header('location'), '/cabinet/', 'and leads on to the page asked for');
is(sql("SELECT count(*) FROM told WHERE way = 'page'"), 2, 'told once');

# --- acknowledged beforehand, in Russian
$fresh = $server->browser(language => 'ru');
$page = $fresh->follow(in($fresh, $clara_login));
like($page->text, qr/Политика конфиденциальности изменится.*Версия 2/, 'the page in Russian');
is($fresh->submit({ policy => 1, version => 1 }, form => qr/coming/)->status, 403, 'another version than is coming: shown anew');
$page = $fresh->get('/portal/coming');
my $window = $fresh->clone;
$window->get('/portal/policy?lang=en');
is($window->submit({ policy => 1 }, page => $page, form => qr/coming/)->status, 403, 'in another language by now: shown anew');
$answer = $fresh->submit({ policy => 1 }, page => $page, form => qr/coming/);
is($answer->status, 303, 'acknowledged') or diag $answer->text;
is(sql("SELECT count(*) FROM act WHERE version = 2 AND verb = 'acknowledged' AND form = 'coming' AND wording LIKE '%2%'"), 1, 'the act is recorded with its words');
unlike($fresh->get('/portal/account/')->body, $banner, 'no banner any more');
is($fresh->get('/portal/coming')->header('location'), '/portal/account/', 'and no page');

# --- an editorial version comes silently
PDPortal::Setup::publish($server->{conf}, 'policy', 'policy', '--editorial', 'a line', '--effective', POSIX::strftime('%Y-%m-%dT%H:%M:%SZ', gmtime $day + 3600));
is(sql('SELECT count(*) FROM announcement'), 1, 'an editorial version is not announced');
unlike($fresh->get('/portal/account/')->body, qr/going to change|изменится/, 'has no banner');
is(in($server->browser, $boris_login)->header('location'), '/portal/account/', 'and no page');

# --- the day
clock(86400 + 60);
is($anna->get('/cabinet/')->header('location'), '/portal/acknowledge?return=%2Fcabinet%2F', 'on the day: who has not read it is asked to');
is($fresh->get('/cabinet/')->status, 200, 'who has, is not');
unlike($anna->get('/portal/account/')->body, $banner, 'the banner is gone');
is(in($server->browser, $boris_login)->header('location'), '/portal/account/', 'and so is the page');
is($anna->get('/portal/coming')->status, 303, 'it leads on');
is(sql("SELECT count(*) FROM letter WHERE kind = 'policy-coming'"), 1, 'no other letter was written');
is((run_ctl('verify-journal', '--config', $server->{conf}))[0], 0, 'the journal is whole');
unlike($server->log, qr/:(?:crit|alert|emerg)\]|Segmentation|exit signal/, 'nothing crashed');
done_testing;
