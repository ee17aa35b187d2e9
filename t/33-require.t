# Require pd-role, pd-consent, pd-mfa, pd-fresh (F08): alone and combined, in sections, .htaccess and <Limit>, in
# sub-requests, internal redirects, error documents, over HTTP/2 and before a proxy.
use strict;
use warnings FATAL => 'all';
use Test::More;
use PDPortal::Test;
use PDPortal::Setup ();

my $cgi = "$ENV{PD_SOURCE_DIR}/t/htdocs/cgi/identity";
my @sections = (
    [editor => 'Require pd-role editor'],
    [staff => 'Require pd-role registrar editor'],
    [processing => 'Require pd-consent processing'],
    [research => 'Require pd-consent processing research'],
    [factor => 'Require pd-mfa'],
    [fresh => 'Require pd-fresh 5'],
    [all => "<RequireAll>\nRequire valid-user\nRequire pd-role editor\nRequire pd-consent processing\n</RequireAll>"],
    [any => "<RequireAny>\nRequire pd-role editor\nRequire expr \"req('X-Open') == 'yes'\"\n</RequireAny>"],
    [none => "<RequireAll>\nRequire valid-user\n<RequireNone>\nRequire pd-role editor\n</RequireNone>\n</RequireAll>"],
    [both => "<RequireAll>\nRequire pd-fresh 5\nRequire pd-role editor\n</RequireAll>"],
    [limit => "<Limit POST>\nRequire pd-role editor\n</Limit>\n<LimitExcept POST>\nRequire valid-user\n</LimitExcept>"],
);
my $server = server(name => 'require', set => {
    PDPortalMailRelay => "maildir:$ENV{PD_WORK}/require/mail", PDPortalSessionRecheck => '1s' }, extra => <<"END");
LoadModule include_module $ENV{PD_MODULES}/mod_include.so
<IfModule !mpm_prefork_module>
    LoadModule http2_module $ENV{PD_MODULES}/mod_http2.so
    Protocols h2c http/1.1
</IfModule>
AddOutputFilter INCLUDES .shtml
ScriptAlias /cgi/identity "$cgi"
ScriptAlias /limit/app "$cgi"
<Directory "$ENV{PD_WORK}/require/htdocs">
    Options +Includes
    AllowOverride AuthConfig
</Directory>
<Directory "$ENV{PD_WORK}/require/htdocs/redirected">
    FallbackResource /editor/index.html
</Directory>
<Location "/gone">
    Redirect 404 /gone
</Location>
ErrorDocument 404 /editor/index.html
<Location "/proxied">
    AuthType PDPortal
    Require pd-role editor
    ProxyPass "http://127.0.0.1:@{[$ENV{PD_PORT} + 43]}/cgi/identity"
</Location>
@{[join '', map {"<Location \"/$_->[0]\">\nAuthType PDPortal\n$_->[1]\n</Location>\n"} @sections]}
END
my $root = "$server->{dir}/htdocs";
mkdir "$root/$_" for 'htaccess', 'redirected', map { $_->[0] } @sections;
write_file("$root/$_->[0]/index.html", "words of $_->[0]\n") for @sections;
write_file("$root/htaccess/index.html", "words of htaccess\n");
write_file("$root/htaccess/.htaccess", "AuthType PDPortal\nRequire pd-role editor\n");
write_file("$root/outer.shtml", "outer <!--#include virtual=\"/editor/index.html\" -->\n");
$server->start;

my ($anna, $login) = member(browser => $server->browser, folder => "$server->{dir}/mail");
my $guest = $server->browser;
my ($id) = PDPortal::Setup::sql($server, "SELECT person_id FROM session") =~ /(\S+)/;

sub change { return PDPortal::Setup::change_person($server, $id, @_) }
sub opens { my ($path) = @_; my $answer = $anna->get("/$path/"); return $answer->status == 200 && $answer->body =~ /words of $path/ }
sub becomes { my ($path, $wanted, $name) = @_; return ok(until_true(sub { !opens($path) == !$wanted }, 20), $name) }

