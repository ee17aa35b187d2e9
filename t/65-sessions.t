# Where somebody is signed in, and the history of sign-ins (F06, F19): what the lists say; ending one or all others,
# obeyed at the next request in every process; refusals listed without end to what a stranger can fill.
use strict;
use warnings FATAL => 'all';
use Test::More;
use PDPortal::Test;
use PDPortal::Setup ();

my $ticks = "$ENV{PD_WORK}/sessions.ticks";
my $passed = 0;
sub later { my ($seconds) = @_; $passed += $seconds; return write_file($ticks, "+$passed\n") }
later(0);
my $server = server(name => 'sessions', set => { PDPortalTimeZone => 'UTC', PDPortalMailRelay => "maildir:$ENV{PD_WORK}/sessions/mail", PDPortalSessionRecheck => '1h' },
    extra => PDPortal::Server::many_processes(), env => { LD_PRELOAD => $ENV{PD_FALSE_CLOCK}, PD_TICKS_FILE => $ticks });
$server->start;
my $folder = "$server->{dir}/mail";
sub sql { return PDPortal::Setup::sql($server, @_) }

my %agent = (
    'Firefox on Android' => 'Mozilla/5.0 (Android 14; Mobile; rv:130.0) Gecko/130.0 Firefox/130.0',
    'Yandex Browser on Windows' => 'Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0 YaBrowser/24.6 Safari/537.36',
    'Safari on iPhone' => 'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1 (KHTML, like Gecko) Version/17.5 Safari/604.1',
);
# Signs in with a browser that calls itself so.
sub in {
    my ($login, $name, $password) = @_;
    my $browser = $server->browser;
    $browser->get('/portal/login');
    $browser->submit({ login => $login, password => $password // password() }, form => qr{/login$}, headers => ['User-Agent' => $agent{$name}]);
    return $browser;
}
sub everywhere {
    my ($browser, $wanted, $name) = @_;
    my ($status, $processes) = $server->ask_everywhere($browser, '/cabinet/index.html');
    is(join(' ', sort keys %$status), $wanted, "$name: in every process");
    return;
}

my ($anna, $login) = member(browser => $server->browser, folder => $folder);
my ($boris, $his_login) = member(browser => $server->browser, folder => $folder);
my %at = map { $_ => in($login, $_) } sort keys %agent;
my $page = $at{'Safari on iPhone'}->get('/portal/account/sessions');
is($page->status, 200, 'the list of sessions');
page_like($page, qr{<h2[^>]*>\Q$_\E\s*</h2>}, "with $_") for sort keys %agent;
page_like($page, qr{<h2[^>]*>A program that does not say what it is\s*</h2>}, 'and what does not say its name');
is(scalar(() = $page->body =~ /This is the browser in front of you/g), 1, 'one is marked');
page_like($page, qr{>Safari on iPhone\s*</h2>\s*<p><strong>This is the browser}, 'the one that shows the page');
is(scalar(() = $page->body =~ /name="session"/g), 3, 'the three others can be ended');
page_like($page, qr{href="/portal/account/password">set another password}, 'with the way to another password');
page_like($page, qr{<code>127\.\d+\.\d+\.0/24</code>}, 'of the address only the network is shown');
unlike($page->text, qr/place/i, 'nothing is said of places without a file of them');
unlike($page->body, qr/127\.\d+\.\d+\.1\b/, 'no whole address');

# The last use is the one that the database was told of, not the sign-in's.
my ($android) = $page->body =~ m{<h2 id="s([0-9a-f-]{36})">Firefox on Android};
my $used = time - 17 * 60;
my @clock = gmtime $used;
sql("UPDATE session SET used_at = ${used}000000 WHERE id = '$android'");
my ($card) = $at{'Safari on iPhone'}->get('/portal/account/sessions')->body =~ m{<h2 id="s$android">(.*?)</section>}s;
my ($shown) = $card =~ m{<dt>Last used</dt>\s*<dd>(.*?)</dd>}s;
like($shown, qr{<time datetime="@{[sprintf '%04d-%02d-%02d', $clock[5] + 1900, $clock[4] + 1, $clock[3]]}}, 'the day of the last use');
like($shown, qr{ @{[sprintf '%02d:%02d', @clock[2, 1]]}$}, 'and its time');
my ($begun) = $card =~ m{<dt>Signed in</dt>\s*<dd>(.*?)</dd>}s;
isnt($begun, $shown, 'beside that of the sign-in');
$page = $at{'Safari on iPhone'}->get('/portal/account/sessions');

# Ended: one, by somebody who may, and nobody else's.
my ($id) = $page->body =~ m{<h2 id="s([0-9a-f-]{36})">Firefox on Android};
ok($id, 'the one on Android');
$boris->get('/portal/account/sessions');
my ($token) = $page->body =~ /name="csrf" value="([^"]+)"/;
is($boris->post('/portal/account/sessions', { csrf => $token, session => $id })->status, 403, "another person's form token is refused");
$page = $boris->get('/portal/account/sessions');
my $own = $boris->get('/portal/account/history')->status;
is($own, 200, 'his history');
$page = $at{'Safari on iPhone'}->get('/portal/account/sessions');
is($at{'Safari on iPhone'}->get('/portal/account/sessions?session=' . $id)->status, 200, 'a GET ends nothing');
everywhere($at{'Firefox on Android'}, 200, 'not ended yet');
my $answer = $at{'Safari on iPhone'}->submit({ session => $id }, page => $page, form => qr{/account/sessions$});
is($answer->status, 303, 'one is ended') or diag $answer->text;
page_like($at{'Safari on iPhone'}->follow($answer), qr/That sign-in has been ended/, 'which the page says');
everywhere($at{'Firefox on Android'}, 303, 'ended');
everywhere($anna, 200, 'the others');

# All others.
$page = $at{'Safari on iPhone'}->get('/portal/account/sessions');
$answer = $at{'Safari on iPhone'}->post('/portal/account/sessions', { csrf => $page->body =~ /name="csrf" value="([^"]+)"/ ? $page->form(qr{/account/sessions$})->{fields}{csrf} : '' });
is($answer->status, 303, 'all others are ended');
page_like($at{'Safari on iPhone'}->follow($answer), qr/signed in only here now/, 'which the page says');
everywhere($_, 303, 'another of hers') for $anna, $at{'Yandex Browser on Windows'};
everywhere($at{'Safari on iPhone'}, 200, 'the one that pressed');
everywhere($boris, 200, 'somebody else');

# The history.
my $me = $at{'Safari on iPhone'};
in($login, 'Yandex Browser on Windows', 'not the password');
$page = $me->get('/portal/account/history');
page_like($page, qr{Refused: wrong password.*Yandex Browser on Windows.*Signed in}s, 'refusals and sign-ins, newest first');
is(scalar(() = $page->body =~ m{<strong>Signed in</strong>}g), 4, 'every sign-in');
page_like($page, qr{href="/portal/account/password">set another password}, 'with the way to another password');
page_like($page, qr/180 days from when it was written/, 'how long they are kept');
unlike($boris->get('/portal/account/history')->body, qr/Refused/, "another person's history has none of it");
# A stranger's: at most twenty a day, and the last says so. Attempts that had to wait are not looked at.
for my $n (1 .. 60) {
    in($login, 'Firefox on Android', "wrong $n");
    later(3600);
    last if sql("SELECT count(*) FROM sign_in WHERE outcome = 'more'") eq '1';
}
in($login, 'Firefox on Android', 'and again'), later(3600) for 1 .. 3;
is(sql("SELECT count(*) FROM sign_in WHERE outcome <> 'signed-in'"), 20, 'twenty refused attempts of a day are listed');
is(sql("SELECT count(*) FROM sign_in WHERE outcome = 'more'"), 1, 'the last of them says that there may be more');
is(sql("SELECT count(*) FROM sign_in WHERE origin LIKE '%Firefox%' OR origin LIKE '%127.%'"), 0, 'what is stored is sealed');
# Page by page.
in($login, 'Safari on iPhone') for 1 .. 3;
my %seen;
my $path = '/portal/account/history';
for my $n (1 .. 5) {
    $page = $me->get($path);
    $seen{$n} = () = $page->body =~ m{<li>\s*<strong>}g;
    ($path) = $page->body =~ m{href="([^"]*history\?before=[^"]*)"} or last;
}
is(join(' ', map { $seen{$_} } sort keys %seen), '25 2', 'twenty-five a page, to the end');
is($me->get('/portal/account/history?before=%27%22%3E0')->status, 200, 'a made-up page is an empty one');
# Their time.
my $old = (time - 181 * 86400) . '000000';
sql("UPDATE sign_in SET at = $old WHERE outcome <> 'signed-in'");
is((run_ctl('jobs', 'run', 'expire', '--config', $server->{conf}))[0], 0, 'the job that removes what is over');
is(sql("SELECT count(*) FROM sign_in WHERE outcome <> 'signed-in'"), 0, 'after half a year they are gone');
cmp_ok(sql('SELECT count(*) FROM sign_in'), '>=', 7, 'newer ones stay');
is($server->browser->get('/portal/account/history')->status, 303, 'a guest is led to sign-in');
is((run_ctl('verify-journal', '--config', $server->{conf}))[0], 0, 'the journal is whole');
unlike($server->log, qr/:(?:crit|alert|emerg)\]|Segmentation|exit signal/, 'nothing crashed');
done_testing;
