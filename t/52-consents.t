# Consents (F25-F28): each given on a page of its own, with a receipt; taken back in two clicks, obeyed by the very
# next request in every process; what a template ticked is no consent; a newer text doesn't widen an older consent.
use strict;
use warnings FATAL => 'all';
use utf8;
use JSON::PP ();
use Test::More;
use PDPortal::Test;
use PDPortal::Setup ();

# The clock of pdportalctl alone: the server's sessions would end by it.
my $clock = "$ENV{PD_WORK}/consents.now";
sub clock { my ($seconds) = @_; write_file("$clock.new", sprintf "%+d\n", $seconds); return rename "$clock.new", $clock }
clock(0);
my %clock = (LD_PRELOAD => $ENV{PD_FALSE_CLOCK}, PD_CLOCK_FILE => $clock);
my $server = server(name => 'consents', set => {
    PDPortalMailRelay => "maildir:$ENV{PD_WORK}/consents/mail", PDPortalSessionRecheck => '1h' }, extra => PDPortal::Server::many_processes() . <<"END");
ScriptAlias /cabinet/app "$ENV{PD_SOURCE_DIR}/t/htdocs/cgi/identity"
<Location "/research">
    AuthType PDPortal
    Require pd-consent research
</Location>
END
mkdir "$server->{dir}/htdocs/research";
write_file("$server->{dir}/htdocs/research/index.html", "words of research\n");
PDPortal::Setup::publish($server->{conf}, 'research', 'research');
$server->start;
my $folder = "$server->{dir}/mail";
my ($anna, $login, $email) = member(browser => $server->browser, folder => $folder);
my $second = $server->browser;
sign_in($second, $login);

sub sql { return PDPortal::Setup::sql($server, @_) }
sub ctl_json {
    my (@words) = @_;
    local %ENV = (%ENV, %clock);
    my ($code, $out) = run_ctl(@words, '--json', '--config', $server->{conf});
    return ($code, JSON::PP::decode_json($out));
}
sub everywhere {
    my ($browser, $path, $wanted, $name) = @_;
    my ($status, $processes) = $server->ask_everywhere($browser, $path);
    cmp_ok($processes, '>=', 2, "$name: asked of $processes processes");
    return is_deeply([keys %$status], [$wanted], "$name: $wanted from all of them") || diag explain $status;
}
my $list = '/portal/account/consents';
my ($hash) = map { $_->{html_sha256} } @{ (ctl_json('policy', 'list', '--kind', 'research', '--lang', 'en'))[1]{documents} };
my ($russian_hash) = map { $_->{html_sha256} } @{ (ctl_json('policy', 'list', '--kind', 'processing', '--lang', 'en'))[1]{documents} };

# A receipt came with the confirmed registration: both acts, each with its text.
my $receipt = letter_that($email, qr/You confirmed that you have read/, $folder);
like($receipt->{text}, qr/You confirmed that you have read:\n“Test policy”, version 1, in English\n/, 'registration: a receipt of what was read');
like($receipt->{text}, qr/You gave your consent:\n“Test consent to processing”, version 1, in English\n/, 'and of the consent');
like($receipt->{text}, qr/checksum of the text: $russian_hash\n/, 'with the hash of its text');
like($receipt->{text}, qr/In the words: I consent to the processing of my personal data .* version 1\n/, 'the words of the box');
like($receipt->{text}, qr/When: \d+ \w+ \d{4}, \d\d:\d\d \(Europe\/Moscow; \d{4}-\d\d-\d\dT[\d:]+Z\)\n/, 'the instant with its zone');
like($receipt->{text}, qr/Form: register\nFrom the network address: \Q$anna->{local}\E\n(?:Browser, as it calls itself: [ -~]+\n)?Number of this record: /, 'the form, and from where');
like($receipt->{text}, qr/^http:\/\/127\.0\.0\.1:$server->{port}\Q$list\E$/m, 'and where to take it back');
unlike($receipt->{subject}, qr/consent|clinic|portal/i, 'its subject is neutral');

