# Sign-in, session, sign-out (F05, F06, F09, F10, F12).
use strict;
use warnings FATAL => 'all';
use Test::More;
use PDPortal::Test;

my ($browser, $login, $email) = member();
is($browser->get('/cabinet/')->status, 200, 'signed in: the cabinet opens');
my ($name) = grep { /pd$/ } keys %{ $browser->{cookies} };
is($name, 'pd', 'over http the cookie has no prefix');
my $token = $browser->{cookies}{pd};
like($token, qr/^[\w-]{43}$/, 'the session cookie is 256 random bits');

# By login or e-mail.
is(sign_in(browser(), $_)->status, 303, "signs in as $_") for $email, $email =~ s/mail\.test/MAIL.test/r, uc $login;

# Refusals are all one.
my $wrong = sign_in(browser(), $login, 'wrong password here');
my $unknown = sign_in(browser(), unique('nobody'), 'wrong password here');
is($wrong->status, 422, 'wrong password: 422');
is($unknown->status, 422, 'unknown login: 422');
my $plain = sub { $_[0]->text =~ s/\S+\d\S*//gr };
is($plain->($wrong), $plain->($unknown), 'in the same words');
ok(!exists $wrong->{headers}{'set-cookie'} || "@{ $wrong->{headers}{'set-cookie'} }" !~ /\bpd=/, 'no session comes of it');
is($wrong->form->{fields}{password} // '', '', 'the password is not in the form');
is($wrong->form->{fields}{login}, $login, 'the login is');
unlike($wrong->body, qr/wrong password here/, 'nor anywhere else');

# A new token at every sign-in, the old one dead.
my $again = $browser->clone;
my $form_open = $browser->clone->get('/portal/login?again=1');
is($again->submit({ login => $login, password => password() }, page => $form_open)->status, 303, 'signing in once more');
like($again->{cookies}{pd}, qr/^(?!\Q$token\E)[\w-]{43}$/, 'gives another token');
is($again->get('/cabinet/')->status, 200, 'that is good');
is($browser->get('/cabinet/')->status, 303, 'and the old one is dead');

# A token chosen by someone else is never taken over.
my $fixed = browser();
$fixed->{cookies}{pd} = 'A' x 43;
sign_in($fixed, $login);
isnt($fixed->{cookies}{pd}, 'A' x 43, 'a foreign token is not kept');

# Two browsers at once.
my ($one, $two) = (browser(), browser());
sign_in($_, $login) for $one, $two;
is($one->get('/cabinet/')->status, 200, 'one browser');
is($two->get('/cabinet/')->status, 200, 'and another');

# Sign-out.
my $cabinet = $one->get('/portal/account/');
is($cabinet->status, 200, 'the account page');
like($cabinet->text, qr/\Q$login\E/, 'shows the login');
like($cabinet->text, qr/\Q$email\E/, 'and the e-mail');
my $old = $one->{cookies}{pd};
my $out = $one->submit({}, form => qr/logout/);
is($out->status, 303, 'signed out');
like($out->header('clear-site-data') // '', qr/"cache"/, 'Clear-Site-Data');
ok(!exists $one->{cookies}{pd}, 'the cookie is gone');
$one->{cookies}{pd} = $old;
is($one->get('/cabinet/')->status, 303, 'the old token opens nothing');
is($one->get('/portal/account/')->status, 303, 'the account neither');
is($two->get('/cabinet/')->status, 200, 'the other browser is still in');
like($one->follow($out)->text, qr/signed out/i, 'the page after says so');
is($one->get('/portal/logout')->status, 405, 'GET does not sign out');
like($one->{last}->header('allow'), qr/POST/, 'Allow says how');

# Sign-out needs its form token; without it the visitor can do it again, and is not thrown out by others.
my $forged = $two->post('/portal/logout', { csrf => 'x' });
is($forged->status, 403, 'a forged sign-out is refused');
ok($forged->form(qr/logout/), 'with a button that does it');
is($two->get('/cabinet/')->status, 200, 'and the visitor is still in');
is($two->submit({}, page => $forged, form => qr/logout/)->status, 303, 'the button works');

# Malformed cookies are no cookies.
for my $value ('', 'x', 'A' x 42, 'A' x 44, 'A' x 4000, '%00' x 10, "'; DROP TABLE session; --") {
    my $odd = browser();
    is($odd->get('/cabinet/', Cookie => "pd=$value")->status, 303, 'odd cookie: led to sign-in');
}
my $double = browser();
sign_in($double, $login);
is($double->get('/cabinet/', Cookie => "pd=$double->{cookies}{pd}; pd=" . 'A' x 43)->status, 303, 'two cookies of one name: neither counts');

# Where sign-in leads: own paths only.
my @targets = (
    ['/cabinet/?a=1&b=2', '/cabinet/?a=1&b=2'], ['/page.html', '/page.html'],
    ['//evil.example/', undef], ['https://evil.example/', undef], ['/\\evil.example', undef], ['\\\\evil.example', undef],
    ["/\t/evil.example", undef], ["/\n/evil.example", undef], ['javascript:alert(1)', undef], ['/%2F/evil.example/..', undef],
    ['/portal/logout', undef], ['evil.example', undef], ['', undef], ['http:evil.example', undef], ['/@evil.example', '/@evil.example'],
);
for my $case (@targets) {
    my ($target, $wanted) = @$case;
    my $visitor = browser();
    my $got = sign_in($visitor, $login, undef, path => '/portal/login?return=' . PDPortal::Browser::encode($target));
    my $to = $got->header('location') // '';
    if (defined $wanted) {
        is($to, $wanted, "leads to $target");
    }
    else {
        like($to, qr{^/(?![/\\])[^\\\s\x00-\x1f]*$}, "stays on the site: $target -> $to");
        unlike($to, qr/^\/[^?]*(?:\/\/|%2f\/)/i, 'no doubled slash');
    }
}

# HEAD and GET of the pages change nothing and agree.
my $head = browser()->request('HEAD', '/portal/login');
is($head->status, 200, 'HEAD');
is($head->body, '', 'without a body');

# The TLS host issues the cookies of production.
my $secure = tls_browser();
my ($tls_member, $tls_login) = member(browser => $secure);
is_deeply([sort keys %{ $secure->{cookies} }], ['__Host-pd', '__Host-pdf'], 'two cookies, both with the __Host- prefix');
my $fresh = tls_browser();
sign_in($fresh, $tls_login);
my ($line) = grep { /^__Host-pd=/ } $fresh->{last}->all('set-cookie');
like($line, qr/$_/i, "cookie: $_") for '; Secure', '; HttpOnly', '; Path=/(?:;|$)', '; SameSite=Lax';
unlike($line, qr/domain=|max-age|expires/i, 'a session cookie of this host only');
is(tls_browser(port => $ENV{PD_TLS_PORT})->get('/portal/login', Cookie => "pd=$fresh->{cookies}{'__Host-pd'}")->status, 200, 'without the prefix it is not read');
done_testing;
