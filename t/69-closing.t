# Closing an account (F21), recalling it, destruction with its act (F38): what was promised before is what happens,
# at the very next request in every process; nothing of the person can be read afterwards.
use strict;
use warnings FATAL => 'all';
use utf8;
use Digest::SHA qw(hmac_sha1);
use File::Find ();
use JSON::PP ();
use Test::More;
use PDPortal::Test;
use PDPortal::Setup ();

my $clock = "$ENV{PD_WORK}/closing.now";
sub clock { my ($days) = @_; return write_file($clock, sprintf "%+d\n", $days * 24 * 3600) }
clock(0);
my %clock = (LD_PRELOAD => $ENV{PD_FALSE_CLOCK}, PD_CLOCK_FILE => $clock);
my $folder = "$ENV{PD_WORK}/closing-mail";
my $server = server(name => 'closing', set => { PDPortalMailRelay => "maildir:$folder", PDPortalSessionRecheck => '1h', PDPortalOperator => 'Birch LLC, 5 Lake Street' },
    env => \%clock, extra => PDPortal::Server::many_processes());
$server->start;
my $close = '/portal/account/close';
sub sql { return PDPortal::Setup::sql($server, @_) }
sub cli { local %ENV = (%ENV, %clock); return run_ctl(@_, '--config', $server->{conf}) }
sub cli_json { my ($code, $out) = cli(@_, '--json'); return ($code, JSON::PP::decode_json($out)) }
sub state_of { my ($id) = @_; return sql("SELECT state FROM person WHERE id = '$id'") }
sub id_of { my ($login) = @_; return (cli_json('people', 'find', $login))[1]{person} }
sub somebody { my ($browser, $login, $email) = member(browser => $server->browser, folder => $folder, @_); return ($browser, $login, $email, id_of($login)) }
sub close_it { my ($browser) = @_; $browser->get($close); return $browser->submit({}, form => qr{close$}) }
sub events { my ($id, $event) = @_; return sql("SELECT count(*) FROM journal WHERE subject = '$id' AND event = '$event'") }

