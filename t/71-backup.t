# Backups (F58): a copy without people's keys while httpd runs, put back only when it is whole and nobody uses the database;
# whoever was destroyed since the copy was made does not come back.
use strict;
use warnings FATAL => 'all';
use Test::More;
use PDPortal::Test;
use PDPortal::Setup ();

my $dir = "$ENV{PD_WORK}/backup";
my $server = server(name => 'backup', set => { PDPortalMailRelay => "maildir:$dir/mail" });
$server->start;
my $folder = "$dir/mail";
sub sql { return PDPortal::Setup::sql($server, @_) }
sub run { return run_ctl(@_, '--config', $server->{conf}) }
sub good { my ($name, @words) = @_; my ($code, $out, $error) = run(@words); is($code, 0, $name) or diag "$out$error"; return $out }
sub refused { my ($name, $wanted, $like, @words) = @_; my ($code, $out, $error) = run(@words); is($code, $wanted, $name); like($error, $like, 'and why'); return }
sub destroy {
    my ($login) = @_;
    my ($id) = (run('people', 'find', $login))[1] =~ /^(\S+)/;
    good("$login is destroyed", 'people', 'destroy', $login, '--reason', 'a test', '--confirm', $id);
    return $id;
}
sub state_of { my ($id) = @_; return sql("SELECT state FROM person WHERE id = '$id'") }
sub bytes { my ($path) = @_; open my $file, '<:raw', $path or return ''; local $/; return scalar <$file> }
sub put { my ($path, $bytes) = @_; open my $file, '>:raw', $path or die "$path: $!"; print {$file} $bytes; close $file or die "$path: $!"; return $path }

my ($anna, $login) = member(browser => $server->browser, folder => $folder);
my ($boris, $his_login) = member(browser => $server->browser, folder => $folder);
my ($cyril, $third) = member(browser => $server->browser, folder => $folder);

