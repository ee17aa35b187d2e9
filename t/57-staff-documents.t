# The staff's pages for documents: who may, drafts as they will be seen, two pairs of eyes for a material version,
# reports of who has read or agreed to it.
use strict;
use warnings FATAL => 'all';
use utf8;
use Digest::SHA ();
use JSON::PP ();
use POSIX ();
use Test::More;
use PDPortal::Test;
use PDPortal::Postgres ();
use PDPortal::Setup ();
binmode $_, ':encoding(UTF-8)' for map { Test::More->builder->$_ } qw(output failure_output todo_output);

my $sqlite = $ENV{PD_DB} eq 'sqlite3';
my $postgres = $sqlite ? undef : PDPortal::Postgres->new('57');
my %set = (PDPortalMailRelay => "maildir:$ENV{PD_WORK}/documents/mail", PDPortalSessionRecheck => '1h', PDPortalTimeZone => 'Europe/Berlin');
$set{PDPortalDatabase} = $postgres->{database} if $postgres;
my $server = server(name => 'documents', set => \%set);
$server->start;
my $folder = "$server->{dir}/mail";
sub sql { return PDPortal::Setup::sql($server, @_) }
sub cli { my (@words) = @_; return run_ctl(@words, '--config', $server->{conf}) }
sub staff {
    my ($role) = @_;
    my ($browser, $login, $email) = member(browser => $server->browser, folder => $folder);
    my ($code, undef, $error) = cli('staff', 'add', $login, $email, '--role', $role);
    is($code, 0, "$login is $role") or diag $error;
    return ($browser, $login);
}
my ($member, $member_login) = member(browser => $server->browser, folder => $folder);
my ($anna, $anna_login) = staff('editor');
my ($boris, $boris_login) = staff('editor');
my ($chief, $chief_login) = staff('administrator');
my ($doctor) = staff('doctor');

# --- every row that needs a role, without it
my %may = (EDITOR => { anna => 1, chief => 1 }, ADMINISTRATOR => { chief => 1 });
my %who = (member => $member, doctor => $doctor, anna => $anna, chief => $chief);
my $rows = read_file("$ENV{PD_SOURCE_DIR}/src/web/pd_routes.c");
my $tried = 0;
while ($rows =~ /\{"(GET|POST)",\s*"([^"]*)",\s*PD_NEED_(EDITOR|ADMINISTRATOR)/g) {
    my ($method, $path, $need) = ($1, $2, $3);
    $path = '/portal/' . $path =~ s/#/1/gr =~ s/\*/policy/gr;
    for my $name (sort keys %who) {
        my $browser = $who{$name};
        my $answer = $browser->request($method, $path, $method eq 'POST' ? (body => 'a=b') : ());
        if (!$may{$need}{$name}) {
            is($answer->status, 403, "$method $path: not for $name");
            like($answer->text, qr/appointed to a certain task/, "$method $path: with an explanation for $name");
            next;
        }
        unlike($answer->text, qr/appointed to a certain task/, "$method $path: for $name");
        like($answer->status, $method eq 'GET' ? qr/^(?:200|404)$/ : qr/^(?:403|404)$/, "$method $path: for $name, $answer->{status}");
    }
    $tried++;
}
cmp_ok($tried, '>=', 8, "$tried rows that need a role");
is($member->upload('/portal/staff/documents/new', { csrf => 'x' }, { file_ru => 'x' })->status, 403, 'a file of somebody without a role is not taken');
is($anna->upload('/portal/login', { csrf => 'x' }, { file_ru => 'x' })->status, 415, 'nor by a form that has none');
page_like($anna->get('/portal/account/'), qr{<a href="/portal/staff/documents">}, 'an editor is shown the way');
unlike($member->get('/portal/account/')->body, qr{/staff/}, 'others are not');

