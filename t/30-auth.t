# Authorised sections (F08, F56): who comes in, what the others get, what the site behind learns.
use strict;
use warnings FATAL => 'all';
use Test::More;
use PDPortal::Test;

my ($anna, $login, $email) = member();
my $guest = browser();

# Navigation is led to sign-in and comes back; anything else gets 401.
my $answer = $guest->get('/cabinet/?day=1&x=%20');
is($answer->status, 303, 'navigation: led to sign-in');
is($answer->header('location'), '/portal/login?return=%2Fcabinet%2F%3Fday%3D1%26x%3D%2520&c=1', 'with the way back');
like($answer->header('cache-control'), qr/no-store/, 'not to be stored');
my @others = (
    ['fetch', 'GET', ['Sec-Fetch-Dest' => 'empty', 'Sec-Fetch-Mode' => 'cors']],
    ['image', 'GET', ['Sec-Fetch-Dest' => 'image']],
    ['JSON', 'GET', [Accept => 'application/json', 'Sec-Fetch-Dest' => undef]],
    ['POST', 'POST', []], ['PUT', 'PUT', []], ['DELETE', 'DELETE', []],
);
for my $case (@others) {
    my ($name, $method, $headers) = @$case;
    my $visitor = browser();
    my $got = $visitor->request($method, '/cabinet/', headers => $headers, $method =~ /^P/ ? (body => 'a=1') : ());
    is($got->status, 401, "$name: 401");
    cmp_ok(length $got->body, '<', 8192, "$name: a small body");
    ok(!$got->header('location'), "$name: no redirect");
    unlike($got->body, qr/words of cabinet/, "$name: nothing of the section");
}
is($guest->get('/portal/login')->status, 200, 'the sign-in page itself is open');
is($guest->get('/')->status, 200, 'and so is the rest of the site');

# Signed in.
$answer = $anna->get('/cabinet/');
is($answer->status, 200, 'signed in: the page');
like($answer->body, qr/words of cabinet/, 'as it is');
like($answer->header('cache-control'), qr/private.*no-store|no-store.*private/, 'private, no-store');
is($anna->get('/own-rules/')->status, 200, '.htaccess: in');
is($guest->get('/own-rules/')->status, 303, '.htaccess: led to sign-in');

# Require user; without the right 403 with a page, no loop.
$answer = $anna->get('/only-anna/');
is($answer->status, 403, 'Require user: somebody else gets 403');
like($answer->text, qr/\w{3,}/, 'with an explanation');
ok(!$answer->header('location'), 'and no redirect');
my ($named) = (member(login => 'anna'))[0];
is($named->get('/only-anna/')->status, 200, 'Require user: the one named comes in');

# RequireAny, RequireAll.
is($guest->get('/any/', 'X-Open' => 'yes')->status, 200, 'RequireAny: a guest by the other way');
is($guest->get('/any/')->status, 303, 'RequireAny: else sign-in');
is($anna->get('/any/')->status, 200, 'RequireAny: a member');
is($anna->get('/all/', 'X-Open' => 'yes')->status, 200, 'RequireAll: both');
is($anna->get('/all/')->status, 403, 'RequireAll: one is not enough');
is($guest->get('/all/', 'X-Open' => 'yes')->status, 303, 'RequireAll: a guest is led to sign-in');

# What the program behind learns; copies that came in are removed, our cookies too.
sub environment { my %env = map { /^(\w+)=(.*)$/ ? ($1 => $2) : () } split /\n/, shift->body; return \%env }
my @forged = (
    'PDPORTAL_ID' => 'forged', 'PDPortal-Id' => 'forged', 'PDPortal-Login' => 'forged', 'Remote-User' => 'forged',
    'PDPortal_Login' => 'forged', 'PDPORTAL-ROLES' => 'forged', 'pdportal-consents' => 'forged', 'REMOTE_USER' => 'forged',
    'Remote_User' => 'forged',
);
my $env = environment($anna->get('/cabinet/app/', @forged, Cookie => "site=kept; pd=$anna->{cookies}{pd}; pdf=$anna->{cookies}{pdf}; also=this"));
is($env->{REMOTE_USER}, $login, 'CGI: REMOTE_USER');
is($env->{PDPORTAL_LOGIN}, $login, 'CGI: PDPORTAL_LOGIN');
like($env->{PDPORTAL_ID}, qr/^[0-9a-f-]{36}$/, 'CGI: PDPORTAL_ID');
is($env->{AUTH_TYPE}, 'PDPortal', 'CGI: AUTH_TYPE');
is_deeply([grep { /forged/ } map { "$_=$env->{$_}" } sort keys %$env], [], 'CGI: nothing forged');
is($env->{HTTP_COOKIE}, 'site=kept; also=this', 'CGI: our cookies are gone, the others stay');
my $id = $env->{PDPORTAL_ID};
my $again = browser();
sign_in($again, $email);
is(environment($again->get('/cabinet/app/'))->{PDPORTAL_ID}, $id, 'PDPORTAL_ID stays over sign-ins');

$env = environment($anna->get('/open/app', @forged));
is_deeply([grep { /forged/ } map { "$_=$env->{$_}" } sort keys %$env], [], 'an open page: nothing forged either');
ok(!exists $env->{HTTP_COOKIE}, 'and no cookie of ours');
ok(!exists $env->{REMOTE_USER}, 'nor a user, where none is asked for');

$env = environment($anna->get('/proxied', @forged));
is($env->{HTTP_PDPORTAL_ID}, undef, 'behind a proxy on the same portal: our own headers are removed again on the way in');
$env = environment($anna->get('/proxied-plain', @forged));
is_deeply([grep { /forged/ } map { "$_=$env->{$_}" } sort keys %$env], [], 'proxied without headers: nothing forged');
ok(!exists $env->{HTTP_COOKIE}, 'proxied: no cookie of ours');

# HEAD, conditional and ranged requests are no way around.
for my $case (['HEAD'], ['GET', Range => 'bytes=0-10'], ['GET', 'If-None-Match' => '*'], ['GET', 'If-Modified-Since' => 'Fri, 01 Jan 2100 00:00:00 GMT']) {
    my ($method, @headers) = @$case;
    my $got = browser()->request($method, '/cabinet/index.html', headers => \@headers);
    ok($got->status == 303 || $got->status == 401, "$method @headers: not let in");
}
my ($etag) = $anna->get('/cabinet/index.html')->header('etag');
is($anna->get('/cabinet/index.html', 'If-None-Match' => $etag)->status, 304, 'a member gets 304');
like($anna->{last}->header('cache-control'), qr/no-store/, 'which is private too');

# Odd spellings of the path.
for my $path ('/cabinet', '//cabinet/', '/./cabinet/', '/x/../cabinet/', '/cabinet/./', '/%63abinet/', '/cabinet//index.html', '/cabinet/index.html/x', '/cabinet/%2e/') {
    my $got = browser()->get($path);
    unlike($got->body, qr/words of cabinet/, "$path: not let in ($got->{status})");
}
done_testing;
