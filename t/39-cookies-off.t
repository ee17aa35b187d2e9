# Cookies off (F07, seed 3.3): every private address ends on a page that says what is needed and why, in
# at most two redirects, whatever the browser refuses; the way out of it leads to what was asked for.
use strict;
use warnings FATAL => 'all';
use utf8;
use Test::More;
use PDPortal::Test;
binmode $_, ':encoding(UTF-8)' for map { Test::More->builder->$_ } qw(output failure_output todo_output);

my %heading = (en => 'Cookies are needed here', ru => 'Здесь нужны файлы cookie');
my (undef, $login) = member();

# Private pages of the test site, and every row of the route table that somebody must be for.
my @site = ('/cabinet/', '/cabinet/index.html', '/cabinet/?day=1&x=%20', '/cabinet/app/', '/only-anna/', '/any/', '/own-rules/', '/proxied', '/proxied-plain');
my $rows = read_file("$ENV{PD_SOURCE_DIR}/src/web/pd_routes.c");
my (@portal, @acts);
while ($rows =~ /\{"(GET|POST)",\s*"([^"]*)",\s*PD_NEED_(\w+)/g) {
    my ($method, $path, $need) = ($1, $2, $3);
    next if $need =~ /^(?:NOTHING|DATABASE|REDIRECT|ADDRESS)$/;
    $path =~ s/\*/processing/;
    $path =~ tr/#/1/;
    push @{ $method eq 'GET' ? \@portal : \@acts }, "/portal/$path";
}
ok((grep { $_ eq '/portal/account/' } @portal), 'the route table is read');

# Our two names, each once at most, and short.
sub few_cookies {
    my ($answer, $prefix) = @_;
    $prefix //= '';
    my %seen;
    for my $line ($answer->all('set-cookie')) {
        my ($name, $value) = $line =~ /^([^=]+)=([^;]*)/;
        return diag("$answer->{path} sets $line") && 0 if $seen{$name}++ || $name !~ /^\Q$prefix\Epdf?$/ || length $value > 128;
    }
    return 1;
}

