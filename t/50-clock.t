# Limits of time, by a clock that the test sets (t/tools/false-clock.c): sessions end, registrations expire, a
# version takes force.
use strict;
use warnings FATAL => 'all';
use Test::More;
use PDPortal::Test;
use PDPortal::Setup ();

my $clock = "$ENV{PD_WORK}/clock.now";
# Moves on by so many seconds from the real time; the real time never stands still.
sub clock { my ($seconds) = @_; return write_file($clock, sprintf "%+d\n", $seconds) }

clock(0);
my $server = server(name => 'clock', set => {
    PDPortalMailRelay => "maildir:$ENV{PD_WORK}/clock/mail", PDPortalSessionIdle => '10min', PDPortalSessionLifetime => '1h' },
    env => { LD_PRELOAD => $ENV{PD_FALSE_CLOCK}, PD_CLOCK_FILE => $clock });
$server->start;
my $folder = "$server->{dir}/mail";
my ($browser, $login) = member(browser => $server->browser, folder => $folder);
my $idle = $server->browser;
sign_in($idle, $login);
my $minutes = 0;
sub later { $minutes += shift; clock(60 * $minutes); return }

later(8);
is($browser->get('/cabinet/')->status, 200, 'after 8 minutes: in');
later(8);
is($browser->get('/cabinet/')->status, 200, 'used meanwhile, after 16 minutes: in');
is($idle->get('/cabinet/')->status, 303, 'not used for 16 minutes: out');
for (1 .. 5) {
    later(8);
    $browser->get('/cabinet/');
}
later(8);
is($browser->get('/cabinet/')->status, 303, 'used all the time, after more than an hour: out');
is(sign_in($browser, $login)->status, 303, 'signing in again works');

# A form that lay open too long comes back filled.
my $visitor = $server->browser;
$visitor->get('/portal/login');
later(3 * 60);
is($visitor->submit({ login => $login, password => password() })->status, 403, 'a form of three hours ago: 403');
is($visitor->{last}->form->{fields}{login}, $login, 'filled');
is($visitor->submit({ password => password() })->status, 303, 'and sent again it works');

# A registration that nobody confirms is gone after a day, and the login and mailbox are free again.
my $late = $server->browser;
my (undef, $form) = register($late);
my $letter = letter_for($form->{email}, 1, $folder);
later(23 * 60);
is($late->follow($late->get($letter->{link}))->status, 200, 'after 23 hours the link still leads to its page');
ok($late->{last}->form(qr/confirm/), 'with the button');
later(2 * 60);
my $page = $late->follow($late->get($letter->{link}));
ok(!$page->form(qr/confirm/), 'after 25 hours it does not');
ok(until_true(sub { PDPortal::Setup::sql($server, "SELECT count(*) FROM registration WHERE confirmed_at = 0") eq '0' }, 90), 'the registration is removed');
is(PDPortal::Setup::sql($server, "SELECT count(*) FROM person WHERE state = 'pending'"), '0', 'with all that belongs to it');
my (undef, $again) = register($server->browser, login => $form->{login});
ok(letter_for($again->{email}, 2, $folder)->{code}, 'the same person can register anew');
is((run_ctl('verify-journal', '--config', $server->{conf}))[0], 0, 'the journal is whole');
done_testing;
