# A database in trouble: forms answer 503 and leave nothing half-written, nobody is let in who can't be
# known, what can be read goes on, and all comes back without a restart.
use strict;
use warnings FATAL => 'all';
use IPC::Open2 qw(open2);
use Test::More;
use PDPortal::Test;
use PDPortal::Postgres ();
use PDPortal::Setup ();

my $sqlite = $ENV{PD_DB} eq 'sqlite3';
my %set = (PDPortalDatabaseWait => '1s', PDPortalMailRelay => "maildir:$ENV{PD_WORK}/database/mail");
my $full = "$ENV{PD_WORK}/database.full";
my $postgres = !$sqlite ? PDPortal::Postgres->new('80') : undef;
$set{PDPortalDatabase} = $postgres->{database} if $postgres;

my $server = server(name => 'database', set => \%set, env => { LD_PRELOAD => $ENV{PD_FULL_DISK}, PD_DISK_FULL => $full });
my $folder = "$server->{dir}/mail";
$server->start;
my ($browser, $login) = member(browser => $server->browser, folder => $folder);

# The number of rows of each table, as text.
sub rows {
    return join ' ', map { "$_=" . PDPortal::Setup::sql($server, "SELECT count(*) FROM $_") }
        qw(person identifier credential registration session act letter journal link role);
}

