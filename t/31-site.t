# Sites around the portal: all of it locked, an application behind a proxy, internal redirects, error
# documents, included parts, other conditions of Require, methods, HTTP/2.
use strict;
use warnings FATAL => 'all';
use IO::Socket::INET ();
use Test::More;
use PDPortal::Test;

# An application behind a proxy: answers each request with the header lines that it got.
my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 0, Listen => 20) or BAIL_OUT("no port: $!");
my $application = fork // BAIL_OUT("fork: $!");
if ($application == 0) {
    $SIG{TERM} = 'DEFAULT';
    alarm 300; # whatever becomes of the test
    while (my $client = $listener->accept) {
        $client->autoflush(1);
        my $lines = '';
        while (defined(my $line = <$client>)) {
            last if $line =~ /^\r?\n/;
            $lines .= $line =~ s/\r//r;
        }
        print {$client} "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: ", length $lines, "\r\n\r\n$lines";
        close $client;
    }
    require POSIX;
    POSIX::_exit(0);
}
my $parent = $$;
END {
    my $code = $?;
    if ($application && $$ == $parent) { kill TERM => $application; waitpid $application, 0 }
    $? = $code;
}
my $behind = '127.0.0.1:' . $listener->sockport;

my $cgi = "$ENV{PD_SOURCE_DIR}/t/htdocs/cgi/identity";
my $common = <<"END";
LoadModule include_module $ENV{PD_MODULES}/mod_include.so
<IfModule !mpm_prefork_module>
    LoadModule http2_module $ENV{PD_MODULES}/mod_http2.so
    Protocols h2c http/1.1
</IfModule>
ScriptAlias /cgi/identity "$cgi"
SetOutputFilter DEFLATE
AddOutputFilter INCLUDES .shtml
END
my $mail = sub { return { PDPortalMailRelay => "maildir:$ENV{PD_WORK}/$_[0]/mail" } };

# --- all of the site is locked
my $locked = server(name => 'site', set => $mail->('site'), front => 303, extra => <<"END");
$common
<Location "/">
    AuthType PDPortal
    Require valid-user
</Location>
<Location "/app">
    PDPortalIdentityHeaders On
    ProxyPass "http://$behind/app"
</Location>
<Location "/plain">
    ProxyPass "http://$behind/plain"
</Location>
<Directory "$ENV{PD_WORK}/site/htdocs/fallback">
    FallbackResource /cgi/identity
</Directory>
<Directory "$ENV{PD_WORK}/site/htdocs/indexed">
    DirectoryIndex /cgi/identity
</Directory>
<Directory "$ENV{PD_WORK}/site/htdocs/rewritten">
    RewriteEngine On
    RewriteRule .* /cgi/identity
</Directory>
ErrorDocument 404 /cgi/identity
<Location "/any-ip">
    <RequireAny>
        Require ip 192.0.2.1
        Require valid-user
    </RequireAny>
</Location>
<Location "/all-false">
    <RequireAll>
        Require valid-user
        Require expr "false"
    </RequireAll>
</Location>
<Location "/denied">
    Require all denied
</Location>
<Location "/nobody">
    Require user somebody-else
</Location>
END
my $root = "$locked->{dir}/htdocs";
mkdir "$root/$_" for qw(fallback indexed rewritten any-ip all-false denied nobody);
write_file("$root/$_/index.html", "words of $_\n") for qw(any-ip all-false denied nobody);
$locked->start;
my $folder = "$locked->{dir}/mail";

my $guest = $locked->browser;
my $answer = $guest->get('/');
is($answer->header('location'), '/portal/login?return=%2F&c=1', 'all locked: the front page leads to sign-in');
$answer = $guest->follow($answer);
is($answer->status, 200, 'all locked: sign-in can be reached, without a loop');
ok($answer->form, 'with its form');
is($guest->get($_)->status, 200, "all locked: $_ is open") for qw(/portal/ /portal/style.css /portal/register /portal/policy /portal/cookies);
isnt($guest->get($_)->status, 200, "all locked: $_ is not") for '/index.html', '/portal/../index.html', '/portal/../cabinet/', '/portal/%2e%2e/cabinet/', '/portalx', '//index.html', '/cgi/identity', '/app';
is($guest->get('/portal/account/')->status, 303, 'all locked: the account wants its session');
my ($anna, $login) = member(browser => $guest, folder => $folder);
is($anna->get('/')->status, 200, 'all locked: registered, confirmed and signed in');
is($anna->get('/portal/account/')->status, 200, 'all locked: the account');

# --- behind the proxy
sub lines {
    my $body = $_[0]->body;
    my %lines;
    push @{ $lines{ lc $1 } }, $2 while $body =~ /^([^:\s]+): *(.*)$/mg;
    return { map { $_ => join '|', @{ $lines{$_} } } keys %lines };
}
my @forged = map { ($_ => 'forged') } qw(Remote-User REMOTE_USER remote_user Remote_User PDPortal-Id PDPORTAL_ID pdportal_id PDPortal_Id
    PDPortal-Login PDPORTAL_LOGIN PDPortal-Roles pdportal-anything PDPortal- PDPORTAL_CONSENTS);