# Guests are led to sign-in; nothing is told of consents that there are not.
is($server->browser->get($list)->status, 303, 'a guest is led to sign-in');
is($anna->get("$list/$_")->status, 404, "no consent: $_") for 'policy', 'poem', 'Research', 'poem/withdraw';
is($anna->request('PUT', "$list/research")->status, 405, 'another method: 405');

# Not given yet.
is($anna->get('/research/')->status, 403, 'without the consent: closed');
page_like($anna->{last}, qr{href="\Q$list\E"}, 'the page says where it is given');
my $page = $anna->get($list);
is($page->status, 200, 'the list');
like($page->text, qr/Test consent to processing Given .* Test consent to research Not given/, 'says how each stands');
ok(!$page->form(qr{research}), 'and gives none from there');
$page = $anna->get("$list/research");
is($page->status, 200, 'the page of one');
like($page->text, qr/lets the test clinic count their forms/, 'has its own text');
unlike($page->text, qr/keep the login and the address/, 'and no other');
my $form = $page->form(qr{research$});
is($form->{types}{consent_research}, 'checkbox', 'a box');
ok(!exists $form->{fields}{consent_research}, 'which is not ticked');
is(scalar(grep { $_ eq 'checkbox' } values %{ $form->{types} }), 1, 'and is the only one');
my $before = sql('SELECT count(*) FROM act');
my $got = $anna->submit({}, form => qr{research$});
is($got->status, 422, 'not ticked: nothing is given');
page_like($got, qr/href="#consent_research"/, 'the summary leads to the box');
ok(!exists $got->form(qr{research$})->{fields}{consent_research}, 'still not ticked');

# Only by a form of this site, served for just this.
$page = $anna->get("$list/research");
for my $case (['no token', { csrf => undef }], ["another form's", { csrf => $anna->get($list)->field('csrf', qr{withdraw$}) }],
    ['no text shown', { shown => undef }], ['another text shown', { shown => "en/1/$russian_hash" }])
{
    my ($name, $change) = @$case;
    $got = $anna->submit({ consent_research => 1, %$change }, form => qr{research$}, page => $page);
    is($got->status, 403, "$name: 403");
    ok($got->form(qr{research$}), "$name: with the form again");
    ok(!exists $got->form(qr{research$})->{fields}{consent_research}, "$name: not ticked");
}
is($anna->submit({ consent_research => 1 }, form => qr{research$}, page => $page, headers => ['Sec-Fetch-Site' => 'cross-site'])->status, 403, 'sent from another site: 403');
is($anna->clone(language => 'ru', cookies => { %{ $anna->{cookies} } })->get("$list/research?lang=ru")->status, 200, 'seen in the other language meanwhile');
is(sql('SELECT count(*) FROM act'), $before, 'none of that is an act');