sub unavailable {
    my ($answer, $name) = @_;
    is($answer->status, 503, "$name: 503");
    like($answer->header('retry-after') // '', qr/^[1-9]\d*$/, "$name: Retry-After");
    unlike($answer->body, qr/words of cabinet|quiet-harbour/, "$name: nothing private");
    ok(!(grep { /\bpd=[^;]/ } $answer->all('set-cookie')), "$name: no session");
    like($answer->header('cache-control') // '', qr/no-store/, "$name: not to be stored");
    return;
}

# Each form of the portal, opened while all is well: name => [visitor, page, values, form].
sub open_forms {
    my $guest = $server->browser;
    my $new = registration_form();
    my $page = $guest->get('/portal/register');
    $new->{$_} = $page->form->{values}{$_} for qw(policy consent_processing);
    delete $new->{tick};
    my $member = $browser->clone;
    my $waiting = $server->browser;
    my ($answer, $form) = register($waiting);
    my $letter = letter_for($form->{email}, 1, $folder);
    my $confirm = $waiting->follow($waiting->get($letter->{link}));
    my $visitor = $server->browser;
    my $chief = unique('chief');
    my ($code, $out, $error) = run_ctl('staff', 'add', $chief, "$chief\@mail.test", '--role', 'chief', '--config', $server->{conf});
    is($code, 0, 'a link to set a password') or diag $error;
    my $holder = $server->browser;
    my $reset = $holder->follow($holder->get($out =~ m{(/portal/reset\?\S+)}));
    return (
        register => [$guest, $page, $new],
        login => [$visitor, $visitor->get('/portal/login'), { login => $login, password => password() }],
        confirm => [$waiting, $confirm, {}],
        reset => [$holder, $reset, { password => 'quiet lantern harbour 7 owls' }],
        logout => [$member, $member->get('/portal/account/'), {}, qr/logout/],
    );
}

sub send_form { my ($browser, $page, $values, $form) = @{ $_[0] }; return $browser->submit($values, page => $page, form => $form) }

# All forms in trouble, then again when it is over.
sub forms_fail_and_recover {
    my ($what, $begin, $during, $end) = @_;
    my %forms = open_forms();
    my $before = rows();
    $begin->();
    unavailable(send_form($forms{$_}), "$what, $_") for sort keys %forms;
    $during->();
    $end->();
    is(rows(), $before, "$what: nothing half-written");
    for my $name (qw(register login confirm reset logout)) {
        my $answer = until_true(sub { my $got = send_form($forms{$name}); $got->status != 503 && $got }, 20);
        is($answer && $answer->status, 303, "$what over, $name: works") or diag $answer && $answer->text;
    }
    is((run_ctl('verify-journal', '--config', $server->{conf}))[0], 0, "$what over: the journal is whole");
    sign_in($browser, $login);
    is($browser->get('/cabinet/')->status, 200, "$what over: signing in works");
    return;
}

sub reading_goes_on {
    my ($what) = @_;
    is($browser->get('/cabinet/')->status, 200, "$what: an authorised page");
    like($browser->get('/portal/account/')->text, qr/\Q$login\E/, "$what: the account");
    is($server->browser->get('/portal/login')->status, 200, "$what: the sign-in page");
    ok($server->browser->get('/portal/register')->form, "$what: the registration form");
    is($server->browser->get('/portal/policy')->status, 200, "$what: the policy");
    is($server->browser->get('/cabinet/')->status, 303, "$what: a guest is led to sign-in");
    return;
}

# Nobody can be known: neither a member nor somebody with any cookie comes in.
sub nobody_comes_in {
    my ($what) = @_;
    unavailable($browser->clone->get('/cabinet/'), "$what, member");
    unavailable($browser->clone->get('/portal/account/'), "$what, account");
    my $forged = $server->browser;
    $forged->{cookies}{pd} = 'A' x 43;
    unavailable($forged->get('/cabinet/'), "$what, any cookie");
    unavailable($server->browser->get('/portal/register'), "$what, registration form");
    isnt($server->browser->get('/cabinet/')->status, 200, "$what: a guest neither");
    return;
}

if ($sqlite) {
    # Another program holds the write lock.
    my ($pid, $from, $to);
    my $take = sub {
        $pid = open2($from, $to, 'sqlite3', "$server->{dir}/portal.db");
        print {$to} ".timeout 10000\nBEGIN EXCLUSIVE;\nSELECT 'held';\n";
        $to->flush;
        like(scalar <$from>, qr/held/, 'another program holds the lock');
    };
    my $give = sub { print {$to} "ROLLBACK;\n"; close $to; waitpid $pid, 0 };
    forms_fail_and_recover('locked', $take, sub { reading_goes_on('locked') }, $give);

    # No room on the disk.
    forms_fail_and_recover('disk full', sub { write_file($full, '') }, sub { reading_goes_on('disk full') }, sub { unlink $full });

    # The file is away, or can't be read.
    my $file = "$server->{dir}/portal.db";
    for my $case (
        ['missing', sub { rename $file, "$file.away" }, sub { rename "$file.away", $file }],
        ['not readable', sub { chmod 0, $file }, sub { chmod 0600, $file }])
    {
        my ($what, $break, $mend) = @$case;
        next if $what eq 'not readable' && $> == 0; # root reads everything
        $server->stop;
        $break->();
        $server->start;
        nobody_comes_in("file $what");
        ok(!-e $file, 'and no new file was made') if $what eq 'missing';
        $mend->();
        ok(until_true(sub { $browser->get('/cabinet/')->status == 200 }, 20), "file $what: back again, works alone");
    }
}
else {
    # The database server stops, and starts again; httpd knows nothing of it.
    my %forms = open_forms();
    ok(defined $postgres->stop, 'PostgreSQL is stopped');
    # What this host heard within PDPortalSessionRecheck is trusted, and not for longer.
    ok(until_true(sub { $browser->clone->get('/cabinet/')->status == 503 }, 20), 'stopped: sessions in memory end with their term');
    nobody_comes_in('stopped');
    unavailable(send_form($forms{$_}), "stopped, $_") for sort keys %forms;
    is($server->browser->get('/portal/login')->status, 200, 'stopped: the sign-in page');
    is($server->browser->get('/')->status, 200, 'stopped: the site around');
    ok(defined $postgres->start, 'PostgreSQL is started');
    ok(until_true(sub { $browser->get('/cabinet/')->status == 200 }, 30), 'started again: still signed in');
    for my $name (qw(register login confirm reset logout)) {
        my $answer = until_true(sub { my $got = send_form($forms{$name}); $got->status != 503 && $got }, 20);
        is($answer && $answer->status, 303, "started again, $name: works") or diag $answer && $answer->text;
    }
    is((run_ctl('verify-journal', '--config', $server->{conf}))[0], 0, 'the journal is whole');
    sign_in($browser, $login);
}

# A schema that this program doesn't know: newer, older. Each told once.
my $last = PDPortal::Setup::sql($server, 'SELECT max(number) FROM schema_version');
for my $case (
    ['newer', "UPDATE schema_version SET number = number + 1000 WHERE number = $last", "UPDATE schema_version SET number = $last WHERE number > 999"],
    ['older', "UPDATE schema_version SET number = 0 - number", "UPDATE schema_version SET number = 0 - number"])
{
    my ($what, $break, $mend) = @$case;
    $server->stop;
    PDPortal::Setup::sql($server, $break);
    my $mark = length $server->log;
    $server->start;
    nobody_comes_in("schema $what") for 1, 2;
    my @told = grep { /schema/ && /PD03/ } split /\n/, substr $server->log, $mark;
    my %process = map { (/\[pid (\d+)/ ? $1 : '') => 1 } @told;
    cmp_ok(scalar @told, '>=', 1, "schema $what: the log says so");
    is(scalar @told, scalar keys %process, "schema $what: one line of each process") or diag join "\n", @told;
    like($told[0] // '', qr/version -?\d+.* wants $last/, "schema $what: which one and which is wanted");
    PDPortal::Setup::sql($server, $mend);
    ok(until_true(sub { $browser->get('/cabinet/')->status == 200 }, 20), "schema $what: mended, works alone");
}
unlike($server->log, qr/:(?:crit|alert|emerg)\]|Segmentation|exit signal/, 'nothing crashed');
done_testing;