# RFC 6238, by hand.
sub code_of {
    my ($key) = @_;
    my $bits = join '', map { sprintf '%05b', index 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', $_ } split //, $key;
    my $mac = hmac_sha1(pack('Q>', int(time / 30)), pack 'B*', $bits);
    my $at = ord(substr $mac, 19) & 15;
    return sprintf '%06d', (unpack('N', substr $mac, $at, 4) & 0x7fffffff) % 1_000_000;
}

my ($anna, $login, $email, $id) = somebody();
like($id, qr/^[0-9a-f-]{36}$/, 'people find');
my ($second, $third) = map { my $browser = $server->browser; sign_in($browser, $login); $browser } 1 .. 2;

# Said before.
is($server->browser->get($close)->status, 303, 'a guest is led to sign-in');
my $page = $anna->get($close);
is($page->status, 200, 'the page');
like($page->text, qr/What is destroyed, and when.* after \d+ \w+ \d{4}.*What is kept/s, 'says what is destroyed, when, and what is kept');
is(state_of($id), 'active', 'looking changes nothing');
is($anna->post($close, [csrf => 'made-up'])->status, 403, 'only by its own form');
like($anna->{last}->text, qr/Nothing was closed\./, 'which says that nothing was done');
page_like($anna->get('/portal/account/'), qr{href="\Q$close\E"}, 'the account page leads there');

# Closed.
my $posted = close_it($anna);
is($posted->status, 303, 'closed');
like($anna->follow($posted)->text, qr/account is being closed/, 'which is said');
is(state_of($id), 'closing', 'the state');
my ($status, $processes) = $server->ask_everywhere($second, '/cabinet/');
cmp_ok($processes, '>=', 2, "asked of $processes processes");
is_deeply([keys %$status], [303], 'out in all of them');
is(sql("SELECT count(*) FROM session WHERE person_id = '$id'"), 0, 'no session is left');
my $letter = letter_that($email, qr/is being closed/, $folder);
like($letter->{text}, qr/destroyed for ever after \d+ \w+ \d{4}/, 'the letter says when');
is($letter->{subject}, 'About your account', 'its subject is neutral');
my ($link) = $letter->{text} =~ m{(/portal/recall\?t=\S+)};
ok($link, 'with a link');
is(events($id, 'closing.begun'), 1, 'journalled');

# A sign-in leads to the recall, only with the right password; it begins no session.
my $again = $server->browser;
is(sign_in($again, $login, 'wrong-harbour lantern 42')->status, 422, 'a wrong password: as ever');
unlike($again->{last}->text, qr/being closed|Keep the account/, 'and tells nothing');
$posted = sign_in($again, $login);
is($posted->status, 303, 'the right one');
is($posted->header('location'), '/portal/recall', 'leads to the page that offers the recall');
$page = $again->follow($posted);
like($page->text, qr/Keep the account\?.*destroyed after \d+ \w+ \d{4}/s, 'with the date');
is($again->get('/portal/account/')->status, 303, 'and nobody is signed in');
is(state_of($id), 'closing', 'nothing is recalled by looking');
$server->browser->get('/portal/recover');
is((cli('people', 'close', $login, '--reason', 'request'))[0], 0, 'closing once more');
is(events($id, 'closing.begun'), 1, 'changes nothing');

# Recalled by the letter, on another browser.
my $other = $server->browser;
$page = $other->follow($other->get($link));
is($page->status, 200, 'the link opens the page');
is($page->{path}, '/portal/recall', 'whose address has no token');
is(state_of($id), 'closing', 'the link alone recalls nothing');
is($other->post('/portal/recall', [csrf => 'made-up'])->status, 403, 'nor does a form that is not its own');
$other->get('/portal/recall');
$posted = $other->submit({}, form => qr{recall$});
is($posted->status, 303, 'recalled');
like($other->follow($posted)->text, qr/The account is kept/, 'which is said');
is(state_of($id), 'active', 'as it was');
ok(letter_that($email, qr/closing was called off/, $folder), 'and written');
is(events($id, 'closing.recalled'), 1, 'and journalled');
is(sign_in($other, $login)->status, 303, 'signing in works');
is($other->get('/cabinet/')->status, 200, 'and the sections are open');
like($again->get('/portal/recall')->text, qr/keeps no account/, 'the link of the sign-in is void');
like($server->browser->follow($server->browser->get($link))->text, qr/keeps no account/, 'the letter\'s is used');
is(sql('SELECT count(*) FROM closing'), 0, 'nothing is left of it');
is($third->get('/cabinet/')->status, 303, 'sessions that were ended stay so');

# Who doesn't acknowledge a new policy, or took the consent to processing back, closes all the same.
PDPortal::Setup::publish_anew($server->{conf}, 'policy', 'policy');
is($other->get('/cabinet/')->status, 303, 'a new policy stands before the sections');
page_like($other->get('/portal/acknowledge'), qr{href="\Q$close\E"}, 'its page leads to closing');
is($other->get($close)->status, 200, 'which needs no acknowledgement');
my ($olga, $olga_login, $olga_email, $olga_id) = somebody();
$olga->get('/portal/account/consents/processing/withdraw');
$olga->submit({}, form => qr{withdraw$});
is(sql("SELECT task FROM withdrawal WHERE person_id = '$olga_id'"), 'close', 'the consent is taken back');
is(close_it($olga)->status, 303, 'and the account closed');
is(state_of($olga_id), 'closing', 'is being closed');
my ($second_withdrawn, undef, undef, $withdrawn_id) = somebody();
$second_withdrawn->get('/portal/account/consents/processing/withdraw');
$second_withdrawn->submit({}, form => qr{withdraw$});

# Blocked: by the administration's command; a recall restores the block.
my (undef, $blocked_login, $blocked_email, $blocked) = somebody();
sql("UPDATE person SET state = 'blocked' WHERE id = '$blocked'");
is((cli('people', 'close', $blocked_login))[0], 64, 'people close wants a reason');
is((cli('people', 'close', $blocked_login, '--reason', 'whim'))[0], 64, 'one of two');
is((cli('people', 'close', $blocked_login, '--reason', 'request'))[0], 0, 'people close');
is(state_of($blocked), 'closing', 'closes who is blocked');
my $his = $server->browser;
my ($his_link) = letter_that($blocked_email, qr/is being closed/, $folder)->{text} =~ m{(/portal/recall\?t=\S+)};
$his->follow($his->get($his_link));
$his->submit({}, form => qr{recall$});
is(state_of($blocked), 'blocked', 'recalled: blocked as before');

# The blocked close it themselves: who gives the right password is led there, nobody else.
sub block { my ($who) = @_; return (cli('people', 'block', $who, '--reason', 'disputed'))[0] }
my ($pyotr, $pyotr_login, $pyotr_email, $pyotr_id) = somebody();
is(block($pyotr_login), 0, 'people block');
my $guest = $server->browser;
is(sign_in($guest, $pyotr_login, 'wrong-harbour lantern 42')->status, 422, 'a wrong password: as ever');
unlike($guest->{last}->text, qr/blocked|Close/, 'and tells nothing');
like($guest->get('/portal/blocked')->text, qr/nothing to offer/, 'nor does the page');
$posted = sign_in($guest, $pyotr_login);
is($posted->status, 303, 'the right one');
is($posted->header('location'), '/portal/blocked', 'leads to the page that offers it');
$page = $guest->follow($posted);
like($page->text, qr/Your account is blocked.*destroyed for ever after \d+ \w+ \d{4}/s, 'with the date');
ok(!defined $page->field('code', qr{blocked$}), 'without a second factor no code is asked for');
is($guest->get('/portal/account/')->status, 303, 'and nobody is signed in');
is($guest->post('/portal/blocked', [csrf => 'made-up'])->status, 403, 'only by its own form');
like($guest->{last}->text, qr/Nothing was closed\./, 'which says that nothing was done');
is(state_of($pyotr_id), 'blocked', 'nothing is closed by looking');
PDPortal::Setup::ctl_ok($server->{conf}, 'people', 'unblock', $pyotr_login, '--reason', 'settled');
like($guest->get('/portal/blocked')->text, qr/nothing to offer/, 'unblocked meanwhile: the link is void');
is(block($pyotr_login), 0, 'blocked once more');
my $elsewhere = $server->browser;
$elsewhere->follow(sign_in($elsewhere, $pyotr_login));
like($guest->get('/portal/blocked')->text, qr/nothing to offer/, 'only the last link is good');
$posted = $elsewhere->submit({}, form => qr{blocked$});
is($posted->status, 303, 'closed by its person');
like($elsewhere->follow($posted)->text, qr/account is being closed/, 'which is said');
is(state_of($pyotr_id), 'closing', 'the state');
is(events($pyotr_id, 'closing.begun'), 1, 'journalled');
like($elsewhere->get('/portal/blocked')->text, qr/nothing to offer/, 'the link is used up');
my ($recall) = letter_that($pyotr_email, qr/is being closed/, $folder)->{text} =~ m{(/portal/recall\?t=\S+)};
$guest->follow($guest->get($recall));
$guest->submit({}, form => qr{recall$});
is(state_of($pyotr_id), 'blocked', 'recalled: blocked as before');

# A second factor is asked for there; nothing is used up by a wrong code.
my ($vera, $vera_login, undef, $vera_id) = somebody();
my $factor = '/portal/account/second-factor';
$vera->get($factor);
$vera->submit({ act => 'begin' }, form => qr/second-factor/);
my ($secret) = $vera->get($factor)->body =~ m{secret=([A-Z2-7]{32})&};
$vera->get($factor);
my @spare = $vera->submit({ act => 'confirm', code => code_of($secret) }, form => qr/second-factor/)->body =~ m{<code>(\d{4} \d{4})</code>}g;
is(scalar @spare, 10, 'a second factor is on');
is(block($vera_login), 0, 'blocked');
$vera->follow(sign_in($vera, $vera_login));
is($vera->submit({ code => '' }, form => qr{blocked$})->status, 422, 'no code');
is($vera->submit({ code => '0000 0000' }, form => qr{blocked$})->status, 422, 'a wrong one');
like($vera->{last}->text, qr/Your account is blocked.*Error:/s, 'asked for again');
is(state_of($vera_id), 'blocked', 'nothing is closed');
is(events($vera_id, 'factor.refused'), 2, 'both are journalled');
is(sql("SELECT count(*) FROM sign_in WHERE person_id = '$vera_id' AND outcome = 'code'"), 2, 'and in the history of sign-ins');
is($vera->submit({ code => $spare[0] }, form => qr{blocked$})->status, 303, 'a spare code');
is(state_of($vera_id), 'closing', 'closes it');
my ($igor, $igor_login, $igor_email, $igor_id) = somebody();
PDPortal::Setup::ctl_ok($server->{conf}, 'staff', 'add', $igor_login, $igor_email, '--role', 'nurse');
is(block($igor_login), 0, 'somebody who works for the site is blocked');
like($igor->follow(sign_in($igor, $igor_login))->text, qr/has to end your appointment first/, 'and told that the appointment ends first');
ok(!$igor->{last}->form(qr{blocked$}), 'without a button');

# Staff: the role ends first.
my ($editor, $staff_login, $staff_email, $staff) = somebody();
PDPortal::Setup::ctl_ok($server->{conf}, 'staff', 'add', $staff_login, $staff_email, '--role', 'administrator');
like($editor->get($close)->text, qr/end your appointment first/, 'who works for the site is told so');
ok(!$editor->{last}->form(qr{close$}), 'and gets no button');
is((cli('people', 'close', $staff_login, '--reason', 'request'))[0], 1, 'nor does the command close it');
is((cli('people', 'destroy', $staff_login, '--reason', 'order', '--confirm', $staff))[0], 1, 'or destroy');
is(state_of($staff), 'active', 'nothing was done');

# By order, in two steps.
my ($victim, $victim_login, $victim_email, $victim_id) = somebody();
is((cli('people', 'destroy', $victim_login))[0], 64, 'people destroy wants a reason');
my ($code, undef, $error) = cli('people', 'destroy', $victim_login, '--reason', 'court order 7');
is($code, 1, 'asks first');
like($error, qr/add --confirm \Q$victim_id\E/, 'for the id');
is((cli('people', 'destroy', $victim_login, '--reason', 'court order 7', '--confirm', $id))[0], 1, "another's id is none");
is(state_of($victim_id), 'active', 'and nothing is destroyed');
($code, my $answer) = cli_json('people', 'destroy', $victim_login, '--reason', 'court order 7', '--confirm', $victim_id);
is($code, 0, 'confirmed: destroyed') or diag explain $answer;
is(state_of($victim_id), 'destroyed', 'the state');
($status, $processes) = $server->ask_everywhere($victim, '/cabinet/');
is_deeply([keys %$status], [303], "out, in $processes processes");
is(sign_in($server->browser, $victim_login)->status, 422, 'no sign-in');
is((cli('people', 'find', $victim_login))[0], 1, 'nobody has the login');
my $act = $answer->{act};
($code, my $shown) = cli_json('destructions', 'show', $act);
my %told = %{ $shown->{destruction} };
is($told{note}, 'court order 7', 'the act has the reason');
is($told{operator}, 'Birch LLC, 5 Lake Street', 'the operator');
like($told{system}, qr{^Test Clinic, http://\S+/portal$}, 'the system');
is($told{person}, $victim_id, 'the person by number');
is($told{destroyed}{identifier}, 2, 'what was destroyed: names');
is($told{destroyed}{person}, 1, 'and the person');
is((grep { $_->{event} eq 'person.destroyed' } @{ $shown->{extract} }), 1, 'and the extract of the log');
is((cli('destructions', 'show', 'none'))[0], 1, 'no such act');
like((cli('destructions', 'list'))[1], qr/^\Q$act\E .* order$/m, 'the list');

# The pages of administrators.
is($other->get('/portal/staff/destructions')->status, 403, 'nobody else sees them');
page_like($editor->get('/portal/staff/documents'), qr{href="/portal/staff/destructions"}, 'the staff page leads there');
page_like($editor->get('/portal/staff/destructions'), qr{href="/portal/staff/destructions/$act"}, 'the list');
$page = $editor->get("/portal/staff/destructions/$act");
is($page->status, 200, 'the act');
like($page->text, qr/$_/, "has $_") for 'Birch LLC, 5 Lake Street', 'court order 7', $victim_id, 'Login, e-mail address, language', 'Position, full name, signature', 'person\.destroyed', 'Method', 'counted again afterwards', 'Kept until';
unlike($page->body, qr/\Q$victim_login\E/, 'and no name');
unlike($page->body, qr{<li>\s*<span class="hint">}, 'each category has words');
is($editor->get('/portal/staff/destructions/none')->status, 404, 'no such act');

# The job: not before its time, then wholly.
$posted = close_it($other);
is($posted->status, 303, 'Anna closes it for good') or diag $posted->text;
my ($last_link) = @{ until_true(sub { my @links = grep { $_ ne $link } map { $_->{text} =~ m{(/portal/recall\?t=\S+)} } letters_for($email, $folder); @links ? \@links : undef }, 30) };
clock(13);
cli('jobs', 'run', 'destroy');
is(state_of($id), 'closing', 'not destroyed after 13 days');
like($server->browser->follow($server->browser->get($link))->text, qr/keeps no account/, 'an older link does not work');
my $late = $server->browser;
ok($late->follow($late->get($last_link))->form(qr{recall$}), 'the last one does');
my %before = map { $_ => sql("SELECT $_ FROM person WHERE id = '$id'") } qw(login email data_key);
my $acts = sql('SELECT count(*) FROM act');
my $receipt = sql("SELECT max(id) FROM act WHERE kind = 'policy'");
cmp_ok(sql("SELECT count(*) FROM act WHERE address <> ''"), '>', 0, 'acts were done from somewhere');
clock(16);
like($late->get('/portal/recall')->text, qr/keeps no account/, 'too late to recall');
is((cli('jobs', 'run', 'destroy'))[0], 0, 'the job');
is(state_of($_), 'destroyed', 'destroyed') for $id, $olga_id;
is(state_of($withdrawn_id), 'active', 'of a consent taken back, not yet');
is(state_of($blocked), 'blocked', 'who recalled is there');
my @tables = map { PDPortal::Setup::read_file($_) =~ /CREATE TABLE (\w+) \(/g } sort glob("$ENV{PD_SOURCE_DIR}/src/db/migrations/*.sql");
for my $table (@tables) {
    my @columns = grep { sql("SELECT count(*) FROM " . ($ENV{PD_DB} eq 'pgsql' ? "information_schema.columns WHERE table_name = '$table' AND column_name = '$_'" : "pragma_table_info('$table') WHERE name = '$_'")) } 'person_id';
    is(sql("SELECT count(*) FROM $table WHERE person_id = '$id'"), 0, "$table: no row is left") if @columns && $table ne 'destruction';
}
is(sql("SELECT login || email || data_key FROM person WHERE id = '$id'"), '', 'the person is empty, without a key');
is(sql('SELECT count(*) FROM act'), $acts, 'the ledger of acts stays');

# Who comes back with the address of then is shown what was agreed to.
my $looks = sql("SELECT count(*) FROM journal WHERE event = 'staff.look'");
($code, my $proof) = cli_json('consents', 'find', $email);
is($code, 0, 'consents find: by the last address') or diag explain $proof;
my @proved = sort { $a->{act} cmp $b->{act} } @{ $proof->{people}[0]{acts} }[0, 1];
is(scalar @{ $proof->{people} }, 1, 'one account had it');
is_deeply([map { "$_->{act} $_->{kind} $_->{version} $_->{form}" } @proved], ['acknowledged policy 1 register', 'consented processing 1 register'], 'its acts');
like($proved[1]{wording}, qr/^I consent to the processing/, 'in their words');
like($proved[1]{html_sha256}, qr/^[0-9a-f]{64}$/, 'with the hash of the text');
is(sql("SELECT count(*) FROM journal WHERE event = 'staff.look'"), $looks + 1, 'that somebody looked is in the journal');
is(sql(qq{SELECT count(*) FROM journal WHERE details LIKE '%$email%'}), 0, 'without the address');
like((cli('consents', 'find', $proved[1]{number}))[1], qr/^pseudonym \S+\n.*^  \Q$proved[1]{number}\E  .* consented processing, version 1 \(en\), form register$/ms, 'by the number of the receipt, as text');
is((cli('consents', 'find', $receipt))[0], 0, 'by that of somebody who is there');
is((cli('consents', 'find', $_))[0], 1, "consents find $_: nobody") for 'nobody@example.org', $login, '0190-none', $staff_email;
is((cli('consents', 'find'))[0], 64, 'and it wants one word');
is(sign_in($server->browser, $login)->status, 422, 'no sign-in');
is((cli_json('destructions', 'list'))[1]{destructions}[-1]{reason}, 'request', 'its act');
clock(31);
is((cli('jobs', 'run', 'destroy'))[0], 0, 'a month after the consent was taken back: the job');
is(state_of($withdrawn_id), 'destroyed', 'destroyed');
is((cli_json('destructions', 'list'))[1]{destructions}[-1]{reason}, 'withdrawal', 'with that reason');
is(sql('SELECT count(*) FROM withdrawal WHERE done_at = 0'), 0, 'no withdrawal is left open');
is((cli('verify-journal'))[0], 0, 'the journal is whole');

# Nothing readable in any file of the state folder; on SQLite neither key nor sealed values.
clock(32); # requests that were under way have ended
ok(until_true(sub { cli('jobs', 'run', 'destroy'); sql('SELECT count(*) FROM destruction WHERE wiped_at = 0') eq '0' }, 30), 'what was freed is cleared away');
($code, my $as_text) = cli('destructions', 'show', $act);
$editor = $server->browser;
sign_in($editor, $staff_login);
$page = $editor->get("/portal/staff/destructions/$act");
if ($ENV{PD_DB} eq 'pgsql') {
    unlike($page->text, qr/log of the database was emptied/, 'PostgreSQL: the act claims no emptied log');
    like($page->text, qr/told to clear the removed rows away: \d+ \w+ \d{4}.*log and the free pages of the database belong to its server/s, 'and says whose it is');
    like($as_text, qr/^  clearing     the database was told to clear the rows away \(VACUUM\): \d{4}-.*\n  log          the database server's/m, 'so does the program');
    ok(until_true(sub { sql("SELECT count(*) FROM pg_stat_user_tables WHERE relname IN ('person', 'identifier', 'act') AND last_vacuum IS NULL") eq '0' }, 30), 'its tables were vacuumed');
}
else {
    like($page->text, qr/log of the database was emptied: \d+ \w+ \d{4}/, 'SQLite: the act says that the log was emptied');
    like($as_text, qr/^  log emptied  \d{4}-/m, 'so does the program');
}
my @words = ($login, $email, $olga_login, $olga_email, $victim_login, $victim_email, $ENV{PD_DB} eq 'pgsql' ? () : values %before);
my $dump = join "\n", map { sql("SELECT * FROM $_") } @tables;
cmp_ok(length $dump, '>', 10_000, 'a dump of all tables');
is_deeply([grep { index($dump, $_) >= 0 } @words, values %before], [], 'holds none of it');
my %held;
my $files = 0;
File::Find::find({ no_chdir => 1, wanted => sub {
    return unless -f;
    $files++;
    my $bytes = read_file($_) // '';
    my $file = $_;
    $held{"$file: $_"} = 1 for grep { index($bytes, $_) >= 0 } @words;
} }, $server->{dir});
cmp_ok($files, '>', 3, 'files of the state folder');
is_deeply([sort keys %held], [], 'no file holds login, e-mail, key or sealed values');
unlike($server->log, qr/\Q$login\E|\Q$email\E/, 'no log');

# Accounts that nobody uses: a letter 30 days before, then closed, unless their people sign in.
my $terms = PDPortal::Setup::write_file("$server->{dir}/terms.conf", read_file($server->{conf}) . "PDPortalTermAccount 90d\n");
sub job { my ($name) = @_; local %ENV = (%ENV, %clock); return (run_ctl('jobs', 'run', $name, '--config', $terms))[0] }
my ($active, $active_login, $active_email, $active_id) = somebody();
my (undef, undef, $idle_email, $idle) = somebody();
is((cli('jobs', 'run', 'unused'))[0], 0, 'no term is set');
clock(31 + 59);
is(job('unused'), 0, 'the job after 59 of 90 days');
is(sql('SELECT count(*) FROM unused_notice'), 0, 'warns nobody');
clock(31 + 61);
is(job('unused'), 0, 'the job after 61 of 90 days');
is(sql("SELECT count(*) FROM unused_notice WHERE person_id IN ('$active_id', '$idle')"), 2, 'warns both');
is(sql("SELECT count(*) FROM unused_notice WHERE person_id = '$staff'"), 0, 'but nobody with a role');
like(letter_that($idle_email, qr/Nobody has signed in/, $folder)->{text}, qr/closed after \d+ \w+ \d{4}.*simply sign in/s, 'by a letter with the day');
is(job('unused'), 0, 'once more');
is(events($idle, 'account.unused'), 1, 'tells nobody twice');
is(sign_in($active, $active_login)->status, 303, 'one signs in');
clock(31 + 92);
is(job('unused'), 0, 'a month later');
is(state_of($idle), 'closing', 'who did not is being closed');
is(state_of($active_id), 'active', 'who did is not');
is(sql("SELECT reason FROM closing WHERE person_id = '$idle'"), 'unused', 'for that reason');
like(letter_that($idle_email, qr/is being closed/, $folder)->{text}, qr/Nobody has used your account.*recall\?t=/s, 'with a letter and a way back');
is(sql('SELECT count(*) FROM unused_notice'), 0, 'and nothing is left of the warnings');
clock(31 + 108);
is((cli('jobs', 'run', 'destroy'))[0], 0, 'after that');
is(state_of($idle), 'destroyed', 'it is destroyed');
is((cli('verify-journal'))[0], 0, 'the journal is whole');

my $new = $server->browser;
my ($answered, $form) = register($new, login => $login, email => $email);
is($answered->status, 303, 'login and address are free again');
ok(letter_that($email, qr/confirm/i, $folder), 'for whoever comes');
unlike($server->log, qr/:(?:crit|alert|emerg)\]|exit signal/, 'nothing crashed');
done_testing;
