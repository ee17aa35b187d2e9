# Instant effect (F06): what ends a session, or changes what a person may do, is obeyed by the very next request
# in every process, in old and new generations, and on other hosts within PDPortalSessionRecheck.
use strict;
use warnings FATAL => 'all';
use utf8;
use MIME::Base64 qw(encode_base64url);
use Test::More;
use PDPortal::Test;
use PDPortal::Setup ();

my %mail = (PDPortalMailRelay => "maildir:$ENV{PD_WORK}/instant/mail");
my $many = PDPortal::Server::many_processes();
my $server = server(name => 'instant', set => { %mail, PDPortalSessionRecheck => '1h' }, extra => <<"END");
$many
<Location "/ward">
    AuthType PDPortal
    Require pd-role nurse
</Location>
END
mkdir "$server->{dir}/htdocs/ward";
write_file("$server->{dir}/htdocs/ward/index.html", "words of ward\n");
$server->start;
my $folder = "$server->{dir}/mail";
my ($anna, $login, $email) = member(browser => $server->browser, folder => $folder);

sub everywhere {
    my ($browser, $path, $wanted, $name) = @_;
    my ($status, $processes) = $server->ask_everywhere($browser, $path);
    cmp_ok($processes, '>=', 2, "$name: asked of $processes processes");
    return is_deeply([keys %$status], [$wanted], "$name: $wanted from all of them") || diag explain $status;
}

sub sql { return PDPortal::Setup::sql($server, @_) }

everywhere($anna, '/cabinet/', 200, 'signed in');
# Sign-out, without the browser forgetting its cookie.
my $copy = $anna->clone;
$anna->get('/portal/');
$anna->submit({}, form => qr/logout/);
everywhere($copy, '/cabinet/', 303, 'signed out');

# Signing in anew ends the session that the browser had.
sign_in($anna, $login);
$copy = $anna->clone;
everywhere($copy, '/cabinet/', 200, 'signed in again');
$anna->follow($anna->get('/portal/login?again=1'));
$anna->submit({ login => $login, password => password() });
everywhere($copy, '/cabinet/', 303, 'replaced by a newer session');
everywhere($anna, '/cabinet/', 200, 'the newer session');

# A role that is given, and one that is taken away.
everywhere($anna, '/ward/', 403, 'without the role');
PDPortal::Setup::ctl_ok($server->{conf}, 'staff', 'add', $login, $email, '--role', 'nurse');
everywhere($anna, '/ward/', 200, 'appointed');
PDPortal::Setup::ctl_ok($server->{conf}, 'staff', 'remove', $login, '--role', 'nurse');
everywhere($anna, '/ward/', 403, 'dismissed');
everywhere($anna, '/cabinet/', 200, 'and still signed in');

# A new policy takes force: led to it, in every process; acknowledged: open, in every process.
PDPortal::Setup::publish($server->{conf}, 'policy', 'policy2', '--editorial', 'a comma');
everywhere($anna, '/cabinet/', 200, 'an editorial version passes silently');
PDPortal::Setup::publish_anew($server->{conf}, 'policy', 'policy2');
everywhere($anna, '/cabinet/?day=1', 303, 'a new version in force');
my $answer = $anna->get('/cabinet/?day=1');
is($answer->header('location'), '/portal/acknowledge?return=%2Fcabinet%2F%3Fday%3D1', 'led to the policy');
my $program = $anna->get('/cabinet/', 'Sec-Fetch-Dest' => 'empty');
is($program->status, 401, 'a program gets 401');
like($program->body, qr/"acknowledgement_required".*"acknowledge":"\/portal\/acknowledge"/, 'and is told why');
is($anna->get('/portal/account/')->status, 200, "the account's own pages stay open");
my $page = $anna->follow($answer);
is($page->status, 200, 'the page');
like($page->text, qr/Version 3.*in force since/, 'tells version and date');
ok(!exists $page->form->{fields}{policy}, 'nothing is ticked');
is($anna->submit({})->status, 422, 'not ticked: asked again');
is($anna->submit({ policy => 1, version => 2 })->status, 403, 'another version than is in force: shown anew');
# In another window the language was switched: what the person ticks is not what the page would show now.
$page = $anna->get('/cabinet/?day=1') && $anna->get('/portal/acknowledge?return=%2Fcabinet%2F%3Fday%3D1');
my $window = $anna->clone;
$window->get('/portal/policy?lang=ru');
$answer = $window->submit({ policy => 1 }, page => $page);
is($answer->status, 403, 'ticked in another language than the page would have now: shown anew');
like($answer->text, qr/Текст, о котором идёт речь, тем временем изменился/, 'and said why');
is(sql('SELECT count(*) FROM act WHERE version = 3'), 0, 'nothing is recorded');
$window = $anna->clone;
$answer = $anna->submit({ policy => 1 }, page => $page);
is($window->submit({ policy => 1 }, page => $page)->status, 303, 'clicked twice');
is($answer->status, 303, 'acknowledged');
is($answer->header('location'), '/cabinet/?day=1', 'back to the page asked for');
everywhere($anna, '/cabinet/', 200, 'acknowledged');
is($anna->get('/portal/acknowledge?return=%2Fcabinet%2F')->header('location'), '/cabinet/', 'nothing to acknowledge: back at once');
is($anna->get('/portal/acknowledge?return=%2F%2Fevil.example')->header('location'), '/', 'and never to another site');
is(sql("SELECT count(*) FROM act WHERE verb = 'acknowledged' AND version = 3 AND form = 'acknowledge' AND wording <> ''"), '1', 'the act is recorded, once, with the words of the box');
my $other = $server->browser;
sign_in($other, $login);
is($other->get('/cabinet/')->status, 200, 'it counts for all sessions of the person');

