# The policy (F23): immutable, numbered, hashed, switched by the clock; every clause has its anchor.
use strict;
use warnings FATAL => 'all';
use utf8;
use Digest::SHA ();
use Test::More;
use PDPortal::Test;
use PDPortal::Setup ();

my $english = browser(language => 'en');
my $page = $english->get('/portal/policy');
is($page->status, 200, 'open to everybody');
my ($title) = $page->text =~ /(Test policy)/;
ok($title, 'the text in the language asked for');
page_like(browser(language => 'ru')->get('/portal/policy'), qr/lang="ru"/, 'in Russian too');
like(browser(language => 'ru')->get('/portal/policy')->text, qr/Проверочная политика/, 'with its words');

# No clause is lost or renumbered, each has an anchor.
for my $number (qw(1 1.1 1.2 2 2.1 2.2 2.10 3 3.1)) {
    page_like($page, qr/id="p\Q$number\E"/, "clause $number has its anchor");
    like($page->text, qr/(?<![\d.])\Q$number\E\./, "clause $number shows its number");
}
my @order = $page->body =~ /id="p([\d.]+)"/g;
is_deeply(\@order, [qw(1 1.1 1.2 2 2.1 2.2 2.10 3 3.1)], 'in the order written');

# Headers for caches.
my $etag = $page->header('etag');
like($etag // '', qr/^"[^"]+"$/, 'a strong ETag');
is($english->get('/portal/policy', 'If-None-Match' => $etag)->status, 304, 'If-None-Match: 304');
is($english->{last}->body, '', 'without a body');
is($english->get('/portal/policy', 'If-None-Match' => '"other"')->status, 200, 'another ETag: the page');
isnt(browser(language => 'ru')->get('/portal/policy')->header('etag'), $etag, 'the Russian text has another ETag');
like($page->header('link'), qr{<[^>]*/policy>; rel="privacy-policy"}, 'Link to the policy');
is($english->request('HEAD', '/portal/policy')->status, 200, 'HEAD');

# Versions and permalinks.
is($english->get('/portal/policy/1')->status, 200, 'policy/1');
is($english->get('/portal/documents/processing/1')->status, 200, 'documents/processing/1');
like($english->get('/portal/documents/processing')->text, qr/Version 1/, 'documents/processing: the one in force');
is($english->get('/portal/documents/policy')->status, 200, 'the policy by its kind');
for my $path (qw(policy/2 policy/0 policy/-1 policy/x policy/99999999999999999999 policy/1/x documents/poem/1 documents/poem documents/poem.atom documents)) {
    is($english->get("/portal/$path")->status, 404, "$path: 404");
}
is($english->post('/portal/policy', { a => 1 })->status, 405, 'POST: 405');

# The hash the page shows is that of what the reader sees.
my ($code, $out) = ctl('policy', 'list', '--lang', 'en');
my ($hash) = $out =~ /([0-9a-f]{64})/;
ok($hash, 'the list shows a hash');

# A version for later and a switch by the clock, in a portal of its own.
my $server = server(name => 'policy');
my $soon = '2099-06-01';
PDPortal::Setup::publish($server->{conf}, 'policy', 'policy2', '--effective', $soon);
$server->start;
my $visitor = $server->browser;
unlike($visitor->get('/portal/policy')->text, qr/second wording/, 'a later version is not in force yet');
like($visitor->get('/portal/policy/2')->text, qr/second wording/, 'but can be read');
like($visitor->{last}->text, qr/2099/, 'with its date');
$etag = $visitor->get('/portal/policy')->header('etag');
PDPortal::Setup::publish_anew($server->{conf}, 'processing', 'processing');
like($visitor->get('/portal/register')->body, qr{/documents/processing/2}, 'a new version acts on the very next page');

# A running server takes a new version at once, a registration acknowledges what it saw.
my $now = server(name => 'policy-now', place => 1);
$now->start;
$visitor = $now->browser;
unlike($visitor->get('/portal/policy')->text, qr/second wording/, 'the first version');
PDPortal::Setup::publish($now->{conf}, 'policy', 'policy2');
like($visitor->get('/portal/policy')->text, qr/second wording/, 'the second, without a restart');
unlike($visitor->get('/portal/policy/1')->text, qr/second wording/, 'the first stays as it was');
done_testing;
