# Mail (F16): written with its cause, delivered later; every misbehaviour of a relay, and none of them
# delays a registration.
use strict;
use warnings FATAL => 'all';
use Time::HiRes ();
use Test::More;
use PDPortal::Test;

# What the relay makes of a letter, by the recipient's name: what the log then says.
my %outcome = (
    accept => qr/accepted/, defer => qr/waits|deferred/, refuse => qr/refused|failed/, datarefuse => qr/refused|failed/,
    datadefer => qr/waits|deferred/, hang => qr/waits/, datahang => qr/waits|unknown/, cut => qr/waits/, datacut => qr/waits|unknown/,
);
my $server = server(name => 'outbox');
$server->start;
my $quick = 0;
for my $name (sort keys %outcome) {
    my $browser = $server->browser;
    my $login = unique();
    my $begin = Time::HiRes::time();
    my $answer = register($browser, login => $login, email => "$name+$login\@mail.test");
    $quick++ if Time::HiRes::time() - $begin < 3;
    is($answer->status, 303, "$name: the registration is taken");
}
is($quick, scalar keys %outcome, 'each in its usual time, whatever the relay does');
my @letters = until_true(sub { my $log = $server->log; my @all = $log =~ /letter ([0-9a-f-]{36})/g; my %seen = map { $_ => 1 } @all; keys %seen == keys %outcome }, 60);
ok(scalar @letters, 'each letter was tried') or diag $server->log =~ s/^(?!.*PD04).*\n//gmr;
my $log = $server->log;
my $times = sub { my ($pattern) = @_; return scalar(() = $log =~ /$pattern/g) };
is($times->(qr/letter [0-9a-f-]{36} was accepted/), 1, 'one was accepted');
like($log, qr/PD\d+:[^\n]*refused/, 'refusals are told in the log');
unlike($log, qr/mail\.test/, 'the log has no address');
my ($code, $out) = run_ctl('check', '--config', $server->{conf}, '--json');
like($out, qr/letters/, 'check tells about the queue');

# A relay that is away: nothing is lost.
my $away = server(name => 'outbox-away', place => 1, set => { PDPortalMailRelay => 'smtp://127.0.0.1:1' });
$away->start;
my $begin = Time::HiRes::time();
my ($answer, $form) = register($away->browser);
is($answer->status, 303, 'relay away: the registration is taken');
cmp_ok(Time::HiRes::time() - $begin, '<', 3, 'in its usual time');
ok(until_true(sub { $away->log =~ /letter [0-9a-f-]{36} waits/ }, 20), 'and the letter waits');

# One that waits for long is overdue: check says so by its exit code.
sub aged { my ($minutes) = @_; PDPortal::Setup::sql($away, sprintf 'UPDATE letter SET created_at = %d000000', time - 60 * $minutes); return run_ctl('check', '--config', $away->{conf}) }
($code, $out) = aged(13);
is($code, 0, 'a letter that waits for 13 minutes: all is well') or diag $out;
($code, $out) = aged(16);
is($code, 2, 'for 16 minutes: overdue');
like($out, qr/letters.*1 wait, the oldest since/, 'and said why') or diag $out;

# STARTTLS is demanded: a relay without it gets nothing.
my $strict = server(name => 'outbox-strict', place => 2, set => { PDPortalMailTLS => 'require' });
$strict->start;
($answer, $form) = register($strict->browser);
is($answer->status, 303, 'STARTTLS demanded, relay without it: the registration is taken');
ok(until_true(sub { $strict->log =~ /letter [0-9a-f-]{36} waits/ }, 20), 'the letter waits');
is(scalar letters_for($form->{email}), 0, 'and is never sent in the clear');
$strict->stop;

# A wrong certificate.
my $forged = server(name => 'outbox-forged', place => 3, set => {
    PDPortalMailRelay => "smtp://127.0.0.1:$ENV{PD_SMTP_TLS_PORT}", PDPortalMailTLS => 'require' });
$forged->start;
($answer, $form) = register($forged->browser);
ok(until_true(sub { $forged->log =~ /letter [0-9a-f-]{36} waits/ }, 20), 'a certificate nobody vouches for: the letter waits');
is(scalar letters_for($form->{email}), 0, 'and is not sent');
$forged->stop;

# STARTTLS with a good certificate and authentication.
my (undef, $tls_form) = register(tls_browser());
my $letter = letter_for($tls_form->{email});
ok($letter, 'STARTTLS, certificate and password: delivered');
like($letter->{url}, qr{^https://127\.0\.0\.1:$ENV{PD_TLS_PORT}/}, 'with an https link');

# A Maildir.
my $maildir = server(name => 'outbox-maildir', place => 4, set => { PDPortalMailRelay => "maildir:$ENV{PD_WORK}/outbox-maildir/mail" });
$maildir->start;
(undef, $form) = register($maildir->browser);
$letter = letter_for($form->{email}, 1, "$maildir->{dir}/mail");
ok($letter->{code}, 'Maildir: delivered');
is((stat((glob "$maildir->{dir}/mail/new/*")[0]))[2] & 077, 0, 'readable by nobody else');

# The message itself.
(undef, $form) = register(browser(language => 'ru'));
$letter = letter_for($form->{email});
unlike($letter->{raw}, qr/[^\x00-\x7f]/, 'only ASCII on the wire');
unlike($letter->{raw}, qr/(?<!\r)\n|\r(?!\n)/, 'lines end in CR LF');
ok(!(grep { length > 998 } split /\r\n/, $letter->{raw}), 'no line over 998 bytes');
is(scalar @{ $letter->{headers}{$_} || [] }, 1, "one $_") for qw(from to subject date message-id mime-version content-type);
like($letter->{headers}{'auto-submitted'}[0] // '', qr/auto-generated/, 'Auto-Submitted');
like($letter->{text}, qr/[\x{430}-\x{44f}]{4}/, 'Russian for a Russian visitor');
done_testing;
