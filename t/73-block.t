# Blocking a person's data (seed 6.2.4): obeyed by the very next request in every process, without loss, and lifted again.
use strict;
use warnings FATAL => 'all';
use utf8;
use JSON::PP ();
use Test::More;
use PDPortal::Test;
use PDPortal::Setup ();

my $folder = "$ENV{PD_WORK}/block-mail";
my $server = server(name => 'block', set => { PDPortalMailRelay => "maildir:$folder", PDPortalSessionRecheck => '1h' }, extra => PDPortal::Server::many_processes());
$server->start;
sub sql { return PDPortal::Setup::sql($server, @_) }
sub cli { return run_ctl(@_, '--config', $server->{conf}) }
sub state_of { my ($id) = @_; return sql("SELECT state FROM person WHERE id = '$id'") }
sub events { my ($id, $event) = @_; return sql("SELECT count(*) FROM journal WHERE subject = '$id' AND event = '$event'") }
sub id_of { my ($login) = @_; return JSON::PP::decode_json((cli('people', 'find', $login, '--json'))[1])->{person} }
sub somebody { return member(browser => $server->browser, folder => $folder, @_) }
my @reason = ('--reason', 'the date of birth is disputed, letter 14');

sub everywhere {
    my ($browser, $path, $wanted, $name) = @_;
    my ($status, $processes) = $server->ask_everywhere($browser, $path);
    cmp_ok($processes, '>=', 2, "$name: asked of $processes processes");
    return is_deeply([keys %$status], [$wanted], "$name: $wanted from all of them") || diag explain $status;
}

my ($anna, $login, $email) = somebody();
my $id = id_of($login);
my $second = $server->browser;
sign_in($second, $login);
my ($boris) = somebody();
everywhere($_, '/cabinet/', 200, 'signed in') for $anna, $second;

# What is refused.
is((cli('people', 'block', $login))[0], 64, 'people block wants a reason');
is((cli('people', 'block', @reason))[0], 64, 'and a name');
is((cli('people', 'block', 'nobody-is-called-so', @reason))[0], 1, 'which somebody has');
is((cli('people', 'block', $login, '--reason', 'x' x 501))[0], 64, 'not a novel');
my ($code, $out, $error) = cli('people', 'unblock', $login, @reason);
is($code, 0, 'who is not blocked');
like($out, qr/\Q$login\E is not blocked/, 'is said to be so');
is(state_of($id), 'active', 'nothing was done');
is(sql("SELECT count(*) FROM journal WHERE event LIKE 'person.%blocked'"), 0, 'or written down');
my (undef, $form) = register($server->browser);
($code, $out, $error) = cli('people', 'block', $form->{login}, @reason);
is($code, 1, 'not confirmed: refused');
like($error, qr/nobody has the login/, 'there is nobody to be blocked yet');

# A one-time link that would open the account is void.
$server->browser->get('/portal/recover');
my $asking = $server->browser;
$asking->get('/portal/recover');
$asking->submit({ login => $login }, form => qr{recover$});
my ($link) = letter_that($email, qr/new password/, $folder)->{text} =~ m{(/portal/reset\?t=\S+)};
ok($link, 'a link to set a password');

# Blocked: the very next request, in every process.
($code, $out, $error) = cli('people', 'block', $email, @reason);
is($code, 0, 'people block, by the address') or diag $error;
like($out, qr/\Q$login\E is blocked and signed out everywhere/, 'says what was done');
everywhere($_, '/cabinet/', 303, 'blocked') for $anna, $second;
is($anna->get('/cabinet/', 'Sec-Fetch-Dest' => 'empty')->status, 401, 'programs are refused');
is($second->get('/portal/account/')->status, 303, 'nobody is signed in');
is($boris->get('/cabinet/')->status, 200, 'others are not meant');
is(state_of($id), 'blocked', 'the state');
like((cli('people', 'find', $login))[1], qr/ blocked /, 'people find tells it');
is(sql("SELECT count(*) FROM session WHERE person_id = '$id'"), 0, 'no session is left');
is(sql("SELECT count(*) FROM link WHERE person_id = '$id' AND purpose = 'password' AND used_at = 0"), 0, 'the link is void');
my $letter = letter_that($email, qr/has blocked the data of your account/, $folder);
is($letter->{subject}, 'About your account', 'a letter with a neutral subject');
unlike($letter->{text}, qr/disputed/, 'which does not give the reason away');
is(events($id, 'person.blocked'), 1, 'journalled');
unlike(sql("SELECT details FROM journal WHERE event = 'person.blocked'"), qr/disputed/, 'the reason is sealed');
like((cli('people', 'block', $login, @reason))[1], qr/blocked already/, 'once more');
is(events($id, 'person.blocked'), 1, 'changes nothing');
is((cli('people', 'close', $login))[0], 64, 'closing is another thing');