for my $section (map { $_->[0] } @sections) {
    my $answer = $server->browser->get("/$section/");
    is($answer->status, 303, "$section: a guest is led to sign-in");
    unlike($answer->body, qr/words of/, "$section: and sees nothing");
}
my %at_first = (editor => 0, staff => 0, processing => 1, research => 0, factor => 0, fresh => 1, all => 0, any => 0, none => 1, both => 0, limit => 1, htaccess => 0);
for my $section (sort keys %at_first) {
    my $answer = $anna->get("/$section/");
    is($answer->status, $at_first{$section} ? 200 : $section eq 'factor' ? 303 : 403, "$section: " . ($at_first{$section} ? 'open' : 'closed') . ' at first');
    ok(!$answer->header('location'), "$section: no redirect, so no loop") unless $section eq 'factor';
    unlike($answer->body, qr/words of/, "$section: nothing of it") unless $at_first{$section};
}
like($anna->get('/editor/')->text, qr/appointed/, 'the page says that an appointment is needed');
like($anna->get('/research/')->text, qr/consent/, 'the page says that a consent is needed');
is($anna->get('/factor/')->header('location'), '/portal/account/second-factor?return=%2Ffactor%2F', 'who has no second factor is led to where one is turned on');
is($anna->get('/any/', 'X-Open' => 'yes')->status, 200, 'RequireAny: by the other way');
is($guest->get('/any/', 'X-Open' => 'yes')->status, 200, 'RequireAny: a guest too');
is($anna->request('POST', '/limit/app', body => 'a=1')->status, 403, '<Limit POST>: closed');
like($anna->get('/outer.shtml')->body, qr/^outer (?!words)/, 'sub-request: the part is left out');
unlike($anna->get('/redirected/page')->body, qr/words of editor/, 'internal redirect into a closed section: not shown');
isnt($anna->{last}->status, 200, 'nor taken for a success');
unlike($anna->get('/gone')->body, qr/words of editor/, 'error document in a closed section: not shown');
is($anna->get('/proxied')->status, 403, 'before a proxy: closed');

# A role.
change("INSERT INTO role (person_id, role, appointed_by, since, until) VALUES ('$id', 'editor', 'test', 1, 0)");
becomes('editor', 1, 'with the role: open');
ok(opens($_), "with the role: $_ is open") for qw(staff all any both limit htaccess);
is($anna->get('/none/')->status, 403, 'RequireNone: now closed');
is($anna->request('POST', '/limit/app', body => 'a=1')->status, 200, '<Limit POST>: open');
like($anna->get('/outer.shtml')->body, qr/outer words of editor/, 'sub-request: the part is there');
like($anna->get('/redirected/page')->body, qr/words of editor/, 'internal redirect: open');
like($anna->get('/gone')->body, qr/words of editor/, 'error document: shown');
is($anna->get('/proxied')->status, 200, 'before a proxy: open');
like($anna->get('/limit/app')->body, qr/^PDPORTAL_ROLES=editor$/m, 'and the application is told');
like($anna->get('/limit/app')->body, qr/^PDPORTAL_CONSENTS=processing$/m, 'consents too');
if ($ENV{PD_MPM} ne 'prefork') {
    my @curl = ('/usr/bin/curl', '-s', '--http2-prior-knowledge', '--max-time', 30, '-w', '\n%{http_code} %{http_version}\n', '-H', 'Accept: text/html');
    my (undef, $out) = PDPortal::Setup::run_program(@curl, '-H', "Cookie: pd=$anna->{cookies}{pd}", "http://127.0.0.1:$server->{port}/editor/");
    like($out, qr/words of editor.*\n200 2\n/s, 'HTTP/2: open');
    (undef, $out) = PDPortal::Setup::run_program(@curl, '-H', "Cookie: pd=$anna->{cookies}{pd}", "http://127.0.0.1:$server->{port}/factor/");
    like($out, qr/\n303 2\n/, 'HTTP/2: closed');
}
# A role whose time is over, by the clock and not by a change.
change("UPDATE role SET until = " . (time + 3) . "000000 WHERE person_id = '$id'");
becomes('editor', 0, 'a role that ends: closed again');
change("UPDATE role SET until = 0, role = 'editor-in-chief' WHERE person_id = '$id'");
ok(until_true(sub { $anna->get('/limit/app')->body =~ /^PDPORTAL_ROLES=editor-in-chief$/m }, 20), 'another role');
ok(!opens('editor'), 'a longer name of a role is not the shorter one');

# A consent, and its withdrawal.
my ($pseudonym) = PDPortal::Setup::sql($server, "SELECT pseudonym FROM act LIMIT 1") =~ /(\S+)/;
# Of clocks that step back the order knows nothing.
my $act = sub { my ($n, $verb) = @_; change("INSERT INTO act (id, pseudonym, verb, kind, version, language, html_sha256, wording, form, at, address, agent, sequence) "
    . "SELECT 'test-act-$n', '$pseudonym', '$verb', 'research', 1, language, html_sha256, wording, form, at - $n, '', '', $n FROM act WHERE kind = 'processing' AND verb = 'consented'") };
