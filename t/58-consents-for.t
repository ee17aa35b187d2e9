# What a consent has to stand beyond its own pages: taken back for somebody blocked or on paper; a letter that can't be
# made doesn't hold a withdrawal up; words of a box that changed while they were read.
use strict;
use warnings FATAL => 'all';
use utf8;
use JSON::PP ();
use Test::More;
use PDPortal::Test;
use PDPortal::Setup ();

my $own = "$ENV{PD_WORK}/consents-for-templates";
mkdir $own;
mkdir "$own/mail";
my $server = server(name => 'consents-for', set => { PDPortalMailRelay => "maildir:$ENV{PD_WORK}/consents-for/mail", PDPortalSessionRecheck => '1h', PDPortalTemplates => $own },
    extra => PDPortal::Server::many_processes());
PDPortal::Setup::publish($server->{conf}, 'research', 'research');
$server->start;
my $folder = "$server->{dir}/mail";
my $list = '/portal/account/consents';
my ($anna, $login, $email) = member(browser => $server->browser, folder => $folder);
sub sql { return PDPortal::Setup::sql($server, @_) }
sub cli { return run_ctl(@_, '--config', $server->{conf}) }
sub ctl_json { my ($code, $out) = cli(@_, "--json"); return ($code, JSON::PP::decode_json($out)) }
sub give {
    my ($browser, $kind) = @_;
    $browser->get("$list/$kind");
    return $browser->submit({ "consent_$kind" => 1 }, form => qr{$kind$})->status;
}
sub everywhere {
    my ($path, $wanted, $name) = @_;
    my ($status, $processes) = $server->ask_everywhere($anna, $path);
    cmp_ok($processes, '>=', 2, "$name: asked of $processes processes");
    return is_deeply([keys %$status], [$wanted], "$name: $wanted from all of them") || diag explain $status;
}

# Taken back at the shell.
is(give($anna, 'research'), 303, 'given');
my @reason = ('--reason', 'letter no. 12 of 3 March');
for my $case (['no reason', [$login, 'research'], 64], ['an empty one', [$login, 'research', '--reason', ''], 64], ['too long', [$login, 'research', '--reason', 'x' x 501], 64],
    ['no kind', [$login, @reason], 64], ['nobody', ['nobody-here', 'research', @reason], 1], ['no such consent', [$login, 'poem', @reason], 1], ['the policy', [$login, 'policy', @reason], 1])
{
    my ($name, $words, $wanted) = @$case;
    my ($code, undef, $error) = cli('consents', 'withdraw', @$words);
    is($code, $wanted, "$name: $wanted");
    like($error, qr/^pdportalctl: /, "$name: is told");
}
is(sql("SELECT count(*) FROM act WHERE verb = 'withdrew'"), 0, 'none of that took anything back');
my ($code, $out, $error) = cli('consents', 'withdraw', $login, 'research', @reason);
is($code, 0, 'taken back') or diag $error;
like($out, qr/^Taken back: the consent "research" of \Q$login\E\.$/, 'and said');
my $letter = letter_that($email, qr/took back/, $folder);
like($letter->{text}, qr/you took back your consent:\n\n“Test consent to research”, version 1.*destroyed no later than \d+ \w+ \d{4}\n/s, 'the person gets the letter');
unlike($letter->{text}, qr/In the words/, 'which tells of no button that nobody pressed');
is(sql("SELECT form FROM act WHERE verb = 'withdrew'"), 'withdraw-for', 'the ledger knows that it was done for the person');
is((ctl_json('withdrawals', 'list'))[1]{withdrawals}[0]{task}, 'destroy', 'the 30 days run');
like($anna->get("$list/research")->text, qr/Withdrawn \d+ \w+ .*destroyed no later than/, 'the page says so');
is((cli('consents', 'withdraw', $login, 'research', @reason))[0], 1, 'again: nothing stands');
is(sql("SELECT count(*) FROM act WHERE verb = 'withdrew'"), 1, 'taken back once');
is(sql(q{SELECT count(*) FROM journal WHERE details LIKE '%letter no. 12%'}), 0, 'the reason is sealed');

# Of somebody who is blocked; every process hears of it.
everywhere('/cabinet/', 200, 'before');
sql("UPDATE person SET state = 'blocked'");
is((cli('consents', 'withdraw', $email, 'processing', @reason))[0], 0, 'blocked: taken back all the same');
is((ctl_json('withdrawals', 'list'))[1]{withdrawals}[1]{task}, 'close', 'the account is to be closed');
like(letter_that($email, qr/Test consent to processing”, version 1, in English\n.*Your account stood on it/s, $folder)->{text}, qr/took back/, 'with its letter');
sql("UPDATE person SET state = 'active'");
everywhere('/cabinet/', 303, 'taken back: closed');
is(sql("SELECT count(*) FROM journal WHERE event = 'purpose.refused'"), 0, 'every command named its purpose');
($code, $out, $error) = cli('withdrawals', 'done', sql("SELECT act FROM withdrawal WHERE task = 'close'"));
is($code, 1, 'nobody can say of an account that closes that it was done');
like($error, qr/the portal destroys its data by itself, by \d+/, 'and is told who does it');
is(sql("SELECT count(*) FROM withdrawal WHERE task = 'close' AND done_at = 0"), 1, 'it is still due');
is((cli('withdrawals', 'done', sql("SELECT act FROM withdrawal WHERE task = 'destroy'")))[0], 0, 'what was kept for the other consent: done');
is(sql("SELECT count(*) FROM journal WHERE event = 'purpose.refused'"), 0, 'so did that');

