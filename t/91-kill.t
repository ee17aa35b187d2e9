# kill -9 of the whole server at random moments under registrations: all that was acknowledged is there,
# with its letter, nothing is half-written, the journal is whole. PD_KILLS: how often (50), PD_SEED.
use strict;
use warnings FATAL => 'all';
use POSIX ();
use Test::More;
use PDPortal::Test;
use PDPortal::Setup ();

my $kills = $ENV{PD_KILLS} // 50;
my $seed = $ENV{PD_SEED} // time ^ $$;
srand $seed;
note "PD_SEED=$seed";
my $server = server(name => 'kill', set => { PDPortalMailRelay => "maildir:$ENV{PD_WORK}/kill/mail" });
my $folder = "$server->{dir}/mail";
my $stop = "$server->{dir}/stop";
$server->start;

# Two visitors register again and again, and write down what was acknowledged.
my @clients;
for my $client (1 .. 2) {
    my $pid = fork // die "fork: $!";
    if ($pid == 0) {
        open my $book, '>>', "$server->{dir}/acknowledged.$client" or POSIX::_exit(1);
        for (my $n = 1; !-e $stop; $n++) {
            my $login = "kill$client" . join '', map { chr 97 + $_ } split //, $n;
            my $answer = eval { register($server->browser, login => $login) };
            if ($answer && $answer->status == 303) {
                syswrite $book, "$login\@mail.test\n";
            }
            else {
                select undef, undef, undef, 0.02;    # the server is away just now
            }
        }
        POSIX::_exit(0);
    }
    push @clients, $pid;
}
my $restarts = 0;
for my $n (1 .. $kills) {
    select undef, undef, undef, 0.05 + rand 0.5;    # the random moment
    $server->kill_all;
    $restarts++ if eval { $server->start; 1 };
}
is($restarts, $kills, "killed $kills times, it started again each time");
write_file($stop, '');
waitpid $_, 0 for @clients;

my @acknowledged = map { split /\n/, read_file("$server->{dir}/acknowledged.$_") // '' } 1 .. 2;
cmp_ok(scalar @acknowledged, '>', $kills / 2, 'registrations were acknowledged: ' . @acknowledged);
my $sql = sub { PDPortal::Setup::sql($server, @_) };
until_true(sub { $sql->("SELECT count(*) FROM letter WHERE state <> 'sent'") eq '0' }, 90);
is($sql->("SELECT count(*) FROM letter WHERE state <> 'sent'"), '0', 'every letter was delivered in the end');

my (%letters, %ids);
for my $file (glob "$folder/new/*") {
    my $raw = read_file($file);
    my ($to) = $raw =~ /^To: *<?([^>\r\n]+)/m;
    my ($id) = $raw =~ /^Message-ID: *(\S+)/mi;
    $letters{$to}++;
    $ids{$to}{$id}++;
    fail("a cut letter: $file") unless $raw =~ /\d{6}.*\r?\n\z/s;
}
my @lost = grep { !$letters{$_} } @acknowledged;
is_deeply(\@lost, [], 'every acknowledged registration has its letter');
is_deeply([grep { keys %{ $ids{$_} } > 1 } sort keys %ids], [], 'a letter that came twice has one Message-ID');

is($sql->('SELECT count(*) FROM person p WHERE NOT EXISTS (SELECT 1 FROM registration r WHERE r.person_id = p.id)'), '0', 'no person without a registration');
is($sql->('SELECT count(*) FROM registration r WHERE NOT EXISTS (SELECT 1 FROM credential c WHERE c.person_id = r.person_id)'), '0', 'no registration without a password');
is($sql->('SELECT count(*) FROM registration r WHERE NOT EXISTS (SELECT 1 FROM letter l WHERE l.person_id = r.person_id)'), '0', 'none without a letter');
is($sql->("SELECT count(*) FROM registration r WHERE NOT EXISTS (SELECT 1 FROM journal j WHERE j.subject = r.person_id AND j.event = 'registration.begun')"),
    '0', 'none without a journal row');
cmp_ok($sql->('SELECT count(*) FROM registration'), '>=', scalar @acknowledged, 'as many rows as acknowledgements, or more');
if ($ENV{PD_DB} eq 'sqlite3') {
    is($sql->('PRAGMA integrity_check'), 'ok', 'integrity_check');
    is($sql->('PRAGMA foreign_key_check'), '', 'foreign_key_check');
}
my ($code, $out) = run_ctl('verify-journal', '--config', $server->{conf});
is($code, 0, 'the journal is whole') or diag $out;

# Some of them go on as if nothing had been.
for my $email (@acknowledged[map { int $_ * $#acknowledged / 4 } 0 .. 4]) {
    my $browser = $server->browser;
    my $letter = letter_for($email, 1, $folder);
    $browser->follow($browser->get($letter->{link}));
    is($browser->submit({ code => $letter->{code} })->status, 303, "$email confirms");
    is(sign_in($browser, $email)->status, 303, "$email signs in");
}
done_testing;
