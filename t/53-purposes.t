# Purposes (F29, F22, F45): one register that pages, letters, jobs and commands obey; each stored field with
# its source, purposes and term; a use without a lawful purpose is refused, counted and in the journal.
use strict;
use warnings FATAL => 'all';
use utf8;
use JSON::PP ();
use Test::More;
use PDPortal::Test;
use PDPortal::Setup ();
binmode $_, ':encoding(UTF-8)' for map { Test::More->builder->$_ } qw(output failure_output todo_output);

my %eight = map { ("4.1.$_" => 1) } 1 .. 8;
my $server = server(name => 'purposes', set => { PDPortalMailRelay => "maildir:$ENV{PD_WORK}/purposes/mail", PDPortalSessionRecheck => '1h', PDPortalTermActs => 'without limit' });
$server->start;
my $folder = "$server->{dir}/mail";
my ($anna, $login, $email) = member(browser => $server->browser(language => 'en'), folder => $folder);
sub sql { return PDPortal::Setup::sql($server, @_) }
sub cli { return run_ctl(@_, '--config', $server->{conf}) }

# --- the register
my ($code, $out, $error) = cli('purposes', '--json');
is($code, 0, 'pdportalctl purposes') or diag $error;
my $register = JSON::PP::decode_json($out);
is_deeply([map { $_->{purpose} } @{ $register->{purposes} }], [sort keys %eight], 'the eight purposes, in order');
my %purpose = map { ($_->{purpose} => $_) } @{ $register->{purposes} };
is_deeply([@{ $purpose{'4.1.6'} }{qw(ground consent)}], ['consent', 'communication'], '4.1.6 needs a consent of its own');
is($purpose{'4.1.8'}{consent}, 'partner-', '4.1.8 one for each partner');
is($purpose{'4.1.3'}{optional}, 'notices', '4.1.3 has notices that nobody has to have');
is($purpose{'4.1.4'}{ground}, 'security', '4.1.4 is for safety');
is_deeply($purpose{'4.1.5'}{letters}, ['confirm', 'email-code'], 'a letter names its purpose');
ok((grep { $_ eq 'sessions list' } @{ $purpose{'4.1.4'}{commands} }), 'so does a command');
my %named = map { ($_ => 1) } map { @{ $_->{letters} } } @{ $register->{purposes} };
for my $file (glob "$ENV{PD_SOURCE_DIR}/templates/mail/*.txt") {
    my ($kind) = $file =~ m{([^/]+)\.txt$};
    ok($named{$kind}, "letter $kind has a purpose");
}
($code, $out) = cli('purposes');
is($code, 0, 'as text');
like($out, qr/^4\.1\.8\n  ground\s+consent: partner-$/m, 'a purpose with its ground');
like($out, qr/^email\s+given, not verified\s+4\.1\.1 4\.1\.3/m, 'a field with its source and purposes');
like($out, qr/^acts\b.*\bwithout limit\b/m, 'a term in words');
like($out, qr/^journal\b.*\bnot set\b/m, 'one about which nobody has decided');

