# Where sign-in leads (F05): own paths only, whatever the address or the form says. Each target goes
# through the address of sign-in, through a form that somebody changed, and through a registration.
use strict;
use warnings FATAL => 'all';
use Test::More;
use PDPortal::Test;

my $home = '/portal/account/';

# As the portal gets them after the form's own decoding. None may survive.
my @hostile = (
    # scheme-relative
    '//evil.example', '//evil.example/', '///evil.example/', '////evil.example', '//evil.example/cabinet/', '//127.0.0.1@evil.example/',
    '/cabinet//evil.example', '//', '//%65vil.example', '/./evil.example', '/.//evil.example', '/..//evil.example',
    # backslashes, which browsers take for slashes
    '/\\evil.example', '\\\\evil.example', '\\/evil.example', '/\\/evil.example', '/\\\\evil.example', '/cabinet/\\evil.example', '/%5cevil.example',
    '/%5C%5Cevil.example', '/%255cevil.example',
    # encoded slashes, once and more
    '/%2fevil.example', '/%2Fevil.example', '/%2f%2fevil.example', '%2f%2fevil.example', '/%252fevil.example', '/%25252fevil.example',
    '/cabinet%2f..%2f..%2fevil.example',
    # control characters that browsers drop
    "/\t/evil.example", "/\n/evil.example", "/\r/evil.example", "\t//evil.example", "/\x00/evil.example", "/%09/evil.example",
    "/%0a/evil.example", "/cabinet/\r\nSet-Cookie: a=b", '/cabinet/%0d%0aLocation:%20https://evil.example', '/cabinet/%00', "/\x7f/evil.example",
    "\x0b//evil.example", " //evil.example", "/ /evil.example", "/cabinet/%c2%85",
    # other sites, other schemes
    'https://evil.example/', 'http://evil.example', 'HTTPS://EVIL.EXAMPLE/', 'https:evil.example', 'https:/evil.example', 'https:///evil.example',
    'http://127.0.0.1@evil.example/', 'javascript:alert(1)', 'JavaScript:alert(1)', "java\tscript:alert(1)", 'javascript://%0aalert(1)',
    'data:text/html,<script>alert(1)</script>', 'vbscript:x', 'file:///etc/passwd', 'blob:https://evil.example/1', 'mailto:a@evil.example',
    'evil.example', '@evil.example', ':evil.example', '.evil.example', '?//evil.example', '#//evil.example', '',
    # dot segments
    '/../evil.example', '/cabinet/../../evil.example', '/cabinet/..', '/%2e%2e/evil.example', '/%2e%2e//evil.example', '/.%2e/evil.example',
    '/cabinet/%2e', '/..;/evil.example', '/%252e%252e/x', '/cabinet/..%3b/x',
    # characters that look like dots and slashes, or end as them
    "/\xe2\x88\x95evil.example", "\xe2\x88\x95\xe2\x88\x95evil.example", "/\xef\xbc\x8fevil.example", "\xef\xbc\x8f\xef\xbc\x8fevil.example",
    "/\xe3\x80\x82evil.example", "/\xe2\x80\xaeevil", "/\xc0\xafevil.example", '/%c0%afevil.example', "/\xff",
    # what a header or a page could be broken with
    '/<script>', '/"onmouseover=', '/cabinet/#fragment', "/cabinet/'%00", '/%', '/%zz', '/%2', '/' . 'a' x 1100,
);
# These are paths of this site, and they survive as they are.
my @good = (
    '/', '/cabinet/', '/cabinet/?a=1&b=2', '/page.html', '/@evil.example', '/a:b', '/cabinet/?to=https://evil.example/', '/cabinet/?to=//evil.example',
    '/evil.example', '/a/b/c/d', '/a%20b', '/%D0%BF%D1%83%D1%82%D1%8C', "/it's", '/a;b=c', '/x.y..z', '/cabinet/?q=%2F%2F', '/cabinet/?q=..%2F..',
    '/a~b_c-d', '/a+b?c=d+e', '/cabinet/?', '/' . 'a' x 1000,
);
cmp_ok(scalar @hostile, '>=', 60, scalar(@hostile) . ' hostile targets');

my ($member, $login) = member();
sub shown { my ($target) = @_; return length $target > 40 ? substr($target, 0, 40) . '...' : $target =~ s/([^!-~])/sprintf '\\x%02x', ord $1/ger }

