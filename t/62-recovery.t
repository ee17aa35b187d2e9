# Recovery of access (F13): a letter with a link and a code, asked for under any name, good once and for an hour;
# nobody learns from the page whether there is such an account.
use strict;
use warnings FATAL => 'all';
use utf8;
use POSIX ();
use Test::More;
use PDPortal::Test;
use PDPortal::Setup ();
binmode $_, ':encoding(UTF-8)' for map { Test::More->builder->$_ } qw(output failure_output todo_output);

my $clock = "$ENV{PD_WORK}/recovery.clock";
sub clock { my ($seconds) = @_; return write_file($clock, sprintf "%+d\n", $seconds) }
clock(0);
my $server = server(name => 'recovery', set => {
    PDPortalMailRelay => "maildir:$ENV{PD_WORK}/recovery/mail", PDPortalHashingQueue => 64, PDPortalHashingWait => '30s',
    PDPortalSessionRecheck => '1h', PDPortalLettersPerHour => 3 },
    env => { LD_PRELOAD => $ENV{PD_FALSE_CLOCK}, PD_CLOCK_FILE => $clock });
$server->start;
my $folder = "$server->{dir}/mail";
my $password = 'quiet lantern harbour 7 owls';

sub run { my (@words) = @_; return run_ctl(@words, '--config', $server->{conf}) }
sub rows { my ($what) = @_; return PDPortal::Setup::sql($server, "SELECT count(*) FROM $what") }
sub person { my ($browser, @who) = member(browser => $server->browser, folder => $folder); return ($browser, @who) }

# Asks under a name; the answer after the redirection.
sub ask {
    my ($browser, $name) = @_;
    $browser->get('/portal/recover');
    my $answer = $browser->submit({ login => $name, act => 'ask' }, form => qr/recover/);
    return $answer->status == 303 ? $browser->follow($answer) : $answer;
}

