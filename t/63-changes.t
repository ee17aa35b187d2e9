# What people change of their accounts (F14): login, e-mail address, password; measures of the administration (F44):
# passwords that have to be replaced; and what stands at the host's root for programs (F59).
use strict;
use warnings FATAL => 'all';
use utf8;
use JSON::PP ();
use Test::More;
use PDPortal::Test;
use PDPortal::Setup ();

my $clock = "$ENV{PD_WORK}/changes.clock";
sub clock { my ($seconds) = @_; return write_file($clock, sprintf "%+d\n", $seconds) }
clock(0);
my $server = server(name => 'changes', set => {
    PDPortalMailRelay => "maildir:$ENV{PD_WORK}/changes/mail", PDPortalSessionRecheck => '1h', PDPortalSessionIdle => '2d',
    PDPortalHashingQueue => 64, PDPortalHashingWait => '30s', PDPortalSessionLifetime => '7d', PDPortalLettersPerHour => 50,
    PDPortalSecurityContact => 'mailto:security@clinic.test' },
    env => { LD_PRELOAD => $ENV{PD_FALSE_CLOCK}, PD_CLOCK_FILE => $clock },
    extra => PDPortal::Server::many_processes() . <<"END");
ScriptAlias /cabinet/app "$ENV{PD_SOURCE_DIR}/t/htdocs/cgi/identity"
CustomLog logs/access_log "%m \\"%r\\" %U%q %>s"
END
$server->start;
my $folder = "$server->{dir}/mail";
my $another = 'violet anchor 9 meadows';

