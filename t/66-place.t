# Places of sign-ins (F20; 4.1.4): country and region from a file on this machine, letters of what is new, "that was
# not me", and a file that is missing, cut, replaced or written otherwise.
use strict;
use warnings FATAL => 'all';
use utf8;
use Test::More;
use PDPortal::Test;
use PDPortal::Places qw(places_file nested);
use PDPortal::Setup ();
binmode $_, ':encoding(UTF-8)' for map { Test::More->builder->$_ } qw(output failure_output todo_output);

my $file = "$ENV{PD_WORK}/countries.mmdb";
my %places = ('127.10.0.0/16' => nested('RU', 'Россия', 'Russia', 'Москва', 'Moscow'), '127.20.0.0/16' => nested('DE', 'Германия', 'Germany'),
    '127.30.0.0/16' => { country => 'Kazakhstan', country_code => 'KZ', region => 'Almaty' }, '127.40.0.0/16' => { country => 'FR', country_name => 'France' },
    '127.50.0.0/16' => { country => { iso_code => "<b>\n" } });
places_file($file, \%places);
my $clock = "$ENV{PD_WORK}/place.clock";
sub clock { my ($seconds) = @_; return write_file($clock, sprintf "%+d\n", $seconds) }
clock(0);
my $server = server(name => 'place', set => { PDPortalMailRelay => "maildir:$ENV{PD_WORK}/place/mail", PDPortalPlaceFile => $file, PDPortalSessionRecheck => '1h',
    PDPortalSessionIdle => '2d', PDPortalSessionLifetime => '7d' }, extra => PDPortal::Server::many_processes(), env => { LD_PRELOAD => $ENV{PD_FALSE_CLOCK}, PD_CLOCK_FILE => $clock });
$server->start;
my $folder = "$server->{dir}/mail";
sub sql { return PDPortal::Setup::sql($server, @_) }
my $n = 0;
sub from { my ($part, %given) = @_; $n++; return $server->browser(local => "127.$part.$n.1", %given) }
sub in { my ($login, $part, %given) = @_; my $browser = from($part, %given); sign_in($browser, $login); return $browser }
sub told { my ($email) = @_; return sql("SELECT count(*) FROM letter WHERE kind = 'new-place'") }

my ($anna, $login, $email) = member(browser => from(10), folder => $folder);
is(told(), 0, 'the first country is not new');
my $page = $anna->get('/portal/account/sessions');
page_like($page, qr{<h2[^>]*>[^<]*, Russia, Moscow\s*</h2>}, 'country and region in the list');
page_like($page, qr/A place is guessed from the network address/, 'and that they are guessed');
page_like($anna->get('/portal/account/sessions?lang=ru'), qr{<h2[^>]*>[^<]*, \xd0\xa0\xd0\xbe\xd1\x81\xd1\x81\xd0\xb8\xd1\x8f, }, 'in Russian');
$anna->get('/portal/account/sessions?lang=en');
page_like($anna->get('/portal/account/history'), qr{Russia, Moscow}, 'and in the history');
is(sql("SELECT count(*) FROM sign_in WHERE origin LIKE '%RU%Moscow%'"), 0, 'sealed');
in($login, 10);
is(told(), 0, 'nor is the same country');

