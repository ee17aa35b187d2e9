# Staff accounts (F51, F12): appointed by pdportalctl, a password set once by a link, roles that the very next
# request knows of.
use strict;
use warnings FATAL => 'all';
use utf8;
use JSON::PP ();
use Test::More;
use PDPortal::Test;
use PDPortal::Setup ();

my $clock = "$ENV{PD_WORK}/staff.clock";
sub clock { my ($seconds) = @_; return write_file($clock, sprintf "%+d\n", $seconds) }
clock(0);
my $server = server(name => 'staff', set => {
    PDPortalMailRelay => "maildir:$ENV{PD_WORK}/staff/mail", PDPortalHashingQueue => 64, PDPortalHashingWait => '30s',
    PDPortalSessionRecheck => '1h', PDPortalSessionIdle => '2d', PDPortalSessionLifetime => '7d' },
    env => { LD_PRELOAD => $ENV{PD_FALSE_CLOCK}, PD_CLOCK_FILE => $clock },
    extra => <<"END");
MaxRequestWorkers 32
ScriptAlias /cabinet/app "$ENV{PD_SOURCE_DIR}/t/htdocs/cgi/identity"
LogFormat "%m \\"%r\\" %U%q %>s" walk
CustomLog logs/access_log walk
END
$server->start;
my $folder = "$server->{dir}/mail";
my $password = 'quiet lantern harbour 7 owls';