sub run { my (@words) = @_; return run_ctl(@words, '--config', $server->{conf}) }
sub told {
    my (@words) = @_;
    my ($code, $out, $error) = run(@words, '--json');
    is($code, 0, "pdportalctl @words") or diag $error;
    return JSON::PP::decode_json($out);
}
sub rows { my ($what) = @_; return PDPortal::Setup::sql($server, "SELECT count(*) FROM $what") }
sub newcomer { return member(browser => $server->browser, folder => $folder) }
sub signed_in { my ($login, $password) = @_; my $browser = $server->browser; sign_in($browser, $login, $password); return $browser }
sub everywhere {
    my ($browser, $wanted, $name) = @_;
    my ($status, $processes) = $server->ask_everywhere($browser, '/cabinet/index.html');
    is(join(' ', sort keys %$status), $wanted, "$name: in every process");
    cmp_ok($processes, '>=', 2, "$name: $processes processes answered");
    return;
}
# The form of a page, filled in and sent.
sub change {
    my ($browser, $what, $values, %given) = @_;
    my $page = $browser->get("/portal/account/$what");
    is($page->status, 200, "account/$what opens") or diag $page->status . ' ' . ($page->header('location') // '');
    return $browser->submit($values, form => qr{account/$what$}, %given);
}

# The account page leads to each.
my ($anna, $login, $email) = newcomer();
my $account = $anna->get('/portal/account/');
like($account->body, qr{href="/portal/account/$_"}, "the account leads to $_") for qw(login email password);

# Login: the rules of registration, at once in every process.
my ($boris, $his_login, $his_email) = newcomer();
for my $case (['', qr/enter a login/i], ['ab', qr/at least 3/i], ["p\x{430}ypal", qr/alphabet/i], [$his_login, qr/is taken/i], [uc $his_login, qr/is taken/i], [$login, qr/your login already/i]) {
    my ($typed, $wanted) = @$case;
    my $got = change($anna, 'login', { login => $typed });
    is($got->status, 422, "login refused: $typed");
    like($got->text, $wanted, 'and why');
    is($got->form(qr{account/login})->{fields}{login}, $typed, 'what was typed is still there');
}
my $second = signed_in($login);
everywhere($_, 200, 'before') for $anna, $second;
my $new_login = unique('renamed');
my $answer = change($anna, 'login', { login => '  ' . ucfirst $new_login });
is($answer->status, 303, 'a good one is taken');
like($anna->follow($answer)->text, qr/login is changed.*\Q$new_login\E/s, 'the account says so and shows it');
everywhere($_, 200, 'nobody is signed out by it') for $anna, $second;
for (1 .. 6) {
    my $seen = $second->get('/cabinet/app');
    like($seen->body, qr/^REMOTE_USER=\Q$new_login\E$/m, 'the other browser has the new name at once') or last;
}
is(sign_in($server->browser, $login)->status, 422, 'the former login signs nobody in');
is(sign_in($server->browser, uc $new_login)->status, 303, 'the new one does');
is(sign_in($server->browser, $email)->status, 303, 'and the address');
like(letter_that($email, qr/login of your account/, $folder)->{text}, qr/If it was not you/, 'a letter tells');
# The former login is reserved.
like($anna->get('/portal/account/login')->text, qr/For 90 days nobody else can take the former login/, 'the page says for how long');
my $got = change($boris, 'login', { login => $login });
is($got->status, 422, 'nobody else can take the former login');
like($got->text, qr/is taken/i, 'it is as taken as others');
is(change($anna, 'login', { login => $login })->status, 303, 'its owner can have it back');
is(sign_in($server->browser, $login)->status, 303, 'and sign in with it');
is(sign_in($server->browser, $new_login)->status, 422, 'and no more with the other');
is(change($anna, 'login', { login => $new_login })->status, 303, 'and leave it again');
is(rows("identifier WHERE kind = 'login' AND reserved_until = 0"), 2, 'each has one login');
is(rows("identifier WHERE reserved_until BETWEEN " . (time + 90 * 86400 - 600) . "000000 AND " . (time + 90 * 86400 + 1) . '000000'), 1, 'and one is reserved for 90 days');
my ($fickle) = newcomer();
is(change($fickle, 'login', { login => unique('fickle') })->status, 303, "change no. $_") for 1 .. 5;
like(change($fickle, 'login', { login => unique('fickle') })->text, qr/changed the login several times/i, 'one account keeps five names from others, not more');
PDPortal::Setup::sql($server, 'UPDATE identifier SET reserved_until = 1 WHERE reserved_until > 0');
is((run('jobs', 'run', 'expire'))[0], 0, 'their time is over');
is(change($boris, 'login', { login => $login })->status, 303, 'now anybody may take it');
is(change($boris, 'login', { login => $his_login })->status, 303, 'and leave it');
is($anna->post('/portal/account/login', { login => 'other.name' })->status, 403, 'without a form token: 403');

# Fresh: ten minutes after the sign-in the password is asked for first.
clock(601);
for my $what (qw(login email password)) {
    my $got = $anna->get("/portal/account/$what");
    is($got->status, 303, "account/$what after ten minutes");
    like($got->header('location'), qr{^/portal/login\?again=1&return=%2Fportal%2Faccount%2F$what$}, 'the password once more, and back');
}
is(sign_in($anna, $email, undef, path => '/portal/login?again=1&return=%2Fportal%2Faccount%2Fpassword')->header('location'), '/portal/account/password', 'and back');
is($server->browser->get("/portal/account/$_")->status, 303, "a guest: account/$_") for qw(login email password);

sign_in($boris, $his_login, undef, path => '/portal/login?again=1');

# Password: others end, this one goes on under another token.
my $page = $anna->get('/portal/account/password');
my $form = $page->form(qr{account/password});
is($form->{tags}{password}{autocomplete}, 'new-password', 'a password manager knows what is asked');
is($form->{tags}{username}{autocomplete}, 'username', 'and for whom');
for my $case (['', qr/enter a password/i], ['short', qr/at least 8/i], ['password1', qr/many people|guess/i], [password(), qr/password you have now/i]) {
    my $got = change($anna, 'password', { password => $case->[0] });
    is($got->status, 422, "password refused: $case->[0]");
    like($got->text, $case->[1], 'and why');
}
my @others = map { signed_in($email) } 1 .. 2;
everywhere($_, 200, 'before') for $anna, @others;
my $link = told('staff', 'add', uc $new_login, $email, '--role', 'nurse', '--link')->{link} =~ s{^http://[^/]*}{}r;
my $old = $anna->clone;
is(change($anna, 'password', { password => 'qzv7Wkp2xbT' })->status, 422, 'staff needs twelve characters');
$answer = change($anna, 'password', { password => $another });
is($answer->status, 303, 'changed');
isnt($anna->{cookies}{pd}, $old->{cookies}{pd}, 'the session goes on under another token');
like($anna->follow($answer)->text, qr/password is changed/i, 'the account says so');
everywhere($anna, 200, 'this one stays');
everywhere($_, 303, 'ended') for $old, @others, $second;
like($server->browser->follow($server->browser->get($link))->text, qr/does not work/i, 'a link to set a password is void');
is(sign_in($server->browser, $email)->status, 422, 'the old password is wrong');
is(sign_in($server->browser, $email, $another)->status, 303, 'the new one right');
my $letter = letter_that($email, qr/password of your account.*has just been changed/s, $folder);
unlike("$letter->{subject}\n$letter->{text}", qr/\Q$another\E|\Q$new_login\E(?!\@)/i, 'the letter holds neither password nor login');

# E-mail: nothing before the code.
my $wanted = unique('new') . '@mail.test';
for my $case (['', qr/enter an e-mail/i], ['nobody', qr/check the e-mail/i], [$email, qr/your account already/i]) {
    my $got = change($anna, 'email', { email => $case->[0] });
    is($got->status, 422, "address refused: $case->[0]");
    like($got->text, $case->[1], 'and why');
}
$answer = change($anna, 'email', { email => $wanted });
is($answer->status, 303, 'asked for');
$page = $anna->follow($answer);
like($page->text, qr/on its way to \Q$wanted\E/, 'the page waits for the code');
like($page->text, qr/Letters go to \Q$email\E/, 'and the old address stands');
is(sign_in($server->browser, $wanted, $another)->status, 422, 'the new one signs nobody in yet');
my ($code) = letter_that($wanted, qr/enter this code/, $folder)->{text} =~ /^(\d{8})$/m;
like($anna->clone(language => 'ru')->get('/portal/account/email')->text, qr/Код из письма/, 'in Russian too');
$page = $anna->get('/portal/account/email');
is($anna->submit({ code => '00000000' =~ s/^0/($code =~ m{^0}) ? 1 : 0/er }, form => qr{account/email})->status, 422, 'a wrong code');
like($anna->{last}->text, qr/did not match/, 'is told');

# One that somebody has looks the same, to the letter of the answer.
my $known = change($boris, 'email', { email => $email });
is($known->status, 303, 'a known address: the same answer');
is($known->header('location'), $answer->header('location'), 'the same way');
my $plain = sub { $_[0]->text =~ s/\S+@\S+//gr };
my $waiting = $boris->follow($known);
is($plain->($waiting) =~ s/\Q$his_login\E//gr, $plain->($anna->get('/portal/account/email')), 'the same page');
unlike(letter_that($email, qr/already an account/, $folder)->{text}, qr/\d{8}|\Q$his_login\E/, 'its owner is told, without a code or a name');
is(scalar(grep { $_->{text} =~ /asked for on this page/ } letters_for($email, $folder)), 0, 'and no code was sent');
is($boris->submit({ code => $code }, form => qr{account/email})->status, 422, "another one's code fits nothing");

# Tries run out.
$boris->get('/portal/account/email');
$boris->submit({ code => '12345678' }, form => qr{account/email}, page => $waiting) for 1 .. 10;
like($boris->{last}->text, qr/no tries left/, 'ten tries, then none');

# The code.
$anna->get('/portal/account/email');
my $spaced = substr($code, 0, 4) . ' ' . substr $code, 4;
$answer = $anna->submit({ code => $spaced }, form => qr{account/email});
is($answer->status, 303, 'proved, as people type it');
like($anna->follow($answer)->text, qr/address is changed.*\Q$wanted\E/s, 'the account says so');
is(sign_in($server->browser, $wanted, $another)->status, 303, 'the new address signs in');
is(sign_in($server->browser, $email, $another)->status, 422, 'the former one does not');
everywhere($anna, 200, 'still signed in');

# The former address takes the account back, even after a second change.
$letter = letter_that($email, qr/replaced by another one/, $folder);
my ($back) = $letter->{text} =~ m{^http://[^/]+(/portal/restore\?t=[\w-]{43})$}m;
ok($back, 'the former address gets a link');
unlike($letter->{text}, qr/\Q$wanted\E/, 'but not the new address');
my $third = unique('third') . '@mail.test';
change($anna, 'email', { email => $third });
$anna->get('/portal/account/email');
($code) = letter_that($third, qr/enter this code/, $folder)->{text} =~ /^(\d{8})$/m;
is($anna->submit({ code => $code }, form => qr{account/email})->status, 303, 'changed once more');
my ($back_second) = letter_that($wanted, qr/replaced by another one/, $folder)->{text} =~ m{^http://[^/]+(/portal/restore\?t=\S+)$}m;
change($anna, 'email', { email => unique('fourth') . '@mail.test' });

# Nobody can take the former address meanwhile, so that it can always be brought back.
is((register($server->browser, email => $email))[0]->status, 303, 'somebody registers with the former address');
unlike(letter_that($email, qr/kept for its former owner/, $folder)->{text}, qr/confirm\?t=|^\d{8}$/m, 'its mailbox is told why that must wait, without link or code');
is(change($boris, 'email', { email => $email, act => 'ask' })->status, 303, 'somebody asks for it in his account');
ok(until_true(sub { 2 == grep { $_->{text} =~ /kept for its former owner/ } letters_for($email, $folder) }, 30), 'nor is it given to another account');
my $owner = $server->browser;
$answer = $owner->get($back);
is($answer->status, 303, 'the first GET moves the token out of the address');
is($answer->header('location'), '/portal/restore', 'to an address without it');
for my $n (1 .. 20) {
    my $scanner = $server->browser(navigation => 0);
    $scanner->request($n % 2 ? 'GET' : 'HEAD', $back);
    $scanner->get('/portal/restore');
}
everywhere($anna, 200, 'looking changes nothing');
is($owner->post('/portal/restore', { })->status, 403, 'without a form token: 403, with the form again');
$page = $owner->get('/portal/restore');
like($page->text, qr/\Q$email\E/, 'the page says which address');
my $stranger = signed_in($third, $another);
$answer = $owner->submit({}, form => qr/restore/);
is($answer->status, 303, 'brought back');
everywhere($_, 303, 'all are out') for $anna, $stranger;
is(sign_in($server->browser, $_, $another)->status, 422, "the password opens nothing any more: $_") for $email, $third, $new_login;
$page = $owner->follow($answer);
like($page->text, qr/address is yours again/i, 'a new password is asked for');
is($owner->submit({ password => 'quiet copper 31 rivers' }, form => qr/reset/)->status, 303, 'and set');
is(sign_in($owner, $email, 'quiet copper 31 rivers')->status, 303, 'the owner is in, by the former address');
like($owner->get('/portal/account/')->text, qr/\Q$email\E/, 'which stands');
is(rows('address_change WHERE person_id IN (SELECT person_id FROM session)'), 1, 'what the thief had begun is void; what others wait for stands');
like(letter_that($third, qr/former e-mail address back/, $folder)->{text}, qr/does not belong/, 'the replaced address is told');
for my $again ([$back, qr/has been used/i, 'used'], [$back_second, qr/does not work/i, 'of a later change'], ['/portal/restore?t=' . 'A' x 43, qr/does not work/i, 'made up']) {
    my $visitor = $server->browser;
    $page = $visitor->follow($visitor->get($again->[0]));
    like($page->text, $again->[1], "the link: $again->[2]");
    ok(!$page->form(qr{/restore$}), 'no form');
}
ok(!(grep { /t=[\w-]{43}/ } split /\n/, read_file("$server->{dir}/logs/access_log")), 'no token in the access log');

# Seven days, not more. And meanwhile one's own former address is as good as a new one.
my ($vera, undef, $vera_email) = newcomer();
my $vera_new = unique('vera') . '@mail.test';
change($vera, 'email', { email => $vera_new });
$vera->get('/portal/account/email');
($code) = letter_that($vera_new, qr/enter this code/, $folder)->{text} =~ /^(\d{8})$/m;
is($vera->submit({ code => $code }, form => qr{account/email})->status, 303, 'changed');
change($vera, 'email', { email => $vera_email });
ok(letter_that($vera_email, qr/enter this code/, $folder), 'a code goes to the former address of her own');
($back) = letter_that($vera_email, qr/replaced by another one/, $folder)->{text} =~ m{^http://[^/]+(/portal/restore\?t=\S+)$}m;
clock(7 * 86400 + 500);
my $late = $server->browser;
ok($late->follow($late->get($back))->form(qr{/restore$}), 'on the seventh day it works') or diag $late->{last}->text;
clock(7 * 86400 + 2000);
ok(!$late->follow($late->get($back))->form(qr{/restore$}), 'after it, no more');
ok(until_true(sub { rows('former_address WHERE expires_at < ' . (time + 7 * 86400) . '000000') eq '0' || (run('jobs', 'run', 'expire') && 0) }, 60), 'and is removed') ;
clock(0);

# Passwords that have to be replaced (F44).
my @group = map { [newcomer()] } 1 .. 3;
my $list = "$server->{dir}/list";
write_file($list, "# frozen\n$group[0][1]\n\n  $group[1][2]  \nnobody-of-this-name\n");
everywhere($_->[0], 200, 'before') for @group;
my ($exit, $out, $error) = run('passwords', 'expire', '--file', $list, '--reason', 'incident 7', '--json');
is($exit, 1, 'a name that is nobody is told');
my $told = JSON::PP::decode_json($out);
is($told->{expired}, 2, 'and the others are done');
is_deeply($told->{unknown}, ['nobody-of-this-name'], 'by its name');
everywhere($group[$_][0], 303, "member $_ is out") for 0, 1;
everywhere($group[2][0], 200, 'who is not on the list is in');
is(told('passwords', 'expire', $group[0][1], '--reason', 'again')->{already}, 1, 'once more: nothing new');
is(scalar(grep { $_->{text} =~ /asks you to replace/ } letters_for($group[0][2], $folder)), 1, 'and no second letter') if letter_that($group[0][2], qr/asks you to replace/, $folder);

my $forced = $server->browser;
is(sign_in($forced, $group[0][1], 'wrong password here')->status, 422, 'a wrong password is wrong as ever');
$answer = sign_in($forced, $group[0][1], undef, path => '/portal/login?return=%2Fcabinet%2F');
is($answer->status, 303, 'the right one');
is($answer->header('location'), '/portal/reset?return=%2Fcabinet%2F', 'leads to a new one');
ok(!exists $forced->{cookies}{pd}, 'without a session');
is($forced->get($_)->status, 303, "nothing opens before: $_") for '/cabinet/', '/portal/account/', '/portal/account/password', '/portal/account/consents';
$page = $forced->follow($answer);
like($page->text, qr/has to be replaced/, 'the page says why');
like($forced->clone(language => 'ru')->get('/portal/reset')->text, qr/нужно сменить пароль/, 'in Russian too');
is($forced->submit({ password => password() }, form => qr/reset/)->status, 422, 'the same password is none');
like($forced->{last}->text, qr/password you have now/, 'and it says so');
$answer = $forced->submit({ password => $another }, form => qr/reset/);
is($answer->header('location'), '/portal/login?notice=password-set&return=%2Fcabinet%2F', 'another one is set');
$forced->follow($answer);
is($forced->submit({ login => $group[0][1], password => $another }, form => qr{/login$})->header('location'), '/cabinet/', 'and leads to the page first asked for');
is($forced->get('/cabinet/')->status, 200, 'to all as before');

my ($leaving, $leaving_login) = newcomer();
$leaving->get('/portal/account/close');
is($leaving->submit({}, form => qr{close$})->status, 303, 'somebody closes the account');
$told = told('passwords', 'expire', '--all', '--reason', 'incident 8');
is(rows("credential WHERE expired_at = 0 AND person_id IN (SELECT id FROM person WHERE state = 'closing')"), 0, 'the password of an account that is being closed is to be replaced, too: it can be recalled by it');
is(told('passwords', 'expire', $leaving_login, '--reason', 'again')->{already}, 1, 'by --all');
everywhere($_, 303, 'everybody is out') for $forced, $group[2][0], $boris;
is(rows("credential WHERE expired_at = 0 AND person_id IN (SELECT id FROM person WHERE state = 'active')"), 0, "everybody's is to be replaced");
for my $wrong ([], ['--all'], [$his_login], ['--all', $his_login, '--reason', 'x'], ['--reason', 'x']) {
    is((run('passwords', 'expire', @$wrong))[0], 64, "wrong usage: @$wrong");
}

# sessions end, a list of names.
my @pair = map { [newcomer()] } 1 .. 2;
my $sessions = told('sessions', 'list', $pair[1][1])->{sessions};
is(told('sessions', 'end', $pair[0][1], $sessions->[0]{session})->{ended}, 2, 'a login and a session');
everywhere($_->[0], 303, 'both out') for @pair;
sign_in($_->[0], $_->[1]) for @pair;
write_file($list, "$pair[0][1]\n$pair[1][2]\n");
is(told('sessions', 'end', '--file', $list)->{ended}, 2, 'a file');
everywhere($_->[0], 303, 'both out') for @pair;

# At the host's root.
my $program = $server->browser(navigation => 0);
$answer = $program->get('/.well-known/change-password');
is($answer->status, 303, 'change-password leads on');
is($answer->header('location'), '/portal/account/password', 'to the page');
is($program->request('HEAD', '/.well-known/change-password')->status, 303, 'HEAD too');
is($program->post('/.well-known/change-password', {})->status, 405, 'POST does not');
like($program->{last}->header('allow'), qr/GET/, 'and Allow says what does');
is($program->get('/.well-known/resource-that-should-not-exist-whose-status-code-should-not-be-200')->status, 404, 'others are the site\'s');
$answer = $program->get('/.well-known/security.txt');
is($answer->status, 200, 'security.txt');
like($answer->header('content-type'), qr{^text/plain; charset=utf-8$}, 'plain text');
like($answer->body, qr{^Contact: mailto:security\@clinic\.test\nExpires: \d{4}-\d\d-\d\dT00:00:00Z\nPreferred-Languages: ru, en\nCanonical: http://127\.0\.0\.1:$server->{port}/\.well-known/security\.txt\n\z}, 'as RFC 9116 wants it');
ok(!$program->get('/.well-known/security.txt')->header('set-cookie'), 'without a cookie');
is(browser()->get('/.well-known/security.txt')->status, 404, 'without a contact there is none of ours');
mkdir "$server->{dir}/htdocs/.well-known";
write_file("$server->{dir}/htdocs/.well-known/other", "the site's\n");
is($program->get('/.well-known/other')->body, "the site's\n", 'files of the site beside it are untouched');
is((run('verify-journal'))[0], 0, 'the journal is whole');
is(rows("journal WHERE event = '$_->[0]'"), $_->[1], "journal: $_->[0]") for ['email.restored', 1], ['login.changed', 10];
done_testing;
