# The outbox over time (F16), by a clock that the test sets: put off, tried again with the same
# Message-ID, given up; and a mail server that hangs holds up nobody.
use strict;
use warnings FATAL => 'all';
use POSIX ();
use Test::More;
use PDPortal::Test;
use PDPortal::Setup ();

my $clock = "$ENV{PD_WORK}/retry.now";
my $seconds = 0;
# Minutes pass. At once for who reads the clock, so by rename.
sub later { $seconds += 60 * $_[0]; write_file("$clock.new", sprintf "%+d\n", $seconds); return rename "$clock.new", $clock }
later(0);

# A mail server of this test's own, since its mood changes.
my $mails = "$ENV{PD_WORK}/retry-mails";
my $port = $ENV{PD_PORT} + 72;
my $smtp = fork // BAIL_OUT("fork: $!");
if (!$smtp) {
    open STDIN, '<', '/dev/null';
    open STDOUT, '>', "$ENV{PD_WORK}/retry-smtp.log";
    open STDERR, '>&', \*STDOUT;
    exec "$ENV{PD_SOURCE_DIR}/t/tools/smtp-server", '--port', $port, '--folder', $mails or exit 127;
}
my $parent = $$;
END {
    my $code = $?;
    if ($smtp && $$ == $parent) { kill TERM => $smtp; waitpid $smtp, 0 }
    $? = $code;
}
until_true(sub { (read_file("$ENV{PD_WORK}/retry-smtp.log") // '') =~ /ready/ }, 20) or BAIL_OUT('no mail server');
sub mood { return write_file("$mails/mode", $_[0]) }

my %clocked = (env => { LD_PRELOAD => $ENV{PD_FALSE_CLOCK}, PD_CLOCK_FILE => $clock });
my $server = server(name => 'retry', %clocked, set => { PDPortalMailRelay => "smtp://127.0.0.1:$port", PDPortalMailTimeout => '2s' });
$server->start;

sub sql { return PDPortal::Setup::sql($server, $_[0]) }
# Registers and gives (address, id of its letter).
sub ask {
    my ($name) = @_;
    my $login = unique();
    my ($answer, $form) = register($server->browser, login => $login, email => "$name+$login\@mail.test");
    is($answer->status, 303, "$name: the registration is taken");
    return ($form->{email}, sql('SELECT id FROM letter ORDER BY created_at DESC, id DESC LIMIT 1'));
}
sub look { my ($id) = @_; return sql("SELECT state, attempts, outcome FROM letter WHERE id = '$id'") }
sub comes_to { my ($id, $pattern) = @_; return until_true(sub { look($id) =~ $pattern }, 30) ? look($id) : 'never: ' . look($id) }

# Put off, then taken.
mood('defer');
my ($address, $letter) = ask('later');
is(comes_to($letter, qr/^queued\|1\|/), 'queued|1|deferred', 'put off: it waits');
my $message_id = sql("SELECT message_id FROM letter WHERE id = '$letter'");
my $wait = sql("SELECT next_at - created_at FROM letter WHERE id = '$letter'") / 1e6;
cmp_ok($wait, '>=', 45, 'for a minute, more or less');
cmp_ok($wait, '<=', 600, 'but not for long');
later(2);
is(comes_to($letter, qr/^queued\|2\|/), 'queued|2|deferred', 'tried again after it, put off again');
mood('accept');
later(4);
is(comes_to($letter, qr/^sent/), 'sent|3|accepted', 'and once more: taken');
my @came = letters_for($address, $mails);
is(scalar @came, 1, 'it came once');
is($came[0]{headers}{'message-id'}[0], "<$message_id>", 'with its own Message-ID');
my $code = letter_for($address, 1, $mails)->{code};
ok($code, 'and its code');
is(sql("SELECT recipient, subject, body FROM letter WHERE id = '$letter'"), '||', 'what was sent keeps no address and no words');

# Refused: no further try. Cut off after DATA: nobody knows, so once more, and a reader sees one letter.
my ($refused_address, $refused) = ask('refuse');
my ($cut_address, $cut) = ask('datacut');
is(comes_to($refused, qr/^failed/), 'failed|1|refused', 'refused: it has failed');
is(comes_to($cut, qr/^queued\|1/), 'queued|1|unknown', 'cut off after DATA: it waits');
is(scalar letters_for($cut_address, $mails), 1, 'though it may have come');
later(3);
is(comes_to($cut, qr/^queued\|2/), 'queued|2|unknown', 'cut off: tried again');
@came = letters_for($cut_address, $mails);
is(scalar @came, 2, 'it came twice');
is($came[0]{headers}{'message-id'}[0], $came[1]{headers}{'message-id'}[0], 'with the same Message-ID');
is($came[0]{raw}, $came[1]{raw}, 'and the same in every byte');
is(look($refused), 'failed|1|refused', 'refused: no further try');
is(scalar letters_for($refused_address, $mails), 0, 'and nothing came');
is(sql("SELECT recipient, subject, body FROM letter WHERE id = '$refused'"), '||', 'what has failed keeps no address and no words');

# A mail server that hangs: everything else goes on; the letter comes when it wakes up.
mood('hang');
my ($slow_address, $slow) = ask('slow');
is(comes_to($slow, qr/^sending/), 'sending|1|', 'hanging: the letter is under way');
my $browser = $server->browser;
is($browser->get($_)->status, 200, "hanging: $_") for qw(/ /portal/login /portal/register /portal/policy);
my ($next_address, $next) = ask('next');
like(look($slow), qr/^(?:sending|queued)\|1/, 'hanging: all that while it has not come');
is(comes_to($_, qr/^queued\|1/), 'queued|1|unreachable', 'hanging: in the end it waits') for $slow, $next;
mood('accept');
later(4);
for my $case ([$slow, $slow_address], [$next, $next_address]) {
    like(comes_to($case->[0], qr/^sent/), qr/^sent\|\d\|accepted/, 'awake: sent');
    is(scalar letters_for($case->[1], $mails), 1, 'awake: it came once');
}
# A coming policy is announced, and its letter given up in the end: the page tells, at the next sign-in.
my ($anna, $login, $email) = member(browser => $browser, folder => $mails);
mood('defer');
PDPortal::Setup::publish($server->{conf}, 'policy', 'policy2', '--effective', POSIX::strftime('%Y-%m-%dT%H:%M:%SZ', gmtime time + 30 * 86400));
ok(until_true(sub { sql("SELECT count(*) FROM letter WHERE kind = 'policy-coming'") eq '1' }, 30), 'announced: a letter is written');
my $announced = sql("SELECT id FROM letter WHERE kind = 'policy-coming'");
is(comes_to($announced, qr/^queued\|1/), 'queued|1|deferred', 'announced: it is put off');
is(sql('SELECT way FROM told'), 'letter', 'announced: told by letter, as far as is known');
later(4 * 24 * 60);
is(comes_to($announced, qr/^failed/), 'failed|2|deferred', 'announced: the letter is given up');
is(sql('SELECT count(*) FROM told'), 0, 'announced: who did not get it is not told');
mood('accept');
like(sign_in($server->browser, $login)->header('location'), qr{^/portal/coming}, 'announced: the page tells');
is(sql('SELECT way FROM told'), 'page', 'announced: once');
# A new password is asked for while the mail server is away for an hour: the link works an hour from when it came.
sub job { my ($name) = @_; local %ENV = (%ENV, %{ $clocked{env} }); return (run_ctl('jobs', 'run', $name, '--config', $server->{conf}))[0] }
sub recovery {
    my $asking = $server->browser;
    $asking->get('/portal/recover');
    $asking->submit({ login => $login, act => 'ask' }, form => qr/recover/);
    my $queued = "SELECT id FROM letter WHERE kind = 'recovery' AND state = 'queued' AND attempts = 1";
    until_true(sub { sql($queued) }, 30) or BAIL_OUT('no letter for a new password');
    return sql($queued);
}
sub opened { my ($link) = @_; my $reader = $server->browser; return $reader->follow($reader->get($link)) }
mood('defer');
my $recovery = recovery();
later(65);
is(job('expire'), 0, 'recovery: what is over is removed meanwhile');
mood('accept');
later(65);
like(comes_to($recovery, qr/^sent/), qr/^sent/, 'recovery: the letter comes in the end');
my ($link) = letter_that($email, qr{/portal/reset\?t=}, $mails)->{text} =~ m{http://[^/]+(/portal/reset\?t=[\w-]{43})};
ok(opened($link)->form(qr/reset/), 'recovery: its link works');
later(58);
ok(opened($link)->form(qr/reset/), 'recovery: also 58 minutes later');
later(4);
like(opened($link)->text, qr/does not work/, 'recovery: after an hour it does not');
mood('defer');
$recovery = recovery();
mood('accept');
later(24 * 60);
is(comes_to($recovery, qr/^failed/), 'failed|2|refused', 'recovery: a day late the letter is not sent any more');
is(scalar(grep { $_->{text} =~ m{/reset\?t=} } letters_for($email, $mails)), 1, 'recovery: one came in all');
is((run_ctl('verify-journal', '--config', $server->{conf}))[0], 0, 'the journal is whole');
unlike($server->log, qr/\@mail\.test|:(?:crit|alert|emerg)\]|Segmentation/, 'the log has no address');
$server->stop;

# STARTTLS is demanded and the server has none: tried again and again, and never in the clear.
$server = server(name => 'retry-tls', place => 1, %clocked, set => { PDPortalMailRelay => "smtp://127.0.0.1:$port", PDPortalMailTLS => 'require' });
$server->start;
my ($strict_address, $strict) = ask('strict');
is(comes_to($strict, qr/^queued\|1/), 'queued|1|unreachable', 'STARTTLS demanded: it waits');
later(3);
is(comes_to($strict, qr/^queued\|2/), 'queued|2|unreachable', 'STARTTLS demanded: and waits');
is(scalar letters_for($strict_address, $mails), 0, 'STARTTLS demanded: never sent in the clear');
done_testing;
