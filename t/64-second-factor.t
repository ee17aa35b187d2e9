# The second factor (F15): a code of an authenticator after the password, each taken once; spare codes; a lost telephone.
use strict;
use warnings FATAL => 'all';
use utf8;
use POSIX ();
use Test::More;
use PDPortal::Test;
use PDPortal::Setup ();
binmode $_, ':encoding(UTF-8)' for map { Test::More->builder->$_ } qw(output failure_output todo_output);

my $clock = "$ENV{PD_WORK}/factor.clock";
my $now = 0; # seconds by which the portal's clock is ahead
sub clock { ($now) = @_; return write_file($clock, sprintf "%+d\n", $now) }
my $ticks = "$ENV{PD_WORK}/factor.ticks";
my $passed = 0;
sub later { my ($seconds) = @_; $passed += $seconds; return write_file($ticks, "+$passed\n") }
clock(0);
later(0);
my $server = server(name => 'factor', set => { PDPortalMailRelay => "maildir:$ENV{PD_WORK}/factor/mail", PDPortalStaffSecondFactor => 'On', PDPortalSessionRecheck => '1h' },
    extra => PDPortal::Server::many_processes() . <<"END",
ScriptAlias /cabinet/identity "$ENV{PD_SOURCE_DIR}/t/htdocs/cgi/identity"
<Location "/factor">
    AuthType PDPortal
    Require pd-mfa
</Location>
<Location "/ward">
    AuthType PDPortal
    Require expr "%{REMOTE_USER} != '' && %{PDPORTAL_ROLES} =~ /editor/"
</Location>
<Location "/others">
    AuthType PDPortal
    <RequireAll>
        Require valid-user
        Require not pd-role editor
    </RequireAll>
</Location>
<Location "/others/none">
    AuthType PDPortal
    <RequireAll>
        Require valid-user
        <RequireNone>
            Require pd-role editor
        </RequireNone>
    </RequireAll>
</Location>
END
    env => { LD_PRELOAD => $ENV{PD_FALSE_CLOCK}, PD_CLOCK_FILE => $clock, PD_TICKS_FILE => $ticks });
mkdir "$server->{dir}/htdocs/$_" for qw(factor ward others others/none);
write_file("$server->{dir}/htdocs/$_/index.html", "words of $_\n") for qw(ward others others/none);
write_file("$server->{dir}/htdocs/factor/index.html", "words of factor\n");
$server->start;
my $folder = "$server->{dir}/mail";