# Follows redirects of our own origin up to fifty times: (last answer, redirects, all answers in order).
sub travel {
    my ($browser, $answer) = @_;
    my @all = $answer;
    my $origin = quotemeta $browser->origin;
    while ($answer->status =~ /^30\d$/ && @all <= 50) {
        push @all, $answer = $browser->get($answer->header('location') =~ s/^$origin//r);
    }
    return ($answer, $#all, \@all);
}

sub is_explanation {
    my ($answer, $name, %given) = @_;
    is($answer->status, $given{status} // 200, "$name: status");
    like($answer->text, qr/\Q$heading{ $given{language} \/\/ 'en' }\E/, "$name: what is needed");
    page_like($answer, qr{<a href="/portal/policy#p3\.3">}, "$name: the clause is cited");
    ok(!(grep { $_->{main} } $answer->forms), "$name: no form that can't work");
    return;
}

# The address behind the button of the explanation.
sub way_out {
    my ($answer) = @_;
    my ($main) = $answer->body =~ m{<main\b(.*)</main>}s;
    my ($href) = $main =~ m{<a class="button" href="([^"]*)"};
    return PDPortal::Answer::unescape($href);
}

# --- nothing is kept
for my $path (@site, @portal) {
    for my $language (qw(en ru)) {
        my $browser = browser(refuse => qr/./, language => $language);
        my ($end, $hops, $all) = travel($browser, $browser->get($path));
        my $name = "$path, $language";
        is($hops, 1, "$name: one redirect");
        is_explanation($end, $name, language => $language);
        is((grep { few_cookies($_) } @$all), 2, "$name: few cookies are tried");
        is((grep { $_->all('set-cookie') } @$all), 2, "$name: with the redirect and with the page");
        like($end->header('cache-control'), qr/no-store/, "$name: not to be stored");
        # Switched on: one click, and the form leads to the page first asked for.
        delete $browser->{refuse};
        my $form = $browser->get(way_out($end));
        is($form->status, 200, "$name: the way out is open");
        is($form->field('return'), $path, "$name: and remembers where to");
    }
}
for my $path (@acts) {
    my $browser = browser(refuse => qr/./);
    my ($end, $hops) = travel($browser, $browser->post($path, { a => 1 }));
    is($hops, 1, "POST $path: one redirect");
    is_explanation($end, "POST $path");
}
my $patient = browser(refuse => qr/./);
my ($page) = travel($patient, $patient->get('/cabinet/?day=1'));
delete $patient->{refuse};
$patient->{last} = $patient->get('/portal/login?return=%2Fcabinet%2F%3Fday%3D1&c=1');
is_explanation($patient->{last}, 'still without a cookie');
is($patient->get($patient->{last}{path})->form->{action}, '/portal/login', 'loaded anew with cookies on: the form');
is($patient->submit({ login => $login, password => password() })->header('location'), '/cabinet/?day=1', 'which leads to the page first asked for');
is($patient->follow->status, 200, 'and it opens');

# --- a bookmark of the marked address
my $marked = browser()->get('/cabinet/')->header('location');
is($marked, '/portal/login?return=%2Fcabinet%2F&c=1', 'the marked address');
my $regular = browser();
$regular->get('/portal/login');
is($regular->get($marked)->field('return'), '/cabinet/', 'a bookmark of it shows the form to a browser with cookies');
my $forgetful = browser();
my $explained = $forgetful->get($marked);
is_explanation($explained, 'a bookmark whose cookie ran out');
is($forgetful->get(way_out($explained))->field('return'), '/cabinet/', 'does not trap anybody');
is($patient->get($marked)->header('location'), '/cabinet/', 'a bookmark of it when signed in: straight on');

# The marker means nothing elsewhere.
for my $path (qw(/portal/ /portal/policy /portal/cookies)) {
    my $got = browser()->get("$path?c=1");
    is($got->status, 200, "$path?c=1: 200");
    unlike($got->text, qr/\Q$heading{en}\E/, "$path?c=1: the page as ever");
    is($got->header('set-cookie'), undef, "$path?c=1: no cookie");
}
# Opened by itself a form is shown, with its cookie.
for my $path (qw(/portal/login /portal/register)) {
    my $got = browser(refuse => qr/./)->get($path);
    ok((grep { $_->{main} } $got->forms), "$path, directly: the form");
    is(scalar $got->all('set-cookie'), 1, "$path, directly: with its cookie");
}
like(browser(refuse => qr/./)->get('/portal/confirm')->text, qr/link does not work.*cookies switched off/is, 'confirmation without a cookie names them');

# --- in the other language too
my $mute = browser(refuse => qr/./);
my ($english) = travel($mute, $mute->get('/cabinet/'));
my ($switch) = map { PDPortal::Answer::unescape($_) } $english->body =~ /<a href="([^"]*)" lang="ru"/;
my $russian = $mute->get($switch);
is_explanation($russian, 'the language is switched', language => 'ru');
ok(few_cookies($russian), 'with one cookie');
is(way_out($russian), '/portal/login?return=%2Fcabinet%2F', 'and the way out stays');
my $asking = browser(refuse => qr/./);
my $redirect = $asking->get('/portal/account/?lang=ru');
ok(few_cookies($redirect), 'asked for in a language: one cookie');
is_explanation((travel($asking, $redirect))[0], 'asked for in a language');

# --- a form without its cookie
my %typed = (login => 'typed-name', email => 'typed@mail.test', password => password(), policy => 1, consent_processing => 1, code => '12345678');
for my $form (qw(login register confirm)) {
    my $browser = browser(refuse => qr/./);
    my $csrf = $browser->get($form eq 'confirm' ? '/portal/register' : "/portal/$form")->field('csrf');
    my $got = $browser->post("/portal/$form", { %typed, csrf => $csrf, return => '/cabinet/' });
    is_explanation($got, "POST $form", status => 403);
    unlike($got->body, qr/typed|harbour|12345678|\Q$csrf\E/, "POST $form: nothing of what was sent");
    ok(few_cookies($got), "POST $form: few cookies");
    is(way_out($got), "/portal/$form?return=%2Fcabinet%2F", "POST $form: the way out");
    my ($other) = map { PDPortal::Answer::unescape($_) } $got->body =~ /<a href="([^"]*)" lang="ru"/;
    is_explanation($browser->get($other), "POST $form, in the other language", language => 'ru');
    delete $browser->{refuse};
    is($browser->get(way_out($got))->status, 200, "POST $form: which is open");
    # A cookie, but another one's form: as ever.
    my $stale = $browser->post("/portal/$form", { %typed, csrf => $csrf, return => '/cabinet/' });
    is($stale->status, 403, "POST $form with a cookie and a foreign token: 403");
    unlike($stale->text, qr/\Q$heading{en}\E/, "POST $form with a cookie and a foreign token: the form");
    # From another site cookies never come along: that says nothing about the browser.
    $got = browser()->post("/portal/$form", {%typed}, 'Sec-Fetch-Site' => 'cross-site');
    is($got->status, 403, "POST $form from another site: 403");
    unlike($got->text, qr/\Q$heading{en}\E/, "POST $form from another site: the form");
}
is(browser()->post('/portal/logout', { csrf => 'x' })->status, 303, 'signing out without any cookie: done');

