# Taking an account back from a thief: what he prepared does not outlive the owner's links (F13, F14, F15, F20, F21), an
# owner who has proved the mailbox gets in while strangers guess, and of many hands that use one link one wins.
use strict;
use warnings FATAL => 'all';
use utf8;
use Digest::SHA qw(hmac_sha1);
use POSIX ();
use Test::More;
use PDPortal::Test;
use PDPortal::Places qw(places_file nested);
use PDPortal::Setup ();

my $file = "$ENV{PD_WORK}/thief.mmdb";
places_file($file, { '127.10.0.0/16' => nested('RU', 'Россия', 'Russia'), '127.20.0.0/16' => nested('DE', 'Германия', 'Germany'),
    '127.30.0.0/16' => nested('FR', 'Франция', 'France') });
my ($clock, $ticks) = map {"$ENV{PD_WORK}/thief.$_"} qw(clock ticks);
my ($now, $passed) = (0, 0); # seconds by which the portal's clocks are ahead
sub clock { ($now) = @_; return write_file($clock, sprintf "%+d\n", $now) }
sub later { my ($seconds) = @_; $passed += $seconds; return write_file($ticks, "+$passed\n") }
clock(0);
later(0);
my $server = server(name => 'thief', set => { PDPortalMailRelay => "maildir:$ENV{PD_WORK}/thief/mail", PDPortalPlaceFile => $file, PDPortalLettersPerHour => 50,
    PDPortalHashingQueue => 64, PDPortalHashingWait => '30s', PDPortalSessionRecheck => '1h', PDPortalSessionIdle => '2d', PDPortalSessionLifetime => '9d' },
    env => { LD_PRELOAD => $ENV{PD_FALSE_CLOCK}, PD_CLOCK_FILE => $clock, PD_TICKS_FILE => $ticks });
$server->start;
my $folder = "$server->{dir}/mail";
my $anew = 'quiet copper 31 rivers';
my $his_own = 'violet anchor 9 meadows';