my $seen = lines($anna->get('/app'));
is($seen->{'remote-user'}, $login, 'application: Remote-User');
is($seen->{'pdportal-login'}, $login, 'application: PDPortal-Login');
like($seen->{'pdportal-id'}, qr/^[0-9a-f-]{36}$/, 'application: PDPortal-Id');
my $id = $seen->{'pdportal-id'};
$answer = $anna->get('/app', @forged);
is(lines($answer)->{'pdportal-id'}, $id, 'forged copies: ours stays, once');
unlike($answer->body, qr/forged/, 'forged copies: none arrives');
for my $list ('close, Remote-User, PDPortal-Id', 'Remote-User,PDPortal-Id,PDPortal-Login', 'close,remote_user , PDPORTAL-ID', 'PDPortal-Id', 'close, PDPortal-Login, keep-alive',
    'close;Remote-User;PDPortal-Id', 'x;PDPortal-Login', "close Remote-User\tPDPortal-Login", 'Remote-User;', 'close, "x, PDPortal-Id"') {
    $seen = lines($anna->request('GET', '/app', headers => [Connection => $list, $list =~ /close/ ? () : (Connection => 'close')]));
    is_deeply([@$seen{qw(remote-user pdportal-id pdportal-login)}], [$login, $id, $login], "Connection: $list cuts nothing off");
}
$seen = lines($anna->get('/app', Cookie => "site=kept; pd=$anna->{cookies}{pd}; pdf=$anna->{cookies}{pdf}; also=this"));
is($seen->{cookie}, 'site=kept; also=this', 'application: cookies of others only');
is($seen->{'remote-user'}, $login, 'and it still knows who');
ok(!exists lines($anna->get('/app'))->{cookie}, 'application: never ours');
$answer = $anna->get('/plain', @forged);
is($answer->status, 200, 'without identity headers: passed on');
unlike($answer->body, qr/forged|^(?:Remote[-_]User|PDPortal)/mi, 'without identity headers: neither ours nor forged');
like($anna->get('/app')->header('cache-control'), qr/private, no-store/, "an application's page is private");
is($locked->browser->get('/app', @forged)->status, 303, 'forged headers let nobody in');

# --- internal redirects keep who it is
sub environment { my %env = map { /^(\w+)=(.*)$/ ? ($1 => $2) : () } split /\n/, shift->body; return \%env }
for my $path ('/fallback/some/page', '/indexed/', '/rewritten/page', '/not-there') {
    my $env = environment($anna->get($path, @forged));
    is($env->{PDPORTAL_ID}, $id, "$path: PDPORTAL_ID");
    is($env->{REMOTE_USER}, $login, "$path: REMOTE_USER");
    is_deeply([grep { /forged/ } %$env], [], "$path: nothing forged");
    is($locked->browser->get($path)->header('location'), '/portal/login?return=' . PDPortal::Browser::encode($path) . '&c=1', "$path: a guest comes back to it");
}

# --- other conditions
is($anna->get('/any-ip/')->status, 200, 'RequireAny with another address: a member');
is($locked->browser->get('/any-ip/')->status, 303, 'RequireAny with another address: a guest is led to sign-in');
for my $path ('/all-false/', '/denied/', '/nobody/') {
    $answer = $anna->get($path);
    is($answer->status, 403, "$path: 403");
    ok(!$answer->header('location'), "$path: no redirect, so no loop");
    page_like($answer, qr{/portal/style\.css}, "$path: the portal's page");
    like($answer->text, qr/\Q$login\E|access|allowed|may not|not open/i, "$path: that explains");
    unlike($answer->body, qr/words of/, "$path: nothing of it");
    unlike($locked->browser->get($path)->body, qr/words of/, "$path: nor for a guest");
}

# --- the policy, compressed
$answer = $guest->get('/portal/policy', 'Accept-Encoding' => 'gzip');
is($answer->header('content-encoding'), 'gzip', 'the policy goes compressed where the site wants it');
my $etag = $answer->header('etag');
ok($etag, 'with an ETag') and is($guest->get('/portal/policy', 'Accept-Encoding' => 'gzip', 'If-None-Match' => $etag)->status, 304, 'and the copy is still good: 304');

