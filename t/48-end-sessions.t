# Ending sessions (F09): out, here or elsewhere, one or all; the very next request in every process obeys, whatever
# PDPortalSessionRecheck says.
use strict;
use warnings FATAL => 'all';
use JSON::PP ();
use Test::More;
use PDPortal::Test;
use PDPortal::Setup ();

my $server = server(name => 'ending', set => { PDPortalMailRelay => "maildir:$ENV{PD_WORK}/ending/mail", PDPortalSessionRecheck => '1h' },
    extra => PDPortal::Server::many_processes());
$server->start;
my $folder = "$server->{dir}/mail";

sub run { my (@words) = @_; return run_ctl(@words, '--config', $server->{conf}) }
sub told {
    my (@words) = @_;
    my ($code, $out, $error) = run(@words, '--json');
    is($code, 0, "pdportalctl @words") or diag $error;
    return JSON::PP::decode_json($out);
}

sub everywhere {
    my ($browser, $wanted, $name) = @_;
    my ($status, $processes) = $server->ask_everywhere($browser, '/cabinet/index.html');
    is(join(' ', sort keys %$status), $wanted, "$name: in every process");
    cmp_ok($processes, '>=', 2, "$name: $processes processes answered");
    return;
}

my ($anna, $login) = member(browser => $server->browser, folder => $folder);
my ($boris, $his_login) = member(browser => $server->browser, folder => $folder);
my @annas = ($anna, map { my $other = $server->browser; sign_in($other, $login); $other } 1 .. 2);
everywhere($_, 200, 'signed in') for @annas, $boris;

# Where she is signed in.
my $list = told('sessions', 'list', $login)->{sessions};
is(scalar @$list, 3, 'the list has three sessions');
ok(!(grep { !/^[0-9a-f-]{36}$/ } map { $_->{session} } @$list), 'by their ids');
my $tokens = join '|', map { $_->{cookies}{pd} } @annas;
unlike(JSON::PP::encode_json($list), qr/$tokens/, 'and no token');
my ($code, $out, $error) = run('sessions', 'list', $login);
is(scalar(() = $out =~ /^[0-9a-f-]{36}  begun /mg), 3, 'in words too');

# Sign-out here.
$annas[2]->get('/portal/account/');
my $token = { %{ $annas[2]{cookies} } };
is($annas[2]->submit({}, form => qr/logout/)->status, 303, 'signed out');
$annas[2]{cookies} = $token;
everywhere($annas[2], 303, 'signed out');
everywhere($_, 200, 'the others') for @annas[0, 1], $boris;

# One by its id: the one used last but one of the list is found by ending it.
$list = told('sessions', 'list', $login)->{sessions};
is(scalar @$list, 2, 'two are left');
is(told('sessions', 'end', $list->[0]{session})->{ended}, 1, 'one is ended');
my @alive = grep { $_->get('/cabinet/')->status == 200 } @annas[0, 1];
is(scalar @alive, 1, 'one of the two is out');
my ($out_one) = grep { $_ != $alive[0] } @annas[0, 1];
everywhere($out_one, 303, 'ended by its id');
everywhere($alive[0], 200, 'the other');
($code, undef, $error) = run('sessions', 'end', $list->[0]{session});
is($code, 1, 'once more: there is none');
like($error, qr/there is no session/, 'and it says so');

# A person's.
my $second = $server->browser;
sign_in($second, $login);
everywhere($_, 200, 'signed in') for $alive[0], $second;
is(told('sessions', 'end', $login)->{ended}, 2, 'both of a person are ended');
everywhere($_, 303, "a person's ended") for $alive[0], $second;
everywhere($boris, 200, 'somebody else');
is(PDPortal::Setup::sql($server, "SELECT count(*) FROM session"), '1', 'the rows are gone');
sign_in($second, $login);
everywhere($second, 200, 'signed in again');

# Everybody's.
is(told('sessions', 'end', '--all')->{ended}, 2, "everybody's are ended");
everywhere($_, 303, "everybody's ended") for $second, $boris;
is(PDPortal::Setup::sql($server, 'SELECT count(*) FROM session'), '0', 'the rows are gone');
is(sign_in($boris, $his_login)->status, 303, 'signing in works');
everywhere($boris, 200, 'signed in after all were ended');

# A password set anew.
my $email = "$his_login\@mail.test";
my $link = told('staff', 'add', $his_login, $email, '--role', 'nurse', '--link')->{link} =~ s{^http://[^/]*}{}r;
my $setter = $server->browser;
$setter->follow($setter->get($link));
is($setter->submit({ password => 'another lantern 8 harbours' })->status, 303, 'another password is set');
everywhere($boris, 303, 'after another password');

# Usage.
for my $wrong (['sessions', 'end'], ['sessions', 'end', $login, '--all'], ['sessions', 'list'], ['sessions', 'end', '--all', '--file', '/dev/null']) {
    ($code, undef, $error) = run(@$wrong);
    is($code, 64, "wrong usage: @$wrong");
}
is((run('sessions', 'end', 'nobody-at-all'))[0], 1, 'nobody of that name');
is((run('verify-journal'))[0], 0, 'the journal is whole');
is(PDPortal::Setup::sql($server, "SELECT count(*) FROM journal WHERE event = 'sessions.ended' AND subject = ''"), '1', "everybody's stand in it");
is(PDPortal::Setup::sql($server, "SELECT count(*) FROM journal WHERE event = 'sessions.ended' AND subject <> ''"), '1', "a person's too");
done_testing;
