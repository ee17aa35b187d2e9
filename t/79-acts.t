# The end of the ledger of acts: what stands is kept, withdrawals too, for the account's sake; what has ended goes when its
# term is over, also of people who were destroyed before the portal remembered when.
use strict;
use warnings FATAL => 'all';
use utf8;
use JSON::PP ();
use Test::More;
use PDPortal::Test;
use PDPortal::Setup ();

my $clock = "$ENV{PD_WORK}/acts.clock";
sub days { my ($days) = @_; write_file("$clock.new", sprintf "%+d\n", $days * 86400); return rename "$clock.new", $clock }
days(0);
my %clocked = (LD_PRELOAD => $ENV{PD_FALSE_CLOCK}, PD_CLOCK_FILE => $clock);
my $folder = "$ENV{PD_WORK}/acts/mail";
my $server = server(name => 'acts', set => { PDPortalMailRelay => "maildir:$folder", PDPortalTermActs => '30d' }, env => {%clocked});
$server->start;
sub sql { return PDPortal::Setup::sql($server, @_) }
sub cli { local %ENV = (%ENV, %clocked); return run_ctl(@_, '--config', $server->{conf}) }
sub person { my ($browser, $login, $email) = member(browser => $server->browser, folder => $folder); return ($browser, $login, $email, sql('SELECT id FROM person ORDER BY id DESC LIMIT 1')) }
sub destroyed { my ($login, $id) = @_; return is((cli('people', 'destroy', $login, '--reason', 'order', '--confirm', $id))[0], 0, 'a person is destroyed') }

# Who works for the site takes the consent to processing back; the task is done, and the term passes.
my ($nurse, $login, $email, $nurse_id) = person();
is((cli('staff', 'add', $login, $email, '--role', 'nurse'))[0], 0, 'a nurse');
$nurse->get('/portal/account/consents/processing/withdraw');
is($nurse->submit({}, form => qr{processing/withdraw$})->status, 303, 'takes the consent to processing back');
my $act = sql("SELECT act FROM withdrawal WHERE person_id = '$nurse_id'");
is((cli('withdrawals', 'done', $act))[0], 0, 'what follows from it is done');

# Somebody was destroyed before schema 18, which remembers it; another one after it.
my (undef, $old_login, undef, $old_id) = person();
destroyed($old_login, $old_id);
sql('DELETE FROM former_person');
my (undef, $new_login, undef, $new_id) = person();
destroyed($new_login, $new_id);
is(sql('SELECT count(*) FROM act'), 7, 'two acts of each, and the withdrawal');
is((cli('jobs', 'run', 'expire'))[0], 0, 'the job, in time');
is(sql('SELECT count(*) FROM act'), 7, 'removes none');

days(29);
is((cli('jobs', 'run', 'expire'))[0], 0, 'the job after 29 days');
is(sql('SELECT count(*) FROM act'), 7, 'removes none either');
days(32);
like((cli('check'))[1], qr/^UNSOUND   term of acts: 5 outlived/m, 'two days late: check tells of all that has ended');
is((cli('jobs', 'run', 'expire'))[0], 0, 'the job');
is(sql('SELECT count(*) FROM act'), 2, 'removes them');
is(sql("SELECT verb FROM act WHERE kind = 'processing'"), 'withdrew', 'but not the withdrawal, for which the account is there');
is(sql('SELECT count(*) FROM former_person'), 0, 'and what was remembered of who was destroyed');
unlike((cli('check'))[1], qr/term of acts/, 'then check is content');
is((cli('staff', 'remove', $login, '--role', 'nurse'))[0], 0, 'the appointment ends');
is(sql("SELECT task FROM withdrawal WHERE person_id = '$nurse_id' AND done_at = 0"), 'close', 'and now the account is closed, for it stands on nothing');

# Many acts: standing ones are passed over, what has ended behind them is found, in one run.
my $columns = 'id, pseudonym, verb, kind, version, language, html_sha256, wording, form, at, sequence';
sub many {
    my ($from, $n, $sequence, $name) = @_;
    my $numbers = join ', ', map { "('017e0000-0000-7000-8000-" . sprintf("%012d'", $from + $_) . ", '$name$_')" } 1 .. $n;
    return sql("WITH old (id, name) AS (VALUES $numbers) INSERT INTO act ($columns) SELECT id, name, 'consented', 'research', 1, 'en', 'h', 'w', 'consent', 1, $sequence FROM old");
}
many(0, 1100, 1, 'standing');
many(2000, 700, 1, 'ended');
many(4000, 700, 2, 'ended');
my ($code, $out) = cli('jobs', 'run', 'expire');
is("$code $out", "0 expire: 700\n", 'one run removes all that has ended');
is(sql("SELECT count(*) FROM act WHERE kind = 'research'"), 1800, 'and leaves what stands');
is((cli('verify-journal'))[0], 0, 'the journal is whole');
unlike($server->log, qr/:(?:crit|alert|emerg)\]|exit signal/, 'nothing crashed');
done_testing();