is(give($anna, $_), 303, "$_: given again") for qw(processing research);

# What the portal kept for the consent to optional messages alone goes with it.
PDPortal::Setup::publish($server->{conf}, 'notices', 'research');
is(give($anna, 'notices'), 303, 'optional messages: agreed');
my $id = (ctl_json('people', 'find', $login))[1]{person};
is((cli('notices', 'send', '--kind', $_->[0], '--file', PDPortal::Setup::write_file("$server->{dir}/$_->[0].txt", "Subject\n\nWords.\n"), '--to', $login))[0], 0, "a message: $_->[0]") for ['news'], ['survey'], ['message'];
ok(until_true(sub { sql("SELECT count(*) FROM letter WHERE kind = 'notice-optional' AND state = 'sent'") eq '1' }, 60), 'with a letter');
$anna->get('/portal/account/notices');
is($anna->submit({ want_survey => undef }, form => qr{/account/notices$})->status, 303, 'one kind is turned off');
sub kept { return join ' ', map { sql("SELECT count(*) FROM $_") } "notice WHERE kind IN ('news', 'survey')", 'notice_off', "letter WHERE kind = 'notice-optional'" }
is(kept(), '2 1 1', 'all that is kept for it');
like($anna->get("$list/notices/withdraw")->text, qr/Messages of this kind .* are destroyed at once/, 'said before');
unlike($anna->get("$list/research/withdraw")->text, qr/Messages of this kind/, 'of this consent only');
$anna->get("$list/notices/withdraw");
is($anna->submit({}, form => qr{withdraw$})->status, 303, 'taken back');
is(kept(), '0 0 0', 'destroyed');
is(sql("SELECT count(*) FROM notice WHERE person_id = '$id' AND kind = 'message'"), 1, 'what is obligatory stays');
is((ctl_json('withdrawals', 'list'))[1]{withdrawals}[0]{consent}, 'notices', 'what applications keep for it has its clock still');

# A template that makes no letter.
$server->stop;
write_file("$own/mail/consent-withdrawn.txt", "{{#closes}}About your decision{{/closes}}\n\nyou took it back\n");
$server->start;
is((ctl_json('check'))[1]{letters_lacking}, 0, 'no letter lacks yet');
$anna->get($list);
is($anna->submit({}, form => qr{research/withdraw$})->status, 303, 'a template without a subject: the withdrawal stands');
like($anna->get("$list/research")->text, qr/Withdrawn \d+ \w+/, 'as its page says');
like($server->log, qr/PD0750: letter \S+ of the kind consent-withdrawn is lacking/, 'the log tells of the letter');
is(sql("SELECT count(*) FROM journal WHERE event = 'letter.failed'"), 1, 'so does the journal');
($code, my $found) = ctl_json('check');
is("$code $found->{letters_lacking}", '0 1', 'and check');
like(join(' ', map { $_->{thing} } @{ $found->{findings} }), qr/letters \(1 could not be made/, 'in words');
$server->stop;
unlink "$own/mail/consent-withdrawn.txt";
$server->start;

# The words of a box change while somebody reads them.
my $read = $anna->get("$list/research");
my $guest = $server->browser;
my $form = $guest->get('/portal/register');
$server->stop;
write_file("$own/wording-$_.txt", "Other words of the box, version {{version}}") for qw(consent processing);
$server->start;
my $got = $anna->submit({ consent_research => 1 }, form => qr{research$}, page => $read);
is($got->status, 403, 'other words than were read: not given');
like($got->text, qr/Other words of the box, version 1/, 'they are shown');
is(sql("SELECT verb FROM act WHERE kind = 'research' ORDER BY sequence DESC LIMIT 1"), 'withdrew', 'and nothing was written');
is($anna->submit({ consent_research => 1 }, form => qr{research$})->status, 303, 'then given');
is(sql("SELECT wording FROM act WHERE kind = 'research' ORDER BY sequence DESC LIMIT 1"), 'Other words of the box, version 1', 'in the words that were shown');
my %fields = (login => 'somebody', email => 'somebody@example.org', password => 'a long password of 9 words', policy => 1, consent_processing => 1);
is($guest->submit(\%fields, page => $form)->status, 403, 'registration: the same');
is(sql('SELECT count(*) FROM person'), 1, 'nobody was registered');
is($guest->submit(\%fields)->status, 303, 'with the words now shown: registered');

is((cli('verify-journal'))[0], 0, 'the journal is whole');
unlike($server->log, qr/:(?:crit|alert|emerg)\]|Segmentation|exit signal/, 'nothing crashed');
done_testing;