# A new one.
my $thief = in($login, 20);
is($thief->get('/cabinet/')->status, 200, 'somebody signs in in Germany');
is(told(), 1, 'a letter is written');
my $letter = letter_that($email, qr/country that is new/, $folder);
is($letter->{subject}, 'About signing in', 'with a subject that tells nothing');
like($letter->{text}, qr/^Where: Germany$/m, 'that names the country');
unlike($letter->{text}, qr/127\.20\.|city|55\.75/, 'no address, no city');
my ($link) = $letter->{text} =~ m{http://[^/]+(/portal/not-me\?t=[\w-]{43})};
ok($link, 'and has the link');
is(sql("SELECT count(*) FROM journal WHERE event = 'session.unusual'"), 1, 'the journal has it');
# Known by now, but two countries within two hours.
in($login, 10);
is(told(), 2, 'the other country a moment later is told, too');
$letter = letter_that($email, qr/two different countries within two hours/, $folder);
clock(3 * 3600);
in($login, 20);
is(told(), 2, 'three hours later it is not');
my ($newest) = $letter->{text} =~ m{http://[^/]+(/portal/not-me\?t=[\w-]{43})};

# "That was not me."
my $owner = from(10);
$page = $owner->follow($owner->get($link));
ok($page->form(qr/not-me/), 'the link of the older letter is good still');
my $answer = $owner->get($newest);
unlike($answer->header('location'), qr/t=/, 'the token leaves the address');
$page = $owner->follow($answer);
page_like($page, qr/Was it not you\?/, 'the page');
is($thief->get('/cabinet/')->status, 200, 'which changes nothing');
$answer = $owner->submit({}, form => qr/not-me/);
is($answer->header('location'), '/portal/reset', 'the button leads to a new password');
for my $browser ($anna, $thief) {
    my ($status) = $server->ask_everywhere($browser, '/cabinet/index.html');
    is(join(' ', keys %$status), '303', 'all sessions are ended, in every process');
}
is(sign_in(from(20), $login)->status, 422, 'the old password works no longer');
$page = $owner->follow($answer);
is($owner->submit({ password => 'another lantern 8 harbours' }, form => qr/reset/)->status, 303, 'another one is set');
is(sign_in($owner, $login, 'another lantern 8 harbours')->status, 303, 'and works');
$answer = $owner->follow($owner->get($newest));
like($answer->text, qr/This link has been used/, 'the link works once');
page_like($owner->follow($owner->get($link)), qr/This link does not work/, 'and that of the older letter has ended with it');
is(sql("SELECT count(*) FROM journal WHERE event = 'session.disowned'"), 1, 'the journal has it');

# The same from the inbox, by who has just given the password.
sub person_of_last { return sql('SELECT id FROM person ORDER BY id DESC LIMIT 1') }
sub rows_of { my ($table, $person) = @_; return sql("SELECT count(*) FROM $table WHERE person_id = '$person'") }
my ($vera, $vera_login) = member(browser => from(10), folder => $folder);
my $vera_id = person_of_last();
$thief = in($vera_login, 20);
my ($notice) = $vera->get('/portal/account/inbox')->body =~ m{href="(/portal/account/inbox/[0-9a-f-]{36})"};
page_like($vera->get($notice), qr{href="/portal/account/not-me"[^>]*>That was not me}, 'the notice has it, too');
clock(3 * 3600 + 15 * 60);
$answer = $vera->get('/portal/account/not-me');
is($answer->header('location'), '/portal/login?again=1&return=%2Fportal%2Faccount%2Fnot-me', 'who signed in a while ago gives the password first');
$vera->follow($answer);
$answer = $vera->submit({ login => $vera_login, password => password() }, form => qr{/login$});
is($answer->header('location'), '/portal/account/not-me', 'and comes back');
page_like($vera->follow($answer), qr/Was it not you\?/, 'the page');
is($vera->post('/portal/account/not-me', { csrf => 'x' })->status, 403, 'no form token: nothing');
is($thief->get('/cabinet/')->status, 200, 'nothing is changed so far');
$vera->get('/portal/account/not-me');
my $before = $vera->clone;
$answer = $vera->submit({}, form => qr{account/not-me$});
is($answer->header('location'), '/portal/reset?notice=disowned', 'the button leads to a new password');
for my $browser ($before, $thief) {
    my ($status) = $server->ask_everywhere($browser, '/cabinet/index.html');
    is(join(' ', keys %$status), '303', 'all sessions are ended, in every process');
}
is(rows_of('device', $vera_id), 0, 'no browser is known any more');
is(rows_of('sign_in_country', $vera_id), 2, 'countries are: it may have been the other one who pressed');
$page = $vera->follow($answer);
like($page->text, qr/Everybody is signed out, and the old password does not work any more/, 'the page says what was done');
is($vera->get('/portal/account/')->status, 303, 'nothing else opens before');
is(sign_in(from(20), $vera_login)->status, 422, 'the old password works no longer');
is($vera->submit({ password => 'another lantern 8 harbours' }, page => $page, form => qr/reset/)->status, 303, 'another one is set');
is(sign_in($vera, $vera_login, 'another lantern 8 harbours')->status, 303, 'and works');
is(sql("SELECT count(*) FROM journal WHERE event = 'session.disowned' AND subject = '$vera_id'"), 1, 'the journal has it');

# Letters are few within an hour; the inbox has each.
my ($boris, $boris_login) = member(browser => from(10), folder => $folder);
my $boris_id = person_of_last();
in($boris_login, $_) for 20, 10, 20, 10;
is(sql("SELECT count(*) FROM letter WHERE kind = 'new-place' AND person_id = '$boris_id'"), 3, 'three letters within an hour');
is(rows_of('notice', $boris_id), 4, 'a notice of each of the four');

# Flat files, and values that are none.
my ($flat, $flat_login) = member(browser => from(30), folder => $folder);
page_like($flat->get('/portal/account/sessions'), qr/, Kazakhstan, Almaty\s*<\/h2>/, 'a flat file: name, code, region');
my ($french) = member(browser => from(40), folder => $folder);
page_like($french->get('/portal/account/sessions'), qr/, France\s*<\/h2>/, 'a flat file with the code as country');
for my $part (50, 60) {
    my ($nowhere) = member(browser => from($part), folder => $folder);
    like($nowhere->get('/portal/account/sessions')->body, qr{<h2[^>]*>[^<,]*</h2>}, 'no place where none is known');
}

# The file changes under the running server.
sub until_page { my ($pattern, $name) = @_; return ok(until_true(sub { $flat->get('/portal/account/sessions')->body =~ $pattern }, 60), $name) }
my $gone = qr{^(?!.*(?:Kazakhstan|guessed)).*Where you are signed in}s;
truncate $file, 700 or die $!;
until_page($gone, 'a file cut short: pages say nothing of places');
is(sign_in(from(30), $flat_login)->status, 303, 'and signing in works');
ok($server->log =~ /PD0810/, 'it is in the log');
places_file($file, { %places, '127.30.0.0/16' => nested('KZ', 'Казахстан', 'Kazakhstan anew') });
is(sign_in(from(30), $flat_login)->status, 303, 'signing in works');
ok(until_true(sub { sign_in(from(30), $flat_login); $flat->get('/portal/account/sessions')->body =~ /Kazakhstan anew/ }, 60), 'a new file is noticed');
unlink $file;
until_page($gone, 'no file: nothing of places');
is(sign_in(from(20), $flat_login)->status, 303, 'and signing in works');
write_file($file, 'no such format' x 100);
is(sign_in(from(20), $flat_login)->status, 303, 'neither does a file of another kind harm');
is((run_ctl('verify-journal', '--config', $server->{conf}))[0], 0, 'the journal is whole');
unlike($server->log, qr/:(?:crit|alert|emerg)\]|Segmentation|exit signal/, 'nothing crashed');
# The link is blanked before any log sees it (its own request line holds no token).
my $walk = $server->browser;
$walk->get('/portal/not-me?t=' . 'B' x 43);
unlike((read_file("$server->{dir}/logs/access_log") // '') . $server->log, qr/B{43}/, 'no link in a log');
done_testing;
