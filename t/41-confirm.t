# Confirmation (F02, F16): link and code, scanners, strange browsers, taken logins, tries that run out.
use strict;
use warnings FATAL => 'all';
use Test::More;
use PDPortal::Test;

sub begun { my $browser = browser(); my ($answer, $form) = register($browser, @_); return ($browser, $form, letter_for($form->{email})) }

# The link in the registering browser: a clean address, a button, an account.
my ($browser, $form, $letter) = begun();
my $answer = $browser->get($letter->{link});
is($answer->status, 303, 'the first GET moves the token out of the address');
unlike($answer->header('location'), qr/[?&]/, 'to an address without it');
like($answer->header('referrer-policy') // 'same-origin', qr/same-origin|no-referrer/, 'and it does not leak by Referer');
my $page = $browser->follow($answer);
is($page->status, 200, 'the page with the button');
$answer = $browser->submit({});
is($answer->status, 303, 'pressed');
like($browser->follow($answer)->text, qr/confirmed/i, 'the page after says so');
is(sign_in($browser, $form->{login})->status, 303, 'and sign-in works');

# GET changes nothing: a hundred scanners, HEAD too.
($browser, $form, $letter) = begun();
for my $n (1 .. 100) {
    my $scanner = browser(navigation => 0);
    my $got = $scanner->request($n % 3 ? 'GET' : 'HEAD', $letter->{link});
    $scanner->get($got->header('location')) if $got->status == 303;
}
is(sign_in(browser(), $form->{login})->status, 422, 'a hundred scanners confirmed nothing');
is(confirm($browser, $letter)->status, 303, 'and the visitor still can');
is(sign_in($browser, $form->{login})->status, 303, 'sign-in works');

# The link again, afterwards.
$page = $browser->follow($browser->get($letter->{link}));
is($page->status, 200, 'the link once more is no error');
like($page->text, qr/already confirmed/i, 'the page says that it is done');

# A strange browser with the link: password or code.
($browser, $form, $letter) = begun();
my $strange = browser();
$page = $strange->follow($strange->get($letter->{link}));
my $asked = $page->form;
ok(exists $asked->{types}{password} && exists $asked->{types}{code}, 'a strange browser is asked for password or code');
is($strange->submit({})->status, 422, 'nothing given: asked again');
is($strange->submit({ password => 'not it at all' })->status, 422, 'wrong password: asked again');
is(sign_in(browser(), $form->{login})->status, 422, 'still not confirmed');
$strange->follow($strange->get($letter->{link}));
is($strange->submit({ password => $form->{password} })->status, 303, 'right password: confirmed');
is(sign_in($strange, $form->{login})->status, 303, 'and sign-in works');

($browser, $form, $letter) = begun();
$strange = browser();
$strange->follow($strange->get($letter->{link}));
is($strange->submit({ code => $letter->{code} })->status, 303, 'link and code in a strange browser: confirmed');

# The code in the registering browser, without the link.
($browser, $form, $letter) = begun();
$page = $browser->get('/portal/confirm');
ok($page->form && exists $page->form->{types}{code}, 'the registering browser can type the code');
is($browser->submit({ code => '00000000' })->status, 422, 'a wrong code');
is($browser->submit({ code => $letter->{code} })->status, 303, 'the right one');
is(sign_in($browser, $form->{login})->status, 303, 'sign-in works');

# The code alone in a strange browser leads nowhere.
($browser, $form, $letter) = begun();
$strange = browser();
$page = $strange->get('/portal/confirm');
ok(!$page->form || !exists $page->form->{types}{code}, 'without link or cookie there is nothing to type a code into');

# Tries run out; the link in the registering browser is left.
$browser->get('/portal/confirm');
my $first_answer = $browser->submit({ code => '00000000' })->text;
my ($tries, $text) = (1, $first_answer);
while ($tries < 30 && $text eq $first_answer) {
    $tries++;
    $text = $browser->submit({ code => sprintf '%08d', $tries })->text;
}
cmp_ok($tries, '<', 30, "tries run out, and the page says so (after $tries)");
$browser->get('/portal/confirm');
$browser->submit({ code => $letter->{code} }) if $browser->{last}->form && exists $browser->{last}->form->{types}{code};
is(sign_in(browser(), $form->{login})->status, 422, 'even the right code is of no use then');
is(confirm($browser, $letter)->status, 303, 'the link in the registering browser is');

# A wrong link, a cut link.
for my $path ('/portal/confirm?token=' . 'A' x 43, '/portal/confirm?token=short', substr $letter->{link}, 0, -5) {
    my $visitor = browser();
    $page = $visitor->follow($visitor->get($path));
    ok($page->status =~ /^(?:200|400|404|410)$/, 'a wrong link gets a page: ' . $page->status);
    ok(!$page->form(qr/confirm/) , 'and no form to guess with');
}

# A taken login is told only after the mailbox is proved; another one is chosen.
my (undef, $taken) = member();
($browser, $form, $letter) = begun(login => $taken, email => unique() . '@mail.test');
$answer = confirm($browser, $letter);
$page = $answer->status == 303 ? $browser->follow($answer) : $answer;
ok($page->form && exists $page->form->{types}{login}, 'now another login is asked for') or diag $page->text;
is($browser->submit({ login => 'x' })->status, 422, 'a bad one is told');
$answer = $browser->submit({ login => $taken });
ok($answer->status == 422, 'a taken one is told');
my $other = unique();
is($browser->submit({ login => $other })->status, 303, 'a free one is taken');
is(sign_in($browser, $other)->status, 303, 'sign-in by it');
is(sign_in(browser(), $form->{email})->status, 303, 'and by the e-mail');

# Two registrations for one mailbox: the first confirmed wins, the other is void.
my $email = unique() . '@mail.test';
my ($first, $first_form) = begun(email => $email);
my $second = browser();
my (undef, $second_form) = register($second, email => $email);
my $letter2 = letter_for($email, 2);
is(confirm($second, $letter2)->status, 303, 'the second is confirmed');
my $letter1 = letter_for($email, 1);
$page = $first->follow($first->get($letter1->{link}));
$first->submit({}) if $page->form(qr/confirm/);
is(sign_in(browser(), $first_form->{login})->status, 422, 'its rival is void');
is(sign_in(browser(), $second_form->{login})->status, 303, 'and the winner signs in');

# A new letter on demand: the old link and code are dead.
($browser, $form, $letter) = begun();
$page = $browser->get('/portal/confirm');
my ($resend) = grep { ($_->{tags}{act}{value} // '') eq 'resend' } $page->forms;
ok($resend, 'a new letter can be asked for');
$browser->post($resend->{action}, { %{ $resend->{fields} }, act => 'resend' }) if $resend;
my $new = letter_for($form->{email}, 2);
isnt($new->{code}, $letter->{code}, 'with another code');
isnt($new->{link}, $letter->{link}, 'and another link');
$browser->get('/portal/confirm');
is($browser->submit({ code => $letter->{code} })->status, 422, 'the old code is dead');
is(confirm($browser, $new)->status, 303, 'the new link works');

# Back to where the visitor was going.
$browser = browser();
(undef, $form) = register($browser, path => '/portal/register?return=%2Fcabinet%2F%3Fday%3D1');
$answer = confirm($browser, letter_for($form->{email}));
$page = $browser->follow($answer);
$answer = $browser->submit({ login => $form->{login}, password => $form->{password} });
is($answer->header('location'), '/cabinet/?day=1', 'the page first asked for survives confirmation and sign-in');
done_testing;