# Given.
my @agent = ('User-Agent' => 'Browser/5 <b>"');
my $posted = $anna->submit({ consent_research => 1 }, form => qr{research$}, page => $page, headers => \@agent);
is($posted->status, 303, 'ticked: given');
is($posted->header('location'), "$list/research", 'and its page follows');
everywhere($_, '/research/', 200, 'given: open') for $anna, $second;
$page = $anna->follow($posted);
like($page->text, qr/Given \d+ \w+ \d{4}/, 'which says so');
ok(!$page->form(qr{research$}), 'and asks no more');
my $letter = letter_that($email, qr/consent:\n“Test consent to research/, $folder);
like($letter->{text}, qr/You gave your consent:\n“Test consent to research”, version 1, in English\n/, 'a receipt came');
like($letter->{text}, qr/$hash.*I give my consent: “Test consent to research”, version 1\n/s, 'with hash and words');
like($letter->{text}, qr/Form: consent\nFrom the network address: \Q$anna->{local}\E\nBrowser, as it calls itself: Browser\/5 <b>"\n/, 'with form, address and browser');
my ($number) = $letter->{text} =~ /Number of this record: (\S+)/;
is(sql("SELECT form FROM act WHERE id = '$number'"), 'consent', 'under the number of the act');
is(sql("SELECT count(*) FROM act WHERE id = '$number' AND (address = '' OR agent = '' OR address LIKE '%127%' OR agent LIKE '%Browser%')"), 0, 'from where: sealed');
$page = $anna->get($list);
like($page->text, qr/\Q$number\E.* Form consent .*\Q$hash\E.*\Q$anna->{local}\E.*\QBrowser\/5 <b>"\E/, 'and shown to the person alone');
unlike($page->body, qr/<b>/, 'as text');
page_like($page, qr{href="/portal/documents/research/1\?lang=en"}, 'with the exact text');
is($anna->get('/portal/documents/research/1?lang=en')->status, 200, 'which can be read');
is($anna->post("$list/research", [consent_research => 1, csrf => $form->{fields}{csrf}, shown => $form->{fields}{shown}])->status, 303, 'sent twice');
is(sql("SELECT count(*) FROM act WHERE kind = 'research'"), 1, 'given once');
like($anna->get('/cabinet/app')->body, qr/^PDPORTAL_CONSENTS=processing research$/m, 'the application is told');

# A newer text: nobody has agreed to it.
PDPortal::Setup::publish($server->{conf}, 'research', 'research2');
is($anna->get('/research/')->status, 200, 'a newer text: the consent to the older stands');
$page = $anna->get("$list/research");
like($page->text, qr/text that you agreed to, version 1 .*does not count for you.*show them to an institute/, 'the page has both');
ok(exists $page->form(qr{research$})->{types}{consent_research}, 'and asks for the newer');
my ($other, $other_login) = member(browser => $server->browser, folder => $folder);
my $older = $other->get("$list/research");
PDPortal::Setup::publish($server->{conf}, 'research', 'research');
$got = $other->submit({ consent_research => 1 }, page => $older, form => qr{research$});
is($got->status, 403, 'replaced while it was read: not given');
like($got->text, qr/Version 3/, 'the newer is shown');
is($other->submit({ consent_research => 1 }, form => qr{research$})->status, 303, 'and can be given');
is(sql("SELECT version FROM act WHERE kind = 'research' ORDER BY at DESC LIMIT 1"), 3, 'that one');

# Two clicks from any page; what stops is said before; it stops at once.
for my $path ('/portal/', '/portal/cookies', '/portal/policy', '/portal/account/', '/portal/nothing-here', "$list/research") {
    page_like($anna->get($path), qr{<a href="\Q$list\E"}, "$path leads to the consents");
}
$page = $anna->get($list);
$form = $page->form(qr{research/withdraw$});
ok($form, 'the list has the button');
like($page->text, qr/If you withdraw it: The sections of the site that open with this consent close.*destroyed no later than \d+ \w+ \d{4}/, 'and says what stops, and by when');
is($anna->get("$list/research/withdraw")->status, 200, 'a page of its own has it too');
like($anna->{last}->text, qr/If you withdraw it:.*Leave it as it is/, 'with a way back');
is($anna->get('/research/')->status, 200, 'looking changes nothing');
is($anna->submit({ csrf => 'old' }, page => $page, form => qr{research/withdraw$})->status, 403, 'a stale form: 403');
ok($anna->{last}->form(qr{research/withdraw$}), 'with the button again');
$got = $anna->submit({}, page => $page, form => qr{research/withdraw$});
is($got->status, 303, 'withdrawn');
everywhere($_, '/research/', 403, 'withdrawn: closed') for $anna, $second;
is($_->get('/cabinet/')->status, 200, 'the rest stays open') for $anna, $second;
like($anna->follow($got)->text, qr/Withdrawn \d+ \w+ .*destroyed no later than/, 'the page says what comes next');
$letter = letter_that($email, qr/took back/, $folder);
like($letter->{text}, qr/Form: withdraw\nFrom the network address: \Q$anna->{local}\E\n/, 'a withdrawal: its form and address in the letter');
like($letter->{text}, qr/you took back your consent:\n\n“Test consent to research”, version 1.*destroyed no later than \d+ \w+ \d{4}\n/s, 'and a letter');
is($anna->submit({}, page => $page, form => qr{research/withdraw$})->status, 303, 'sent twice');
is(sql("SELECT count(*) FROM act WHERE verb = 'withdrew'"), 1, 'withdrawn once');
is($anna->get("$list/research/withdraw")->header('location'), "$list/research", 'nothing to withdraw: back to the consent');

# The clock of the law.
my ($code, $found) = ctl_json('check');
is("$code $found->{withdrawals_open} $found->{withdrawals_soon} $found->{withdrawals_overdue}", '0 1 0 0', 'one clock runs');
($code, $found) = ctl_json('withdrawals', 'list');
is("$_->{consent} $_->{task} $_->{login}", "research destroy $login", 'listed') for @{ $found->{withdrawals} };
clock(26 * 86400);
($code, $found) = ctl_json('check');
is("$code $found->{withdrawals_soon}", '0 1', 'within five days of its end: told');
like(join(' ', map { $_->{thing} } @{ $found->{findings} }), qr/withdrawals \(SOON: 1 due/, 'in words too');
clock(31 * 86400);
($code, $found) = ctl_json('check');
is("$code $found->{withdrawals_overdue}", '2 1', 'overdue: exit code 2');
is((run_ctl('withdrawals', 'done', 'none', '--config', $server->{conf}))[0], 1, 'no such number');
is((run_ctl('withdrawals', 'done', '--config', $server->{conf}))[0], 64, 'no number');
my $act = sql("SELECT act FROM withdrawal");
is((run_ctl('withdrawals', 'done', $act, '--config', $server->{conf}))[0], 0, 'somebody did it');
is((ctl_json('check'))[0], 0, 'and all is well');
clock(0);

# The consent on which the account stands.
page_like($anna->get($list), qr/The account stands on this consent and cannot go on without it/, 'processing: what stops is more');
is($anna->submit({}, form => qr{processing/withdraw$})->status, 303, 'processing: withdrawn');
everywhere($_, '/cabinet/', 303, 'closed') for $anna, $second;
$got = $anna->get('/cabinet/?x=1');
is($got->header('location'), "$list/processing?return=%2Fcabinet%2F%3Fx%3D1", 'led to where it is mended');
my $program = $anna->get('/cabinet/', 'Sec-Fetch-Dest' => 'empty');
is($program->status, 401, 'a program gets 401');
like($program->body, qr/"consent_required".*"consent":"\Q$list\E\/processing"/, 'and is told why');
is($anna->get($_)->status, 200, "still open: $_") for '/portal/account/', $list, '/portal/policy';
is((ctl_json('withdrawals', 'list'))[1]{withdrawals}[0]{task}, 'close', 'the account is to be closed');
$page = $anna->follow($got);
like($page->text, qr/Test consent to processing Withdrawn .*sections for registered visitors stay closed/, 'the page says so');
$got = $anna->submit({ consent_processing => 1 }, form => qr{processing$});
is($got->header('location'), '/cabinet/?x=1', 'given again: back to the page asked for');
everywhere($_, '/cabinet/', 200, 'open again') for $anna, $second;
is(scalar @{ (ctl_json('withdrawals', 'list'))[1]{withdrawals} }, 0, 'and nothing is to be done');
$anna->get("$list/processing/withdraw");
is($anna->submit({}, form => qr{withdraw$})->status, 303, 'from its own page');
$anna->get("$list/processing?return=%2F%2Fevil.example");
is($anna->submit({ consent_processing => 1 }, form => qr{processing$})->header('location'), "$list/processing", 'and never to another site');

# In Russian, letters too.
my $russian = $server->browser(language => 'ru');
my (undef, $given) = register($russian);
is(confirm($russian, letter_for($given->{email}, 1, $folder))->status, 303, 'a Russian visitor');
like(letter_that($given->{email}, qr/прочитали/, $folder)->{text}, qr/Вы дали согласие:\n«Проверочное согласие на обработку», версия.1, на русском языке\n/, 'the receipt in Russian');
sign_in($russian, $given->{login});
like($russian->get($list)->text, qr/Мои согласия.*Проверочное согласие на исследования Не дано/, 'the list');
like($russian->get($list)->text, qr/Форма register/, 'with the form');
like($russian->get("$list/research")->text, qr/Даю согласие: «Проверочное согласие на исследования», версия.3/, 'the box');
is($russian->submit({ consent_research => 1 }, form => qr{research$})->status, 303, 'given');
like($russian->get("$list/research/withdraw")->text, qr/Если вы его отзовёте:.*не позднее \d+.\w+.\d{4}.г\./, 'what stops');
is($russian->submit({}, form => qr{withdraw$})->status, 303, 'withdrawn');
like(letter_that($given->{email}, qr/отозвали/, $folder)->{text}, qr/вы отозвали согласие:.*уничтожены не позднее \d+.\w+.\d{4}.г\./s, 'a letter');
is(sql("SELECT wording FROM act WHERE verb = 'withdrew' ORDER BY at DESC LIMIT 1"), do { my $words = 'Отозвать это согласие'; utf8::encode($words); $words }, 'recorded in the words that were shown');

# A kind that a site adds while the server runs, with a digit in its name.
PDPortal::Setup::publish($server->{conf}, 'ward-2', 'research2');
is($anna->get("$list/ward-2")->status, 200, 'a new kind has its page at once');
is($anna->submit({ 'consent_ward-2' => 1 }, form => qr{ward-2$})->status, 303, 'and is given');
page_like($anna->get("$list/ward-2"), qr{href="/portal/documents/ward-2/1\?lang=en"}, 'with its text');
like($anna->get('/portal/documents/ward-2/1?lang=en')->text, qr/show them to an institute/, 'which can be read');
like($anna->get('/portal/account/')->text, qr/Test consent to research, version 1/, 'and stands in the account by its title');

# Two people, one after the other, in one browser: a form that the first left open does nothing in the other's name.
my ($vera) = member(browser => $server->browser, folder => $folder);
my (undef, $her_login) = member(browser => $server->browser, folder => $folder);
my $left_open = $vera->get('/portal/account/consents/research');
$vera->get('/portal/account/');
is($vera->submit({}, form => qr/logout/)->status, 303, 'the first signs out');
is(sign_in($vera, $her_login)->status, 303, 'the second signs in, in the same browser');
my $how_many = sql("SELECT COUNT(*) FROM act WHERE kind = 'research'");
is($vera->submit({ consent_research => 1 }, form => qr{research$}, page => $left_open)->status, 403, 'the form left open is refused');
is(sql("SELECT COUNT(*) FROM act WHERE kind = 'research'"), $how_many, 'and nothing was given');
is($vera->submit({ consent_research => 1 }, form => qr{research$})->status, 303, 'the form that comes instead is hers');

# The database is away: nothing is half-written, and all comes back.
$page = $russian->get("$list/research");
my $withdrawal = $anna->get($list);
my $last = sql('SELECT max(number) FROM schema_version');
$before = sql('SELECT count(*) FROM act');
$server->stop;
sql("UPDATE schema_version SET number = number + 1000 WHERE number = $last");
$server->start;
is($russian->get($_)->status, 503, "away: $_") for $list, "$list/research", "$list/research/withdraw";
is($russian->submit({ consent_research => 1 }, page => $page, form => qr{research$})->status, 503, 'giving: 503');
ok($russian->{last}->header('retry-after'), 'with Retry-After');
is($anna->submit({}, page => $withdrawal, form => qr{processing/withdraw$})->status, 503, 'withdrawing: 503');
sql("UPDATE schema_version SET number = $last WHERE number > 999");
is(sql('SELECT count(*) FROM act'), $before, 'nothing was written');
ok(until_true(sub { $russian->submit({ consent_research => 1 }, page => $page, form => qr{research$})->status == 303 }, 30), 'back again: given');

is((run_ctl('verify-journal', '--config', $server->{conf}))[0], 0, 'the journal is whole');
unlike($server->log, qr/:(?:crit|alert|emerg)\]|Segmentation|exit signal/, 'nothing crashed');
$server->stop;

# A template of the site ticks the boxes: what its forms send is taken by nobody.
my $own = "$ENV{PD_WORK}/consents-templates";
mkdir $own;
for my $name (qw(register.html consent.html)) {
    my $template = read_file("$ENV{PD_SHARE}/$name");
    $template =~ s/(name="(?:consent_processing|\{\{box\}\})" value="1" required)/$1 checked/ or die $name;
    write_file("$own/$name", $template);
}
my $ticking = server(name => 'consents-ticking', place => 1, set => { PDPortalMailRelay => "maildir:$ENV{PD_WORK}/consents-ticking/mail" });
PDPortal::Setup::publish($ticking->{conf}, 'research', 'research');
$ticking->start;
($anna, $login) = member(browser => $ticking->browser, folder => "$ticking->{dir}/mail");
my $mistaken = register($ticking->browser, email => '');
ok(!exists $mistaken->form->{fields}{consent_processing}, 'after a mistake elsewhere the consent is ticked anew by hand');
ok(exists $mistaken->form->{fields}{policy}, 'what was only read stays ticked');
$ticking->stop;
write_file($ticking->{conf}, read_file($ticking->{conf}) . "PDPortalTemplates $own\n");
$ticking->start;
my $guest = $ticking->browser;
ok(exists $guest->get('/portal/register')->form->{fields}{consent_processing}, 'a template ticks the box');
for my $turn (1, 2) {
    $got = register($guest);
    is($got->status, 403, "registration, try $turn: refused");
}
is(PDPortal::Setup::sql($ticking, "SELECT count(*) FROM person"), 1, 'nobody was registered');
$anna->get("$list/research");
for my $turn (1, 2) {
    $got = $anna->submit({ consent_research => 1 }, form => qr{research$});
    is($got->status, 403, "consent, try $turn: refused");
}
is(PDPortal::Setup::sql($ticking, "SELECT count(*) FROM act WHERE kind = 'research'"), 0, 'and nothing was given');
like($ticking->log, qr/PD0710: the template of page \w+\.html gives the box consent_\w+ ticked/, 'the log names the template');
$anna->get($list);
is($anna->submit({}, form => qr{processing/withdraw$})->status, 303, 'taking back goes on');
$ticking->stop;

# Acts of before this had an order get the one that their instants meant.
my $old = PDPortal::Setup::make_portal(name => 'consents-old', port => $ENV{PD_PORT} + 52, bare => 1);
my @files = (sort glob "$ENV{PD_SOURCE_DIR}/src/db/migrations/*.sql")[0 .. 3];
PDPortal::Setup::sql($old, join "\n", '', (map { read_file($_) } @files),
    'CREATE TABLE schema_version (number BIGINT PRIMARY KEY, name TEXT NOT NULL, applied_at BIGINT NOT NULL);',
    (map {"INSERT INTO schema_version VALUES ($_, 'old', 0);"} 1 .. 4),
    map { my ($id, $whose, $verb, $kind, $at) = @$_; "INSERT INTO act VALUES ('$id', '$whose', '$verb', '$kind', 1, 'ru', '', '', '', $at);" }
    ['a', 'p', 'withdrew', 'k', 5], ['b', 'p', 'consented', 'k', 5], ['c', 'p', 'consented', 'k', 3], ['d', 'p', 'acknowledged', 'policy', 9],
    ['e', 'q', 'consented', 'k', 9], ['f', 'q', 'consented', 'k', 9]);
is((run_ctl('migrate', '--config', $old->{conf}))[0], 0, 'an older database is brought up to date');
is(PDPortal::Setup::sql($old, 'SELECT id, sequence FROM act ORDER BY pseudonym, kind, sequence') =~ s/\s+/ /gr, 'c|1 b|2 a|3 d|1 e|1 f|2', 'with its acts in order');
done_testing;