# --- both engines: the list of destroyed people, and repeating it
my $list = "$dir/destroyed";
like(good('nobody was destroyed yet', 'destructions', 'save', $list), qr/0 destroyed people, 0 of them new/, 'which it says');
my $cyril_id = destroy($third);
like(good('one was', 'destructions', 'save', $list), qr/1 destroyed people, 1 of them new/, 'which it says');
like(good('saved twice', 'destructions', 'save', $list), qr/1 destroyed people, 0 of them new/, 'nothing is added twice');
is((stat $list)[2] & 07777, 0600, 'nobody else may read it');
is(bytes($list) =~ /^pdportal-destroyed 1\n\Q$cyril_id\E \d+\n\z/ ? 1 : 0, 1, 'it holds a number and an instant');
like(good('repeated where nothing is back', 'destructions', 'repeat', $list), qr/0 of them were there/, 'nothing happens');
my $boris_id = sql("SELECT id FROM person WHERE state = 'active' ORDER BY id DESC LIMIT 1");
put("$dir/with-boris", bytes($list) . "$boris_id 1\n");
like(good('with somebody who is there', 'destructions', 'repeat', "$dir/with-boris"), qr/2 destroyed people, 1 of them were there/, 'he is destroyed again');
is(state_of($boris_id), 'destroyed', 'really');
is(sql("SELECT reason FROM destruction WHERE person_id = '$boris_id'"), 'restored', 'with an act');
like(good('and once more', 'destructions', 'repeat', "$dir/with-boris"), qr/0 of them were there/, 'is harmless');
is(sql("SELECT count(*) FROM destruction WHERE person_id = '$boris_id'"), 1, 'one act');
refused('a list that is none', 1, qr/no such file, or not whole/, 'destructions', 'repeat', put("$dir/none", "something else\n"));
refused('a list that is cut off', 1, qr/no such file, or not whole/, 'destructions', 'repeat', put("$dir/cut", bytes($list) =~ s/\n\z//r));
refused('a list that is not there', 1, qr/there is no file/, 'destructions', 'repeat', "$dir/nowhere");
my @before = map { bytes($_) } $list, "$dir/cut";
refused('a list that is cut off is not overwritten', 1, qr/not whole/, 'destructions', 'save', "$dir/cut");
is(bytes("$dir/cut"), $before[1], 'it stays as it is');

# Somebody is being closed, long due: what pg_restore or a copy brings back.
sub begin_closing {
    my ($id) = @_;
    return "UPDATE person SET state = 'closing' WHERE id = '$id';"
        . " INSERT INTO closing (person_id, was, reason, asked_at, due_at) VALUES ('$id', 'active', 'request', 1, 2);"
        . " INSERT INTO withdrawal (act, person_id, kind, task, started_at, due_at, done_at, outcome) VALUES ('act-$id', '$id', 'processing', 'close', 1, 2, 0, '');"
        . " INSERT INTO factor_code (person_id, code) VALUES ('$id', 'used');";
}
sub settled {
    my ($id, $name) = @_;
    my $days = (time + 14 * 86400) * 1e6;
    is(sql("SELECT count(*) FROM session"), 0, "$name: no session lives again");
    is(sql("SELECT count(*) FROM factor_code"), 0, "$name: no spare code does");
    is(sql("SELECT count(*) FROM closing WHERE person_id = '$id' AND due_at >= $days"), 1, "$name: who is being closed has 14 days");
    is(sql("SELECT count(*) FROM withdrawal WHERE person_id = '$id' AND due_at >= $days + 86400000000"), 1, "$name: and who took the consent back");
    good("$name: the jobs run", 'jobs', 'run');
    is(state_of($id), 'closing', "$name: and destroy nobody");
    return;
}
sub recalls {
    my ($id, $login, $name) = @_;
    my $browser = $server->browser;
    my $page = sign_in($browser, $login);
    is($page->header('location'), '/portal/recall', "$name: a sign-in offers the recall");
    $browser->follow($page);
    is($browser->submit({}, form => qr{recall$})->status, 303, "$name: it is taken");
    is(state_of($id), 'active', "$name: and the account is as it was");
    return;
}
sub repeated_by_hand {
    my ($id, $login) = @_;
    sql(begin_closing($id));
    like(good('repeated in a database that was put back', 'destructions', 'repeat', $list, '--restored'), qr/links and codes are void/, 'which it says');
    settled($id, 'by hand');
    recalls($id, $login, 'by hand');
    return;
}

my $file = "$dir/copy.db";
if ($ENV{PD_DB} ne 'sqlite3') {
    refused('PostgreSQL has a tool of its own', 1, qr/pg_dump/, 'backup', $file);
    refused('and one to restore', 1, qr/pg_restore/, 'restore', $file);
    repeated_by_hand(sql("SELECT id FROM person WHERE state = 'active'"), $login);
    is((run('verify-journal'))[0], 0, 'the journal is whole');
    done_testing;
    exit;
}

# --- the copy
my ($dora, $dora_login) = member(browser => $server->browser, folder => $folder);
my ($emil, $emil_login) = member(browser => $server->browser, folder => $folder);
my ($emil_id, $dora_id, $anna_id) = split /\n/, sql("SELECT id FROM person WHERE state = 'active' ORDER BY id DESC");
my $database = $server->{set}{PDPortalDatabase}[1];
refused('not over the database itself', 64, qr/is the database itself/, 'backup', $database);
refused('not where nobody can write', 1, qr/no new backup/, 'backup', "$dir/nowhere/copy.db");
my $said = good('a backup while httpd runs', 'backup', $file);
like($said, qr/3 keys, wrapped/, 'which says what it did');
is($anna->get('/portal/account/')->status, 200, 'httpd goes on');
is(join(' ', sort map { s{.*/}{}r } glob "$dir/copy.db*"), 'copy.db copy.db.destroyed copy.db.keys', 'three files');
is((stat $_)[2] & 07777, 0600, "nobody else may read $_") for glob "$dir/copy.db*";
sub of_copy { my ($copy, $text) = @_; return (PDPortal::Setup::run_program('/usr/bin/sqlite3', $copy, $text))[1] =~ s/\s+\z//r }
is(of_copy($file, 'PRAGMA integrity_check'), 'ok', 'the copy is sound');
is(of_copy($file, "SELECT count(*) FROM person WHERE data_key <> ''"), 0, 'without keys');
my @keys = split /\n/, sql("SELECT data_key FROM person WHERE data_key <> ''");
is(scalar(grep { index(bytes($file), $_) >= 0 } @keys), 0, 'not one of them stands anywhere in the file');
is(scalar(grep { index(bytes("$file.keys"), $_) >= 0 } @keys), 3, 'they are in the other one');
is(sql("SELECT count(*) FROM journal WHERE event = 'backup.made'"), 1, 'the journal has it');
my $first_keys = bytes("$file.keys");
of_copy($file, begin_closing($emil_id));

# --- refused
refused('not while httpd runs', 1, qr/is running; stop httpd/, 'restore', $file, '--force');

# What happens after the copy: somebody goes, somebody comes; newer keys take the place of the older ones.
destroy($dora_login);
my ($fresh, $fresh_login) = member(browser => $server->browser, folder => $folder);
my $later = "$dir/later.db";
put("$later.part-wal", 'left of an interrupted run');
good('a later backup, keys in one file for both', 'backup', $later, '--keys', "$file.keys");
isnt(bytes("$file.keys"), $first_keys, 'the older keys are gone');
is(join(' ', sort map { s{.*/}{}r } glob "$dir/later.db*"), 'later.db later.db.destroyed', 'and nothing else lies beside it');
unlike(bytes("$file.keys"), qr/^\Q$dora_id\E /m, 'with that of who was destroyed');
my %cookies = %{ $anna->{cookies} };
$server->stop;
sql("INSERT INTO schema_version (number, name, applied_at) VALUES (9999, 'of a newer program', 1)");

my $untouched = bytes($database);
sub unharmed { my ($name) = @_; is(bytes($database) eq $untouched ? 1 : 0, 1, "$name: the database is as it was"); is(scalar(glob "$database-restoring*"), undef, 'and nothing lies about'); return }
refused('not over a database', 1, qr/--force puts it aside/, 'restore', $file);
unharmed('without --force');
refused('a later copy with older keys', 1, qr/older than the backup/, 'restore', $later, '--force', '--keys', put("$dir/old.keys", $first_keys));
unharmed('older keys');
refused('keys that are cut off', 1, qr/not whole/, 'restore', $file, '--force', '--keys', put("$dir/cut.keys", $first_keys =~ s/\n[^\n]*\n\z/\n/r));
refused('keys of which one is missing', 1, qr/changed/, 'restore', $file, '--force', '--keys', put("$dir/less.keys", $first_keys =~ s/^\Q$anna_id\E .*\n//mr));
refused('no keys', 1, qr/keys can't be put back/, 'restore', $file, '--force', '--keys', "$dir/nowhere");
my $damaged = put("$dir/damaged.db", bytes($file));
{
    open my $handle, '+<:raw', $damaged or die $!;
    seek $handle, 4096 * 8, 0;
    print {$handle} "\xff" x (4096 * 4);
    close $handle;
}
refused('a damaged copy', 2, qr/damaged/, 'restore', $damaged, '--force', '--keys', "$file.keys");
refused('no copy at all', 2, qr/damaged, or no database/, 'restore', $server->{conf}, '--force', '--keys', "$file.keys");
my $forged = put("$dir/forged.db", bytes($file));
of_copy($forged, "UPDATE journal SET event = 'x' WHERE sequence = 3");
refused('a copy whose journal was changed', 2, qr/journal is not whole.*row 3/, 'restore', $forged, '--force', '--keys', "$file.keys");
unharmed('all that');

# What only a person may decide.
sub instants { my ($for) = @_; return map { my @t = gmtime(time + $_); sprintf '%s-before-%04d%02d%02dT%02d%02d%02dZ', $database, $t[5] + 1900, $t[4] + 1, @t[3, 2, 1, 0] } 0 .. $for }
my @names = instants(60);
put($_, 'kept') for @names;
refused('the last step fails', 1, qr/there is a .*-before-\d{8}T\d{6}Z already/, 'restore', $file, '--force');
unharmed('nothing kept is deleted, and');
is(scalar(grep { bytes($_) ne 'kept' } @names), 0, 'what was kept stays');
unlink @names;
my $readable = $untouched;
put($database, 'no database any more' x 1000);
mkdir "$database-journal" or die $!; # which SQLite doesn't clear away
$untouched = bytes($database);
refused('over a database that can\'t be read', 1, qr/acts in .* can't be read.*--without-acts/, 'restore', $file, '--force');
unharmed('acts that can\'t be read');
@names = instants(60);
for my $name (@names) { mkdir "$name-journal" or die $!; put("$name-journal/x", '') }
refused('between two names', 1, qr/the log can't be put aside/, 'restore', $file, '--force', '--without-acts', '--confirm', 1);
unharmed('it is put back');
ok(-d "$database-journal", 'with its log');
is(scalar(grep { -e } @names), 0, 'and not under another name');
for my $name ($database, @names) { unlink "$name-journal/x"; rmdir "$name-journal" }
put($database, $readable);

# --- put back, over a database that is there
$said = good('restored', 'restore', $file, '--force');
unlike($said, qr/can't be read/, 'by the acts of a database with a newer schema');
like($said, qr/2 keys are back/, 'keys of those who are still there');
is(state_of($dora_id), 'destroyed', 'who was destroyed since stays so');
is(sql("SELECT count(*) FROM destruction WHERE person_id = '$dora_id'"), 1, 'with the act as it was');
is(sql("SELECT count(*) FROM identifier WHERE person_id = '$dora_id'"), 0, 'and nothing of hers is left');
settled($emil_id, 'restored');
is(sql("SELECT count(*) FROM journal WHERE event = 'backup.restored'"), 1, 'the journal has it');
is((run('verify-journal'))[0], 0, 'and is whole');
my @aside = grep { /-before-\d{8}T\d{6}Z\z/ } glob "$database-before*";
is(scalar @aside, 1, 'the former database is kept aside');
ok(-s $aside[0], 'as it was');
$server->start;
is($anna->get('/cabinet/')->status, 303, 'everybody has to sign in again');
is(sign_in($server->browser, $login)->status, 303, 'who is still there can');
recalls($emil_id, $emil_login, 'restored');
isnt(sign_in($server->browser, $dora_login)->status, 303, 'who was destroyed cannot');
isnt(sign_in($server->browser, $fresh_login)->status, 303, 'who came later is not known');
my ($new, $new_login) = member(browser => $server->browser, folder => $folder);
is($new->get('/cabinet/index.html')->status, 200, 'the portal works as ever');
my ($code, $out, $error) = run('check');
is($code, 0, 'check has nothing to report') or diag $out . $error;
sql("DELETE FROM withdrawal WHERE person_id = '$emil_id'");
repeated_by_hand($emil_id, $emil_login);

# --- the machine is lost: what there is are the files of the backup
$server->stop;
sub lose { unlink glob "$database*"; return }
lose();
put("$dir/first.keys", $first_keys);
put("$database-wal", 'left of the lost one');
$said = good('restored from nothing, with keys of before', 'restore', $later, '--keys', "$file.keys");
ok(!-e "$database-wal", 'a log of the lost database is not taken for the new one');
is(state_of($dora_id), 'destroyed', 'what the copy knows');
lose();
put("$file.destroyed", bytes("$later.destroyed"));
$said = good('an old copy with its old keys and the newest list', 'restore', $file, '--keys', "$dir/first.keys");
like($said, qr/3 keys are back.*[1-9]\d* of them were there/s, 'destroys by the list');
is(state_of($dora_id), 'destroyed', 'who is in it');
lose();
unlink "$file.destroyed";
refused('no list, and no database that knows', 1, qr/no list .*--without-acts/, 'restore', $file, '--confirm', 1);
refused('somebody without a key whom nobody knows to be destroyed', 1, qr/1 people of the copy have no key.*--confirm 1/, 'restore', $file, '--without-acts');
refused('another number', 1, qr/--confirm 1/, 'restore', $file, '--without-acts', '--confirm', 2);
ok(!-e $database, 'nothing is in its place');
$said = good('an old copy with the newest keys and no list', 'restore', $file, '--without-acts', '--confirm', 1);
like($said, qr/1 people without a key are destroyed too/, 'destroys whose key is gone');
is(state_of($dora_id), 'destroyed', 'her');
is(state_of($anna_id), 'active', 'and nobody else');
is((run('verify-journal'))[0], 0, 'the journal is whole');
lose();
my $other = PDPortal::Setup::make_portal(name => 'backup-other', port => 1, bare => 1);
PDPortal::Setup::ctl_ok($other->{conf}, 'init');
unlink glob "$other->{dir}/portal.db*";
($code, $out, $error) = run_ctl('restore', $file, '--config', $other->{conf});
is($code, 1, "another portal's key file");
like($error, qr/another key file/, 'does not fit');
done_testing;
