# The term of the journal (F45; seed 5.1): old rows go from the front of its chain, by a clock that the test sets; what is
# left is proved, whoever cuts a chain without the key is found, and what needs the journal goes on behind a cut.
use strict;
use warnings FATAL => 'all';
use JSON::PP ();
use POSIX ();
use Test::More;
use PDPortal::Test;
use PDPortal::Setup ();

my $clock = "$ENV{PD_WORK}/journal-term.clock";
my $day = 0;
sub clock { $day = shift; return write_file($clock, sprintf "%+d\n", $day * 86_400) }
clock(0);
my %clock = (LD_PRELOAD => $ENV{PD_FALSE_CLOCK}, PD_CLOCK_FILE => $clock);
my $server = server(name => 'journal_term', set => { PDPortalMailRelay => "maildir:$ENV{PD_WORK}/journal_term/mail",
    PDPortalTermJournal => '3 years', PDPortalTermAccount => '3 years' }, env => \%clock);
my $folder = "$server->{dir}/mail";
my $conf = $server->{conf};
sub sql { return PDPortal::Setup::sql($server, @_) }
sub cli { local %ENV = (%ENV, %clock); return run_ctl(@_, '--config', $conf) }
sub verify { return cli('verify-journal', @_) }
sub json { my ($code, $out) = cli(@_, '--json'); return JSON::PP::decode_json($out) }
sub head { my ($out) = @_; return ($out =~ /^(test-host \d+ \S+)$/m)[0] }
sub rows { return sql('SELECT count(*) FROM journal') }
sub first { return sql('SELECT min(sequence) FROM journal') }
sub start { return sql('SELECT sequence FROM journal_start') }
# Somebody registers and signs in on a day; the journal's last number then.
sub on_day {
    clock(shift);
    $server->start;
    my ($browser, $login) = member(browser => $server->browser, folder => $folder);
    ok(until_true(sub { sql("SELECT count(*) FROM letter WHERE state IN ('queued', 'sending')") eq '0' }, 60), "day $day: the letters are out");
    $server->stop;
    return ($login, sql('SELECT sequence FROM journal_head'));
}

# --- three years and a day
my ($anna, $annas_last) = on_day(0);
my ($code, $out) = verify();
is($code, 0, 'the journal is whole') or diag $out;
my $old_head = head($out);
my ($boris, $boris_last) = on_day(2);
my ($clara) = on_day(1090);
my $all = rows();
clock(1097);
is((cli('jobs', 'run', 'expire'))[0], 0, 'a day before the term of the first rows is over: the job');
is(rows(), $all, 'removes none');
unlike((cli('check'))[1], qr/term of journal/, 'and check has no word of it');
clock(1098.5);
($code, $out) = cli('check');
like($out, qr/^notice    term of journal: $annas_last outlived the 3 years of PDPortalTermJournal; the job "expire" removes them$/m, 'half a day over: check gives notice') or diag $out;
clock(1099.5);
($code, $out) = cli('check');
is($code, 2, 'more than a day: exit code 2');
like($out, qr/^UNSOUND   term of journal: $annas_last outlived the 3 years of PDPortalTermJournal by more than a day/m, 'and said');
is(rows(), $all, 'looking removes nothing');

is((cli('jobs', 'run', 'expire'))[0], 0, 'the job');
is(first(), $annas_last + 1, 'removes the rows of the first day, and no others');
is(rows(), $all - $annas_last + 1, 'one more tells of it');
is(sql("SELECT count(*) FROM journal WHERE event = 'journal.cut' AND subject = ''"), 1, 'which names nobody');
unlike((cli('check'))[1], qr/term of journal/, 'check has no word of it any more');
like((cli('check'))[1], qr/^sound     journal$/m, 'and finds the journal sound');