# --- the table of fields is the schema's
my %listed;
for my $field (@{ $register->{fields} }) {
    ok(!(grep { !$eight{$_} } split / /, $field->{purposes}), "$field->{field}: known purposes");
    $listed{$_} = 1 for split / /, $field->{columns};
}
my (%columns, %marked, $table);
for my $file (sort glob "$ENV{PD_SOURCE_DIR}/src/db/migrations/*.sql") {
    for my $line (split /\n/, read_file($file)) {
        my $column;
        if ($line =~ /^CREATE TABLE (\w+)/) { $table = $1 }
        elsif ($line =~ /^ALTER TABLE (\w+) ADD COLUMN (\w+)/) { ($table, $column) = ($1, $2) }
        elsif ($line =~ /^    ([a-z]\w*) (?:TEXT|BIGINT)\b/) { $column = $1 }
        next unless $column;
        push @{ $columns{$table} }, $column;
        $marked{"$table.$column"} = 1 if $line =~ /--.*\b(?:sealed|lookup|hash|keyed)\b/ || $column eq 'lookup';
    }
}
# The parts of the portal itself: texts for everybody, heads of chains, caches' feed.
delete @marked{qw(journal.chain journal_start.proof)};
sub is_listed { my ($name) = @_; return $listed{$name} || $listed{ $name =~ s/\..*/.*/r } }
ok(scalar keys %marked > 10, 'the schema is read');
ok(is_listed($_), "$_ is in the table of fields") for sort keys %marked;
for my $name (sort keys %columns) {
    next unless $name eq 'person' || grep { /^(?:person_id|pseudonym|subject)$/ } @{ $columns{$name} };
    next if $name eq 'identifier' || $name eq 'invalidation';
    ok(is_listed("$name.$_"), "$name.$_ of people is in the table of fields") for @{ $columns{$name} };
}
for my $entry (sort keys %listed) {
    my ($of, $column) = split /\./, $entry;
    ok($column eq '*' ? $columns{$of} : (grep { $_ eq $column } @{ $columns{$of} || [] }), "$entry stands in the schema");
}

# --- every row of the route table names one
my $rows = read_file("$ENV{PD_SOURCE_DIR}/src/web/pd_routes.c");
my %pages;
while ($rows =~ /\{"(GET|POST)",\s*"([^"]*)",\s*PD_NEED_\w+,\s*(?:NULL|"[^"]*"),\s*"([^"]*)"/g) {
    push @{ $pages{$3} }, "$1 /portal/$2";
}
is_deeply([grep { !$eight{$_} } keys %pages], [], 'every page names one of the eight');

# --- the page for everybody
my $guest = $server->browser(language => 'en');
my $page = $guest->get('/portal/processing');
is($page->status, 200, 'processing: open to everybody');
is_deeply([$page->body =~ /<h2 id="p([\d.]+)">/g], [sort keys %eight], 'all eight purposes');
page_like($page, qr{href="/portal/policy#p4\.1\.1"}, 'each leads to its clause');
for my $purpose (sort keys %pages) {
    page_like($page, qr{<code>\Q$_\E</code>}, "$purpose: $_") for @{ $pages{$purpose} };
}
my $register_text = $page->text =~ s/\s+/ /gr;
like($register_text, qr/What you have read and agreed to – without limit/, 'without limit, in words');
like($register_text, qr/Journal of events – no term has been set/, 'a term that is not set is told');
like($register_text, qr/Letters to you – 30 days after it was sent, then removed by the portal itself/, 'a term with what removes it');
like($server->browser(language => 'ru')->get('/portal/processing')->text, qr/Цели обработки.*без ограничения срока/s, 'in Russian');
unlike($page->body, qr/\Q$login\E/, 'nobody is named');

# --- the account shows every field
$page = $anna->get('/portal/account/');
is($page->status, 200, 'the account');
my $text = $page->text =~ s/\s+/ /gr;
like($text, qr/Login \Q$login\E Change the login Given by you, not verified\. What for, and how long : Login to tell you from anybody else \(clause 4\.1\.1\)/i, 'login: value, source, purpose');
like($text, qr/E-mail address \Q$email\E Change the e-mail address Given by you; that letters reach you was confirmed, nothing else was verified\./i, 'e-mail: what was verified');
unlike($text, qr/\Q@{[password()]}\E/, 'never the password');
page_like($page, qr{href="/portal/policy#p2\.4"}, 'clause 2.4 is cited');
page_like($page, qr{href="/portal/policy#p4\.1\.5"}, 'and those of the purposes');
my $shown = () = $page->body =~ /<dt>/g;
is($shown, scalar @{ $register->{fields} }, 'every field of the table is shown');
like($server->browser(language => 'ru', cookies => { %{ $anna->{cookies} } })->get('/portal/account/')->text, qr/Указано вами, не проверялось/, 'in Russian');