# Old and new generation side by side: a request that reached the old one before the restart is answered after
# a sign-out in the new one.
my @waiting = map { $anna->connection } 1 .. 3;
for my $socket (@waiting) {
    syswrite $socket, "GET /cabinet/ HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Ask: old\r\n";
}
select undef, undef, undef, 0.3; # the connection has to lie with a process of the old generation
my $started = sub { return scalar(() = $server->log =~ /resuming normal operations/g) };
my $before = $started->();
$server->signal('USR1');
ok(until_true(sub { $started->() > $before && $server->listens }, 20), 'a new generation');
$copy = $anna->clone;
everywhere($anna, '/cabinet/', 200, 'after the graceful restart');
$anna->get('/portal/');
is($anna->submit({}, form => qr/logout/)->status, 303, 'signed out in the new generation');
for my $socket (@waiting) {
    syswrite $socket, "Connection: close\r\nAccept: text/html\r\nCookie: pd=$copy->{cookies}{pd}\r\n\r\n";
    my $text = PDPortal::Browser::rest_of($socket);
    like($text, qr{^HTTP/1\.1 303}, 'the old generation refuses, too');
    unlike($text, qr/words of cabinet/, 'and shows nothing');
}

# A changed size of the table, and none: sessions stay.
sign_in($anna, $login);
my $conf = read_file($server->{conf});
for my $line ('PDPortalSessionCache 1M', 'PDPortalSessionCache 0', 'PDPortalSessionRecheck 0', '') {
    write_file($server->{conf}, ($line =~ /Recheck/ ? $conf =~ s/^PDPortalSessionRecheck .*\n//mr : $conf) . "$line\n");
    $before = $started->();
    $server->signal('USR1');
    ok(until_true(sub { $started->() > $before && $server->listens }, 20), "restarted with '$line'");
    everywhere($anna, '/cabinet/', 200, "with '$line'");
    next unless $line =~ /Recheck/;
    # Nobody is told of what a hand does on the database; asked each time, it counts all the same.
    sql("UPDATE person SET state = 'blocked'");
    everywhere($anna, '/cabinet/', 303, 'asked each time: a change by hand counts');
    sql("UPDATE person SET state = 'active'");
    everywhere($anna, '/cabinet/', 200, 'and so does another');
}
# Not a graceful one either: apachectl -k restart.
$before = $started->();
$server->signal('HUP');
ok(until_true(sub { $started->() > $before && $server->listens }, 20), 'restarted at once');
everywhere($anna, '/cabinet/', 200, 'after a restart');
$copy = $anna->clone;
$anna->get('/portal/');
$anna->submit({}, form => qr/logout/);
everywhere($copy, '/cabinet/', 303, 'and a sign-out counts');

# A process that is frozen, in whatever it does, holds up nobody.
sign_in($anna, $login);
my (undef, @children) = $server->processes;
$server->freeze($children[0]);
my ($status) = $server->ask_everywhere($anna, '/cabinet/', 6);
is_deeply($status, { 200 => 6 }, 'a process lies frozen: the others go on');
kill CONT => $children[0];
everywhere($anna, '/cabinet/', 200, 'the frozen process goes on');
kill KILL => $children[1];
ok(until_true(sub { my ($now) = $server->ask_everywhere($anna, '/cabinet/'); keys %$now == 1 && $now->{200} }, 30), 'a process was killed: the others go on');

# More sessions than the table holds: all of them work.
write_file($server->{conf}, "$conf\nPDPortalSessionCache 256K\n");
$before = $started->();
$server->signal('USR1');
ok(until_true(sub { $started->() > $before && $server->listens }, 20), 'a table for 400 sessions');
my $sessions = 1000;
my @tokens = map { encode_base64url(pack 'N8', map { int rand 2**32 } 1 .. 8) } 1 .. $sessions;
mkdir "$server->{dir}/tokens";
open my $list, '>', "$server->{dir}/tokens.sh" or die $!;
print {$list} "cd '$server->{dir}/tokens' && b2sum -l 256 *\n";
close $list;
for my $n (0 .. $#tokens) {
    open my $file, '>', sprintf '%s/tokens/%05d', $server->{dir}, $n or die $!;
    print {$file} $tokens[$n];
    close $file;
}
my (undef, $sums) = PDPortal::Setup::run_program('/bin/sh', "$server->{dir}/tokens.sh");
my @hashes = map { encode_base64url(pack 'H*', $_) } $sums =~ /^([0-9a-f]{64}) /mg;
is(scalar @hashes, $sessions, 'a thousand tokens');
my $now = time . '000000';
my ($person, $generation) = split /\|/, sql('SELECT id, generation FROM person LIMIT 1');
for (my $n = 0; $n < @hashes; $n += 100) {
    sql('INSERT INTO session (token, id, person_id, generation, created_at, authenticated_at, used_at, expires_at) VALUES ' . join ', ',
        map { sprintf "('%s', 'many-%d', '%s', %d, %s, %s, %s, %s)", $hashes[$_], $_, $person, $generation, $now, $now, $now, $now + 3600000000 } $n .. $n + 99);
}
for my $turn (1, 2) {
    my $bytes = '';
    my $open = 0;
    for (my $n = 0; $n < @tokens; $n += 100) {
        my $text = join '', map { "GET /cabinet/ HTTP/1.1\r\nHost: a\r\nAccept: text/html\r\nCookie: pd=$tokens[$_]\r\n" . ($_ == $n + 99 ? "Connection: close\r\n\r\n" : "\r\n") } $n .. $n + 99;
        my $answer = $anna->raw($text);
        $open += () = $answer =~ m{HTTP/1\.1 200 OK}g;
    }
    is($open, $sessions, "turn $turn: all of $sessions sessions work");
}

# Two hosts: another server on the same database, which does not hear this one's bell.
my $dir = $server->{dir};
unlink "$dir/portal.db-bell", glob '/dev/shm/pdportal-' . $> . '-*';
my $second = server(name => 'instant2', place => 1, bare => 1, extra => $many, portal => {
    dir => "$ENV{PD_WORK}/instant2", conf => "$ENV{PD_WORK}/instant2/portal.conf", set => $server->{set} })
    if mkdir "$ENV{PD_WORK}/instant2";
write_file($second->{conf}, $conf =~ s/^PDPortalSessionRecheck .*\n//mr . "PDPortalSessionRecheck 1s\nPDPortalHostName second-host\n");
$second->start;
delete $anna->{cookies}{pd};
sign_in($anna, $login);
my $there = $second->browser;
$there->{cookies}{pd} = $anna->{cookies}{pd};
is($there->get('/cabinet/')->status, 200, 'the other host knows the session');
$anna->get('/portal/');
$anna->submit({}, form => qr/logout/);
ok(until_true(sub { $there->get('/cabinet/')->status == 303 }, 30), 'signed out here: the other host follows');
isnt($there->get('/cabinet/')->status, 200, 'and stays with it') for 1 .. 5;
is((run_ctl('verify-journal', '--config', $server->{conf}))[0], 0, 'the journal is whole');
unlike($server->log . $second->log, qr/:(?:crit|alert|emerg)\]|Segmentation|exit signal (?!Killed)/, 'nothing crashed');
done_testing;
