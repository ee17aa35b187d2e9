# Bad input: 4xx, nothing stored, nothing lost that a visitor typed; form tokens on every POST.
use strict;
use warnings FATAL => 'all';
use Test::More;
use PDPortal::Test;

sub pairs { my (@pairs) = @_; return join '&', map { PDPortal::Browser::encode($pairs[2 * $_]) . '=' . PDPortal::Browser::encode($pairs[2 * $_ + 1]) } 0 .. @pairs / 2 - 1 }
my $count = sub { my ($code, $out) = ctl('check', '--json'); return $out };

# Sizes and shapes.
my $csrf = do { my $browser = browser(); $browser->get('/portal/register')->field('csrf') };
my @bodies = (
    ['over 64 KiB', 'login=' . 'a' x 70_000, 413],
    ['over 64 fields', join('&', map {"f$_=1"} 1 .. 70), 413],
    ['a name twice', pairs(csrf => $csrf, login => 'anna1', login => 'anna2'), 400],
    ['NUL', 'csrf=x&login=an%00na', 400],
    ['invalid UTF-8', 'csrf=x&login=%ff%fe', 400],
    ['overlong UTF-8', 'csrf=x&login=%c0%af', 400],
    ['a surrogate', 'csrf=x&login=%ed%a0%80', 400],
    ['a broken escape', 'csrf=x&login=%4', 400],
    ['a value over 4096 bytes', 'csrf=x&login=' . 'a' x 5000, 413],
);
for my $path (qw(/portal/register /portal/login /portal/confirm /portal/reset /portal/logout)) {
    for my $case (@bodies) {
        my ($name, $body, $wanted) = @$case;
        my $browser = browser();
        $browser->get('/portal/register');
        my $got = $browser->post($path, $body);
        ok($got->status == $wanted || ($got->status >= 400 && $got->status < 500), "$path, $name: $got->{status}");
        page_like($got, qr/<h1/, "$path, $name: with a page");
    }
    for my $type ('text/plain', 'multipart/form-data; boundary=x', 'application/json', undef) {
        my $browser = browser();
        my $got = $browser->request('POST', $path, body => 'login=a', headers => ['Content-Type' => $type]);
        is($got->status, 415, $path . ', Content-Type ' . ($type // 'none') . ': 415');
    }
}
my $chunked = browser();
my $text = "POST /portal/login HTTP/1.1\r\nHost: 127.0.0.1:$ENV{PD_PORT}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    . "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n" . (sprintf("%x\r\n%s\r\n", 8192, 'a' x 8192) x 12) . "0\r\n\r\n";
like($chunked->raw($text), qr{^HTTP/1.1 4\d\d}, 'chunked and over the limit: refused');

# Methods and paths.
for my $method (qw(PUT DELETE PATCH OPTIONS)) {
    my $got = browser()->request($method, '/portal/register');
    is($got->status, 405, "$method: 405") if $method ne 'OPTIONS';
    like($got->header('allow') // '', qr/GET.*POST|POST.*GET/, "$method: Allow");
}
is(browser()->get('/portal/nothing-here')->status, 404, 'an unknown path: 404');
page_like(browser()->get('/portal/nothing-here'), qr/<h1/, 'with a page');
is(browser()->get('/portalx')->status, 404, 'a longer name is not the portal');
for my $path ('/portal/%00', '/portal/register/..%2f..', '/portal/register%2f', '/portal//register', '/portal/confirm?t=%ff', '/portal/login?return=%00', '/portal/login?' . 'a=1&' x 80) {
    my $got = browser()->get($path);
    ok($got->status < 500 && $got->status, "$path: no failure ($got->{status})");
}

# A form token is needed, of this browser, for this form.
for my $case (['register', 'registration'], ['login', 'sign-in'], ['confirm', 'confirmation'], ['reset', 'reset']) {
    my ($form, $name) = @$case;
    my %fields = (login => unique(), email => unique() . '@mail.test', password => password(), policy => 1, consent_processing => 1);
    my $browser = browser();
    $browser->get('/portal/register');
    my $got = $browser->post("/portal/$form", {%fields});
    is($got->status, 403, "$name without a token: 403");
    is($browser->post("/portal/$form", { %fields, csrf => 'A' x 120 })->status, 403, "$name with a made-up token: 403");
    my $stranger = browser();
    my $foreign = $stranger->get('/portal/' . ($form =~ /^(?:confirm|reset)$/ ? 'register' : $form))->field('csrf');
    is($browser->post("/portal/$form", { %fields, csrf => $foreign })->status, 403, "$name with a stranger's token: 403");
    my $good = $browser->get('/portal/login')->field('csrf');
    is($browser->post("/portal/$form", { %fields, csrf => $good })->status, 403, "$name with another form's token: 403") if $form ne 'login';
    is($browser->post("/portal/$form", { %fields, csrf => $browser->get('/portal/register')->field('csrf') }, 'Sec-Fetch-Site' => 'cross-site')->status, 403,
        "$name sent from another site: 403");
    is($browser->post("/portal/$form", { %fields, csrf => $browser->get('/portal/register')->field('csrf') }, 'Sec-Fetch-Site' => undef,
            Origin => 'https://evil.example')->status, 403, "$name with a foreign Origin: 403");
}

# The answer to a stale form is the same form, filled, with a fresh token: sending it again works.
my $browser = browser();
my $form = registration_form();
delete @$form{qw(tick)};
$browser->get('/portal/register');
my $stale = $browser->post('/portal/register', { %$form, policy => 1, consent_processing => 1, csrf => 'old' });
is($stale->status, 403, 'a stale registration: 403');
is($stale->form->{fields}{login}, $form->{login}, 'the login is still there');
is($stale->form->{fields}{email}, $form->{email}, 'the e-mail too');
is($stale->form->{fields}{password} // '', '', 'the password is not');
is($browser->submit({ password => $form->{password}, policy => 1, consent_processing => 1 })->status, 303, 'sent again it is taken');
ok(letter_for($form->{email}), 'and the letter comes');

# Cookies switched off: no dead end.
my $none = browser();
$none->get('/portal/login');
$none->{cookies} = {};
my $lost = $none->submit({ login => 'anna', password => password() });
is($lost->status, 403, 'without cookies: 403');
page_like($lost, qr{/portal/policy#p3\.3}, 'with an explanation');
is(browser()->get('/portal/cookies')->status, 200, 'the page about cookies');

# What is typed is text, everywhere.
for my $nasty ('<script>alert(1)</script>', '"><img src=x>', '{{csrf}}', '{{{login_value}}}', '%s%n', "' OR 1=1 --") {
    my $visitor = browser();
    my $got = register($visitor, login => $nasty, email => "$nasty\@x");
    is($got->status, 422, "$nasty: 422");
    is($got->form->{fields}{login}, $nasty, "$nasty: comes back as it was typed");
    unlike($got->body, qr/<script>alert|<img src=x/, "$nasty: as text");
    $visitor->get('/portal/login');
    $got = $visitor->submit({ login => $nasty, password => password() });
    is($got->status, 422, "$nasty: refused at sign-in");
}
my $echo = browser()->get('/portal/login?return=%2F%22%3E%3Cb%3E');
unlike($echo->body, qr/"><b>/, 'the return target is escaped');
done_testing;
