#!/usr/bin/perl
# make e2e, inside the surroundings of t/run-suite: brings a portal into the state in which each page has something to
# show, and has t/e2e/pages.js look at every page.
use strict;
use warnings FATAL => 'all';
use utf8;
use Digest::SHA qw(hmac_sha1);
use Encode ();
use JSON::PP ();
use Test::More;
use PDPortal::Places qw(places_file nested);
use PDPortal::Test;
use PDPortal::Setup qw(read_file write_file);

# While pages are looked at, the server's clock stands about still: that takes longer than a sign-in stays fresh.
my ($ready, $clock) = (undef, "$ENV{PD_WORK}/e2e.clock");
sub hold_clock {
    rename write_file("$clock.new", ($ready //= time) - time), $clock or die "$clock: $!"; # never seen empty
    return;
}

my $places = "$ENV{PD_WORK}/e2e.mmdb";
places_file($places, { '127.10.0.0/16' => nested('RU', 'Россия', 'Russia', 'Москва', 'Moscow'), '127.20.0.0/16' => nested('DE', 'Германия', 'Germany') });
my $server = server(name => 'e2e', env => { LD_PRELOAD => $ENV{PD_FALSE_CLOCK}, PD_CLOCK_FILE => $clock },
    set => { PDPortalMailRelay => "maildir:$ENV{PD_WORK}/e2e/mail", PDPortalPlaceFile => $places }, extra => <<'END');
<Location "/cabinet/ward">
    Require pd-role doctor
</Location>
END
$server->start;
my $folder = "$server->{dir}/mail";
my ($member) = member(browser => $server->browser, folder => $folder);
my ($behind) = member(browser => $server->browser, folder => $folder);

# The code that an authenticator shows now (RFC 6238).
sub code_of {
    my ($secret, $ahead) = @_;
    my $bits = join '', map { sprintf '%05b', index 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', $_ } split //, $secret;
    my $mac = hmac_sha1(pack('Q>', int((time + ($ahead // 0)) / 30)), pack 'B*', $bits);
    return sprintf '%06d', (unpack('N', substr $mac, ord(substr $mac, 19) & 15, 4) & 0x7fffffff) % 1_000_000;
}

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
# A consent of another kind, in its second version; somebody gave it to the first, somebody took it back, and somebody
# took back the one to processing.
sub publish_calls {
    my ($text) = @_;
    my @files = map { (write_file("$server->{dir}/calls.$_.md", "# Calls ($_)\n\n1. $text\n"), '--lang', $_) } qw(ru en);
    PDPortal::Setup::ctl_ok($server->{conf}, 'policy', 'publish', @files, '--kind', 'calls');
    return;
}
sub consent { my ($browser, $kind) = @_; $browser->get("/portal/account/consents/$kind"); return $browser->submit({ "consent_$kind" => 1 }, form => qr{/consents/$kind$}) }
sub withdraw { my ($browser, $kind) = @_; $browser->get("/portal/account/consents/$kind/withdraw"); return $browser->submit({}, form => qr{/withdraw$}) }
publish_calls('I agree to be called.');
my ($earlier) = member(browser => $server->browser, folder => $folder);
my ($withdrawn) = member(browser => $server->browser, folder => $folder);
consent($_, 'calls') for $earlier, $withdrawn;
withdraw($withdrawn, 'calls');
my ($unwilling) = member(browser => $server->browser, folder => $folder);
withdraw($unwilling, 'processing');
publish_calls('I agree to be called and to be written to.');
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
# Another, behind the version of the policy that is announced.
$form = $staff{editor}->get('/portal/staff/documents/new');
$answer = $staff{editor}->upload('/portal/staff/documents/new', { csrf => $form->field('csrf'), kind => 'policy', change => 'material', markup => 'markdown', effective => '2099-06-01T09:30' },
    { map { my $demo = read_file("$ENV{PD_SOURCE_DIR}/conf/demo/policy.$_.md"); ("file_$_" => $demo =~ s/^(4\.1\.7\.)/4.1.7. wish you a happy holiday and a good year;\n\n4.1.9./mr) } qw(ru en) });
my $later_draft = $answer->header('location') // die $answer->text;
# Somebody whose password was right, and whose code is due.
my ($careful, $careful_login) = member(browser => $server->browser, folder => $folder);
$careful->get('/portal/account/second-factor');
$careful->submit({ act => 'begin' }, form => qr/second-factor/);
my ($secret) = $careful->get('/portal/account/second-factor')->body =~ m{secret=([A-Z2-7]{32})&} or die 'no secret';
$careful->submit({ act => 'confirm', code => code_of($secret) }, form => qr/second-factor/);
my $halfway = $server->browser;
sign_in($halfway, $careful_login);
# Somebody who sets a second factor up, and somebody who has one, to whom ten spare codes are shown once in each language.
my ($beginner) = member(browser => $server->browser, folder => $folder);
$beginner->get('/portal/account/second-factor');
$beginner->submit({ act => 'begin' }, form => qr/second-factor/);
my %codes = map {
    my $language = $_;
    $careful->get("/portal/account/second-factor?lang=$language");
    # The code that turned it on is spent: one of the next half minute is good, too.
    my $page = until_true(sub {
        my $got = $careful->submit({ act => 'renew', code => code_of($secret, $language eq 'ru' ? 0 : 30) }, form => qr/second-factor/);
        $got->status == 200 && $got;
    }, 60) or die 'no spare codes';
    ($language => $page);
} qw(ru en);
my $forgetful = $server->browser;
$forgetful->get('/portal/recover');
$forgetful->submit({ login => 'whoever', act => 'ask' }, form => qr/recover/);
# Links of letters, opened and not used yet, and used.
sub link_in { my ($email, $words, $page) = @_; my ($link) = letter_that($email, $words, $folder)->{text} =~ m{http://[^/]+(/portal/$page\?t=[\w-]{43})} or die "no link to $page"; return $link }
sub holding { my ($link) = @_; my $browser = $server->browser; $browser->follow($browser->get($link)); return $browser }
my (undef, $lost_login, $lost_email) = member(browser => $server->browser, folder => $folder);
my $asking = $server->browser;
$asking->get('/portal/recover');
$asking->submit({ login => $lost_login, act => 'ask' }, form => qr/recover/);
my $recovering = holding(link_in($lost_email, qr{/portal/reset}, 'reset'));
my ($expired, $expired_login) = member(browser => $server->browser, folder => $folder);
PDPortal::Setup::ctl_ok($server->{conf}, 'passwords', 'expire', $expired_login, '--reason', 'an incident');
sign_in($expired = $server->browser, $expired_login);
my %registered = map {
    my $browser = $server->browser;
    my ($got, $with) = register($browser, email => unique() . '@mail.test', login => /first|second/ ? 'the-same' : unique());
    ($_ => { browser => $browser, letter => letter_for($with->{email}, 1, $folder) });
} qw(waiting ready elsewhere first second);
sub opened { my ($who, $browser) = @_; $browser //= $registered{$who}{browser}; $browser->follow($browser->get($registered{$who}{letter}{link})); return $browser }
opened('ready');
my $unproved = opened('elsewhere', $server->browser);
confirm($registered{first}{browser}, $registered{first}{letter});
confirm($registered{second}{browser}, $registered{second}{letter});
# Somebody whose new address waits for its code; somebody whose address was replaced, who has the link back, and one who used it.
sub ask_for_address { my ($browser) = @_; my $email = unique() . '@new.test'; $browser->get('/portal/account/email'); $browser->submit({ email => $email, act => 'ask' }, form => qr{/account/email$}); return $email }
my ($moving) = member(browser => $server->browser, folder => $folder);
ask_for_address($moving);
sub replaced {
    my ($browser, undef, $email) = member(browser => $server->browser, folder => $folder);
    my $code = letter_for(ask_for_address($browser), 1, $folder)->{code};
    $browser->get('/portal/account/email');
    $browser->submit({ code => $code, act => 'prove' }, form => qr{/account/email$});
    return holding(link_in($email, qr{/portal/restore}, 'restore'));
}
my ($robbed, $restored) = (replaced(), replaced());
$restored->submit({}, form => qr/restore/);
# Somebody who signs in from two countries, with mistakes on the way.
my ($travelling, $travelling_login, $travelling_email) = member(browser => $server->browser(local => '127.10.1.1'), folder => $folder);
sign_in($server->browser(local => '127.20.1.1'), $travelling_login, $_) for 'a wrong password', password();
my $disowning = holding(link_in($travelling_email, qr{/portal/not-me}, 'not-me'));
# Somebody who signed in an hour ago.
my ($long_ago) = member(browser => $server->browser, folder => $folder);
$long_ago->get('/portal/account/');
my ($id_long_ago) = PDPortal::Setup::sql($server, 'SELECT person_id FROM session ORDER BY created_at DESC LIMIT 1') =~ /(\S+)/;
PDPortal::Setup::change_person($server, $id_long_ago, "UPDATE session SET authenticated_at = authenticated_at - 3600000000 WHERE person_id = '$id_long_ago'");
until_true(sub { $long_ago->get('/portal/account/email')->status == 303 }, 30) or die 'still as if just signed in';
# A login at which too many have guessed, as the last of them sees it: it would not last until the page is looked at.
sub guess { my ($language) = @_; return sign_in($server->browser(local => '127.30.1.1', language => $language), 'guessed', 'a wrong password') }
my %limited;
for my $language (qw(ru en)) {
    until_true(sub { ($limited{$language} = guess($language))->status == 429 }) or die 'no limit to guesses';
}
# A copy of the data as it is saved, in each language.
my %copy = map {
    my $page = $travelling->get("/portal/account/export?lang=$_");
    $page = $travelling->submit({}, form => qr{/account/export$});
    $page = $travelling->follow($page) if $page->status == 303;
    ($_ => $travelling->post('/portal/account/export/html', { csrf => $page->field('csrf', qr{/export/html$}), link => $page->field('link', qr{/export/html$}) }));
} qw(ru en);
# Somebody whose account is being closed, at the page that offers to keep it; and somebody whose data were destroyed.
my ($leaving, $leaving_login) = member(browser => $server->browser, folder => $folder);
$leaving->get('/portal/account/close');
$leaving->submit({}, form => qr{close$});
sign_in($leaving, $leaving_login);
my (undef, $gone_login) = member(browser => $server->browser, folder => $folder);
sub ctl_json { return JSON::PP::decode_json((run_ctl(@_, '--json', '--config', $server->{conf}))[1]) }
my $gone = ctl_json('people', 'find', $gone_login)->{person};
my $act = ctl_json('people', 'destroy', $gone_login, '--reason', 'letter no. 7', '--confirm', $gone)->{act} // die 'no act';
# Somebody with messages, read and unread, of each kind of words, who agreed to those that nobody has to get.
my ($reader, $reader_login) = member(browser => $server->browser, folder => $folder);
my @notices = map { (write_file("$server->{dir}/notices.$_.md", "# Notices ($_)\n\n1. I want news of the site.\n"), '--lang', $_) } qw(ru en);
PDPortal::Setup::ctl_ok($server->{conf}, 'policy', 'publish', @notices, '--kind', 'notices');
$reader->get('/portal/account/consents/notices');
$reader->submit({ consent_notices => 1 }, form => qr{/consents/notices$});
my $words = "Ответ на ваш вопрос\n\nВаш вопрос рассмотрен, ответ готов.\n\nПрийти за ним можно в любой будний день.\n";
utf8::encode($words);
my $message = write_file("$server->{dir}/message.txt", $words);
PDPortal::Setup::ctl_ok($server->{conf}, 'notices', 'send', '--kind', 'message', '--file', $message, '--to', $reader_login);
PDPortal::Setup::ctl_ok($server->{conf}, 'notices', 'send', '--kind', 'news', '--file', $message);
my ($told) = $reader->get('/portal/account/inbox')->body =~ m{href="(/portal/account/inbox/[0-9a-f-]{36})"} or die 'no message';
$reader->get('/portal/account/login');
$reader->submit({ login => "$reader_login-anew" }, form => qr{/account/login$});
my ($event) = $reader->get('/portal/account/inbox')->body =~ m{href="(/portal/account/inbox/[0-9a-f-]{36})"} or die 'no message';
my (@pages, @paths);

# page(name, path, status => 200, as => browser, fill => {}, press => selector, route => path of the portal's page that
# a page of the site shows, once => { language => an answer that is given only once }): in both languages.
sub page {
    my ($name, $path, %given) = @_;
    push @paths, delete $given{route} // $path =~ s/[?].*//r;
    return if $ENV{PAGES} && index($name, $ENV{PAGES}) < 0;
    my ($as, $once) = delete @given{qw(as once)};
    for my $language (qw(ru en)) {
        my %cookies = $as ? %{ $as->{cookies} } : ();
        push @pages, { name => $name, path => $path . ($path =~ /[?]/ ? '&' : '?') . "lang=$language", language => $language,
            status => 200, cookies => \%cookies, $once ? (body => Encode::decode('UTF-8', $once->{$language}->body)) : (), %given };
        # The languages differ in words only: Lighthouse looks at one, and at both of the policy, which a search finds.
        $pages[-1]{lighthouse} = ['performance', 'accessibility', 'best-practices', $name eq 'policy' ? 'seo' : ()]
            if !$given{press} && !$once && ($given{status} // 200) == 200 && ($language eq 'ru' || $name eq 'policy');
    }
    return;
}

page('home', '/portal/');
page('register', '/portal/register');
page('register-mistakes', '/portal/register', press => 'main button', status => 422);
page('confirm', '/portal/confirm');
page('confirm-waiting', '/portal/confirm', as => $registered{waiting}{browser});
page('confirm-mistake', '/portal/confirm', as => $registered{waiting}{browser}, press => 'form.card button', status => 422);
page('confirm-ready', '/portal/confirm', as => $registered{ready}{browser});
page('confirm-elsewhere', '/portal/confirm', as => $unproved);
page('confirm-login-taken', '/portal/confirm', as => $registered{second}{browser});
page('confirm-done', $registered{first}{letter}{link});
page('login', '/portal/login');
page('login-again', '/portal/login?return=%2Fportal%2Faccount%2Femail', as => $long_ago);
page('login-needed', '/portal/login?return=%2Fcabinet%2F');
page('login-limited', '/portal/login', once => \%limited, status => 429);
page('login-mistakes', '/portal/login', press => 'form.card button', status => 422);
page('reset', '/portal/reset');
page('reset-ready', '/portal/reset', as => $recovering);
page('reset-mistake', '/portal/reset', as => $recovering, press => 'form.card button', status => 422);
page('reset-expired', '/portal/reset', as => $expired);
page('reset-restored', '/portal/reset', as => $restored);
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
page('consent-current', '/portal/documents/calls');
page('difference-consent', '/portal/documents/calls/2/diff');
page('processing', '/portal/processing');
page('leave', '/portal/leave?to=https%3A%2F%2Fpartner.example%2Fshop');
page('leave-refused', '/portal/leave?to=javascript%3Aalert(1)', status => 400);
page('not-found', '/portal/nowhere', status => 404);
page('account', '/portal/account/', as => $member);
page('change-login', '/portal/account/login', as => $member);
page('change-email', '/portal/account/email', as => $member);
page('change-email-mistake', '/portal/account/email', as => $member, press => 'form.card button', status => 422);
page('change-email-waiting', '/portal/account/email', as => $moving);
page('change-password', '/portal/account/password', as => $member);
page('restore', '/portal/restore');
page('restore-ready', '/portal/restore', as => $robbed);
page('second-factor-begun', '/portal/account/second-factor', as => $beginner);
page('second-factor-begun-mistake', '/portal/account/second-factor', as => $beginner, press => 'form.card button', status => 422);
page('second-factor-on', '/portal/account/second-factor', as => $careful);
page('second-factor-codes', '/portal/account/second-factor', as => $careful, once => \%codes);
page('second-factor-mistake', '/portal/second-factor', as => $halfway, press => 'form.card button', status => 422);
page('second-factor-account', '/portal/account/second-factor', as => $member);
page('second-factor', '/portal/second-factor', as => $halfway);
page('sessions', '/portal/account/sessions', as => $member);
page('history', '/portal/account/history', as => $member);
page('sessions-many', '/portal/account/sessions', as => $travelling);
page('history-many', '/portal/account/history', as => $travelling);
page('history-two-steps', '/portal/account/history', as => $careful);
page('export-file', '/portal/account/export', as => $travelling, once => \%copy);
page('export', '/portal/account/export', as => $member);
page('export-ready', '/portal/account/export', as => $member, press => 'form.card button');
page('not-me', '/portal/not-me');
page('account-not-me', '/portal/account/not-me', as => $member);
page('not-me-ready', '/portal/not-me', as => $disowning);
page('account-inbox', '/portal/account/inbox', as => $reader);
page('account-inbox-empty', '/portal/account/inbox', as => $behind);
page('account-message', $told, as => $reader);
page('account-message-event', $event, as => $reader);
page('account-message-none', '/portal/account/inbox/none', as => $reader, status => 404);
page('account-unread', '/portal/account/', as => $reader);
page('account-notices', '/portal/account/notices', as => $reader);
page('account-notices-not-agreed', '/portal/account/notices', as => $behind);
page('account-unsubscribe', '/portal/unsubscribe?t=1.1.token');
page('account-unsubscribe-done', '/portal/unsubscribe?t=1.1.token', press => 'form.card button', status => 200);
page('account-unsubscribe-cut', '/portal/unsubscribe');
page('consents', '/portal/account/consents', as => $member);
page('consent', '/portal/account/consents/processing', as => $member);
page('consent-form', '/portal/account/consents/calls', as => $member);
page('consent-mistake', '/portal/account/consents/calls', as => $member, press => 'form.card button', status => 422);
page('consent-newer', '/portal/account/consents/calls', as => $earlier);
page('consent-withdrawn', '/portal/account/consents/calls', as => $withdrawn);
page('consents-withdrawn', '/portal/account/consents', as => $withdrawn);
page('consent-processing-withdrawn', '/portal/account/consents/processing', as => $unwilling);
page('account-processing-withdrawn', '/portal/account/', as => $unwilling);
page('consent-withdraw', '/portal/account/consents/processing/withdraw', as => $member);
page('home-signed-in', '/portal/', as => $member);
page('acknowledge', '/portal/acknowledge', as => $behind);
page('acknowledge-mistake', '/portal/acknowledge', as => $behind, press => 'form.card button', status => 422);
page('coming', '/portal/coming', as => $member);
page('closing', '/portal/account/close', as => $member);
page('closing-begun', '/portal/closed');
page('closing-recall', '/portal/recall', as => $leaving);
page('closing-recall-none', '/portal/recall');
page('closing-recalled', '/portal/recalled');
page('closing-blocked-none', '/portal/blocked');
page('closing-acts', '/portal/staff/destructions', as => $staff{administrator});
page('closing-act', "/portal/staff/destructions/$act", as => $staff{administrator});
page('staff-documents', '/portal/staff/documents', as => $staff{editor});
page('staff-draft-new', '/portal/staff/documents/new', as => $staff{editor});
page('staff-draft-mistake', '/portal/staff/documents/new', as => $staff{editor}, press => 'form.card button', status => 422);
page('staff-draft-own', $draft, as => $staff{editor});
page('staff-draft', $draft, as => $staff{administrator});
page('staff-draft-later', $later_draft, as => $staff{administrator});
page('staff-draft-in-force', "$later_draft?against=in-force", as => $staff{administrator});
page('staff-version', '/portal/staff/documents/policy/2', as => $staff{administrator});
page('staff-names', '/portal/staff/documents/policy/2', as => $staff{administrator}, press => '.aside button');
page('staff-closed', '/portal/staff/documents', as => $member, status => 403);
page('unsent', '/cabinet/', once => { map { ($_ => $server->browser(language => $_)->request('POST', '/cabinet/', body => 'a=1')) } qw(ru en) }, status => 401, route => '/portal/required');
page('denied', '/cabinet/ward', as => $member, status => 403, route => '/portal/denied');

# Every page of the route table is among them, but for what is no page of its own.
my %no_page = (
    'style.css' => 'what every page is drawn with',
    'account' => 'leads to account/',
    'unavailable' => 'the page of errors, which not-found shows',
);
my $table = read_file("$ENV{PD_SOURCE_DIR}/src/web/pd_routes.c");
my @routes;
while ($table =~ /\{"GET",\s*"([^"]*)",[^}]*?\bPD_SHOW_(\w+)/g) {
    push @routes, $1 unless $2 eq 'FILE' || $2 eq 'PROGRAM';
}
cmp_ok(scalar @routes, '>', 20, 'the route table is read');
for my $route (grep { !$no_page{$_} } @routes) {
    my $pattern = quotemeta($route) =~ s/\\\*/[^\/]+/gr =~ s/\\#/\\d+/gr;
    ok((grep { m{^/portal/$pattern$} } @paths), "GET /portal/$route is among the pages that are looked at");
}
is_deeply([grep { my $name = $_; !grep { $_ eq $name } @routes } sort keys %no_page], [], 'what is left out is in the table');

my $plan = write_file("$ENV{PD_WORK}/plan.json", JSON::PP::encode_json({ origin => "http://127.0.0.1:$server->{port}",
    shots => $ENV{PD_SHOTS}, more => $ENV{VIEWS} ? JSON::PP::true : JSON::PP::false, pages => \@pages }));
cmp_ok(scalar @pages, '>', 0, 'there are pages to look at');
local $ENV{HOME} = $ENV{PD_WORK};

# Each line of a program that looks at pages is a test.
sub look {
    my ($program, $expected) = @_;
    return if $ENV{LOOK} && $program ne "$ENV{LOOK}.js";
    hold_clock();
    open my $look, '-|', 'node', "t/e2e/$program", $plan or die "node: $!";
    my $seen = 0;
    while (my $line = <$look>) {
        my $view = eval { JSON::PP::decode_json($line) } or do { diag $line; next };
        $seen++;
        hold_clock();
        printf STDERR "  %s: %d of %d\n", $program, $seen, $expected if $seen % 20 == 0;
        is(join("\n", @{ $view->{faults} }), '', $view->{name});
    }
    ok(close $look, "$program ran to its end");
    is($seen, $expected, "$program looked at everything");
    return;
}
look('pages.js', ($ENV{VIEWS} ? 5 : 3) * @pages);
look('lighthouse.js', scalar grep { $_->{lighthouse} } @pages);
unlike($server->log, qr/:(?:crit|alert|emerg)\]|PD0532|exit signal/, 'nothing crashed');
done_testing;