# --- the list
my $page = $anna->get('/portal/staff/documents');
like($page->text, qr/Drafts that wait None.*Test policy Kind: policy Version 1 in force, since/, 'the list of kinds and versions');
like($page->text, qr/Kind: processing Version 1/, 'the consent too');

# --- a draft
my %text = map { $_ => read_file("$ENV{PD_SOURCE_DIR}/t/documents/policy2.$_.md") } qw(ru en);
utf8::decode($_) for values %text;
sub draft {
    my ($browser, $fields, $files) = @_;
    my $form = $browser->get('/portal/staff/documents/new');
    return $browser->upload('/portal/staff/documents/new', { csrf => $form->field('csrf'), kind => 'policy', change => 'material', markup => 'markdown', effective => '', reason => '',
        text_ru => '', text_en => '', %$fields }, { file_ru => '', file_en => '', %{ $files || {} } });
}
sub decide { my ($browser, $path, $act) = @_; $browser->get($path); return $browser->submit({ act => $act }, form => qr/drafts/) }
my $answer = draft($anna, { text_en => $text{en} }, { file_ru => $text{ru} });
is($answer->status, 303, 'a draft of one pasted text and one file') or diag $answer->text;
my $draft = $answer->header('location');
like($draft, qr{^/portal/staff/drafts/\d+$}, 'has a number');
$page = $anna->follow($answer);
is($page->status, 200, 'the draft');
like($page->text, qr/Nothing is published yet/, 'says that nothing is published');
like($page->text, qr/Clauses that differ from the last version: 2\.1 /, 'and which clauses differ');
page_like($page, qr{<section id="difference">\s*<h2>What changes against version 1</h2>.*?2\.1.*?<ins>.*?</ins>}s, 'and word by word how');
unlike($page->body =~ s/.*id="difference"//sr =~ s/<p class="acts">.*//sr, qr{href="(?:#|")}, 'with no link into a version that has no number yet');
my @articles = $page->body =~ m{<article class="doc" lang="(\w\w)">}g;
is("@articles", 'en', 'shows the text in the language of the page');
page_like($anna->get("$draft?text=ru"), qr{<article class="doc" lang="ru">}, 'and the other one');
my %ids;
is(join(' ', grep { $ids{$_}++ } $page->body =~ /\bid="([^"]+)"/g), '', 'no anchor comes twice');
my ($english_title, $english) = $page->body =~ m{<article class="doc" lang="en">\s*<h2>([^<]*)</h2>\n(.*?)</article>}s;
my @sums = $page->body =~ /([0-9a-f]{64})/g;
is($sums[1], Digest::SHA::sha256_hex("<h1>$english_title</h1>\n$english"), 'with the checksum of what is seen');
is(sql("SELECT count(*) FROM document WHERE kind = 'policy'"), 1, 'nothing was published');
unlike($server->browser->get('/portal/policy')->text, qr/second wording/, 'visitors see the first version');
like($anna->get('/portal/staff/documents')->text, qr/Draft \d+: policy material, yours/, 'the list has it');

# --- two pairs of eyes
$page = $anna->get($draft);
unlike($page->body, qr/value="publish"/, 'its author has no button to publish it');
is($anna->submit({ act => 'publish' }, form => qr/drafts/)->status, 403, 'and may not without one');
like($anna->{last}->text, qr/Nothing was published.*somebody else has to approve it/, 'which is explained');
is(sql("SELECT count(*) FROM document WHERE kind = 'policy'"), 1, 'still nothing was published');
is($boris->post($draft, { act => 'publish', csrf => 'stale' })->status, 403, 'a stale form: 403');
is(sql("SELECT count(*) FROM document WHERE kind = 'policy'"), 1, 'and nothing was published');
$page = $boris->get($draft);
like($page->text, qr/everybody is asked to read it.*cannot be undone/, 'the other is told what comes of it');
my $other = $chief->clone;
my $other_page = $other->get($draft);
$answer = $boris->submit({ act => 'publish' }, form => qr/drafts/);
is($answer->header('location'), '/portal/staff/documents?notice=published', 'the other publishes it');
# The staff's pages are a section like those of the site: who published the policy has to acknowledge it, too.
my $gate = '/portal/acknowledge?return=%2Fportal%2Fstaff%2Fdocuments%3Fnotice%3Dpublished';
is($boris->get('/portal/staff/documents?notice=published')->header('location'), $gate, 'the new policy stands before the pages of the staff');
is($boris->post($draft, { act => 'publish', csrf => 'x' })->header('location'), '/portal/acknowledge?return=' . $draft =~ s{/}{%2F}gr, 'and before its acts');
is($chief->get('/portal/staff/destructions')->header('location'), '/portal/acknowledge?return=%2Fportal%2Fstaff%2Fdestructions', 'for an administrator as well');
is($boris->get($_)->status, 200, "$_ stays open") for qw(/portal/account/ /portal/account/password /portal/account/export /portal/policy/2);
is($doctor->get('/portal/staff/documents')->status, 403, 'who has no role for it is told so, whatever was read');
$boris->get($gate);
$answer = $boris->submit({ policy => 1 }, form => qr/acknowledge/);
is($answer->header('location'), '/portal/staff/documents?notice=published', 'acknowledged: back to the page');
like($boris->follow($answer)->text, qr/The version is published\..*None.*Version 2 in force/, 'and sees it in the list');
acknowledge($_) for $anna, $chief;
like($server->browser->get('/portal/policy')->text, qr/second wording/, 'the very next visitor reads it');
my ($code, $out) = cli('policy', 'list', '--lang', 'en');
like($out, qr/^\* 2 .* \Q$sums[1]\E$/m, 'with the checksum that was shown');
is($other->submit({ act => 'publish' }, page => $other_page, form => qr/drafts/)->status, 409, 'a third is too late');
like($other->{last}->text, qr/Nothing was done/, 'and told so');
like($anna->get($draft)->text, qr/This draft was published.*Published by \Q$boris_login\E/i, 'the draft says who published it');
is($anna->get('/portal/staff/drafts/99')->status, 404, 'a draft that is not there');

# --- editorial: one person; and what is none
my $mended = $text{en} =~ s/whoever opens/who ever opens/r;
$answer = draft($anna, { text_en => $mended, text_ru => $text{ru}, change => 'editorial' });
is($answer->status, 422, 'editorial without a reason');
like($answer->text, qr/Say what the editorial version mends/, 'which is asked for');
like($answer->body, qr/who ever opens/, 'the text that was pasted is still there');
$answer = draft($anna, { text_en => $text{en} =~ s/names\./names, or later./r, text_ru => $text{ru}, change => 'editorial', reason => 'a comma' });
is($answer->status, 422, 'editorial, and a clause that counts was changed');
like($answer->text, qr/cannot be published like this English text: This is not editorial.*Clauses: 3\.1/, 'which is named');
$answer = draft($anna, { change => 'editorial', reason => 'a space' }, { file_en => $mended, file_ru => $text{ru} });
is($answer->status, 303, 'editorial, as it should be');
is(decide($anna, $answer->header('location'), 'publish')->status, 303, 'its author publishes it');
like($server->browser->get('/portal/policy')->text, qr/only mends the wording: a space/, 'with the reason');
is($member->get('/cabinet/')->header('location'), '/portal/acknowledge?return=%2Fcabinet%2F', 'the material one before it still has to be read');

$answer = draft($anna, { text_en => $mended =~ s/who ever/whoever/r, change => 'editorial', reason => 'in English only', drop => 1 });
is($answer->status, 422, 'editorial, and a language less');
like($answer->text, qr/Russian text: The last version has this text, the new one does not: that is not editorial/, 'which is named');
is((cli('policy', 'publish', "$ENV{PD_SOURCE_DIR}/t/documents/policy2.ru.md", '--lang', 'ru', '--kind', 'notice'))[0], 0, 'a document in Russian alone');
$answer = draft($anna, { kind => 'notice', text_en => $text{en}, text_ru => $text{ru}, change => 'editorial', reason => 'in English too' });
is($answer->status, 422, 'editorial, and a language more');
like($answer->text, qr/English text: The last version has no text in this language: a new one is not editorial/, 'which is named');

# --- other mistakes, each with words
for my $case (
    [{ kind => 'My Kind' }, qr/kind is a short name/, 'a bad kind'],
    [{ text_en => '', text_ru => '' }, qr/There is no text/, 'no text'],
    [{ text_ru => '' }, qr/Russian text: The last version has this text/, 'a language less'],
    [{ effective => '2020-01-01' }, qr/in the past/, 'the past'],
    [{ effective => 'soon' }, qr/Check the date/, 'no date'],
    [{ effective => '2099-10-25T02:30' }, qr/this hour comes twice/, 'a doubled hour'],
    [{ effective => '2099-03-29T02:30' }, qr/this hour does not exist/, 'a skipped hour'],
    [{ text_en => $mended }, qr/Nothing has changed/, 'nothing new'],
    [{ kind => 'fresh', change => 'editorial', reason => 'x' }, qr/first version of a document cannot be editorial/, 'a first version as editorial'],
    [{ reason => 'x' x 1100, change => 'editorial' }, qr/reason is too long/, 'a long reason'],
) {
    my ($fields, $said, $name) = @$case;
    my $got = draft($anna, { text_en => $text{en}, text_ru => $text{ru}, %$fields });
    is($got->status, 422, "$name: 422");
    like($got->text, $said, "$name: in words");
    like($got->body, qr{<title>Error: }, "$name: in the title, too");
}
$answer = draft($anna, { text_en => $text{en}, text_ru => $text{ru}, csrf => 'old' });
is($answer->status, 403, 'a stale form: 403');
like($answer->body, qr/Test policy, second wording/, 'with what was typed');
for my $case (['a field twice', "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n" x 2 . "--b--\r\n", 400], ['no end', "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1", 400],
    ['over the limit', 'x' x 2_700_000, 413])
{
    my ($name, $body, $status) = @$case;
    is($anna->request('POST', '/portal/staff/documents/new', body => $body, headers => ['Content-Type' => 'multipart/form-data; boundary=b'])->status, $status, "$name: $status");
}

# --- withdrawn; for later
$answer = draft($anna, { text_en => $text{en}, text_ru => $text{ru}, effective => '2099-06-01T09:30' });
is($answer->status, 303, 'a draft for later');
$draft = $answer->header('location');
like($anna->follow($answer)->text, qr/Takes force 09:30, 1 June 2099 /, 'by the clocks of the zone');
is(decide($boris, $draft, 'withdraw')->header('location'), '/portal/staff/documents?notice=withdrawn', 'withdrawn');
like($boris->follow->text, qr/draft is withdrawn/, 'and said so');
is($chief->get($draft)->form(qr/drafts/), undef, 'nothing can be done with it any more');
is(sql("SELECT count(*) FROM journal WHERE event = 'draft.withdrawn'"), 1, 'the journal has it');
$answer = draft($anna, { text_en => $text{en}, text_ru => $text{ru}, effective => '2099-06-01T09:30' });
is(decide($chief, $answer->header('location'), 'publish')->status, 303, 'an administrator may publish too');
is(sql("SELECT effective_at FROM document WHERE kind = 'policy' AND version = 4"), '4083982200000000', 'for the instant that was meant');
is(sql('SELECT count(*) FROM announcement'), 1, 'and it is announced');
is(sql("SELECT count(*) FROM journal WHERE event = 'draft.made'"), 4, 'the journal has each draft');

# --- a version is published between the look at a draft and its approval
my $rule = "# Rule\n\n3. Data\n\n3.1. A login.\n";
sub rule { my ($text) = @_; return cli('policy', 'publish', write_file("$server->{dir}/rule.md", $text), '--lang', 'en', '--kind', 'rule') }
is((rule($rule))[0], 0, 'a document');
$draft = draft($anna, { kind => 'rule', text_en => $rule . "\n3.2. A place.\n" })->header('location');
$page = $boris->get($draft);
like($page->text, qr/What changes against version 1 .*Added: 3\.2/s, 'its draft, looked at');
is((rule($rule . "\n3.3. An age.\n"))[0], 0, 'a clause more is published');
$answer = $boris->submit({ act => 'publish' }, page => $page, form => qr/drafts/);
is($answer->status, 409, 'approved: 409');
like($answer->text, qr/Nothing was published\. Another version has been published since you opened this page/, 'with words');
like($answer->text, qr/What changes against version 2 .*Removed: 3\.3/s, 'and with what the draft would change now');
is(sql("SELECT count(*) FROM document WHERE kind = 'rule'"), 2, 'nothing was published');
for my $sent ('', 'x', '1', '3', '02x', '-1', '99999999999999999999') {
    is($boris->submit({ act => 'publish', compared_with => $sent }, page => $answer, form => qr/drafts/)->status, 409, "compared with \"$sent\": 409");
}
is($boris->submit({ act => 'publish', compared_with => undef }, page => $answer, form => qr/drafts/)->status, 409, 'compared with nothing: 409');
is($boris->submit({ act => 'publish' }, page => $answer, form => qr/drafts/)->status, 303, 'looked at and approved again: published');
is(sql("SELECT max(version) FROM document WHERE kind = 'rule'"), 3, 'as the next version');

like($anna->follow(draft($anna, { kind => 'first', text_en => "# First\n\n1. Word.\n" }))->text, qr/This is the first version of the document\./, 'a document that has no version yet');

# --- the database goes away before a draft is published
$draft = draft($anna, { kind => 'research', text_en => "# Research\n\n1. I let it.\n" })->header('location');
$page = $boris->get($draft);
if ($sqlite) {
    rename "$server->{dir}/portal.db", "$server->{dir}/portal.away" or die $!;
    my $mark = () = $server->log =~ /resuming normal operations/g;
    $server->signal('USR1');
    ok(until_true(sub { (() = $server->log =~ /resuming normal operations/g) > $mark && $server->listens }, 20), 'restarted without its file');
}
else { $postgres->stop }
$answer = $boris->submit({ act => 'publish' }, page => $page, form => qr/drafts/);
is($answer->status, 503, 'away: 503');
ok($answer->header('retry-after'), 'away: with a time');
if ($sqlite) { rename "$server->{dir}/portal.away", "$server->{dir}/portal.db" or die $! }
else { $postgres->start }
ok(until_true(sub { $boris->get($draft)->status == 200 }, 40), 'back again');
is(sql("SELECT count(*) FROM document WHERE kind = 'research'"), 0, 'nothing was published');
is(decide($boris, $draft, 'publish')->status, 303, 'the draft waited, and is published now');

# --- reports
acknowledge($doctor);
my $report = '/portal/staff/documents/policy/3';
my $looks = sub { return sql("SELECT count(*) FROM journal WHERE event = 'staff.look'") };
$page = $anna->get($report);
like($page->text, qr/Have read it 1 /, 'an editor sees a number');
unlike($page->text, qr/Names|\Q$boris_login\E/i, 'and no names');
is($anna->post($report, { csrf => $page->form ? 'x' : 'x' })->status, 403, 'nor by asking for them');
$page = $chief->get($report);
like($page->text, qr/Names of people are personal data/, 'an administrator is told');
is($looks->(), 0, 'numbers are no look at names');
$page = $chief->submit({ which => 'all' }, form => qr{/policy/3$});
is($page->status, 200, 'names');
my @read = $page->text =~ /(has read it \d)/g;
my @nothing = $page->text =~ /(nothing yet)/g;
is(@read . ' ' . @nothing, '1 4', 'one has read it, four have not');
like($page->text, qr/\Q$boris_login\E nothing yet/i, 'by their logins');
is($looks->(), 1, 'the look is in the journal');
is(sql("SELECT count(*) FROM journal j JOIN role r ON r.person_id = j.subject WHERE j.event = 'staff.look' AND r.role = 'administrator' AND j.details <> ''"), 1, 'with who looked, sealed');
$page = $chief->submit({ which => 'not' }, form => qr{/policy/3$});
unlike($page->text, qr/has read it \d/, 'only those who have not');
$page = $chief->get($report);
my $form = $page->form(qr{/policy/3$});
$answer = $chief->post("$report/csv", { csrf => $form->{fields}{csrf}, which => 'all' });
is($answer->status, 200, 'the table');
is($answer->header('content-type'), 'text/csv; charset=utf-8', 'is CSV');
like($answer->header('content-disposition'), qr/^attachment; filename="policy-3\.csv"$/, 'to be saved');
like($answer->header('cache-control'), qr/no-store/, 'not to be kept');
my @lines = split /\r\n/, $answer->body;
is($lines[0], "\xef\xbb\xbf\"login\",\"act\",\"at\",\"language\",\"form\"", 'its head, with a byte order mark');
is(scalar @lines, 6, 'a line for each');
is(scalar(grep { /^"[^"]+","acknowledged","20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ","en","acknowledge"$/ } @lines), 1, 'who has, and when');
is(scalar(grep { /^"[^"]+","none","","",""$/ } @lines), 4, 'who has not');
is($looks->(), 3, 'this look, too, is in the journal');
is($chief->post('/portal/staff/documents/policy/77/csv', { csrf => $form->{fields}{csrf} })->status, 404, 'a version that is not there');
(my $csv_code, $out) = cli('policy', 'report', '--version', 3, '--csv');
is("$csv_code $out", '0 ' . $answer->body, 'pdportalctl prints the same');
($code, $out) = cli('policy', 'report', '--version', 1, '--kind', 'processing', '--json');
my $people = JSON::PP::decode_json($out)->{people};
is(scalar(grep { $_->{act} eq 'consented' && $_->{form} eq 'register' } @$people), 5, 'and in JSON');
is($looks->(), 5, 'what is printed at the shell is a look as well');
like($chief->get('/portal/staff/documents/processing/1')->text, qr/Have given consent 5 Have withdrawn consent 0/, 'a consent is counted as what it is');

# Somebody who took back the consent to processing: the promise was that the data are used no more.
$member->get('/portal/account/consents/processing/withdraw');
is($member->submit({}, form => qr{processing/withdraw$})->status, 303, 'a member takes it back');
unlike($chief->post("$report/csv", { csrf => $form->{fields}{csrf}, which => 'all' })->body, qr/\Q$member_login\E/i, 'who has not read it, and may not be told, is not named');

# --- a draft behind a version that is announced: compared with that one, and with what readers have before them
$answer = draft($anna, { text_en => $text{en} =~ s/names\./names, and a second one./r, effective => '2099-07-01T09:30', drop => 1 });
$draft = $answer->header('location');
$page = $anna->get($draft);
like($page->text, qr/What changes against version 4 .*names \(added: , and a second one \)/, 'against the version that it would follow') or diag $page->text;
like($page->text, qr/Version 4 is announced and not in force yet/, 'which is not in force yet');
is_deeply([$page->body =~ m{<section class="change" id="([^"]*)"}g], ['c3.1'], 'one clause');
my ($link) = $page->body =~ m{href="([^"]*against=in-force)#difference">What changes against version 3, which is in force</a>};
$page = $anna->get($link =~ s/&amp;/&/gr);
page_like($page, qr{<h2>What changes against version 3</h2>}, 'the other comparison');
is(scalar(my @both = $page->body =~ m{<section class="change" id="}g), 2, 'with what version 4 changes, too');
page_like($page, qr{text=en#difference">What changes against version 4, which is announced}, 'and back');
page_like($boris->get($link =~ s/&amp;/&/gr), qr{name="compared_with" value="4"}, 'it would follow version 4 all the same');
like($page->text, qr/Given up Russian text The last version has it, this draft has not\./, 'who loses a text is named');
my ($shown) = $draft =~ /(\d+)$/;
my (undef, $said) = cli('drafts', 'show', $shown);
like($said, qr/^version 4 is announced; in force is version 3$/m, 'pdportalctl says so, too');
like($said, qr/^given up: the text in "ru", which the last version has$/m, 'and what is given up');
like($said, qr/^clauses that differ from the last version: 3\.1\nclauses that differ from the version in force: .*, /m, 'and both comparisons');
my $said_json = JSON::PP::decode_json((cli('drafts', 'show', $shown, '--json'))[1]);
is("$said_json->{against} $said_json->{in_force} @{$said_json->{dropped}}", '4 3 ru', 'in JSON');
is(decide($anna, $draft, 'withdraw')->status, 303, 'withdrawn');

# --- the same by pdportalctl: the rule of two people holds
my @texts = map { ("$ENV{PD_SOURCE_DIR}/t/documents/research2.$_.md", '--lang', $_) } qw(ru en);
push @texts, '--kind', 'research';
($code, $out, my $error) = cli('policy', 'publish', @texts, '--draft');
is($code, 64, 'a draft is somebody\'s');
like($error, qr/--as: write the login/, 'which is asked for');
is((cli('policy', 'publish', @texts, '--as', $anna_login))[0], 64, 'and nobody publishes in a name');
($code, undef, $error) = cli('policy', 'publish', @texts, '--draft', '--as', $boris_login =~ s/.$/x/r);
is($code, 1, 'nobody is called so');
my ($nurse, $nurse_login) = staff('nurse');
($code, undef, $error) = cli('policy', 'publish', @texts, '--draft', '--as', $nurse_login);
is("$code $error", "1 pdportalctl: $nurse_login is neither editor nor administrator\n", 'a nurse makes no drafts');
my $versions = sql("SELECT count(*) FROM document WHERE kind = 'research'");
($code, $out, $error) = cli('policy', 'publish', @texts, '--draft', '--as', $anna_login);
my ($number) = $out =~ /^Draft (\d+) waits for another person/;
ok($number, 'a draft') or diag $error;
is(sql("SELECT count(*) FROM document WHERE kind = 'research'"), $versions, 'publishes nothing');
like((cli('drafts', 'list'))[1], qr/^$number  research  20\d\d-\d\d-\d\d \d\d:\d\d, by \Q$anna_login\E, to be in force at once$/m, 'is listed');
($code, $out) = cli('drafts', 'show', $number);
like($out, qr/^en: Test consent to research\n.*clause.*\n\n# Test consent/m, 'is shown') or diag $out;
my ($against) = $out =~ /"drafts publish $number --against (\d+) --as LOGIN"/;
is($against, $versions, 'with the version that it was compared with');
is(JSON::PP::decode_json((cli('drafts', 'show', $number, '--json'))[1])->{against}, $versions, 'in JSON, too');
is($boris->get("/portal/staff/drafts/$number")->status, 200, 'the page shows it, too');
($code, undef, $error) = cli('drafts', 'publish', $number, '--as', $boris_login);
is($code, 64, 'nobody publishes it without that');
like($error, qr/--against: write the version that the draft was compared with/, 'which is asked for');
($code, undef, $error) = cli('drafts', 'publish', $number, '--against', $against - 1, '--as', $boris_login);
is($code, 1, 'nor against another version');
like($error, qr/the last version is $against by now: look at what changes against that one/, 'and is told which is the last');
is(sql("SELECT count(*) FROM document WHERE kind = 'research'"), $versions, 'nothing is published');
($code, undef, $error) = cli('drafts', 'publish', $number, '--against', $against, '--as', $anna_login);
is($code, 1, 'its author does not publish it');
like($error, qr/another person than who made it/, 'and is told why');
is((cli('drafts', 'publish', $number, '--against', $against, '--as', $boris_login))[0], 0, 'another editor does');
is(sql("SELECT count(*) FROM document WHERE kind = 'research'"), $versions + 1, 'it is published');
like((cli('drafts', 'publish', $number, '--against', $against, '--as', $boris_login))[2], qr/not open any more/, 'once');
like((cli('drafts', 'withdraw', $number, '--as', $boris_login))[2], qr/not open any more/, 'and is not withdrawn any more');
is((cli('drafts', 'show', 999))[0], 1, 'a draft that is not there');
is((cli('drafts', 'show', 'x'))[0], 64, 'what is no number');
cli('policy', 'publish', (map { s/research2\./research./r } @texts), '--draft', '--as', $anna_login);
$number++;
is((cli('drafts', 'withdraw', $number, '--as', $boris_login))[0], 0, 'another is withdrawn');
unlike((cli('drafts', 'list'))[1], qr/^$number /m, 'and waits no more');

# --- uses by purpose
my @now = do { local $ENV{TZ} = 'Europe/Berlin'; POSIX::tzset(); localtime };
POSIX::tzset();
my $month = sprintf '%04d-%02d', $now[5] + 1900, $now[4] + 1;
($code, $out) = cli('report', 'uses', '--month', $month);
is($code, 0, 'uses of a month');
like($out, qr/^$month, Europe\/Berlin\n4\.1\.1\n(?:  .*\n)*  +\d+  registration\.begun\n(?:.*\n)*4\.1\.5\n +\d+  registration\.confirmed\n/, 'by purpose') or diag $out;
my $nobodys = JSON::PP::decode_json((cli('report', 'uses', '--month', $month, '--json'))[1]);
my ($begun) = grep { $_->{use} eq 'registration.confirmed' } @{ $nobodys->{uses} };
is($begun->{times}, sql("SELECT count(*) FROM journal WHERE event = 'registration.confirmed'"), 'as often as the journal has it');
sql("UPDATE person SET state = 'blocked' WHERE id IN (SELECT person_id FROM role WHERE role = 'nurse')");
is((cli('policy', 'publish', @texts, '--draft', '--as', $nurse_login))[0], 1, 'a blocked person makes no drafts') for 1, 2;
($code, $out) = cli('report', 'uses', '--month', $month, '--csv');
like($out, qr/^"$month","4\.1\.3","command policy publish","blocked","2"\r$/m, 'refused uses are listed with the reason') or diag $out;
unlike($out, qr/\Q$nurse_login\E/, 'naming nobody');
is((cli('report', 'uses', '--month', '2026-13'))[0], 64, 'there is no thirteenth month');
is((cli('report', 'uses'))[0], 0, 'without a month: the last that is over');

# --- a role that is taken
($code) = cli('staff', 'remove', $anna_login, '--role', 'editor');
is($code, 0, 'the role is taken');
is($anna->get('/portal/staff/documents')->status, 403, 'and the very next request is refused');
like($server->browser->get('/portal/staff/documents')->header('location'), qr{^/portal/login\?return=%2Fportal%2Fstaff%2Fdocuments}, 'a guest is led to sign-in');
is((cli('verify-journal'))[0], 0, 'the journal is whole');
unlike($server->log, qr/:(?:crit|alert|emerg)\]|Segmentation|exit signal/, 'nothing crashed');
done_testing;