# The newest letter for it, with its link and code.
sub recovery_letter {
    my ($email, $n) = @_;
    my $letters = until_true(sub { my @all = grep { $_->{text} =~ /new password for your account/ } letters_for($email, $folder); @all >= ($n // 1) ? \@all : undef }, 30)
        or BAIL_OUT("no letter for $email");
    my $letter = $letters->[-1];
    my ($link) = $letter->{text} =~ m{https?://[^/\s]+(/portal/reset\?t=[\w-]{43})};
    my ($code) = $letter->{text} =~ /^\s*(\d{8})\s*$/m;
    return { %$letter, link => $link, code => $code };
}
sub opened { my ($browser, $path) = @_; return $browser->follow($browser->get($path)) }
sub answered { return until_true(sub { rows('recovery WHERE answered_at = 0') eq '0' }, 30) }
sub enter_code {
    my ($browser, $code) = @_;
    $browser->get('/portal/recover');
    return $browser->submit({ code => $code, act => 'code' }, form => qr/recover/);
}

# --- by the link, in any browser
my ($browser, $login, $email) = person();
is($browser->get('/cabinet/')->status, 200, 'signed in');
my $asking = $server->browser;
page_like($asking->get('/portal/login'), qr{href="/portal/recover"}, 'the sign-in page leads there');
my $page = ask($asking, $login);
like($page->text, qr/Look into your mailbox/, 'a letter is on its way, says the page');
my $letter = recovery_letter($email);
ok($letter->{link} && $letter->{code}, 'the letter has a link and a code');
unlike($letter->{text}, qr/\Q$login\E(?!\@)/, 'but not the login');
is($browser->get('/cabinet/')->status, 200, 'asking ends no session');
is(sign_in($server->browser, $login)->status, 303, 'nor the old password');
for my $n (1 .. 20) {
    my $scanner = $server->browser(navigation => 0);
    my $got = $scanner->request($n % 3 ? 'GET' : 'HEAD', $letter->{link});
    $scanner->get($got->header('location')) if $got->status == 303;
}
my $elsewhere = $server->browser;
$page = opened($elsewhere, $letter->{link});
ok($page->form(qr/reset/), 'after twenty scanners the link opens the form in another browser');
my $answer = $elsewhere->submit({ password => $password }, form => qr/reset/);
is($answer->status, 303, 'set');
like($elsewhere->follow($answer)->text, qr/password is set/, 'and the page says so');
isnt($browser->get('/cabinet/')->status, 200, 'every session has ended');
is(sign_in($server->browser, $login)->status, 422, 'the old password is no more');
is(sign_in($server->browser, $login, $password)->status, 303, 'the new one signs in');
ok(letter_that($email, qr/new password has just been set/, $folder), 'a letter tells of it');
like(opened($server->browser, $letter->{link})->text, qr/has been used/, 'the link says that it was used');
is(enter_code($asking, $letter->{code})->status, 200, 'the code is void with it');
unlike($asking->get('/portal/recover')->text, qr/Code from the letter/, 'the asking browser waits for no code any more');

# --- by the code, in the browser that asked, under the e-mail
$page = ask($asking, $email =~ s/@(.*)/'@' . uc $1/er);
$letter = recovery_letter($email, 2);
is(enter_code($server->browser, $letter->{code})->status, 200, 'another browser has nothing to enter it for');
is(enter_code($asking, '00000000')->status, 422, 'a wrong code');
$answer = enter_code($asking, join ' ', $letter->{code} =~ /(..)/g);
is($answer->status, 303, 'the right one, typed with spaces');
$page = $asking->follow($answer);
ok($page->form(qr/reset/), 'leads to the new password');
like(opened($server->browser, $letter->{link})->text, qr/does not work/, 'and the link is void');
is($asking->submit({ password => 'short' }, form => qr/reset/)->status, 422, 'a bad password is refused');
is($asking->submit({ password => "$password again" }, form => qr/reset/)->status, 303, 'a good one set');

# --- nobody learns who has an account
my $third = $server->browser;
my (undef, $unconfirmed) = register($server->browser, login => unique('waits'), email => unique('waits') . '@mail.test');
my ($blocked_browser, $blocked, $blocked_email) = person();
PDPortal::Setup::sql($server, "UPDATE person SET state = 'blocked' WHERE id = (SELECT person_id FROM identifier WHERE kind = 'login'"
    . " AND lookup = (SELECT lookup FROM identifier WHERE person_id = (SELECT id FROM person ORDER BY created_at DESC LIMIT 1) AND kind = 'login'))");
my ($known_browser, $known, $known_email) = person();
my %told;
for my $case ([known => $known], [mail => $known_email], [nobody => unique('nobody')], [nomail => unique('no') . '@mail.test'],
    [unconfirmed => $unconfirmed->{email}], [blocked => $blocked], [odd => "\x{202e}\x{1F600}<b>"])
{
    my ($what, $name) = @$case;
    my $visitor = $server->browser;
    $visitor->get('/portal/recover');
    my $first = $visitor->submit({ login => $name, act => 'ask' }, form => qr/recover/);
    my $then = $visitor->follow($first);
    $told{$what} = join '|', $first->status, $first->header('location'), $then->status, length $then->body, $then->text;
}
is($told{$_}, $told{known}, "$_: status, address, length and words are those of a known name") for sort keys %told;
ok(answered(), 'all are answered');
ok((grep { $_->{text} =~ /new password for your account/ } letters_for($known_email, $folder)), 'the known one has a letter');
is(scalar(grep { $_->{text} =~ /new password for your account/ } letters_for($unconfirmed->{email}, $folder)), 0, 'an unconfirmed account has none');
is(scalar(grep { $_->{text} =~ /new password for your account/ } letters_for($blocked_email, $folder)), 0, 'a blocked one has none');

# --- the fourth letter of an hour is not written, the page is the same, the last link stays good
my ($many_browser, $many, $many_email) = person();
my @pages = map { ask($server->browser, $many)->text } 1 .. 5;
is($pages[$_], $pages[0], 'asked ' . ($_ + 1) . ' times: the same page') for 1 .. 4;
ok(answered(), 'all are answered');
my @all = until_true(sub { my @got = letters_for($many_email, $folder); @got >= 3 ? 1 : 0 }, 30);
cmp_ok(rows("letter WHERE kind = 'recovery' AND person_id = (SELECT person_id FROM link ORDER BY created_at DESC LIMIT 1)"), '<=', 3, 'no more than three letters');
is(rows("link WHERE used_at = 0 AND purpose = 'password' AND person_id = (SELECT person_id FROM recovery WHERE person_id <> '' ORDER BY created_at DESC LIMIT 1)"), 1, 'one link is good');

# --- nor does it make the code of the last letter void, in the browser that asked
my ($patient_browser, $patient, $patient_email) = person();
my $patient_asking = $server->browser;
for (1 .. 4) { ask($patient_asking, $patient); answered() }
$letter = recovery_letter($patient_email);
is(rows("letter WHERE kind = 'recovery' AND person_id = (SELECT person_id FROM recovery WHERE person_id <> '' ORDER BY created_at DESC LIMIT 1)") < 4, 1, 'asked four times, the last without a letter');
my %codes = map { /^\s*(\d{8})\s*$/m ? ($1 => 1) : () } map { $_->{text} } grep { $_->{text} =~ /new password for your account/ } letters_for($patient_email, $folder);
my @statuses = map { enter_code($patient_asking, $_)->status } keys %codes;
is(scalar(grep { $_ == 303 } @statuses), 1, 'the code of the last letter opens the way to a new password') or diag "@statuses";
is(scalar(grep { $_ == 303 } map { enter_code($patient_asking, $_)->status } keys %codes), 0, 'and then none does, of whatever letter');
# Tries run out alike, whether or not the last asking was answered by a letter.
my ($curious_browser, $curious, $curious_email) = person();
my %tried;
for my $case ([somebody => $curious], [nobody => unique('nobody')]) {
    my ($what, $name) = @$case;
    my $visitor = $server->browser;
    for (1 .. 4) { ask($visitor, $name); answered() }
    for my $n (1 .. 24) {
        if ($n == 12) { ask($visitor, $name); answered() }
        my $place = $visitor->clone(local => "127.61." . ($what eq 'nobody' ? 100 + $n : $n) . '.1');
        my $got = enter_code($place, sprintf '%08d', $n);
        push @{ $tried{$what} }, join ' ', $got->status, $got->text =~ /(no tries left|did not match)/;
    }
}
is_deeply($tried{somebody}, $tried{nobody}, 'wrong codes are answered alike for somebody and nobody');
like($tried{nobody}[10], qr/no tries left/, 'ten tries of what was asked for last');
like($tried{nobody}[11], qr/did not match/, 'and ten more once it was asked for again');

# --- nor does a code for one's own name tell whether another has an account, which was asked for after it
my %own;
for my $case ([somebody => $curious], [nobody => unique('nobody')]) {
    my ($what, $name) = @$case;
    my (undef, $own, $own_email) = person();
    my $visitor = $server->browser;
    ask($visitor, $own);
    answered();
    my $first = recovery_letter($own_email)->{code};
    ask($visitor, $name);
    answered();
    my $got = enter_code($visitor, $first);
    $own{$what} = join '|', $got->status, $got->header('location') // '', length $got->body, $got->text;
    is($got->status, 422, "$what: the code of another name is none");
    ask($visitor, $own);
    answered();
    is(enter_code($visitor, recovery_letter($own_email, 2)->{code})->status, 303, 'under its own name the next one is right');
}
is($own{somebody}, $own{nobody}, 'in the same words for somebody and nobody');

# --- ten wrong codes are the end of the code, not of the link
my ($guess_browser, $guess, $guess_email) = person();
my $guesser = $server->browser;
ask($guesser, $guess);
$letter = recovery_letter($guess_email);
my $waits = 0;
for my $n (1 .. 10) {
    $answer = enter_code($guesser, sprintf '%08d', $n);
    $waits++ if $answer->status == 429;
}
$answer = enter_code($guesser, $letter->{code});
isnt($answer->status, 303, 'after ten wrong codes the right one does not pass');
like($answer->text, $answer->status == 429 ? qr/Wait/i : qr/no tries left/, 'and the page says what to do');
ok(opened($server->browser, $letter->{link})->form(qr/reset/), 'the link still works');

# --- one link, 32 hands at once: one wins
my @hands = map { my $hand = $server->browser; my $form = opened($hand, $letter->{link}); [$hand, $form] } 1 .. 32;
pipe my $reader, my $writer or die "pipe: $!";
my @kids;
for my $n (0 .. 31) {
    my $pid = fork // die "fork: $!";
    if ($pid == 0) {
        my ($hand, $form) = @{ $hands[$n] };
        my $got = eval { $hand->submit({ password => "$password of hand $n" }, page => $form, form => qr/reset/) };
        my $won = $got && $got->status == 303 ? 'won' : $got ? $got->status : 'failed';
        syswrite $writer, "$n $won\n";
        POSIX::_exit(0);
    }
    push @kids, $pid;
}
close $writer;
my @results = <$reader>;
waitpid $_, 0 for @kids;
my ($winner) = map { /^(\d+) won/ ? $1 : () } @results;
is(scalar(grep {/won/} @results), 1, 'of 32 hands exactly one sets the password') or diag @results;
is(sign_in($server->browser, $guess, "$password of hand " . ($winner // 0))->status, 303, 'and it is his that counts');

# --- links and codes of another purpose, late, and early by a step of the clock
my ($late_browser, $late, $late_email) = person();
my $late_asking = $server->browser;
ask($late_asking, $late);
$letter = recovery_letter($late_email);
my ($token) = $letter->{link} =~ /t=(.*)/;
like(opened($server->browser, "/portal/confirm?t=$token")->text, qr/does not work/, 'the link confirms nothing');
ok(until_true(sub { rows("letter WHERE state IN ('queued', 'sending')") eq '0' }, 30), 'the letter is out');
clock(-3600);
ok(!opened($server->browser, $letter->{link})->form(qr/reset/), 'an hour before it was made the link does not work');
isnt(enter_code($late_asking, $letter->{code})->status, 303, 'nor the code');
clock(3500);
ok(opened($server->browser, $letter->{link})->form(qr/reset/), 'after 58 minutes it works');
my $open = $server->browser;
my $left_open = opened($open, $letter->{link});
clock(3700);
like(opened($server->browser, $letter->{link})->text, qr/does not work/, 'after an hour it does not');
like($open->submit({ password => $password }, page => $left_open)->text, qr/does not work/, 'nor does the form that lay open');
isnt(enter_code($late_asking, $letter->{code})->status, 303, 'nor the code');
is(sign_in($server->browser, $late)->status, 303, 'the old password still signs in');
ok(until_true(sub { rows("recovery WHERE expires_at < " . (time + 60) . '000000') eq '0' }, 90), 'what is over is removed');
clock(0);

# --- forms
is($third->request('POST', '/portal/recover', body => 'act=ask&login=x')->status, 403, 'without a form token: 403');
$third->get('/portal/recover');
is($third->submit({ login => '  ', act => 'ask' }, form => qr/recover/)->status, 422, 'without a name: asked for it');
like($third->{last}->text, qr/Enter your login or e-mail/, 'in words');
is($server->browser(language => 'ru')->get('/portal/recover')->status, 200, 'in Russian too');

my $logs = $server->log . (read_file("$server->{dir}/logs/access_log") // '');
ok(index($logs, $token) < 0 && index($logs, $letter->{code}) < 0, 'neither link nor code in a log');
done_testing;