sub run { my (@words) = @_; return run_ctl(@words, '--config', $server->{conf}) }
# The answer of a command that works.
sub told {
    my (@words) = @_;
    my ($code, $out, $error) = run(@words, '--json');
    is($code, 0, "pdportalctl @words") or diag $error;
    return JSON::PP::decode_json($out);
}
sub staff { my ($login, @more) = @_; return told('staff', 'add', $login, "$login\@mail.test", '--role', 'administrator', @more) }
sub path_of { my ($answer) = @_; return $answer->{link} =~ s{^http://127\.0\.0\.1:\d+}{}r }
sub opened { my ($browser, $path) = @_; return $browser->follow($browser->get($path)) }
sub rows { my ($what) = @_; return PDPortal::Setup::sql($server, "SELECT count(*) FROM $what") }

# A new one: a link, and nobody before it is used.
my $login = unique('chief');
my $made = staff($login);
like($made->{link}, qr{^http://127\.0\.0\.1:$server->{port}/portal/reset\?t=[\w-]{43}$}, 'a link is printed');
ok($made->{added} && $made->{appointed}, 'added and appointed');
my $unknown = sign_in($server->browser, unique('nobody'), $password);
my $unset = sign_in($server->browser, $login, $password);
is($unset->status, $unknown->status, 'without a password: as unknown');
is($unset->text, $unknown->text, 'word for word');

# The link: out of the address at once; a hundred scanners consume nothing.
my $browser = $server->browser;
my $answer = $browser->get(path_of($made));
is($answer->status, 303, 'the first GET moves the token out of the address');
is($answer->header('location'), '/portal/reset', 'to an address without it');
like($answer->header('cache-control'), qr/no-store/, 'and is not stored');
for my $n (1 .. 100) {
    my $scanner = $server->browser(navigation => 0);
    my $got = $scanner->request($n % 3 ? 'GET' : 'HEAD', path_of($made));
    $scanner->get($got->header('location')) if $got->status == 303;
}
my $page = $browser->follow($answer);
is($page->status, 200, 'the form');
my $form = $page->form(qr/reset/);
is($form->{tags}{password}{autocomplete}, 'new-password', 'a password manager knows what is asked');
is($form->{tags}{username}{autocomplete}, 'username', 'and for whom');
is($form->{fields}{username}, $login, 'by its name');
like($page->text, qr/at least 12 characters/i, 'what is asked is said');
like($server->browser(language => 'ru', cookies => { %{ $browser->{cookies} } })->get('/portal/reset')->text, qr/Не короче 12/i, 'in Russian too');

# What is refused leaves the link as it is.
for my $case (['', qr/enter a password/i], ['qzv7Wkp2xbT', qr/at least 12/i], ['passwordpassword', qr/guess|many people/i], [$login x 2, qr/resembles|guess/i]) {
    my ($typed, $wanted) = @$case;
    my $got = $browser->submit({ password => $typed });
    is($got->status, 422, "refused: $typed");
    like($got->text, $wanted, 'and why');
    unlike($got->body, qr/value="\Q$typed\E"/, 'not shown again') if $typed && $typed ne $login x 2;
}
$browser->get('/portal/reset');
is($browser->request('POST', '/portal/reset', body => "password=$password")->status, 403, 'without a form token: 403');
ok($browser->{last}->form(qr/reset/), 'with the form again');
$answer = $browser->submit({ password => $password });
is($answer->status, 303, 'a good one is set');
is($answer->header('location'), '/portal/login?notice=password-set', 'and leads to sign-in');
like($browser->follow($answer)->text, qr/password is set/i, 'which says so');
is($browser->submit({ login => $login, password => $password })->status, 303, 'signed in');
my $letter = letter_for("$login\@mail.test", 1, $folder);
unlike($letter->{subject}, qr/password/i, 'a letter of a neutral subject');
unlike($letter->{text}, qr{reset|$password|\Q$login\E(?!\@)}, 'without link, password and login');

# Once is once.
$page = opened($server->browser, path_of($made));
is($page->status, 200, 'the used link has a page');
like($page->text, qr/has been used/i, 'that says so');
ok(!$page->form(qr/reset/), 'and no form');

# Wrong, cut, of another purpose.
my $without = $server->browser(refuse => qr/./);
like($without->follow($without->get('/portal/reset?t=' . 'A' x 43))->text, qr/does not work.*cookies switched off/is, 'a link without cookies: names them');
for my $path ('/portal/reset?t=' . 'A' x 43, '/portal/reset?t=short', '/portal/reset', substr path_of($made), 0, -5) {
    $page = opened($server->browser, $path);
    is($page->status, 200, "$path: a page");
    like($page->text, qr/does not work/i, 'that says so');
    ok(!$page->form(qr/reset/), 'and no form');
}
my $newcomer = $server->browser;
my (undef, $given) = register($newcomer);
my ($token) = letter_for($given->{email}, 1, $folder)->{link} =~ /t=([\w-]{43})/;
like(opened($server->browser, "/portal/reset?t=$token")->text, qr/does not work/i, 'the link of a registration sets no password');
my $other = staff(unique('other'));
($token) = $other->{link} =~ /t=([\w-]{43})/;
like(opened($server->browser, "/portal/confirm?t=$token")->text, qr/does not work/i, 'and this one confirms nothing');
# One cookie keeps one token: the page it isn't for takes it for nothing.
my $mixed = $server->browser;
$mixed->get("/portal/reset?t=$token");
like($mixed->get('/portal/confirm')->text, qr/does not work/i, 'nor by the cookie');
ok($mixed->get('/portal/reset')->form(qr/reset/), 'where it still stands');

# A newer link voids the older.
my $newer = staff($other->{login});
like(opened($server->browser, path_of($other))->text, qr/does not work/i, 'an older link is void');
ok(!$newer->{added} && !$newer->{appointed} && $newer->{link}, 'the role was there; a link comes while there is no password');

# Thirty-two hands at one door.
pipe my $door, my $holder or die $!;
pipe my $results, my $report or die $!;
my %children;
my $hand = $server->browser;
$page = opened($hand, path_of($newer));
for my $n (1 .. 32) {
    my $pid = fork // die "fork: $!";
    if (!$pid) {
        close $holder;
        sysread $door, my $ignored, 1;
        my $got = eval { $hand->submit({ password => "$password number $n" }, page => $page) };
        syswrite $report, ($got ? $got->status : 0) . " $n\n";
        require POSIX;
        POSIX::_exit(0);
    }
    $children{$pid} = 1;
}
close $report;
close $holder; # the door opens
waitpid $_, 0 for keys %children;
chomp(my @answers = <$results>);
is(scalar @answers, 32, 'thirty-two hands got an answer');
my @won = grep { /^303 / } @answers;
is(scalar @won, 1, 'one won') or diag "@answers";
is(scalar(grep { /^200 / } @answers), 31, 'the others are told that the link was used') or diag "@answers";
my ($winner) = $won[0] =~ / (\d+)/;
is(sign_in($server->browser, $newer->{login}, "$password number $winner")->status, 303, "the winner's password is the one");
my ($loser) = map { / (\d+)/ } grep { /^200 / } @answers;
is(sign_in($server->browser, $newer->{login}, "$password number $loser")->status, 422, "and a loser's is not");
is(rows("credential WHERE person_id = '$newer->{person}'"), 1, 'one password');
is(rows("journal WHERE event = 'credential.set' AND subject = '$newer->{person}'"), 1, 'one event');
is(rows("letter WHERE kind = 'password' AND person_id = '$newer->{person}'"), 1, 'one letter');

# Anew by a second link: the old sessions are dead at the very next request.
my $second = $server->browser;
is(sign_in($second, $login, $password)->status, 303, 'signed in a second time');
is($_->get('/cabinet/')->header('location'), '/portal/acknowledge?return=%2Fcabinet%2F', 'first the policy is to be read') for $browser, $second;
is(acknowledge($browser)->status, 303, 'read');
is($_->get('/cabinet/')->status, 200, 'in') for $browser, $second;
ok(!exists staff($login)->{link}, 'no link for who has a password');
my $again = staff($login, '--link');
ok($again->{link}, 'unless it is asked for');
is($_->get('/cabinet/')->status, 200, 'a link alone ends nothing') for $browser, $second;
my $setter = $server->browser;
opened($setter, path_of($again));
is($setter->submit({ password => "$password anew" })->status, 303, 'set anew');
is($_->get('/cabinet/')->status, 303, 'out') for ($browser, $second) x 8;
is(sign_in($browser, $login, $password)->status, 422, 'the old password is no good');
is(sign_in($browser, $login, "$password anew")->status, 303, 'the new one is');

# Roles, as the application is told them.
sub roles { my ($visitor) = @_; my ($roles) = $visitor->get('/cabinet/app')->body =~ /^PDPORTAL_ROLES=(.*)$/m; return $roles }
is(roles($browser), 'administrator', 'the application knows the role');
told('staff', 'add', $login, "$login\@mail.test", '--role', 'chief-doctor');
is(roles($browser), 'administrator chief-doctor', 'a role added: at the very next request') for 1 .. 8;
told('staff', 'remove', $login, '--role', 'administrator');
is(roles($browser), 'chief-doctor', 'a role taken: at the very next request') for 1 .. 8;
my ($code, undef, $error) = run('staff', 'remove', $login, '--role', 'administrator');
is($code, 1, 'what is not there can not be taken');
like($error, qr/doesn't have the role/, 'and it says so');
my ($member, $member_login, $member_email) = member(browser => $server->browser, folder => $folder);
is(roles($member), '', 'a visitor has no role');
my $promoted = told('staff', 'add', $member_login, $member_email, '--role', 'nurse');
ok(!$promoted->{added} && $promoted->{appointed} && !$promoted->{link}, 'a visitor who is appointed keeps login and password');
is(roles($member), 'nurse', 'and has the role at the very next request');
my $list = told('staff', 'list')->{staff};
is(join(' ', sort map { "$_->{login}=$_->{role}" } grep { $_->{login} eq $login || $_->{login} eq $member_login } @$list),
    join(' ', sort "$login=chief-doctor", "$member_login=nurse"), 'the list has who is who');

# Taken names are told plainly.
($code, undef, $error) = run('staff', 'add', $login, 'else@mail.test', '--role', 'nurse');
is($code, 1, 'a taken login');
like($error, qr/login \Q$login\E is taken/, 'is told');
($code, undef, $error) = run('staff', 'add', unique('fresh'), $member_email, '--role', 'nurse');
is($code, 1, 'a taken e-mail');
like($error, qr/\Q$member_email\E is taken/, 'is told');
for my $wrong (['staff', 'add', 'anna'], ['staff', 'add', 'anna', 'a@mail.test'], ['staff', 'add', 'anna', 'a@mail.test', '--role', 'Chief'],
    ['staff', 'add', 'a', 'a@mail.test', '--role', 'chief'], ['staff', 'add', 'anna', 'none', '--role', 'chief'],
    ['staff', 'add', 'anna', 'a@mail.test', '--role', 'chief', '--lang', 'xx'], ['staff', 'remove', 'anna'], ['staff', 'list', 'anna'])
{
    is((run(@$wrong))[0], 64, "wrong usage: @$wrong");
}
is((run('staff', 'remove', 'nobody-at-all', '--role', 'chief'))[0], 1, 'nobody of that name');

# Late: after 24 hours by the server's clock.
my $late = staff(unique('late'));
my $waiting = $server->browser;
$page = opened($waiting, path_of($late));
clock(24 * 3600 - 600);
ok(opened($server->browser, path_of($late))->form(qr/reset/), 'after 23 hours and 50 minutes the link works');
$page = $waiting->get('/portal/reset');
clock(24 * 3600 + 60);
like(opened($server->browser, path_of($late))->text, qr/does not work/i, 'after 24 hours it does not');
$answer = $waiting->submit({ password => $password }, page => $page);
is($answer->status, 200, 'nor does the form that lay open');
like($answer->text, qr/does not work/i, 'and it says so');
is(sign_in($server->browser, $late->{login}, $password)->status, 422, 'nothing was set');
ok(until_true(sub { rows("link WHERE person_id = '$late->{person}'") eq '0' }, 90), 'the link is removed');
clock(0);

# What is left lying about.
my $logs = $server->log . (read_file("$server->{dir}/logs/access_log") // '');
like($logs, qr{/portal/reset}, 'the access log has the walk');
for my $answer ($made, $other, $newer, $again, $late) {
    my ($secret) = $answer->{link} =~ /t=([\w-]{43})/;
    ok(index($logs, $secret) < 0, 'no link in a log');
    is(rows("link WHERE token = '$secret'"), 0, 'nor in the database');
}
is((run('verify-journal'))[0], 0, 'the journal is whole');
is(rows("journal WHERE event = 'role.appointed' AND details = ''"), 0, 'roles stand in it sealed');
done_testing;