# `off`: how far the telephone is from the portal's clock.
sub code_of { my ($secret, $off) = @_; return factor_code($secret, time + $now + ($off // 0)) }
sub next_step { return clock($now + 90) }
sub change { my ($browser, $act, $code) = @_; $browser->get('/portal/account/second-factor'); return $browser->submit({ act => $act, code => $code }, form => qr/second-factor/) }
sub everywhere {
    my ($browser, $wanted, $name, $path) = @_;
    my ($status, $processes) = $server->ask_everywhere($browser, $path // '/cabinet/index.html');
    is(join(' ', sort keys %$status), $wanted, "$name: in every process");
    return cmp_ok($processes, '>=', 2, "$name: $processes processes answered");
}
sub enter { my ($browser, $code) = @_; $browser->get('/portal/second-factor?return=%2Ffactor%2F'); return $browser->submit({ code => $code }, form => qr/second-factor/) }

my ($anna, $login, $email) = member(browser => $server->browser, folder => $folder);
my $other = $server->browser;
is(sign_in($other, $login)->status, 303, 'signed in elsewhere too');
my $answer = $anna->get('/factor/');
is($answer->header('location'), '/portal/account/second-factor?return=%2Ffactor%2F', 'who has no factor is led to set it up');
$anna->follow($answer);
$anna->submit({ act => 'begin' }, form => qr/second-factor/);
my $page = $anna->get('/portal/account/second-factor?return=%2Ffactor%2F');
like($page->body, qr/<svg viewBox.*<path d="M4 4h7v1/s, 'a QR code is drawn');
my ($secret) = $page->body =~ m{secret=([A-Z2-7]{32})&};
ok($secret, 'the address for applications is there') or BAIL_OUT($page->body);
my $groups = join ' ', $secret =~ /(.{4})/g;
like($page->text, qr/\Q$groups\E/, 'and the secret in groups of four');
is($anna->submit({ act => 'confirm', code => '000000' }, form => qr/second-factor/)->status, 422, 'a wrong code turns nothing on');
# A secret that was replaced in another window: its code turns nothing on.
my $replaced = $secret;
$anna->get('/portal/account/second-factor');
$anna->submit({ act => 'begin' }, form => qr/second-factor/);
($secret) = $anna->get('/portal/account/second-factor')->body =~ m{secret=([A-Z2-7]{32})&};
isnt($secret, $replaced, 'beginning anew shows another secret');
is(change($anna, 'confirm', code_of($replaced))->status, 422, 'whose code is not that of the former');
is($other->get('/cabinet/')->status, 200, 'nothing has changed for other sessions');
my $old = $anna->{cookies}{pd};
$page = change($anna, 'confirm', code_of($secret));
is($page->status, 200, 'the right code turns it on');
my @spare = $page->body =~ m{<code>(\d{4} \d{4})</code>}g;
is(scalar @spare, 10, 'ten spare codes are shown');
isnt($anna->{cookies}{pd}, $old, 'the session got another token');
everywhere($anna, 200, 'the section is open at once', '/factor/index.html');
everywhere($other, 303, 'other sessions have ended');
ok(letter_that($email, qr/was turned on/, $folder), 'a letter tells of it');

# --- signing in
my $browser = $server->browser;
is(sign_in($browser, $login)->status, 303, 'the password is right');
# As a module of before left it, which did not say in the session that a code is due: the rows decide.
is(PDPortal::Setup::sql($server, 'SELECT count(*) FROM session WHERE mfa_at = -1'), 1, 'the session says that a code is due');
PDPortal::Setup::sql($server, 'UPDATE session SET mfa_at = 0 WHERE mfa_at = -1');
$answer = $browser->get('/factor/');
is($answer->header('location'), '/portal/second-factor?return=%2Ffactor%2F', 'no section before the code');
is($browser->get('/portal/account/')->header('location'), '/portal/second-factor?return=%2Fportal%2Faccount%2F', 'nor the account');
is($browser->get('/cabinet/', 'Sec-Fetch-Dest' => 'empty')->status, 401, 'a program gets its 401');
next_step();
my $code = code_of($secret);
is(PDPortal::Setup::sql($server, 'SELECT outcome FROM sign_in ORDER BY id DESC LIMIT 1'), 'pending', 'the history has a right password that opened nothing yet');
$answer = enter($browser, $code);
is($answer->header('location'), '/factor/', 'the code leads to the page asked for');
is($browser->follow($answer)->status, 200, 'which is open');
like($browser->get('/portal/account/history')->text, qr/Signed in .*The password was right; the code of the second step was asked for/s, 'both steps stand in the history');
my $second = $server->browser;
sign_in($second, $login);
is(enter($second, $code)->status, 422, 'the same code is not taken twice');
for my $case ([60, 303], [-60, 303], [300, 422], [-300, 422]) {
    my ($off, $status) = @$case;
    clock($now + 300);
    my $one = $server->browser;
    sign_in($one, $login);
    is(enter($one, code_of($secret, $off))->status, $status, "a telephone that is off by $off s: $status");
}

like($browser->get('/portal/account/history')->text, qr/Refused: the password was right, the code of the second step was not/, 'a wrong code stands in the history');

# --- one code, eight hands at once: one wins
my @hands = map { my $hand = $server->browser; sign_in($hand, $login); [$hand, $hand->get('/portal/second-factor')] } 1 .. 8;
next_step();
$code = code_of($secret);
pipe my $reader, my $writer or die "pipe: $!";
my @children;
for my $hand (@hands) {
    my $pid = fork // die "fork: $!";
    if ($pid == 0) {
        my $got = eval { $hand->[0]->submit({ code => $code }, page => $hand->[1], form => qr/second-factor/) };
        syswrite $writer, ($got ? $got->status : 'failed') . "\n";
        POSIX::_exit(0);
    }
    push @children, $pid;
}
close $writer;
chomp(my @results = <$reader>);
waitpid $_, 0 for @children;
is(join(' ', sort @results), '303' . ' 422' x 7, 'of eight hands with one code exactly one gets in');

# --- spare codes
$second = $server->browser;
sign_in($second, $login);
is(enter($second, $spare[0])->status, 303, 'a spare code opens it');
ok(letter_that($email, qr/spare code was used/, $folder), 'a letter tells of it');
my $third = $server->browser;
sign_in($third, $login);
is(enter($third, $spare[0])->status, 422, 'once');

# --- guessing
my ($limited) = grep { $_->status == 429 } map { enter($third, '111111') } 1 .. 12;
ok($limited, 'many wrong codes have to wait');
like($limited ? $limited->header('retry-after') : '', qr/^\d+$/, 'and are told how long');
is($browser->get('/factor/')->status, 200, 'who is in stays in');
next_step();
is(enter($third, code_of($secret))->status, 429, 'the right code has to wait too');
later($limited->header('retry-after'));
is(enter($third, code_of($secret))->status, 303, 'and opens it later');
is(PDPortal::Setup::sql($server, "SELECT count(*) FROM sign_in WHERE outcome IN ('password', 'waits', 'more')"), 0, 'none of it takes a place of those who try passwords');
cmp_ok(PDPortal::Setup::sql($server, "SELECT count(*) FROM sign_in WHERE outcome = 'code'"), '>', 9, 'and every wrong code stands in the history');

# --- new spare codes, and turning it off
my $fresh = sub {
    my $one = $server->browser;
    sign_in($one, $login);
    next_step();
    enter($one, code_of($secret));
    next_step();
    return $one;
};
my $me = $fresh->();
is(change($me, 'renew', '000000')->status, 422, 'a wrong code renews nothing');
$page = change($me, 'renew', code_of($secret));
my @new = $page->body =~ m{<code>(\d{4} \d{4})</code>}g;
is(scalar @new, 10, 'ten new codes');
$me->submit({}, form => qr/logout/, page => $page);
everywhere($me, 303, 'the sign-out button of that page works');
$me = $fresh->();
ok(letter_that($email, qr/New spare codes were made/, $folder), 'a letter tells of them');
my $with_spare = sub { my $one = $server->browser; sign_in($one, $login); return enter($one, $_[0])->status };
is($with_spare->($spare[1]), 422, 'the old ones are void');
is($with_spare->($new[0]), 303, 'the new ones open it');
my $elsewhere = $fresh->();
everywhere($elsewhere, 200, 'signed in elsewhere', '/factor/index.html');
next_step();
is(change($me, 'off', '000000')->status, 422, 'a wrong code turns nothing off');
is(change($me, 'off', code_of($secret))->status, 303, 'the right one does');
ok(letter_that($email, qr/was turned off/, $folder), 'a letter tells of it');
everywhere($elsewhere, 303, 'other sessions have ended');
everywhere($me, 200, 'this one goes on');
everywhere($me, 303, 'without what needs a second factor', '/factor/index.html');
my $plain = $server->browser;
sign_in($plain, $login);
everywhere($plain, 200, 'the password is enough');
# On again.
change($me, 'begin', '');
($secret) = $me->get('/portal/account/second-factor')->body =~ m{secret=([A-Z2-7]{32})&};
is(change($me, 'confirm', code_of($secret))->status, 200, 'it can be set up anew');
everywhere($plain, 303, 'which ends the other sessions');
$third = $fresh->();

# --- a lost telephone
my ($exit, undef, $out) = run_ctl('second-factor', 'reset', $login, '--reason', 'telephone lost', '--config', $server->{conf});
is($exit, 0, 'an administrator takes it off') or diag $out;
isnt($third->get('/cabinet/')->status, 200, 'all sessions have ended');
is(PDPortal::Setup::sql($server, "SELECT count(*) FROM factor_code") + 0, 0, 'the spare codes are gone');
my $last = $server->browser;
sign_in($last, $login);
is($last->get('/cabinet/')->status, 200, 'the password is enough again');

# --- staff
is((run_ctl('staff', 'add', $login, $email, '--role', 'editor', '--config', $server->{conf}))[0], 0, 'appointed');
is($last->get('/portal/staff/documents')->header('location'), '/portal/account/second-factor?return=%2Fportal%2Fstaff%2Fdocuments', 'staff sets up a factor first');
is($last->get('/ward/')->status, 403, 'nor does the role count in an expression before that');
like($last->get('/cabinet/identity')->body, qr/^PDPORTAL_ROLES=$/m, 'or for the application');
is($last->get("/others/$_")->status, 403, "but who is to be kept out is kept out: /others/$_") for '', 'none/';
$last->get('/portal/account/second-factor');
$last->submit({ act => 'begin' }, form => qr/second-factor/);
($secret) = $last->get('/portal/account/second-factor')->body =~ m{secret=([A-Z2-7]{32})&};
next_step();
is(change($last, 'confirm', code_of($secret))->status, 200, 'turned on');
is($last->get('/ward/')->status, 200, 'now the role counts');
like($last->get('/cabinet/identity')->body, qr/^PDPORTAL_ROLES=editor$/m, 'and the application is told');
is($last->get("/others/$_")->status, 403, "still kept out: /others/$_") for '', 'none/';
unlike($server->log, qr/:(?:crit|alert|emerg)\]|Segmentation|exit signal|\Q$secret\E/, 'nothing crashed, no secret in the log');
done_testing;