# Whoever does not know the password sees what is seen of anybody.
my $stranger = $server->browser;
my $wrong = sign_in($stranger, $login, 'wrong-harbour lantern 42');
my $nobody = sign_in($server->browser, unique(), 'wrong-harbour lantern 42');
is($wrong->status, 422, 'a wrong password');
sub words { my ($page) = @_; return $page->text =~ s/\Q$login\E|user73\w+//gr }
is(words($wrong), words($nobody), 'and nothing tells that somebody is blocked');
my $again = $server->browser;
sign_in($again, $login);
is($again->get('/cabinet/')->status, 303, 'the right one opens nothing (what it offers: t/69-closing.t)');

# Lifted.
is((cli('people', 'unblock', $login))[0], 64, 'people unblock wants a reason');
is((cli('people', 'unblock', $login, '--reason', 'it was right'))[0], 0, 'people unblock');
is(state_of($id), 'active', 'the state');
everywhere($anna, '/cabinet/', 303, 'sessions that ended stay so');
is(sign_in($anna, $login)->status, 303, 'signing in works');
everywhere($anna, '/cabinet/', 200, 'and everything is as before');
like(letter_that($email, qr/has lifted the block/, $folder)->{text}, qr{/portal/login$}m, 'a letter, with the way in');
is(events($id, 'person.unblocked'), 1, 'journalled');

# Who is leaving is not blocked, and the person learns of the block and its reason in the copy of the data.
my ($olga, $olga_login) = somebody();
is((cli('people', 'close', $olga_login, '--reason', 'request'))[0], 0, 'somebody leaves');
for my $what (qw(block unblock)) {
    ($code, $out, $error) = cli('people', $what, $olga_login, @reason);
    is($code, 1, "$what: refused");
    like($error, qr/being closed/, 'with the reason');
}
is(state_of(id_of($olga_login)), 'closing', 'nothing was changed');
$anna->get('/portal/account/export');
$anna->submit({}, form => qr{export$});
my $file = $anna->submit({}, form => qr{export/json$});
is($file->status, 200, 'the copy');
my ($row) = grep { $_->{event} eq 'person.blocked' } @{ JSON::PP->new->utf8->decode($file->body)->{sections}{journal} };
is($row->{details}{reason}, $reason[1], 'names the reason') or diag explain $row;
# A stolen account that is blocked: whoever replaced the address can't have the account destroyed.
my ($kira, $kira_login, $kira_email) = somebody();
my $kira_id = id_of($kira_login);
my $new_email = unique() . '@thief.test';
$kira->get('/portal/account/email');
$kira->submit({ email => $new_email, act => 'ask' }, form => qr{/account/email$});
$kira->submit({ code => letter_for($new_email, 1, $folder)->{code}, act => 'prove' }, page => $kira->get('/portal/account/email'), form => qr{/account/email$});
is(sql("SELECT count(*) FROM former_address WHERE person_id = '$kira_id'"), 1, 'the former address can be brought back');
is((cli('people', 'block', $kira_login, @reason))[0], 0, 'blocked');
my $thief = $server->browser;
$thief->follow(sign_in($thief, $kira_login));
like($thief->{last}->text, qr/Your account is blocked.*replaced shortly before.*write to the administration/, 'the right password offers no closing');
is($thief->{last}->form(qr{/blocked$}), undef, 'and no form for it');
sql("UPDATE former_address SET expires_at = 1 WHERE person_id = '$kira_id'");
is((cli('jobs', 'run', 'expire'))[0], 0, 'time goes by');
is(sql("SELECT count(*) FROM former_address WHERE person_id = '$kira_id'"), 1, 'the doubt stays for as long as the block');
sql("UPDATE link SET expires_at = 1 WHERE person_id = '$kira_id' AND purpose = 'address'");
is((cli('jobs', 'run', 'expire'))[0], 0, 'and more of it');
my ($way) = letter_that($kira_email, qr{/portal/restore}, $folder)->{text} =~ m{(/portal/restore\?t=\S+)};
my $owner = $server->browser;
like($owner->follow($owner->get($way))->text, qr/link does not work/, 'meanwhile the owner\'s link opens nothing');
# The same where the page was opened before.
my ($lena, $lena_login) = somebody();
my $lena_id = id_of($lena_login);
is((cli('passwords', 'expire', $lena_login, '--reason', 'incident 9'))[0], 0, 'a password that has expired');
is((cli('people', 'block', $lena_login, @reason))[0], 0, 'and a block');
my $leaving = $server->browser;
$leaving->follow(sign_in($leaving, $lena_login));
ok($leaving->{last}->form(qr{/blocked$}), 'the right password offers the closing, though it has expired');
sql("INSERT INTO former_address SELECT 'x', '$lena_id', email, lookup, created_at, expires_at FROM former_address WHERE person_id = '$kira_id'");
is($leaving->submit({}, form => qr{/blocked$})->status, 409, 'in doubt: nothing is closed');
is(state_of($lena_id), 'blocked', 'the state');
sql("DELETE FROM former_address WHERE person_id = '$lena_id'");
is($leaving->submit({}, form => qr{/blocked$}, page => $leaving->get('/portal/blocked'))->status, 303, 'without doubt it is');
is(state_of($lena_id), 'closing', 'closing');
is((cli('people', 'unblock', $kira_login, '--reason', 'the owner has proved who she is'))[0], 0, 'the doubt is settled');
$owner = $server->browser;
$owner->follow($owner->get($way));
like($owner->submit({}, form => qr{restore})->status, qr/^(?:200|303)$/, 'the owner brings the former address back');
is(id_of($kira_email), $kira_id, 'which is the account\'s again');
is((cli('verify-journal'))[0], 0, 'the journal is whole');
unlike($server->log, qr/:(?:crit|alert|emerg)\]|exit signal/, 'nothing crashed');
done_testing;
