# pdportalctl: what it makes, what it says, its exit codes; the core only, without httpd.
use strict;
use warnings FATAL => 'all';
use Test::More;
use JSON::PP ();
use PDPortal::Test;
use PDPortal::Setup qw(make_portal);

my $portal = make_portal(name => 'cli', port => 1, bare => 1);
my ($dir, $conf) = @$portal{qw(dir conf)};
my @docs = map { "$ENV{PD_SOURCE_DIR}/t/documents/$_" } qw(policy.ru.md policy.en.md processing.ru.md processing.en.md policy2.ru.md policy2.en.md);
sub cli { return run_ctl(@_, '--config', $conf) }
sub json { my ($code, $out, $error) = cli(@_, '--json'); my $data = eval { JSON::PP::decode_json($out) }; return ($code, $data, $error) }

# Help and usage.
my ($code, $out, $error) = run_ctl('--help');
is($code, 0, '--help');
like($out, qr/^NAME\n.*^SYNOPSIS\n.*^COMMANDS\n/ms, 'in the manner of man pages');
for my $command ('init', 'migrate', 'policy publish', 'policy list', 'policy report', 'jobs run', 'staff add', 'staff remove', 'staff list', 'sessions list', 'sessions end', 'check', 'verify-journal', 'purposes', 'directives') {
    like($out, qr/^  \Q$command\E /m, "$command is listed");
    my ($rc, $help) = run_ctl(split(/ /, $command), '--help');
    is($rc, 0, "$command --help");
    like($help, qr/^NAME\n  pdportalctl \Q$command\E - /, "$command --help has its name");
}
for my $wrong ([], ['nonsense'], ['init'], ['init', '--nonsense'], ['policy'], ['policy', 'publish', '--config', $conf], ['init', 'word', '--config', $conf],
    ['policy publish'], ['policy publish', 'x', '--config', $conf], ['polic', 'y publish'], [''], ['check', '--config', $conf, '--config', $conf], ['check', '--json', '--json', '--config', $conf]) {
    ($code, $out, $error) = run_ctl(@$wrong);
    is($code, 64, "wrong usage: @$wrong");
    like($error, qr/--help/, 'says where help is');
}
for my $half (qw(policy jobs staff sessions)) {
    like((run_ctl($half))[2], qr/a second word must follow \Q$half\E/, "$half: half a command");
    ($code, $out) = run_ctl($half, '--help');
    is($code, 0, "$half --help");
    like($out, qr/^  \Q$half\E [a-z]/m, "$half --help lists them");
}
like((run_ctl('', '--help'))[2], qr/no command/, 'an empty word is none');
($code, $out, $error) = run_ctl('check', '--config', "$dir/none.conf");
isnt($code, 0, 'no such configuration');
like($error . $out, qr/none\.conf/, 'is named');

# Before init.
($code) = cli('check');
is($code, 2, 'check before init: unsound');
($code, undef, $error) = cli('policy', 'publish', $docs[0], '--lang', 'ru');
is($code, 1, 'publish before init fails');
like($error, qr/init/, 'and says what to do');

# init.
($code, $out, $error) = cli('init');
is($code, 0, 'init') or diag $error;
is((stat "$dir/master.key")[2] & 0777, 0600, 'the key file is 0600');
is((stat "$dir/portal.db")[2] & 0777, 0600, 'the database file is 0600') if $ENV{PD_DB} eq 'sqlite3';
my $key = read_file("$dir/master.key");
my ($secret) = $key =~ /^pdportal-key 1 ([\w-]{43})$/m;
ok($secret, 'one key in it');
if ($ENV{PD_DB} eq 'pgsql') {
    my ($host) = $ENV{PD_PGSQL} =~ /host=(\S+)/;
    unlike($out, qr/\Q$host\E/, 'the parameters of PostgreSQL, which may hold a password, are not shown');
}
unlike($out . $error, qr/\Q$secret\E/, 'which is not shown');
($code) = cli('init');
is($code, 0, 'init once more');
is(read_file("$dir/master.key"), $key, 'leaves the key alone');
($code, my $data) = json('migrate');
is($code, 0, 'migrate');
is($data->{applied}, 0, 'has nothing to do');
($code, $out) = cli('check');
is($code, 2, 'without documents the portal is not ready');
like($out, qr/policy/, 'check names what is missing');