sub sql { return PDPortal::Setup::sql($server, @_) }
sub cli { local %ENV = (%ENV, LD_PRELOAD => $ENV{PD_FALSE_CLOCK}, PD_CLOCK_FILE => $clock); return run_ctl(@_, '--config', $server->{conf}) }
my $n = 0;
sub from { my ($part) = @_; $n++; return $server->browser(local => "127.$part.$n.1") }
sub signed_in { my ($part, $login, $password) = @_; my $browser = from($part); sign_in($browser, $login, $password); return $browser }
# (browser, login, e-mail, id); at home in Russia.
sub owner {
    my ($browser, $login, $email) = member(browser => from(10), folder => $folder);
    my ($id) = (cli('people', 'find', $login, '--json'))[1] =~ /"person"\s*:\s*"([\w-]{36})"/;
    return ($browser, $login, $email, $id);
}
sub events { my ($id, $event) = @_; return sql("SELECT count(*) FROM journal WHERE subject = '$id' AND event = '$event'") }
sub letters_like { my ($email, $pattern) = @_; return scalar grep { $_->{text} =~ $pattern } letters_for($email, $folder) }
sub link_of { my ($email, $pattern, $page) = @_; return letter_that($email, $pattern, $folder)->{text} =~ m{http://[^/]+(/portal/$page\?t=[\w-]{43})} ? $1 : undef }
sub revert_link { my ($email) = @_; return link_of($email, qr/replaced by another one/, 'restore') }
sub not_me_link { my ($email) = @_; return link_of($email, qr/country that is new/, 'not-me') }
# The links of the letters of unusual sign-ins, of which there are $n.
sub not_me_links {
    my ($email, $n) = @_;
    return @{ until_true(sub { my @links = map { $_->{text} =~ m{http://[^/]+(/portal/not-me\?t=[\w-]{43})} ? $1 : () } letters_for($email, $folder); @links == $n ? \@links : undef }, 30) || [] };
}
sub opened { my ($browser, $link) = @_; return $browser->follow($browser->get($link)) }
# Opens a link and presses its button.
sub pressed { my ($browser, $link) = @_; opened($browser, $link); my ($page) = $link =~ m{/portal/([\w-]+)}; return $browser->submit({}, form => qr/$page$/) }
sub ready { my ($link) = @_; my ($page) = $link =~ m{/portal/([\w-]+)}; return opened(from(10), $link)->form(qr{/$page$}) ? 1 : 0 }
sub set_password {
    my ($browser, $answer, $password) = @_;
    $browser->follow($answer);
    return is($browser->submit({ password => $password // $anew }, form => qr/reset/)->status, 303, 'a new password is set');
}
sub change_email {
    my ($browser, $address) = @_;
    $browser->get('/portal/account/email');
    $browser->submit({ email => $address }, form => qr{account/email$});
    my ($code) = letter_that($address, qr/enter this code/, $folder)->{text} =~ /^(\d{8})$/m;
    $browser->get('/portal/account/email');
    return is($browser->submit({ code => $code }, form => qr{account/email})->status, 303, 'the address is changed');
}
sub close_account { my ($browser) = @_; $browser->get('/portal/account/close'); return is($browser->submit({}, form => qr{close$})->status, 303, 'the account is closed') }
# A link to a new password, by asking for it; its browser.
sub recovered {
    my ($name, $email) = @_;
    my $browser = from(10);
    $browser->get('/portal/recover');
    $browser->follow($browser->submit({ login => $name, act => 'ask' }, form => qr/recover/));
    return set_password($browser, $browser->get(link_of($email, qr/new password for your account/, 'reset')));
}
# RFC 6238, by hand.
sub code_of {
    my ($secret) = @_;
    my $bits = join '', map { sprintf '%05b', index 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', $_ } split //, $secret;
    my $mac = hmac_sha1(pack('Q>', int((time + $now) / 30)), pack 'B*', $bits);
    my $at = ord(substr $mac, 19) & 15;
    return sprintf '%06d', (unpack('N', substr $mac, $at, 4) & 0x7fffffff) % 1_000_000;
}
my $factor_page = '/portal/account/second-factor';
sub begin_factor {
    my ($browser) = @_;
    $browser->get($factor_page);
    $browser->submit({ act => 'begin' }, form => qr/second-factor/);
    return $browser->get($factor_page)->body =~ m{secret=([A-Z2-7]{32})&} ? $1 : undef;
}
sub set_up_factor {
    my ($browser) = @_;
    my $secret = begin_factor($browser);
    is($browser->submit({ act => 'confirm', code => code_of($secret) }, form => qr/second-factor/)->status, 200, 'a second factor is set up');
    return $secret;
}
sub signs_in {
    my ($login, $password, $wanted, $name) = @_;
    my $browser = from(10);
    my $answer = sign_in($browser, $login, $password);
    is($answer->status, 303, "$name: the password is right") or diag $answer->text;
    is($browser->get('/portal/account/')->status, $wanted, $name);
    return $browser;
}
# How many of 32 hands that send the same at once are let through: [browser, page, values].
sub winners {
    my ($form, @hands) = @_;
    pipe my $reader, my $writer or die "pipe: $!";
    my @children;
    for my $hand (@hands) {
        my $pid = fork // die "fork: $!";
        if ($pid == 0) {
            my $got = eval { $hand->[0]->submit($hand->[2] || {}, page => $hand->[1], form => $form) };
            syswrite $writer, ($got ? $got->status : 'failed') . "\n";
            POSIX::_exit(0);
        }
        push @children, $pid;
    }
    close $writer;
    my @results = <$reader>;
    waitpid $_, 0 for @children;
    is(scalar @results, 32, '32 hands');
    return scalar(grep {/^303/} @results) . ' of ' . (@results - grep {/^5|failed/} @results);
}
sub hands { my ($link) = @_; return map { my $browser = from(10); [$browser, opened($browser, $link)] } 1 .. 32 }

# --- a thief's letter of a sign-in does not outlive the owner's links to a new password
{
    my ($browser, $login, $email) = owner();
    my $thief = signed_in(10, $login);
    my $address = unique('thief') . '@mail.test';
    change_email($thief, $address);
    signed_in(20, $login);
    my $link = not_me_link($address);
    my $open = from(20);
    my $page = opened($open, $link);
    ok($page->form(qr/not-me/), 'the letter of a new country went to the thief, and its link is good');
    my $owner = from(10);
    set_password($owner, pressed($owner, revert_link($email)));
    is(ready($link), 0, 'once the former address is brought back it is void');
    sign_in($owner, $login, $anew);
    isnt($open->submit({}, page => $page, form => qr/not-me/)->status, 303, 'and so is the form that lay open');
    is($owner->get('/portal/account/')->status, 200, 'the owner stays signed in');
}
{
    my ($browser, $login, $email) = owner();
    my $thief = signed_in(20, $login);
    my $link = not_me_link($email);
    $thief->get('/portal/account/password');
    is($thief->submit({ password => $his_own }, form => qr{account/password$})->status, 303, 'a thief changes the password in the account');
    is(ready($link), 1, "the owner's link stays good");
    is((cli('passwords', 'expire', $login, '--reason', 'incident'))[0], 0, 'the password has to be replaced');
    $thief = from(10);
    set_password($thief, sign_in($thief, $login, $his_own), 'thirteen grey pelicans');
    is(ready($link), 1, 'nor does it end by a password that was replaced by who knew the old one');
    recovered($login, $email);
    is(ready($link), 0, 'who has proved the mailbox has ended it');
}

# --- an account that the thief has closed
{
    my ($browser, $login, $email, $id) = owner();
    my $address = unique('thief') . '@mail.test';
    change_email($browser, $address);
    close_account($browser);
    my $recall = link_of($address, qr/is being closed/, 'recall');
    my $link = revert_link($email);
    is(ready($link), 1, 'the former address can be brought back while the account is being closed');
    my $owner = from(10);
    page_like(opened($owner, $link), qr/closing of the account, which has begun, is called off/, 'which is said before');
    my $answer = $owner->submit({}, form => qr/restore/);
    is($answer->header('location'), '/portal/reset?notice=restored', 'brought back');
    is(sql("SELECT state FROM person WHERE id = '$id'"), 'active', 'the account is kept');
    is(sql('SELECT count(*) FROM closing'), 0, 'nothing of the closing is left');
    is(events($id, 'closing.recalled'), 1, 'journalled');
    is(events($id, 'email.restored'), 1, 'beside what else was done');
    ok(letter_that($email, qr/closing was called off/, $folder), 'the owner is told');
    is(letters_like($address, qr/closing was called off/), 0, 'and not the thief');
    is(ready($recall), 0, "the thief's link to recall is void");
    set_password($owner, $answer);
    signs_in($email, $anew, 200, 'the owner is in');
}
{
    my ($browser, $login, $email, $id) = owner();
    change_email($browser, unique('other') . '@mail.test');
    my $link = revert_link($email);
    sql("UPDATE person SET state = 'blocked' WHERE id = '$id'");
    is(ready($link), 0, 'of who is blocked the link is void');
    is((cli('people', 'close', $login, '--reason', 'order'))[0], 0, 'and closed by order');
    is(ready($link), 0, 'it stays so');
    sql("UPDATE closing SET was = 'active' WHERE person_id = '$id'");
    is(ready($link), 1, '(otherwise it would be good)');
    sql("UPDATE closing SET due_at = 1 WHERE person_id = '$id'");
    is(ready($link), 0, 'and when the time to keep the account is over it is void');
}

# --- a second factor that the thief set up
{
    my ($browser, $login, $email, $id) = owner();
    my $thief = signed_in(10, $login);
    change_email($thief, unique('thief') . '@mail.test');
    set_up_factor($thief);
    signs_in($login, undef, 303, 'a code is asked for');
    my $owner = from(10);
    set_password($owner, pressed($owner, revert_link($email)));
    signs_in($login, $anew, 200, 'brought back: no code of the thief is asked for');
    is(events($id, 'factor.off'), 1, 'journalled');
    my $letter = letter_that($email, qr/second step of sign-in was turned off/, $folder);
    like($letter->{text}, qr/link of that letter/, 'the owner is told, and which way out there is');
}
{
    my ($browser, $login, $email, $id) = owner();
    my $thief = signed_in(20, $login);
    set_up_factor($thief);
    my $link = not_me_link($email);
    change_email($thief, unique('thief') . '@mail.test');
    my $owner = from(10);
    set_password($owner, pressed($owner, revert_link($email)));
    signs_in($login, $anew, 200, 'one set up between the sign-in that the owner was told of and the change of address goes, too');
}
{
    my ($browser, $login, $email, $id) = owner();
    my $thief = signed_in(20, $login);
    set_up_factor($thief);
    my $owner = from(10);
    set_password($owner, pressed($owner, not_me_link($email)));
    $owner = signs_in($login, $anew, 200, 'not me: no code of the thief is asked for');
    is(events($id, 'factor.off'), 1, 'journalled');
    is(letters_like($email, qr/second step of sign-in was turned off/), 1, 'and told') if letter_that($email, qr/second step of sign-in was turned off/, $folder);
    is(sql("SELECT count(*) FROM factor_code WHERE person_id = '$id'"), 0, 'nor is one of his spare codes good');
}
{
    my ($browser, $login, $email) = owner();
    my $secret = begin_factor(signed_in(20, $login));
    my $owner = from(10);
    set_password($owner, pressed($owner, not_me_link($email)));
    $owner = signs_in($login, $anew, 200, 'not me, with a secret that was only shown');
    ok(index($owner->get($factor_page)->body, $secret) < 0, 'the owner is not shown the secret that the thief has seen');
}
{
    my ($browser, $login, $email, $id) = owner();
    my $secret = set_up_factor($browser);
    clock(90);
    signed_in(20, $login);
    my $owner = from(10);
    set_password($owner, pressed($owner, not_me_link($email)));
    signs_in($login, $anew, 303, 'one set up before the sign-in stays');
    clock(180);
    $owner = from(10);
    sign_in($owner, $login, $anew);
    $owner->get('/portal/second-factor');
    is($owner->submit({ code => code_of($secret) }, form => qr/second-factor/)->status, 303, 'its code is good');
    change_email($owner, unique('other') . '@mail.test');
    $owner = from(10);
    set_password($owner, pressed($owner, revert_link($email)));
    signs_in($login, $anew, 303, 'one set up before the change of address stays');
    recovered($login, $email);
    signs_in($login, $anew, 303, 'and recovery by mail leaves it');
    is(events($id, 'factor.off'), 0, 'nothing was turned off');
    clock(0);
}

# --- another sign-in does not end what the letter of the first one can do
for my $which (0, 1) {
    my ($browser, $login, $email, $id) = owner();
    my $thief = signed_in(20, $login);
    is(scalar not_me_links($email, 1), 1, 'a letter of the first country');
    set_up_factor($thief);
    clock(60);
    signed_in(30, $login);
    my @links = not_me_links($email, 2);
    is(join(' ', map { ready($_) } @links), '1 1', 'and of the second: both links are good');
    my $owner = from(10);
    my $answer = pressed($owner, $links[$which]);
    is(ready($links[1 - $which]), 0, 'with one used, the other is void');
    set_password($owner, $answer);
    signs_in($login, $anew, 200, 'a factor set up between them is gone, by the link of letter ' . ($which + 1));
    is(events($id, 'factor.off'), 1, 'journalled');
    clock(0);
}

# --- "that was not me" pressed by a thief who has the password alone
{
    my ($browser, $login, $email, $id) = owner();
    my $thief = signed_in(20, $login);
    my $link = not_me_link($email);
    my $asking = from(10);
    $asking->get('/portal/recover');
    $asking->follow($asking->submit({ login => $login, act => 'ask' }, form => qr/recover/));
    my $letter = letter_that($email, qr/new password for your account/, $folder)->{text};
    my ($by_letter) = $letter =~ m{http://[^/]+(/portal/reset\?t=[\w-]{43})};
    my ($code) = $letter =~ /^(\d{8})$/m;
    $thief->get('/portal/account/not-me');
    set_password($thief, $thief->submit({}, form => qr{account/not-me$}), $his_own);
    is(ready($link), 1, "a thief who disowns from the inbox does not void the owner's link");
    is(ready($by_letter), 1, 'nor that of a letter to a new password');
    is(sql("SELECT count(*) FROM sign_in_country WHERE person_id = '$id'"), 2, 'countries stay known, so that a third one is told');
    $thief = signed_in(30, $login, $his_own);
    is(scalar not_me_links($email, 2), 2, 'which it is');
    set_up_factor($thief);
    $asking->get('/portal/recover');
    is($asking->submit({ code => $code, act => 'code' }, form => qr/recover/)->status, 303, 'the code of the letter is good as well');
    $thief->get('/portal/account/not-me');
    my $open = $thief->follow($thief->submit({}, form => qr{account/not-me$}));
    ok($open->form(qr/reset/), 'the thief is about to set another password');
    my $owner = from(10);
    my $answer = pressed($owner, $link);
    is($thief->submit({ password => 'thirteen grey pelicans' }, page => $open, form => qr/reset/)->status, 200, 'which the owner has ended with his link');
    set_password($owner, $answer);
    signs_in($login, $anew, 200, 'and the account is his again, without the thief\'s second factor');
}

# --- while strangers guess, who has proved the mailbox gets in
{
    my ($browser, $login, $email) = owner();
    my $wait = 0;
    for (1 .. 100) {
        $wait = sign_in(from(10), $login, 'wrong password here')->header('retry-after') // 0;
        last if $wait >= 600;
        later($wait);
    }
    cmp_ok($wait, '>=', 600, 'strangers have brought the wait to many minutes');
    my $owner = from(10);
    $owner->get('/portal/recover');
    $owner->follow($owner->submit({ login => $login, act => 'ask' }, form => qr/recover/));
    set_password($owner, $owner->get(link_of($email, qr/new password for your account/, 'reset')));
    is(sign_in(from(10), $login, $anew)->status, 429, 'elsewhere the right password has to wait');
    is(sign_in($owner, $login, $anew)->status, 303, 'the browser in which it was set does not');
}

# --- one link, 32 hands
{
    my ($browser, $login, $email, $id) = owner();
    signed_in(20, $login);
    is(winners(qr/not-me/, hands(not_me_link($email))), '1 of 32', 'not me: one wins');
    is(events($id, 'session.disowned'), 1, 'and does it once');
}
{
    my ($browser, $login, $email, $id) = owner();
    change_email($browser, unique('other') . '@mail.test');
    close_account($browser);
    is(winners(qr/restore/, hands(revert_link($email))), '1 of 32', 'a former address: one wins');
    is(events($id, $_), 1, "once: $_") for qw(email.restored closing.recalled);
    is(sql("SELECT count(*) FROM identifier WHERE person_id = '$id' AND kind = 'email' AND reserved_until = 0"), 1, 'the account has one address');
}
{
    my ($browser, $login, $email, $id) = owner();
    close_account($browser);
    is(winners(qr/recall/, hands(link_of($email, qr/is being closed/, 'recall'))), '1 of 32', 'a recall: one wins');
    is(events($id, 'closing.recalled'), 1, 'and does it once');
}
{
    my ($browser, $login, $email, $id) = owner();
    my $asking = from(10);
    $asking->get('/portal/recover');
    $asking->follow($asking->submit({ login => $login, act => 'ask' }, form => qr/recover/));
    my ($code) = letter_that($email, qr/new password for your account/, $folder)->{text} =~ /^(\d{8})$/m;
    my $page = $asking->get('/portal/recover');
    my @hands = map { [$asking->clone(local => "127.30.$_.1"), $page, { code => $code, act => 'code' }] } 1 .. 32;
    is(winners(qr/recover/, @hands), '1 of 32', 'a code: one wins');
    is(sql("SELECT count(*) FROM recovery WHERE person_id = '$id' AND used_at > 0"), 1, 'and uses it once');
}

# --- a late link
{
    my ($browser, $login, $email) = owner();
    signed_in(20, $login);
    my $link = not_me_link($email);
    clock(7 * 86400 - 600);
    is(ready($link), 1, 'on the seventh day "not me" works');
    my $open = from(10);
    my $page = opened($open, $link);
    clock(7 * 86400 + 60);
    is(ready($link), 0, 'after it, no more');
    isnt($open->submit({}, page => $page, form => qr/not-me/)->status, 303, 'nor does the form that lay open');
    clock(0);
}
is((cli('verify-journal'))[0], 0, 'the journal is whole');
unlike($server->log, qr/:(?:crit|alert|emerg)\]|Segmentation|exit signal/, 'nothing crashed');
done_testing;
