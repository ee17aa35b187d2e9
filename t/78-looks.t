# What the administration saw of a person in lists of many (F35): the copy of one's data tells of each look since the
# account was begun, by whom, at which list and what for; and names nobody else who stood there.
use strict;
use warnings FATAL => 'all';
use utf8;
use Encode ();
use JSON::PP ();
use Test::More;
use PDPortal::Test;
use PDPortal::Setup ();
binmode $_, ':encoding(UTF-8)' for map { Test::More->builder->$_ } qw(output failure_output todo_output);

my $server = server(name => 'looks', set => { PDPortalMailRelay => "maildir:$ENV{PD_WORK}/looks/mail" });
PDPortal::Setup::publish($server->{conf}, 'research', 'research');
$server->start;
my $folder = "$server->{dir}/mail";
sub sql { return PDPortal::Setup::sql($server, @_) }
sub cli { return run_ctl(@_, '--config', $server->{conf}) }
sub someone { return member(browser => $server->browser, folder => $folder) }
sub looks { return sql("SELECT count(*) FROM journal WHERE event = 'staff.look'") }

# The copy, in both formats: (the file, its text, the text of the page).
sub copy {
    my ($browser, $language) = @_;
    $browser->get("/portal/account/export?lang=$language");
    my $page = $browser->submit({}, form => qr{/account/export$});
    my ($json, $html) = map {
        $browser->post("/portal/account/export/$_", { csrf => $page->field('csrf', qr{/export/$_$}), link => $page->field('link', qr{/export/$_$}) })
    } qw(json html);
    return (JSON::PP->new->utf8->decode($json->body), Encode::decode('UTF-8', $json->body), $html->text);
}
sub seen { my ($file) = @_; return [map { my $look = $_; join ' ', map { $look->{$_} } qw(by login list kind version which purpose) } @{ $file->{sections}{looks} }] }

my ($chief, $chief_login, $chief_email) = someone();
is((cli('staff', 'add', $chief_login, $chief_email, '--role', 'administrator'))[0], 0, 'an administrator');
is((cli('policy', 'report', '--version', 1, '--kind', 'processing'))[0], 0, 'a look before the others came');
my ($anna, $login) = someone();
my ($boris, $his_login, $his_email) = someone();
my $id = sql("SELECT id FROM person ORDER BY created_at DESC, id DESC LIMIT 1 OFFSET 1");
is_deeply(seen((copy($anna, 'en'))[0]), [], 'nobody has looked since');

# --- by page, as a table, at the shell
my $report = '/portal/staff/documents/policy/1';
my $page = $chief->get($report);
like($page->text, qr/find in the copy of their data who looked at it, and when/, 'who looks is told that it is told');
$page = $chief->submit({ which => 'all' }, form => qr{/policy/1$});
like($page->text, qr/\Q$login\E has read it.*\Q$his_login\E has read it/si, 'the page names both');
my $form = $page->form(qr{/policy/1$});
like($chief->post("$report/csv", { csrf => $form->{fields}{csrf}, which => 'acted' })->body, qr/\Q$login\E/i, 'the table too');
is($chief->post("$report/csv", { csrf => $form->{fields}{csrf}, which => 'not' })->status, 200, 'a list of who has not');
is((cli('policy', 'report', '--version', 1, '--kind', 'research'))[0], 0, 'and one at the shell');
my @expected = ("administrator $chief_login documents policy 1 all 4.1.1", "administrator $chief_login documents policy 1 acted 4.1.1",
    "administrator $chief_login documents policy 1 not 4.1.1", 'pdportalctl  documents research 1 all 4.1.3');
my ($file, $text, $html) = copy($anna, 'en');
is_deeply(seen($file), \@expected, 'each look is in the copy, with who, what, whom, what for; none from before') or diag explain seen($file);
my @times = map { $_->{at} } @{ $file->{sections}{looks} };
is(scalar(grep { /^\d{4}-\d\d-\d\dT[\d:]+(?:\.\d+)?Z$/ } @times), 4, 'and when');
is(join(' ', sort @times), "@times", 'oldest first');
unlike($text, qr/\Q$his_login\E|\Q$his_email\E/i, 'nobody else of the list is named');
like($html, qr/Lists of people that may have included you\s+Looks of the administration at names of many people at once\. Whether you stood on such a list is not noted/, 'the page says what it can not know');
like($html, qr/When \d+ \w+ \d{4} \d\d:\d\d By whom an administrator Login \Q$chief_login\E List people and a document: who has read it or agreed to it, and who has not Kind privacy policy Version 1 Who was to be on it everybody What for to tell you from anybody else \(4\.1\.1\)/, 'in words');
like($html, qr/By whom the administration, by the server’s command line List people and a document.*Kind research Version 1 Who was to be on it everybody What for to write to you and to answer what you ask \(4\.1\.3\)/, 'also of the shell');
unlike($html, qr/\Q$his_login\E|\Q$his_email\E/i, 'and names nobody else');
(undef, undef, $html) = copy($anna, 'ru');
like($html, qr/Списки людей, в которых могли быть вы.*Логин \Q$chief_login\E Список люди и документ: кто его прочитал или согласился с ним, а кто нет .*? Кого он должен был показать кто прочитал или принял решение/s, 'in Russian');
like($html, qr/Кого он должен был показать кто этого не сделал/, 'who has not, in Russian');
is_deeply(seen((copy($boris, 'en'))[0]), \@expected, 'the other person is told the same');
is_deeply(seen((copy($chief, 'en'))[0])->[1], "person $chief_login documents policy 1 all 4.1.1", 'who looked finds it as an own act');