$act->(1, 'consented');
becomes('research', 1, 'with the consent: open');
$act->(2, 'withdrew');
becomes('research', 0, 'withdrawn: closed');
$act->(3, 'consented');
becomes('research', 1, 'given once more: open');

# A second factor.
change("UPDATE session SET mfa_at = 1");
becomes('factor', 1, 'with a second factor: open');

# Freshness: a person is asked for the password once more, and comes back to the page.
change("UPDATE session SET authenticated_at = authenticated_at - 3600000000");
becomes('fresh', 0, 'an hour after sign-in: closed');
my $answer = $anna->get('/fresh/?x=1');
is($answer->status, 303, 'a person is asked for the password');
is($answer->header('location'), '/portal/login?again=1&return=%2Ffresh%2F%3Fx%3D1', 'and comes back');
is($anna->get('/fresh/', 'Sec-Fetch-Dest' => 'empty')->status, 403, 'a program is told no');
is($anna->request('POST', '/fresh/', body => 'a=1')->status, 403, 'a form that was sent is not lost in a redirect');
$anna->follow($answer);
like($anna->{last}->text, qr/still you/, 'the page says why');
my $old = $anna->{cookies}{pd};

# A form of the site that a person sends when nobody is signed in any more: a page that says what to do, and no JSON.
for my $headers ([ 'Sec-Fetch-Dest' => 'document' ], [ Accept => 'text/html,*/*;q=0.8' ]) {
    $answer = $server->browser(navigation => 0)->request('POST', '/cabinet/?x=1', body => 'a=1', headers => $headers);
    is($answer->status, 401, 'a form of a guest');
    like($answer->header('content-type'), qr{^text/html}, 'is answered by a page');
    like($answer->header('www-authenticate'), qr{^Cookie realm=.*form-action="/portal/login"}, 'with the challenge that a 401 has');
    like($answer->header('cache-control'), qr/no-store/, 'which nobody keeps');
    like($answer->text, qr/The form was not sent.*You are not signed in any more.*go one page back/, 'which says what to do');
    page_like($answer, qr{href="/portal/login\?return=%2Fcabinet%2F"}, 'and leads to sign-in');
}
for my $headers ([ 'Sec-Fetch-Dest' => 'empty', Accept => 'text/html' ], [ Accept => '*/*' ], [ Accept => 'text/html', 'X-Requested-With' => 'fetch' ]) {
    is($server->browser(navigation => 0)->request('POST', '/cabinet/', body => 'a=1', headers => $headers)->header('content-type'), 'application/json', 'a program is answered as before');
}
$answer = $anna->submit({ login => $login, password => password() });
is($answer->header('location'), '/fresh/?x=1', 'the right password: back to the page');
isnt($anna->{cookies}{pd}, $old, 'with a new session');
is($anna->follow($answer)->status, 200, 'which is open');
is($anna->get('/both/')->status, 403, 'where more is lacking, the password is asked once and then no more');
my $copy = $server->browser;
$copy->{cookies}{pd} = $old;
is($copy->get('/cabinet/')->status, 303, 'the old session is over');

# Wrong lines stop the start, with file and line.
for my $case (['Require pd-role', 'name is missing'], ['Require pd-role Editor', 'no name'], ['Require pd-consent a_b', 'no name'], ['Require pd-mfa now', 'no words'],
    ['Require pd-fresh', 'no number'], ['Require pd-fresh 0', 'no number'], ['Require pd-fresh 5min', 'no number'], ['Require pd-fresh 99999999', 'no number'],
    ["<AuthzProviderAlias pd-role ours editor>\n</AuthzProviderAlias>", "can't have another name"])
{
    my ($line, $why) = @$case;
    my $wrong = server(name => 'require-wrong', place => 1, bare => 1, set => { PDPortalKeyFile => "$server->{dir}/master.key", PDPortalDatabase => $server->{set}{PDPortalDatabase} },
        extra => $line =~ /^</ ? "$line\n" : "<Location \"/wrong\">\nAuthType PDPortal\n$line\n</Location>");
    my ($code, $text) = $wrong->configtest;
    isnt($code, 0, "$line: configtest fails");
    like($text, qr/line \d+ of .*httpd\.conf.*\n?.*\Q$why\E/s, "$line: with file, line and reason");
}
unlike($server->log, qr/:(?:crit|alert|emerg)\]|Segmentation|exit signal/, 'nothing crashed');
done_testing;