# --- methods
for my $path ('/cabinet/', '/portal/login', '/app') {
    $answer = $anna->request('TRACE', $path);
    unlike($answer->body, qr/\Q$anna->{cookies}{pd}\E|\Q$anna->{cookies}{pdf}\E/, "TRACE $path: never shows a cookie of ours");
    isnt($locked->browser->request($_, '/cabinet/')->status, 200, "$_ /cabinet/: not for guests") for qw(OPTIONS PROPFIND GETX get);
    unlike($locked->browser->request('TRACE', $path)->body, qr/words of/, "TRACE $path: httpd's echo, nothing of the page");
}
$answer = $anna->request('OPTIONS', '/portal/login');
is($answer->status, 204, 'OPTIONS of a form: 204');
like($answer->header('allow') // '', qr/GET, HEAD, POST/, 'with what it takes');
isnt($locked->browser->request('OPTIONS', '*')->status, 500, 'OPTIONS *');
is($anna->get('/cabinet/')->status, 200, 'and the visitor is still signed in');

# --- HTTP/2 (not with prefork)
if ($ENV{PD_MPM} ne 'prefork') {
    my $url = "http://127.0.0.1:$locked->{port}/cabinet/";
    my @curl = ('/usr/bin/curl', '-s', '--http2-prior-knowledge', '--max-time', 30, '-w', '\n%{http_code} %{http_version}\n');
    my (undef, $out) = PDPortal::Setup::run_program(@curl, '-H', "Cookie: pd=$anna->{cookies}{pd}", '-H', 'Accept: text/html', $url);
    like($out, qr/words of cabinet.*\n200 2\n/s, 'HTTP/2: an authorised page');
    (undef, $out) = PDPortal::Setup::run_program(@curl, '-D', '-', '-H', 'Accept: text/html', $url);
    like($out, qr{^location: /portal/login\?return=%2Fcabinet%2F.*\n303 2\n}ims, 'HTTP/2: a guest is led to sign-in');
    (undef, $out) = PDPortal::Setup::run_program(@curl, '-H', "Cookie: pd=$anna->{cookies}{pd}", '-H', 'Cookie: site=kept', '-H', 'PDPortal-Id: forged', '-H', 'remote_user: forged', $url =~ s/cabinet/app/r);
    like($out, qr/^PDPortal-Id: \Q$id\E$/im, 'HTTP/2: the application knows who');
    unlike($out, qr/forged|pd=/, 'HTTP/2: nothing forged, no cookie of ours');
}
$locked->stop;

# --- error documents of requests that failed before anything could be looked at
my $open = server(name => 'site-open', place => 1, set => $mail->('site-open'), extra => <<"END");
$common
<Directory "$ENV{PD_WORK}/site-open/htdocs">
    Options +Includes
</Directory>
ErrorDocument 400 /cgi/identity
ErrorDocument 404 /cgi/identity
LimitRequestLine 2000
ErrorDocument 414 /cgi/identity
ErrorDocument 413 /cgi/identity
END
$open->start;
my $claims = join '', map { "$_: forged\r\n" } grep { $_ ne 'forged' } @forged;
my $cookies = "Cookie: site=kept; pd=" . 'A' x 43 . '; pdf=' . 'B' x 43 . "\r\n";
for my $case (
    ['no Host', "GET / HTTP/1.1\r\n${claims}${cookies}Connection: close\r\n\r\n", 400],
    ['two Hosts', "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n${claims}${cookies}Connection: close\r\n\r\n", 400],
    ['bad Host', "GET / HTTP/1.1\r\nHost: a b\r\n${claims}${cookies}Connection: close\r\n\r\n", 400],
    ['bad Transfer-Encoding', "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: odd\r\n${claims}${cookies}Connection: close\r\n\r\n", 400],
    ['bad Content-Length', "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n${claims}${cookies}Connection: close\r\n\r\n", 400],
    ['not found', "GET /none HTTP/1.1\r\nHost: a\r\n${claims}${cookies}Connection: close\r\n\r\n", 404],
    ['bad escape', "GET /%zz HTTP/1.1\r\nHost: a\r\n${claims}${cookies}Connection: close\r\n\r\n", 400],
    ['a long line', 'GET /' . 'a' x 3000 . " HTTP/1.1\r\nHost: a\r\n${claims}${cookies}Connection: close\r\n\r\n", 414])
{
    my ($name, $bytes, $status) = @$case;
    my $got = PDPortal::Answer->parse($open->browser->raw($bytes), 'GET', '/');
    is($got->status, $status, "$name: $status");
    like($got->body, qr/^REQUEST_METHOD=/m, "$name: answered by the error document") if $name =~ /Host|found|escape/;
    unlike($got->body, qr/forged|A{43}|B{43}/, "$name: nothing forged and no cookie of ours") or diag $got->body =~ s/^(?!.*forged).*\n//gmr;
}
# --- private parts included in an open page: they follow the rules of their own place
write_file("$open->{dir}/htdocs/outer.shtml", "outer <!--#include virtual=\"/cabinet/index.html\" -->\n");
my ($berta) = member(browser => $open->browser, folder => "$open->{dir}/mail");
$answer = $berta->get('/outer.shtml');
like($answer->body, qr/outer.*words of cabinet/s, 'SSI: the included part');
like($answer->header('Cache-Control') // '', qr/no-store/, 'SSI: the whole page is never stored');
$answer = $open->browser->get('/outer.shtml');
like($answer->body, qr/outer/, 'SSI: the page is open to a guest');
unlike($answer->body, qr/words of cabinet/, 'SSI: the included part is not');
is($answer->header('set-cookie'), undef, 'SSI: nor does the open page set a cookie for it');

unlike($locked->log . $open->log, qr/:(?:crit|alert|emerg)\]|Segmentation|exit signal/, 'nothing crashed');
done_testing;