# --- proving what is left
($code, $out) = verify();
is($code, 0, 'the rest is whole') or diag $out;
like($out, qr/The journal is whole: @{[rows()]} rows in 1 chains/, 'and said so');
my $head = head($out);
is((verify('--head', $head))[0], 0, 'its head fits later');
($code, $out) = verify('--head', $old_head =~ s/ \d+ / @{[$annas_last - 1]} /r);
is($code, 2, 'a head that is older than what is left: exit code 2');
like($out, qr/head given of host test-host can't be compared: rows up to $annas_last are gone.*Keep a newer one/, 'says what to do');
is(head($out), $head, 'and the head to be kept');
is(json('verify-journal', '--head', $old_head =~ s/ \d+ / 1 /r)->{finding}, 'not compared', 'in JSON');
is((verify('--head', $old_head))[0], 0, 'that of the very last row that went can be compared');
is((verify('--head', $old_head =~ s/\w$/-/r))[0], 2, 'and is');
($code, $out) = verify('--head', $old_head =~ s/ \d+ / 1 /r, '--head', $head =~ s/\w$/-/r);
like($out, qr/not whole/, 'one that is too old hides no other');

# --- a chain that is not sound is not cut
sql('CREATE TABLE early_start AS SELECT * FROM journal_start');
clock(1101);
my $due = $annas_last + 3;
sql("UPDATE journal SET event = 'x' || event WHERE sequence = $due");
my $before = rows();
($code, $out, my $said) = cli('jobs', 'run', 'expire');
is(rows(), $before, 'a chain with a changed row stays as it is');
like($said, qr/PD0940: journal of host test-host, row $due: not whole.*verify-journal/, 'which the log tells');
is((verify())[0], 2, 'and the change is found still');
sql("UPDATE journal SET event = substr(event, 2) WHERE sequence = $due");
is((cli('jobs', 'run', 'expire'))[0], 0, 'put right, the job');
is(start(), $boris_last, 'goes on');
is(first(), $boris_last + 1, 'to the last row that is old');

# --- forged
my $next = $boris_last + 1;
my $after = $next + 2;
sql('CREATE TABLE kept AS SELECT * FROM journal');
sql('CREATE TABLE kept_start AS SELECT * FROM journal_start');
for my $case (
    ['a start moved on, with the rows', "DELETE FROM journal WHERE sequence <= $after; UPDATE journal_start SET sequence = $after, told = $after", qr/row $after: start forged/],
    ['a link of a start', "UPDATE journal_start SET link = (SELECT chain FROM journal WHERE sequence = $next)", qr/row $boris_last: start forged/],
    ['the start taken away', 'DELETE FROM journal_start', qr/row 1: missing/],
    ['an older start', 'DELETE FROM journal_start; INSERT INTO journal_start SELECT * FROM early_start', qr/row @{[$annas_last + 1]}: missing/],
    ['rows behind the start taken away', "DELETE FROM journal WHERE sequence <= $after", qr/row $next: missing/],
    ['a row before the start', "INSERT INTO journal SELECT host, 1, at, event, subject, details, chain FROM journal WHERE sequence = $next", qr/row 1: inserted/],
  ) {
    my ($name, $forgery, $named) = @$case;
    sql($forgery);
    ($code, $out) = verify();
    is($code, 2, "$name: found");
    like($out, $named, "$name: the row is named");
    like((cli('check'))[1], qr/^UNSOUND   journal: it is not whole/m, "$name: check tells");
    sql('DELETE FROM journal; INSERT INTO journal SELECT * FROM kept; DELETE FROM journal_start; INSERT INTO journal_start SELECT * FROM kept_start');
    is((verify())[0], 0, "$name: put back, whole");
}
sql('DROP TABLE kept; DROP TABLE kept_start; DROP TABLE early_start');

# --- what needs the journal goes on
$server->start;
my $browser = $server->browser;
is(sign_in($browser, $clara)->status, 303, 'who came since signs in');
$browser->get('/portal/account/export');
my $page = $browser->submit({}, form => qr{/account/export$});
my $file = $browser->post('/portal/account/export/json', { csrf => $page->field('csrf', qr{/export/json$}), link => $page->field('link', qr{/export/json$}) });
is($file->status, 200, 'and fetches the data');
my $data = JSON::PP->new->utf8->decode($file->body);
my %events = map { $_->{event} => 1 } @{ $data->{sections}{journal} };
ok($events{$_}, "with the event $_") for qw(registration.begun act session.begun export.made);
my $month = POSIX::strftime('%Y-%m', gmtime time + 1090 * 86_400 + 3 * 3600); # as in Moscow
my $uses = json('report', 'uses', '--month', $month);
is((map { $_->{times} } grep { $_->{use} eq 'registration.confirmed' } @{ $uses->{uses} })[0], 1, 'the report of uses counts what is left') or diag explain $uses;
my $id = json('people', 'find', $clara)->{person};
is((cli('people', 'destroy', $clara, '--reason', 'order', '--confirm', $id))[0], 0, 'destroyed');
my $act = sql("SELECT id FROM destruction WHERE person_id = '$id'");
is((grep { $_->{event} eq 'person.destroyed' } @{ json('destructions', 'show', $act)->{extract} }), 1, 'the act has its extract');
ok(until_true(sub { sql("SELECT count(*) FROM letter WHERE state IN ('queued', 'sending')") eq '0' }, 60), 'the letters are out');
$server->stop;
is((verify('--head', $head))[0], 0, 'the journal is whole, and fits the head kept before');
if ($ENV{PD_DB} eq 'sqlite3') {
    my $copy = "$server->{dir}/copy.db";
    is((cli('backup', $copy))[0], 0, 'a backup behind a cut');
    ($code, $out, $said) = cli('restore', $copy, '--keys', "$copy.keys", '--force');
    is($code, 0, 'is put back') or diag "$out$said";
    is((verify())[0], 0, 'whole');
    is(start(), $boris_last, 'with its start');
}

# --- an extract is there as long as its act, and goes after it
clock(1101 + 1097);
is((cli('jobs', 'run', 'expire'))[0], 0, 'a day before three years are over: the job');
is((grep { $_->{event} eq 'person.destroyed' } @{ json('destructions', 'show', $act)->{extract} }), 1, 'leaves the extract');
clock(1101 + 1099);
is((cli('jobs', 'run', 'expire'))[0], 0, 'then');
is(sql("SELECT count(*) FROM destruction WHERE id = '$act'"), 0, 'the act goes');
is(sql("SELECT count(*) FROM journal WHERE subject = '$id'"), 0, 'and the extract');
is((verify())[0], 0, 'and what is left is whole');

# --- terms that are too short
for my $case (['1097d', '1 year', 'PDPortalTermJournal: 1097d is too short, for acts of destruction are kept for 3 years'],
    ['3 years', '4 years', 'PDPortalTermJournal: 3 years is shorter than PDPortalTermAccount, 4 years'],
    ['4 years', '4 years', undef], ['without limit', '4 years', undef], ['3 years', 'without limit', undef]) {
    my ($journal, $account, $why) = @$case;
    my $text = read_file($conf) =~ s/^PDPortalTerm(?:Journal|Account) .*\n//mgr;
    write_file($conf, qq{$text\nPDPortalTermJournal "$journal"\nPDPortalTermAccount "$account"\n});
    ($code, $said) = $server->configtest;
    my ($ctl_code, undef, $ctl_said) = cli('purposes');
    is($code, $why ? 1 : 0, "journal $journal, account $account: configtest") or diag $said;
    is($ctl_code, $why ? 1 : 0, 'pdportalctl likewise');
    next unless $why;
    like($said =~ s/\s+/ /gr, qr/\Q$conf\E:\d+: \Q$why\E/, 'with file, line and reason');
    like($ctl_said, qr/\Q$why\E/, 'and pdportalctl with its reason');
}
done_testing;
