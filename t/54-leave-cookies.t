# The way out (F50, seed 2.3) and the table of cookies (F30): leave names the foreign host, never leads there
# by itself, and takes no address that looks like another; the page about cookies is what is really set.
use strict;
use warnings FATAL => 'all';
use utf8;
use Test::More;
use PDPortal::Test;
binmode $_, ':encoding(UTF-8)' for map { Test::More->builder->$_ } qw(output failure_output todo_output);

my $browser = browser(language => 'en');
sub encoded { return PDPortal::Browser::encode($_[0]) }
sub leave { my ($to, @headers) = @_; return $browser->get('/portal/leave?to=' . encoded($to), @headers) }

# --- a foreign site
my $page = leave('https://Partner.example/shop?a=1&b=2#top');
is($page->status, 200, 'a page, no redirect');
is($page->header('location'), undef, 'nowhere to go by itself');
unlike($page->body, qr/http-equiv|<script|<iframe|<img/i, 'not by the page either');
my @links = $page->body =~ /<a\b([^>]*href="https?:[^>]*)>/g;
is(scalar @links, 1, 'one link leads out');
like($links[0], qr{href="https://partner\.example/shop\?a=1&amp;b=2#top"}, 'to the address asked for');
like($links[0], qr/rel="[^"]*\bnoopener\b[^"]*\bnoreferrer\b/, 'noopener and noreferrer');
like($page->text, qr/another site:\s+partner\.example/, 'the host is named');
page_like($page, qr{href="/portal/policy#p2\.3"}, 'the clause is cited');
is($page->header('referrer-policy'), 'no-referrer', 'Referrer-Policy: no-referrer');
like($page->header('x-robots-tag'), qr/noindex/, 'not for search engines');
is(scalar $page->all('set-cookie'), 0, 'no cookie');
ok(!$page->forms, 'no form, whose origin would be hidden too');
is($browser->get('/portal/cookies')->header('referrer-policy'), 'same-origin', 'other pages keep theirs');
like(browser(language => 'ru')->get('/portal/leave?to=https%3A%2F%2Fpartner.example%2F')->text, qr/Вы уходите с сайта/, 'in Russian');
my ($other) = $page->body =~ m{href="([^"]*lang=ru[^"]*)"};
like($browser->get(PDPortal::Answer::unescape($other))->text, qr/Вы уходите с сайта.*partner\.example/s, 'the switch of language keeps the address');
$browser = browser(language => 'en');

# Both forms of a name beyond Latin letters; a port; a connection that is not protected.
$page = leave('https://пример.рф/путь');
like($page->text, qr/another site:\s+пример\.рф/, 'letters of its own');
like($page->text, qr/xn--e1afmkfd\.xn--p1ai/, 'and as computers write it');
page_like($page, qr{href="https://xn--e1afmkfd\.xn--p1ai/%D0%BF%D1%83%D1%82%D1%8C"}, 'which is what is pressed');
$page = leave('https://xn--80ak6aa92e.com/');
like($page->text, qr/аррӏе\.com.*xn--80ak6aa92e\.com/s, 'a look-alike is shown for what it is');
unlike($page->text, qr/not protected/, 'https');
like(leave('http://partner.example:8080/')->text, qr/partner\.example \(port 8080\).*not protected/s, 'http and its port');
unlike(leave('https://partner.example/"onmouseover="x')->body, qr/"onmouseover/, 'a quote does not get out of the attribute');

# --- our own site
for my $own ("http://127.0.0.1:$ENV{PD_PORT}/cabinet/?a=1", 'https://127.0.0.1/cabinet/?a=1', "http://127.0.0.1:9/cabinet/?a=1#x") {
    $page = leave($own);
    is($page->status, 200, "$own: answered");
    like($page->text, qr/our own site/, 'as our own');
    page_like($page, qr{<a class="button" href="/cabinet/\?a=1">}, 'with a path of ours');
    unlike($page->body =~ s/.*<main//sr, qr/href="https?:/, 'and no link out');
}
page_like(leave('http://127.0.0.1//evil.example/'), qr{<a class="button" href="/">}, 'a path that could lead out is not shown');

# --- what is no such address
my @hostile = (
    'javascript:alert(1)', 'JaVaScRiPt://partner.example/%0aalert(1)', "java\tscript:alert(1)", 'data:text/html,<script>x</script>', 'data://partner.example/', 'vbscript:x', 'file:///etc/passwd', 'ftp://partner.example/',
    'mailto:a@partner.example', '//partner.example/', '/\\partner.example', '\\\\partner.example', 'https:partner.example', 'https:/partner.example', 'https:///partner.example', 'https://', 'partner.example', '',
    'https://user@partner.example/', 'https://user:secret@partner.example/', "https://127.0.0.1:$ENV{PD_PORT}\@evil.example/", 'https://www.example.org%40evil.example/', 'https://partner.example\\@evil.example/', 'https:\\\\partner.example',
    "https://partner.example/\r\nSet-Cookie: x=1", "https://partner.example/\0", "https://partner.example/\x7f", ' https://partner.example/', 'https://part ner.example/', "https://partner.example/\x{202e}gro", "https://partner.example/\x{200b}",
    "https://part\x{ad}ner.example\@evil.example/", 'https://partner.example:0/', 'https://partner.example:99999/', 'https://2130706433/', 'https://0x7f000001/', 'https://127.1/', 'https://[::1/', 'https://partner..example/',
    'https://partner.example/<script>alert(1)</script>', 'https://partner.example/%zz', 'https://partner.example/' . 'a' x 2049,
);
for my $hostile (@hostile) {
    my $name = length $hostile > 60 ? substr($hostile, 0, 60) . '...' : $hostile;
    $name =~ s/([^ -~])/sprintf '{%x}', ord $1/ge;
    my $answer = leave($hostile);
    is($answer->status, 400, "'$name': refused");
    is($answer->header('location'), undef, 'no redirect');
    unlike($answer->body =~ s/.*<main//sr, qr/evil|partner|alert|href="(?!\/)/, 'nothing of it is shown, no link out');
}
for my $query ('', '?', '?to', '?to=', '?to=https://a.example/&to=https://b.example/', '?to=%ff', '?TO=https://a.example/', '?url=https://a.example/') {
    my $answer = $browser->get("/portal/leave$query");
    is($answer->status, 400, "leave$query: refused");
    unlike($answer->body =~ s/.*<main//sr, qr/href="https?:/, 'no link out');
}
is($browser->post('/portal/leave', { to => 'https://partner.example/' })->status, 405, 'POST: 405');
is($browser->request('HEAD', '/portal/leave?to=https%3A%2F%2Fpartner.example%2F')->status, 200, 'HEAD');

# --- the cookies
sub told {
    my ($visitor) = @_;
    my $answer = $visitor->get('/portal/cookies');
    my ($attributes) = $answer->body =~ m{<code>(Path=[^<]*)</code>};
    return ([$answer->body =~ m{<th scope="row"><code>([^<]+)</code>}g], $attributes, $answer);
}
for my $case ([browser(language => 'en'), 'http'], [tls_browser(language => 'en'), 'https']) {
    my ($visitor, $scheme) = @$case;
    my ($names, $attributes, $answer) = told($visitor);
    my $text = $answer->text =~ s/\s+/ /gr;
    like($text, qr/Until you sign out or close the browser; at most 12 hours/, "$scheme: how long the one lives");
    like($text, qr/1 day; once you have signed in, 180 days/, 'and the other');
    page_like($answer, qr{href="/portal/policy#p4\.1\.2".*href="/portal/policy#p4\.1\.4"}s, 'each with its purpose');
    # What is really set, from the first form to sign-out.
    my @lines = $visitor->get('/portal/login')->all('set-cookie');
    if ($scheme eq 'http') {
        my ($member, $login) = member(browser => $visitor);
        push @lines, sign_in($visitor->clone(cookies => {}), $login)->all('set-cookie');
        push @lines, $member->clone->submit({}, form => qr/logout/)->all('set-cookie') if $member->get('/portal/');
    }
    my %set;
    for my $line (@lines) {
        my ($name, $value, $rest) = $line =~ /^([^=]+)=([^;]*); (.*)$/;
        $set{$name} = 1;
        my ($life) = $rest =~ /Max-Age=(\d+)/;
        is($rest =~ s/Max-Age=\d+; //r, $attributes, "$scheme, $name: set as the page says") or diag $line;
        like($life // 'none', $name =~ /f$/ ? qr/^(?:86400|15552000)$/ : $value eq '' ? qr/^0$/ : qr/^none$/, 'for as long') or diag $line;
    }
    is_deeply([grep { my $name = $_; !grep { $_ eq $name } @$names } sort keys %set], [], 'none is set that the page does not name');
    is_deeply([sort keys %set], [sort @$names], 'and both are') if $scheme eq 'http';
}
done_testing;