# --- a use without a lawful purpose. The session is still in memory; the database knows better.
sub refused { return sql("SELECT count(*) FROM journal WHERE event = 'purpose.refused'") }
ok(until_true(sub { sql("SELECT count(*) FROM letter WHERE state <> 'sent'") eq '0' }, 60), 'letters are on their way, and ask no more');
is(refused(), '0', 'nothing was refused so far');
sql("UPDATE person SET state = 'pending'");
is($anna->get('/portal/account/')->status, 403, 'not confirmed: the page is refused');
unlike($anna->{last}->body, qr/\Q$email\E/, 'and shows nothing stored');
is(refused(), '1', 'which stands in the journal');
unlike(sql("SELECT details FROM journal WHERE event = 'purpose.refused'"), qr/account|4\.1/, 'sealed');
like($server->log, qr/PD0720: page account\/ was refused for the purpose 4\.1\.2/, 'and in the log');
like($server->browser(local => '127.0.0.1')->get('/portal/metrics')->body, qr/^pdportal_uses_refused_total 1$/m, 'and is counted');
sql("UPDATE person SET state = 'blocked'");
is($anna->get('/portal/account/')->status, 200, 'blocked: own data can still be seen');
($code, $out, $error) = cli('sessions', 'list', $login);
is($code, 0, 'blocked: staff may look at sessions, for safety') or diag $error;
is(refused(), '1', 'nothing more was refused');
sql("UPDATE person SET state = 'destroyed'");
($code, $out, $error) = cli('sessions', 'end', $login);
is($code, 1, 'nobody there any more');
sql("UPDATE person SET state = 'active'");
is($anna->get('/portal/account/')->status, 200, 'active again: open');
is((cli('verify-journal'))[0], 0, 'the journal is whole');