# Every address that this answer leads to is a plain path of the site.
sub stays {
    my ($answer) = @_;
    for my $to ($answer->all('location'), map { PDPortal::Answer::unescape($_) } $answer->body =~ /\b(?:href|action|src)="([^"]*)"/g) {
        next if $to =~ m{^/(?![/\\])[!-~]*\z} && $to !~ m{^[^?]*(?://|\\|/\.\.?(?:[/?#]|\z))} || $to =~ /^#[\w-]+\z/ || $to =~ m{^data:,?\z};
        return diag("$answer->{path} leads to $to") && 0;
    }
    return 1;
}

# Through the address, then the form as it came.
sub by_address {
    my ($query) = @_;
    my $visitor = browser();
    my $page = $visitor->get("/portal/login?$query");
    return ($page, $page->status == 200 ? $visitor->submit({ login => $login, password => password() }) : $page);
}

for my $target (@hostile) {
    my $name = shown($target);
    my ($page, $answer) = by_address('return=' . PDPortal::Browser::encode($target));
    ok(stays($page) && stays($answer), "$name: stays here");
    ok(!$page->form || ($page->form->{fields}{return} // '') eq '', "$name: is not in the form");
    if ($page->status == 200) {
        is($answer->header('location'), $home, "$name: leads home");
    }
    else {
        is($page->status, 400, "$name: or is refused at once");
    }

    # A form that somebody changed.
    my $visitor = browser();
    $visitor->get('/portal/login');
    $answer = $visitor->submit({ login => $login, password => password(), return => $target });
    ok(stays($answer), "$name, in the form: stays here");
    ok($answer->status == 400 || ($answer->header('location') // '') eq $home, "$name, in the form: leads home or is refused") or diag $answer->status . ' ' . ($answer->header('location') // '');

    # Somebody who is signed in already is led on at once.
    $answer = $member->get('/portal/login?return=' . PDPortal::Browser::encode($target));
    ok(stays($answer), "$name, signed in: stays here");
}

# The address as an attacker writes it.
for my $query ('return=//evil.example', 'return=/\\evil.example', 'return=%2f%2fevil.example', 'return=%2F%5Cevil.example', 'return=/%09/evil.example',
    'return=%252f%252fevil.example', 'return=https://evil.example', 'return=https:%2f%2fevil.example', 'return=/cabinet/&return=//evil.example',
    'return=//evil.example&return=/cabinet/', 'return[]=//evil.example', 'return=%', 'return=/%0d%0aX:y', 'RETURN=//evil.example', 'next=//evil.example',
    'return=/cabinet/%0d%0aSet-Cookie:pd=x', 'return=+//evil.example')
{
    my ($page, $answer) = by_address($query);
    ok(stays($page) && stays($answer), "?$query: stays here");
    ok(!defined $answer->header('x') && !(grep { /pd=x(?:;|$)/ } $page->all('set-cookie'), $answer->all('set-cookie')), "?$query: brings in no header");
}

for my $target (@good) {
    my $name = shown($target);
    my ($page, $answer) = by_address('return=' . PDPortal::Browser::encode($target));
    ok(stays($answer), "$name: stays here");
    is($answer->header('location'), $target, "$name: leads there");
    is($member->get('/portal/login?return=' . PDPortal::Browser::encode($target))->header('location'), $target, "$name, signed in: leads there");
}

# Through a registration: form, letter, confirmation, sign-in. A dozen of each kind.
my @many = ((map { [$_, $home] } @hostile[grep { $_ % 8 == 0 } 0 .. $#hostile]), (map { [$_, $_] } @good[2 .. 6]));
my @begun;
for my $case (@many) {
    my ($target, $wanted) = @$case;
    my $newcomer = browser();
    my $path = '/portal/register?return=' . PDPortal::Browser::encode($target);
    $path = '/portal/register' if $newcomer->get($path)->status == 400;
    my ($answer, $form) = register($newcomer, path => $path, return => $target);
    next if $answer->status == 400;
    ok(stays($answer), shown($target) . ', registration: stays here');
    push @begun, [$newcomer, $form, $target, $wanted];
}
cmp_ok(scalar @begun, '>', 12, scalar(@begun) . ' registrations');
for my $case (@begun) {
    my ($newcomer, $form, $target, $wanted) = @$case;
    my $name = shown($target);
    my $answer = confirm($newcomer, letter_for($form->{email}));
    ok($answer->status == 303 && stays($answer), "$name, confirmation: stays here");
    $newcomer->follow($answer);
    $answer = $newcomer->submit({ login => $form->{login}, password => password() });
    ok(stays($answer), "$name, sign-in after it: stays here");
    is($answer->header('location'), $wanted, "$name, sign-in after it: leads " . ($wanted eq $home ? 'home' : 'there'));
}
done_testing;
