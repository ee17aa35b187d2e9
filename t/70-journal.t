# The journal (F52): one row per event, chained; verify-journal names the first row that was touched.
use strict;
use warnings FATAL => 'all';
use Test::More;
use PDPortal::Test;
use PDPortal::Setup ();

my $server = server(name => 'journal', set => { PDPortalMailRelay => "maildir:$ENV{PD_WORK}/journal/mail" });
$server->start;
for (1 .. 3) {
    my ($browser, $login) = member(browser => $server->browser, folder => "$server->{dir}/mail");
    $browser->get('/portal/account/');
    $browser->submit({}, form => qr/logout/);
    sign_in($browser, $login, 'wrong password here');
}
$server->stop;

sub sql { return PDPortal::Setup::sql($server, @_) }
sub verify { return run_ctl('verify-journal', '--config', $server->{conf}, @_) }

my ($code, $out) = verify();
is($code, 0, 'the journal is whole') or diag $out;
my $rows = sql('SELECT count(*) FROM journal');
cmp_ok($rows, '>=', 15, "it has rows ($rows)");
for my $event (qw(registration.begun registration.confirmed act session.begun session.ended session.refused document.published)) {
    cmp_ok(sql("SELECT count(*) FROM journal WHERE event = '$event'"), '>=', $event eq 'document.published' ? 2 : 3, "events $event");
}
is(sql("SELECT count(*) FROM journal WHERE event = 'act'"), 6, 'an acknowledgement and a consent each');
my ($head) = $out =~ /^\s*(\S+ \d+ \S+)\s*$/m;
ok($head, 'the head is printed') or diag $out;
is((verify('--head', $head))[0], 0, 'and fits later');

my $middle = int($rows / 2);
my $where = "WHERE sequence = $middle";
my $next = $middle + 1;
# Each forgery, how it is taken back, what verify-journal says.
my @forgeries = (
    ['an event', "UPDATE journal SET event = 'x' $where", qr/$middle/],
    ['a subject', "UPDATE journal SET subject = 'x' $where", qr/$middle/],
    ['an instant', "UPDATE journal SET at = at + 1 $where", qr/$middle/],
    ['a chain value', "UPDATE journal SET chain = 'x' $where", qr/$middle/],
    ['details', "UPDATE journal SET details = details || 'x' $where", qr/$middle/],
    ['a row cut out', "DELETE FROM journal $where", qr/$middle/],
    ['the last row cut off', "DELETE FROM journal WHERE sequence = $rows", qr/$rows/],
    ['a row put in', "INSERT INTO journal SELECT host, $rows + 1, at, event, subject, details, chain FROM journal $where", qr/@{[$rows + 1]}/],
    ['two rows exchanged', "UPDATE journal SET sequence = -1 $where; UPDATE journal SET sequence = $middle WHERE sequence = $next; "
        . "UPDATE journal SET sequence = $next WHERE sequence = -1", qr/$middle/],
    ['the head set back', "UPDATE journal_head SET sequence = sequence - 1", qr/./],
    ['the head taken away', "DELETE FROM journal_head", qr/./],
);
sql('CREATE TABLE kept_journal AS SELECT * FROM journal');
sql('CREATE TABLE kept_head AS SELECT * FROM journal_head');
for my $case (@forgeries) {
    my ($name, $statement, $named) = @$case;
    sql($statement);
    ($code, $out, my $error) = verify();
    is($code, 2, "$name: found");
    like($out . $error, $named, "$name: the row is named");
    sql('DELETE FROM journal; INSERT INTO journal SELECT * FROM kept_journal; DELETE FROM journal_head; INSERT INTO journal_head SELECT * FROM kept_head');
    is((verify())[0], 0, "$name taken back: whole");
}

# Cut off together with a fitting older head: only a head kept elsewhere shows it.
sql("DELETE FROM journal WHERE sequence > $middle");
isnt((verify('--head', $head))[0], 0, 'a shorter journal does not fit the head kept elsewhere');
sql('DROP TABLE kept_journal; DROP TABLE kept_head');

# No readable personal value in it.
is(sql("SELECT count(*) FROM journal WHERE details LIKE '%mail.test%' OR subject LIKE '%user%'"), 0, 'nothing readable about anybody');
done_testing;