# Documents.
($code, $data, $error) = json('policy', 'publish', $docs[0], '--lang', 'ru', $docs[1], '--lang', 'en');
is($code, 0, 'publish') or diag $error;
is($data->{version}, 1, 'version 1');
($code) = cli('policy', 'publish', $docs[2], '--lang', 'ru', $docs[3], '--lang', 'en', '--kind', 'processing');
is($code, 0, 'publish the consent');
($code, $out) = cli('check');
is($code, 0, 'now all is well') or diag $out;
($code, $data) = json('check');
is($code, 0, 'check --json');
($code, $data) = json('policy', 'publish', $docs[4], '--lang', 'ru', $docs[5], '--lang', 'en', '--effective', '2099-01-01');
is($code, 0, 'a version for later');
is($data->{version}, 2, 'is version 2');
($code, $out) = cli('policy', 'list');
is($code, 0, 'list');
like($out, qr/^\*\s*1\b/m, 'the first one is in force');
unlike($out, qr/^\*\s*2\b/m, 'the second not yet');
my $broken = write_file("$dir/broken.md", "# Title\n\n1. One\n\n1.1. Text\n\n1.1. Again\n");
my $binary = write_file("$dir/binary.md", "# Title\n\n1. \xff\xfe\n");
for my $case (
    [['policy', 'publish', $docs[0], '--lang', 'tlh'], 'tlh', 'unknown language'],
    [['policy', 'publish', $docs[0], '--lang', 'ru', '--effective', '2001-01-01'], '', 'an instant gone by'],
    [['policy', 'publish', $docs[0], '--lang', 'ru', '--effective', 'tomorrow'], 'tomorrow', 'an instant in words'],
    [['policy', 'publish', $broken, '--lang', 'ru'], 'broken.md', 'a clause number twice'],
    [['policy', 'publish', $binary, '--lang', 'ru'], 'binary.md', 'text that is not UTF-8'],
    [['policy', 'publish', "$dir/none.md", '--lang', 'ru'], 'none.md', 'no such file'],
    [['policy', 'publish', $docs[0], '--lang', 'ru', $docs[1], '--lang', 'ru'], 'ru', 'a language twice'],
    [['policy', 'publish', $docs[0], '--lang', 'ru', '--kind', 'Poem'], 'Poem', 'a kind that is no name'],
    [['policy', 'publish', $docs[4], '--lang', 'ru', '--effective', '2099-01-02'], '--drop-language', 'a language dropped'],
    [['policy', 'publish', $docs[4], '--lang', 'ru', $docs[5], '--lang', 'en', '--effective', '2099-01-02'], 'nothing changed', 'the same once more'],
    [['policy', 'report'], '--version', 'a report without a version'],
    [['policy', 'report', '--version', '9'], 'no version 9', 'a report about a version that is not there'],
) {
    my ($words, $named, $name) = @$case;
    ($code, $out, $error) = cli(@$words);
    ok($code == 1 || $code == 64, "$name: refused");
    like($error, qr/\Q$named\E/, "$name: and named") if $named;
}
($code, $data) = json('policy', 'list');
is(scalar @{ $data->{documents} || [] }, 2, 'nothing of that was published') or diag explain $data;

# Jobs and journal.
for my $job ('coming', 'mail', 'expire') {
    ($code, $out, $error) = cli('jobs', 'run', $job);
    is($code, 0, "jobs run $job") or diag $error;
}
isnt((cli('jobs', 'run', 'nonsense'))[0], 0, 'unknown job');
($code, $out) = cli('verify-journal');
is($code, 0, 'the journal is whole');

# Heads kept from earlier: each of several is checked.
my ($head) = $out =~ /^(\S+ \d+ \S+)$/m;
ok($head, 'a head is printed');
my ($host, $sequence, $chain) = split / /, $head // '';
my $ahead = join ' ', $host, $sequence + 1, $chain;
is((cli('verify-journal', '--head', $head))[0], 0, 'with its head it is whole');
is((cli('verify-journal', '--head', $head, '--head', $head))[0], 0, 'with two heads as well');
is((cli('verify-journal', '--head', $ahead, '--head', $head))[0], 2, 'the first of two heads is checked');
is((cli('verify-journal', '--head', $head, '--head', $ahead))[0], 2, 'and the second');
is((cli('verify-journal', '--head', $head, '--head', 'words'))[0], 64, 'what is no head is refused');

# Key and database belong together.
rename "$dir/master.key", "$dir/right.key";
($code) = run_ctl('init', '--config', $conf);
isnt($code, 0, 'init does not bind a database to another key');
($code, $out, $error) = cli('verify-journal');
isnt($code, 0, 'nor does any other command work with it');
like($error, qr/key/, 'and says why');
unlink "$dir/master.key";
rename "$dir/right.key", "$dir/master.key";
is((cli('check'))[0], 0, 'with the right key all is well again');

