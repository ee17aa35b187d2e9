# The export of one's data (F35): asked for with a fresh proof, fetched by links that work once and in one session; all that
# is stored is in it, in constant memory, and a slow reader keeps no connection to the database.
use strict;
use warnings FATAL => 'all';
use utf8;
use IO::Socket::INET ();
use JSON::PP ();
use Test::More;
use PDPortal::Test;
use PDPortal::Places qw(places_file nested);
use PDPortal::Setup ();
binmode $_, ':encoding(UTF-8)' for map { Test::More->builder->$_ } qw(output failure_output todo_output);

my $clock = "$ENV{PD_WORK}/export.clock";
sub clock { return write_file($clock, sprintf "%+d\n", $_[0]) }
clock(0);
my $places = "$ENV{PD_WORK}/export-places.mmdb";
places_file($places, { '127.0.0.0/8' => nested('RU', 'Россия', 'Russia', 'Москва', 'Moscow') });
# One process with one connection to the database: whoever kept it would keep it from all others.
my $server = server(name => 'export', set => { PDPortalMailRelay => "maildir:$ENV{PD_WORK}/export/mail", PDPortalDatabaseConnections => 1, PDPortalPlaceFile => $places },
    env => { LD_PRELOAD => $ENV{PD_FALSE_CLOCK}, PD_CLOCK_FILE => $clock }, extra => <<'END');
<IfModule !mpm_prefork_module>
    StartServers 1
    ServerLimit 1
    MaxRequestWorkers 8
    MinSpareThreads 8
    MaxSpareThreads 8
</IfModule>
END
$server->start;
my $folder = "$server->{dir}/mail";
sub sql { return PDPortal::Setup::sql($server, @_) }

# Asks for the links: (csrf token, link of the page, link of the file).
sub links {
    my ($browser) = @_;
    $browser->get('/portal/account/export');
    my $page = $browser->submit({}, form => qr{/account/export$});
    my %link = map { $_ => $page->field('link', qr{/export/$_$}) } qw(html json);
    return ($page->field('csrf', qr{/export/json$}), $link{html}, $link{json}, $page);
}
sub fetch { my ($browser, $format, $csrf, $link) = @_; return $browser->post("/portal/account/export/$format", { csrf => $csrf, link => $link }) }
sub export { my ($browser) = @_; my ($csrf, undef, $json) = links($browser); return JSON::PP->new->utf8->decode(fetch($browser, 'json', $csrf, $json)->body) }

my ($anna, $login, $email) = member(browser => $server->browser, folder => $folder);
my $id = sql("SELECT id FROM person WHERE state = 'active'");
my ($boris, $his_login, $his_email) = member(browser => $server->browser, folder => $folder);
is($server->browser->get('/portal/account/export')->status, 303, 'a guest is led to sign-in');
page_like($anna->get('/portal/account/'), qr{href="/portal/account/export"}, 'the account leads to it');
my $page = $anna->get('/portal/account/export');
is($page->status, 200, 'the page');
like($page->text, qr/Passwords and secret codes are not in it/, 'what is in it and what not');

# --- links
my ($csrf, $html, $json, $ready) = links($anna);
is($ready->status, 200, 'the links are shown');
like($ready->header('cache-control'), qr/no-store/, 'and never stored');
like($_, qr/^[\w-]{43}$/, 'a link') for $html, $json;
is(sql("SELECT count(*) FROM link WHERE token IN ('$html', '$json')"), 0, 'the database has only imprints of them');
is(fetch($anna, 'json', $csrf, $html)->status, 410, 'that of the page does not open the file');
my ($his_csrf) = links($boris);
is(fetch($boris, 'json', $his_csrf, $json)->status, 410, 'nor does it open anything for somebody else');
my $elsewhere = $server->browser;
sign_in($elsewhere, $login);
my ($her_csrf) = links($elsewhere);
is(fetch($elsewhere, 'json', $her_csrf, $json)->status, 410, 'nor in another session of hers');
is(fetch($anna, 'json', 'x', $json)->status, 403, 'a form token is needed');
is($anna->get("/portal/account/export/json?link=$json")->status, 405, 'a GET fetches nothing');