# --- what counts as a cookie
my ($id, $token) = ('A' x 43, 'B' x 43);
for my $value ($id, "$id.$token", "$id:ru", "$id.$token:en", "$id!1764082000", "$id.$token:ru!1764082000") {
    my $got = browser()->get('/cabinet/', Cookie => "pdf=$value");
    is($got->header('location'), '/portal/login?return=%2Fcabinet%2F', "$value: a cookie");
    is($got->header('set-cookie'), undef, "$value: which stays");
}
for my $value ('', 'A', "${id}A", "$id.", "$id.B", "$id:", "$id:xx", "$id:ru.$token", "$id!", "$id!x", "$id!1x", "$id!-1", '!1', "$id!1!1", "$id!1234567890123", "$id..$token", "$id.$token.$token",
    "$id!1:ru", ".$token", "$id; pdf=$id", 'A' x 4000)
{
    my $got = browser()->get('/cabinet/', Cookie => "pdf=$value");
    my $name = substr $value, 0, 60;
    like($got->header('location'), qr/&c=1$/, "'$name': no cookie");
    ok($got->all('set-cookie') == 1 && few_cookies($got), "'$name': one is set");
}

# --- the session's cookie is dropped
my $half = browser(refuse => qr/^pd$/);
$half->follow($half->get('/cabinet/'));
my $signed = $half->submit({ login => $login, password => password() });
is($signed->header('location'), '/cabinet/', 'signed in, but the cookie is dropped');
ok(few_cookies($signed) && $signed->all('set-cookie') == 2, 'two cookies at sign-in');
my ($dropped, $hops, $all) = travel($half, $signed);
is($hops, 2, 'dropped: two redirects');
is_explanation($dropped, 'dropped');
like($dropped->text, qr/password were right/, 'dropped: and why');
is((grep { few_cookies($_) } @$all), 3, 'dropped: few cookies');
is(way_out($dropped), '/portal/login?return=%2Fcabinet%2F', 'dropped: the way out');
my $ru = $half->clone(language => 'ru');
$ru->follow($ru->get('/cabinet/'));
$ru->submit({ login => $login, password => password() });
is_explanation((travel($ru, $ru->{last}))[0], 'dropped, ru', language => 'ru');
delete $half->{refuse};
is($half->get(way_out($dropped))->field('return'), '/cabinet/', 'dropped: then the form');
$half->submit({ login => $login, password => password() });
is($half->follow->status, 200, 'dropped: switched on, all is well');
$half->{cookies}{pd} = 'A' x 43;
ok((travel($half, $half->get('/cabinet/')))[0]->form, 'a session that ended elsewhere: the form, nothing to explain');

my $leaving = browser();
sign_in($leaving, $login);
$leaving->get('/portal/account/');
my ($farewell) = travel($leaving, $leaving->submit({}, form => qr/logout/));
like($farewell->text, qr/You have signed out/, 'signed out: the notice');
ok($farewell->form, 'signed out: the form, nothing to explain');
ok($leaving->get('/portal/login?return=%2Fcabinet%2F')->form, 'and so it stays');

my $reopened = browser();
sign_in($reopened, $login);
delete $reopened->{cookies}{pd};
my $then = time - 600;
ok($reopened->{cookies}{pdf} =~ s/!\d+/!$then/, 'the time of sign-in stands in the cookie');
ok((travel($reopened, $reopened->get('/cabinet/')))[0]->form(qr/login/), 'the browser was closed and opened later: the form');

# --- tabs
my $tabs = browser();
my @forms = map { $tabs->follow($tabs->get($_)) } '/cabinet/', '/portal/account/', '/cabinet/index.html';
for my $form (@forms) {
    is($tabs->submit({ login => $login, password => password() }, page => $form)->status, 303, 'tabs one after another: each form works');
}
# Two at once: neither request knew of the other's cookie, and the later one is kept.
my ($left, $right) = (browser(), browser());
my $first = $left->follow($left->get('/cabinet/'));
my $second = $right->follow($right->get('/portal/account/'));
$left->{cookies} = $right->{cookies};
my $lost = $left->submit({ login => $login, password => password() }, page => $first);
is($lost->status, 403, 'two tabs at once: the earlier form comes back');
is_deeply([map { $lost->field($_) } qw(login return)], [$login, '/cabinet/'], 'filled');
is($left->submit({ password => password() })->header('location'), '/cabinet/', 'and then signs in');
is($right->submit({ login => $login, password => password() }, page => $second)->header('location'), '/portal/account/', 'as does the later');