# --- lists of the shell that name a few: told to those who can be on them
my $before = looks();
is((cli('withdrawals', 'list'))[0], 0, 'an empty list');
is((cli('destructions', 'list'))[0], 0, 'a list of numbers');
is(looks(), $before, 'show nobody, and are no looks');
like((cli('staff', 'list'))[1], qr/\Q$chief_login\E/i, 'the staff is named');
is(looks(), $before + 1, 'which is a look');
is_deeply(seen((copy($anna, 'en'))[0]), \@expected, 'who has no task can not have been among the staff');
is((cli('staff', 'add', $his_login, $his_email, '--role', 'doctor'))[0], 0, 'somebody who has');
is_deeply(seen((copy($boris, 'en'))[0])->[-1], 'pdportalctl  staff list  0  4.1.2', 'is told');
$anna->get('/portal/account/consents/research');
is($anna->submit({ consent_research => 1 }, form => qr{research$})->status, 303, 'a consent');
$anna->get('/portal/account/consents/research/withdraw');
is($anna->submit({}, form => qr{research/withdraw$})->status, 303, 'taken back');
like((cli('withdrawals', 'list'))[1], qr/research  \Q$login\E/i, 'is on a list');
push @expected, 'pdportalctl  withdrawals list  0  4.1.3';
is_deeply(seen((copy($anna, 'en'))[0]), \@expected, 'and the look in the copy');
unlike(join("\n", @{ seen((copy($boris, 'en'))[0]) }), qr/withdrawals/, 'but not in that of who took nothing back');
is((cli('consents', 'find', 'nobody@example.org'))[0], 1, 'a search that finds nothing');
is_deeply(seen((copy($anna, 'en'))[0]), \@expected, 'shows nobody');
is((cli('consents', 'find', sql("SELECT max(id) FROM act")))[0], 0, 'one that finds acts');
push @expected, 'pdportalctl  consents find  0  4.1.2';
is_deeply(seen((copy($anna, 'en'))[0]), \@expected, 'is told');

# --- what can't be noted is not shown
sql('ALTER TABLE journal RENAME TO journal_away');
for my $list (['staff', 'list'], ['withdrawals', 'list'], ['policy', 'report', '--version', 1]) {
    my ($code, $out) = cli(@$list);
    isnt($code, 0, "the journal is away: @$list fails");
    unlike($out, qr/\Q$login\E|\Q$chief_login\E/i, 'and names nobody');
}
sql('ALTER TABLE journal_away RENAME TO journal');
is_deeply(seen((copy($anna, 'en'))[0]), \@expected, 'back again');

# --- who looked is called as now; of an account that is no more only the time is left
$chief->get('/portal/account/login');
is($chief->submit({ login => "new.$chief_login" }, form => qr{account/login$})->status, 303, 'another login');
s/ \Q$chief_login\E / new.$chief_login / for @expected;
is_deeply(seen((copy($anna, 'en'))[0]), \@expected, 'the login of now');
is((cli('staff', 'remove', "new.$chief_login", '--role', 'administrator'))[0], 0, 'the task ends');
my ($chief_id) = (cli('people', 'destroy', "new.$chief_login", '--reason', 'order'))[2] =~ /--confirm (\S+)/;
is((cli('people', 'destroy', "new.$chief_login", '--reason', 'order', '--confirm', $chief_id))[0], 0, 'the account is destroyed');
($file, $text, $html) = copy($anna, 'en');
is_deeply(seen($file), [('gone  unknown  0  ') x 3, @expected[3 .. 5]], 'that somebody looked stays, and no more') or diag explain seen($file);
is_deeply([map { $_->{at} } @{ $file->{sections}{looks} }[0 .. 3]], \@times, 'with the time');
unlike($text, qr/\Q$chief_login\E|$chief_id/i, 'without the name');
like($html, qr/By whom somebody of the administration whose account is no more List it cannot be told any more which/, 'in words');
like((copy($anna, 'ru'))[2], qr/сотрудник администрации, чьей учётной записи больше нет Список какой именно, уже нельзя узнать/, 'in Russian');
is((cli('verify-journal'))[0], 0, 'the journal is sound');
unlike($server->log, qr/:(?:crit|alert|emerg)\]|Segmentation|exit signal/, 'nothing crashed');
done_testing;