my $file = fetch($anna, 'json', $csrf, $json);
is($file->status, 200, 'the file');
is($file->header('content-type'), 'application/json', 'its type');
like($file->header('content-disposition'), qr/^attachment; filename="personal-data-\d{4}-\d\d-\d\d\.json"$/, 'to be saved');
is($file->header('cache-control'), 'private, no-store', 'and not to be kept on the way');
my $again = fetch($anna, 'json', $csrf, $json);
is($again->status, 410, 'once');
like($again->text, qr/does not work any more.*Prepare the copy/s, 'what happened, and what to do');
$file = JSON::PP->new->utf8->decode($file->body);
my $paper = fetch($anna, 'html', $csrf, $html);
is($paper->status, 200, 'the page to read');
like($paper->header('content-type'), qr{^text/html}, 'its type');
like($paper->header('content-disposition'), qr/\.html"$/, 'to be saved too');

# --- what is in it
is($file->{version}, 1, 'the version of the format');
is($file->{person}, $id, 'whose it is');
ok($file->{complete}, 'it is whole');
my $sections = $file->{sections};
my ($documented) = read_file("$ENV{PD_SOURCE_DIR}/docs/export.md") =~ /\n\| section (.*?)\n\n/s;
my %described = map { my ($name, @members) = /^\| `/ ? /`([\w]+)`/g : (); $name ? ($name => { map { $_ => 1 } @members }) : () } split /\n/, $documented;
is(join(' ', sort keys %described), join(' ', sort keys %$sections), 'docs/export.md describes every section');
my @origin = qw(browser system network country_code country region);
for my $name (sort keys %$sections) {
    my %members = map { %$_ } @{ $sections->{$name} };
    delete @members{@origin} if $name =~ /^(?:sessions|sign_ins)$/;
    my @strange = grep { !$described{$name}{$_} } sort keys %members;
    is("@strange", '', "and every member of $name");
}
my ($account) = @{ $sections->{account} };
is("$account->{login} $account->{email} $account->{state}", "$login $email active", 'login, address, state');
like($account->{created_at}, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/, 'instants');
is(join(' ', sort map {"$_->{verb}:$_->{kind}"} @{ $sections->{acts} }), 'acknowledged:policy consented:processing', 'acts');
ok($_->{wording} && $_->{address} && $_->{html_sha256}, "with words, address and checksum: $_->{kind}") for @{ $sections->{acts} };
is(scalar @{ $sections->{texts} }, 2, 'the texts themselves');
for my $text (@{ $sections->{texts} }) {
    is($text->{html_sha256}, sql("SELECT html_sha256 FROM document_text WHERE kind = '$text->{kind}' AND version = 1 AND language = '$text->{language}'"), "of $text->{kind}");
    like($text->{html}, qr/<(?:p|h2) id="p1"/, 'as it was shown');
}
is(scalar @{ $sections->{sessions} }, 2, 'sessions');
like($sections->{sessions}[0]{network}, qr{^127\.\d+\.\d+\.0/24$}, 'with their network');
cmp_ok(scalar @{ $sections->{sign_ins} }, '>=', 2, 'history of sign-ins');
# The same places as the pages show, which take them from the same list.
like($anna->get('/portal/account/history?lang=en')->text, qr/Russia, Moscow/, 'the history shows country and region');
for my $name (qw(sessions sign_ins)) {
    is_deeply([grep { join('|', map { $_ // '' } @$_{qw(country_code country region)}) !~ /^RU\|(?:Russia|Россия)\|(?:Moscow|Москва)$/ } @{ $sections->{$name} }], [], "every row of $name has country and region");
}
like($paper->text, qr/(?:Russia|Россия).*(?:Moscow|Москва)/s, 'and the page to read as well');
is(join(' ', map {"$_->{kind}:$_->{state}"} @{ $sections->{letters} }), 'confirm:sent consent-receipt:sent', 'letters');
ok((grep { $_->{kind} eq 'password' && $_->{changed_at} } @{ $sections->{credentials} }), 'that there is a password');
my %events = map { $_->{event} => $_ } @{ $sections->{journal} };
ok($events{$_}, "journal: $_") for qw(registration.begun session.begun act export.asked export.made);
is($events{'export.made'}{details}{format}, 'json', 'with details, opened');
my $all = JSON::PP->new->utf8->canonical->encode($file) . $paper->body;
unlike($all, qr/argon2|\Q$his_login\E|\Q$his_email\E/, 'no secret, and nothing of anybody else');
unlike($all, qr/"1\.\d+\.[\w-]{40}/, 'nothing that is still sealed');
is($paper->body =~ /\{\{|\bl_|\bs_/ ? 1 : 0, 0, 'the page has words for all');
like($paper->text, qr/\Q$login\E.*\Q$email\E/s, 'the page: login and address');
like($paper->text, qr/What happened\s+a copy of the data was fetched/, 'and the journal in words');
like($paper->body, qr{nothing is missing behind it\.</p>\s*</main>\s*</body>\s*</html>\s*\z}, 'to its end');
unlike($paper->body, qr{(?:src|href)=|<script|https?://(?!127\.0\.0\.1)}, 'it asks for nothing from elsewhere');

# --- by whom: staff by role, never by name
PDPortal::Setup::ctl_ok($server->{conf}, 'staff', 'add', $his_login, $his_email, '--role', 'administrator');
my $his_id = sql("SELECT id FROM person WHERE id <> '$id' AND state = 'active'");
PDPortal::Setup::ctl_ok($server->{conf}, 'staff', 'add', $login, $email, '--role', 'editor');
sql("UPDATE role SET appointed_by = '$his_id' WHERE person_id = '$id'");
my ($appointed) = grep { $_->{event} eq 'role.appointed' } @{ export($anna)->{sections}{journal} };
is($appointed->{by}, 'pdportalctl', 'who did it');
is($appointed->{details}{role}, 'editor', 'and what');

# --- whom it must not be kept from: who refuses a new policy
PDPortal::Setup::publish_anew($server->{conf}, 'policy', 'policy');
is($anna->get('/cabinet/')->status, 303, 'a new policy closes the sections');
page_like($anna->follow, qr{href="/portal/account/export"}, 'the page that asks to read it offers the copy');
my ($token, undef, $link) = links($anna);
is(fetch($anna, 'json', $token, $link)->status, 200, 'and it can be had without agreeing');

# --- many hands
($token, undef, $link) = links($anna);
my $body = "csrf=$token&link=$link";
my $cookie = join '; ', map {"$_=$anna->{cookies}{$_}"} sort keys %{ $anna->{cookies} };
my $request = "POST /portal/account/export/json HTTP/1.1\r\nHost: 127.0.0.1:$server->{port}\r\nOrigin: " . $anna->origin . "\r\nCookie: $cookie\r\n"
    . "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: " . length($body) . "\r\nConnection: close\r\n\r\n$body";
my @sockets = map { $anna->connection } 1 .. 32;
my $last = chop $request;
syswrite $_, $request for @sockets;
syswrite $_, $last for @sockets;
my %status;
$status{ PDPortal::Answer->parse(PDPortal::Browser::rest_of($_))->status }++ for @sockets;
is($status{200}, 1, 'of 32 hands on one link one wins') or diag explain \%status;
is($status{410}, 31, 'the others are told that it is used');
is(sql("SELECT count(*) FROM journal WHERE event = 'export.made' AND subject = '$id'"), 5, 'and the journal has one more');

# --- time
($token, undef, $link) = links($anna);
clock(1100);
is($anna->get('/portal/account/export')->header('location') =~ m{login\?again=1} ? 1 : 0, 1, 'after ten minutes who asks proves it once more');
is(fetch($anna, 'json', $token, $link)->status, 200, 'a link that is there still works');
clock(0);
($token, undef, $link) = links($anna);
sql("UPDATE link SET expires_at = created_at + 1 WHERE purpose LIKE 'export%'");
is(fetch($anna, 'json', $token, $link)->status, 410, 'but not after its hour');

# --- a long journal, in constant memory
# Without the pages of files that are mapped, the database's among them: those are the system's.
sub peak {
    my @children = grep { $_ != $server->{pid} } $server->processes;
    my @peaks = map { my $said = read_file("/proc/$_/status") // ''; my %kb = $said =~ /^(VmHWM|RssFile):\s+(\d+) kB/mg; ($kb{VmHWM} // 0) - ($kb{RssFile} // 0) } @children;
    return (sort { $b <=> $a } @peaks)[0];
}
my $rows = 10_000;
my $at = sql("SELECT max(at) FROM journal WHERE subject = '$id'");
sql("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $rows) INSERT INTO journal (host, sequence, at, event, subject, details, chain)"
    . " SELECT 'other', i, $at - i / 7, '" . ('x' x 2000) . "', '$id', '', '' FROM n");
export($boris);
my $before = peak();
($token, $html, $link) = links($anna);
my $answer = fetch($anna, 'json', $token, $link);
$file = JSON::PP->new->utf8->decode($answer->body);
cmp_ok(length $answer->body, '>', 20_000_000, 'a file of more than 20 MB');
is(scalar(grep { $_->{event} =~ /^x/ } @{ $file->{sections}{journal} }), $rows, 'with every row of the journal');
my @times = map { $_->{at} } @{ $file->{sections}{journal} };
is(join(' ', sort @times), join(' ', @times), 'in order');
cmp_ok(peak() - $before, '<', 8000, 'in memory of a bounded size (kB)');
is(scalar(() = fetch($anna, 'html', $token, $html)->body =~ /<dd>x{2000}/g), $rows, 'the page has them as well');
cmp_ok(peak() - $before, '<', 8000, 'in memory of a bounded size likewise');

# --- a reader who is slow
($token, undef, $link) = links($anna);
$body = "csrf=$token&link=$link";
my $slow = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $server->{port}, LocalAddr => $anna->{local}, Timeout => 10);
setsockopt $slow, Socket::SOL_SOCKET(), Socket::SO_RCVBUF(), pack 'i', 4096;
syswrite $slow, $request =~ s/Content-Length: \d+.*/"Content-Length: " . length($body) . "\r\nConnection: close\r\n\r\n$body"/esr;
sysread $slow, my $beginning, 4096;
like($beginning, qr/^HTTP\S+ 200/, 'somebody begins to read');
is($boris->get('/portal/account/history')->status, 200, 'others use the one connection meanwhile') for 1 .. 3;
close $slow;
ok(until_true(sub { $boris->get('/portal/account/')->status == 200 }, 10), 'and go on when that one goes away');
unlike($server->log, qr/PD0870/, 'who goes away is no fault');

# --- over and over: a wait, and nothing is used up by it
($token, undef, $link) = links($boris);
my $asking = $boris->get('/portal/account/export')->field('csrf', qr{/account/export$});
my $limited;
for (1 .. 110) {
    $limited = $boris->post('/portal/account/export', { csrf => $asking });
    last if $limited->status != 200;
}
is($limited->status, 429, 'who asks again and again has to wait');
like($limited->header('retry-after'), qr/^[1-9]\d*$/, 'and is told how long');
like($limited->text, qr/Please wait a little.*copied many times in a row.*Try again in \d minutes?\./s, 'also in words');
is(fetch($boris, 'json', $token, $link)->status, 429, 'fetching waits as well');
is($anna->get('/portal/account/export')->status, 200, 'others do not');

# --- looks of the administration at one person's data are in it, with command and purpose
is((run_ctl(@$_, '--config', $server->{conf}))[0], 0, "a look: @$_") for ['people', 'find', $login], ['sessions', 'list', $email];
is((run_ctl('people', 'find', 'nobody-is-called-so', '--config', $server->{conf}))[0], 1, 'and one at nobody');
my @looks = grep { $_->{event} eq 'person.looked-at' } @{ export($anna)->{sections}{journal} };
is_deeply([map { $_->{details} } @looks], [{ what => 'command people find', purpose => '4.1.1' }, { what => 'command sessions list', purpose => '4.1.4' }], 'both are in the copy') or diag explain \@looks;
is_deeply([map { $_->{by} } @looks], ['pdportalctl', 'pdportalctl'], 'and by what') or diag explain \@looks;
is(sql("SELECT count(*) FROM journal WHERE event = 'person.looked-at' AND (subject <> '$id' OR details LIKE '%command%')"), 0, "of nobody else's, and sealed");
($token, $link) = links($anna);
like(fetch($anna, 'html', $token, $link)->text, qr/the administration looked at the data/, 'the page says it in words');

# --- blocked from asking: the session has ended
($token, undef, $link) = links($anna);
PDPortal::Setup::ctl_ok($server->{conf}, 'sessions', 'end', $login);
is(fetch($anna, 'json', $token, $link)->status, 303, 'with its session the link is dead');
my $log = $server->log;
unlike($log, qr/\Q$link\E|\Q$json\E/, 'no link in a log');
unlike($log, qr/:(?:crit|alert|emerg)\]|Segmentation|exit signal/, 'nothing crashed');
done_testing;