# --- terms
($code, $out) = cli('check');
is($code, 0, 'check: notices are no faults') or diag $out;
like($out, qr/^notice    term of login: not set; decide and write PDPortalTermAccount/m, 'a term that is not set');
like($out, qr/^notice    term of acts: kept without limit, by PDPortalTermActs/m, 'one without limit');
($code, $out) = cli('check', '--json');
ok((grep { $_->{notice} && $_->{sound} && $_->{thing} eq 'term of acts' } @{ JSON::PP::decode_json($out)->{findings} }), 'in JSON');
my $later = PDPortal::Setup::write_file("$server->{dir}/terms.conf", read_file($server->{conf}) =~ s/^PDPortalTermActs.*\n//mr . qq{PDPortalTermAccount 10d\nPDPortalTermActs "1 year"\nPDPortalTermJournal "3 years"\nPDPortalTermLetters 1d\n});
my ($bit, $more) = map { $_ * 43_200_000_000 } 21, 4; # 10 and a half days, two more
sub unused_for { my ($time) = @_; return sql("UPDATE person SET confirmed_at = confirmed_at - $time, signed_in_at = signed_in_at - $time") }
unused_for($bit);
sub later { return run_ctl(@_, '--config', $later) }
# Acts with the instant of so many days ago in their ids: a consent and its withdrawal; what else there is stands.
my $pseudonym = sql("SELECT pseudonym FROM act WHERE kind = 'policy'");
sub id_of_day { my ($days, $n) = @_; my $hex = sprintf '%012x', 1000 * (time - $days * 86_400); return substr($hex, 0, 8) . '-' . substr($hex, 8) . "-7000-8000-00000000000$n" }
sub age_acts {
    my ($days) = @_;
    sql("DELETE FROM act WHERE kind = 'research'");
    sql(qq{INSERT INTO act (id, pseudonym, verb, kind, version, language, html_sha256, wording, form, at, sequence) VALUES ('@{[id_of_day($days + 3, 1)]}', '$pseudonym', 'consented', 'research', 1, 'en', 'h', 'w', 'consent', 1, 1)});
    return sql(qq{INSERT INTO act (id, pseudonym, verb, kind, version, language, html_sha256, wording, form, at, sequence) VALUES ('@{[id_of_day($days, 2)]}', '$pseudonym', 'withdrew', 'research', 1, 'en', 'h', 'w', 'withdraw', 2, 2)});
}
sql("UPDATE act SET id = '0100' || substr(id, 5)");
($code, $out) = later('check');
unlike($out, qr/^UNSOUND   term/m, 'over for half a day: no fault yet');
like($out, qr/^notice    term of login: 1 outlived the 10d of PDPortalTermAccount; decide what becomes of them$/m, 'an account that nobody uses');
unlike($out, qr/term of journal|term of letters/, 'what is within its term needs no word');
unlike($out, qr/term of acts/, 'nor do old acts that stand');
unused_for($more);
($code, $out) = later('check');
is($code, 2, 'over for more than a day: exit code 2');
like($out, qr/^UNSOUND   term of login: 1 outlived the 10d of PDPortalTermAccount by more than a day; decide/m, 'and said');
sql("UPDATE person SET state = 'closing'");
unlike((later('check'))[1], qr/term of login/, 'being closed: the portal sees to it');
sql("UPDATE person SET state = 'active'");
unused_for(-$more);
unused_for(-$bit);
age_acts(365);
unlike((later('check'))[1], qr/term of acts/, 'a withdrawal within its term holds the consent that it ended');
age_acts(366.5);
($code, $out) = later('check');
is($code, 0, 'its term over for half a day: no fault yet');
like($out, qr/^notice    term of acts: 1 outlived the 1 year of PDPortalTermActs; the job "expire" removes them$/m, 'but a notice of the consent, not of the withdrawal, which stands');
age_acts(368);
($code, $out) = later('check');
is($code, 2, 'two days: exit code 2');
like($out, qr/^UNSOUND   term of acts: 1 outlived the 1 year of PDPortalTermActs by more than a day/m, 'and said');
is((later('jobs', 'run', 'expire'))[0], 0, 'the job');
is(sql("SELECT verb FROM act WHERE kind = 'research'"), 'withdrew', 'removes it');
is(sql("SELECT count(*) FROM act WHERE kind <> 'research'"), 2, 'not what stands, however old');
is((later('check'))[0], 0, 'and all is well');
ok(until_true(sub { sql("SELECT count(*) FROM letter WHERE state IN ('queued', 'sending')") eq '0' }, 60), 'the queue is empty');
my $letters = sql("SELECT count(*) FROM letter WHERE state = 'sent'");
ok($letters > 0, 'letters were sent');
is((later('jobs', 'run', 'expire'))[0], 0, 'the job');
is(sql("SELECT count(*) FROM letter WHERE state = 'sent'"), $letters, 'letters within their term stay');
sql('UPDATE letter SET done_at = done_at - 2 * 86400000000');
is((later('jobs', 'run', 'expire'))[0], 0, 'the job');
is(sql("SELECT count(*) FROM letter WHERE state = 'sent'"), '0', 'past it they are removed');

# --- how a term is written
for my $case (['30d', 1], ['3 years', 1], ['1 year', 1], ['without limit', 1], ['WITHOUT LIMIT', 1], ['', 0], ['0', 0], ['0 years', 0], ['51 years', 0], ['99999999999999999 years', 0],
    ['-1', 0], ['forever', 0], ['without', 0], ['unlimited', 0], ['3years', 0], ['3 years ', 0], ['1h', 0], ['1 2 years', 0]) {
    my ($term, $good) = @$case;
    my $file = PDPortal::Setup::write_file("$server->{dir}/one.conf", read_file($server->{conf}) =~ s/^PDPortalTermActs.*\n//mr . qq{PDPortalTermActs "$term"\n});
    ($code, $out, $error) = run_ctl('purposes', '--config', $file);
    is($code, $good ? 0 : 1, "PDPortalTermActs \"$term\"");
    like($error, qr/PDPortalTermActs/, 'names the directive') unless $good;
}
done_testing;