# --- whatever is refused, it ends
for my $case (['all', qr/./], ['the session', qr/^pd$/], ['the form', qr/^pdf$/], ['none', undef]) {
    my ($name, $refuse) = @$case;
    for my $path (@site, @portal, '/portal/login', $marked, '/portal/confirm?t=' . 'A' x 43, '/portal/account') {
        my $browser = browser(refuse => $refuse);
        my ($end, $count) = travel($browser, $browser->get($path));
        cmp_ok($count, '<=', 2, "refused: $name; $path: ends");
        is($end->status, 200, "refused: $name; $path: on a page");
        next unless $end->form(qr/login/);
        ($end, $count) = travel($browser, $browser->submit({ login => $login, password => password() }));
        cmp_ok($count, '<=', 2, "refused: $name; $path, form sent: ends");
        my $wanted = $path =~ m{/inbox/.} ? qr/^(?:200|403|404)$/ : qr/^(?:200|403)$/; # nobody has a message of that name
        like($end->status, $wanted, "refused: $name; $path, form sent: on a page");
    }
}

# --- programs, HEAD, HTTP/1.0
for my $headers (['Sec-Fetch-Dest' => 'empty'], ['Sec-Fetch-Dest' => 'image'], [Accept => 'application/json', 'Sec-Fetch-Dest' => undef]) {
    my $got = browser()->get('/cabinet/', @$headers);
    is($got->status, 401, "@{[map { $_ // '-' } @$headers]}: 401");
    is($got->header('set-cookie'), undef, "@{[map { $_ // '-' } @$headers]}: no cookie");
}
is(browser()->request('HEAD', '/cabinet/')->header('location'), $marked, 'HEAD: as GET');
my $old = PDPortal::Answer->parse(browser()->raw("GET /cabinet/ HTTP/1.0\r\n\r\n"), 'GET', '/cabinet/');
is($old->header('location'), $marked, 'HTTP/1.0: led to sign-in');
$old = PDPortal::Answer->parse(browser()->raw("GET $marked HTTP/1.0\r\nAccept-Language: en\r\n\r\n"), 'GET', $marked);
is_explanation($old, 'HTTP/1.0');

# --- open pages are left alone
for my $path (qw(/ /index.html /none /portal/ /portal/policy /portal/policy/1 /portal/cookies /portal/style.css /portal/none)) {
    is(browser()->get($path)->header('set-cookie'), undef, "$path: no cookie");
}
is(browser()->get('/')->header('vary'), undef, 'the front page does not vary');
is(browser()->get('/any/', 'X-Open' => 'yes')->header('set-cookie'), undef, 'open by another condition: no cookie');

# --- the names of production
my $tls = tls_browser(refuse => qr/./);
my ($end, $count, $answers) = travel($tls, $tls->get('/cabinet/'));
is($count, 1, 'TLS: one redirect');
is_explanation($end, 'TLS');
for my $answer (@$answers) {
    ok(few_cookies($answer, '__Host-'), "TLS, $answer->{path}: __Host- names");
    like($answer->header('set-cookie'), qr{^__Host-pdf=[\w-]{43}; Path=/; Max-Age=86400; HttpOnly; Secure; SameSite=Lax$}, "TLS, $answer->{path}: locked up");
}
delete $tls->{refuse};
is($tls->get(way_out($end))->field('return'), '/cabinet/', 'TLS: the way out');

# Plain http where the portal is https: nothing is issued, the way leads through the origin's address.
my $plain = server(name => 'plain-http', set => { PDPortalBaseURL => 'https://127.0.0.1:1', PDPortalInsecureCookies => undef });
$plain->start;
for my $path ('/cabinet/?day=1', '/portal/account/') {
    my $got = $plain->browser->get($path);
    is($got->header('location'), "https://127.0.0.1:1$path", "plain http, $path: to https");
    is($got->header('set-cookie'), undef, "plain http, $path: no cookie");
}
$plain->stop;
done_testing;