# The manual is what the program says.
($code, $out) = run_ctl('directives');
is($code, 0, 'directives');
ok($out eq (read_file("$ENV{PD_SOURCE_DIR}/docs/directives.md") // ''), 'docs/directives.md is up to date ("make directives")');

# A state folder of its own.
($code, $out, $error) = run_ctl('init', '--state', "$dir/trial");
is($code, 0, 'init --state') or diag $error;
ok(-e "$dir/trial/portal.db" && -e "$dir/trial/master.key", 'makes key and database there');
is((stat "$dir/trial")[2] & 0777, 0700, 'in a folder of its own');

# What init makes, and what an interrupted run left.
$portal = make_portal(name => 'cli-deep', port => 1, bare => 1);
$dir = $portal->{dir};
my %deep = (%{ $portal->{set} }, PDPortalDatabase => "sqlite3 $dir/far/away/base/portal.db", PDPortalKeyFile => "$dir/keys/portal/master.key");
my $deep = write_file("$dir/deep.conf", join '', map { my $value = $deep{$_}; "$_ " . ($value =~ /^sqlite3 / ? $value : "\"$value\"") . "\n" } sort keys %deep);
my $mask = umask 0077;
($code, $out, $error) = run_ctl('init', '--config', $deep);
umask $mask;
is($code, 0, 'init makes the folders of key and database') or diag $error;
for my $case (['far', 0755], ['far/away', 0755], ['far/away/base', 0700], ['keys', 0755], ['keys/portal', 0700]) {
    is((stat "$dir/$case->[0]")[2] & 0777, $case->[1], "mode of $case->[0]");
}
is((run_ctl('init', '--config', $deep))[0], 0, 'init once more');
my $stateful = "$dir/killed";
mkdir $stateful;
write_file("$stateful/master.key.new", '# Master key of mod_pd');
($code, $out, $error) = run_ctl('init', '--state', $stateful);
is($code, 0, 'init passes what a killed run left of a key file') or diag $error;
ok(!-e "$stateful/master.key.new", 'and takes it away');
is((stat "$stateful/master.key")[2] & 0777, 0600, 'the key file is 0600');
is((stat _)[3], 1, 'and has one name');
link "$stateful/master.key", "$stateful/master.key.new";
is((run_ctl('init', '--state', $stateful))[0], 0, 'a run killed a moment later does no harm either');
is((stat "$stateful/master.key")[3], 1, 'its second name is taken away');

# Owners: what is not as it should be is told.
($code, $out) = run_ctl('check', '--state', $stateful);
like($out, qr/^sound +file owners/m, 'one user owns the files');
unlink map { "$stateful/portal.db-$_" } qw(wal shm gate);
symlink "$dir/elsewhere", "$stateful/portal.db-gate";
($code, $out) = run_ctl('check', '--state', $stateful);
is($code, 2, 'a symbolic link among the files: unsound');
like($out, qr/^UNSOUND +file owners: .*portal\.db-gate/m, 'and named');
unlink "$stateful/portal.db-gate";

# The example of a configuration is one.
my $example = read_file("$ENV{PD_SOURCE_DIR}/conf/pdportal.conf");
my $where = write_file("$dir/example.conf", $example =~ s{"/(?:var/lib|etc)/pdportal/}{"$dir/example/}gr);
($code, $out, $error) = run_ctl('init', '--config', $where);
is($code, 0, 'conf/pdportal.conf serves init') or diag $error;
like($example, qr/^ErrorLogFormat (?!.*%a).*^LogFormat (?!.*%[ahrqu]).*^LogLevel warn authz_core:crit$/ms, 'and keeps the logs clean');

# make run never takes a stranger's folder.
my $stranger = "$dir/stranger's folder";
mkdir $stranger;
mkdir "$stranger/site";
write_file("$stranger/site/precious", 'precious');
my $answer = do { local %ENV = (%ENV, STATE => $stranger, PORT => 1, BUILD => 'build'); `sh '$ENV{PD_SOURCE_DIR}/conf/demo/run' 2>&1` };
isnt($?, 0, 'conf/demo/run refuses a folder with files of others');
like($answer, qr/not empty/, 'and says why');
is(read_file("$stranger/site/precious"), 'precious', 'which stay');
done_testing;
